"""The dual-layer detector sees the published ratios, and the calculations on it agree with one another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from kerma.errors import NotFound, WrongUsage
from kerma.science.calculations import run
from kerma.science.physics.dual_layer import dual_layer
from kerma.science.physics.spectral_channel import Channel

LOW, HIGH = dual_layer()


def ratio(material: str, thickness_mm: float) -> float:
    ray = np.array([[thickness_mm]])
    low, high = (float(Channel.of(beam, (material,)).attenuation(ray)[0]) for beam in (LOW, HIGH))
    return low / high


def test_mean_energies_are_the_published_ones() -> None:
    means = [beam.variance_weights.sum() / beam.signal_weights.sum() for beam in (LOW, HIGH)]
    assert means == pytest.approx([62.6, 101.8], abs=0.3)


# Published with a 160 kV spectrum and 3 mm Al of another program. Tolerance: the packaged spectrum is interpolated. The
# publication gives its last iron value for 1 cm; it is that of 2 cm, as its own detector shows.
@pytest.mark.parametrize(
    ("material", "thickness_mm", "published"),
    [
        ("water", 0.5, 1.312), ("water", 200.0, 1.203), ("polyethylene", 0.5, 1.183), ("polyethylene", 200.0, 1.152),
        ("Al", 0.5, 2.136), ("Al", 100.0, 1.323), ("Fe", 0.5, 3.328), ("Fe", 20.0, 1.428), ("Pb", 0.5, 1.348),
        ("Pb", 2.0, 1.163), ("Al", 50.0, 1.45),
    ],
)  # fmt: skip
def test_published_ratios(material: str, thickness_mm: float, published: float) -> None:
    assert ratio(material, thickness_mm) == pytest.approx(published, rel=4e-3)


@pytest.mark.parametrize("material", ["water", "polyethylene", "Al", "Fe", "Cu"])
def test_the_ratio_falls_with_thickness(material: str) -> None:
    ratios = [ratio(material, thickness) for thickness in (0.1, 1.0, 5.0, 10.0, 20.0)]
    assert all(thin > thick > 1 for thin, thick in pairwise(ratios))


@pytest.mark.parametrize(("material", "thickness_mm", "zeff"), [("Al", 20, 13.0), ("Fe", 3, 26.0), ("water", 60, 7.44)])
def test_a_slabs_signal_leads_back_to_it(material: str, thickness_mm: float, zeff: float) -> None:
    seen = run("dual-energy-signal", material=material, thickness_mm=thickness_mm).values
    told = run("dual-energy", a_low=seen["a_low"], a_high=seen["a_high"])
    assert told.values["zeff"] == pytest.approx(zeff, abs=0.05)
    assert told.values["zeff_state"] == "decided"
    assert told.values["ratio"] == pytest.approx(seen["ratio"])
    assert told.uncertainties["zeff"] > 0


def test_basis_thicknesses_are_named_after_their_material() -> None:
    seen = run("dual-energy-signal", material="Fe", thickness_mm=2).values
    told = run("dual-energy", a_low=seen["a_low"], a_high=seen["a_high"], basis="pmma,iron")
    assert told.values["iron_mm"] == pytest.approx(2.0, abs=1e-6)
    assert told.values["pmma_mm"] == pytest.approx(0.0, abs=1e-6)


def test_lead_is_warned_of_where_it_looks_like_water() -> None:
    seen = run("dual-energy-signal", material="Pb", thickness_mm=2).values
    told = run("dual-energy", a_low=seen["a_low"], a_high=seen["a_high"])
    assert told.values["material_class"] == "organic"
    assert any("lead" in warning for warning in told.warnings)


def test_nothing_in_the_beam_has_no_number() -> None:
    told = run("dual-energy", a_low=0.0, a_high=0.0)
    assert told.values["material_class"] == "undecidable"
    assert told.as_json()["values"]["zeff"] is None


@pytest.mark.parametrize(
    ("options", "error"),
    [({"basis": "iron"}, WrongUsage), ({"basis": "iron,water"}, WrongUsage), ({"basis": "iron,kryptonite"}, NotFound)],
)
def test_a_basis_that_is_none(options: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        run("dual-energy", a_low=1.3, a_high=1.0, **options)
