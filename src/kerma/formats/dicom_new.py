"""New DICOM, DICONDE and DICOS objects from an image that no machine made: one object per plane.

Each is a Digital X-Ray object and reads back with the pixels, scale, polarity and technique of the image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kerma import __version__
from kerma.errors import WrongUsage
from kerma.formats import dicos, threat_mark
from kerma.formats.dicom_write import (
    Identity,
    add_identity,
    add_pixels,
    as_words,
    digital_x_ray_data,
    file_bytes,
    plain,
    uid,
    valid_uid,
)
from kerma.formats.threat_mark import ThreatMark
from kerma.science.imaging.image import Image, Spacing

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MADE_AT = datetime(2000, 1, 1, 12, tzinfo=UTC)
"""The time written where the same image must always give the same bytes."""
ORIENTATION = ("L", "F")
"""Columns run to the left of who stands before the detector, rows downwards, as in the scenes of the simulator."""


def write(
    image: Image, form: str, identity: Identity, *, made_at: datetime = MADE_AT, projected: ThreatMark | None = None
) -> tuple[bytes, ...]:
    """Return one file per plane.

    Parameters
    ----------
    image : a grey projection whose pixel spacing is known
    form : a key of :data:`FORMS`
    identity : whose it is; ``exam_uid`` names the exam
    projected : what an image with a projected threat must say of itself

    Raises
    ------
    WrongUsage
        An unknown form, or an image that a Digital X-Ray object cannot hold.
    """
    if form not in FORMS:
        raise WrongUsage(f"there is no form '{form}'; there are {', '.join(FORMS)}")
    if image.is_colour or not image.spacing.is_known:
        raise WrongUsage("a Digital X-Ray object holds grey values of known pixel spacing: write the image as TIFF")
    base = valid_uid(image.image_uid, otherwise=identity.exam_uid)
    is_dicos = form == "dicos"
    files = []
    for number in range(image.planes):
        dataset = FORMS[form](_plane(image, base, number), identity, number + 1, made_at)
        if projected:
            threat_mark.put(dataset, projected, is_dicos=is_dicos)
        files.append(file_bytes(dataset, dicos_version=dicos.VERSION if is_dicos else ""))
    return tuple(files)


def _plane(image: Image, base: str, number: int) -> Image:
    labels = image.plane_labels[number : number + 1]
    name = base if image.planes == 1 else uid(base, f"plane {number}")
    scale = image.technique.get("z_effective_per_stored")
    grey = image.grey
    if labels == ("z-effective",) and isinstance(scale, int | float):
        grey = replace(grey, slope=float(scale))
    return replace(image, pixels=image.pixels[number : number + 1], plane_labels=labels, image_uid=name, grey=grey)


def _diconde(image: Image, identity: Identity, number: int, made_at: datetime) -> Dataset:
    """Add what ASTM E2339 renames and adds: the component, its material and thickness, the image quality indicator."""
    dataset = _digital_x_ray(image, identity, number, made_at)
    dataset.ComponentManufacturer = plain(image.machine.get("manufacturer", "")) or "Kerma"
    _add_known(dataset, image.technique, _COMPONENT)
    return dataset


def _digital_x_ray(image: Image, identity: Identity, number: int, made_at: datetime) -> Dataset:
    at_detector = replace(image, spacing=_detector_spacing(image))
    dataset = digital_x_ray_data(at_detector, identity, number=number, made_at=made_at, orientation=ORIENTATION)
    _add_scale(dataset, image)
    _add_known(dataset, image.technique, _TECHNIQUE)
    if image.plane_labels:
        dataset.SeriesDescription = plain(f"{image.description} {image.plane_labels[0]}")
    return dataset


def _magnification(image: Image) -> float:
    """Return detector size over object size; 1 where the image tells no distances, as in a parallel beam."""
    detector_mm, object_mm = (image.technique.get(key) for key in ("source_detector_mm", "source_object_mm"))
    if isinstance(detector_mm, int | float) and isinstance(object_mm, int | float) and 0 < object_mm <= detector_mm:
        return float(detector_mm / object_mm)
    stated = image.technique.get("magnification")
    return float(stated) if isinstance(stated, int | float) and stated >= 1 else 1.0


def _detector_spacing(image: Image) -> Spacing:
    """Return the spacing at the detector; that of an object is smaller by the magnification."""
    spacing = image.spacing
    if spacing.source == "detector" or spacing.row_mm is None or spacing.column_mm is None:
        return spacing
    factor = _magnification(image)
    return Spacing(spacing.row_mm * factor, spacing.column_mm * factor, "detector")


def _add_scale(dataset: Dataset, image: Image) -> None:
    # PS3.3, 10.7.1.3: Pixel Spacing beside the detector's own says what it was calibrated against
    spacing = image.spacing
    if spacing.source == "detector":
        return
    dataset.PixelSpacing = [f"{spacing.row_mm:.10g}", f"{spacing.column_mm:.10g}"]
    dataset.PixelSpacingCalibrationType = "FIDUCIAL" if spacing.source == "calibrated" else "GEOMETRY"
    dataset.PixelSpacingCalibrationDescription = "As simulated"
    dataset.EstimatedRadiographicMagnificationFactor = f"{_magnification(image):.10g}"


_TECHNIQUE = {
    "source_detector_mm": "DistanceSourceToDetector",
    "source_object_mm": "DistanceSourceToPatient",
    "focal_spot_mm": "FocalSpots",
    "exposure_index": "ExposureIndex",
    "target_exposure_index": "TargetExposureIndex",
    "deviation_index": "DeviationIndex",
}
"""Quantities of the technique and the DICOM attribute that holds each."""
_COMPONENT = {
    "material": "EthnicGroup",
    "thickness_mm": "MaterialThickness",
    "pipe_diameter_mm": "MaterialPipeDiameter",
    "outer_diameter_mm": "OuterDiameter",
    "inner_diameter_mm": "InnerDiameter",
    "iqi_type": "ImageQualityIndicatorType",
    "iqi_material": "ImageQualityIndicatorMaterial",
    "iqi_size": "ImageQualityIndicatorSize",
}
"""Quantities of the component and the attribute that holds each; DICONDE's Material Name is (0010,2160)."""


