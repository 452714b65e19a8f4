"""Focal spots of known size and shape, behind a detector of known blur."""

from __future__ import annotations

import numpy as np
import pytest

import detectors
from kerma.science.imaging.image import Spacing
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable

SHAPE = (500, 240)
BLUR_PX = 0.6


def _contact(seed: int = 1) -> np.ndarray:
    return detectors.edge(SHAPE, tilt_deg=2.5, sigma_px=BLUR_PX, snr=150, seed=seed)


def _even(width_px: float, seed: int = 2) -> np.ndarray:
    """Return an edge seen with an evenly bright spot: the mean of many edges, shifted over the width."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    cosine = np.cos(np.deg2rad(2.5))
    distance = detectors.distances(SHAPE, 2.5)
    grey = np.zeros(SHAPE)
    for node, weight in zip(nodes * width_px / 2, weights / 2, strict=True):
        upper, lower = (detectors._ramp(distance + node + half * cosine / 2, BLUR_PX) for half in (1, -1))
        grey += weight * (upper - lower) / cosine
    grey = 20_000 * (0.4 + 0.6 * grey)
    return grey + np.random.default_rng(seed).standard_normal(SHAPE) * np.sqrt(grey * 20_000) / 150


def _spot(magnified: np.ndarray, magnification: float) -> Measurement:
    given = detectors.image(magnified), detectors.image(_contact())
    result = run("focal_spot", *given, magnification=magnification)
    assert isinstance(result, Measurement), result
    return result


@pytest.mark.parametrize(("spot_mm", "magnification"), [(1.0, 2.0), (0.4, 2.0), (3.0, 1.2)])
def test_an_even_spot_is_found_within_3_percent(spot_mm: float, magnification: float) -> None:
    width_px = spot_mm * (magnification - 1) / detectors.PITCH_MM
    result = _spot(_even(width_px), magnification)
    assert result.values["focal_spot_mm"] == pytest.approx(spot_mm, rel=0.03)
    assert result.values["unsharpness_mm"] == pytest.approx(spot_mm * (magnification - 1), rel=0.03)
    assert result.values["nearer_shape"] == "even"


@pytest.mark.parametrize("fwhm_mm", [0.5, 1.0])
def test_a_gaussian_spot_is_found_within_3_percent_and_told_from_an_even_one(fwhm_mm: float) -> None:
    sigma_px = np.hypot(BLUR_PX, fwhm_mm / 2.3548 / detectors.PITCH_MM)
    result = _spot(detectors.edge(SHAPE, tilt_deg=2.5, sigma_px=sigma_px, snr=150, seed=4), 2.0)
    assert result.values["gaussian_fwhm_mm"] == pytest.approx(fwhm_mm, rel=0.03)
    assert result.values["nearer_shape"] == "gaussian"


def test_the_truth_lies_within_four_stated_uncertainties() -> None:
    for seed in range(2):
        result = _spot(_even(5.0, seed=10 + seed), 2.0)
        assert abs(result.values["focal_spot_mm"] - 0.5) < 4 * result.uncertainties["focal_spot_mm"] + 0.005


def test_a_spot_too_small_to_see_is_refused_with_what_it_is_below() -> None:
    given = detectors.image(_contact(5)), detectors.image(_contact(6))
    result = run("focal_spot", *given, magnification=1.2)
    assert isinstance(result, NotMeasurable) and "higher magnification" in result.reason


@pytest.mark.parametrize("magnification", [None, 1.0, 0.5])
def test_without_a_magnification_there_is_a_reason(magnification: float | None) -> None:
    edge = detectors.image(_contact())
    result = run("focal_spot", edge, edge, magnification=magnification)
    assert isinstance(result, NotMeasurable) and "magnification above 1" in result.reason


def test_images_of_two_detectors_and_a_missing_scale_are_refused() -> None:
    edge, other = detectors.image(_contact()), detectors.image(_contact(), spacing=Spacing(0.2, 0.2, "detector"))
    without = detectors.image(_contact(), spacing=Spacing())
    assert "one detector" in run("focal_spot", edge, other, magnification=2.0).reason
    assert "give spacing_mm" in run("focal_spot", edge, without, magnification=2.0).reason


def test_an_image_without_an_edge_is_named() -> None:
    flat = detectors.image(np.random.default_rng(1).normal(9000, 50, SHAPE))
    result = run("focal_spot", detectors.image(_even(5.0)), flat, magnification=2.0)
    assert isinstance(result, NotMeasurable) and "contact image" in result.reason
