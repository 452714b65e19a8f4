"""Manifest against image: loads of known density and number, behind spectra summed independently."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dual_energy_scans import scan
from kerma.errors import WrongUsage
from kerma.science.detect import detect
from kerma.science.detect.declared import goods_of
from kerma.science.detect.manifest import Comparison, compare
from kerma.science.imaging.image import Image, Spacing
from kerma.science.physics.attenuation import mass_attenuation, transmission
from kerma.science.physics.spectrum import linac_spectrum
from kerma.standards import table

OPEN = 50_000.0
MEV = 9.0
DEPTH_MM = 800.0
Load = tuple[str, float, tuple[int, int, int, int]]


def cargo(*loads: Load, seed: int = 1) -> Image:
    """Return a scan at 9 MeV of loads: material, areal density in g/cm², box (row, column, height, width)."""
    spectrum = linac_spectrum(MEV)
    energies = spectrum.energies_kev
    stopped = 1 - transmission("cadmium tungstate", energies, thickness_mm=30.0)
    weight = spectrum.fluence_cm2 * energies * stopped
    passed = np.ones((256, 320))
    for material, areal_g_cm2, (row, column, height, width) in loads:
        through = float(weight @ np.exp(-areal_g_cm2 * mass_attenuation(material, energies)) / weight.sum())
        passed[row : row + height, column : column + width] *= through
    noise = np.random.default_rng(seed).standard_normal(passed.shape) * np.sqrt(passed) / 400
    stored = np.clip(np.rint(OPEN * (passed + noise)), 0, 65_535).astype(np.uint16)
    spacing = Spacing(4.0, 4.0, "geometry")
    return Image(stored[None], bits=16, meaning="raw", rises_with_dose=True, spacing=spacing)


def _told(image: Image, declared: str, **options: float) -> dict[str, Comparison]:
    return {one.quantity: one for one in compare(image, declared, end_point_mev=MEV, **options)}


@pytest.mark.parametrize("density_g_cm3", [0.25, 0.6, 0.9])
def test_the_density_is_the_one_that_was_loaded(density_g_cm3: float) -> None:
    image = cargo(("water", density_g_cm3 * DEPTH_MM / 10, (64, 80, 128, 160)))
    told = _told(image, "paper", depth_mm=DEPTH_MM)["density_g_cm3"]
    # water has 1.11 times the electrons of the element that is taken where no number is told
    assert told.value == pytest.approx(1.11 * density_g_cm3, rel=0.03)
    assert told.answer == "agrees"


def test_a_load_that_can_be_what_was_declared_gives_no_contradiction() -> None:
    image = cargo(("water", 48.0, (64, 80, 128, 160)))
    found = detect("manifest", image, declared="paper", depth_mm=DEPTH_MM, end_point_mev=MEV)
    assert [(one.label, one.code) for one in found] == [("cannot-be-told", "z_effective")]


@pytest.mark.parametrize(
    ("declared", "areal_g_cm2", "label"),
    [
        ("textiles", 80.0, "denser-than-declared"),
        ("steel", 8.0, "lighter-than-declared"),
        ("72", 8.0, "lighter-than-declared"),
    ],
)
def test_a_load_too_dense_or_too_light_contradicts(declared: str, areal_g_cm2: float, label: str) -> None:
    image = cargo(("water", areal_g_cm2, (64, 80, 128, 160)))
    found = detect("manifest", image, declared=declared, depth_mm=DEPTH_MM, end_point_mev=MEV)
    (one,) = [one for one in found if one.code == "density_g_cm3"]
    assert one.label == label and one.score == 1.0
    assert abs(one.box.row - 64) <= 8 and abs(one.box.height - 128) <= 16


def test_a_piece_that_no_such_goods_can_be_is_boxed_in_its_place() -> None:
    image = cargo(("water", 40.0, (64, 80, 128, 160)), ("iron", 160.0, (104, 152, 32, 40)))
    found = detect("manifest", image, declared="paper", depth_mm=DEPTH_MM, end_point_mev=MEV)
    (piece,) = [one for one in found if one.label == "denser-piece"]
    assert piece.box.as_json() == pytest.approx([104, 152, 32, 40], abs=8)
    assert not [
        one
        for one in detect("manifest", image, declared="steel", depth_mm=DEPTH_MM, end_point_mev=MEV)
        if one.label == "denser-piece"
    ]


def test_an_uneven_load_contradicts_even_goods_only() -> None:
    image = cargo(*(("water", 5.0 + 50.0 * (n % 2), (64, 80 + 32 * n, 128, 32)) for n in range(5)))
    assert _told(image, "paper", depth_mm=DEPTH_MM)["variation"].answer == "contradicts"
    assert _told(image, "machinery", depth_mm=DEPTH_MM)["variation"].answer == "agrees"


def test_what_cannot_be_told_is_said_with_the_reason() -> None:
    told = _told(cargo(("water", 48.0, (64, 80, 128, 160))), "paper")
    assert told["density_g_cm3"].answer == told["z_effective"].answer == "cannot-be-told"
    assert "depth of the load is not given" in told["density_g_cm3"].reason
    thick = _told(cargo(("iron", 380.0, (64, 80, 128, 160))), "steel", depth_mm=DEPTH_MM)
    assert thick["density_g_cm3"].answer == thick["variation"].answer == "cannot-be-told"
    assert "too little gets through" in thick["density_g_cm3"].reason
    labels = [
        one.label
        for one in detect(
            "manifest", cargo(("iron", 380.0, (64, 80, 128, 160))), declared="paper", depth_mm=DEPTH_MM,
            end_point_mev=MEV,
        )
    ]  # fmt: skip
    assert "cannot-be-told" in labels and "denser-piece" in labels


def test_two_energies_of_a_tube_tell_density_and_number() -> None:
    image = scan(("aluminium", 30.0, (80, 80, 120, 160)))
    told = {one.quantity: one for one in compare(image, "aluminium", depth_mm=60.0)}
    assert told["density_g_cm3"].value == pytest.approx(2.7 / 2, rel=0.05)
    assert told["z_effective"].value == pytest.approx(13.0, abs=0.5)
    assert {one.answer for one in told.values()} == {"agrees"}
    other = {one.quantity: one.answer for one in compare(image, "textiles", depth_mm=60.0)}
    assert other["density_g_cm3"] == other["z_effective"] == "contradicts"


def test_unknown_goods_an_empty_view_and_pictures_for_showing_are_refused() -> None:
    image = cargo(("water", 48.0, (64, 80, 128, 160)))
    with pytest.raises(WrongUsage, match="nothing is known of 'unicorns'.*paper"):
        detect("manifest", image, declared="unicorns", end_point_mev=MEV)
    with pytest.raises(WrongUsage, match="nothing is loaded"):
        detect("manifest", cargo(), declared="paper", end_point_mev=MEV)
    with pytest.raises(WrongUsage, match="not computed"):
        detect("manifest", dataclasses.replace(image, meaning="for-presentation"), declared="paper", end_point_mev=MEV)
    with pytest.raises(WrongUsage, match="not computed: the image has no low and high energy; .* end_point_mev"):
        detect("manifest", image, declared="paper")


def test_every_row_of_goods_has_rising_limits_and_is_found_by_its_chapters() -> None:
    assert table("kerma_findings/manifest_goods").status == "unverified"
    for row in table("kerma_findings/manifest_goods"):
        assert float(row["z_from"]) < float(row["z_to"])
        assert float(row["density_from_g_cm3"]) < float(row["density_to_g_cm3"])
        assert goods_of(row["goods"]) == row
        assert goods_of(row["hs_chapters"][:2]) == row
