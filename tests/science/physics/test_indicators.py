"""Indicators asked for: every boundary of every table, class B never weaker, published rows, an independent lookup."""

from __future__ import annotations

import bisect
import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import OutsideTable, WrongUsage
from kerma.science import calculations
from kerma.science.physics.hole_indicators import wire_for_hole_mm
from kerma.science.physics.indicators import (
    ASME,
    STEP_HOLES,
    WIRES,
    Indicator,
    asme_indicators,
    duplex,
    finer_wire,
    missing_pairs,
    step_hole,
    wire,
)
from kerma.standards import table

# The tables of the standard written a second time: up to thickness, number of the first row, falling or rising by one.
STEPS = {
    ("wire", "A", "source", False): ("1.2 2 3.5 5 7 10 15 25 32 40 55 85 150 250", 18),
    ("wire", "B", "source", False): ("1.5 2.5 4 6 8 12 20 30 35 45 65 120 200 350", 19),
    ("wire", "A", "source", True): ("1.2 2 3.5 5 7 12 18 30 40 50 60 85 120 220 380", 18),
    ("wire", "B", "source", True): ("1.5 2.5 4 6 8 15 25 38 45 55 70 100 170 250", 19),
    ("wire", "A", "detector", False): ("1.2 2 3.5 5 10 15 22 38 48 60 85 125 225 375", 18),
    ("wire", "B", "detector", False): ("1.5 2.5 4 6 12 18 30 45 55 70 100 180 300", 19),
    ("hole", "A", "source", False): ("2 3.5 6 10 15 24 30 40 60 100 150 200 250 320 400", 3),
    ("hole", "B", "source", False): ("2.5 4 8 12 20 30 40 60 80 100 150 200", 2),
    ("hole", "A", "source", True): ("1 2 3.5 5.5 10 19", 3),
    ("hole", "B", "source", True): ("1 2.5 4 6 11 20", 2),
    ("hole", "A", "detector", False): ("2 5 9 14 22 36 50", 3),
    ("hole", "B", "detector", False): ("2.5 5.5 9.5 15 24 40 60", 2),
}
DUPLEX = {"A": ("1 1.5 2 5 10 25 55 150 250", 13), "B": ("1.5 4 8 12 40 120 200", 14)}
ASKED = {"wire": wire, "hole": step_hole}


def expected(key: tuple[str, str, str, bool], thickness: float) -> str:
    text, first = STEPS[key]
    at = bisect.bisect_left([float(part) for part in text.split()], thickness)
    return f"W{first - at}" if key[0] == "wire" else f"H{first + at}"


def found(key: tuple[str, str, str, bool], thickness: float) -> Indicator:
    kind, testing_class, side, is_double = key
    return ASKED[kind](thickness, testing_class=testing_class, side=side, is_double_image=is_double)


@pytest.mark.parametrize("key", STEPS, ids=str)
def test_every_boundary_belongs_to_the_row_below_it(key: tuple[str, str, str, bool]) -> None:
    for part in STEPS[key][0].split():
        edge = float(part)
        for thickness in (edge, math.nextafter(edge, math.inf), edge * 0.999, edge * 1.001):
            assert found(key, thickness).name == expected(key, thickness)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(STEPS, key=str)), st.floats(min_value=1e-3, max_value=900))
def test_an_independent_lookup_agrees(key: tuple[str, str, str, bool], thickness: float) -> None:
    assert found(key, thickness).name == expected(key, thickness)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from("AB"), st.floats(min_value=1e-3, max_value=900))
def test_duplex_by_an_independent_lookup(testing_class: str, thickness: float) -> None:
    text, first = DUPLEX[testing_class]
    at = bisect.bisect_left([float(part) for part in text.split()], thickness)
    assert duplex(thickness, testing_class=testing_class).name == f"D{first - at}"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["wire", "hole"]), st.sampled_from([("source", False), ("source", True), ("detector", False)]),
    st.floats(min_value=0.01, max_value=500), st.floats(min_value=1, max_value=3),
)  # fmt: skip
def test_class_b_is_never_weaker_and_thicker_never_asks_for_finer(
    kind: str, place: tuple[str, bool], thickness: float, factor: float
) -> None:
    a, b = (found((kind, name, *place), thickness).diameter_mm for name in "AB")
    assert b <= a
    for name in "AB":
        assert (
            found((kind, name, *place), thickness * factor).diameter_mm
            >= found((kind, name, *place), thickness).diameter_mm
        )


