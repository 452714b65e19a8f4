"""Average precision as COCO defines it: the mean of the precision envelope at 101 recalls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.science.observer.cases import Case, Floats
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import Band, Pool, pool

RECALLS = np.linspace(0.0, 1.0, 101)
OVERLAPS = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""The ten overlaps whose mean is COCO's AP."""


def precision_recall(pooled: Pool, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Return recall and precision after each mark, from the highest score down.

    ``weights`` says how often each image counts, shape (image,); 1 where not given.
    """
    of_mark, truths = _weighed(pooled, weights)
    true = np.cumsum(of_mark * pooled.is_true)
    false = np.cumsum(of_mark * ~pooled.is_true)
    return true / truths if truths else np.full(true.size, np.nan), true / (true + false + np.spacing(1))


def average_precision(pooled: Pool, weights: Floats | None = None) -> float | None:
    """Return the average precision, 0 to 1; None where there is no truth to find.

    Notes
    -----
    The precision at a recall is the highest at that recall or beyond; beyond the last recall reached it is 0. The mean
    over the recalls 0, 0.01 … 1 (``cocoeval.accumulate``).
    """
    recall, precision = precision_recall(pooled, weights)
    if not _weighed(pooled, weights)[1]:
        return None
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(recall, RECALLS, side="left")
    reached = place < recall.size
    return float(np.sum(envelope[place[reached]]) / RECALLS.size)


def _weighed(pooled: Pool, weights: Floats | None) -> tuple[Floats, float]:
    """Return the weight of each mark and of all truths."""
    if weights is None:
        return np.ones(pooled.scores.size), float(pooled.truths)
    return weights[pooled.mark_at[:, 0]], float(weights[pooled.truth_at[:, 0]].sum())


def mean_average_precision(pools: Sequence[Pool], weights: Floats | None = None) -> float | None:
    """Return the mean over pools (labels, overlaps) in which there is something to find; None where there is none."""
    found = [value for one in pools if (value := average_precision(one, weights)) is not None]
    return float(np.mean(found)) if found else None


def pools_of(
    cases: Sequence[Case], labels: Sequence[str | None], overlaps: Sequence[float], band: Band | None = None
) -> list[Pool]:
    """Return the pool of every label at every overlap, label by label."""
    return [pool(cases, Criterion("iou", least), label, band) for label in labels for least in overlaps]
