"""Grades of a casting that a person has seen beside licensed reference images: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.judge.quality_reading import QUANTITIES, read
from kerma.science.judge.reference_image import Inspected, Slot, compare, grade
from kerma.science.results import Measurement, NotMeasurable, Verdict
from kerma.standards import table

MAX_GRADES = 50
MAX_LETTERS = 200


@dataclass(frozen=True)
class Graded:
    """What a person has seen of one kind of discontinuity beside a reference image; grades count from 1, 0 is none."""

    reference_id: int
    found: int
    allowed: int
    """The grade that the drawing allows."""
    alloy: str
    cnr: float | None = None
    """Contrast-to-noise ratio of the inspected image, measured as on the reference image."""
    finding_ids: tuple[str, ...] = ()


Reference = Mapping[str, Any]
"""A row of ``reference_image``."""


def slot_of(row: Reference) -> Slot:
    """Return the slot of a row of ``reference_image``."""
    return Slot(
        row["image_set"], row["volume"], row["discontinuity"], row["plate_thickness_mm"], row["licence"],
        row["srb_um"], row["cnr"],
    )  # fmt: skip


def named(row: Reference) -> str:
    """Return what a picture of a reference image is labelled with: set, kind, grade, licence."""
    shown = table(f"{row['image_set']}/reference_images").title.partition(",")[0]
    plate = f", plate {row['plate_thickness_mm']:g} mm" if row["plate_thickness_mm"] else ""
    kind = str(row["discontinuity"]).replace("-", " ")
    return f"{shown}, {kind}{plate}, grade {row['grade']}, licence {row['licence']} ({row['licence_holder']})"


def check_grades(grades: Sequence[Graded], references: Mapping[int, Reference]) -> None:
    """Check that every reference image named is one in force, and each kind is graded once.

    Raises
    ------
    WrongUsage
        One is not, a kind is graded twice, or there are far too many.
    """
    if len(grades) > MAX_GRADES:
        raise WrongUsage(f"{len(grades)} grades at once are beyond the limit of {MAX_GRADES}")
    kinds = []
    for one in grades:
        if one.reference_id not in references:
            there = "`kerma rules references` lists them"
            raise WrongUsage(f"there is no reference image {one.reference_id} in force; {there}")
        if len(one.alloy) > MAX_LETTERS:
            raise WrongUsage(f"the alloy has {len(one.alloy)} letters; keep it within {MAX_LETTERS}")
        kinds.append(references[one.reference_id]["discontinuity"])
    twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if twice:
        raise WrongUsage(f"'{twice}' is graded twice: give the gravest grade that was seen of it")


def grade_verdicts(
    grades: Sequence[Graded],
    references: Mapping[int, Reference],
    told: Mapping[str, Any],
    readings: tuple[Sequence[Measurement | NotMeasurable], Mapping[str, float]],
    confirmed: Collection[str],
) -> tuple[Verdict, ...]:
    """Return a verdict for every kind graded: severity found against severity allowed, or every reason why not.

    Parameters
    ----------
    told : what is known of the part and technique: thickness_mm, tube_voltage_kv
    readings : what was measured on the images, and what a person has read
    """
    known = {row["quantity"] for row in table(QUANTITIES)} | {row["entry"] for row in table(QUANTITIES)}
    srb = read(readings[0], {key: value for key, value in readings[1].items() if key in known}).of("srb_um").value
    verdicts = []
    for one in grades:
        inspected = Inspected(one.alloy, _number(told, "thickness_mm"), _number(told, "tube_voltage_kv"), srb, one.cnr)
        comparison = compare(inspected, slot_of(references[one.reference_id]), confirmed)
        verdicts.append(grade(comparison, one.found, one.allowed, one.finding_ids))
    return tuple(verdicts)


def _number(told: Mapping[str, Any], name: str) -> float | None:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
