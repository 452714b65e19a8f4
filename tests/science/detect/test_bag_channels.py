"""What the bag detector sees: the same of raw energies and of a screen's colours, and empty air looks empty."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.detect.bag_channels import (
    CHANNELS,
    HIGHEST,
    channels_of,
    content_rows,
    extent_px,
    from_colours,
    from_energies,
    from_grey,
    reading_of,
    shrunk,
)
from kerma.science.imaging.enhance.material_colours import BLACK_AT, pseudo_colour
from kerma.science.imaging.image import Image
from kerma.science.physics.spectral_channel import Channel
from kerma.science.simulate.line_scanner import OPEN_STORED, Z_SCALE, z_plane
from kerma.science.simulate.scenes.tip_bag import _calibrated

ROWS, COLUMNS = 120, 160
PLACES = {"polyethylene": (slice(20, 60), slice(20, 60)), "aluminium": (slice(20, 60), slice(90, 130)),
          "iron": (slice(75, 105), slice(40, 110))}  # fmt: skip
THICK_MM = {"polyethylene": 60.0, "aluminium": 15.0, "iron": 2.0}


@pytest.fixture(scope="module")
def energies() -> tuple[np.ndarray, np.ndarray]:
    """Three plates of plastic, aluminium and iron in open beam, by the spectra of the simulated scanner."""
    planes = []
    for beam in _calibrated().beams:
        thick = np.zeros((ROWS, COLUMNS))
        for material, place in PLACES.items():
            thick[place] = float(Channel.of(beam, [material]).attenuation(np.array([[THICK_MM[material]]]))[0])
        planes.append(np.rint(OPEN_STORED * np.exp(-thick)).astype(np.uint16))
    return planes[0], planes[1]


def middle(values: np.ndarray, material: str) -> float:
    rows, columns = PLACES[material]
    return float(np.median(values[rows.start + 5 : rows.stop - 5, columns.start + 5 : columns.stop - 5]))


def test_energies_and_the_colours_made_of_them_tell_the_same_kinds(energies) -> None:
    low, high = energies
    number = z_plane(low, high) / Z_SCALE
    colours = pseudo_colour(np.minimum(-np.log(high / OPEN_STORED), BLACK_AT), number)
    for reading in (from_energies(low, high), from_colours(colours)):
        kinds = [middle(reading.kind, material) for material in PLACES]
        assert kinds[0] < 0.15 < 0.3 < kinds[1] < 0.8 < 0.9 < kinds[2] + 0.1
        assert all(middle(reading.sure, material) > 0.6 for material in PLACES)
        assert reading.sure[:10].max() < 0.2, "of open air nothing is known"
        assert reading.attenuation[:10].max() < 0.05 * reading.attenuation.max()


def test_attenuation_is_that_of_the_high_energy_whatever_the_gain(energies) -> None:
    low, high = energies
    one, other = from_energies(low, high), from_energies((low / 9).astype(np.uint16), (high / 7).astype(np.uint16))
    through = np.median(high[PLACES["iron"]]) / OPEN_STORED
    assert middle(one.attenuation, "iron") == pytest.approx(-np.log(through), 1e-3)
    assert np.abs(one.attenuation - other.attenuation).max() < 0.01
    assert np.abs(one.kind - other.kind)[one.sure > 0.9].max() < 0.05


@pytest.mark.parametrize("is_inverse", [False, True])
def test_grey_of_either_polarity_attenuates_where_the_thing_is_and_tells_no_material(energies, is_inverse) -> None:
    grey = energies[1].astype(np.float32)
    shown = grey.max() - grey if is_inverse else grey
    reading = from_grey(shown, rises_with_dose=None, is_linear=False)
    assert middle(reading.attenuation, "iron") > 0.3 > 0.01 > float(reading.attenuation[:10].max())
    assert not reading.sure.any()


def test_channels_stay_within_their_range_and_air_is_empty(energies) -> None:
    reading = from_energies(*energies)
    found = channels_of(shrunk(reading, 1.5))
    assert found.shape == (CHANNELS, 180, 240)
    assert np.abs(found).max() <= HIGHEST
    assert not found[0, :20].any() and np.abs(found[3:, :20]).max() < 0.2
    whole, part = channels_of(reading), channels_of(reading, most=float(reading.attenuation.max()))
    assert np.allclose(whole[3:], part[3:])


def test_a_bag_is_measured_by_what_attenuates(energies) -> None:
    reading = from_energies(*energies)
    assert extent_px(reading.attenuation) == 110.0
    assert content_rows(reading) == (20.0, 105.0)
    with pytest.raises(WrongUsage, match="no bag"):
        extent_px(np.zeros((40, 40), np.float32))


def test_an_image_is_read_by_what_it_is(energies) -> None:
    low, high = energies
    planes = {"plane_kind": "energy", "plane_labels": ("low", "high")}
    two = Image(np.stack([low, high]), 16, "raw", rises_with_dose=True, **planes)
    one = Image(high[None], 16, "raw", rises_with_dose=True)
    colour = Image(np.repeat(np.full((1, 40, 40, 1), 255, np.uint8), 3, axis=3), 8)
    assert np.array_equal(reading_of(two).attenuation, from_energies(low, high).attenuation)
    assert np.array_equal(reading_of(one).attenuation, from_energies(low, high).attenuation)
    assert not reading_of(one).sure.any() and not reading_of(colour).attenuation.any()
