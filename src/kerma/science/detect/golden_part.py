"""Golden part: what differs from several good parts by more than good parts differ among themselves."""

from __future__ import annotations

import math

from kerma.science.detect.part_reference import VERSION as REFERENCE_VERSION
from kerma.science.detect.part_reference import Reference
from kerma.science.detect.subtraction import Deviation, Difference, deviations, difference, least_z, placed
from kerma.science.imaging.image import Image
from kerma.science.results import By, Finding

VERSION = f"1.{REFERENCE_VERSION}"
MOST_FINDINGS = 100
LABELS = {True: "missing-material", False: "extra-material", None: "difference"}
"""Where more radiation comes through than in good parts, less, and where the sense of the values is not known."""


def detect(
    image: Image, *, reference: Reference, plane: int = 0, threshold: float | None = None
) -> tuple[Finding, ...]:
    """Return where one plane differs from good parts, strongest first, at most 100.

    The image is laid on the reference (phase correlation, ECC), grey values are matched by a straight line, and the
    difference of logarithms is divided by the spread of the good parts on five scales. ``threshold`` is in standard
    deviations; without it, it is set for 0.1 false alarms per image of normal noise. ``z_score`` is the peak, signed
    (positive where more radiation comes through); ``score`` = z / (z + threshold). What cannot be compared is refused.
    """
    found = difference(image, reference, plane)
    least = threshold if threshold is not None else least_z(found)
    seen = deviations(found, least)[:MOST_FINDINGS]
    return tuple(finding(image, plane, number, (one, found), least) for number, one in enumerate(seen, start=1))


def finding(image: Image, plane: int, number: int, seen: tuple[Deviation, Difference], least: float) -> Finding:
    """Return one area that differs as a finding; ``least`` is the limit in standard deviations."""
    one, found = seen
    at = placed(one.area, found, image)
    passes_more = None if image.rises_with_dose is None else one.z_score > 0
    strength = abs(one.z_score)
    measured = {"z_score": one.z_score}
    if found.is_logarithmic:
        measured["contrast_percent"] = 100 * math.expm1(one.difference)
    return Finding(
        id=f"golden_part-{plane}-{number}",
        code=LABELS[passes_more],
        label=LABELS[passes_more],
        box=at.box,
        by=By("algorithm", "golden_part", VERSION),
        score=strength / (strength + least),
        plane=plane,
        polygon=at.polygon,
        measurements=at.sizes | measured,
    )
