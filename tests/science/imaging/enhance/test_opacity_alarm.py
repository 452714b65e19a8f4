"""The dark alarm: by attenuation, and by the area of connected parts of the whole picture."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.imaging.enhance import Level, parse, run, statistics, switched_on
from kerma.science.imaging.enhance.opacity_alarm import STEPS, opacity_alarm, opaque_parts
from kerma.science.imaging.image import Image

P = {"blank": 1000.0, "most_attenuation": 3.0, "least_area_px": 100, "black_from": 4.6}


def alarms(values: np.ndarray, **other: float) -> np.ndarray:
    p = {**P, **other}
    shown = opacity_alarm((values,), p, Level(1, opaque_parts(values, p, 1)))
    return shown[..., 0] > shown[..., 1] + 0.1


def picture(*boxes: tuple[slice, slice], dark: float = 10.0) -> np.ndarray:
    values = np.full((80, 100), 900.0, np.float32)
    for box in boxes:
        values[box] = dark
    return values


def test_large_dark_parts_alarm_and_small_or_thin_ones_do_not() -> None:
    large, small = (slice(10, 20), slice(10, 20)), (slice(40, 49), slice(40, 50))
    found = alarms(picture(large, small))
    assert found[large].all()
    assert found.sum() == 100
    assert not alarms(picture(large, dark=60.0)).any()
    assert alarms(picture(large, small), least_area_px=90).sum() == 190
    assert not alarms(picture(large), most_attenuation=5.0).any()


def test_a_part_is_what_hangs_together_over_corners_too() -> None:
    halves = (slice(10, 15), slice(10, 20)), (slice(15, 20), slice(20, 30))
    assert alarms(picture(*halves)).sum() == 100
    apart = (slice(10, 15), slice(10, 20)), (slice(15, 20), slice(22, 32))
    assert not alarms(picture(*apart)).any()
    long = (slice(30, 32), slice(5, 60))
    assert alarms(picture(long))[long].all()


def test_the_table_of_a_coarse_level_serves_the_finer_ones() -> None:
    values = picture((slice(10, 30), slice(12, 40)))
    coarse = values[::4, ::4]
    table = opaque_parts(coarse, P, 4)
    assert table[:3].tolist() == [20, 25, 4]
    shown = opacity_alarm((values,), P, Level(1, table))
    assert (shown[10:30, 12:40, 0] > 0.4).all()
    beside = opacity_alarm((values,), P, Level(1, None))
    assert np.array_equal(beside[..., 0], beside[..., 1])


def test_twice_the_exposure_changes_nothing() -> None:
    values = picture((slice(10, 30), slice(12, 40)))
    assert np.array_equal(alarms(values), alarms(2 * values, blank=2000.0))


def test_pixels_without_data_give_no_alarm() -> None:
    values = picture((slice(10, 30), slice(12, 40)))
    values[50:, :] = np.nan
    table = opaque_parts(values, P, 1)
    assert table[3:].reshape(80, 100)[50:].sum() == 0


def test_through_the_chain() -> None:
    pixels = picture((slice(10, 30), slice(12, 40))).astype(np.uint16)[None]
    image = Image(pixels, bits=16, meaning="raw", rises_with_dose=True)
    found = switched_on(STEPS[0], statistics(image), {"least_area_px": 200})
    assert found["blank"] == pytest.approx(900)
    shown = run(image, 0, parse({"steps": [{"name": "opacity_alarm", "parameters": found}]}))
    assert (shown[12:28, 15:35, 0] > shown[12:28, 15:35, 1] + 50).all()
