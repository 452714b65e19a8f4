"""The parts of attenuation add up, pass the seam smoothly, and are XCOM's where those are known."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.physics.attenuation import mass_attenuation
from kerma.science.physics.interactions import interactions, klein_nishina

# XCOM in cm2/g: MeV, incoherent, photoelectric, pair production in both fields.
XCOM = {
    "Pb": [
        (1.0, 4.993e-2, 1.810e-2, 0.0), (2.0, 3.482e-2, 5.034e-3, 5.450e-3), (3.0, 2.744e-2, 2.631e-3, 1.193e-2),
        (5.0, 1.978e-2, 1.263e-3, 2.156e-2), (9.0, 1.315e-2, 5.915e-4, 3.445e-2), (20.0, 7.243e-3, 2.334e-4, 5.457e-2),
    ],
    "Fe": [
        (1.0, 5.916e-2, 3.514e-4, 0.0), (2.0, 4.107e-2, 1.003e-4, 1.364e-3), (3.0, 3.232e-2, 5.448e-5, 3.792e-3),
        (5.0, 2.329e-2, 2.747e-5, 8.124e-3), (9.0, 1.547e-2, 1.350e-5, 1.437e-2), (20.0, 8.520e-3, 5.554e-6, 2.370e-2),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("element", "row"), [(element, row) for element, rows in XCOM.items() for row in rows], ids=lambda value: str(value)
)
def test_parts_are_those_of_xcom(element: str, row: tuple[float, float, float, float]) -> None:
    mev, incoherent, photoelectric, pair = row
    found = {name: float(value) for name, value in interactions(element, mev * 1000).items()}
    assert found["incoherent"] == pytest.approx(incoherent, rel=6e-3)
    assert found["photoelectric"] == pytest.approx(photoelectric, rel=8e-3)
    assert found["pair"] == pytest.approx(pair, rel=0.05 if mev < 3 else 0.015)


@pytest.mark.parametrize("material", ["H", "C", "water", "Fe", "lead glass", "U"])
def test_parts_add_up_at_every_energy(material: str) -> None:
    energies = np.geomspace(1.0, 20000.0, 60)
    found = interactions(material, energies)
    assert sum(found.values()) == pytest.approx(mass_attenuation(material, energies), rel=1e-9)
    assert all((part >= 0).all() for part in found.values())
    assert (found["pair"][energies < 1022] == 0).all()


@pytest.mark.parametrize("element", ["C", "Al", "Fe", "Sn", "W", "Pb", "U"])
def test_no_part_jumps_at_the_seam(element: str) -> None:
    below, above = (interactions(element, energy) for energy in (800.0, 800.01))
    for name in ("photoelectric", "coherent", "incoherent"):
        assert float(above[name]) == pytest.approx(float(below[name]), rel=2e-3)


def test_pair_production_grows_with_energy_and_number() -> None:
    energies = np.array([2000.0, 4000.0, 8000.0, 16000.0])
    pairs = [interactions(element, energies)["pair"] for element in ("C", "Fe", "Sn", "Pb")]
    assert all((np.diff(pair) > 0).all() for pair in pairs)
    assert (np.diff(pairs, axis=0) > 0).all()


def test_klein_nishina_begins_with_thomson() -> None:
    assert klein_nishina(0.1) == pytest.approx(1.0, abs=1e-3)
    # Textbook value: 0.2112 barn per electron at 1 MeV, of Thomson's 0.6652.
    assert float(klein_nishina(1000.0)) == pytest.approx(0.2112 / 0.66525, rel=1e-3)


def test_one_energy_gives_one_value() -> None:
    assert interactions("Fe", 100.0)["photoelectric"].shape == ()
