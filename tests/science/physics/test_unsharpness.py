"""Unsharpness: published cases, and the optimum held against a search."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science import calculations
from kerma.science.physics.unsharpness import (
    RULES,
    geometric_unsharpness_mm,
    image_unsharpness_mm,
    magnification,
    optimum_magnification,
)


def test_published_geometric_case() -> None:
    found = calculations.run("unsharpness", focal_spot_mm=2, object_detector_mm=100, source_detector_mm=700).values
    assert found["unsharpness_mm"] == pytest.approx(1 / 3)
    assert found["magnification"] == pytest.approx(7 / 6)


def test_published_magnification_case() -> None:
    found = calculations.run("optimum-magnification", focal_spot_mm=0.4, srb_um=100).values
    assert found["magnification"] == pytest.approx(1.25)
    assert found["unsharpness_mm"] == pytest.approx(0.17889, abs=5e-6)


def test_it_grows_with_spot_and_distance_and_vanishes_in_contact() -> None:
    found = [
        geometric_unsharpness_mm(focal_spot_mm=2, object_detector_mm=b, source_detector_mm=700) for b in (0, 1, 50, 400)
    ]
    assert found == sorted(found)
    assert found[0] == 0
    doubled = geometric_unsharpness_mm(focal_spot_mm=4, object_detector_mm=50, source_detector_mm=700)
    assert doubled == pytest.approx(2 * found[2])


def test_blur_of_the_spot_is_the_geometric_unsharpness_at_the_object() -> None:
    b, sdd, d = 60.0, 900.0, 1.5
    v = magnification(object_detector_mm=b, source_detector_mm=sdd)
    ug = geometric_unsharpness_mm(focal_spot_mm=d, object_detector_mm=b, source_detector_mm=sdd)
    assert d * (v - 1) == pytest.approx(ug)
    assert image_unsharpness_mm(focal_spot_mm=d, srb_mm=1e-12, magnification=v) == pytest.approx(ug / v)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("spot", "srb"), [(0.4, 0.1), (1.0, 0.05), (0.05, 0.1), (3.0, 0.2)])
def test_the_optimum_is_the_least_of_a_search(rule: str, spot: float, srb: float) -> None:
    best = optimum_magnification(focal_spot_mm=spot, srb_mm=srb, rule=rule)
    searched = np.geomspace(1.0, 4 * best, 200_001)
    total = [((spot * (v - 1)) ** n + (2 * srb) ** n) ** (1 / n) / v for v in (searched,) for n in (RULES[rule],)][0]
    assert searched[np.argmin(total)] == pytest.approx(best, rel=1e-4)
    assert image_unsharpness_mm(focal_spot_mm=spot, srb_mm=srb, magnification=best, rule=rule) == pytest.approx(
        total.min()
    )


def test_in_contact_the_image_resolves_what_the_detector_resolves() -> None:
    found = calculations.run(
        "unsharpness", focal_spot_mm=2, object_detector_mm=1e-9, source_detector_mm=700, srb_um=130
    )
    assert found.values["srb_image_um"] == pytest.approx(130)


@pytest.mark.parametrize(("b", "sdd"), [(700, 700), (800, 700), (float("nan"), 700), (-1, 700)])
def test_a_source_inside_the_object_is_refused(b: float, sdd: float) -> None:
    with pytest.raises(WrongUsage, match="outside the object"):
        geometric_unsharpness_mm(focal_spot_mm=2, object_detector_mm=b, source_detector_mm=sdd)
