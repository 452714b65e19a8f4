"""Megavolt cargo: the factors are found again, number and areal density too, and ambiguity is told."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.physics.cargo import Cargo, MegavoltBeam, Slab, calibrate_megavolt, identify

FACTORS = ((1.1, 0.95, 1.05), (0.9, 0.97, 1.02))


def bremsstrahlung(end_mev: float) -> MegavoltBeam:
    """Return Kramers' spectrum behind 3 cm of steel on a detector that counts a share of the energy."""
    energies = np.arange(150.0, end_mev * 1000, 50.0)
    soft = np.exp(-0.05 * 7.85 * 3.0 * (1000.0 / energies) ** 0.5)
    return MegavoltBeam(energies, (end_mev * 1000 - energies) * soft)


NOMINAL = bremsstrahlung(6.0), bremsstrahlung(9.0)
TRUE = tuple(MegavoltBeam(beam.energies_kev, beam.signal, each) for beam, each in zip(NOMINAL, FACTORS, strict=True))


def slab(number: int, depth: float) -> Slab:
    return Slab(number, depth, *(float(beam.alpha(number, depth)) for beam in TRUE))


CALIBRATED = calibrate_megavolt(*NOMINAL, [slab(number, 100.0) for number in (6, 26, 82)])


def told(number: int, depth: float, uncertainty: float = 0.001) -> Cargo:
    low, high = (beam.alpha(number, depth) for beam in TRUE)
    return identify(*CALIBRATED, low, high, relative_uncertainty=uncertainty)


def test_three_slabs_give_the_factors_back() -> None:
    for beam, factors in zip(CALIBRATED, FACTORS, strict=True):
        assert beam.factors == pytest.approx(factors, rel=1e-6)


def test_more_slabs_fit_as_well() -> None:
    slabs = [slab(number, depth) for number in (6, 13, 26, 50, 82) for depth in (20.0, 120.0)]
    assert calibrate_megavolt(*NOMINAL, slabs)[1].factors == pytest.approx(FACTORS[1], rel=1e-6)


@pytest.mark.parametrize("number", [1, 6, 13, 20, 26, 29, 50, 74, 82, 92])
@pytest.mark.parametrize("depth", [20.0, 100.0, 200.0])
def test_number_and_areal_density_are_found_again(number: int, depth: float) -> None:
    found = told(number, depth)
    assert float(found.number) == number
    assert float(found.areal_density_g_cm2) == pytest.approx(depth, rel=1e-3)
    assert float(found.number_least) <= number <= float(found.number_greatest)


def test_two_elements_far_apart_can_fit_and_that_is_told() -> None:
    # Lead and an element near tin have the same pair of transparencies: photoelectric absorption makes up for pairs.
    lead = told(82, 100.0)
    assert bool(lead.ambiguous)
    assert float(lead.number_least) < 60
    assert not bool(told(6, 100.0).ambiguous)
    assert not bool(told(26, 100.0).ambiguous)


def test_more_noise_leaves_more_elements() -> None:
    spans = [float(each.number_greatest - each.number_least) for each in (told(20, 80, s) for s in (1e-3, 5e-3, 2e-2))]
    assert spans[0] <= spans[1] <= spans[2]
    assert spans[0] < spans[2]


def test_transparency_grows_less_with_depth_in_both_beams() -> None:
    depth = np.linspace(0.0, 300.0, 50)
    for beam in TRUE:
        alpha = beam.alpha(26, depth)
        assert alpha[0] == pytest.approx(0.0, abs=1e-12)
        assert (np.diff(alpha) > 0).all()
        assert (np.diff(alpha, 2) < 1e-9).all()


def test_a_picture_keeps_its_shape_and_what_fits_nothing_is_nan() -> None:
    low, high = (beam.alpha(26, np.full((5, 4), 60.0)) for beam in TRUE)
    found = identify(*CALIBRATED, low, high)
    assert (found.number == 26).all()
    odd = identify(*CALIBRATED, [1.0, np.nan, 5.0, 0.0, np.inf], [2.0, 1.0, 1.0, 0.0, np.inf])
    assert np.isnan(odd.number).all()
    assert not odd.ambiguous.any()


@pytest.mark.parametrize("numbers", [(), (26, 26, 26), (6, 26)])
def test_too_few_elements_cannot_calibrate(numbers: tuple[int, ...]) -> None:
    with pytest.raises(WrongUsage, match="3 slabs"):
        calibrate_megavolt(*NOMINAL, [slab(number, 100.0) for number in numbers])