def _add_known(dataset: Dataset, technique: Mapping[str, float | str], keywords: Mapping[str, str]) -> None:
    for name, keyword in keywords.items():
        value = technique.get(name)
        if isinstance(value, str) and value:
            setattr(dataset, keyword, plain(value, 16))
        elif isinstance(value, int | float):
            setattr(dataset, keyword, f"{value:.10g}")


def _dicos(image: Image, identity: Identity, number: int, made_at: datetime) -> Dataset:
    """Write Digital X-Ray of NEMA IIC 1, version 3, for processing."""
    from pydicom.dataset import Dataset

    dataset = Dataset()
    add_identity(dataset, identity)
    dataset.SOPClassUID = dicos.DX_FOR_PROCESSING
    dataset.SOPInstanceUID = image.image_uid
    dataset.SeriesInstanceUID = valid_uid(image.series_uid, otherwise=f"{identity.exam_uid} series")
    dataset.ImageType = list(dicos.image_type(image.plane_labels[0] if image.plane_labels else ""))
    dataset.PresentationIntentType = "FOR PROCESSING"
    dataset.InstanceNumber = number
    _add_moments(dataset, made_at)
    _add_scan(dataset, image)
    _add_machine(dataset, image)
    words = as_words(image)
    dataset.RescaleIntercept, dataset.RescaleSlope = f"{words.intercept:.10g}", f"{words.slope:.10g}"
    dataset.RescaleType = "US"
    add_pixels(dataset, replace(image, grey=replace(image.grey, is_inverse=False)), words)
    return dataset