@pytest.mark.parametrize("name", [WIRES, STEP_HOLES])
def test_rows_of_each_table_join_and_go_by_one_step(name: str) -> None:
    key = "wire" if name == WIRES else "hole"
    for number in {row["table"] for row in table(name)}:
        rows = [row for row in table(name) if row["table"] == number]
        assert rows[0]["thickness_over_mm"] == "0"
        assert rows[-1]["thickness_up_to_mm"] == ""
        for first, second in pairwise(rows):
            assert first["thickness_up_to_mm"] == second["thickness_over_mm"]
            assert abs(int(first[key][1:]) - int(second[key][1:])) == 1


def test_step_holes_are_a_series_of_preferred_numbers() -> None:
    diameters = [float(row["diameter_mm"]) for row in table("iso_19232-2/step_holes")]
    for thin, thick in pairwise(diameters):
        assert thick / thin == pytest.approx(10**0.1, rel=0.03)


@pytest.mark.parametrize("row", table(ASME).rows, ids=lambda row: f"{row['indicator_side']} {row['plaque']}")
def test_the_wires_of_asme_are_those_that_equal_their_plaques(row: dict[str, str]) -> None:
    plaque_mm = int(row["plaque"]) * 0.0254
    equal = wire_for_hole_mm(plaque_mm=plaque_mm, hole_mm=2 * plaque_mm)
    listed = asme_indicators(float(row["thickness_up_to_mm"]), side=row["indicator_side"])[1].diameter_mm
    # a listed wire stands for half a step of the series on either side
    assert listed / equal == pytest.approx(1, abs=0.13)


@pytest.mark.parametrize(
    ("t", "wire_name"), [(6.4, "W5"), (9.5, "W6"), (12.7, "W7"), (19, "W8"), (25.4, "W9"), (38.1, "W10"), (50.8, "W11")]
)
def test_published_wires_of_asme(t: float, wire_name: str) -> None:
    assert asme_indicators(t)[1].name == wire_name
    assert asme_indicators(t, side="detector")[1].name == f"W{int(wire_name[1:]) - 1}"


def test_beyond_the_table_of_asme_it_is_refused() -> None:
    with pytest.raises(OutsideTable, match="T-276"):
        asme_indicators(60)


def test_the_command_for_each_standard() -> None:
    iso = calculations.run("iqi", thickness_mm=18, **{"class": "B"}).values
    assert (iso["wire"], iso["step_hole"], iso["duplex"], iso["srb_um"]) == ("W13", "H6", "D10", 100)
    double = calculations.run("iqi", thickness_mm=18, wall="double-image", **{"class": "A"}).values
    assert (double["wire"], double["step_hole"]) == ("W12", "H8")
    law = calculations.run("iqi", thickness_mm=16, standard="arrete-1978").values
    assert (law["hole_mm"], law["wire_mm"]) == (0.5, 0.2)
    with pytest.raises(WrongUsage, match="class"):
        calculations.run("iqi", thickness_mm=18)


def test_missing_pairs_and_finer_wires() -> None:
    asked = duplex(18, testing_class="B")
    assert [missing_pairs(srb, asked=asked) for srb in (63, 100, 101, 130, 131, 160, 250)] == [0, 0, 1, 1, 2, 2, 4]
    wanted = wire(18, testing_class="B")
    assert finer_wire(wanted, steps=2) == "W15"
    assert finer_wire(wire(1, testing_class="B"), steps=1) is None


def test_a_side_that_is_none_is_refused() -> None:
    with pytest.raises(WrongUsage, match="side"):
        wire(18, testing_class="B", side="film")
    with pytest.raises(WrongUsage, match="above 0"):
        wire(-1, testing_class="B")
