"""Laws of any spectrum: filters multiply, layers halve, bins keep what is counted; and published beams."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import KermaError, NotFound, OutsideTable, WrongUsage
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.physics.spectrum import Spectrum, isotope_spectrum, linac_spectrum, mono, tube_spectrum

KV = st.floats(20, 480)
MM = st.floats(0.01, 5)


@settings(max_examples=25, deadline=None)
@given(KV, MM, MM)
def test_filters_multiply_in_any_order_and_harden(voltage_kv: float, first_mm: float, second_mm: float) -> None:
    beam = tube_spectrum(voltage_kv)
    one = beam.filtered({"Al": first_mm}).filtered({"Be": second_mm})
    other = beam.filtered({"Be": second_mm, "Al": first_mm})
    assert one.fluence_cm2 == pytest.approx(other.fluence_cm2, rel=1e-9)
    assert one.air_kerma_ugy_1m < beam.air_kerma_ugy_1m and one.mean_energy_kev > beam.mean_energy_kev


@settings(max_examples=25, deadline=None)
@given(KV, st.sampled_from(["Al", "Cu", "Fe", "Pb", "water", "concrete"]), st.floats(1e-6, 0.99))
def test_a_value_layer_lets_its_share_through(voltage_kv: float, material: str, share: float) -> None:
    beam = tube_spectrum(voltage_kv, filters_mm={"Al": 1})
    layer = beam.value_layer_mm(material, share=share)
    assert beam.transmission(material, thickness_mm=layer) == pytest.approx(share, rel=1e-6)
    assert layer <= beam.value_layer_mm(material, share=share / 2)


@settings(max_examples=20, deadline=None)
@given(st.floats(5, 1000))
def test_one_energy_halves_by_the_logarithm_of_two(energy_kev: float) -> None:
    per_mm = float(linear_attenuation("Fe", energy_kev))
    assert mono(energy_kev).value_layer_mm("Fe") == pytest.approx(math.log(2) / per_mm, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(KV, st.floats(0.5, 20))
def test_wider_bins_keep_photons_and_mean_energy(voltage_kv: float, step_kev: float) -> None:
    beam = tube_spectrum(voltage_kv, filters_mm={"Al": 2})
    wide = beam.binned(step_kev)
    assert wide.fluence_cm2.sum() == pytest.approx(beam.fluence_cm2.sum(), rel=1e-12)
    assert wide.mean_energy_kev == pytest.approx(beam.mean_energy_kev, rel=1e-12)
    assert (np.diff(wide.energies_kev) > 0).all() and len(wide.energies_kev) <= voltage_kv / step_kev + 1


def test_kerma_falls_with_the_square_of_the_distance() -> None:
    beam = tube_spectrum(80, filters_mm={"Al": 3})
    assert beam.air_kerma_ugy(2.0) == pytest.approx(beam.air_kerma_ugy_1m / 4)


def test_a_mammography_beam_of_another_model() -> None:
    # W, 28 kV, 1 mm Be, 0.05 mm Rh, 2 mm Al after Boone, Fewell and Jennings (1997), as VICTRE's files carry it.
    beam = tube_spectrum(28, filters_mm={"Be": 1, "Rh": 0.05, "Al": 2})
    assert beam.mean_energy_kev == pytest.approx(20.955, abs=0.15)
    assert beam.value_layer_mm("Al") == pytest.approx(0.754, rel=0.02)


def test_a_radiography_beam_of_another_model() -> None:
    # SpekCalc, 80 kV, 12 degrees, 0.5 mm Al and 1 m of air. Its output is scaled by a free factor and not compared; it
    # has no L lines, so that so thin a filter leaves our beam softer.
    beam = tube_spectrum(80, filters_mm={"Al": 0.5, "air": 1000})
    assert beam.mean_energy_kev == pytest.approx(36.68, rel=0.03)
    assert beam.value_layer_mm("Al") == pytest.approx(1.0527, rel=0.08)


@pytest.mark.parametrize(
    ("voltage_kv", "added_mm", "hvl_mm", "photons_per_mm2_ugy"),
    # IEC 62220-1-1 (2015): added aluminium, half-value layer of the beam, and photons per mm2 and uGy.
    [(50, 10, 4.0, 20673), (70, 21, 7.1, 29653), (90, 30, 9.1, 32490)],
)
def test_the_beams_of_detector_tests(
    voltage_kv: float, added_mm: float, hvl_mm: float, photons_per_mm2_ugy: float
) -> None:
    beam = tube_spectrum(voltage_kv, filters_mm={"Al": added_mm + 2.5})
    assert beam.fluence_cm2.sum() / 100 / beam.air_kerma_ugy_1m == pytest.approx(photons_per_mm2_ugy, rel=0.03)
    assert beam.value_layer_mm("Al") == pytest.approx(hvl_mm, rel=0.07)


@pytest.mark.parametrize(
    ("nuclide", "mgy_m2_gbq_h", "rel"),
    # Published air-kerma-rate constants: Ir-192 0.109 to 0.113 by the low-energy cut, Co-60 0.306, Cs-137 0.077 (with
    # X-rays), Se-75 as 0.20 R/h at 1 m of 1 Ci.
    [("Ir-192", 0.111, 0.03), ("Co-60", 0.306, 0.01), ("Cs-137", 0.0771, 0.02), ("Se-75", 0.0474, 0.03)],
)
def test_lines_give_the_published_kerma_rate(nuclide: str, mgy_m2_gbq_h: float, rel: float) -> None:
    # A capsule of 0.1 mm steel stops the X-rays of arsenic, which no published constant holds.
    source = isotope_spectrum(nuclide, filters_mm={"Fe": 0.1})
    assert source.air_kerma_ugy_1m * 3600 / 1000 == pytest.approx(mgy_m2_gbq_h, rel=rel)


def test_a_nuclide_is_found_by_any_spelling_and_an_unknown_one_is_named() -> None:
    assert isotope_spectrum("192ir").label == "Ir-192"
    with pytest.raises(NotFound, match="Ir-192"):
        isotope_spectrum("U-235")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: tube_spectrum(100, filters_mm={"Al": -1.0}),
        lambda: tube_spectrum(100, filters_mm={"Al": float("nan")}),
        lambda: tube_spectrum(100).value_layer_mm("Al", share=1.0),
        lambda: tube_spectrum(100).value_layer_mm("Al", share=float("nan")),
        lambda: tube_spectrum(100).air_kerma_ugy(0.0),
        lambda: tube_spectrum(100).binned(0.0),
        lambda: tube_spectrum(100).filtered({"Unobtainium": 1.0}),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(KermaError):
        wrong()  # type: ignore[operator]


def test_a_beam_nothing_is_left_of_says_so() -> None:
    gone = tube_spectrum(30, filters_mm={"Pb": 1000})
    with pytest.raises(OutsideTable, match="no photon is left"):
        assert gone.mean_energy_kev
    with pytest.raises(OutsideTable, match="no photon is left"):
        gone.value_layer_mm("Al")
    with pytest.raises(WrongUsage):
        Spectrum(np.ones(1), np.ones(1), "x").binned(-1.0)


def test_a_linac_beam_has_no_unit_of_dose() -> None:
    assert linac_spectrum(6).per == "photon" and linac_spectrum(6).fluence_cm2.sum() == pytest.approx(1.0)
