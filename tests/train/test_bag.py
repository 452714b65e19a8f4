"""Bags to learn from: projected threats are exactly where they are said to be, and views keep the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.science.detect.bag_channels import CHANNELS
from kerma.train.bag_examples import PROJECTIONS, kept_bag
from kerma.train.bag_views import SHOWN, VIEW_PX, bag_view, seen_as, shown
from kerma.train.examples import Example
from kerma.train.tasks import task_of

TASK = task_of("bag")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bags")


@pytest.fixture(scope="module")
def examples(folder: Path) -> tuple[Example, ...]:
    return kept_bag(TASK, "train", 1, 1, folder=folder)


def test_a_projected_threat_darkens_its_mask_and_nothing_else(examples: tuple[Example, ...]) -> None:
    packed = {0: examples[0], 1: examples[1]}
    for number, one in enumerate(examples[2:]):
        before = packed[number % 2]
        new = one.flaws[len(before.flaws) :]
        changed = np.abs(one.pixels[1].astype(float) - before.pixels[1]) > 0
        covered = np.zeros(changed.shape, dtype=bool)
        for flaw in new:
            rows, columns = flaw.mask.shape
            window = (slice(flaw.row, flaw.row + rows), slice(flaw.column, flaw.column + columns))
            covered[window] |= flaw.mask
            inside = one.pixels[1][window][flaw.mask].astype(float).mean()
            assert inside < before.pixels[1][window][flaw.mask].astype(float).mean()
        # The detector's blur reaches a pixel or two beyond the outline.
        import cv2

        assert not (changed & (cv2.dilate(covered.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0)).any()


def test_both_views_hold_the_same_threats_at_the_same_rows(examples: tuple[Example, ...]) -> None:
    for top, side in zip(examples[::2], examples[1::2], strict=True):
        assert [flaw.label for flaw in top.flaws] == [flaw.label for flaw in side.flaws]
        for one, other in zip(top.flaws, side.flaws, strict=True):
            assert abs(one.row + one.mask.shape[0] / 2 - other.row - other.mask.shape[0] / 2) < 6


def test_a_kept_bag_is_the_one_that_was_simulated(examples: tuple[Example, ...], folder: Path) -> None:
    kept = kept_bag(TASK, "train", 1, 1, folder=folder)
    assert len(examples) == len(kept) == 2 + 2 * PROJECTIONS and len(list(folder.iterdir())) == 1
    for one, other in zip(examples, kept, strict=True):
        assert np.array_equal(one.pixels, other.pixels) and one.scene == other.scene
        assert [flaw.box for flaw in one.flaws] == [flaw.box for flaw in other.flaws]


@pytest.mark.parametrize("how", SHOWN)
def test_a_bag_is_shown_as_asked_and_its_view_keeps_the_truth(examples: tuple[Example, ...], how: str) -> None:
    one = examples[4]
    image = shown(one, np.random.default_rng(1), how=how)
    assert image.is_colour == (how == "colours") and (image.rows, image.columns) == one.pixels.shape[1:]
    first, again = (bag_view(one, np.random.default_rng(9)) for _ in range(2))
    assert first.channels.shape == (CHANNELS, VIEW_PX, VIEW_PX)
    assert first.channels.tobytes() == again.channels.tobytes()
    for label, top, left, bottom, right, _ in first.boxes:
        assert 0 <= top < bottom <= VIEW_PX and 0 <= left < right <= VIEW_PX and label >= -1


def test_the_shifted_part_is_in_colours_that_training_never_draws(examples: tuple[Example, ...]) -> None:
    assert seen_as(examples[0], "shifted", np.random.default_rng(1)).is_colour
    assert {made.scene for made in TASK.shifted}.isdisjoint(made.scene for made in TASK.scenes)
