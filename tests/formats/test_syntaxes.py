"""Every transfer syntax gives the same pixels: the law of the DICOM reader."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pydicom
import pytest
from tests.formats import samples

from kerma import formats
from kerma.errors import Unreadable
from kerma.formats import codecs
from kerma.formats.dicom_syntax import SYNTAXES

GREY = samples.ramp(planes=1, rows=9, columns=14)
FILM = samples.ramp(planes=3, rows=8, columns=10)
SIGNED = samples.ramp(planes=1, dtype="i2")
ENCODERS = {
    "1.2.840.10008.1.2.4.57": lambda plane: imagecodecs.ljpeg_encode(plane),
    "1.2.840.10008.1.2.4.70": lambda plane: imagecodecs.ljpeg_encode(plane),
    "1.2.840.10008.1.2.4.80": lambda plane: imagecodecs.jpegls_encode(plane),
    "1.2.840.10008.1.2.4.90": lambda plane: imagecodecs.jpeg2k_encode(plane, level=0, codecformat="J2K"),
    "1.2.840.10008.1.2.4.201": lambda plane: imagecodecs.htj2k_encode(plane),
    "1.2.840.10008.1.2.4.202": lambda plane: imagecodecs.htj2k_encode(plane),
    "1.2.840.10008.1.2.4.110": lambda plane: imagecodecs.jpegxl_encode(plane, lossless=True),
    "1.2.840.10008.1.2.5": samples.rle,
    "1.2.840.10008.1.2.1.98": lambda plane: plane.tobytes(),
    "1.2.840.10008.1.2.8.1": lambda plane: samples.deflate(plane.tobytes()),
}
NATIVE = (samples.EXPLICIT, samples.IMPLICIT, samples.BIG, samples.DEFLATED)


@pytest.mark.parametrize("pixels", [GREY, FILM, SIGNED], ids=["grey", "film", "signed"])
@pytest.mark.parametrize("syntax", NATIVE)
def test_native_pixels_are_the_same_in_every_order(pixels, syntax):
    image = formats.read(samples.dicom(pixels, syntax, BitsStored=12))
    assert image.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("pixels", [GREY, FILM], ids=["grey", "film"])
@pytest.mark.parametrize("syntax", ENCODERS)
def test_lossless_codecs_give_back_every_pixel(pixels, syntax):
    frames = [bytes(ENCODERS[syntax](plane)) for plane in pixels]
    image = formats.read(samples.encapsulated(pixels, syntax, frames, BitsStored=12))
    np.testing.assert_array_equal(image.pixels, pixels)


def test_every_syntax_we_name_is_tried_here_or_lossy():
    lossy = {f"1.2.840.10008.1.2.4.{number}" for number in ("50", "51", "81", "91", "112", "203")}
    assert set(SYNTAXES) == set(NATIVE) | set(ENCODERS) | lossy


@pytest.mark.parametrize("has_table", [True, False], ids=["table", "no table"])
@pytest.mark.parametrize("fragments", [1, 3])
def test_frames_are_found_however_they_are_cut(fragments, has_table):
    frames = [bytes(imagecodecs.jpegls_encode(plane)) for plane in FILM]
    data = samples.encapsulated(
        FILM, "1.2.840.10008.1.2.4.80", frames, fragments=fragments, has_table=has_table, BitsStored=12
    )
    np.testing.assert_array_equal(formats.read(data).pixels, FILM)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"])
def test_signed_pixels_survive_codecs_that_know_no_sign(syntax):
    frame = bytes(ENCODERS[syntax](SIGNED[0].view("u2") & 0x0FFF))
    image = formats.read(samples.encapsulated(SIGNED, syntax, [frame], BitsStored=12))
    np.testing.assert_array_equal(image.pixels, SIGNED)


def test_what_lies_above_the_stored_bits_is_cut_away():
    overlaid = GREY | np.uint16(0x8000)
    np.testing.assert_array_equal(formats.read(samples.dicom(overlaid, BitsStored=12)).pixels, GREY)


def test_pydicom_decodes_through_the_same_codecs():
    codecs.register()
    codecs.register()
    for syntax in ("1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.201"):
        frames = [bytes(ENCODERS[syntax](plane)) for plane in FILM]
        data = samples.encapsulated(FILM, syntax, frames, BitsStored=12)
        file = pydicom.dcmread(io.BytesIO(data))
        assert codecs.PLUGIN in pydicom.pixels.get_decoder(syntax).available_plugins
        np.testing.assert_array_equal(file.pixel_array, FILM)


def test_lossy_jpeg_stays_near_and_says_nothing_else():
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)[None]
    frame = bytes(imagecodecs.jpeg8_encode(smooth[0], level=95))
    image = formats.read(samples.encapsulated(smooth, "1.2.840.10008.1.2.4.50", [frame]))
    assert np.abs(image.pixels.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_is_the_same_by_pixel_and_by_plane(planar):
    colour = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(1, 6, 8, 3)
    stored = colour if planar == 0 else np.ascontiguousarray(np.moveaxis(colour, -1, 1))
    data = samples.data_set(colour, PlanarConfiguration=planar, PixelData=stored.tobytes())
    image = formats.read(samples.dicom_bytes(data))
    assert image.is_colour
    np.testing.assert_array_equal(image.pixels, colour)


def test_bits_of_masks_are_unpacked():
    mask = np.arange(64).reshape(1, 8, 8) % 3 == 0
    ds = samples.data_set(mask.astype(np.uint8), BitsAllocated=1, BitsStored=1)
    ds.PixelData = np.packbits(mask.ravel(), bitorder="little").tobytes()
    np.testing.assert_array_equal(formats.read(samples.dicom_bytes(ds)).pixels, mask)


def test_float_pixel_data_is_read():
    values = np.linspace(-1, 1, 24, dtype=np.float32).reshape(1, 4, 6)
    ds = samples.data_set(np.zeros((1, 4, 6), np.uint32), PixelData=None)
    ds.FloatPixelData = values.tobytes()
    np.testing.assert_array_equal(formats.read(samples.dicom_bytes(ds)).pixels, values)


def test_float_pixels_that_are_no_numbers_are_refused():
    ds = samples.data_set(np.zeros((1, 4, 6), np.uint32), PixelData=None)
    ds.FloatPixelData = np.full((1, 4, 6), np.nan, np.float32).tobytes()
    with pytest.raises(Unreadable, match="24 of 24 pixels are not numbers"):
        formats.read(samples.dicom_bytes(ds))


def test_a_frame_of_another_size_is_refused():
    frame = bytes(imagecodecs.jpegls_encode(samples.ramp(16, 16)[0]))
    data = samples.encapsulated(GREY, "1.2.840.10008.1.2.4.80", [frame], BitsStored=12)
    with pytest.raises(Unreadable, match="16 x 16 .* 9 x 14"):
        formats.read(data)


def test_an_unknown_syntax_is_indexed_but_not_decoded():
    data = samples.encapsulated(GREY, "1.2.840.10008.1.2.9.99", [b"\xff\xd8" * 8])
    assert formats.scan(data).kind == "image"
    with pytest.raises(Unreadable, match=r"1\.2\.840\.10008\.1\.2\.9\.99.*export"):
        formats.read(data)
