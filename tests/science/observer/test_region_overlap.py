"""AUPRO against areas worked out by hand, and against the definition counted pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.region_overlap import overlap, region_figures

FEW = 20


def _flawed(*boxes: tuple[int, int, int, int], side: int = 40) -> np.ndarray:
    found = np.zeros((side, side), dtype=bool)
    for row, column, height, width in boxes:
        found[row : row + height, column : column + width] = True
    return found


def _aupro(values: np.ndarray, flawed: np.ndarray, **more: float) -> float | None:
    return region_figures([overlap(values.astype(np.float32), flawed, "one")], resamples=1, **more).aupro


def test_values_that_are_the_truth_cover_everything_and_equal_values_tell_nothing() -> None:
    flawed = _flawed((2, 2, 5, 5), (20, 20, 3, 3))
    found = region_figures([overlap(flawed.astype(np.float32), flawed, "one")], resamples=1)
    assert found.aupro == pytest.approx(1.0) and found.pixel_auc == pytest.approx(1.0) and found.regions == 2
    flat = np.full(flawed.shape, 0.5)
    # One step from nothing to everything: a straight line, under which half of the limit lies.
    assert _aupro(flat, flawed) == pytest.approx(0.15)
    assert _aupro(flat, flawed, limit=1.0) == pytest.approx(0.5)


def test_a_small_region_weighs_as_much_as_a_large_one() -> None:
    flawed = _flawed((2, 2, 10, 10), (30, 30, 2, 2))
    seen = _flawed((30, 30, 2, 2)) * 0.9 + _flawed((2, 2, 10, 5)) * 0.8 + 0.05
    # The small region whole, half of the large one, no sound pixel; then the rest at once along a straight line.
    rest = 0.75 + 0.25 * 0.3 / 2
    assert _aupro(np.minimum(seen, 1), flawed) == pytest.approx(rest)
    auc = region_figures([overlap(np.minimum(seen, 1).astype(np.float32), flawed, "one")], resamples=1).pixel_auc
    hit = 54 / 104
    assert auc == pytest.approx(hit + (1 - hit) / 2)


def test_regions_that_touch_by_a_corner_are_one_and_the_unknown_is_left_out() -> None:
    touching = _flawed((5, 5, 2, 2), (7, 7, 2, 2))
    assert overlap(np.zeros((40, 40), np.float32), touching, "one").regions == 1
    flawed, unknown = _flawed((5, 5, 4, 4)), _flawed((20, 0, 20, 40))
    values = flawed * 0.5 + unknown * 0.9
    told = overlap(values.astype(np.float32), flawed, "one", left_out=unknown)
    assert told.sound.sum() == 40 * 20 - 16
    assert region_figures([told], resamples=1).aupro == pytest.approx(1.0)


def _counted(values: list[np.ndarray], flawed: list[np.ndarray], limit: float) -> float:
    """Return AUPRO as its definition says: every threshold, every region, every pixel."""
    from scipy.ndimage import label

    points = [(0.0, 0.0)]
    for least in np.unique(np.concatenate([one.ravel() for one in values]))[::-1]:
        shares, false, sound = [], 0, 0
        for one, truth in zip(values, flawed, strict=True):
            numbers, count = label(truth, np.ones((3, 3)))
            shares += [(one[numbers == number] >= least).mean() for number in range(1, count + 1)]
            false, sound = false + int((one[~truth] >= least).sum()), sound + int((~truth).sum())
        points.append((false / sound, float(np.mean(shares))))
    across, up = np.array(points).T
    at = np.linspace(0, limit, 200_001)
    return float(np.trapezoid(np.interp(at, across, up), at) / limit)


def test_it_is_the_definition_counted_pixel_by_pixel_over_images_of_any_number_of_regions() -> None:
    random = np.random.default_rng(4)
    truths = [_flawed((3, 3, 4, 9), (15, 8, 2, 2), side=24), _flawed((10, 4, 7, 3), side=24), _flawed(side=24)]
    values = [np.round(random.random((24, 24)) * 0.7 + 0.3 * truth, 2) for truth in truths]
    told = [overlap(one.astype(np.float32), truth, "") for one, truth in zip(values, truths, strict=True)]
    for limit in (0.05, 0.3, 1.0):
        assert region_figures(told, limit=limit, resamples=1).aupro == pytest.approx(
            _counted(values, truths, limit), abs=2e-4
        )


def test_the_interval_is_of_whole_groups_and_holds_the_figure() -> None:
    random = np.random.default_rng(5)
    told = []
    for number in range(12):
        truth = _flawed((4, 4, 6, 6))
        values = np.clip(random.normal(0.4, 0.1, truth.shape) + 0.15 * truth, 0.001, 0.999)
        told.append(overlap(values.astype(np.float32), truth, f"part {number // 2}"))
    found = region_figures(told, resamples=200)
    assert found.aupro is not None and found.aupro_interval is not None and found.pixel_auc_interval is not None
    low, high = found.aupro_interval
    assert low < found.aupro < high and high - low < 0.2
    assert region_figures(told, resamples=200) == found, "the same seed, the same interval"


def test_nothing_to_find_has_no_figure_and_what_makes_no_sense_is_refused() -> None:
    nothing = overlap(np.zeros((8, 8), np.float32), np.zeros((8, 8), bool), "one")
    assert region_figures([nothing], resamples=FEW).aupro is None
    assert region_figures([], resamples=FEW).pixel_auc is None
    with pytest.raises(WrongUsage, match="one size"):
        overlap(np.zeros((8, 8), np.float32), np.zeros((8, 9), bool), "one")
    with pytest.raises(WrongUsage, match="from 0 to 1"):
        overlap(np.full((8, 8), 2.0, np.float32), np.zeros((8, 8), bool), "one")
    with pytest.raises(WrongUsage, match="above 0"):
        region_figures([nothing], limit=0.0)
