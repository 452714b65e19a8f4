"""Judging an exam anew, by what a person says of it: pure. The rules themselves are ``kerma.science.judge``."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kerma.areas.review.rules_findings import Document, standing
from kerma.areas.review.rules_quality import QualityBasis, checked_entries, quality_of, readings_of
from kerma.areas.review.rules_reference import Graded, Reference, grade_verdicts
from kerma.errors import WrongUsage
from kerma.science.analysis import SITE_WITHOUT, SiteRules
from kerma.science.imaging.image import Spacing
from kerma.science.judge import Conditions, Evidence, Pack, judge_images, propose
from kerma.science.judge.corrective import advised
from kerma.science.judge.decide import NONE
from kerma.science.judge.disposition import PLACES, REGIMES, dispositions
from kerma.science.judge.facts import facts_of
from kerma.science.results import Verdict

LENGTHS = ("thickness_mm", "weld_length_mm", "weld_width_mm", "outside_diameter_mm")
NUMBERS = (*LENGTHS, "joint_coefficient")
TRAVEL: Mapping[str, Collection[str]] = {"regime": REGIMES, "place": PLACES}
"""Whose list of prohibited articles holds, and where the object travels (security), with the words there are."""
WORDS = (*TRAVEL, "part", "axis", "facts", "welder", "lot", "owner")
AXES = ("", "column", "row")
MAX_STAGE = 9
MAX_WORD_LETTERS = 400
READER = "person"
"""What stands among the detectors where a person has looked at every image."""

Judged = dict[str, Any]
"""``verdicts``, ``quality``, ``decision_proposed``, ``decision_reason`` and ``notes``."""


@dataclass(frozen=True)
class Asked:
    """What a person judges an exam by."""

    conditions: Mapping[str, float | str] = field(default_factory=dict)
    """By name: the numbers of ``NUMBERS``, ``extension_stage``, and the words of ``WORDS``; they go before what the
    images say of their technique."""
    quality: Mapping[str, float | str] = field(default_factory=dict)
    """What was planned and read of image quality: standard, class, source; the wire or hole seen, the density …"""
    grades: Sequence[Graded] = ()
    """What a person has seen of a casting beside licensed reference images."""
    looked_at_all: bool = False
    """Whether the person says to have looked at every image, so that what no detector searched is looked at."""


def checked(asked: Asked, industry: str) -> Asked:
    """Return what was asked once every condition makes sense.

    Raises
    ------
    WrongUsage
        A condition is unknown or no number above 0; the message names it.
    """
    for name, value in asked.conditions.items():
        if name in NUMBERS:
            _check_number(name, value)
        elif name == "extension_stage":
            if value not in range(MAX_STAGE + 1):
                raise WrongUsage(f"extension_stage is {value}; it counts extensions, from 0 to {MAX_STAGE}")
        elif name not in WORDS:
            every = ", ".join((*NUMBERS, "extension_stage", *WORDS))
            raise WrongUsage(f"'{name[:64]}' is no condition; there are {every}")
        elif not isinstance(value, str) or len(value) > MAX_WORD_LETTERS or not value.isprintable():
            raise WrongUsage(f"{name} must be a text of at most {MAX_WORD_LETTERS} letters on one line")
    if asked.conditions.get("axis", "") not in AXES:
        raise WrongUsage("axis is 'column' where the weld runs from left to right, 'row' where it runs down")
    for name, known in TRAVEL.items():
        if asked.conditions.get(name, "") not in ("", *known):
            raise WrongUsage(f"{name} is '{asked.conditions[name]}'; it is {' or '.join(known)}")
    facts_of(str(asked.conditions.get("facts", "")))
    checked_entries(asked.quality, industry)
    return asked


@dataclass(frozen=True)
class Basis:
    """What an exam is judged by beside what a person says of it: its industry's tables, and the pack."""

    industry: str
    quality: str
    """Whose rules of image quality hold; "" where none are judged."""
    decision_table: str
    pack: Pack | None
    """None where nothing is judged by clause."""
    references: Mapping[int, Reference] = field(default_factory=dict)
    """The licensed reference images in force."""
    site: SiteRules = SITE_WITHOUT
    """What the site has settled beyond its industry's plan; the pack beside it is the one to judge by."""


