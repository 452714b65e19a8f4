"""Two energies tell materials apart, whatever their thickness."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.simulate.bag import beams
from kerma.science.simulate.exposure import attenuated
from kerma.science.simulate.zeff import CALIBRATION, effective_number

LOW, HIGH = beams()


def number_of(material: str, thickness_mm: float) -> float:
    maps = {material: np.full((6, 6), thickness_mm)}
    low, high = attenuated(LOW, maps)[0], attenuated(HIGH, maps)[0]
    return float(effective_number(low, high, LOW, HIGH)[3, 3])


@pytest.mark.parametrize(
    ("material", "thickness_mm", "expected"),
    [
        ("polyethylene", 40.0, 5.5),
        ("water", 30.0, 7.5),
        ("water", 120.0, 7.5),
        ("pmma", 60.0, 6.6),
        ("aluminium", 10.0, 13.0),
        ("aluminium", 40.0, 13.0),
        ("iron", 3.0, 26.0),
        ("iron", 10.0, 26.0),
    ],
)
def test_known_materials_are_told_within_half_a_number(material: str, thickness_mm: float, expected: float) -> None:
    assert number_of(material, thickness_mm) == pytest.approx(expected, abs=0.5)


def test_a_mixture_lies_between() -> None:
    maps = {"water": np.full((6, 6), 40.0), "iron": np.full((6, 6), 1.5)}
    low, high = attenuated(LOW, maps)[0], attenuated(HIGH, maps)[0]
    assert 7.5 < float(effective_number(low, high, LOW, HIGH)[3, 3]) < 26.0


def test_too_little_and_too_much_are_undecidable() -> None:
    assert number_of("water", 0.5) == 0.0
    assert number_of("lead", 30.0) == 0.0


def test_the_calibration_rises_in_number() -> None:
    numbers = [number for _, number, _ in CALIBRATION]
    assert numbers == sorted(numbers)
