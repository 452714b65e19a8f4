import numpy as np
import pytest

from kerma.formats import coco
from kerma.science.results import Box, By, Finding

BY = By("algorithm", "simulator", "1")


def decoded(segmentation: dict) -> np.ndarray:
    """An independent reader: column after column, outside first."""
    rows, columns = segmentation["size"]
    flat = np.repeat(np.arange(len(segmentation["counts"])) % 2, segmentation["counts"]).astype(bool)
    return flat.reshape(columns, rows).T


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_run_lengths_read_back_and_add_up(share: float) -> None:
    mask = np.random.default_rng(7).random((13, 9)) < share
    runs = coco.run_lengths(mask)
    assert sum(runs["counts"]) == mask.size
    assert all(count > 0 for count in runs["counts"][1:])
    assert np.array_equal(decoded(runs), mask)


def test_a_mask_that_begins_inside_begins_with_an_empty_run() -> None:
    assert coco.run_lengths(np.array([[True, False], [True, True]]))["counts"] == [0, 2, 1, 1]


def test_ids_join_images_annotations_and_categories() -> None:
    mask = np.array([[True, False]])
    findings = [Finding("T1", "", label, Box(0, 0, 1, 1), BY, measurements={"cnr": 2.0}) for label in ("pore", "crack")]
    made = coco.annotations_of(findings, [mask, ~mask])
    document = coco.document({"version": "1"}, [{"file_name": "a"}, {"file_name": "b"}], [made, made[:1]], "ndt")
    assert [(one["id"], one["image_id"], one["category_id"]) for one in document["annotations"]] == [
        (1, 1, 2), (2, 1, 1), (3, 2, 2),
    ]  # fmt: skip
    assert [(one["id"], one["name"]) for one in document["categories"]] == [(1, "crack"), (2, "pore")]
    assert [one["id"] for one in document["images"]] == [1, 2]
