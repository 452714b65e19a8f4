"""The resolution a scene tells is what a duplex gauge reads: it scales, grows with blur, and has known limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.simulate.resolution import basic_resolution_um, dip


def stepped_dip(diameter: float, pixel: float, sigma: float) -> float:
    """The dip by brute force: rods, aperture and Gaussian sampled finely and convolved one after another."""
    step = min(diameter, pixel, sigma) / 60
    reach = round(4 * (diameter + pixel + 2 * sigma) / step)
    at = np.arange(-reach, reach + 1)
    chords = sum(np.sqrt(np.maximum(0.0, diameter**2 / 4 - (at * step - side) ** 2)) for side in (-diameter, diameter))
    box = (np.abs(at * step) <= pixel / 2).astype(float)
    bell = np.exp(-0.5 * (at * step / sigma) ** 2)
    seen = np.convolve(np.convolve(chords, box, mode="same"), bell, mode="same")
    return 1.0 - seen[at.size // 2] / seen.max()


@pytest.mark.parametrize(("pixel_um", "sigma_um"), [(100.0, 30.0), (100.0, 75.0), (50.0, 120.0), (20.0, 60.0)])
def test_at_the_resolution_the_dip_is_twenty_percent(pixel_um: float, sigma_um: float) -> None:
    found = basic_resolution_um(pixel_um, sigma_um)
    # The steps of the brute force are a sixtieth: good for half a percent of dip.
    assert stepped_dip(found, pixel_um, sigma_um) == pytest.approx(0.20, abs=0.005)
    assert dip(found, pixel_um, sigma_um) == pytest.approx(0.20, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.floats(1.0, 500.0), st.floats(0.0, 3.0), st.floats(0.1, 50.0))
def test_it_scales_and_more_blur_never_resolves_more(pixel_um: float, blur_px: float, scale: float) -> None:
    here = basic_resolution_um(pixel_um, blur_px * pixel_um)
    assert basic_resolution_um(scale * pixel_um, scale * blur_px * pixel_um) == pytest.approx(scale * here, rel=1e-3)
    assert basic_resolution_um(pixel_um, (blur_px + 0.1) * pixel_um) > here


def test_without_a_pixel_the_gaussian_alone_decides() -> None:
    """Against twice the total unsharpness of a Gaussian: SRb is half the image unsharpness, about 1.4 sigma."""
    assert basic_resolution_um(1e-3, 100.0) == pytest.approx(141.4, rel=0.005)
