"""Bags to learn from: what is laid into them is exactly where it is said to be, and views keep the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.science.detect.bag_channels import CHANNELS
from kerma.science.simulate.line_scanner import Tunnel
from kerma.science.simulate.scenes.tip_bag import scanner_of
from kerma.train.bag_examples import kept_bag
from kerma.train.bag_layers import filled, tables
from kerma.train.bag_views import SHOWN, VIEW_PX, bag_view, seen_as, shown
from kerma.train.examples import Example
from kerma.train.loose_things import loose
from kerma.train.tasks import task_of

TASK = task_of("bag")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bags")


@pytest.fixture(scope="module")
def examples(folder: Path) -> tuple[Example, ...]:
    return kept_bag(TASK, "train", 1, 1, folder=folder)


def test_a_thing_laid_into_a_bag_darkens_its_outline_and_nothing_else(examples: tuple[Example, ...]) -> None:
    for seed in range(4):
        before = examples[seed % 2]
        after = filled(before, TASK.labels, np.random.default_rng(seed))
        new = after.flaws[len(before.flaws) :]
        assert after.flaws[: len(before.flaws)] == before.flaws
        assert after.pixels.dtype == np.uint16 and after.pixels.shape == before.pixels.shape
        changed = (after.pixels != before.pixels).any(axis=0)
        reach = int(changed.sum())
        for flaw in new:
            rows, columns = flaw.mask.shape
            window = (slice(flaw.row, flaw.row + rows), slice(flaw.column, flaw.column + columns))
            low, high = (plane[window][flaw.mask].astype(float).mean() for plane in after.pixels)
            was_low, was_high = (plane[window][flaw.mask].astype(float).mean() for plane in before.pixels)
            assert low < was_low and high < was_high and flaw.detectability > 0 and flaw.label >= 0
            assert flaw.mask.any(axis=0)[[0, -1]].all() and flaw.mask.any(axis=1)[[0, -1]].all(), "its box is tight"
        assert reach < changed.size / 2, "open air stays as it was"
        again = filled(before, TASK.labels, np.random.default_rng(seed))
        assert np.array_equal(after.pixels, again.pixels)


def test_laid_into_a_bag_is_what_threat_projection_makes_of_it(examples: tuple[Example, ...]) -> None:
    """The tables against the spectra themselves, behind the mixtures that bags are made of."""
    calibration = scanner_of(Tunnel((100.0, 100.0, 100.0))).calibration
    first, second = np.meshgrid(np.linspace(5, 150, 12), np.linspace(0, 8, 12), indexing="ij")
    bag = np.stack([first, second])
    added = np.array([25.0, 2.0])[:, None, None]
    before, after = (np.stack(calibration.project(np.moveaxis(mm, 0, -1))) for mm in (bag, bag + added))
    read_mm = tables().thicknesses_mm(*before.astype(np.float32))
    step = tables().attenuations(read_mm + added.astype(np.float32)) - tables().attenuations(read_mm)
    assert np.abs(step - (after - before)).max() < 0.02 * float((after - before).max())


def test_a_loose_thing_attenuates_as_its_materials_do_and_is_the_same_every_time() -> None:
    views = loose("hammer", 1)
    assert len(views) == 2 and views[0].outline.any() and views[0].thickness_mm.shape[1:] == views[0].outline.shape
    assert not views[0].thickness_mm[:, ~views[0].outline].any()
    # A head of steel: iron is what it is seen as, up to its thickness.
    assert 10 < float(views[0].thickness_mm[1].max()) < 80
    loose.cache_clear()
    assert np.array_equal(loose("hammer", 1)[1].thickness_mm, views[1].thickness_mm)


def test_both_views_hold_the_same_threats_at_the_same_rows(examples: tuple[Example, ...]) -> None:
    for top, side in zip(examples[::2], examples[1::2], strict=True):
        assert [flaw.label for flaw in top.flaws] == [flaw.label for flaw in side.flaws]
        for one, other in zip(top.flaws, side.flaws, strict=True):
            assert abs(one.row + one.mask.shape[0] / 2 - other.row - other.mask.shape[0] / 2) < 6


def test_a_kept_bag_is_the_one_that_was_simulated(examples: tuple[Example, ...], folder: Path) -> None:
    kept = kept_bag(TASK, "train", 1, 1, folder=folder)
    assert len(examples) == len(kept) == 2 and len(list(folder.iterdir())) == 1
    assert kept[0].pixel_mm == examples[0].pixel_mm > 1
    for one, other in zip(examples, kept, strict=True):
        assert np.array_equal(one.pixels, other.pixels) and one.scene == other.scene
        assert [flaw.box for flaw in one.flaws] == [flaw.box for flaw in other.flaws]


@pytest.mark.parametrize("how", SHOWN)
def test_a_bag_is_shown_as_asked_and_its_view_keeps_the_truth(examples: tuple[Example, ...], how: str) -> None:
    one = filled(examples[0], TASK.labels, np.random.default_rng(4))
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
