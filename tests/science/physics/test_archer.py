"""Archer's law, and that every tabulated barrier obeys it: the check that finds mistyped coefficients."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import NotFound, OutsideTable, WrongUsage
from kerma.science.physics.archer import Archer, barriers, coefficients, materials_of

ROWS = [(barrier, material) for barrier in barriers() for material in materials_of(barrier)]


@pytest.mark.parametrize(("barrier", "material"), ROWS)
def test_every_row_starts_at_one_falls_and_comes_back(barrier: str, material: str) -> None:
    law = coefficients(barrier, material)
    scale = law.tenth_value_mm
    assert law.transmission(0.0) == pytest.approx(1.0)
    shares = [law.transmission(scale * step / 10) for step in range(60)]
    assert all(nearer > farther for nearer, farther in pairwise(shares))
    for thickness in (scale * 0.01, scale, scale * 5):
        assert law.thickness_mm(law.transmission(thickness)) == pytest.approx(thickness, rel=1e-9)


@pytest.mark.parametrize(("barrier", "material"), ROWS)
def test_tenth_value_layers_are_those_of_the_beam(barrier: str, material: str) -> None:
    # Of lead: 0.5 to 1.5 mm in every room but mammography (25 to 35 kV) and PET (511 keV); of concrete about 60 times.
    tenth = coefficients(barrier, material).tenth_value_mm
    if "mammography" in barrier:
        low, high = (0.05, 0.1) if material == "lead" else (5, 12)
    elif "pet" in barrier:
        low, high = (12, 18) if material == "lead" else (120, 180)
    else:
        low, high = (0.5, 1.5) if material == "lead" else (40, 80)
    assert low <= tenth <= high


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 50), st.floats(-0.95, 500), st.floats(0.2, 3), st.floats(0, 200))
def test_any_law_is_a_share_and_round_trips(alpha: float, ratio: float, gamma: float, units: float) -> None:
    law = Archer(alpha, alpha * ratio, gamma)
    share = law.transmission(units / alpha)
    assert 0 <= share <= 1
    if 1e-80 < share < 0.999:
        assert law.thickness_mm(share) == pytest.approx(units / alpha, rel=1e-6)


def test_written_out_by_hand() -> None:
    # B of 1 mm lead at the bucky wall, from the printed formula.
    a, b, g = 2.264, 13.08, 0.56
    by_hand = ((1 + b / a) * math.exp(a * g * 1.0) - b / a) ** (-1 / g)
    assert coefficients("primary-bucky-wall", "lead").transmission(1.0) == pytest.approx(by_hand, rel=1e-12)


def test_the_slope_of_a_thick_barrier_is_alpha() -> None:
    law = coefficients("pet-511-kev", "lead")
    assert law.transmission(500.0) / law.transmission(500.0 + law.tenth_value_mm) == pytest.approx(10, rel=1e-6)
    # Centimetres in the table, millimetres here; 511 keV has its half-value layer at about 5 mm of lead.
    assert law.beta_1_mm == pytest.approx(-0.04408) and law.thickness_mm(0.5) == pytest.approx(5.0, abs=1.0)


def test_where_no_barrier_is_needed_it_has_no_thickness() -> None:
    law = coefficients("primary-floor", "lead")
    assert law.thickness_mm(1.0) == 0.0 and law.thickness_mm(3.0) == 0.0


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(WrongUsage):
        coefficients("primary-floor", "lead").thickness_mm(share)


@pytest.mark.parametrize("wrong", [(0, 1, 1), (1, -1, 1), (1, 1, 0), (float("nan"), 1, 1)])
def test_coefficients_that_are_no_law_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(WrongUsage, match="no transmission"):
        Archer(*wrong)


def test_what_is_not_tabulated_is_said_and_not_made_up() -> None:
    with pytest.raises(OutsideTable, match="there are lead"):
        coefficients("secondary-fluoroscopy", "concrete")
    with pytest.raises(NotFound, match="primary-bucky-wall"):
        coefficients("primary-sauna", "lead")
