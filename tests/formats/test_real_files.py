"""The real files: all of them are read, and pydicom and the same image in another syntax agree about every pixel."""

from __future__ import annotations

import warnings

import numpy as np
import pydicom
import pytest
from tests.formats import samples

from kerma import formats
from kerma.errors import Unreadable

# Files of pydicom's tests that are broken on purpose, and how we say so.
BROKEN = {
    "badVR.dcm": "number of frames '1A'",
    "rtplan_truncated.dcm": "cut short",
    "MR_truncated.dcm": "cut short",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "cut short",
    "meta_missing_tsyntax.dcm": "is missing",
    "nested_priv_SQ.dcm": "is missing",
    "bad_sequence.dcm": "identifier",
    "DICOMDIR-nooffset": "only 224 are left",
}
# Files whose structure is sound but whose pixels we refuse, and how we say so.
UNDECODABLE = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "the header says 1024 x 256",
    "gdcm-US-ALOKA-16.dcm": "palette is segmented",
    "gdcm-US-ALOKA-16_big.dcm": "palette is segmented",
}
CT = ("dicom_ct_transfer_syntaxes", "testImages")
SINGLE = (
    "CT1_UNC.explicit_big_endian.dcm",
    "CT1_UNC.implicit_little_endian.dcm",
    "encapsulated/single-frame/CT1_UNC.explicit_little_endian.dcm",
    "encapsulated/single-frame/CT1_UNC.fragmented_bot_jpeg_ls.80.dcm",
    "encapsulated/single-frame/CT1_UNC.fragmented_no_bot_jpeg_ls.80.dcm",
    "encapsulated/single-frame/CT1_UNC.not_fragmented_bot_jpeg_ls.80.dcm",
    "encapsulated/single-frame/CT1_UNC.not_fragmented_no_bot_jpeg_ls.80.dcm",
)
MULTI = {
    "fragmented_no_bot_jpeg_lossless.57": 0,
    "fragmented_no_bot_jpeg_lossless.70": 0,
    "fragmented_no_bot_jpeg_ls.80": 0,
    "not_fragmented_bot_jpeg_ls.80": 0,
    "not_fragmented_no_bot_jpeg_ls.80": 0,
    "not_fragmented_bot_rle": 0,
    "not_fragmented_no_bot_rle": 0,
    "fragmented_no_bot_jpeg_ls.81": 3,
    "fragmented_no_bot_jpeg_baseline.51": 16,
}


def identity(path):
    return path.name


@pytest.mark.parametrize("path", samples.pydicom_files() + samples.real_dicom_files(), ids=identity)
def test_every_file_is_scanned_or_refused_for_a_reason(path):
    data = path.read_bytes()
    if path.name in BROKEN:
        with pytest.raises(Unreadable, match=BROKEN[path.name]):
            formats.scan(data)
        return
    header = formats.scan(data)
    assert header.image_uid and header.series_uid and header.exam_uid
    assert header.kind == "object" or header.rows * header.columns * header.planes > 0


@pytest.mark.parametrize("path", samples.pydicom_files(), ids=identity)
def test_pydicom_agrees_about_words_and_pixels(path):
    data = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pydicom.dcmread(path, force=True)
        if path.name in BROKEN or "PixelData" not in theirs:
            return
        header = formats.scan(data)
        if path.name in UNDECODABLE:
            with pytest.raises(Unreadable, match=UNDECODABLE[path.name]):
                formats.read(data)
            return
        image = formats.read(data)
        assert header.image_uid == theirs.SOPInstanceUID
        assert header.subject_id == str(theirs.get("PatientID", "") or "")
        assert header.subject_name == str(theirs.get("PatientName", "") or "").rstrip()
        assert (header.rows, header.columns) == (theirs.Rows, theirs.Columns)
        try:
            is_long = int(theirs.get("NumberOfFrames", 1) or 1) > 50
            pixels = pydicom.pixels.pixel_array(theirs, index=0 if is_long else None)
        except (RuntimeError, AttributeError, ValueError, NotImplementedError):
            return  # pydicom lacks the codec; the syntax tests hold our pixels.
    if theirs.PhotometricInterpretation == "PALETTE COLOR":
        if "expb" in path.name:
            return  # pydicom does not swap the palette; the next test holds these to their twins.
        pixels = np.asarray(pydicom.pixels.apply_color_lut(pixels, theirs))
        shift = 8 if pixels.dtype == np.uint16 else 0
        pixels = (pixels >> shift)[..., :3]
    elif image.is_colour and pixels.dtype != np.uint8:
        pixels = pixels >> (theirs.BitsStored - 8)
    ours = image.pixels[:1] if is_long else image.pixels
    np.testing.assert_array_equal(ours, pixels.reshape(ours.shape))


