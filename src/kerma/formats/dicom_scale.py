"""Pixel spacing of a DICOM image with where it comes from; never more certain than the file is (PS3.3 10.7)."""

from __future__ import annotations

import math

from kerma.formats.dicom_data import DataSet
from kerma.science.imaging.image import Spacing, SpacingSource

_CROSS_SECTIONS = frozenset(["CT", "MR", "PT", "NM", "RTDOSE", "TG"])
_CALIBRATIONS: dict[str, SpacingSource] = {"FIDUCIAL": "calibrated", "GEOMETRY": "geometry"}
_NEAR = 1e-4


def spacing_of(data: DataSet, modality: str) -> Spacing:
    """Return the distance between pixel centres and its source.

    Pixel Spacing counts as an object size only when the file says how it was calibrated, when it differs from the
    detector's, or in a cross-section; Imager Pixel Spacing is at the detector and becomes one at the object only when
    the file gives the magnification.
    """
    pixel = _pair(_measures(data), 0x00280030)
    imager = _imager(data)
    if pixel and modality in _CROSS_SECTIONS:
        return Spacing(*pixel, "calibrated")
    calibration = _CALIBRATIONS.get(data.code(0x00280A02))
    if pixel and calibration:
        return Spacing(*pixel, calibration)
    if pixel and imager and not _is_near(pixel, imager):
        # PS3.3 10.7.1.3: values that differ have been corrected for magnification or calibrated.
        data.warnings.append("Pixel Spacing differs from Imager Pixel Spacing without saying how it was calibrated")
        return Spacing(*pixel, "calibrated")
    at_detector = imager or pixel or _pair(data, 0x00182010)
    if not at_detector:
        return _aspect_only(data)
    if pixel and not imager:
        data.warnings.append("Pixel Spacing without calibration is taken as at the detector")
    factor = magnification_of(data)
    if factor is not None and factor > 1 + _NEAR:
        return Spacing(at_detector[0] / factor, at_detector[1] / factor, "geometry")
    return Spacing(*at_detector, "detector")


def magnification_of(data: DataSet) -> float | None:
    """Return the geometric magnification the file states, or that of its distances; None when it is silent."""
    stated = data.number(0x00181114)
    if stated is not None and stated >= 1:
        return stated
    detector_mm, object_mm = data.number(0x00181110), data.number(0x00181111)
    if detector_mm and object_mm and detector_mm > object_mm > 0:
        return detector_mm / object_mm
    return None


def detector_spacing_of(data: DataSet) -> tuple[float, float] | None:
    """Return the pixel pitch at the detector in mm, row then column, when the file has it."""
    return _imager(data)


def _imager(data: DataSet) -> tuple[float, float] | None:
    properties = data.first(0x52009229, 0x00289443)
    # Imager Pixel Spacing; in a shared functional group; Image Plane Pixel Spacing of RT images (PS3.3 C.8.8.2).
    return _pair(data, 0x00181164) or _pair(properties, 0x00181164) or _pair(data, 0x30020011)


def _measures(data: DataSet) -> DataSet:
    if 0x00280030 in data:
        return data
    for groups in (0x52009229, 0x52009230):
        measures = data.first(groups, 0x00289110)
        if 0x00280030 in measures:
            return measures
    return data


def _pair(data: DataSet, tag: int) -> tuple[float, float] | None:
    numbers = data.numbers(tag)
    if len(numbers) < 2 or not all(math.isfinite(number) and number > 0 for number in numbers[:2]):
        return None
    return numbers[0], numbers[1]


def _is_near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a - b) <= _NEAR * b for a, b in zip(one, other, strict=True))


def _aspect_only(data: DataSet) -> Spacing:
    aspect = data.numbers(0x00280034)
    if len(aspect) == 2 and aspect[0] != aspect[1]:
        data.warnings.append(f"pixels are not square (aspect {aspect[0]:g}:{aspect[1]:g}) but their size is unknown")
    return Spacing()
