"""The chest score that ships: what its card says of the patches is what comes out, of whatever size they are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.science.detect import learned
from kerma.science.imaging.image import Image
from kerma.science.observer.roc_curve import auc

DATA = Path(__file__).parents[4] / "shared" / "data" / "pneumoniamnist" / "pneumoniamnist_train_val.npz"


@pytest.fixture(scope="module")
def chest() -> learned.Network:
    return learned.of("chest")


def test_it_is_a_classifier_of_less_than_a_million_weights_and_a_megabyte(chest: learned.Network) -> None:
    assert chest.card["kind"] == "classifier"
    assert chest.card["trained"]["parameters"] <= 1_000_000
    assert learned.shipped()["chest"].with_suffix(".onnx").stat().st_size <= 1_000_000
    assert "MedMNIST" in chest.card["trained"]["attribution"]


@pytest.mark.skipif(not DATA.is_file(), reason="the chest patches are not here")
def test_the_figures_of_the_card_come_out_on_the_validation_part(chest: learned.Network) -> None:
    with np.load(DATA) as file:
        patches, is_ill = file["val_images"], file["val_labels"].ravel() > 0
    seen = [chest.look(Image(patch[None], 8)) for patch in patches]
    found = auc(np.array([one.score for one in seen]), is_ill)
    told = chest.card["metrics"]["validation"]
    assert found is not None
    assert found.value == pytest.approx(told["auc"]["value"], abs=1e-4)
    assert [found.low, found.high] == pytest.approx(told["auc"]["interval"], abs=1e-4)
    assert found.value >= 0.97
    is_marked = np.array([bool(one.findings) for one in seen])
    assert is_marked[is_ill].mean() == pytest.approx(told["sensitivity"]["value"], abs=1e-3)
    assert (~is_marked[~is_ill]).mean() == pytest.approx(told["specificity"]["value"], abs=1e-3)


@pytest.mark.skipif(not DATA.is_file(), reason="the chest patches are not here")
def test_a_patch_shown_as_a_large_picture_with_more_on_both_sides_scores_the_same(chest: learned.Network) -> None:
    with np.load(DATA) as file:
        patches = file["val_images"][:40]
    plain = [chest.look(Image(patch[None], 8)).score or 0 for patch in patches]
    large = [np.kron(patch, np.ones((16, 16), np.uint8)) for patch in patches]
    # What lies beside the middle square is not looked at; it only takes part in how the picture is displayed.
    wide = [np.pad(patch, ((0, 0), (100, 100)), mode="symmetric") for patch in large]
    for pictures, close in ((large, 0.02), (wide, 0.1)):
        scores = [chest.look(Image(picture[None], 8)).score or 0 for picture in pictures]
        assert np.abs(np.subtract(scores, plain)).mean() < close


def test_an_empty_picture_is_scored_and_nothing_breaks(chest: learned.Network) -> None:
    for shape in ((1, 28, 28), (1, 600, 400), (1, 3, 900)):
        score = chest.look(Image(np.zeros(shape, np.uint16), 16)).score
        assert score is not None and 0 <= score <= 1
