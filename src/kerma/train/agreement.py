"""How much the other view weighs: fitted on calibration bags, and what it gains on bags that were held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kerma.science.detect.learned_finding import calibrated
from kerma.science.detect.view_agreement import SUPPORT, VIEWS, supported, together
from kerma.science.observer.bootstrap import group_weights, interval
from kerma.science.observer.cases import Case
from kerma.science.observer.froc import operating_point, sensitivity_at
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool

CENTRE = Criterion("centre")
FIRST_ROW, LAST_ROW = "bag_first_row_px", "bag_last_row_px"
"""Measurements of a mark in training: from which to which row its bag reaches."""
FALSE_PER_BAG = (0.2, 0.5, 1.0, 2.0, 4.0)
LEAST_MARKS = 20
RIDGE = 1e-2
RESAMPLES = 200


def supported_cases(cases: Sequence[Case], card: Mapping[str, Any]) -> list[Case]:
    """Return the cases of bags with two views, scores calibrated as the card says, each mark with its support."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.group, []).append(case)
    found = []
    for pair in groups.values():
        if len(pair) != VIEWS:
            continue
        marks = [[replace(mark, score=calibrated(mark.score or 0.0, card)) for mark in case.marks] for case in pair]
        rows = [_rows(case) for case in pair]
        found += [replace(case, marks=new) for case, new in zip(pair, supported(marks, rows), strict=True)]
    return found


def _rows(case: Case) -> tuple[float, float]:
    if not case.marks:
        return 0.0, 1.0
    told = case.marks[0].measurements
    return told[FIRST_ROW], told[LAST_ROW]


def fitted(cases: Sequence[Case], false_per_image: float) -> dict[str, float] | None:
    """Return how score and support make one score (logistic), with its operating point; None: too few marks.

    Parameters
    ----------
    cases : from :func:`supported_cases`
    false_per_image : false marks per view at the operating point
    """
    pooled = pool(cases, CENTRE)
    right = pooled.is_true
    if right.size < LEAST_MARKS or right.all() or not right.any():
        return None
    share = np.clip(pooled.scores, 1e-6, 1 - 1e-6)
    support = np.array([cases[case].marks[mark].measurements[SUPPORT] for case, mark in pooled.mark_at])
    inputs = np.column_stack([np.ones(share.size), np.log(share / (1 - share)), support])
    weights = np.array([0.0, 1.0, 0.0])
    for _ in range(60):
        predicted = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (predicted - right) + RIDGE * (weights - (0.0, 1.0, 0.0))
        curvature = (inputs * (predicted * (1 - predicted))[:, None]).T @ inputs + RIDGE * np.eye(3)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:
            break
    how = {"shift": float(weights[0]), "score": float(weights[1]), "support": float(weights[2])}
    point = operating_point(pool(combined(cases, how), CENTRE), false_per_image)
    return None if point is None else how | {"threshold": round(point.threshold, 4)}


def combined(cases: Sequence[Case], how: Mapping[str, Any]) -> list[Case]:
    """Return the cases with the scores of both views together, the surest mark first."""
    found = []
    for case in cases:
        marks = [replace(mark, score=together(mark, how)) for mark in case.marks]
        found.append(replace(case, marks=tuple(sorted(marks, key=lambda mark: -(mark.score or 0.0)))))
    return found


def gain(cases: Sequence[Case], how: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the share of threats found at so many false marks per bag: views alone, both together, and the gain.

    A threat counts in each view for itself. The 95 % interval of the gain is from drawing whole bags again and again.
    """
    alone, both = pool(cases, CENTRE), pool(combined(cases, how), CENTRE)
    rates = [rate / VIEWS for rate in FALSE_PER_BAG]
    one, two = sensitivity_at(alone, rates), sensitivity_at(both, rates)
    weights = group_weights([case.group for case in cases], RESAMPLES)
    spread = np.array([sensitivity_at(both, rates, row) - sensitivity_at(alone, rates, row) for row in weights])
    rows = []
    for number, rate in enumerate(FALSE_PER_BAG):
        between = interval(spread[:, number])
        rows.append({
            "false_per_bag": rate, "views_alone": round(float(one[number]), 3),
            "both_views": round(float(two[number]), 3), "gain": round(float(two[number] - one[number]), 3),
            "interval": [round(value, 3) for value in between] if between else None,
        })  # fmt: skip
    return rows
