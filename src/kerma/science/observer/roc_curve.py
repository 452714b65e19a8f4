"""ROC of ratings of whole images: the curve, the area under it with DeLong's interval, and the test of two areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.observer.cases import Floats

LEVEL = 0.95


@dataclass(frozen=True)
class Auc:
    """Area under a ROC curve, its standard deviation, and its interval."""

    value: float
    sd: float
    low: float
    high: float
    positives: int
    negatives: int


@dataclass(frozen=True)
class AucDifference:
    """The difference of two areas on the same images: first minus second, with interval and two-sided p."""

    value: float
    sd: float
    low: float
    high: float
    p: float


def roc_curve(ratings: Floats, is_positive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return false and true positive rate of every threshold, from (0, 0) to (1, 1)."""
    order = np.argsort(-ratings, kind="stable")
    sorted_ratings, positive = ratings[order], is_positive[order]
    ends = np.append(sorted_ratings[1:] != sorted_ratings[:-1], True)
    true, false = np.cumsum(positive)[ends], np.cumsum(~positive)[ends]
    return np.append(0.0, false / max(false[-1], 1)), np.append(0.0, true / max(true[-1], 1))


def auc(ratings: Floats, is_positive: NDArray[np.bool_], level: float = LEVEL) -> Auc | None:
    """Return the area under the ROC curve; None where one of the two kinds of image is missing.

    Notes
    -----
    The area is the share of pairs in which the positive image is rated higher, ties counting half. Variance: DeLong,
    DeLong & Clarke-Pearson, Biometrics 44 (1988) 837; interval on the logit scale. Where every pair is right the
    variance says nothing: the bound is then that of min(m, n) independent pairs, all right (exact).
    """
    _check(ratings, is_positive)
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    if not positives or not negatives:
        return None
    value, by_positive, by_negative = _placements(ratings, is_positive)
    variance = _variance(by_positive[None], by_negative[None])[0, 0]
    low, high = _interval(value, variance, min(positives, negatives), level)
    return Auc(value, float(np.sqrt(variance)), low, high, positives, negatives)


def compare_auc(
    one: Floats, other: Floats, is_positive: NDArray[np.bool_], level: float = LEVEL
) -> AucDifference | None:
    """Return the difference of the areas of two ratings of the same images, by DeLong's paired test."""
    from scipy.special import ndtr, ndtri

    _check(one, is_positive)
    _check(other, is_positive)
    if is_positive.all() or not is_positive.any():
        return None
    first, second = _placements(one, is_positive), _placements(other, is_positive)
    covariance = _variance(np.stack([first[1], second[1]]), np.stack([first[2], second[2]]))
    difference = first[0] - second[0]
    variance = max(float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 0.0)
    sd = float(np.sqrt(variance))
    reach = float(ndtri(0.5 + level / 2)) * sd
    p = 2 * float(ndtr(-abs(difference) / sd)) if sd > 0 else float(difference == 0)
    return AucDifference(difference, sd, difference - reach, difference + reach, p)


def _placements(ratings: Floats, is_positive: NDArray[np.bool_]) -> tuple[float, Floats, Floats]:
    """Return the area, and for each positive and each negative image the share of the others it is right against."""
    from scipy.stats import rankdata

    positive, negative = ratings[is_positive], ratings[~is_positive]
    together = rankdata(np.concatenate([positive, negative]))
    m, n = positive.size, negative.size
    by_positive = (together[:m] - rankdata(positive)) / n
    by_negative = 1 - (together[m:] - rankdata(negative)) / m
    return float(by_positive.mean()), by_positive, by_negative


def _variance(by_positive: Floats, by_negative: Floats) -> Floats:
    """Return DeLong's covariance of areas from placements of shape (rating, image)."""
    total = np.zeros((len(by_positive), len(by_positive)))
    for placements in (by_positive, by_negative):
        count = placements.shape[1]
        if count > 1:
            total += np.atleast_2d(np.cov(placements)) / count
    return total


def _interval(value: float, variance: float, pairs: int, level: float) -> tuple[float, float]:
    from scipy.special import expit, logit, ndtri

    if value in (0.0, 1.0):
        bound = float(((1 - level) / 2) ** (1 / pairs))
        return (bound, 1.0) if value else (0.0, 1 - bound)
    reach = float(ndtri(0.5 + level / 2)) * float(np.sqrt(variance)) / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def _check(ratings: Floats, is_positive: NDArray[np.bool_]) -> None:
    if ratings.shape != is_positive.shape or not np.isfinite(ratings).all():
        raise WrongUsage("a ROC curve needs one finite rating for each image")
