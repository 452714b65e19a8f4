"""Chest patches: copies never stand on both sides, folds hold every patch once, and work feeds what training fed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.errors import Unreadable
from kerma.science.detect.contract_input import views
from kerma.science.detect.contracts import contract_of
from kerma.science.imaging.image import Image
from kerma.train.chest_card import SENSITIVITY, Figures, calibration_of, card_of, least_score
from kerma.train.chest_patches import Data, declared, folds, patches, read

RNG = np.random.default_rng(3)
STORED = RNG.integers(0, 256, (40, 28, 28)).astype(np.uint8)
IS_ILL = np.arange(40) % 4 > 0


def written(folder: Path, train: list[int], validation: list[int]) -> Path:
    path = folder / "patches.npz"
    arrays = {}
    for part, numbers in (("train", train), ("val", validation)):
        arrays[f"{part}_images"] = STORED[numbers]
        arrays[f"{part}_labels"] = IS_ILL[numbers][:, None].astype(np.uint8)
    np.savez(path, **arrays)
    return path


def test_copies_of_the_validation_part_and_repeated_patches_are_not_learned_from(tmp_path: Path) -> None:
    data = read(written(tmp_path, [0, 1, 2, 2, 3, 20, 21, 1], [20, 21, 22, 23]))
    assert (data.copies_of_validation, data.repeated) == (2, 2)
    assert len(data.train) == 4
    assert len(data.validation) == 4
    assert data.train.is_ill.tolist() == IS_ILL[[0, 1, 2, 3]].tolist()
    held = {patch.tobytes() for patch in data.validation.images}
    assert not held & {patch.tobytes() for patch in data.train.images}


def test_another_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, images=STORED)
    with pytest.raises(Unreadable, match="no file of chest patches"):
        read(path)
    path.write_text("text")
    with pytest.raises(Unreadable, match="no file of chest patches"):
        read(path)
    np.savez(path, train_images=STORED[:, :20], train_labels=IS_ILL, val_images=STORED, val_labels=IS_ILL)
    with pytest.raises(Unreadable, match="8-bit patches"):
        read(path)


def test_every_patch_is_held_out_once_and_both_kinds_are_spread_evenly() -> None:
    parts = folds(IS_ILL, 5, seed=1)
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))
    assert [int(IS_ILL[part].sum()) for part in parts] == [6] * 5
    assert [part.tolist() for part in parts] != [part.tolist() for part in folds(IS_ILL, 5, seed=2)]


def test_training_and_work_feed_the_network_the_same() -> None:
    card = declared({"name": "", "version": "", "sha256": "", "thresholds": {"score": 0}})
    taken = patches(STORED[:3], IS_ILL[:3])
    for patch, fed in zip(STORED, taken.images, strict=False):
        view = next(views(Image(patch[None], 8), contract_of(card).input))
        np.testing.assert_array_equal(view.values[0, 0], fed)


def test_the_middle_square_of_a_whole_radiograph_is_looked_at() -> None:
    wanted = contract_of(declared({"name": "", "version": "", "sha256": "", "thresholds": {"score": 0}})).input
    view = next(views(Image(np.zeros((1, 300, 500), np.uint8), 8), wanted))
    assert view.values.shape == (1, 1, 28, 28)
    assert view.region == (0, 100, 300, 400)


def test_the_calibration_gives_back_the_odds_the_logits_were_drawn_with() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 4, 60_000)
    is_ill = rng.random(len(logits)) < 1 / (1 + np.exp(-(logits / 2.0 + 0.5)))
    even = np.log(is_ill.mean() / (1 - is_ill.mean()))
    how = calibration_of(logits, is_ill)
    # Both kinds weigh the same: what the mixture adds to the odds is taken out of the shift.
    assert how["temperature"] == pytest.approx(2.0, rel=0.03)
    assert how["shift"] == pytest.approx(0.5 - even, abs=0.05)
    assert (logits[is_ill] / how["temperature"] + how["shift"] >= _logit(least_score(logits, is_ill, how))).mean() == (
        pytest.approx(SENSITIVITY, abs=0.01)
    )


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def test_the_card_counts_what_it_says_and_its_own_contract_reads_it() -> None:
    taken = patches(STORED, IS_ILL)
    logits = np.where(IS_ILL, 2.0, -2.0) + np.linspace(-1, 1, 40)
    card = card_of(Figures(Data(taken, taken, "00", 8, 17), logits, logits), "chest", "1.0.0", "11")
    assert contract_of(card).kind == "classifier"
    assert card["metrics"]["validation"]["auc"]["value"] == 1.0
    assert card["metrics"]["validation"]["specificity"]["value"] == 1.0
    assert card["metrics"]["validation"]["chosen_here"] == "nothing"
    assert card["trained"]["left_out_copies_of_validation"] == 8