def _add_moments(dataset: Dataset, made_at: datetime) -> None:
    made_at = made_at.astimezone(UTC)
    for what in ("InstanceCreation", "Study", "Series", "Content"):
        setattr(dataset, f"{what}Date", made_at.strftime("%Y%m%d"))
        setattr(dataset, f"{what}Time", made_at.strftime("%H%M%S"))
    dataset.DateOfLastCalibration, dataset.TimeOfLastCalibration = dataset.StudyDate, dataset.StudyTime


def _add_scan(dataset: Dataset, image: Image) -> None:
    """Add object of inspection, scan and acquisition: nobody's bag, scanned once, not in operation."""
    dataset.Modality = "XRAY"
    dataset.IssuerOfPatientID, dataset.TypeOfPatientID, dataset.PatientSex = "Kerma", "TEXT", "U"
    dataset.OtherPatientIDsSequence = []
    dataset.DICOSVersion = dicos.VERSION
    dataset.OOIType = "BAGGAGE"
    dataset.AcquisitionStatus = "SUCCESSFUL"
    dataset.ScanType = "NON_OPERATIONAL"
    dataset.BeltHeight = 0.0
    dataset.AlgorithmRoutingCodeSequence = []
    dataset.AcquisitionContextSequence = []
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PixelIntensityRelationship = "LOG" if image.meaning == "log" else "LIN"
    dataset.PixelIntensityRelationshipSign = -1 if image.rises_with_dose is False else 1
    dataset.PresentationLUTShape = "INVERSE" if image.grey.is_inverse else "IDENTITY"
    dataset.ImagePositionPatient = [0, 0, 1]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    if image.description:
        dataset.SeriesDescription = plain(image.description)


def _add_machine(dataset: Dataset, image: Image) -> None:
    machine, technique = image.machine, image.technique
    dataset.Manufacturer = plain(machine.get("manufacturer", "")) or "Kerma"
    dataset.ManufacturerModelName = plain(machine.get("model", "")) or "Simulator"
    dataset.DeviceSerialNumber = plain(machine.get("serial_number", "")) or "simulated"
    dataset.StationName = plain(machine.get("station", ""), 16) or "simulated"
    dataset.InstitutionName, dataset.InstitutionAddress = "unknown", "unknown"
    dataset.InstitutionalDepartmentName = ""
    dataset.SoftwareVersions = f"Kerma {__version__}"
    dataset.add_new(*dicos.IMAGE_ORIGIN, "MACHINE")
    dataset.add_new(*dicos.COORDINATE_SYSTEM, "LHS")
    energy_kev = technique.get("mean_energy_kev")
    dataset.add_new(*dicos.EFFECTIVE_ENERGY, float(energy_kev) if isinstance(energy_kev, int | float) else 0.0)
    dataset.DetectorType = ""
    voltage_kv = technique.get("tube_voltage_kv")
    dataset.KVP = f"{voltage_kv:.10g}" if isinstance(voltage_kv, int | float) else "0"
    current_ma = technique.get("tube_current_ma")
    dataset.XRayTubeCurrentInuA = f"{current_ma * 1000:.10g}" if isinstance(current_ma, int | float) else "0"
    speed = technique.get("belt_speed_mm_s")
    dataset.TableSpeed = float(speed) if isinstance(speed, int | float) else 0.0
    spacing = _detector_spacing(image)
    dataset.ImagerPixelSpacing = [f"{spacing.row_mm:.10g}", f"{spacing.column_mm:.10g}"]
    _add_scale(dataset, image)
    _add_known(dataset, technique, _TECHNIQUE)


FORMS: Mapping[str, Callable[[Image, Identity, int, datetime], Dataset]] = {
    "dicom": _digital_x_ray,
    "diconde": _diconde,
    "dicos": _dicos,
}
"""What an image can be written as."""
