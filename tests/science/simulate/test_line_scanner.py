"""Two energies of the line scanner tell materials apart, whatever their thickness."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.simulate.attenuator import Attenuator
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.line_scanner import CHANNELS, OPEN_STORED, SOURCE, Z_SCALE, z_plane

LOW, HIGH = (Attenuator(beam_of(SOURCE, channel)) for channel in CHANNELS)


def number_of(**layers_mm: float) -> float:
    """The number in the plane z-effective, behind layers without noise."""
    low, high = (np.full((6, 6), each.at(layers_mm)[0] * OPEN_STORED) for each in (LOW, HIGH))
    return float(z_plane(low, high)[3, 3]) / Z_SCALE


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
    assert number_of(**{material: thickness_mm}) == pytest.approx(expected, abs=0.5)


def test_a_mixture_lies_between() -> None:
    assert 7.5 < number_of(water=40.0, iron=1.5) < 26.0


def test_too_little_and_too_much_are_undecidable() -> None:
    assert number_of(water=0.5) == 0.0
    assert number_of(lead=30.0) == 0.0
