"""New DICOM, DICONDE and DICOS objects: read back as they were, and found right by others' tools."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from tests.formats import dciodvfy

from kerma import formats
from kerma.errors import WrongUsage
from kerma.formats import dicom_new
from kerma.formats.dicom_write import Identity, is_uid
from kerma.science.imaging.image import GreyScale, Image, Spacing

IDENTITY = Identity("2.25.77", subject_id="W-8", subject_name="Seam W8", exam_id="K1049")
KINDS = {"dicom": "DICOM", "diconde": "DICONDE", "dicos": "DICOS"}


def _image(**words: object) -> Image:
    pixels = np.random.default_rng(1).integers(0, 65536, (1, 40, 60)).astype(np.uint16)
    image = Image(
        pixels, bits=16, meaning="raw", spacing=Spacing(0.08, 0.08, "geometry"), rises_with_dose=True,
        technique={
            "tube_voltage_kv": 160.0, "source_detector_mm": 1000.0, "source_object_mm": 800.0, "focal_spot_mm": 0.4,
            "thickness_mm": 12.5, "material": "steel", "iqi_type": "WIRE", "iqi_material": "FE", "iqi_size": "W10",
        },
        description="Butt weld", image_uid="2.25.78",
    )  # fmt: skip
    return replace(image, **words)  # type: ignore[arg-type]


def _dual() -> Image:
    pixels = np.random.default_rng(2).integers(0, 65536, (3, 30, 50)).astype(np.uint16)
    return _image(pixels=pixels, plane_kind="energy", plane_labels=("low", "high", "z-effective"))


@pytest.mark.parametrize("form", KINDS)
@pytest.mark.parametrize("is_inverse", [False, True])
def test_what_is_written_reads_back(form: str, is_inverse: bool) -> None:
    given = _image(grey=GreyScale(is_inverse=is_inverse))
    (data,) = dicom_new.write(given, form, IDENTITY)
    image = formats.read(data)
    assert image.format == KINDS[form]
    assert np.array_equal(image.pixels, given.pixels)
    assert (image.bits, image.rises_with_dose, image.grey.is_inverse) == (16, True, is_inverse)
    assert image.spacing == given.spacing
    assert image.technique["magnification"] == pytest.approx(1.25)
    assert image.technique["detector_row_spacing_mm"] == pytest.approx(0.1)
    for name in ("tube_voltage_kv", "source_detector_mm", "source_object_mm", "focal_spot_mm"):
        assert image.technique[name] == pytest.approx(given.technique[name])
    assert (image.subject_id, image.exam_uid, image.image_uid) == ("W-8", "2.25.77", "2.25.78")
    assert not image.warnings


def test_diconde_names_the_component_and_its_indicator() -> None:
    (data,) = dicom_new.write(_image(), "diconde", IDENTITY)
    image = formats.read(data)
    assert (image.technique["thickness_mm"], image.technique["material"]) == (12.5, "steel")
    found = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    assert (found.ImageQualityIndicatorType, found.ImageQualityIndicatorSize) == ("WIRE", "W10")


def test_a_spacing_of_the_detector_stays_one() -> None:
    given = _image(spacing=Spacing(0.1, 0.2, "detector"), technique={"tube_voltage_kv": 80.0})
    image = formats.read(dicom_new.write(given, "dicom", IDENTITY)[0])
    assert image.spacing == given.spacing


@pytest.mark.parametrize("form", KINDS)
def test_every_plane_is_an_object_with_an_identifier_of_its_own(form: str) -> None:
    given = _dual()
    written = dicom_new.write(given, form, IDENTITY)
    images = [formats.read(data) for data in written]
    assert [image.pixels[0].tobytes() for image in images] == [plane.tobytes() for plane in given.pixels]
    assert len({image.image_uid for image in images}) == 3 and all(is_uid(image.image_uid) for image in images)
    assert len({image.series_uid for image in images}) == 1
    if form == "dicos":
        assert [image.plane_labels for image in images] == [("low",), ("high",), ("z-effective",)]


@pytest.mark.parametrize("form", KINDS)
def test_the_same_image_gives_the_same_bytes(form: str) -> None:
    assert dicom_new.write(_dual(), form, IDENTITY) == dicom_new.write(_dual(), form, IDENTITY)


@pytest.mark.parametrize("form", ["dicom", "diconde"])
def test_dciodvfy_finds_no_error(form: str, tmp_path: Path) -> None:
    for number, data in enumerate(
        (*dicom_new.write(_image(), form, IDENTITY), *dicom_new.write(_dual(), form, IDENTITY))
    ):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(data)
        assert dciodvfy.errors_of(path) == []


def test_the_pydicos_toolkit_reads_the_same_pixels(tmp_path: Path) -> None:
    pydicos = pytest.importorskip("pydicos", reason="Stratovan's toolkit (pydicos) is not installed")
    given = _dual()
    for plane, data in zip(given.pixels, dicom_new.write(given, "dicos", IDENTITY), strict=True):
        path = tmp_path / "bag.dcs"
        path.write_bytes(data)
        loader = pydicos.DXLoader()
        loader.read(str(path))
        assert np.array_equal(np.asarray(loader.get_data()), plane)


@pytest.mark.parametrize(
    ("image", "form", "said"),
    [
        (_image(), "gif", "dicom, diconde, dicos"),
        (_image(spacing=Spacing()), "dicom", "known pixel spacing"),
        (_image(pixels=np.zeros((1, 4, 5, 3), np.uint8)), "dicos", "grey values"),
    ],
)
def test_what_no_object_can_hold_is_refused(image: Image, form: str, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        dicom_new.write(image, form, IDENTITY)


def test_a_picture_for_showing_is_written_as_one_and_has_a_window(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (1, 32, 40)).astype(np.uint8)
    given = _image(pixels=pixels, bits=8, meaning="for-presentation", rises_with_dose=False)
    (data,) = dicom_new.write(given, "dicom", IDENTITY)
    image = formats.read(data)
    assert (image.meaning, image.bits, image.rises_with_dose) == ("for-presentation", 8, False)
    assert np.array_equal(image.pixels, pixels) and image.grey.windows
    (tmp_path / "film.dcm").write_bytes(data)
    assert dciodvfy.errors_of(tmp_path / "film.dcm") == []


def test_a_plane_of_effective_numbers_keeps_its_scale() -> None:
    pixels = np.stack([np.full((8, 8), value, np.uint16) for value in (20000, 30000, 742)])
    image = Image(
        pixels, bits=16, meaning="raw", rises_with_dose=True, plane_kind="energy",
        plane_labels=("low", "high", "z-effective"), spacing=Spacing(0.5, 0.5, "detector"),
        technique={"z_effective_per_stored": 0.01},
    )  # fmt: skip
    files = dicom_new.write(image, "dicos", Identity("1.2.3"))
    slopes = [formats.read(data).grey.slope for data in files]
    assert slopes == [1.0, 1.0, 0.01]
    assert formats.read(files[2]).meaning == "z-effective"
