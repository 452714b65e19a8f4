"""What a detector remembers and how it moves, on sequences with planted lag, burn-in and drift."""

from __future__ import annotations

import numpy as np
import pytest

import detectors
from kerma.science.measure import run
from kerma.science.results import NotMeasurable

SHAPE = (80, 100)
GENERATOR = np.random.default_rng(3)


def _frames(*levels: float, offset: float = 500.0, noise: float = 20.0) -> np.ndarray:
    return np.stack([offset + level + GENERATOR.normal(0, noise, SHAPE) for level in levels])


DARKS = _frames(*[0.0] * 6)


@pytest.mark.parametrize("turned", [False, True])
def test_planted_lag_is_found_in_every_frame(turned: bool) -> None:
    frames, darks = _frames(0, 20_000, 20_000, 20_000, 400, 200, 100, 50), DARKS
    fields = {"rises_with_dose": not turned}
    if turned:
        frames, darks = 60_000 - frames, 60_000 - darks
    result = run("lag", detectors.image(frames, **fields), detectors.image(darks, **fields), frame_time_s=20)
    values = result.values
    assert values["last_lit_plane"] == 3
    assert values["lag_percent"] == pytest.approx([2, 1, 0.5, 0.25], abs=0.01)
    assert values["lag_60_s_percent"] == pytest.approx(0.5, abs=0.01)
    assert values["lag_first_frame_percent"] == pytest.approx(
        2, abs=4 * result.uncertainties["lag_first_frame_percent"]
    )


def test_without_lag_it_is_0_within_its_uncertainty() -> None:
    result = run("lag", detectors.image(_frames(20_000, 20_000, 0, 0)), detectors.image(DARKS))
    value = result.values["lag_first_frame_percent"]
    assert abs(value) < 5 * result.uncertainties["lag_first_frame_percent"] + 0.01


def test_the_region_chooses_where_lag_is_read() -> None:
    frames = _frames(20_000, 20_000, 200)
    frames[2, :40] += 800
    images = detectors.image(frames), detectors.image(DARKS)
    found = [
        run("lag", *images, region=region).values["lag_first_frame_percent"] for region in ("0,0,40,100", "40,0,40,100")
    ]
    assert found == pytest.approx([5, 1], abs=0.02)


@pytest.mark.parametrize(
    ("frame_time_s", "words"), [(None, "give frame_time_s"), (1.0, "too short"), (90.0, "too long")]
)
def test_lag_at_60_s_is_not_invented(frame_time_s: float | None, words: str) -> None:
    images = detectors.image(_frames(20_000, 20_000, 100, 50)), detectors.image(DARKS)
    result = run("lag", *images, frame_time_s=frame_time_s)
    assert result.values["lag_60_s_percent"] is None
    assert any(words in text for text in result.warnings)


@pytest.mark.parametrize(
    ("levels", "words"),
    [((20_000, 20_000), "last frame"), ((0, 0, 0), "never on"), ((20_000,), "one frame")],
)
def test_a_sequence_without_an_end_of_the_beam_is_refused(levels: tuple, words: str) -> None:
    result = run("lag", detectors.image(_frames(*levels)), detectors.image(DARKS))
    assert isinstance(result, NotMeasurable) and words in result.reason


def test_planted_burn_in_is_found_whatever_the_dose() -> None:
    before, after = _frames(20_000)[0], _frames(26_000)[0]
    after[30:50, 40:60] = 500 + (after[30:50, 40:60] - 500) * 1.013
    images = [detectors.image(one - 500) for one in (before, after)]
    result = run("ghosting", *images, region="30,40,20,20", background="0,0,20,100")
    expected = 1.3
    assert result.values["burn_in_percent"] == pytest.approx(expected, abs=4 * result.uncertainties["burn_in_percent"])
    back = run("ghosting", *images[::-1], region="30,40,20,20", background="0,0,20,100")
    assert back.values["burn_in_percent"] < -1


def test_burn_in_needs_a_place_and_a_signal() -> None:
    flat = detectors.image(_frames(20_000))
    assert "say where" in run("ghosting", flat, flat).reason
    assert "not above 0" in run("ghosting", flat, detectors.image(_frames(-900)), region="30,40,20,20").reason


def test_the_stated_uncertainty_of_burn_in_is_the_scatter() -> None:
    results = [
        run("ghosting", detectors.image(_frames(5000)), detectors.image(_frames(5000)), region="30,40,10,10")
        for _ in range(60)
    ]
    scatter = np.std([result.values["burn_in_percent"] for result in results])
    assert scatter == pytest.approx(results[0].uncertainties["burn_in_percent"], rel=0.35)


def test_planted_drift_of_offset_and_gain_is_found() -> None:
    gain = 1 + GENERATOR.normal(0, 0.02, SHAPE)
    pattern = 1 + GENERATOR.normal(0, 0.003, SHAPE)
    flats = 500 + 20_000 * gain + GENERATOR.normal(0, 5, SHAPE)
    later = 507 + 20_000 * gain * pattern * 1.015 + GENERATOR.normal(0, 5, SHAPE)
    later_darks = _frames(*[7.0] * 6)
    result = run("drift", *(detectors.image(one) for one in (DARKS, flats, later_darks, later)))
    values = result.values
    assert values["offset_stored"] == pytest.approx(7, abs=5 * result.uncertainties["offset_stored"])
    assert values["gain_percent"] == pytest.approx(1.5, abs=0.02)
    assert values["gain_pattern_percent"] == pytest.approx(0.3, rel=0.1)
    assert values["offset_of_signal_percent"] == pytest.approx(100 * 7 / 20_000, rel=0.1)


def test_without_drift_there_is_none() -> None:
    flats = detectors.image(_frames(20_000, noise=0))
    darks = detectors.image(_frames(0, noise=0))
    values = run("drift", darks, flats, darks, flats).values
    assert (values["offset_stored"], values["gain_percent"], values["gain_pattern_percent"]) == (0, 0, 0)


def test_dead_pixels_do_not_count_for_gain_and_swapped_frames_are_refused() -> None:
    flats, darks = _frames(20_000), _frames(0)
    flats[0, :5] = darks[0, :5]
    given = [detectors.image(one) for one in (darks, flats, darks, flats)]
    assert run("drift", *given).values["pixels"] == 75 * 100
    assert isinstance(run("drift", *given[::-1]), NotMeasurable)
    small = detectors.image(flats[:, :50])
    assert "same rows" in run("drift", given[0], small, given[2], given[3]).reason
