from __future__ import annotations

from typing import Any

import pytest

from kerma.errors import KermaError
from kerma.science.calculations import run
from kerma.science.physics.beam_quality import effective_energy_kev
from kerma.science.physics.spectrum import mono


def test_the_published_case() -> None:
    values = run("spectrum", kvp="100", filter="Al:3").values
    assert values["hvl_mm_al"] == pytest.approx(3.8154, rel=0.003)
    assert values["mean_energy_kev"] == pytest.approx(50.11, abs=0.1)
    assert values["air_kerma_ugy_mas_1m"] == pytest.approx(104.55, rel=0.01)


def test_second_layer_is_thicker_and_the_quarter_is_both() -> None:
    values = {key: float(str(value)) for key, value in run("spectrum", kvp=70, filter="Al:2.5").values.items()}
    assert values["hvl2_mm_al"] > values["hvl_mm_al"] and 0.5 < values["homogeneity"] < 1
    assert values["qvl_mm_al"] == pytest.approx(values["hvl_mm_al"] + values["hvl2_mm_al"])
    assert values["effective_energy_kev"] < values["mean_energy_kev"]


def test_distance_and_bins() -> None:
    result = run("spectrum", kvp=60, filter="Al:2", distance_m=2, step_kev=5)
    assert result.values["air_kerma_ugy_mas"] == pytest.approx(float(str(result.values["air_kerma_ugy_mas_1m"])) / 4)
    energies, photons = result.values["energies_kev"], result.values["photons_per_cm2_mas"]
    assert isinstance(energies, list) and isinstance(photons, list) and len(energies) == len(photons) == 12
    assert result.inputs["filter"] == "Al:2"


@pytest.mark.parametrize("energy_kev", [10.0, 40.0, 100.0, 1250.0])
def test_effective_energy_of_one_energy_is_that_energy(energy_kev: float) -> None:
    assert effective_energy_kev(mono(energy_kev)) == pytest.approx(energy_kev, rel=1e-6)


def test_layers_of_one_energy_and_of_a_nuclide() -> None:
    values = run("hvl", energy_kev=100, material="Fe").values
    assert values["hvl_mm"] == pytest.approx(2.37, abs=0.03) and values["homogeneity"] == pytest.approx(1.0)
    cobalt = run("hvl", nuclide="Co-60", material="Pb").values
    assert cobalt["hvl_mm"] == pytest.approx(10.4, abs=0.3)  # textbook, narrow beam
    assert run("hvl", linac_mev=6, material="steel").values["mean_energy_kev"] == pytest.approx(1370, rel=0.2)


def test_an_unfiltered_beam_is_warned_of() -> None:
    assert "no filter" in run("spectrum", kvp=80).warnings[0] and not run("spectrum", kvp=80, filter="Al:1").warnings


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("spectrum", {}), ("spectrum", {"kvp": 600}), ("spectrum", {"kvp": 60, "target": "Mo"}),
        ("spectrum", {"kvp": 100, "filter": "Al"}), ("spectrum", {"kvp": 100, "filter": "Xx:1"}),
        ("spectrum", {"kvp": 100, "anode_angle_deg": 90}), ("hvl", {}), ("hvl", {"kvp": 100, "energy_kev": 60}),
        ("hvl", {"energy_kev": 0.5}), ("hvl", {"kvp": 100, "material": "C2H4X"}), ("hvl", {"linac_mev": 50}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(KermaError):
        run(name, **wrong)
