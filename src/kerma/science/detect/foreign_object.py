"""Foreign object: what takes radiation where, in good parts, nothing does."""

from __future__ import annotations

import math

from kerma.errors import WrongUsage
from kerma.science.detect.laying import limit
from kerma.science.detect.part_reference import VERSION as REFERENCE_VERSION
from kerma.science.detect.part_reference import Reference
from kerma.science.detect.subtraction import Deviation, Difference, deviations, difference, least_z, placed
from kerma.science.imaging.image import Image
from kerma.science.results import By, Finding

VERSION = f"1.{REFERENCE_VERSION}"
LABEL = "foreign-object"
MOST_FINDINGS = 50


def detect(
    image: Image, *, reference: Reference, plane: int = 0, contrast_percent: float | None = None,
    area_mm2: float | None = None, area_px: float | None = None,
) -> tuple[Finding, ...]:  # fmt: skip
    """Return what is in the picture and not in good parts, strongest first, at most 50.

    It must take at least ``contrast_percent`` of the signal, stand out of the scatter of good parts, and be at least
    ``area_mm2`` large (``area_px`` where there is no scale); limits stand in ``kerma_findings/golden_part``.
    ``score`` = z / (z + threshold).

    Raises
    ------
    WrongUsage
        It is not known which way the values run, or the image cannot be compared with the reference.
    """
    if image.rises_with_dose is None:
        raise WrongUsage(
            "it is not known whether brighter means more radiation, so nothing can be said to be in the way: say "
            "rises_with_dose beside the file"
        )
    found = difference(image, reference, plane)
    least = least_z(found)
    asked = {"contrast_percent": contrast_percent, "area_mm2": area_mm2, "area_px": area_px}
    seen = [one for one in deviations(found, least) if is_foreign(image, one, found, **asked)]
    numbered = enumerate(seen[:MOST_FINDINGS], start=1)
    return tuple(finding(image, plane, number, (one, found), least) for number, one in numbered)


def is_foreign(
    image: Image, one: Deviation, found: Difference, *, contrast_percent: float | None = None,
    area_mm2: float | None = None, area_px: float | None = None,
) -> bool:  # fmt: skip
    """Return whether an area that differs is something in the way: it takes enough of the signal and is large enough.

    It must be known which way the values of the image run.
    """
    contrast = (limit("foreign_percent") if contrast_percent is None else contrast_percent) / 100
    smallest = _smallest_px(image, area_mm2, area_px)
    return one.z_score < 0 and _taken(one, found) >= contrast and one.area.area_px >= smallest


def _taken(one: Deviation, found: Difference) -> float:
    """Return the share of the signal that is taken; of a picture for showing, that of its range."""
    return -math.expm1(one.difference) if found.is_logarithmic else -one.difference


def _smallest_px(image: Image, area_mm2: float | None, area_px: float | None) -> float:
    step = image.spacing
    if step.row_mm is None or step.column_mm is None or (area_px is not None and area_mm2 is None):
        return limit("foreign_area_px") if area_px is None else area_px
    smallest_mm2 = limit("foreign_area_mm2") if area_mm2 is None else area_mm2
    return smallest_mm2 / (step.row_mm * step.column_mm)


def finding(image: Image, plane: int, number: int, seen: tuple[Deviation, Difference], least: float) -> Finding:
    """Return one area as a finding; ``least`` is the limit in standard deviations."""
    one, found = seen
    at = placed(one.area, found, image)
    strength = abs(one.z_score)
    return Finding(
        id=f"foreign_object-{plane}-{number}",
        code=LABEL,
        label=LABEL,
        box=at.box,
        by=By("algorithm", "foreign_object", VERSION),
        score=strength / (strength + least),
        plane=plane,
        polygon=at.polygon,
        measurements=at.sizes | {"z_score": one.z_score, "contrast_percent": -100 * _taken(one, found)},
    )
