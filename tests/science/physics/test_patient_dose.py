from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import KermaError, OutsideTable
from kerma.science.calculations import run
from kerma.science.physics.patient_dose import BACKSCATTER, backscatter_factor, incident_air_kerma_mgy
from kerma.science.physics.spectrum import tube_spectrum
from kerma.standards import table

CHEST: dict[str, Any] = {"kvp": 80, "mas": 20, "focus_skin_mm": 800, "field_mm2": 62500, "filter": "Al:3"}


def test_by_hand_from_a_measured_output() -> None:
    values = run("patient-dose", output_ugy_mas_1m=70.0, **CHEST).values
    assert values["incident_air_kerma_mgy"] == pytest.approx(70 * 20 / 0.64 / 1000)
    assert values["kerma_area_product_gy_cm2"] == pytest.approx(2.1875e-3 * 625)
    assert values["entrance_surface_air_kerma_mgy"] == pytest.approx(2.1875 * float(str(values["backscatter_factor"])))


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 500), st.floats(300, 3000), st.floats(1.1, 4))
def test_the_kerma_area_product_is_the_same_at_every_distance(mas: float, distance_mm: float, times: float) -> None:
    # The field grows with the square of the distance, the air kerma falls with it.
    near, far = (
        incident_air_kerma_mgy(70.0, mas=mas, focus_skin_mm=distance_mm * scale) * (distance_mm * scale) ** 2
        for scale in (1.0, times)
    )
    assert near == pytest.approx(far)


@pytest.mark.parametrize(
    ("kvp", "filters_mm", "hvl_mm_al"),
    [(50, {"Al": 2.5}, 1.74), (70, {"Al": 2.5}, 2.41), (90, {"Al": 2.5}, 3.17), (80, {"Al": 3, "Cu": 0.1}, 4.55),
     (120, {"Al": 3, "Cu": 0.1}, 6.62)],
)  # fmt: skip
def test_the_half_value_layers_of_the_table_are_those_of_its_beams(
    kvp: float, filters_mm: dict[str, float], hvl_mm_al: float
) -> None:
    assert tube_spectrum(kvp, filters_mm=filters_mm).value_layer_mm("Al") == pytest.approx(hvl_mm_al, rel=0.05)


def test_backscatter_rises_with_hardness_and_field() -> None:
    rows = [[float(value) for value in row.values()] for row in table(BACKSCATTER)]
    assert rows == sorted(rows)
    for row in rows:
        assert 1.2 < row[1] <= row[2] <= row[3] < 1.6
    assert backscatter_factor(2.41, field_side_mm=200) == pytest.approx(1.34)
    assert backscatter_factor(2.41, field_side_mm=150) == pytest.approx(1.32)


@pytest.mark.parametrize(("hvl", "side"), [(1.0, 200), (9.0, 200), (3.0, 50), (3.0, 400), (float("nan"), 200)])
def test_outside_the_table_no_factor_is_made_up(hvl: float, side: float) -> None:
    with pytest.raises(OutsideTable, match="tabulated"):
        backscatter_factor(hvl, field_side_mm=side)


def test_without_a_factor_the_rest_is_still_told() -> None:
    result = run("patient-dose", **(CHEST | {"field_mm2": 100.0}))
    assert "entrance_surface_air_kerma_mgy" not in result.values and "incident_air_kerma_mgy" in result.values
    assert any("no entrance-surface air kerma" in warning for warning in result.warnings)


@pytest.mark.parametrize("wrong", [{"mas": 0}, {"focus_skin_mm": -1}, {"kvp": 900}, {"field_mm2": "nan"}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(KermaError):
        run("patient-dose", **(CHEST | wrong))