@pytest.mark.parametrize(("big", "little"), [("OBXXXX1A_expb.dcm", "OBXXXX1A.dcm"), ("rtdose_expb.dcm", "rtdose.dcm")])
def test_big_endian_twins_are_the_same(big, little):
    by_name = {path.name: path for path in samples.pydicom_files()}
    twins = [formats.read(by_name[name].read_bytes()).pixels for name in (big, little)]
    np.testing.assert_array_equal(*twins)


@pytest.mark.parametrize("name", SINGLE)
def test_one_ct_slice_is_the_same_in_every_syntax(name):
    first = formats.read(samples.real(*CT, "CT1_UNC.explicit_little_endian.dcm").read_bytes())
    other = formats.read(samples.real(*CT, *name.split("/")).read_bytes())
    np.testing.assert_array_equal(other.pixels, first.pixels)
    assert (other.image_uid, other.bits, other.grey, other.spacing) == (
        first.image_uid, first.bits, first.grey, first.spacing,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "tolerance"), MULTI.items())
def test_one_multi_frame_image_is_the_same_in_every_syntax(name, tolerance):
    folder = (*CT, "encapsulated", "multi-frame")
    first = formats.read(samples.real(*folder, "CT0012.explicit_little_endian.dcm").read_bytes())
    other = formats.read(samples.real(*folder, f"CT0012.{name}.dcm").read_bytes())
    assert first.planes > 1
    # The writer of the 12-bit JPEG shifted all values by 1023 (dcmdjpeg decodes it to exactly the same).
    differences = other.pixels.astype(int) - first.pixels.astype(int)
    differences -= 1023 if name.endswith(".51") else 0
    assert np.abs(differences).max() <= tolerance


def test_deflated_image_and_objects():
    image = formats.read(samples.real(*CT, "deflate", "image_dfl").read_bytes())
    assert image.pixels.shape == (1, 512, 512)
    for name in ("report_dfl", "wave_dfl"):
        data = samples.real(*CT, "deflate", name).read_bytes()
        assert formats.scan(data).kind == "object"
        with pytest.raises(Unreadable, match="without pixels"):
            formats.read(data)


def test_dicos_images_and_reports():
    for name, meaning in (("SimplePresentationDX", "for-presentation"), ("SimpleProcessingDX", "for-processing")):
        data = samples.real("dicos_pydicos", "DXFiles", f"{name}.dcs").read_bytes()
        header, image = formats.scan(data, f"{name}.dcs"), formats.read(data)
        assert (header.format, header.industry_hint, header.kind) == ("DICOS", "security", "image")
        assert (image.meaning, image.pixels.shape, image.bits) == (meaning, (1, 128, 256), 16)
        assert image.rises_with_dose is True
    for name in ("MultiplePTOsTDR", "SimpleBaggageNoThreatTDR", "SimpleBaggageTDR"):
        data = samples.real("dicos_pydicos", "TDRFiles", f"{name}.dcs").read_bytes()
        assert (formats.scan(data).kind, formats.scan(data).format) == ("object", "DICOS")
        with pytest.raises(Unreadable, match="threat detection report without pixels"):
            formats.read(data)


def test_dicos_colours_do_not_cost_the_intensities():
    data = samples.real("dicos_pydicos", "DXFiles", "SimpleColorPaletteDX.dcs").read_bytes()
    image = formats.read(data)
    assert not image.is_colour and image.pixels.dtype == np.uint16
    assert any("palette" in warning for warning in image.warnings)


def test_dicos_ct_keeps_its_energy_and_scale():
    image = formats.read(samples.real("dicos_pydicos", "SimpleCT", "SimpleCT0000.dcs").read_bytes())
    assert image.format == "DICOS" and image.modality == "CT"
    assert image.spacing.source == "calibrated"
    assert (image.plane_kind, image.technique["energy"]) == ("frame", "high")


def test_the_pydicos_toolkit_agrees_about_dicos_pixels():
    pydicos = pytest.importorskip("pydicos")
    for name in ("SimpleProcessingDX", "SimplePresentationDX", "SimpleColorPaletteDX"):
        path = samples.real("dicos_pydicos", "DXFiles", f"{name}.dcs")
        theirs = np.asarray(pydicos.dcsread(str(path)).get_data())
        np.testing.assert_array_equal(formats.read(path.read_bytes()).pixels[0], np.squeeze(theirs))
