"""The calculations on slabs answer with what the functions say, their inputs and their source."""

from __future__ import annotations

import math

import pytest

from kerma.errors import NotFound, OutsideTable, WrongUsage
from kerma.science.calculations import run


def test_attenuation() -> None:
    result = run("attenuation", material="Fe", energy_kev="100")
    assert result.values["mass_attenuation_cm2_g"] == pytest.approx(0.37172, rel=2e-5)
    assert result.values["linear_attenuation_1_cm"] == pytest.approx(0.37172 * 7.874, rel=2e-5)
    assert result.values["hvl_mm"] == pytest.approx(math.log(2) / (0.037172 * 7.874), rel=2e-5)
    parts = [result.values[f"{name}_cm2_g"] for name in ("photoelectric", "coherent", "incoherent")]
    assert sum(map(float, parts)) == pytest.approx(0.37172, rel=2e-5)
    assert result.inputs["density_g_cm3"] == 7.874
    assert result.source is not None
    assert "XrayDB" in result.source.standard


def test_attenuation_of_cobalt_60_cites_nist() -> None:
    result = run("attenuation", material="iron", energy_kev=1250)
    assert result.values["mass_attenuation_cm2_g"] == pytest.approx(0.0535, rel=1e-6)
    assert result.source is not None
    assert result.source.table == "nist_xaamdi/elements"
    assert "photoelectric_cm2_g" not in result.values


def test_a_mixture_without_density_has_a_mass_coefficient_only() -> None:
    result = run("attenuation", material="0.7*Fe+0.3*Cr", energy_kev=100)
    assert "linear_attenuation_1_cm" not in result.values
    assert "density" in result.warnings[0]
    assert "linear_attenuation_1_cm" in run("attenuation", material="0.7*Fe+0.3*Cr", energy_kev=100, density=7.7).values


def test_transmission() -> None:
    result = run("transmission", material="Fe", thickness_mm=10, energy_kev=150)
    assert result.values["transmission"] == pytest.approx(0.2129320, rel=1e-6)
    half = run("transmission", material="Fe", thickness_mm=result.values["hvl_mm"], energy_kev=150)
    assert half.values["transmission"] == pytest.approx(0.5)
    quarter = run("transmission", material="Fe", thickness_mm=result.values["qvl_mm"], energy_kev=150)
    assert quarter.values["transmission"] == pytest.approx(0.25)
    assert run("transmission", material="Fe", thickness_mm=0, energy_kev=150).values["transmission"] == 1.0


def test_energy_absorption() -> None:
    result = run("energy-absorption", material="air", energy_kev=60)
    assert result.values["mass_energy_absorption_cm2_g"] == pytest.approx(0.03041, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("attenuation", {"material": "Fe"}, WrongUsage),
        ("attenuation", {"material": "Fe", "energy_kev": "0"}, WrongUsage),
        ("attenuation", {"material": "Fe", "energy_kev": 25000}, OutsideTable),
        ("attenuation", {"material": "Unobtainium", "energy_kev": 100}, NotFound),
        ("transmission", {"material": "Al2O3", "thickness_mm": 1, "energy_kev": 100}, NotFound),
        ("transmission", {"material": "Fe", "thickness_mm": -1, "energy_kev": 100}, WrongUsage),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        run(name, **options)
