"""A beam through matter: filters and thickness harden it, tables agree with sums, and blur leaves known noise."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import OutsideTable
from kerma.science.simulate.attenuator import TABLED_PIXELS, Attenuator
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.document import Channel, Source
from kerma.science.simulate.response import blurred, normal_field, white_share

TUBE = Source(tube_voltage_kv=160.0, filters_mm={"aluminium": 3.0, "copper": 0.5})


@pytest.mark.parametrize(("material", "thickest_mm"), [("iron", 30.0), ("aluminium", 100.0), ("water", 200.0)])
def test_the_table_of_thicknesses_agrees_with_the_sum_over_energies(material: str, thickest_mm: float) -> None:
    attenuator = Attenuator(beam_of(TUBE, Channel()))
    thickness = np.random.default_rng(1).uniform(0.0, thickest_mm, TABLED_PIXELS + 1)
    by_table = attenuator.behind({(material, None): thickness})
    summed = attenuator.behind({(material, None): thickness[:500]})
    for table, total in zip(by_table, summed, strict=True):
        np.testing.assert_allclose(table[:500], total, rtol=1e-8)


def test_more_material_always_passes_less_and_the_beam_hardens() -> None:
    signal, _ = Attenuator(beam_of(TUBE, Channel())).behind({("iron", None): np.linspace(0, 25, 200)})
    slope = np.diff(np.log(signal))
    assert (slope < 0).all()
    assert (np.diff(slope) > 0).all()


def test_a_filter_hardens_the_beam_wherever_it_lies() -> None:
    def mean_kev(filter_mm: float, channel: Channel) -> float:
        beam = beam_of(Source(tube_voltage_kv=120.0, filters_mm={"aluminium": filter_mm}), channel)
        return float((beam.energies_kev * beam.photons).sum() / beam.photons.sum())

    assert mean_kev(10.0, Channel()) > mean_kev(1.0, Channel()) + 5
    assert mean_kev(1.0, Channel(filters_mm={"aluminium": 9.0})) == pytest.approx(mean_kev(10.0, Channel()), rel=1e-9)


def test_a_voltage_beyond_the_tables_is_refused() -> None:
    with pytest.raises(OutsideTable, match="900"):
        beam_of(Source(tube_voltage_kv=900.0), Channel())


@pytest.mark.parametrize("sigma_px", [0.0, 0.4, 1.0, 2.5])
def test_white_share_is_what_a_blur_leaves_of_white_noise(sigma_px: float) -> None:
    noise = normal_field(np.uint64(3), (900, 900))
    assert blurred(noise, sigma_px)[20:-20, 20:-20].std() == pytest.approx(white_share(sigma_px), rel=0.02)
