"""What Kerma writes: TIFF and PNG lossless, DICOM without one error of dciodvfy."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from tests.formats.dciodvfy import errors_of

from kerma import formats
from kerma.errors import WrongUsage
from kerma.formats import dicom_write, png_write, tiff_write
from kerma.formats.dicom_write import Identity
from kerma.science.imaging.image import GreyScale, Image, Lut, Spacing, Window

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WHO = Identity(
    exam_uid="2.25.4711", subject_id="P-17", subject_name="Dupont^Zoé", birth_date="19700102", sex="F",
    exam_id="S1", exam_date="20260301", exam_time="101530", accession="A-9",
)  # fmt: skip
SHORTS = some.sampled_from(["uint8", "uint16"])
SIDES = some.tuples(some.integers(1, 3), some.integers(1, 9), some.integers(1, 9))


def image(pixels: np.ndarray, **given: object) -> Image:
    return Image(pixels=pixels, bits=pixels.dtype.itemsize * 8, **given)


def noise(dtype: type = np.uint16, shape: tuple[int, ...] = (1, 40, 51)) -> np.ndarray:
    return np.random.default_rng(5).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


@settings(max_examples=40, deadline=None)
@given(some.data(), SIDES, some.sampled_from(["uint8", "uint16", "int16", "uint32", "float32", "float64"]))
def test_a_tiff_reads_back_identically(data: some.DataObject, shape: tuple[int, int, int], dtype: str) -> None:
    finite = {"allow_nan": False, "allow_infinity": False} if dtype.startswith("float") else {}
    pixels = data.draw(arrays.arrays(dtype, shape, elements=arrays.from_dtype(np.dtype(dtype), **finite)))
    again = formats.read(tiff_write.write(image(pixels)), "x.tif")
    assert again.pixels.dtype == pixels.dtype and (again.pixels == pixels).all()


def test_a_tiff_carries_spacing_and_polarity() -> None:
    given = image(noise(), spacing=Spacing(0.1, 0.2, "detector"), grey=GreyScale(is_inverse=True))
    again = formats.read(tiff_write.write(given), "x.tif")
    assert again.spacing.row_mm == pytest.approx(0.1) and again.spacing.column_mm == pytest.approx(0.2)
    assert again.spacing.source == "detector" and again.grey.is_inverse


@settings(max_examples=30, deadline=None)
@given(some.data(), SIDES, SHORTS)
def test_a_png_reads_back_identically(data: some.DataObject, shape: tuple[int, int, int], dtype: str) -> None:
    pixels = data.draw(arrays.arrays(dtype, (1, *shape[1:])))
    again = formats.read(png_write.write(image(pixels)), "x.png")
    assert again.pixels.dtype == pixels.dtype and (again.pixels == pixels).all()


@pytest.mark.parametrize("pixels", [noise(shape=(2, 4, 4)), noise().astype(np.float32), noise().astype(np.int16)])
def test_what_png_cannot_hold_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(WrongUsage, match="TIFF"):
        png_write.write(image(pixels))


WINDOWED = GreyScale(windows=(Window(100.0, 200.0),))
CAPTURES = {
    "16 bit": image(noise(), spacing=Spacing(0.1, 0.1, "detector"), grey=WINDOWED),
    "8 bit, odd size": image(noise(np.uint8, (1, 39, 51))),
    "12 bit inverse": replace(image(noise() >> 4, grey=GreyScale(is_inverse=True)), bits=12),
    "signed": image(noise().astype(np.int16), spacing=Spacing(0.2, 0.1, "calibrated")),
    "float": image(noise().astype(np.float32) * 1e-3, spacing=Spacing(0.1, 0.1, "geometry")),
    "planes": image(noise(shape=(3, 8, 9))),
    "planes of bytes": image(noise(np.uint8, (3, 8, 9))),
    "colour": image(noise(np.uint8, (1, 8, 9, 3))),
    "colour planes": image(noise(np.uint8, (2, 8, 9, 3))),
    "constant": image(np.full((1, 5, 7), 3.5)),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_a_secondary_capture_has_no_error_and_the_same_pixels(name: str, tmp_path: Path) -> None:
    given = CAPTURES[name]
    data = dicom_write.secondary_capture(given, WHO, number=1, made_at=AT)
    path = tmp_path / "image.dcm"
    path.write_bytes(data)
    assert errors_of(path) == []
    stored = pydicom.dcmread(path)
    assert stored.SOPClassUID == dicom_write.capture_class(given)
    again = formats.read(data, "image.dcm")
    assert (again.rows, again.columns, again.planes) == (given.rows, given.columns, given.planes)
    if given.pixels.dtype.kind in "iu":
        assert (again.pixels == given.pixels).all()
    else:
        step = float(stored.RescaleSlope)
        back = again.pixels.astype(np.float64) * step + float(stored.RescaleIntercept)
        assert np.abs(back - given.pixels).max() <= step / 2 * 1.001 and "Quantised" in stored.DerivationDescription


def test_identity_is_kept_and_made_fit_for_dicom() -> None:
    who = replace(WHO, subject_id="A\\B\x00C" + "x" * 100, birth_date="1970", sex="?", exam_uid="1359.2.03")
    stored = pydicom.dcmread(io.BytesIO(dicom_write.secondary_capture(image(noise()), who, number=1, made_at=AT)))
    assert stored.PatientID == ("A/B C" + "x" * 100)[:64] and str(stored.PatientName) == "Dupont^Zoé"
    assert stored.PatientBirthDate == "" and stored.PatientSex == "" and dicom_write.is_uid(stored.StudyInstanceUID)
    assert stored.StudyInstanceUID == dicom_write.valid_uid("1359.2.03") != dicom_write.valid_uid("1359.2.3.")


@pytest.mark.parametrize("meaning", ["for-presentation", "raw", "log"])
def test_a_digital_x_ray_has_no_error(meaning: str, tmp_path: Path) -> None:
    spacing, technique = Spacing(0.14, 0.14, "detector"), {"tube_voltage_kv": 80.0}
    given = image(noise(), spacing=spacing, meaning=meaning, technique=technique)
    path = tmp_path / "dx.dcm"
    path.write_bytes(dicom_write.digital_x_ray(given, WHO, number=3, made_at=AT, orientation=("L", "F")))
    assert errors_of(path) == []
    again = formats.read(path.read_bytes(), "dx.dcm")
    assert (again.pixels == given.pixels).all() and again.spacing == given.spacing


@pytest.mark.parametrize(
    "given",
    [image(noise()), image(noise(), spacing=Spacing(1.0, 1.0, "calibrated")), CAPTURES["planes"], CAPTURES["colour"]],
)
def test_a_digital_x_ray_is_not_made_of_what_it_cannot_say(given: Image) -> None:
    with pytest.raises(WrongUsage, match="Secondary Capture"):
        dicom_write.digital_x_ray(given, WHO, number=1, made_at=AT, orientation=("L", "F"))


def test_a_modality_lut_is_not_lost_silently() -> None:
    lut = Lut(np.arange(16, dtype=np.uint16), 0, 8)
    with pytest.raises(WrongUsage, match="original DICOM file"):
        dicom_write.secondary_capture(image(noise(), grey=GreyScale(modality_lut=lut)), WHO, number=1, made_at=AT)


@given(some.text(max_size=70))
def test_whatever_a_file_calls_itself_becomes_one_uid(text: str) -> None:
    made = dicom_write.valid_uid(text, otherwise="exam")
    assert dicom_write.is_uid(made) and dicom_write.valid_uid(text, otherwise="exam") == made
    assert not dicom_write.is_uid(text) or made == text