def judge(document: Document, basis: Basis, asked: Asked) -> Judged:
    """Judge an exam's standing findings and its image quality under the conditions given, and propose a decision.

    Parameters
    ----------
    document : the analysis with people's findings laid over; a finding marked ``dismissed`` is not judged
    """
    pack = basis.pack
    images = [(standing(image), conditions_of(image, asked)) for image in document["images"]]
    findings = [finding for found, _ in images for finding in found]
    searched = [str(name) for name in document["analysis"].get("detectors", {})]
    is_looked_at = bool(searched or findings or asked.looked_at_all)
    notes: list[str] = []
    verdicts: tuple[Verdict, ...] = ()
    if pack is None and not asked.grades:
        notes.append("no acceptance rules were applied")
    elif pack is not None and is_looked_at:
        verdicts = judge_images(images, pack)
    elif pack is not None:
        notes.append("the rules were not applied: no detector ran, nobody recorded a finding or looked at every image")
    filled = _filled(asked.conditions)
    measured = [one for image in document["images"] for one in readings_of(image)]
    told = {**document.get("technique", {}), **asked.quality, **filled}
    read = {name: float(value) for name, value in asked.quality.items() if isinstance(value, int | float)}
    seen = grade_verdicts(asked.grades, basis.references, told, (measured, read), basis.site.confirmed)
    verdicts = (*advised(verdicts, {**document.get("technique", {}), **filled}), *seen)
    by = QualityBasis(basis.quality, pack.name if pack else None, basis.site.confirmed, basis.site.technique)
    quality = quality_of(document, by, filled, asked.quality)
    if not quality.verdicts:
        notes.append("image quality was not judged")
    evidence = Evidence(findings, verdicts, measured, *_looked_at(document, searched, asked), quality.verdicts,
                        document["analysis"].get("gate", ()), document["analysis"].get("unchecked", ()))  # fmt: skip
    decision, reason = propose(evidence, basis.decision_table)
    given = {name: str(filled[name]) for name in TRAVEL if name in filled}
    travel = replace(basis.site.travel, **given)
    may_be = dispositions(basis.industry, findings, travel=travel, verdicts=verdicts, quality=quality.verdicts)
    return {
        "verdicts": [verdict.as_json() for verdict in verdicts],
        "quality": quality.as_json(),
        "quality_sheet": quality.sheet_json(),
        "dispositions": [one.as_json() for one in may_be],
        "decision_proposed": decision,
        "decision_reason": reason,
        "notes": notes,
    }


def conditions_of(image: Mapping[str, Any], asked: Asked) -> Conditions:
    """Return the conditions of one image: what the person gave, else what the image says of its technique."""
    technique = image.get("technique", {})
    given = {**{name: technique.get(name) for name in (*NUMBERS, "part")}, **_filled(asked.conditions)}
    row_mm, column_mm = image.get("spacing_mm") or (None, None)
    values: dict[str, Any] = {name: _number(given.get(name)) for name in NUMBERS}
    values |= {
        "part": str(given.get("part") or ""),
        "spacing": Spacing(row_mm, column_mm, image.get("spacing_source", "none")),
        "axis": given.get("axis") or ("row" if technique.get("weld_axis") == "row" else "column"),
        "extension_stage": int(given.get("extension_stage") or 0),
        "facts": facts_of(str(given.get("facts", ""))),
    }
    return Conditions(**values)


MORE_IMAGES = "Images have come since a person judged this exam"
OTHER_GOODS = "What is declared of the load has changed since a person judged this exam"
OTHER_BASIS = "A person judged this exam on other findings of software than are shown here"


def outdated(document: Document, version: int, why: str = MORE_IMAGES) -> Document:
    """Return an analysis over which only a judgement of something else lies: it proposes nothing until judged anew."""
    reason = f"{why} (version {version}): judge it again."
    warnings = [reason, *document.get("warnings", [])]
    return {**document, "decision_proposed": NONE, "decision_reason": reason, "warnings": warnings}


def _looked_at(document: Document, searched: Sequence[str], asked: Asked) -> tuple[list[str], list[str]]:
    """Return who or what has searched the exam, and what nothing has searched."""
    if asked.looked_at_all:
        return [*searched, READER], []
    unsearched = document["analysis"].get("unsearched")
    if unsearched is None:
        return list(searched), ["it is not on record what this analysis has searched"]
    if not searched and not unsearched:
        return [], ["no detector ran, and nobody has said to have looked at every image"]
    return list(searched), list(unsearched)


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        unit = " mm" if name in LENGTHS else ""
        raise WrongUsage(f"{name} is {str(value)[:32]}{unit}; give a number above 0, or leave it out")


def _filled(conditions: Mapping[str, float | str]) -> dict[str, float | str]:
    return {name: value for name, value in conditions.items() if value != ""}


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value > 0 else None  # type: ignore[operator, arg-type]


def count_standing(document: Document) -> dict[str, int]:
    """Return how many findings stand and how many are dismissed, for a person and for the ledger."""
    every: list[Mapping[str, Any]] = [one for image in document["images"] for one in image["findings"]]
    dismissed = sum("dismissed" in one for one in every)
    return {"standing": len(every) - dismissed, "dismissed": dismissed}
