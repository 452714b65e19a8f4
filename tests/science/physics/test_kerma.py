from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import OutsideTable
from kerma.science.physics.attenuation import mass_attenuation, mass_energy_absorption
from kerma.science.physics.kerma import air_energy_absorption, kerma_per_photon_ugy_cm2


@pytest.mark.parametrize("energy_kev", [5, 10, 30, 60, 100, 200, 662, 1250, 6000])
def test_air_agrees_with_nist_within_what_the_two_sets_differ(energy_kev: float) -> None:
    # PENELOPE's renormalised photo-electric effect lies up to 2.6 % below that of NIST; Compton scatter agrees.
    ratio = float(air_energy_absorption(energy_kev) / mass_energy_absorption("air", energy_kev))
    assert 0.97 < ratio < 1.005 if energy_kev < 200 else ratio == pytest.approx(1.0, abs=0.006)


def test_less_is_absorbed_than_attenuated() -> None:
    energies = np.geomspace(4, 20000, 200)
    assert (air_energy_absorption(energies) < mass_attenuation("air", energies)).all()


def test_cobalt_in_one_gray() -> None:
    # 1.25 MeV, mu_en/rho 0.002666 m2/kg: one photon per cm2 is 5.34e-12 Gy (any textbook).
    assert float(kerma_per_photon_ugy_cm2(1250.0)) == pytest.approx(5.34e-6, rel=0.005)


@pytest.mark.parametrize("energy_kev", [0.9, 20001.0, float("nan"), -5.0])
def test_outside_the_table_is_refused(energy_kev: float) -> None:
    with pytest.raises(OutsideTable, match="keV"):
        air_energy_absorption(energy_kev)
