"""Pilots: what is agreed beforehand, how an exam counts, and whether the limits are reached. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerma.areas.flagging.model import SHADOW, ModelRow
from kerma.errors import Conflict, WrongUsage

FEWEST_EXAMS, MOST_EXAMS = 10, 100_000
MOST_MACHINES = 50
MOST_LISTED = 500
SEED = 1
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Terms:
    """What is agreed before a pilot begins."""

    planned_exams: int
    least_sensitivity: float
    """Share of the findings of readers that the model must mark."""
    most_false_per_exam: float
    """Marks of the model at places where no reader found anything."""
    machines: Sequence[str] = field(default_factory=tuple)
    """Names of machines as control charts have them; empty: every one."""


def demand_terms(terms: Terms, row: ModelRow) -> None:
    """Refuse terms that decide nothing, and a model that is not on trial.

    Raises
    ------
    WrongUsage, Conflict
        The message says what is wrong.
    """
    if row.state != SHADOW:
        raise Conflict(
            f"{row.name} {row.version} is {row.state}: put it into shadow first, a pilot compares in silence"
        )
    if not FEWEST_EXAMS <= terms.planned_exams <= MOST_EXAMS:
        raise WrongUsage(f"a pilot of {terms.planned_exams} exams: plan {FEWEST_EXAMS} to {MOST_EXAMS}")
    if not 0 < terms.least_sensitivity <= 1:
        raise WrongUsage(f"a least sensitivity of {terms.least_sensitivity:g} decides nothing; give above 0 to 1")
    if not (math.isfinite(terms.most_false_per_exam) and terms.most_false_per_exam >= 0):
        raise WrongUsage(f"{terms.most_false_per_exam:g} false marks per exam are no limit; give 0 or more")
    if len(terms.machines) > MOST_MACHINES or any(not one.strip() for one in terms.machines):
        raise WrongUsage(f"name up to {MOST_MACHINES} machines, as control charts have them, or none for all")


def exam_of(runs: Sequence[Row], answers: Sequence[Row]) -> dict[str, Any]:
    """Return how a decided exam counts for a model: found, missed, false marks, and where the two differ.

    Parameters
    ----------
    runs : what the model marked on the images of the exam
    answers : what readers said to it, or found without it
    """
    by_image: dict[str, list[Row]] = {}
    for one in answers:
        by_image.setdefault(str(one["image_sha256"]), []).append(one)
    found = missed = false_marks = 0
    differ: list[dict[str, Any]] = []
    for run in runs:
        own = by_image.get(run["image_sha256"], [])
        seen = [one for one in own if one["answer"] == "accepted"]
        overlooked = [one for one in own if one["answer"] == "missed"]
        found += len({str(one["finding"]["id"]) for one in seen})
        missed += len(overlooked)
        differ += [_told("missed", run, one["finding"]) for one in overlooked]
        marked = {_place(one["mark"]) for one in seen if one.get("mark")}
        alone = [mark for mark in run["findings"] if _place(mark) not in marked]
        false_marks += len(alone)
        differ += [_told("false", run, mark) for mark in alone]
    return {"found": found, "missed": missed, "false_marks": false_marks, "disagreements": differ}


def _place(mark: Row) -> tuple[Any, ...]:
    return (mark["label"], mark.get("plane", 0), *mark["box"])


def _told(kind: str, run: Row, finding: Row) -> dict[str, Any]:
    told = {"kind": kind, "image_sha256": run["image_sha256"], "label": finding["label"], "box": finding["box"]}
    return told | {"score": finding.get("score")}


def result_of(terms: Row, exams: Sequence[Row]) -> dict[str, Any]:
    """Return what a pilot has come to: figures with 95 % intervals, limits, and whether they are reached.

    Intervals are by resampling exams. ``reached`` needs all planned exams, something that readers found, and both
    figures within their limits; ``is_sure`` also that both intervals are.
    """
    sensitivity, within = _sensitivity(exams)
    false_marks, between = _false_marks(exams)
    is_complete = len(exams) >= terms["planned_exams"]
    low, high = within[0] if within else None, between[1] if between else None
    is_sensitive = sensitivity is not None and sensitivity >= terms["least_sensitivity"]
    is_quiet = false_marks is not None and false_marks <= terms["most_false_per_exam"]
    is_sure = low is not None and high is not None and low >= terms["least_sensitivity"]
    reached = is_complete and is_sensitive and is_quiet
    listed = [{"exam_pk": exam["exam_pk"], **one} for exam in exams for one in exam["disagreements"]]
    return {
        "exams": len(exams),
        "planned_exams": terms["planned_exams"],
        "found": sum(exam["found"] for exam in exams),
        "missed": sum(exam["missed"] for exam in exams),
        "false_marks": sum(exam["false_marks"] for exam in exams),
        "sensitivity": sensitivity,
        "sensitivity_interval": within,
        "least_sensitivity": terms["least_sensitivity"],
        "false_per_exam": false_marks,
        "false_per_exam_interval": between,
        "most_false_per_exam": terms["most_false_per_exam"],
        "by_machine": _by_machine(exams),
        "is_complete": is_complete,
        "reached": reached,
        "is_sure": bool(reached and is_sure and high is not None and high <= terms["most_false_per_exam"]),
        "why": _why(terms, len(exams), sensitivity, false_marks),
        "disagreements": listed[:MOST_LISTED],
        "disagreements_in_all": len(listed),
    }


def _why(terms: Row, exams: int, sensitivity: float | None, false_marks: float | None) -> list[str]:
    """Return in words what is not reached (yet)."""
    told = []
    if exams < terms["planned_exams"]:
        told.append(f"{exams} of {terms['planned_exams']} planned exams are decided")
    if sensitivity is None:
        told.append("readers have found nothing yet, so no sensitivity can be told")
    elif sensitivity < terms["least_sensitivity"]:
        told.append(f"sensitivity {sensitivity:.3f} is below {terms['least_sensitivity']:g}")
    if false_marks is not None and false_marks > terms["most_false_per_exam"]:
        told.append(f"{false_marks:.2f} false marks per exam are above {terms['most_false_per_exam']:g}")
    return told


def _sensitivity(exams: Sequence[Row]) -> tuple[float | None, list[float] | None]:
    import numpy as np

    from kerma.science.observer.bootstrap import group_weights, resampled, share_interval

    found, missed = (np.array([exam[key] for exam in exams], dtype=np.float64) for key in ("found", "missed"))
    truths = found + missed
    if not exams or not truths.sum():
        return None, None

    def share(weights: Any) -> float | None:
        total = float((weights * truths).sum())
        return float((weights * found).sum()) / total if total else None

    values = resampled(share, group_weights([str(exam["exam_pk"]) for exam in exams], seed=SEED))
    within = share_interval(values, int(np.count_nonzero(truths)))
    return float(found.sum() / truths.sum()), list(within) if within else None


def _false_marks(exams: Sequence[Row]) -> tuple[float | None, list[float] | None]:
    import numpy as np

    from kerma.science.observer.bootstrap import group_weights, interval, resampled

    if not exams:
        return None, None
    false_marks = np.array([exam["false_marks"] for exam in exams], dtype=np.float64)
    if not false_marks.any():
        # Of n exams without any, at most so many per exam are compatible (Poisson, exact): resampling would say 0.
        return 0.0, [0.0, -math.log(0.025) / len(exams)]
    weights = group_weights([str(exam["exam_pk"]) for exam in exams], seed=SEED)
    between = interval(resampled(lambda each: float((each * false_marks).sum() / each.sum()), weights))  # type: ignore[union-attr]
    return float(false_marks.mean()), list(between) if between else None


def _by_machine(exams: Sequence[Row]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for exam in exams:
        row = found.setdefault(exam["machine"], {"machine": exam["machine"], "exams": 0, "found": 0, "missed": 0,
                                                 "false_marks": 0})  # fmt: skip
        row["exams"] += 1
        for key in ("found", "missed", "false_marks"):
            row[key] += exam[key]
    return [found[name] for name in sorted(found)]
