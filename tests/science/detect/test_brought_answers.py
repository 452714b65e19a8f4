"""What brought networks answer: rectangles in every form of the exporters, outlines of segmenters, tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data
from tests.onnx_files import Node, card_for, model

from kerma.errors import Unreadable
from kerma.science.detect import learned
from kerma.science.detect.answers_boxes import one_each
from kerma.science.detect.learned_marks import Mark
from kerma.science.imaging.image import GreyScale, Image, Window

FULL = GreyScale(windows=(Window(127.5, 255.0, "LINEAR_EXACT"),))
FASTEST = Path(__file__).parents[4] / "shared/data/weights/fastestdet/example/onnx-runtime/FastestDet.onnx"
SIDE = 64


def image_of(values: Any, **more: Any) -> Image:
    return Image(np.asarray(values, dtype=np.uint8)[None], 8, grey=FULL, **more)


def answering(outputs: dict[str, Any], told: dict[str, Any], **more: Any) -> learned.Network:
    """A detector that gives the same answer to every picture of 64 x 64."""
    nodes = [Node("Identity", [f"{name}_value"], [name]) for name in outputs]
    shapes = {name: list(np.shape(value)) for name, value in outputs.items()}
    tensors = {f"{name}_value": np.asarray(value) for name, value in outputs.items()}
    content = model(nodes, [1, 1, SIDE, SIDE], shapes, tensors)
    taken = {"channels": 1, "rows": SIDE, "columns": SIDE} | more.pop("input", {})
    labels = more.pop("labels", ["bolt", "gun"])
    return learned.load(content, card_for(content, "boxes", input=taken, output=told, labels=labels, **more))


# One thing in rows 16 to 32 and columns 8 to 40 of the 64 x 64 the network sees, a gun of 0.9.
FORMS = {
    "torchvision": (
        {"boxes": [[8.0, 16, 40, 32]], "scores": [0.9], "labels": np.array([2])}, {"form": "rows", "first_label": 1},
    ),
    "batched rows of shares": (
        {"boxes": [[[0.125, 0.25, 0.625, 0.5]]], "scores": [[0.9]], "labels": np.array([[1]])},
        {"form": "rows", "unit": "shares"},
    ),
    "row, column, height, width": (
        {"labels": np.array([1]), "scores": [np.log(9.0)], "boxes": [[16.0, 8, 16, 32]]},
        {"form": "rows", "sides": "rchw", "scores": "logits", "names": ["boxes", "scores", "labels"]},
    ),
    "yolo v5": ({"rows": [[[24.0, 24, 32, 16, 0.95, 0.1, 0.9 / 0.95]]]}, {"form": "yolo-v5"}),
    "yolo v8": ({"rows": np.array([[[24.0], [24], [32], [16], [0.1], [0.9]]])}, {"form": "yolo-v8"}),
    "yolo v8 of shares": (
        {"rows": np.array([[[0.375], [0.375], [0.5], [0.25], [-9.0], [np.log(9.0)]]])},
        {"form": "yolo-v8", "unit": "shares", "scores": "logits"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_rectangle_comes_out_where_it_is_in_every_form(form: str) -> None:
    outputs, told = FORMS[form]
    seen = answering(outputs, told, input={"resize": "stretch"}).look(image_of(np.zeros((128, 320))))
    assert [finding.label for finding in seen.findings] == ["gun"]
    assert seen.findings[0].box.as_json() == pytest.approx([32, 40, 32, 160], abs=1e-3)
    assert seen.score == seen.findings[0].score == pytest.approx(0.9, abs=1e-4)


def test_a_picture_that_is_fitted_lies_in_the_middle_and_marks_are_cut_to_it() -> None:
    outputs, told = FORMS["torchvision"]
    # 32 rows of 64 columns fill the middle half of the 64 x 64: 16 rows of padding above and below.
    seen = answering(outputs, told).look(image_of(np.zeros((320, 640))))
    assert seen.findings[0].box.as_json() == pytest.approx([0, 80, 160, 320], abs=1e-3)


def test_one_thing_seen_twice_is_marked_once_and_things_of_other_labels_beside_it() -> None:
    marks = [
        Mark(0.9, 0, (0.0, 0.0, 10.0, 10.0)), Mark(0.8, 0, (1.0, 0.0, 11.0, 10.0)),
        Mark(0.7, 1, (0.0, 0.0, 10.0, 10.0)), Mark(0.6, 0, (0.0, 8.0, 10.0, 18.0)),
    ]  # fmt: skip
    assert [mark.score for mark in one_each(marks, 0.5)] == [0.9, 0.7, 0.6]
    assert [mark.score for mark in one_each(marks, 0.1)] == [0.9, 0.7]
    assert len(one_each(marks, 1.0)) == 4
    assert one_each([], 0.5) == []


@pytest.mark.parametrize(
    ("outputs", "told", "words"),
    [
        ({"rows": np.zeros((1, 5, 6))}, {"form": "yolo-v5"}, r"gives \(1, 5, 6\); its card promises \(1, N, 7\)"),
        ({"rows": np.zeros((1, 7, 5))}, {"form": "yolo-v8"}, r"promises \(1, 6, N\)"),
        ({"rows": np.full((1, 6, 2), 3.0)}, {"form": "yolo-v8"}, "say output.scores logits"),
        ({"rows": np.full((1, 6, 2), np.nan)}, {"form": "yolo-v8"}, "not finite"),
        (
            {"boxes": np.zeros((1, 4)), "scores": np.ones(1), "labels": np.array([7])}, {"form": "rows"},
            "a label 7, counted from 0; its card lists 2",
        ),
        ({"boxes": np.zeros((2, 4)), "scores": np.ones(1), "labels": np.array([0])}, {"form": "rows"}, "boxes .N, 4."),
    ],
)  # fmt: skip
def test_an_answer_that_breaks_the_promise_is_refused_in_words(outputs: Any, told: Any, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        answering(outputs, told).look(image_of(np.zeros((20, 20))))


def test_missing_outputs_are_named_when_the_model_is_loaded() -> None:
    rows = {"rows": np.zeros((1, 6, 2))}
    with pytest.raises(Unreadable, match="gives 1 outputs; boxes as 'rows' take 3"):
        answering(rows, {"form": "rows"})
    with pytest.raises(Unreadable, match="gives rows; the card names 'boxes'"):
        answering(rows, {"form": "rows", "names": ["boxes", "scores", "labels"]})


def segmenter(told: dict[str, Any], taken: dict[str, Any], shape: list[int | str], **more: Any) -> learned.Network:
    """A segmenter whose one share is the grey it is fed."""
    content = model([Node("Identity", ["x"], ["share"])], shape, {"share": shape})
    return learned.load(content, card_for(content, "segmenter", input=taken, output=told, **more))


def bright_at(rows: int, columns: int, *boxes: tuple[int, int, int, int]) -> Image:
    grey = np.full((rows, columns), 20)
    for top, left, high, wide in boxes:
        grey[top : top + high, left : left + wide] = 230
    return image_of(grey)


@pytest.mark.parametrize(
    ("taken", "shape"),
    [
        ({"rows": 64, "columns": 64, "resize": "tiles", "overlap_px": 16}, [1, 1, 64, 64]),
        ({"rows": 64, "columns": 64, "resize": "tiles", "overlap_px": 16, "layout": "NHWC"}, [1, 64, 64, 1]),
        ({"multiple_of": 32}, [1, 1, "rows", "columns"]),
        ({"multiple_of": 32, "layout": "NHWC"}, ["n", "rows", "columns", 1]),
    ],
)
def test_an_area_is_outlined_where_it_is_whole_or_in_tiles(taken: Any, shape: Any) -> None:
    image = bright_at(100, 150, (20, 30, 12, 9), (70, 120, 5, 20))
    seen = segmenter({}, {"channels": 1} | taken, shape).look(image)
    assert seen.score == pytest.approx(230 / 255, abs=1e-4)
    boxes = sorted(finding.box.as_json() for finding in seen.findings)
    assert boxes == [pytest.approx([20, 30, 12, 9]), pytest.approx([70, 120, 5, 20])]
    for finding in seen.findings:
        rows, columns = zip(*finding.polygon, strict=True)
        assert min(rows) == pytest.approx(finding.box.row + 0.5, abs=0.01)
        assert max(columns) == pytest.approx(finding.box.column + finding.box.width - 0.5, abs=0.01)


def test_small_areas_are_left_out_and_the_threshold_is_a_calibrated_share() -> None:
    image = bright_at(64, 64, (20, 30, 12, 9), (50, 5, 2, 2))
    taken = {"channels": 1, "rows": 64, "columns": 64}
    plain = segmenter({}, taken, [1, 1, 64, 64])
    assert len(plain.look(image).findings) == 2
    assert len(segmenter({"least_area_px": 9.0}, taken, [1, 1, 64, 64]).look(image).findings) == 1
    assert plain.look(image, threshold=0.95).findings == ()
    shifted = segmenter({}, taken, [1, 1, 64, 64], calibration={"temperature": 1.0, "shift": -5.0})
    assert shifted.look(image).findings == ()
    odds = 230 / 25
    assert shifted.look(image).score == pytest.approx(odds * np.exp(-5) / (1 + odds * np.exp(-5)), rel=1e-3)


def test_classes_by_softmax_leave_the_background_out() -> None:
    nodes = [Node("Concat", ["x", "zero"], ["logits"], {"axis": 1})]
    zero = np.full((1, 1, 32, 32), 0.0)
    content = model(nodes, [1, 1, 32, 32], {"logits": [1, 2, 32, 32]}, {"zero": zero})
    told = {"scores": "logits", "activation": "softmax", "classes": ["thing", "background"]}
    taken = {"channels": 1, "rows": 32, "columns": 32, "mean": 0.5, "sd": 0.05}
    network = learned.load(content, card_for(content, "segmenter", input=taken, output=told))
    seen = network.look(bright_at(32, 32, (4, 6, 10, 12)))
    assert [finding.box.as_json() for finding in seen.findings] == [[4, 6, 10, 12]]
    logit = (230 / 255 - 0.5) / 0.05
    assert seen.score == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)


def test_bytes_colours_and_attenuation_are_fed_as_the_card_asks() -> None:
    mean = [Node("ReduceMean", ["x"], ["score"], {"axes": [1, 2, 3], "keepdims": 0})]
    told = {"scores": "logits", "activation": "sigmoid"}

    def fed(taken: dict[str, Any], shape: list[int], image: Image) -> float:
        content = model(mean, shape, {"score": [1]})
        score = learned.load(content, card_for(content, "classifier", input=taken, output=told)).look(image).score
        assert score is not None
        return float(np.log(score / (1 - score)))

    grey = image_of(np.full((8, 8), 51))
    square = {"rows": 8, "columns": 8}
    byte = {"channels": 1, "values": "byte", "sd": 255.0} | square
    assert fed(byte, [1, 1, 8, 8], grey) == pytest.approx(0.2, abs=1e-3)
    three = {"channels": 3, "layout": "NHWC", "mean": [0.1, 0.2, 0.3]} | square
    assert fed(three, [1, 8, 8, 3], grey) == pytest.approx(0.0, abs=1e-3)
    beam = np.full((1, 8, 8), 40000, np.uint16)
    beam[:, 4:] = 40000 / np.e**2
    raw = Image(beam, 16, meaning="raw", rises_with_dose=True)
    assert fed({"channels": 1, "values": "log"} | square, [1, 1, 8, 8], raw) == pytest.approx(1.0, abs=1e-3)
    assert fed({"channels": 1, "values": "raw", "sd": 1e4} | square, [1, 1, 8, 8], raw) == pytest.approx(
        beam.mean() / 1e4, abs=1e-3
    )


@pytest.mark.skipif(not FASTEST.is_file(), reason="the weights of FastestDet are not here")
def test_a_real_detector_of_others_runs_by_its_card() -> None:
    content = FASTEST.read_bytes()
    labels = [f"coco-{number}" for number in range(80)]
    taken = {"channels": 3, "rows": 352, "columns": 352, "resize": "stretch"}
    network = learned.load(content, card_for(content, "boxes", input=taken, output={"form": "grid"}, labels=labels))
    man = data.camera()  # 512 x 512: a man with a camera on the left half
    seen = network.look(image_of(man))
    assert seen == network.look(image_of(man))
    person = seen.findings[0]
    assert person.label == "coco-0", "the first label of COCO is person"
    assert person.score is not None and person.score > 0.8
    middle = (person.box.row + person.box.height / 2, person.box.column + person.box.width / 2)
    assert middle == (pytest.approx(290, abs=40), pytest.approx(180, abs=60))
    wide = network.look(image_of(np.pad(man, ((0, 0), (0, 200)), mode="edge"))).findings[0].box
    assert [wide.row, wide.column, wide.height] == pytest.approx(person.box.as_json()[:3], abs=40)
