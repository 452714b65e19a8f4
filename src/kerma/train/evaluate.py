"""How well trained weights do on simulated radiographs they never saw, and on kinds that training held back."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import KermaError
from kerma.science.detect.bag_channels import content_rows, reading_of
from kerma.science.detect.learned import Network, find, load
from kerma.science.detect.learned_finding import MOST_FINDINGS
from kerma.science.imaging.image import Image
from kerma.science.observer.average_precision import mean_average_precision, pools_of
from kerma.science.observer.bootstrap import group_weights, interval, resampled
from kerma.science.observer.cases import Case, Floats
from kerma.science.observer.froc import operating_point, sensitivity_at
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool
from kerma.science.results import Box, By, Finding
from kerma.science.simulate.things import threat_kinds
from kerma.train.agreement import FIRST_ROW, LAST_ROW
from kerma.train.examples import Example
from kerma.train.families import family_of
from kerma.train.tasks import Task, task_of
from kerma.train.views import FAINTEST

CENTRE = Criterion("centre")
FALSE_PER_IMAGE = 0.5
"""The operating point: the least score that leaves so many false marks per calibration image."""
RATES = (0.1, 0.25, 0.5, 1.0, 2.0)
RESAMPLES = 200
BY = By("algorithm", "simulator")


@dataclass(frozen=True)
class Asked:
    """One example to be marked."""

    task: str
    part: str
    seed: int
    number: int
    folder: Path
    model: Path


def cases_of_one(asked: Asked) -> list[Case]:
    """Return the cases of one number: what is to be found, what is too faint to count, every mark; none when not made.

    All pictures of a number show one thing (the views of a bag): they are one group.
    """
    import cv2

    cv2.setNumThreads(1)
    task = task_of(asked.task)
    family = family_of(task)
    try:
        made = family.examples(task, asked.part, asked.seed, asked.number, asked.folder)
    except (KermaError, ValueError, ArithmeticError):
        return []
    group = f"{asked.part}-{asked.number}"
    rng = np.random.default_rng([asked.seed, asked.number])
    cases = []
    for view, one in enumerate(made):
        shown = family.judged(one, asked.part, rng)
        marks = find(shown, _network(asked.model), threshold=0.0)[:MOST_FINDINGS]
        if len(made) > 1:
            marks = _with_rows(marks, shown)
        truths, ignored = _truths(task, one)
        cases.append(Case(group if len(made) == 1 else f"{group}-{view}", group, truths, marks, ignored))
    return cases


def _with_rows(marks: tuple[Finding, ...], shown: Image) -> tuple[Finding, ...]:
    """Return marks with where their bag begins and ends along the belt: what two views are compared by."""
    first, last = content_rows(reading_of(shown))
    told = {FIRST_ROW: first, LAST_ROW: last}
    return tuple(replace(mark, measurements={**mark.measurements, **told}) for mark in marks)


def _truths(task: Task, one: Example) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return what is to be found in an example, and what counts neither way."""
    truths: list[Finding] = []
    ignored: list[Finding] = []
    for number, flaw in enumerate(one.flaws):
        top, left, bottom, right = flaw.box
        label = task.labels[flaw.label] if flaw.label >= 0 else ""
        sizes = {"detectability": flaw.detectability}
        found = Finding(f"T{number}", "", label, Box(top, left, bottom - top, right - left), BY, measurements=sizes)
        (truths if label and flaw.detectability >= FAINTEST else ignored).append(found)
    return tuple(truths), tuple(ignored)


@functools.cache
def _network(model: Path) -> Network:
    """Return the network as it answers before its scores are calibrated."""
    card = json.loads(model.with_suffix(".json").read_text(encoding="utf-8")) | {"calibration": {}}
    return load(model.read_bytes(), card)


def cases_of(asked: Sequence[Asked], workers: int, until: float) -> list[Case]:
    """Return the cases of many examples, as many as are done by ``until`` (seconds of ``time.monotonic``)."""
    import multiprocessing

    found: list[Case] = []
    pool_of_workers = multiprocessing.get_context("spawn").Pool(max(1, workers))
    try:
        answers = pool_of_workers.imap_unordered(cases_of_one, asked)
        for _ in asked:
            found += answers.next(timeout=max(0.05, until - time.monotonic()))
    except multiprocessing.TimeoutError:
        pass
    finally:
        pool_of_workers.terminate()
    return sorted(found, key=lambda case: case.name)


