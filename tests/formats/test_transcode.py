"""A file in another transfer syntax: the same pixels, the same instance, the same words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from tests.formats import samples
from tests.formats.test_syntaxes import ENCODERS, FILM, GREY, NATIVE, SIGNED

from kerma import formats
from kerma.errors import KermaError, NotAcceptable, NotFound
from kerma.formats import codecs, transcode
from kerma.formats.dicom_syntax import SYNTAXES

TARGETS = (*transcode.NATIVE, *transcode.ENCODERS)


def transcoded(data: bytes, syntax: str) -> bytes:
    out = io.BytesIO()
    transcode.transcode(data, syntax, out)
    return out.getvalue()


def words_of(data: bytes) -> dict:
    """Return all that pydicom reads of a file but its pixels and how they are arranged."""
    read = pydicom.dcmread(io.BytesIO(data))
    for tag in (0x7FE00010, 0x00280004, 0x00280006, 0x00282110):
        read.pop(tag, None)
    own = [element for element in read.iterall() if not element.tag.is_private]
    return {one.tag: str(one.value) for one in own if one.VR not in ("SQ", "UN") and not one.VR.startswith("O")}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("pixels", [GREY, FILM, SIGNED], ids=["grey", "film", "signed"])
@pytest.mark.parametrize("syntax", NATIVE)
def test_native_files_keep_every_pixel(pixels, syntax, target):
    data = samples.dicom(pixels, syntax, BitsStored=12)
    result = transcoded(data, target)
    np.testing.assert_array_equal(formats.read(result).pixels, pixels)
    assert words_of(result) == words_of(data)
    assert pydicom.dcmread(io.BytesIO(result)).file_meta.TransferSyntaxUID == target


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", [(1, 300, 300), (1, 90, 90, 3)], ids=["grey", "colour"])
def test_noise_that_cannot_be_made_smaller_is_written_all_the_same(shape, target):
    pixels = np.random.default_rng(1).integers(0, 65_536, shape).astype("u1" if len(shape) == 4 else "u2")
    np.testing.assert_array_equal(formats.read(transcoded(samples.dicom(pixels), target)).pixels, pixels)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("syntax", ENCODERS)
def test_compressed_files_keep_every_pixel(syntax, target):
    frames = [bytes(ENCODERS[syntax](plane)) for plane in FILM]
    result = transcoded(samples.encapsulated(FILM, syntax, frames, BitsStored=12), target)
    np.testing.assert_array_equal(formats.read(result).pixels, FILM)
    if target in transcode.NATIVE:
        np.testing.assert_array_equal(pydicom.dcmread(io.BytesIO(result)).pixel_array, FILM)


@pytest.mark.filterwarnings("ignore::UserWarning")  # real files hold what pydicom does not like
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "path",
    [*samples.real_dicom_files(), *samples.pydicom_files()],
    ids=lambda path: path.name,
)
def test_real_files_keep_every_pixel(path: Path, target):
    data = path.read_bytes()
    if len(data) > 2_000_000 or b"DICM" not in data[:132]:
        pytest.skip("too large for this test, or no file of PS3.10")
    try:
        is_image = formats.scan(data).kind == "image"
        before = formats.read(data) if is_image else None
    except KermaError as error:
        pytest.skip(f"refused as it is: {error}")
    try:
        result = transcoded(data, target)
    except NotAcceptable as error:
        assert target != samples.EXPLICIT
        pytest.skip(f"not in this syntax: {error}")
    if before is None:
        assert words_of(result).items() >= words_of(data).items()
        return
    after = formats.read(result)
    np.testing.assert_array_equal(after.pixels, before.pixels)
    assert (after.image_uid, after.bits, after.grey.slope) == (before.image_uid, before.bits, before.grey.slope)


@pytest.mark.parametrize("syntax", NATIVE)
def test_single_frames_are_those_of_the_file(syntax):
    data = samples.dicom(FILM, syntax, BitsStored=12)
    second, first = transcode.frames(data, samples.EXPLICIT, (2, 1))
    assert first == FILM[0].tobytes()
    assert second == FILM[1].tobytes()
    (squeezed,) = transcode.frames(data, transcode.JPEG_LS, (3,))
    np.testing.assert_array_equal(codecs.decode("jpeg-ls", squeezed, _frame()), FILM[2])


def test_frames_of_single_bits_begin_at_a_byte():
    masks = np.random.default_rng(1).integers(0, 2, (3, 5, 7)).astype(np.uint8)
    ds = samples.data_set(masks, BitsAllocated=1, BitsStored=1)
    packed = np.packbits(masks.ravel(), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    for mask, frame in zip(masks, transcode.frames(samples.dicom_bytes(ds), samples.EXPLICIT, (1, 2, 3)), strict=True):
        got = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[:35].reshape(5, 7)
        np.testing.assert_array_equal(got, mask)


def test_a_frame_that_is_not_there_is_said():
    with pytest.raises(NotFound, match="frames 1 to 3, not 4"):
        list(transcode.frames(samples.dicom(FILM, BitsStored=12), samples.EXPLICIT, (4,)))


def test_a_syntax_that_is_not_written_is_said():
    with pytest.raises(NotAcceptable, match=r"not in 1\.2\.840\.10008\.1\.2\.4\.90"):
        transcoded(samples.dicom(GREY, BitsStored=12), "1.2.840.10008.1.2.4.90")


def test_an_overlay_in_unused_bits_is_never_lost():
    ds = samples.data_set(GREY | np.uint16(0x8000), BitsStored=12)
    ds.add_new(0x60000102, "US", 15)
    data = samples.dicom_bytes(ds)
    assert (GREY | np.uint16(0x8000)).tobytes() in transcoded(data, samples.IMPLICIT)
    with pytest.raises(NotAcceptable, match="overlay"):
        transcoded(data, transcode.JPEG_LS)


def test_sequences_and_private_words_come_along():
    ds = samples.data_set(GREY, BitsStored=12)
    item = pydicom.Dataset()
    item.CodeValue, item.CodeMeaning = "38266002", "Entire body"
    ds.AnatomicRegionSequence = [item]
    block = ds.private_block(0x0029, "KERMA TEST", create=True)
    block.add_new(1, "SQ", [item])
    block.add_new(2, "DS", "1.5")
    data = samples.dicom_bytes(ds, samples.IMPLICIT)
    there = transcoded(data, samples.EXPLICIT)
    read = pydicom.dcmread(io.BytesIO(there))
    assert read.AnatomicRegionSequence[0].CodeMeaning == "Entire body"
    assert read[0x0029, 0x1001].value[0].CodeValue == "38266002"
    assert words_of(transcoded(there, samples.IMPLICIT)) == words_of(data)


def test_every_syntax_that_can_be_decoded_is_known():
    assert all(transcode.is_decodable(uid) for uid in SYNTAXES)
    assert not transcode.is_decodable("1.2.840.10008.1.2.4.102")


def _frame():
    return codecs.Frame(8, 10, 1, 16)
