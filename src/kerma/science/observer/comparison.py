"""Two detectors on the same images: the difference of every figure, with paired resamples of whole groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.observer import average_precision as ap
from kerma.science.observer import bootstrap, froc
from kerma.science.observer.cases import Case, Floats, labels_of
from kerma.science.observer.evaluation import USUAL, Options, ratings_of
from kerma.science.observer.pooled import Pool, pool, pool_by_label
from kerma.science.observer.roc_curve import AucDifference, compare_auc

OVERLAPS_OF = {"map50": (0.5,), "map": ap.OVERLAPS}
SENSITIVITY = "sensitivity"


@dataclass(frozen=True)
class Comparison:
    """First minus second: differences by name, and that of the areas under the ROC curves (DeLong)."""

    differences: dict[str, bootstrap.Difference]
    auc: AucDifference | None


def compare(one: Sequence[Case], other: Sequence[Case], options: Options = USUAL) -> Comparison:
    """Compare two detectors on the same images, in the same order and groups.

    Figures: ``map50``, ``map``, and ``sensitivity`` at the false marks per image of the options.

    Raises
    ------
    WrongUsage
        The images, their groups or their truths differ.
    """
    if [(case.name, case.group, case.truths) for case in one] != [
        (case.name, case.group, case.truths) for case in other
    ]:
        raise WrongUsage("two detectors are compared on the same images with the same truths")
    weights = bootstrap.group_weights([case.group for case in one], options.resamples, options.seed)
    figures = [_figures(cases, options) for cases in (one, other)]
    found = {name: bootstrap.compare(figures[0][name], figures[1][name], weights) for name in figures[0]}
    ratings = [ratings_of(cases) for cases in (one, other)]
    return Comparison(
        {name: value for name, value in found.items() if value is not None},
        compare_auc(ratings[0][0], ratings[1][0], ratings[0][1]),
    )


def _figures(cases: Sequence[Case], options: Options) -> dict[str, bootstrap.Figure]:
    labels: list[str | None] = [*labels_of(cases)] if options.is_class_aware else [None]
    pooled = pool_by_label(cases, options.criterion) if options.is_class_aware else pool(cases, options.criterion)
    figures: dict[str, bootstrap.Figure] = {
        name: _mean_of(ap.pools_of(cases, labels, overlaps)) for name, overlaps in OVERLAPS_OF.items()
    }
    return figures | {SENSITIVITY: _sensitivity_of(pooled, options.false_per_image)}


def _mean_of(pools: Sequence[Pool]) -> bootstrap.Figure:
    return lambda weights: ap.mean_average_precision(pools, weights)


def _sensitivity_of(pooled: Pool, rate: float) -> bootstrap.Figure:
    def figure(weights: Floats | None) -> float | None:
        found = float(froc.sensitivity_at(pooled, (rate,), weights)[0])
        return None if np.isnan(found) else found

    return figure
