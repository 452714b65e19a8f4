"""What is found out of the two energies of an image before they are put together."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from kerma.science.imaging.enhance.energies import energies_of, open_beam
from kerma.science.imaging.image import Image
from kerma.science.simulate import ready_scene


@pytest.fixture(scope="module")
def bag() -> Image:
    return ready_scene("cabin-bag").build(1, size_px=240)[0].image


def changed(image: Image, **other: Any) -> Image:
    return dataclasses.replace(image, **other)


def test_the_open_beam_of_a_bag(bag: Image) -> None:
    found = energies_of(bag)
    assert found is not None
    assert (found.low_plane, found.high_plane, found.z_plane) == (0, 1, 2)
    assert found.blank_low == pytest.approx(58000, rel=0.003)
    assert found.blank_high == pytest.approx(58000, rel=0.003)
    # What neighbours share by blur counts in full: less than the 330 and 280 of a pixel alone.
    assert 120 < found.snr_low < 330
    assert 100 < found.snr_high < 280


def test_a_lookup_that_agrees_with_the_machines_own_numbers_is_the_machines(bag: Image) -> None:
    found = energies_of(bag)
    assert found is not None
    assert found.lookup is not None
    assert (found.lookup.name, found.calibration) == ("simulated-160kv", "machine")
    assert "agrees with the machine" in found.warnings[-1]


def test_without_the_machines_numbers_a_usual_lookup_is_taken_and_said(bag: Image) -> None:
    bare = changed(bag, pixels=bag.pixels[:2], plane_labels=("low", "high"))
    found = energies_of(bare)
    assert found is not None
    assert found.lookup is not None
    assert (found.lookup.name, found.calibration) == ("dual-layer-160kv", "default")
    assert "not calibrated for this machine" in found.warnings[-1]
    near = bag.pixels.copy()
    near[2] = np.where(near[2] > 0, near[2] + 120, 0)
    shifted = energies_of(changed(bag, pixels=near))
    assert shifted is not None
    assert shifted.calibration == "default"
    unknown = energies_of(changed(bare, technique={}))
    assert unknown is not None
    assert "unknown voltage" in unknown.warnings[-1]


def test_where_no_lookup_fits_there_is_none(bag: Image) -> None:
    found = energies_of(changed(bag, technique={"tube_voltage_kv": 450.0}))
    assert found is not None
    assert (found.lookup, found.calibration) == (None, "none")
    assert "450 kV" in found.warnings[-1]
    assert "lookup" not in found.parameters()
    pallet = energies_of(ready_scene("pallet").build(2, size_px=120)[0].image)
    assert pallet is not None
    assert (pallet.lookup, pallet.calibration) == (None, "none")
    wrong = bag.pixels.copy()
    wrong[2] = np.where(wrong[2] > 0, 3000, 0)
    other = energies_of(changed(bag, pixels=wrong))
    assert other is not None
    assert other.calibration == "none"
    assert "agrees with the machine" in other.warnings[-1]


@pytest.mark.parametrize(
    "other",
    [{"meaning": "log"}, {"meaning": "for-presentation"}, {"rises_with_dose": False}, {"plane_kind": "view"},
     {"plane_labels": ("low", "low", "z-effective")}],
)  # fmt: skip
def test_no_linear_signals_of_both_energies_are_no_energies(bag: Image, other: dict[str, Any]) -> None:
    assert energies_of(changed(bag, **other)) is None


def test_twice_the_exposure_is_twice_the_open_beam(bag: Image) -> None:
    once, twice = (open_beam(factor * bag.pixels[1].astype(np.float64)) for factor in (1.0, 2.0))
    assert twice[0] == pytest.approx(2 * once[0])
    assert twice[1] == pytest.approx(once[1], rel=1e-6)


def test_open_beam_with_hot_pixels_with_padding_and_of_nothing() -> None:
    random = np.random.default_rng(1)
    values = 50000.0 * (1 + random.normal(0, 1 / 200, (300, 300)))
    values[100:200, 50:250] *= np.exp(-random.uniform(0.1, 3.0, (100, 200)))
    values[random.random(values.shape) < 2e-4] = 65535
    values[:20] = np.nan
    found, snr, share = open_beam(values)
    assert found == pytest.approx(50000, rel=0.002)
    assert snr == pytest.approx(200, rel=0.15)
    assert 0.5 < share < 0.9
    assert open_beam(np.zeros((8, 8)))[0] == 1.0
    assert open_beam(np.full((8, 8), np.nan))[0] == 1.0
    assert open_beam(np.full((64, 64), 100.0))[:2] == (100.0, 1e4)


def test_without_an_open_beam_the_image_says_so(bag: Image) -> None:
    rows, columns = bag.rows // 2, bag.columns // 2
    cut = changed(bag, pixels=bag.pixels[:, rows - 25 : rows + 25, columns - 25 : columns + 25])
    found = energies_of(cut)
    assert found is not None
    # The brightest of what is there is taken; if it is a surface of its own this cannot be known.
    assert found.blank_high <= 58000
