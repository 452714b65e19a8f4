"""What a DICOM file means: spacing with its source, polarity, meaning, technique, component words."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.formats import samples

from kerma import formats
from kerma.errors import Unreadable
from kerma.science.imaging.image import Spacing

PIXELS = samples.ramp()


def image(**attributes):
    return formats.read(samples.dicom(PIXELS, BitsStored=12, **attributes))


SPACINGS = [
    # what the file says, what may be claimed
    ({}, Spacing()),
    ({"ImagerPixelSpacing": [0.2, 0.1]}, Spacing(0.2, 0.1, "detector")),
    ({"PixelSpacing": [0.2, 0.1]}, Spacing(0.2, 0.1, "detector")),
    ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]}, Spacing(0.2, 0.2, "detector")),
    ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2]}, Spacing(0.1, 0.1, "calibrated")),
    ({"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, Spacing(0.1, 0.1, "calibrated")),
    ({"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "GEOMETRY"}, Spacing(0.1, 0.1, "geometry")),
    ({"PixelSpacing": [0.5, 0.5], "Modality": "CT"}, Spacing(0.5, 0.5, "calibrated")),
    (
        {"ImagerPixelSpacing": [0.2, 0.1], "EstimatedRadiographicMagnificationFactor": 2},
        Spacing(0.1, 0.05, "geometry"),
    ),
    (
        {"ImagerPixelSpacing": [0.2, 0.1], "DistanceSourceToDetector": 1000, "DistanceSourceToPatient": 500},
        Spacing(0.1, 0.05, "geometry"),
    ),
    ({"ImagerPixelSpacing": [0.2, 0.1], "DistanceSourceToDetector": 1000}, Spacing(0.2, 0.1, "detector")),
    (
        {"ImagerPixelSpacing": [0.2, 0.1], "DistanceSourceToDetector": 500, "DistanceSourceToPatient": 1000},
        Spacing(0.2, 0.1, "detector"),
    ),
    ({"NominalScannedPixelSpacing": [0.05, 0.05]}, Spacing(0.05, 0.05, "detector")),
    ({"ImagerPixelSpacing": [0, 0.1]}, Spacing()),
    ({"PixelAspectRatio": [1, 2]}, Spacing()),
]


@pytest.mark.parametrize(("said", "claimed"), SPACINGS)
def test_a_scale_is_never_more_certain_than_the_file(said, claimed):
    assert image(**said).spacing == claimed


POLARITIES = [
    ({"PixelIntensityRelationshipSign": 1}, True),
    ({"PixelIntensityRelationshipSign": -1}, False),
    ({"PixelIntensityRelationshipSign": -1, "PhotometricInterpretation": "MONOCHROME1"}, False),
    ({"PhotometricInterpretation": "MONOCHROME1"}, True),
    ({"PhotometricInterpretation": "MONOCHROME2"}, False),
    ({"Modality": "CT"}, False),
    ({"Modality": "RTIMAGE"}, None),
]


@pytest.mark.parametrize(("said", "rises"), POLARITIES)
def test_polarity(said, rises):
    assert image(**said).rises_with_dose is rises


def test_a_polarity_by_convention_says_so():
    assert any("convention" in warning for warning in image().warnings)
    assert not any("convention" in warning for warning in image(PixelIntensityRelationshipSign=1).warnings)


MEANINGS = [
    ({"PresentationIntentType": "FOR PROCESSING"}, "for-processing"),
    ({"PresentationIntentType": "FOR PRESENTATION"}, "for-presentation"),
    ({"PresentationIntentType": "FOR PROCESSING", "PixelIntensityRelationship": "LOG"}, "log"),
    ({"PresentationIntentType": "FOR PRESENTATION", "PixelIntensityRelationship": "LOG"}, "for-presentation"),
    ({"Modality": "CT"}, "ct-number"),
    ({}, "unknown"),
]


@pytest.mark.parametrize(("said", "meaning"), MEANINGS)
def test_what_the_numbers_mean(said, meaning):
    assert image(**said).meaning == meaning


def test_technique_in_units_and_only_what_the_file_says():
    technique = image(
        KVP=120, XRayTubeCurrent=5, ExposureTime=20, ExposureInuAs=1250, DistanceSourceToDetector=1150,
        FocalSpots=[0.6], ExposureIndex=250.5, TargetExposureIndex=400, DeviationIndex=-2.0, Manufacturer="Maker",
    ).technique  # fmt: skip
    assert technique == {
        "tube_voltage_kv": 120, "tube_current_ma": 5, "exposure_time_ms": 20, "exposure_mas": 1.25,
        "source_detector_mm": 1150, "focal_spot_mm": 0.6, "exposure_index": 250.5, "target_exposure_index": 400,
        "deviation_index": -2,
    }  # fmt: skip


def test_exact_exposure_wins_over_rounded():
    assert image(ExposureInuAs=1250, Exposure=1).technique["exposure_mas"] == 1.25
    assert image(XRayTubeCurrentInuA=2500, XRayTubeCurrent=3).technique["tube_current_ma"] == 2.5


def test_words_of_the_image():
    read = image(
        ViewPosition="PA", ImageLaterality="L", SeriesDescription="Chest", BodyPartExamined="CHEST",
        AcquisitionDate="20260203", AcquisitionTime="101530.25", Manufacturer="Maker", StationName="R1",
    )  # fmt: skip
    assert (read.view, read.description, read.body_part) == ("L PA", "Chest", "CHEST")
    assert read.acquired_at == "2026-02-03T10:15:30.25"
    assert read.machine == {"manufacturer": "Maker", "station": "R1"}
    assert (read.subject_id, read.subject_name, read.image_uid) == ("W-17", "Weld^Test", "1.2.3.4.5")


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ({"AcquisitionDateTime": "20260203101530.5+0100"}, "2026-02-03T10:15:30.5+01:00"),
        ({"AcquisitionDateTime": "202602031015"}, "2026-02-03T10:15:00"),
        ({"ContentDate": "20260203"}, "2026-02-03"),
        ({"StudyDate": "20260203", "StudyTime": "10"}, "2026-02-03T10:00:00"),
        ({}, ""),
    ],
)
def test_when_it_was_acquired(said, moment):
    assert image(**said).acquired_at == moment


def test_diconde_words():
    data = samples.dicom(
        PIXELS, BitsStored=12, EthnicGroup="Ti-6Al-4V", MaterialThickness=12.5, MaterialGrade="5",
        ComponentManufacturer="Forge", PatientSex="O",
    )  # fmt: skip
    header, read = formats.scan(data), formats.read(data)
    assert (header.format, header.industry_hint) == ("DICONDE", "ndt")
    assert read.technique == {
        "thickness_mm": 12.5, "material": "Ti-6Al-4V", "material_grade": "5", "part_name": "Weld^Test",
        "part_number": "W-17",
    }  # fmt: skip


def test_ethnic_group_of_a_patient_is_no_material():
    data = samples.dicom(PIXELS, BitsStored=12, EthnicGroup="private")
    assert formats.scan(data).industry_hint == "medical"
    assert "material" not in formats.read(data).technique


def test_dicos_is_told_by_its_meta_information():
    ds = samples.data_set(PIXELS, BitsStored=12, ImageType=["ORIGINAL", "HIGH_ENERGY"], Modality="XRAY")
    data = samples.dicom_bytes(ds)
    marked = data[:132] + b"\x02\x00\x04\x00CS\x04\x00V03 " + data[132:]
    assert (formats.scan(marked).format, formats.scan(data).format) == ("DICOS", "DICOM")
    read = formats.read(marked)
    assert (read.plane_kind, read.plane_labels, read.technique["energy"]) == ("energy", ("high",), "high")


def test_functional_groups_give_scale_grey_and_technique():
    measures, values, details = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [0.4, 0.3]
    values.RescaleSlope, values.RescaleIntercept = 2, -1000
    details.KVP = 90
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PixelValueTransformationSequence = Sequence([values])
    shared.CTXRayDetailsSequence = Sequence([details])
    read = image(SharedFunctionalGroupsSequence=Sequence([shared]), Modality="CT")
    assert read.spacing == Spacing(0.4, 0.3, "calibrated")
    assert (read.grey.slope, read.grey.intercept) == (2, -1000)
    assert read.technique["tube_voltage_kv"] == 90


@pytest.mark.parametrize("syntax", [samples.EXPLICIT, samples.IMPLICIT, samples.BIG, samples.DEFLATED])
def test_every_order_gives_the_same_header(syntax):
    said = {
        "SeriesNumber": 3,
        "InstanceNumber": 7,
        "StudyDate": "20260203",
        "StudyTime": "101530",
        "AccessionNumber": "A1",
    }
    header = formats.scan(samples.dicom(PIXELS, syntax, BitsStored=12, **said))
    assert (header.series_number, header.image_number, header.accession) == (3, 7, "A1")
    assert (header.exam_date, header.exam_time) == ("2026-02-03", "10:15:30")
    assert (header.rows, header.columns, header.planes, header.bits) == (8, 12, 1, 12)
    assert header.sop_class_name == "Digital X-Ray Image Storage - For Presentation"


def test_missing_identifiers_are_derived_from_the_bytes():
    data = samples.dicom(PIXELS, BitsStored=12, StudyInstanceUID=None, SeriesInstanceUID=None)
    header = formats.scan(data)
    assert header.exam_uid.startswith("2.25.") and header.series_uid.startswith("2.25.")
    assert header == formats.scan(data)
    assert len(header.warnings) == 2


def test_broken_numbers_and_dates_cost_a_warning_not_the_file():
    data = samples.dicom(PIXELS, BitsStored=12, KVP="120", StudyDate="20260203")
    data = data.replace(b"DS\x04\x00120 ", b"DS\x04\x00abc ").replace(b"20260203", b"2026-feb")
    read = formats.read(data)
    assert "tube_voltage_kv" not in read.technique
    assert any("'abc'" in warning for warning in read.warnings)
    assert formats.scan(data).exam_date == ""


@pytest.mark.parametrize("name", ["x.dcm", "x.dcs", "x.DCM", "x", "IM0001", "x.img"])
def test_names_that_do_not_contradict_the_bytes(name):
    assert formats.scan(samples.dicom(PIXELS, BitsStored=12), name).format == "DICOM"


def test_a_directory_and_an_empty_object_say_what_they_are():
    directory = next(path for path in samples.pydicom_files() if path.name == "DICOMDIR").read_bytes()
    with pytest.raises(Unreadable, match="Media Storage Directory Storage, an object without pixels"):
        formats.read(directory)


def test_slope_zero_does_not_blank_the_image():
    read = image(RescaleSlope=0, RescaleIntercept=5)
    assert read.grey.slope == 1
    assert any("slope" in warning for warning in read.warnings)


def test_padding_keeps_its_sign():
    signed = samples.ramp(dtype="i2")
    data = samples.data_set(signed, BitsStored=12)
    data.add_new(0x00280120, "SS", -2000)
    assert formats.read(samples.dicom_bytes(data)).padding_value == -2000
    assert image().padding_value is None


def test_pixels_longer_than_promised_are_cut_with_a_warning():
    data = samples.data_set(PIXELS, BitsStored=12)
    data.PixelData += b"\0" * 64
    read = formats.read(samples.dicom_bytes(data))
    np.testing.assert_array_equal(read.pixels, PIXELS)
    assert any("longer" in warning for warning in read.warnings)