def calibration(cases: Sequence[Case]) -> dict[str, float]:
    """Return temperature and shift that make the marks' scores the share of them that is right (Platt 1999).

    Marks are right where they found a flaw by their centre, whatever its label.
    """
    pooled = pool(cases, CENTRE)
    right = pooled.is_true
    if right.size < 20 or right.all() or not right.any():
        return {"temperature": 1.0, "shift": 0.0}
    share = np.clip(pooled.scores, 1e-6, 1 - 1e-6)
    inputs = np.column_stack([np.log(share / (1 - share)), np.ones(share.size)])
    slope = np.array([1.0, 0.0])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-inputs @ slope))
        gradient = inputs.T @ (predicted - right) + 1e-3 * (slope - (1.0, 0.0))
        curvature = (inputs * (predicted * (1 - predicted))[:, None]).T @ inputs + 1e-3 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        slope = slope - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return {"temperature": float(1 / max(slope[0], 1e-3)), "shift": float(slope[1])}


def threshold(cases: Sequence[Case]) -> float | None:
    """Return the score of the operating point, not yet calibrated; None where nothing is to be found."""
    found = operating_point(pool(cases, CENTRE), FALSE_PER_IMAGE)
    return found.threshold if found else None


def figures(task: Task, cases: Sequence[Case]) -> dict[str, Any]:
    """Return the figures of one part with their 95 % intervals (whole images drawn again and again)."""
    weights = group_weights([case.group for case in cases], RESAMPLES)
    centred = pool(cases, CENTRE)
    told: dict[str, Any] = {
        "images": len(cases), "flaws": centred.truths,
        "least_detectability": FAINTEST,
    }  # fmt: skip
    for name, least in (("map50", 0.5), ("map30", 0.3)):
        pools = pools_of(cases, task.labels, [least])
        told[name] = _with_interval(lambda row, them=pools: mean_average_precision(them, row), weights)
        told[f"ap{name[3:]}_by_label"] = {
            label: _rounded(mean_average_precision([one])) for label, one in zip(task.labels, pools, strict=True)
        }
    if task.family == "bag":
        told["map50_by_category"] = _by_category(cases, weights)
    place: Callable[[Floats | None], float | None] = lambda row: mean_average_precision([centred], row)  # noqa: E731
    told["ap_centre_any_label"] = _with_interval(place, weights)
    sensitivities = sensitivity_at(centred, RATES)
    spread = [sensitivity_at(centred, RATES, row) for row in weights]
    told["froc"] = [
        {
            "false_per_image": rate, "sensitivity": _rounded(float(value)),
            "interval": _pair(interval(np.array([each[number] for each in spread]))),
        }
        for number, (rate, value) in enumerate(zip(RATES, sensitivities, strict=True))
    ]  # fmt: skip
    told["found_by_detectability"] = _by_detectability(cases, centred.found_at, centred.truth_at)
    return told


def _by_category(cases: Sequence[Case], weights: Floats) -> dict[str, Any]:
    """Return mean average precision at an overlap of 0.5 of the categories of things, and that of each."""
    category = {kind.name: kind.category for kind in threat_kinds()}

    def named(found: Sequence[Finding]) -> tuple[Finding, ...]:
        return tuple(replace(each, label=category.get(each.label, each.label)) for each in found)

    coarse = [replace(case, truths=named(case.truths), marks=named(case.marks)) for case in cases]
    labels = sorted({truth.label for case in coarse for truth in case.truths})
    pools = pools_of(coarse, labels, [0.5])
    told = _with_interval(lambda row: mean_average_precision(pools, row), weights)
    each = {label: _rounded(mean_average_precision([one])) for label, one in zip(labels, pools, strict=True)}
    return {"all": told, "ap": each}


def _by_detectability(cases: Sequence[Case], found_at: Floats, truth_at: NDArray[np.intp]) -> list[dict[str, Any]]:
    """Return the share of flaws found at the operating point, by how well an ideal observer would see them."""
    least = threshold(cases)
    if least is None:
        return []
    seen = np.array([cases[image].truths[place].measurements["detectability"] for image, place in truth_at])
    rows = []
    for low, high in ((FAINTEST, 16.0), (16.0, 32.0), (32.0, 64.0), (64.0, float("inf"))):
        inside = (seen >= low) & (seen < high)
        if inside.any():
            share = float((found_at[inside] >= least).mean())
            rows.append({"from": low, "flaws": int(inside.sum()), "found": _rounded(share)})
    return rows


def _with_interval(figure: Callable[[Floats | None], float | None], weights: Floats) -> dict[str, Any]:
    return {"value": _rounded(figure(None)), "interval": _pair(interval(resampled(figure, weights)))}


def _pair(found: tuple[float, float] | None) -> list[float] | None:
    return [round(value, 3) for value in found] if found else None


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def metrics(task: Task, parts: Mapping[str, Sequence[Case]]) -> dict[str, Any]:
    """Return the figures of every part that has cases."""
    return {part: figures(task, cases) for part, cases in parts.items() if cases}
