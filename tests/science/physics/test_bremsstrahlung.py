"""The MeV model obeys its laws and lies near what is published; it is a model, so tolerances are wide."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import OutsideTable
from kerma.science.physics.boundary import SHIELDING
from kerma.science.physics.bremsstrahlung import _stopping_mev_cm2_g, schiff, thick_target
from kerma.science.physics.spectrum import linac_spectrum
from kerma.standards import table


@pytest.mark.parametrize("mev", [1.0, 3.5, 6.0, 9.0, 20.0])
def test_photons_end_at_the_electrons_energy_and_sum_to_one(mev: float) -> None:
    energies, shares = thick_target(mev)
    assert shares.sum() == pytest.approx(1.0) and (shares >= 0).all()
    assert energies[-1] < mev * 1000 and shares[-1] < shares.max() / 50


def test_mean_energy_rises_with_the_end_point_and_with_filters() -> None:
    means = [linac_spectrum(mev).mean_energy_kev for mev in np.linspace(1, 20, 12)]
    assert (np.diff(means) > 0).all()
    beam = linac_spectrum(6)
    assert beam.filtered({"steel": 50}).mean_energy_kev > beam.mean_energy_kev


def test_six_and_nine_mev_have_their_usual_mean_energy() -> None:
    # Published spectra ahead of the target, unflattened: about 1.3 to 1.6 MeV at 6 MV and 1.8 to 2.4 MeV at 9 MV.
    assert 1.2e3 < linac_spectrum(6).mean_energy_kev < 1.7e3
    assert 1.7e3 < linac_spectrum(9).mean_energy_kev < 2.5e3


@pytest.mark.parametrize(
    ("kinetic_kev", "estar"), [(500, 1.13), (1000, 1.12), (2000, 1.28), (6000, 1.92), (10000, 2.45)]
)
def test_stopping_power_of_tungsten(kinetic_kev: float, estar: float) -> None:
    # NIST ESTAR, rounded; the model leaves the density effect out and takes the radiative share from a textbook ratio.
    found = float(_stopping_mev_cm2_g(np.array([kinetic_kev]), "W", 74, 727)[0])
    assert found == pytest.approx(estar, rel=0.06)


def test_the_thin_target_falls_like_one_over_the_energy_for_soft_photons() -> None:
    soft = schiff(np.array([10.0, 20.0]), 6000.0, 74)
    assert soft[0] / soft[1] == pytest.approx(2.0, rel=0.02)
    assert schiff(np.array([6000.0, 7000.0]), 6000.0, 74).max() == 0


@pytest.mark.parametrize("material", ["concrete", "lead"])
@pytest.mark.parametrize("mev", [1, 2, 4, 6])
def test_a_narrow_beam_needs_less_than_the_tabulated_broad_one(material: str, mev: int) -> None:
    row = next(r for r in table(SHIELDING) if (r["material"], r["tube_voltage_kv"]) == (material, str(mev * 1000)))
    hardened = linac_spectrum(mev).filtered({material: float(row["tvl_mm"])})
    ratio = hardened.value_layer_mm(material, share=0.1) / float(row["tvl_mm"])
    assert 0.65 < ratio < 1.0


@pytest.mark.parametrize("mev", [0.9, 20.1, float("nan")])
def test_outside_its_range_the_model_refuses(mev: float) -> None:
    with pytest.raises(OutsideTable):
        thick_target(mev)


def test_a_target_without_row_is_named() -> None:
    with pytest.raises(OutsideTable, match="Pb"):
        thick_target(6.0, target="Pb")
