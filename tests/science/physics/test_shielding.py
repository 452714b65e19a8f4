from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import KermaError, OutsideTable
from kerma.science.calculations import run
from kerma.science.physics.archer import barriers, coefficients, materials_of
from kerma.science.physics.shielding import ct_kerma_mgy_1m, kerma_per_patient_mgy, needed_transmission
from kerma.standards import table

BUCKY: dict[str, Any] = {
    "barrier": "primary-bucky-wall", "patients_per_week": 120, "distance_m": 2, "use": 1, "occupancy": 0.2,
    "limit_mgy_week": 0.02,
}  # fmt: skip


def test_the_published_case() -> None:
    # Tofani, RadSafe list, 9 June 2006: B = 1.449e-3, about 1.5 mm of lead; his 0.22 mm was a wrong evaluation.
    result = run("shielding", **BUCKY)
    assert result.values["transmission"] == pytest.approx(1.44928e-3, rel=1e-5)
    assert result.values["lead_mm"] == pytest.approx(1.487, abs=5e-4)
    through = coefficients("primary-bucky-wall", "concrete").transmission(float(str(result.values["concrete_mm"])))
    assert through == pytest.approx(1.44928e-3, rel=1e-5)
    assert result.source is not None and result.source.status == "unverified"


def test_the_working_shows_every_number() -> None:
    working = run("shielding", **BUCKY).values["working"]
    assert isinstance(working, list)
    steps = {row["step"]: row for row in working}
    assert list(steps) == ["per patient", "week, 1 m", "unshielded", "transmission", "lead", "concrete"]
    assert "2.3 * 120" in steps["week, 1 m"]["formula"] and steps["week, 1 m"]["result"] == "276 mGy"
    assert steps["unshielded"]["result"] == "13.8 mGy/week" and "a = 2.264/mm" in steps["lead"]["formula"]


def test_dose_length_products_of_ct() -> None:
    assert ct_kerma_mgy_1m(1200, region="head") == pytest.approx(0.108)
    assert ct_kerma_mgy_1m(550, region="body") == pytest.approx(0.198)
    ct = {"barrier": "secondary-ct-120", "patients_per_week": 100, "distance_m": 3, "limit_mgy_week": 0.02}
    result = run("shielding", dlp_mgy_cm=550, region="body", **ct)
    assert result.values["transmission"] == pytest.approx(0.02 * 9 / 19.8)
    assert "lead_mm" in result.values and "concrete_mm" not in result.values
    assert any("concrete" in warning for warning in result.warnings)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(barriers()), st.floats(1, 1000), st.floats(0.5, 10), st.floats(0.05, 1))
def test_more_patients_less_distance_more_presence_need_a_thicker_wall(
    barrier: str, patients: float, distance_m: float, occupancy: float
) -> None:
    given_: dict[str, Any] = {"barrier": barrier, "limit_mgy_week": 0.02, "kerma_mgy_patient": 1.0, "material": "lead"}
    here = run("shielding", patients_per_week=patients, distance_m=distance_m, occupancy=occupancy, **given_)
    more = run("shielding", patients_per_week=2 * patients, distance_m=distance_m, occupancy=occupancy, **given_)
    farther = run("shielding", patients_per_week=patients, distance_m=2 * distance_m, occupancy=occupancy, **given_)
    rarer = run("shielding", patients_per_week=patients, distance_m=distance_m, occupancy=occupancy / 2, **given_)
    lead = [float(str(one.values["lead_mm"])) for one in (farther, rarer, here, more)]
    assert lead == sorted(lead)


@pytest.mark.parametrize("barrier", [name for name in barriers() if "ct" not in name and "pet" not in name])
def test_every_barrier_answers_or_says_what_it_needs(barrier: str) -> None:
    asked: dict[str, Any] = {"patients_per_week": 50, "distance_m": 2.5, "limit_mgy_week": 0.02}
    try:
        kerma_per_patient_mgy(barrier)
    except OutsideTable as missing:
        assert "kerma-mgy-patient" in str(missing)
        asked["kerma_mgy_patient"] = 1.0
    values = run("shielding", barrier=barrier, **asked).values
    assert {f"{material}_mm" for material in materials_of(barrier)} <= set(values)


def test_a_receptor_in_the_beam_is_taken_off_but_never_below_zero() -> None:
    bare, behind = run("shielding", **BUCKY), run("shielding", preshielding="table-or-bucky", **BUCKY)
    assert float(str(bare.values["lead_mm"])) - float(str(behind.values["lead_mm"])) == pytest.approx(0.85)
    few = run("shielding", preshielding="table-or-bucky", **(BUCKY | {"patients_per_week": 1}))
    assert few.values["lead_mm"] == 0.0


def test_a_kept_limit_needs_no_barrier_and_says_so() -> None:
    result = run("shielding", **(BUCKY | {"patients_per_week": 1e-3}))
    assert result.values["lead_mm"] == 0.0 and result.values["transmission"] == 1.0
    assert "without any barrier" in result.warnings[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"barrier": "secondary-fluoroscopy", "material": "concrete", "use": 1.0},
        {"barrier": "secondary-floor", "use": 0.5},
        {"barrier": "primary-cardiac"},
        {"barrier": "primary-bucky-wall", "dlp_mgy_cm": 500},
        {"barrier": "secondary-ct-120", "dlp_mgy_cm": 500},
        {"barrier": "primary-bucky-wall", "dlp_mgy_cm": 500, "kerma_mgy_patient": 1},
        {"region": "head"},
        {"area": "controlled"},
        {"limit_mgy_week": None},
        {"patients_per_week": None},
        {"workload_ma_min_week": 5},
        {"patients_per_week": None, "workload_ma_min_week": 5, "barrier": "secondary-ct-140", "kerma_mgy_patient": 1},
        {"use": 1.5},
        {"occupancy": 2},
        {"distance_m": 0},
        {"patients_per_week": -3},
        {"limit_mgy_week": "nan"},
        {"barrier": "primary-sauna"},
        {"material": "cheese"},
    ],
)
def test_what_makes_no_sense_or_is_not_tabulated_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(KermaError):
        run("shielding", **(BUCKY | wrong))


def test_workload_and_area_stand_for_patients_and_goal() -> None:
    # 120 patients at 0.6 mA min are 72 mA min; the goal of an uncontrolled area is 0.02 mGy a week.
    plain = {key: value for key, value in BUCKY.items() if key not in ("patients_per_week", "limit_mgy_week")}
    result = run("shielding", workload_ma_min_week=72, area="uncontrolled", **plain)
    assert result.values["lead_mm"] == pytest.approx(1.487, abs=5e-4)
    assert result.inputs["patients_per_week"] == pytest.approx(120) and result.inputs["limit_mgy_week"] == 0.02
    controlled = run("shielding", workload_ma_min_week=72, area="controlled", **plain)
    assert float(str(controlled.values["lead_mm"])) < 1.2


def test_transmission_is_plain_arithmetic() -> None:
    needed = needed_transmission(limit_mgy_week=0.02, distance_m=3, kerma_mgy_week_1m=9.0, use=0.5, occupancy=0.2)
    assert needed == pytest.approx(0.02 * 9 / (9 * 0.1))


def test_tables_hold_together() -> None:
    names = set(barriers())
    assert {row["barrier"] for row in table("ncrp_147/workloads")} == {name for name in names if "pet" not in name}
    for row in table("ncrp_147/limits"):
        assert 0 < float(row["value"]) <= 1
    assert all(float(row["lead_mm"]) < float(row["concrete_mm"]) for row in table("ncrp_147/preshielding"))
