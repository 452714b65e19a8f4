from __future__ import annotations

import numpy as np
import pytest

import gauge_pictures as gauges
from kerma.science.measure import run
from kerma.science.results import NotMeasurable

PIXEL_MM = 0.05
PLAQUE = (2.0, 1.0, 0.5)


def _read(grey: np.ndarray, holes: str, **options: float):
    given = gauges.image(grey, PIXEL_MM)
    return run("hole_iqi", given, region=(0, 0, *grey.shape), holes=holes, **options)


def test_detectability_agrees_with_a_disk_against_its_ring() -> None:
    """The ring's own noise takes part of what an observer who knows the background would have."""
    read = []
    for seed in range(6):
        grey, ideal = gauges.hole_picture(PLAQUE, PIXEL_MM, contrast=0.02, snr=60, seed=seed)
        result = _read(grey, "4T,2T,1T", plaque_mm=0.5)
        read.append(result.values["detectabilities"])
        assert result.values["diameters_mm"] == list(PLAQUE)
    share = np.mean(read, axis=0) / ideal
    assert (share > 0.5).all() and (share < 1.15).all()


def test_holes_vanish_one_by_one_as_noise_grows() -> None:
    seen = []
    for snr in (200, 30, 12):
        grey, _ = gauges.hole_picture(PLAQUE, PIXEL_MM, contrast=0.03, snr=snr, seed=4)
        result = _read(grey, "4T,2T,1T", plaque_mm=0.5)
        seen.append(0 if isinstance(result, NotMeasurable) else sum(result.values["visible"]))
    assert seen == sorted(seen, reverse=True) and seen[0] == 3 and seen[-1] < 3


def test_sensitivity_is_that_of_the_smallest_hole_seen() -> None:
    grey, _ = gauges.hole_picture(PLAQUE, PIXEL_MM, contrast=0.05, snr=200)
    result = _read(grey, "4T,2T,1T", plaque_mm=0.5, thickness_mm=25)
    assert result.values["smallest_hole"] == "1T"
    assert result.values["eps_percent"] == pytest.approx(1.414, abs=0.001)  # a 2-1T level (E592)


def test_holes_are_found_where_they_are_in_any_order_and_polarity() -> None:
    diameters = (1.0, 0.8, 0.63, 0.5)
    grey, _ = gauges.hole_picture(diameters, PIXEL_MM, contrast=0.05, snr=200, depth="step")
    for picture, sign in ((grey, 1), (60000 - grey, -1)):
        result = _read(picture[:, ::-1], "H7-H10")
        expected = [(grey.shape[1] - 1) - 3.0 * number / PIXEL_MM for number in range(1, 5)]
        assert result.values["columns_px"] == pytest.approx(expected, abs=2)
        assert result.values["holes_per_step"] == [1, 1, 2, 2]
        assert np.sign(result.values["contrasts_stored"]).tolist() == [sign] * 4


@pytest.mark.parametrize("name", gauges.without_gauge())
def test_a_picture_without_a_gauge_is_refused(name: str) -> None:
    result = _read(gauges.without_gauge()[name], "4T,2T,1T", plaque_mm=0.5)
    assert isinstance(result, NotMeasurable), result.values


@pytest.mark.parametrize(
    ("options", "word"),
    [({}, "region"), ({"region": (0, 0, 50, 50)}, "holes"), ({"region": (0, 0, 50, 50), "holes": "1T,2T"}, "plaque_mm"),
     ({"region": (0, 0, 50, 50), "holes": "big"}, "names no holes"),
     ({"region": (0, 0, 50, 50), "holes": "5,9"}, "small"),

     ({"region": (0, 0, 50, 50), "holes": "0.01,0.02"}, "than a pixel")],
)  # fmt: skip
def test_what_is_missing_is_said(options: dict[str, object], word: str) -> None:
    grey, _ = gauges.hole_picture(PLAQUE, PIXEL_MM, contrast=0.05, snr=200)
    assert word in run("hole_iqi", gauges.image(grey, PIXEL_MM), **options).reason
