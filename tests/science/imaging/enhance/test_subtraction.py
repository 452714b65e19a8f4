"""Weighted log subtraction: its laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerma.science.imaging.enhance import Level
from kerma.science.imaging.enhance.subtraction import log_subtraction
from material_wedge import ATTENUATIONS, MATERIALS, inner, wedge

PLAIN = {"blank_low": 58000.0, "blank_high": 58000.0, "weight": 0.0, "gain": 1.0}


def subtracted(**other: Any) -> np.ndarray:
    return log_subtraction(tuple(wedge().pixels[:2].astype(np.float32)), {**PLAIN, **other}, Level())


def test_weight_0_is_the_low_energy_and_its_attenuation() -> None:
    low = wedge().pixels[0].astype(np.float32)
    assert np.allclose(subtracted(), low, rtol=1e-5)
    assert np.allclose(-np.log(subtracted() / 58000.0), -np.log(low / 58000.0), atol=1e-5)


def test_equal_energies_at_weight_1_leave_the_open_beam() -> None:
    same = (np.linspace(100, 5e4, 50, dtype=np.float32)[None],) * 2
    assert np.allclose(log_subtraction(same, {**PLAIN, "weight": 1.0}, Level()), 58000.0)


def test_twice_the_exposure_is_twice_as_bright() -> None:
    planes = tuple(2 * wedge().pixels[:2].astype(np.float32))
    p = {**PLAIN, "blank_low": 116000.0, "blank_high": 116000.0, "weight": 1.2, "gain": 2.0}
    assert np.allclose(log_subtraction(planes, p, Level()), 2 * subtracted(weight=1.2, gain=2.0), rtol=1e-4)


@pytest.mark.parametrize("attenuation", [0.5, 1.0, 2.0])
def test_the_weight_of_a_material_takes_it_away_and_leaves_what_is_denser(attenuation: float) -> None:
    step = ATTENUATIONS.index(attenuation)

    def level(material: str, weight: float) -> float:
        part = inner(MATERIALS.index(material), step)
        return float(np.median(subtracted(weight=weight)[part]) / 58000.0)

    low, high = (wedge().pixels[plane][inner(MATERIALS.index("water"), step)].mean() for plane in (0, 1))
    weight = float(np.log(low / 58000.0) / np.log(high / 58000.0))
    assert 1.1 < weight < 1.35
    assert level("water", weight) == pytest.approx(1.0, abs=0.01)
    assert level("aluminium", weight) < 0.97
    assert level("steel", weight) < level("aluminium", weight) - 0.02


def test_what_lets_nothing_through_is_black_at_any_weight() -> None:
    for value in (0.0, 20.0):
        nothing = (np.full((2, 2), value, np.float32), np.full((2, 2), value + 5.0, np.float32))
        assert log_subtraction(nothing, {**PLAIN, "weight": 4.0, "gain": 20.0}, Level()).max() < 1.0
