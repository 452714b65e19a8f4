"""Least distances: published cases, laws, and the limits of ASME at their boundaries."""

from __future__ import annotations

import math

import pytest

from kerma.errors import OutsideTable, WrongUsage
from kerma.science import calculations
from kerma.science.physics.source_distance import (
    GEOMETRIES,
    asme_source_distance_mm,
    asme_unsharpness_limit_mm,
    edge_gap_mm,
    min_source_detector_mm,
    min_source_distance_mm,
    object_detector_mm,
    reduced_distance_mm,
)


@pytest.mark.parametrize(
    ("spot", "b", "testing_class", "expected"),
    [(2, 8, "A", 60), (2, 8, "B", 120), (3, 27, "A", 202.5), (3, 27, "B", 405)],
)
def test_published_cases(spot: float, b: float, testing_class: str, expected: float) -> None:
    found = calculations.run(
        "min-source-distance", focal_spot_mm=spot, object_detector_mm=b, **{"class": testing_class}
    )
    assert found.values["distance_mm"] == pytest.approx(expected)


def test_published_planar_case() -> None:
    found = calculations.run(
        "min-source-distance",
        focal_spot_mm=2,
        thickness_mm=8,
        object_detector_mm=64,
        detector="planar",
        **{"class": "A"},
    )
    assert found.values["distance_mm"] == pytest.approx(120)


def least(spot: float, b: float, testing_class: str, t: float | None, is_planar: bool) -> float:
    """The rule written a second time, as powers."""
    k = {"A": 7.5, "B": 15.0}[testing_class]
    if t is None:
        return k * spot * b ** (2 / 3)
    if b < 1.2 * t:
        return k * spot * t ** (2 / 3)
    if is_planar and b > 1.2 * t:
        return k * spot * t ** (2 / 3) * (b / t) ** (1 / 3)
    return k * spot * b ** (2 / 3)


@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("t", [None, 3.0, 10.0, 42.0])
def test_every_case_against_the_rule_written_a_second_time(t: float | None, is_planar: bool) -> None:
    for spot in (0.4, 2.0, 3.5):
        for b in (1.0, 3.6, 8.0, 12.0, 12.1, 64.0, 300.0):
            for testing_class in "AB":
                found = min_source_distance_mm(
                    focal_spot_mm=spot,
                    object_detector_mm=b,
                    testing_class=testing_class,
                    thickness_mm=t,
                    is_planar=is_planar,
                )
                assert found == pytest.approx(least(spot, b, testing_class, t, is_planar), rel=1e-12)


@pytest.mark.parametrize("is_planar", [False, True])
def test_it_never_falls_with_distance_and_class_b_is_twice_class_a(is_planar: bool) -> None:
    found = {
        name: [
            min_source_distance_mm(
                focal_spot_mm=2, object_detector_mm=b, testing_class=name, thickness_mm=10, is_planar=is_planar
            )
            for b in (2, 8, 11.9, 12.1, 20, 80)  # at 12 = 1.2 t exactly the planar rule does not hold yet
        ]
        for name in "AB"
    }
    assert found["A"] == sorted(found["A"])
    assert [2 * value for value in found["A"]] == pytest.approx(found["B"])


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_reductions_shorten_and_a_single_wall_has_none(geometry: str) -> None:
    expected = {"single-wall": 100, "panoramic": 50}.get(geometry, 80)
    assert reduced_distance_mm(100, geometry=geometry) == pytest.approx(expected)


def test_distance_b_from_the_wall() -> None:
    assert object_detector_mm(thickness_mm=10, testing_class="A", gap_mm=5) == 17
    assert object_detector_mm(thickness_mm=10, testing_class="B", gap_mm=5) == 16
    assert object_detector_mm(thickness_mm=10, testing_class="B", gap_mm=5, is_planar=False) == 15
    assert object_detector_mm(thickness_mm=10, testing_class="A", gap_mm=5, geometry="panoramic") == 15
    both = object_detector_mm(
        thickness_mm=4, testing_class="A", geometry="double-wall-elliptical", outer_diameter_mm=60
    )
    assert both == 60
    with pytest.raises(WrongUsage, match="outer-diameter-mm"):
        object_detector_mm(thickness_mm=4, testing_class="A", geometry="double-wall-elliptical")


def test_gap_at_the_edge_of_a_planar_detector() -> None:
    assert edge_gap_mm(outer_diameter_mm=200, exposures=2) == pytest.approx(100)
    assert edge_gap_mm(outer_diameter_mm=200, exposures=6) == pytest.approx((1 - math.cos(math.pi / 6)) * 100)


def test_the_whole_distance_covers_the_detector() -> None:
    assert min_source_detector_mm(source_object_mm=100, object_detector_mm=20) == 120
    whole = min_source_detector_mm(source_object_mm=100, object_detector_mm=20, detector_diagonal_mm=500)
    assert whole == 700
    # a detector of that diagonal is then seen under about 40 degrees
    assert 2 * math.degrees(math.atan(250 / whole)) == pytest.approx(40, abs=1)


@pytest.mark.parametrize(
    ("t", "limit"),
    [(1, 0.51), (50.8, 0.51), (50.81, 0.76), (76.2, 0.76), (76.3, 1.02), (101.6, 1.02), (101.7, 1.78), (900, 1.78)],
)
def test_asme_limits_hold_up_to_and_with_their_boundary(t: float, limit: float) -> None:
    assert asme_unsharpness_limit_mm(t) == limit
    f = asme_source_distance_mm(focal_spot_mm=3, object_detector_mm=t, thickness_mm=t)
    assert 3 * t / f == pytest.approx(limit)


def test_asme_by_command_needs_the_thickness_and_iso_the_class() -> None:
    found = calculations.run(
        "min-source-distance", focal_spot_mm=2, object_detector_mm=20, thickness_mm=18, standard="asme"
    )
    assert found.values["distance_mm"] == pytest.approx(2 * 20 / 0.51)
    with pytest.raises(WrongUsage, match="thickness-mm"):
        calculations.run("min-source-distance", focal_spot_mm=2, object_detector_mm=20, standard="asme")
    with pytest.raises(WrongUsage, match="class A or B"):
        calculations.run("min-source-distance", focal_spot_mm=2, object_detector_mm=20)


@pytest.mark.parametrize("wrong", [0.0, -3.0, float("nan"), float("inf")])
def test_sizes_that_are_none_are_refused(wrong: float) -> None:
    with pytest.raises(WrongUsage, match="above 0"):
        min_source_distance_mm(focal_spot_mm=2, object_detector_mm=wrong, testing_class="A")
    with pytest.raises(WrongUsage, match="above 0"):
        asme_unsharpness_limit_mm(wrong)


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(OutsideTable, match="C"):
        min_source_distance_mm(focal_spot_mm=2, object_detector_mm=8, testing_class="C")
