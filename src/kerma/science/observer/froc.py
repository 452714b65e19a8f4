"""FROC: the share of truths found over false marks per image (free-response receiver operating characteristic)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.observer.cases import Floats
from kerma.science.observer.pooled import Pool

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False marks per image at which sensitivity is given (van Ginneken et al., Med. Image Anal. 14 (2010) 707)."""


@dataclass(frozen=True)
class Froc:
    """One curve: operating points from the strictest to the most lenient threshold."""

    threshold: Floats
    false_per_image: Floats
    sensitivity: Floats


@dataclass(frozen=True)
class Operating:
    """One operating point: marks from ``threshold`` on count."""

    threshold: float
    false_per_image: float
    sensitivity: float


def froc(pooled: Pool) -> Froc:
    """Return the curve of every threshold that makes a difference; sensitivity is NaN where nothing is to be found."""
    true, false = _counts(pooled, None)
    ends = _ends(pooled)
    sensitivity = true / pooled.truths if pooled.truths else np.full(true.size, np.nan)
    return Froc(pooled.scores[ends], (false / max(pooled.images, 1))[ends], sensitivity[ends])


def sensitivity_at(pooled: Pool, rates: Sequence[float] = RATES, weights: Floats | None = None) -> Floats:
    """Return the highest sensitivity at no more than each number of false marks per image, shape (rate,).

    The operating points are those the marks really have: nothing is interpolated. ``weights`` says how often each
    image counts.
    """
    truths = float(pooled.truths if weights is None else weights[pooled.truth_at[:, 0]].sum())
    images = float(pooled.images if weights is None else weights.sum())
    if not truths or not images:
        return np.full(len(rates), np.nan)
    true, false = _counts(pooled, weights)
    ends = _ends(pooled)
    # a rounding of the last digit must not take a mark away
    last = np.searchsorted(false[ends], np.asarray(rates) * images + 1e-9, side="right") - 1
    reached = np.where(last >= 0, true[ends][np.maximum(last, 0)], 0.0) if ends.any() else np.zeros(len(rates))
    share: Floats = reached / truths
    return share


def operating_point(pooled: Pool, false_per_image: float) -> Operating | None:
    """Return the most sensitive point at no more than so many false marks per image; None where there is none."""
    curve = froc(pooled)
    allowed = np.flatnonzero(curve.false_per_image <= false_per_image + 1e-12)
    if not allowed.size or not pooled.truths:
        return None
    best = int(allowed[np.argmax(curve.sensitivity[allowed])])
    return Operating(float(curve.threshold[best]), float(curve.false_per_image[best]), float(curve.sensitivity[best]))


def _counts(pooled: Pool, weights: Floats | None) -> tuple[Floats, Floats]:
    of_mark = np.ones(pooled.scores.size) if weights is None else weights[pooled.mark_at[:, 0]]
    return np.cumsum(of_mark * pooled.is_true), np.cumsum(of_mark * ~pooled.is_true)


def _ends(pooled: Pool) -> NDArray[np.bool_]:
    """Return the last mark of each score: marks of one score come and go together."""
    scores = pooled.scores
    return np.append(scores[1:] != scores[:-1], True) if scores.size else np.empty(0, np.bool_)
