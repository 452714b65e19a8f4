"""Critical results with their deadlines, and recommended follow-up of what was found by the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.judge.disposition import Step, escalation
from kerma.science.physics.table_rows import quantity, row_at
from kerma.science.results import Citation
from kerma.standards import table

LEVELS = "acr_critical_results/levels"
FINDINGS = "acr_critical_results/findings"
NODULES = "fleischner_2017/nodules"
VALIDITY = "fleischner_2017/validity"
INCIDENTAL = "acr_incidental/follow_up"
NODULE_KINDS = ("solid", "part-solid", "ground-glass")
COUNTS = ("single", "multiple")
RISKS = ("low", "high")


@dataclass(frozen=True)
class CriticalResult:
    """How soon a finding must reach the responsible physician, how, and who is told when nobody answers."""

    finding: str
    level: int
    deadline_minutes: float
    words: str
    how: str
    escalation: tuple[Step, ...]
    source: Citation


@dataclass(frozen=True)
class FollowUp:
    """What is recommended; months are from now, None where no follow-up is recommended."""

    words: str
    from_months: float | None
    to_months: float | None
    source: Citation
    counted_size_mm: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nodule:
    """An incidental pulmonary nodule on CT; ``size_mm`` is the mean of its long and short axis."""

    kind: str
    size_mm: float
    count: str = "single"
    risk: str = ""
    solid_part_mm: float | None = None
    patient: Mapping[str, float | bool] = field(default_factory=dict)
    """age_years, has_cancer, is_immunosuppressed: as far as they are known."""


def critical_result(finding: str) -> CriticalResult | None:
    """Return the level of a finding and its deadline; None where the table does not name it: a radiologist decides."""
    named = {row["finding"]: row["level"] for row in table(FINDINGS)}
    if finding not in named:
        return None
    row = row_at(LEVELS, level=named[finding])
    return CriticalResult(
        finding, int(row["level"]), float(row["deadline_minutes"]), row["words"], row["how"],
        escalation(row["category"]), Citation.of(table(FINDINGS), f"level {row['level']}: within {row['within']}"),
    )  # fmt: skip


def nodule_follow_up(nodule: Nodule) -> FollowUp:
    """Return the follow-up of an incidental pulmonary nodule (Fleischner Society, 2017).

    The size is rounded to whole millimetres before the row is chosen. Solid nodules go by the patient's risk.

    Raises
    ------
    WrongUsage
        An unknown kind, count or risk, a size that is no length, or no risk for a solid nodule.
    OutsideTable
        The patient is outside the recommendations' scope.
    """
    _check_nodule(nodule)
    _check_scope(nodule.patient)
    size = _whole(nodule.size_mm)
    risks = (nodule.risk, "any")
    for row in table(NODULES):
        holds = float(row["size_from_mm"]) <= size <= float(row["size_to_mm"] or "inf")
        if holds and (row["kind"], row["count"]) == (nodule.kind, nodule.count) and row["risk"] in risks:
            return _follow_up(row, NODULES, size, _nodule_warnings(nodule))
    raise OutsideTable(f"{NODULES} has no row for {nodule.kind}, {nodule.count}, {nodule.size_mm:g} mm")


def incidental_follow_up(kind: str, size_mm: float) -> FollowUp:
    """Return the follow-up of another incidental finding, such as an abdominal aorta of 42 mm.

    Raises
    ------
    WrongUsage
        An unknown kind, or a size that is no length.
    OutsideTable
        The table has no row for the size.
    """
    kinds = list(dict.fromkeys(row["kind"] for row in table(INCIDENTAL)))
    if kind not in kinds:
        raise WrongUsage(f"follow-up is tabulated for {', '.join((*NODULE_KINDS, *kinds))}; '{kind}' is none of them")
    _check_size(size_mm)
    for row in table(INCIDENTAL):
        if row["kind"] == kind and float(row["size_from_mm"]) <= size_mm < float(row["size_below_mm"] or "inf"):
            return _follow_up(row, INCIDENTAL, size_mm, ())
    raise OutsideTable(f"{INCIDENTAL} has no row for {kind} of {size_mm:g} mm")


def _whole(size_mm: float) -> float:
    """Return a size in whole millimetres; a half goes up."""
    return float(math.floor(size_mm + 0.5))


def _check_size(size_mm: float) -> None:
    if not (math.isfinite(size_mm) and size_mm > 0):
        raise WrongUsage(f"the size is {size_mm:g} mm; give a length above 0 mm")


def _check_nodule(nodule: Nodule) -> None:
    for word, given, known in (("kind", nodule.kind, NODULE_KINDS), ("count", nodule.count, COUNTS)):
        if given not in known:
            raise WrongUsage(f"the {word} of a nodule is {' or '.join(known)}; '{given}' is not")
    _check_size(nodule.size_mm)
    if nodule.kind == "solid" and nodule.risk not in RISKS:
        raise WrongUsage("a solid nodule is followed up by the patient's risk: give risk low or high")
    solid = nodule.solid_part_mm
    if solid is not None and not 0 <= solid <= nodule.size_mm:
        raise WrongUsage(f"a solid part of {solid:g} mm does not fit a nodule of {nodule.size_mm:g} mm")


def _check_scope(patient: Mapping[str, float | bool]) -> None:
    least = quantity(VALIDITY, "least_age_years")
    age = patient.get("age_years")
    if age is not None and float(age) < least:
        raise OutsideTable(f"the recommendations are for people of {least:g} years and above; the patient is {age:g}")
    for key, words in (("has_cancer", "known cancer"), ("is_immunosuppressed", "a suppressed immune system")):
        if patient.get(key):
            raise OutsideTable(f"the recommendations are not for people with {words}: a radiologist decides")


def _nodule_warnings(nodule: Nodule) -> tuple[str, ...]:
    warnings = []
    least = quantity(VALIDITY, "least_age_years")
    if "age_years" not in nodule.patient:
        warnings.append(f"only for people from {least:g} years, without known cancer or a suppressed immune system")
    limit = quantity(VALIDITY, "solid_part_mm")
    if nodule.solid_part_mm is not None and _whole(nodule.solid_part_mm) >= limit:
        warnings.append(f"the solid part is {limit:g} mm or more: highly suspicious")
    return tuple(warnings)


def _follow_up(row: Mapping[str, str], name: str, size: float, warnings: tuple[str, ...]) -> FollowUp:
    months = [float(row[key]) if row[key] else None for key in ("first_from_months", "first_to_months")]
    return FollowUp(row["words"], months[0], months[1], Citation.of(table(name), row["clause"]), size, warnings)


def as_json(result: CriticalResult | FollowUp) -> dict[str, Any]:
    """Return the JSON form of a result."""
    plain = dict(vars(result)) | {"source": result.source.as_json()}
    steps = plain.get("escalation")
    return plain | ({"escalation": [step.as_json() for step in steps]} if steps is not None else {})
