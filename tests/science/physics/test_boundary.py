"""Boundaries: the published case, inverse square, layers that multiply, and the tables behind them."""

from __future__ import annotations

import math

import pytest

from kerma.errors import OutsideTable, WrongUsage
from kerma.science import calculations
from kerma.science.physics.boundary import (
    SHIELDING,
    boundary_distance_m,
    layers_transmission,
    rate_at,
    value_layers_mm,
)
from kerma.science.physics.nuclides import GAMMA_CONSTANTS
from kerma.standards import table

IRIDIUM = {"nuclide": "Ir-192", "activity_ci": 50}


def distance(**options: object) -> float:
    return float(str(calculations.run("boundary", **options).values["distance_m"]))


def test_published_case() -> None:
    assert distance(**IRIDIUM, limit_mr_h=2) == pytest.approx(109.54, abs=5e-3)


def test_curie_and_becquerel_are_one() -> None:
    assert distance(nuclide="Ir-192", activity_gbq=50 * 37, limit_mr_h=2) == pytest.approx(
        distance(**IRIDIUM, limit_mr_h=2)
    )
    in_usv = distance(nuclide="Ir-192", activity_gbq=1850, limit_usv_h=20)
    assert in_usv == pytest.approx(math.sqrt(130 * 1850 / 20))


def test_the_rate_at_the_boundary_is_the_limit() -> None:
    for layers in ("", "lead:10", "lead:10,concrete:50", "steel:26"):
        options = {**IRIDIUM, **({"layers": layers} if layers else {})}
        at = distance(**options, limit_usv_h=7.5)
        rate = calculations.run("dose-rate", **options, distance_m=at).values["rate_usv_h"]
        assert rate == pytest.approx(7.5)


def test_inverse_square() -> None:
    assert rate_at(2.0, rate_at_1m=100.0) == 25.0
    assert boundary_distance_m(rate_at_1m=100.0, limit=25.0) == 2.0
    assert distance(**IRIDIUM, limit_mr_h=2) == pytest.approx(2 * distance(**IRIDIUM, limit_mr_h=8))


def test_each_half_value_layer_halves_and_layers_multiply() -> None:
    lead = value_layers_mm("lead", radiation="Ir-192")[0]
    assert layers_transmission({"lead": 3 * lead}, radiation="Ir-192") == pytest.approx(1 / 8)
    both = layers_transmission({"lead": 7.0, "concrete": 90.0}, radiation="Co-60")
    parts = [layers_transmission({key: value}, radiation="Co-60") for key, value in (("lead", 7.0), ("concrete", 90.0))]
    assert both == pytest.approx(parts[0] * parts[1])
    assert layers_transmission({}, radiation="Ir-192") == 1.0


def test_a_collimator_and_a_share_of_the_hour_bring_the_boundary_nearer() -> None:
    bare = distance(**IRIDIUM, limit_usv_h=7.5)
    assert distance(**IRIDIUM, limit_usv_h=7.5, collimator_half_values=4) == pytest.approx(bare / 4)
    assert distance(**IRIDIUM, limit_usv_h=7.5, share_of_time=0.25) == pytest.approx(bare / 2)


def test_xray_layers_take_the_next_voltage_above() -> None:
    at = {key: value_layers_mm("lead", radiation="x-ray", tube_voltage_kv=key)[0] for key in (200.0, 201.0, 250.0)}
    assert at[200.0] < at[201.0] == at[250.0]
    with pytest.raises(OutsideTable, match="kV"):
        value_layers_mm("lead", radiation="x-ray", tube_voltage_kv=20_000)


def test_dose_is_rate_times_hours() -> None:
    found = calculations.run("dose-rate", nuclide="Co-60", activity_gbq=100, distance_m=2, hours=0.5).values
    assert found["dose_usv"] == pytest.approx(0.5 * 351.4 * 100 / 4)
    again = calculations.run(
        "dose-rate", nuclide="Co-60", activity_gbq=100, distance_m=2, limit_usv=found["dose_usv"]
    ).values
    assert again["time_allowed_s"] == pytest.approx(1800)


@pytest.mark.parametrize(
    "given",
    [
        {"limit_mr_h": 2, "nuclide": "Ir-192"},
        {"limit_mr_h": 2, **IRIDIUM, "activity_gbq": 3},
        {"limit_mr_h": 2, "limit_usv_h": 2, **IRIDIUM},
        dict(IRIDIUM),
        {"limit_usv_h": 2},
        {"limit_mr_h": 2, "rate_1m_usv_h": 5},
        {"limit_usv_h": 2, "rate_1m_usv_h": 5, "layers": "lead:3"},
        {"limit_usv_h": 2, **IRIDIUM, "share_of_time": 3},
    ],
)
def test_what_is_incomplete_or_said_twice_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(WrongUsage):
        calculations.run("boundary", **given)


def test_an_unknown_layer_is_told_the_known_ones() -> None:
    with pytest.raises(OutsideTable, match="its materials are concrete, lead, steel"):
        layers_transmission({"wood": 10.0}, radiation="Ir-192")


@pytest.mark.parametrize("row", table(SHIELDING).rows, ids=lambda row: f"{row['material']} {row['radiation']}")
def test_a_tenth_value_layer_is_the_logarithm_of_ten_half_value_layers(row: dict[str, str]) -> None:
    # Printed separately to two digits; a slip of a column would show as a factor far from log2(10) = 3.32.
    assert float(row["tvl_mm"]) / float(row["hvl_mm"]) == pytest.approx(math.log2(10), rel=0.07)


@pytest.mark.parametrize("material", ["lead", "concrete"])
def test_layers_grow_with_voltage(material: str) -> None:
    rows = [row for row in table(SHIELDING) if row["material"] == material and row["radiation"] == "x-ray"]
    points = sorted((float(row["tube_voltage_kv"]), float(row["hvl_mm"])) for row in rows)
    layers = [hvl for kv, hvl in points if kv <= 4000]
    assert layers == sorted(layers)


@pytest.mark.parametrize("row", table(GAMMA_CONSTANTS).rows, ids=lambda row: row["nuclide"])
def test_both_gamma_constants_agree(row: dict[str, str]) -> None:
    in_si = float(row["gamma_r_m2_h_ci"]) * 10 / 37  # 1 R is taken as 10 mSv, 1 Ci is 37 GBq
    assert float(row["gamma_msv_m2_h_gbq"]) == pytest.approx(in_si, rel=0.01)
