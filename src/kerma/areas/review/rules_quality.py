"""Image quality of an exam, from what was planned, measured and read by a person: pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.image_quality import Quality, judged_quality
from kerma.science.judge.quality import entries_of, reject_reasons_of
from kerma.science.results import Measurement, NotMeasurable

REJECT_REASON = "reject_reason"
PLANNED_WORDS = (
    "technique_standard", "testing_class", "source", "material", "geometry", "detector", "indicator_side", "agreed",
    REJECT_REASON,
)  # fmt: skip
PLANNED_NUMBERS = (
    "focal_spot_mm", "object_detector_mm", "source_detector_mm", "source_object_mm", "tube_voltage_kv",
    "penetrated_thickness_mm", "detector_diagonal_mm", "gap_mm",
)  # fmt: skip
MAX_WORD_LETTERS = 200
Entries = Mapping[str, float | str]


def checked_entries(given: Entries, industry: str) -> None:
    """Check what a person says of the technique and has read of image quality.

    Raises
    ------
    WrongUsage
        A name is unknown, or a number is none; the message names it.
    """
    known = entries_of(industry)
    code, reasons = given.get(REJECT_REASON), reject_reasons_of(industry)
    if code and code not in reasons:
        there = f"there are {', '.join(reasons)}" if reasons else f"there are none in {industry}"
        raise WrongUsage(f"there is no reject reason '{str(code)[:64]}'; {there}")
    for name, value in given.items():
        if name in PLANNED_WORDS:
            if not isinstance(value, str) or len(value) > MAX_WORD_LETTERS or not value.isprintable():
                raise WrongUsage(f"{name} must be a text of at most {MAX_WORD_LETTERS} letters on one line")
        elif name not in known and name not in PLANNED_NUMBERS:
            every = ", ".join((*PLANNED_WORDS, *PLANNED_NUMBERS, *known))
            raise WrongUsage(f"'{name[:64]}' is nothing of image quality; there are {every}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise WrongUsage(f"{name} is '{str(value)[:32]}'; give a number, or leave it out")


@dataclass(frozen=True)
class QualityBasis:
    """By what image quality is judged: whose rules ("" where none are), the pack's table, and what is confirmed."""

    industry: str = ""
    pack: str | None = None
    confirmed: tuple[str, ...] = ()
    """Tables that a Level III of the site has compared with the published edition."""
    technique: Mapping[str, str] = field(default_factory=dict)
    """What the site usually works by; it holds where neither the person nor the image says otherwise."""


def quality_of(document: Mapping[str, Any], basis: QualityBasis, conditions: Entries, given: Entries) -> Quality:
    """Judge the quality of an exam's images by what was planned, measured and read.

    Parameters
    ----------
    conditions, given : what a person says of the part, and of technique and image quality; both go before what the
        images say
    """
    if not basis.industry:
        return Quality()
    known = entries_of(basis.industry)
    read = {name: float(value) for name, value in given.items() if name in known}
    planned = {**conditions, **{name: value for name, value in given.items() if name not in known and value != ""}}
    images = [
        ({**basis.technique, **image.get("technique", {}), **planned}, readings_of(image))
        for image in document["images"]
    ]
    return judged_quality(images, industry=basis.industry, pack=basis.pack, entered=read, confirmed=basis.confirmed)


def readings_of(image: Mapping[str, Any]) -> list[Measurement | NotMeasurable]:
    """Return the measurements of an image of an analysis."""
    return [
        NotMeasurable(one["name"], one["version"], one["not_measurable"])
        if one.get("not_measurable")
        else Measurement(one["name"], one["version"], one["values"], one["method"])
        for one in image["measurements"]
    ]
