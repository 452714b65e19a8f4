"""Flat-field correction on planted gain and offset, and on the real projections of a tooth."""

from __future__ import annotations

import numpy as np
import pytest

import detectors
import radiographs
from kerma.errors import WrongUsage
from kerma.science.imaging import flat_field
from kerma.science.imaging.image import Image
from kerma.science.measure import run
from kerma.science.measure.flat_field import residuals
from kerma.science.results import NotMeasurable

SHAPE = (120, 150)
GENERATOR = np.random.default_rng(2)
GAIN = 1 + GENERATOR.normal(0, 0.05, SHAPE)
OFFSET = 800 + GENERATOR.normal(0, 30, SHAPE)


def _seen(signal: np.ndarray | float) -> Image:
    return detectors.image(OFFSET + GAIN * signal)


def test_gain_and_offset_are_taken_out_exactly() -> None:
    scene = 5000 + 2000 * np.sin(np.arange(150) / 20)[None, :] * np.ones((120, 1))
    found = flat_field.prepared(_seen(20_000), _seen(0)).corrected(_seen(scene))
    # The correction keeps the level of the mean response of the detector.
    assert found.pixels[0] / GAIN.mean() == pytest.approx(scene, rel=2e-6)


def test_bad_pixels_are_filled_from_their_neighbours_at_borders_and_in_patches() -> None:
    row, column = np.mgrid[:120, :150]
    scene = 1000.0 + 3 * row + 2 * column
    bad = np.zeros(SHAPE, dtype=bool)
    for at in ((0, 0), (119, 149), (60, 0), (slice(30, 34), slice(40, 43)), (slice(None), 100)):
        bad[at] = True
    filled = flat_field.filled(np.where(bad, 9e9, scene).astype(np.float32), bad)
    assert filled[~bad] == pytest.approx(scene[~bad])
    assert np.abs(filled - scene)[bad].max() < 8
    assert filled[1:-1, 100] == pytest.approx(scene[1:-1, 100], rel=1e-6)


def test_dead_pixels_are_found_and_filled_without_being_named() -> None:
    flats, darks = _seen(20_000), _seen(0)
    flats.pixels[0, 50, 60] = darks.pixels[0, 50, 60]
    found = flat_field.prepared(flats, darks)
    assert found.bad.sum() == 1 and found.bad[50, 60]
    assert found.corrected(_seen(5000.0)).pixels[0, 50, 60] == pytest.approx(5000, rel=0.01)


def test_values_that_are_not_a_number_are_filled() -> None:
    image = _seen(5000.0)
    image.pixels[0, 3, 4] = np.nan
    assert np.isfinite(flat_field.prepared(_seen(20_000), _seen(0)).corrected(image).pixels).all()


def test_falling_values_are_corrected_too() -> None:
    flats, darks, image = (
        detectors.image(60_000 - one.pixels[0], rises_with_dose=False)
        for one in (_seen(20_000), _seen(0), _seen(5000.0))
    )
    found = flat_field.prepared(flats, darks).corrected(image).pixels[0]
    assert np.abs(found).mean() == pytest.approx(5000, rel=0.01)
    assert found.std() < 1


def test_what_does_not_match_is_refused() -> None:
    with pytest.raises(WrongUsage, match="do not match"):
        flat_field.prepared(_seen(20_000), detectors.image(OFFSET[:50]))
    with pytest.raises(WrongUsage, match="no brighter"):
        flat_field.prepared(_seen(0), _seen(20_000))
    with pytest.raises(WrongUsage, match="every pixel is bad"):
        flat_field.prepared(_seen(20_000), _seen(0), bad=np.ones(SHAPE, bool))
    with pytest.raises(WrongUsage, match="not from the detector"):
        flat_field.prepared(_seen(20_000), _seen(0)).corrected(detectors.image(OFFSET[:50]))


def test_the_measurement_says_how_much_structure_is_gone() -> None:
    stripes = 1 + 0.02 * GENERATOR.standard_normal(150)
    noise = GENERATOR.normal(0, 20, (3, *SHAPE))
    flats = detectors.image(OFFSET + GAIN * stripes * 20_000 + noise[0])
    image = detectors.image(OFFSET + GAIN * stripes * 10_000 + noise[1])
    values = run("flat_field", image, flats, detectors.image(OFFSET + noise[2] / 5)).values
    assert values["column_before_percent"] == pytest.approx(2, rel=0.35)
    assert values["column_after_percent"] < 0.05
    assert values["pixel_after_percent"] < values["pixel_before_percent"] / 10
    refused = run("flat_field", image, detectors.image(OFFSET), flats)
    assert isinstance(refused, NotMeasurable)


def test_residuals_of_a_flat_are_0_and_of_darkness_none() -> None:
    assert residuals(np.full((20, 30), 5.0)) == {"pixel": 0, "column": 0, "row": 0}
    assert residuals(np.zeros((20, 30))) is None
    assert residuals(np.ones((2, 2))) is None


def test_the_real_projections_of_a_tooth_lose_their_stripes() -> None:
    h5py = pytest.importorskip("h5py", reason="h5py reads the real projections")
    path = radiographs.real("ct_projections_tooth") / "source" / "tomopy" / "data" / "tooth.h5"
    with h5py.File(path) as file:
        exchange = file["exchange"]
        data, flats, darks = (exchange[name][:] for name in ("data", "data_white", "data_dark"))
    image, flats, darks = (Image(part, bits=16, meaning="raw", rises_with_dose=True) for part in (data, flats, darks))
    correction = flat_field.prepared(flats, darks)
    corrected = correction.corrected(image).pixels
    assert correction.bad.sum() == 0 and np.isfinite(corrected).all()
    for row in range(2):
        # Stripes of the sinogram (angle, column) make the rings; the source has moved a little since the flats.
        before = data[:, row] - correction.offset[row]
        found = [residuals(one.astype(np.float64)) for one in (before, corrected[:, row])]
        assert found[0] is not None and found[1] is not None
        assert found[1]["column"] < found[0]["column"] / 3
        assert found[1]["pixel"] < found[0]["pixel"]
