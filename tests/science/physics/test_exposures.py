"""Exposure: the published gamma case, factors that compose, and equivalence to steel."""

from __future__ import annotations

import pytest

from kerma.errors import OutsideTable, WrongUsage
from kerma.science import calculations
from kerma.science.physics.digital_exposure import distance_factor, snr_factor, thickness_factor
from kerma.science.physics.equivalence import FACTORS, equivalence_factor
from kerma.science.physics.film_exposure import FILMS, density_factor, film_time_min
from kerma.standards import table

CASE = {"nuclide": "Ir-192", "film": "MX125", "activity_ci": 50, "source_film_mm": 700, "thickness_mm": 20}


def test_published_case() -> None:
    assert calculations.run("exposure-time", **CASE).values["time_min"] == pytest.approx(1.401, abs=5e-4)


def test_activity_in_becquerel_is_the_same() -> None:
    given = {**CASE, "activity_gbq": 50 * 37}
    del given["activity_ci"]
    assert calculations.run("exposure-time", **given).values["time_min"] == pytest.approx(1.401, abs=5e-4)


def test_laws_of_the_exposure_time() -> None:
    base = film_time_min(**CASE)
    assert film_time_min(**{**CASE, "activity_ci": 25}) == pytest.approx(2 * base)
    assert film_time_min(**{**CASE, "source_film_mm": 1400}) == pytest.approx(4 * base)
    assert film_time_min(**{**CASE, "thickness_mm": 20 + 13.2}) == pytest.approx(2 * base)
    assert film_time_min(**CASE, density=4.0) == pytest.approx(10 * base)


@pytest.mark.parametrize("nuclide", ["Ir-192", "Se-75", "Co-60"])
def test_films_listed_later_need_a_longer_time(nuclide: str) -> None:
    films = [row["film"] for row in table(FILMS) if row["nuclide"] == nuclide]
    times = [film_time_min(**{**CASE, "nuclide": nuclide, "film": film}) for film in films]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"film": "D7"}, "MX125"), ({"nuclide": "Yb-169"}, "no R-factors"), ({"nuclide": "Co-60"}, "T200")],
)
def test_a_film_without_a_factor_is_refused(change: dict[str, str], words: str) -> None:
    with pytest.raises(OutsideTable, match=words):
        film_time_min(**{**CASE, **change})


def test_published_factors() -> None:
    assert (
        calculations.run("exposure-correction", exposure=60, distance_mm=300, target_distance_mm=600).values["exposure"]
        == 240
    )
    found = calculations.run("exposure-correction", exposure=1, snr_n=70, target_snr_n=130).values["factor"]
    assert found == pytest.approx(3.449, abs=5e-4)


def test_factors_compose_and_multiply() -> None:
    assert snr_factor(70, target_snr_n=100) * snr_factor(100, target_snr_n=130) == pytest.approx(
        snr_factor(70, target_snr_n=130)
    )
    assert distance_factor(300, target_distance_mm=600) * distance_factor(600, target_distance_mm=300) == 1
    assert thickness_factor(10, target_thickness_mm=23.2, hvl_mm=13.2) == 2
    assert density_factor(3.0, reference_density=2.0, film_gradient=2.0) == pytest.approx(10**0.5)
    found = calculations.run(
        "exposure-correction", exposure=2, distance_mm=500, target_distance_mm=1000, thickness_mm=10,
        target_thickness_mm=20, hvl_mm=10, film_speed=100, target_film_speed=200, activity=40,
        target_activity=20, density=2, target_density=2,
    ).values  # fmt: skip
    assert found["factor"] == pytest.approx(4 * 2 / 2 * 2)
    assert found["exposure"] == pytest.approx(2 * found["factor"])


@pytest.mark.parametrize("given", [{}, {"snr_n": 70}, {"thickness_mm": 10, "target_thickness_mm": 20}])
def test_half_a_change_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(WrongUsage):
        calculations.run("exposure-correction", exposure=1, **given)


def test_published_equivalence() -> None:
    found = calculations.run("equivalent-thickness", thickness_mm=12.7, material="copper", tube_voltage_kv=220).values
    assert found["steel_mm"] == pytest.approx(17.8, abs=0.05)


def test_equivalence_stays_within_its_table() -> None:
    for row in table(FACTORS):
        kv = float(row["tube_voltage_kv"]) if row["tube_voltage_kv"] else None
        factor = equivalence_factor(row["material"], radiation=row["radiation"], tube_voltage_kv=kv)
        assert factor == float(row["equivalence"])
        assert row["material"] != "steel" or factor == 1
    assert equivalence_factor("aluminium", tube_voltage_kv=185) == pytest.approx((0.12 + 0.18) / 2)
    for wrong in ({"tube_voltage_kv": 50}, {"tube_voltage_kv": None}, {"radiation": "Se-75"}):
        with pytest.raises(OutsideTable, match="copper"):
            equivalence_factor("copper", **{"tube_voltage_kv": 220.0, **wrong})
    with pytest.raises(OutsideTable, match="holds"):
        equivalence_factor("wood", tube_voltage_kv=200)
