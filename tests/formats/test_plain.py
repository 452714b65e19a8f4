"""TIFF, PNG, JPEG and raw files of known pixels, and what a sidecar adds to them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import imagecodecs
import numpy as np
import PIL.Image
import pytest
import tifffile
from tests.formats import samples

from kerma import formats
from kerma.errors import Unreadable
from kerma.formats.sidecar import KEYS
from kerma.science.imaging.image import Spacing

TYPES = ["u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"]


def tiff(pixels, **options):
    out = io.BytesIO()
    big = options.pop("bigtiff", False)
    byte_order = options.pop("byteorder", "<")
    with tifffile.TiffWriter(out, bigtiff=big, byteorder=byte_order) as writer:
        for plane in pixels:
            writer.write(plane, metadata=None, contiguous=False, **options)
    return out.getvalue()


def sidecar(**keys):
    return json.dumps(keys).encode()


def values(dtype, planes=2):
    bits = 8 * np.dtype(dtype).itemsize
    return samples.ramp(20, 36, planes, "i8", min(bits, 31)).astype(dtype)


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
@pytest.mark.parametrize("dtype", TYPES)
def test_tiff_of_every_depth_and_order(dtype, big, byte_order):
    pixels = values(dtype)
    data = tiff(pixels, bigtiff=big, byteorder=byte_order, photometric="minisblack")
    image = formats.read(data, "x.tif")
    assert (image.pixels.dtype, image.bits) == (pixels.dtype, 8 * pixels.dtype.itemsize)
    assert image.pixels.dtype.isnative
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"compression": "lzw"},
        {"compression": "packbits"},
        {"tile": (16, 16)},
        {"tile": (16, 16), "compression": "zlib"},
        {"rowsperstrip": 3},
    ],
    ids=str,
)
def test_tiff_however_it_is_packed(options):
    pixels = values("u2")
    np.testing.assert_array_equal(formats.read(tiff(pixels, photometric="minisblack", **options)).pixels, pixels)


def test_tiff_strips_out_of_order():
    data = bytearray(tiff(values("u2", 1), photometric="minisblack", rowsperstrip=10))
    page = tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0]
    first, second = page.dataoffsets
    size = page.databytecounts[0]
    data[first : first + size], data[second : second + size] = data[second : second + size], data[first : first + size]
    at = page.tags["StripOffsets"].valueoffset
    data[at : at + 8] = np.array([second, first], "<u4").tobytes()
    np.testing.assert_array_equal(formats.read(bytes(data)).pixels, values("u2", 1))


def test_tiff_white_is_zero_is_inverse():
    assert formats.read(tiff(values("u2", 1), photometric="miniswhite")).grey.is_inverse


def test_tiff_pages_of_another_size_are_left_out():
    data = tiff([values("u2")[0], values("u2")[1], values("u2")[0, ::2, ::2]], photometric="minisblack")
    image = formats.read(data)
    assert image.planes == 2
    assert "1 pages of another size" in image.warnings[0]


def test_tiff_page_names_are_energies():
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for name, plane in zip(("low", "high"), values("u2"), strict=True):
            writer.write(plane, metadata=None, contiguous=False, extratags=[(285, "s", 0, name, True)])
    image = formats.read(out.getvalue())
    assert (image.plane_kind, image.plane_labels) == ("energy", ("low", "high"))


@pytest.mark.parametrize(
    ("per_unit", "unit", "spacing"),
    [
        ((254, 508), "INCH", Spacing(0.05, 0.1, "detector")),
        ((100, 100), "CENTIMETER", Spacing(0.1, 0.1, "detector")),
        ((72, 72), "INCH", Spacing()),
        ((96, 96), "INCH", Spacing()),
        ((1, 1), "NONE", Spacing()),
        ((100, 100), "NONE", Spacing()),
    ],
)
def test_tiff_resolution_is_a_scale_at_the_film_unless_a_default(per_unit, unit, spacing):
    data = tiff(values("u2", 1), photometric="minisblack", resolution=per_unit, resolutionunit=unit)
    found = formats.read(data).spacing
    assert found.source == spacing.source
    assert found.as_json() == (pytest.approx(spacing.as_json()) if spacing.is_known else None)


def test_tiff_words():
    data = tiff(values("u2", 1), photometric="minisblack", description="Weld 7", datetime="2026:02:03 10:15:30")
    image = formats.read(data, "weld7.tif")
    assert (image.description, image.acquired_at, image.subject_id) == ("Weld 7", "2026-02-03T10:15:30", "weld7")


def test_colours_that_are_equal_are_grey():
    grey = values("u1", 1)[0]
    image = formats.read(tiff([np.stack([grey] * 3, axis=-1)], photometric="rgb"))
    np.testing.assert_array_equal(image.pixels[0], grey)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colour_is_kept_for_showing(planar):
    colour = samples.ramp(20, 36, 3, "u1", 8)
    stored = colour if planar == "separate" else np.moveaxis(colour, 0, -1)
    image = formats.read(tiff([stored], photometric="rgb", planarconfig=planar))
    assert image.is_colour
    np.testing.assert_array_equal(image.pixels[0], np.moveaxis(colour, 0, -1))


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_png_gives_back_every_pixel(dtype):
    pixels = values(dtype, 1)
    image = formats.read(bytes(imagecodecs.png_encode(pixels[0])), "chest.png")
    assert image.bits == 8 * pixels.dtype.itemsize
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_of_every_mode(mode):
    picture = PIL.Image.fromarray(values("u1", 1)[0]).convert(mode)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(254, 254))
    image = formats.read(out.getvalue())
    expected = np.asarray(picture.convert("I" if mode == "I;16" else "RGB" if mode == "P" else mode))
    if mode in ("LA", "RGBA", "RGB", "P"):
        expected = expected[..., 0]
    scale = 255 if mode == "1" else 1
    np.testing.assert_array_equal(image.pixels[0], expected * scale)
    assert image.spacing.as_json() == pytest.approx([0.1, 0.1], rel=1e-4)
    assert image.spacing.source == "detector"


def test_jpeg_is_read_and_called_lossy():
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    image = formats.read(bytes(imagecodecs.jpeg8_encode(smooth, level=95)), "x.jpg")
    assert np.abs(image.pixels[0].astype(int) - smooth).max() <= 4
    assert any("lossy" in warning for warning in image.warnings)


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("dtype", TYPES)
def test_raw_of_every_type(dtype, order):
    pixels = values(dtype)
    stored = b"head" + pixels.astype(pixels.dtype.newbyteorder("<" if order == "little" else ">")).tobytes()
    name = np.dtype(dtype).name
    if name == "float16":
        return
    described = (
        sidecar(rows=20, columns=36, planes=2, type=name, byte_order=order, offset_bytes=4) if name != "int8" else None
    )
    image = formats.read(
        stored, "x.raw", described or sidecar(rows=20, columns=36, planes=2, type="int8", offset_bytes=4)
    )
    assert image.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(image.pixels, pixels)


def test_raw_projections_of_a_scan():
    folder = ("ct_projections_tetra_sim", "examples", "processing", "tetrahedron", "projections")
    data = samples.real(*folder, "tetra_projections.raw").read_bytes()
    described = sidecar(rows=150, columns=150, planes=21, type="uint16", spacing_mm=1.3, spacing_source="detector")
    image = formats.read(data, "tetra_projections.raw", described)
    assert image.pixels.shape == (21, 150, 150)
    assert image.pixels.min() > 0 and image.pixels.max() <= 65535
    assert image.spacing == Spacing(1.3, 1.3, "detector")


def test_a_sidecar_says_what_a_picture_cannot():
    described = sidecar(
        subject="W-17", exam="2026-01", spacing_mm=[0.05, 0.04], meaning="raw", rises_with_dose=True, bits=14,
        thickness_mm=12, material="steel", technique={"tube_voltage_kv": 160}, machine={"model": "X1"}, view="B",
        industry="ndt", modality="DX", acquired_at="2026-02-03T10:15:00", description="Weld", padding_value=0,
    )  # fmt: skip
    data = bytes(imagecodecs.png_encode(values("u2", 1)[0]))
    image, header = formats.read(data, "a.png", described), formats.scan(data, "a.png", described)
    assert image.spacing == Spacing(0.05, 0.04, "calibrated")
    assert image.technique == {"tube_voltage_kv": 160, "thickness_mm": 12, "material": "steel"}
    assert (image.meaning, image.rises_with_dose, image.bits, image.view) == ("raw", True, 14, "B")
    assert (header.subject_id, header.exam_id, header.industry_hint, header.model) == ("W-17", "2026-01", "ndt", "X1")
    assert (header.exam_date, header.exam_time) == ("2026-02-03", "10:15:00")


def test_files_of_one_exam_belong_together_and_others_do_not():
    one, two = (bytes(imagecodecs.png_encode(plane)) for plane in values("u1"))
    together = sidecar(subject="W", exam="A")
    assert formats.scan(one, "1.png").exam_uid != formats.scan(two, "2.png").exam_uid
    assert formats.scan(one, "1.png", together).exam_uid == formats.scan(two, "2.png", together).exam_uid
    assert formats.scan(one, "1.png", together).series_uid != formats.scan(two, "2.png", together).series_uid
    other = sidecar(subject="V", exam="A")
    assert formats.scan(one, "1.png", together).exam_uid != formats.scan(one, "1.png", other).exam_uid


def test_the_same_bytes_get_the_same_identifier():
    data = bytes(imagecodecs.png_encode(values("u1", 1)[0]))
    uid = formats.scan(data, "a.png").image_uid
    assert uid == formats.scan(data, "b.png").image_uid == formats.read(data).image_uid
    assert uid.startswith("2.25.") and len(uid) <= 64
    number = int(uid.removeprefix("2.25."))
    assert (number >> 76) & 0xF == 8 and (number >> 62) & 0b11 == 0b10


def test_a_key_we_do_not_know_is_told_not_refused():
    data = bytes(imagecodecs.png_encode(values("u1", 1)[0]))
    image = formats.read(data, "a.png", sidecar(colour="red"))
    assert any("colour" in warning for warning in image.warnings)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_key_refuses_what_it_does_not_want(key):
    data = bytes(imagecodecs.png_encode(values("u1", 1)[0]))
    with pytest.raises(Unreadable, match=f"'{key.name}'.* must be"):
        formats.read(data, "a.png", sidecar(**{key.name: {"a": None}}))


def test_scan_and_read_agree():
    for data, name in ((tiff(values("u2")), "x.tif"), (bytes(imagecodecs.png_encode(values("u1", 1)[0])), "x.png")):
        header, image = formats.scan(data, name), formats.read(data, name)
        assert (header.rows, header.columns, header.planes) == (image.rows, image.columns, image.planes)
        assert (header.image_uid, header.exam_uid, header.bits) == (image.image_uid, image.exam_uid, image.bits)
        assert (header.format, header.subject_id) == (image.format, image.subject_id)


def test_the_page_explains_every_key_as_the_code_does():
    page = (Path(__file__).parents[2] / "docs" / "start" / "formats.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f"| `{key.name}` | {key.wants} | {key.help} |" in page
