"""Jitter, slippage, shading and erasure of a CR reader (ASTM E2445), on pictures with known displacement."""

from __future__ import annotations

import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable

NOISE = np.random.default_rng(0).normal(10000, 100, (500, 80))


@pytest.mark.parametrize("rms", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("tilt", [0.0, 1.0, -5.0])
def test_jitter_is_the_displacement_put_in(rms: float, tilt: float) -> None:
    shifts = np.random.default_rng(1).normal(0, rms, 600)
    result = run("jitter", pictures.image(pictures.edge_lines(shifts, tilt_deg=tilt, snr=200)))
    # Noise of SNR 200 is 0.02 px of its own, taken off.
    assert result.values["jitter_rms_px"] == pytest.approx(rms, rel=0.08, abs=0.005)
    assert result.values["jitter_max_px"] == pytest.approx(np.abs(shifts).max(), abs=0.1)
    assert result.values["tilt_deg"] == pytest.approx(tilt, abs=0.05)


def test_a_steady_laser_has_no_jitter_whatever_the_noise() -> None:
    for snr in (30, 100):
        result = run("jitter", pictures.image(pictures.edge_lines(np.zeros(800), tilt_deg=2, snr=snr)))
        assert result.values["jitter_rms_px"] < 0.35 * result.values["noise_px"]
        assert result.values["passes"]


def test_the_line_that_jumps_is_named_and_fails() -> None:
    shifts = np.zeros(400)
    shifts[123] = 2.0
    result = run("jitter", pictures.image(pictures.edge_lines(shifts, tilt_deg=2, snr=200)))
    assert (result.values["worst_line_px"], result.values["lines_beyond_limit"]) == (123, 1)
    assert not result.values["passes"]
    assert result.values["jitter_max_px"] == pytest.approx(2.0, abs=0.1)


def test_transport_across_reads_columns() -> None:
    lines = pictures.edge_lines(np.random.default_rng(1).normal(0, 0.2, 300), snr=200)
    down = run("jitter", pictures.image(lines)).values["jitter_rms_px"]
    assert run("jitter", pictures.image(lines.T), transport="across").values["jitter_rms_px"] == pytest.approx(down)


@pytest.mark.parametrize("jump", [0.5, 1.5, -2.0])
def test_a_slip_is_found_where_it_is(jump: float) -> None:
    shifts = np.where(np.arange(1000) > 600, jump, 0.0)
    result = run("slippage", pictures.image(pictures.ruled(shifts)))
    assert result.values["jump_px"] == pytest.approx(abs(jump), rel=0.1, abs=0.06)
    assert result.values["worst_line_px"] == pytest.approx(600, abs=40)
    assert result.values["period_px"] == pytest.approx(23.3, rel=0.005)
    assert result.values["passes"] == (abs(jump) <= 1)


def test_a_steady_transport_does_not_slip() -> None:
    result = run("slippage", pictures.image(pictures.ruled(np.zeros(1000))))
    assert result.values["jump_px"] < 0.15 and result.values["slippage_max_px"] < 0.25


def test_shading_is_the_fall_to_the_sides() -> None:
    across = np.linspace(-1, 1, 900)
    grey = np.random.default_rng(2).normal(10000, 100, (300, 900)) * (1 - 0.25 * across**2)
    result = run("shading", pictures.image(grey))
    # Medians of the thirds of a parabola: x is 2/3 in the outer ones and 1/6 in the middle one.
    assert result.values["shading_percent"] == pytest.approx(100 * ((1 - 0.25 * 4 / 9) / (1 - 0.25 / 36) - 1), abs=0.3)
    assert result.values["passes"] and result.values["bands"] == 0


def test_a_band_is_found() -> None:
    grey = np.random.default_rng(2).normal(10000, 100, (300, 900))
    grey[200:203] *= 0.99
    result = run("shading", pictures.image(grey))
    assert result.values["band_max_percent"] == pytest.approx(-1, abs=0.15)
    assert 200 <= result.values["band_line_px"] < 203 and result.values["bands"] == 1


@pytest.mark.parametrize("residual", [0.0, 0.5, 3.0])
def test_erasure_is_what_is_left(residual: float) -> None:
    ground = np.random.default_rng(3).normal(500, 5, (2, 200, 200))
    ground[0, 80:120, 80:120] += 20000
    ground[1, 80:120, 80:120] += 200 * residual
    exposed, erased = (pictures.image(each) for each in ground)
    result = run("erasure", exposed, erased, region="85,85,30,30", background="10,10,50,50")
    assert result.values["residual_percent"] == pytest.approx(residual, abs=0.01)
    assert result.values["passes"] == (residual <= 2)


@pytest.mark.parametrize("name", ["jitter", "slippage"])
def test_a_plate_without_a_pattern_is_refused(name: str) -> None:
    for grey in (NOISE, np.full((80, 80), 5000.0), NOISE[:8], np.tile(np.linspace(1, 9e3, 90), (90, 1)).T):
        assert isinstance(run(name, pictures.image(grey)), NotMeasurable)


def test_erasure_needs_an_exposure_and_one_size() -> None:
    flat = pictures.image(NOISE)
    assert "no exposure" in run("erasure", flat, flat, region="50,20,20,20").reason
    assert "same size" in run("erasure", flat, pictures.image(NOISE[:90]), region="50,20,20,20").reason


def test_shading_names_its_table() -> None:
    result = run("shading", pictures.image(NOISE))
    assert isinstance(result, Measurement) and result.source.status == "unverified"
