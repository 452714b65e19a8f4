"""The pack of the French arrêté, held against limits written out a second time from the law's own sentences."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kerma.science.judge import judge, load_pack
from kerma.science.results import Verdict
from kerma.standards import table
from planted import conditions, finding

PACKS = {1.0: "fr_arrete_1978/acceptance", 0.85: "fr_arrete_1978/acceptance_coefficient_0_85"}


def largest_pore_mm(e: float) -> float:
    """« ... supérieur à la plus petite des deux valeurs 6 mm ou e/3 »."""
    return min(6.0, e / 3)


def largest_inclusion_mm(e: float, coefficient: float) -> float:
    """« ... supérieure soit à 20 mm, soit à la plus grande des deux valeurs : 6 mm ou e/3 (2 e/3) »."""
    return min(20.0, max(6.0, e / 3 if coefficient == 1.0 else 2 * e / 3))


def judged(name: str, rule: str, specs: list[tuple[str, float, float]], e: float) -> Verdict:
    findings = [finding(f"F{n}", label, along_mm=at, length_mm=size) for n, (label, at, size) in enumerate(specs)]
    return next(verdict for verdict in judge(findings, name, conditions(e)) if verdict.rule == rule)


@pytest.mark.parametrize("name", PACKS.values())
@pytest.mark.parametrize("e", [3.0, 9.0, 10.0, 18.0, 25.0, 60.0])
def test_single_pore(name: str, e: float) -> None:
    limit = largest_pore_mm(e)
    assert judged(name, "single pore", [("porosity", 5, limit)], e).outcome == "pass"
    assert judged(name, "single pore", [("porosity", 5, 0.99 * limit)], e).outcome == "pass"
    over = judged(name, "single pore", [("porosity", 5, 1.01 * limit)], e)
    assert over.outcome == "fail"
    assert over.limit == pytest.approx(limit)


@pytest.mark.parametrize("coefficient", PACKS)
@pytest.mark.parametrize("e", [6.0, 12.0, 18.0, 24.0, 45.0, 70.0])
def test_single_inclusion(coefficient: float, e: float) -> None:
    limit = largest_inclusion_mm(e, coefficient)
    name = PACKS[coefficient]
    assert judged(name, "single inclusion", [("slag", 5, 0.99 * limit)], e).outcome == "pass"
    assert judged(name, "single inclusion", [("slag", 5, 1.01 * limit)], e).outcome == "fail"


@pytest.mark.parametrize("name", PACKS.values())
@pytest.mark.parametrize("e", [6.0, 10.0, 12.5, 20.0])
def test_aligned_pores_sum_to_e_within_the_smaller_of_12_e_and_150_mm(name: str, e: float) -> None:
    window = min(12 * e, 150.0)
    size = min(1.9, e / 5)
    pitch = 6.5 * size
    inside = int(window // pitch)
    fit = [("porosity", n * pitch, size) for n in range(max(2, min(inside, int(e / size))))]
    assert judged(name, "aligned pores", fit, e).outcome == "pass"
    close = [("porosity", n * 1.5 * size, size) for n in range(int(e / size) + 1)]
    assert judged(name, "aligned pores", close, e).outcome == ("fail" if len(close) * size > e * 1.0001 else "pass")
    assert judged(name, "aligned pores", close[:2], e).limit == pytest.approx(e)


def test_pores_six_diameters_apart_form_no_line() -> None:
    apart = [("porosity", n * (2.0 + 12.0), 2.0) for n in range(8)]
    nearer = [("porosity", n * (2.0 + 11.9), 2.0) for n in range(8)]
    assert judged(PACKS[1.0], "aligned pores", apart, 12.0).measured == 0.0
    assert judged(PACKS[1.0], "aligned pores", nearer, 12.0).outcome == "fail"


@pytest.mark.parametrize(("coefficient", "limit"), [(1.0, 12.0), (0.85, 24.0)])
def test_grouped_inclusions(coefficient: float, limit: float) -> None:
    name = PACKS[coefficient]
    count = int(limit / 3)
    within = [("slag", n * 5.0, 3.0) for n in range(count)]
    beyond = [("slag", n * 5.0, 3.03) for n in range(count)]
    assert judged(name, "grouped inclusions", within, 12.0).outcome == "pass"
    assert judged(name, "grouped inclusions", beyond, 12.0).outcome == "fail"


@pytest.mark.parametrize("name", PACKS.values())
@pytest.mark.parametrize("label", ["crack", "lack-of-fusion", "lack-of-penetration", "transverse-crack"])
def test_planar_flaws_are_unacceptable_however_small(name: str, label: str) -> None:
    assert judged(name, "planar flaws", [(label, 5, 0.1)], 20.0).outcome == "fail"


def test_the_two_packs_differ_only_in_the_inclusions() -> None:
    first, second = (load_pack(name).rules for name in PACKS.values())
    different = {one.rule for one, other in zip(first, second, strict=True) if one != other}
    assert different == {"single inclusion", "grouped inclusions"}


def test_the_law_is_public_and_binds() -> None:
    assert {table(name).status for name in PACKS.values()} == {"public-law"}


def test_image_quality_names_gauges_that_exist_and_ranges_that_join() -> None:
    rows = table("fr_arrete_1978/image_quality").rows
    wires = {float(row["diameter_mm"]) for row in table("iso_19232-1/wires")}
    assert {float(row["wire_diameter_mm"]) for row in rows} <= wires
    assert all(one["thickness_up_to_mm"] == other["thickness_over_mm"] for one, other in pairwise(rows))
    holes = [float(row["hole_diameter_mm"]) for row in rows]
    assert holes == sorted(holes)
    assert all(row["hole_diameter_mm"] for row in rows)
    # The hole is four steps of the series (10 ** 0.4) larger than the wire.
    for row in rows:
        assert float(row["hole_diameter_mm"]) / float(row["wire_diameter_mm"]) == pytest.approx(10**0.4, rel=0.05)
