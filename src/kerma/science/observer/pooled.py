"""The marks of all images together, from the highest score down: what every curve is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.observer.cases import Case, Floats, boxes_of, score_of
from kerma.science.observer.matching import Criterion, covered, match

MOST_MARKS = 100
"""Marks of one label on one image beyond the strongest 100 are not looked at (COCO's largest count)."""


@dataclass(frozen=True)
class Band:
    """A band of sizes: truths outside are ignored, and so are marks outside that found nothing."""

    name: str
    from_px2: float
    below_px2: float


SIZE_BANDS = (
    Band("below 16 px", 0.0, 16.0**2),
    Band("16 to 32 px", 16.0**2, 32.0**2),
    Band("32 to 96 px", 32.0**2, 96.0**2),
    Band("from 96 px", 96.0**2, float("inf")),
)
"""Bands by the root of the box's area; the two upper edges are COCO's."""


@dataclass(frozen=True)
class Pool:
    """Marks by falling score, and truths with the score at which they were found.

    ``mark_at`` and ``truth_at`` are (image, place in the image's list); ``found_at`` is minus infinity for a truth that
    no mark found. Marks that do not count are left out.
    """

    images: int
    scores: Floats
    is_true: NDArray[np.bool_]
    mark_at: NDArray[np.intp]
    truth_at: NDArray[np.intp]
    found_at: Floats
    truth_of: NDArray[np.intp]
    """For each mark the row of ``truth_at`` it found, -1 where none."""

    @property
    def truths(self) -> int:
        """Number of truths."""
        return int(self.found_at.size)


def pool(
    cases: Sequence[Case],
    criterion: Criterion,
    label: str | None = None,
    band: Band | None = None,
    most_marks: int = MOST_MARKS,
) -> Pool:
    """Match the marks of every image and put them together; of one label, or of all with labels not compared.

    Parameters
    ----------
    label : only truths and marks of this label; None: all, whatever their label
    band : count only truths of this size
    """
    parts = [_one(case, criterion, label, band, most_marks) for case in cases]
    offsets = np.cumsum([0, *(len(part.found_at) for part in parts)])
    scores = np.concatenate([part.scores for part in parts]) if parts else np.empty(0)
    order = np.argsort(-scores, kind="stable")

    def rows(name: str) -> NDArray[np.intp]:
        pairs = [
            np.column_stack([np.full(len(getattr(part, name)), image), getattr(part, name)])
            for image, part in enumerate(parts)
        ]
        return np.concatenate(pairs).astype(np.intp) if pairs else np.empty((0, 2), np.intp)

    truth_of = [np.where(part.truth_of >= 0, part.truth_of + offsets[n], -1) for n, part in enumerate(parts)]
    found = np.concatenate(truth_of).astype(np.intp) if parts else np.empty(0, np.intp)
    return Pool(
        images=len(cases),
        scores=scores[order],
        is_true=found[order] >= 0,
        mark_at=rows("marks")[order],
        truth_at=rows("truths"),
        found_at=np.concatenate([part.found_at for part in parts]) if parts else np.empty(0),
        truth_of=found[order],
    )


def pool_by_label(cases: Sequence[Case], criterion: Criterion, most_marks: int = MOST_MARKS) -> Pool:
    """Match label by label and put all labels together: a mark of another label finds nothing."""
    labels = sorted({one.label for case in cases for one in (*case.truths, *case.marks)})
    pools = [pool(cases, criterion, label, most_marks=most_marks) for label in labels]
    if not pools:
        return pool(cases, criterion, None, most_marks=most_marks)
    offsets = np.cumsum([0, *(one.truths for one in pools)])
    scores = np.concatenate([one.scores for one in pools])
    order = np.argsort(-scores, kind="stable")
    found = [np.where(one.truth_of >= 0, one.truth_of + offsets[n], -1) for n, one in enumerate(pools)]
    return Pool(
        images=len(cases),
        scores=scores[order],
        is_true=np.concatenate([one.is_true for one in pools])[order],
        mark_at=np.concatenate([one.mark_at for one in pools])[order],
        truth_at=np.concatenate([one.truth_at for one in pools]),
        found_at=np.concatenate([one.found_at for one in pools]),
        truth_of=np.concatenate(found)[order],
    )


@dataclass(frozen=True)
class _Part:
    """What one image brings: marks that count, by falling score; ``truth_of`` numbers the truths that count."""

    scores: Floats
    truth_of: NDArray[np.intp]
    marks: NDArray[np.intp]
    truths: NDArray[np.intp]
    found_at: Floats


def _one(case: Case, criterion: Criterion, label: str | None, band: Band | None, most: int) -> _Part:
    truths = np.array([n for n, one in enumerate(case.truths) if label in (None, one.label)], dtype=np.intp)
    marks = np.array([n for n, one in enumerate(case.marks) if label in (None, one.label)], dtype=np.intp)
    if not truths.size and not marks.size:
        return _Part(np.empty(0), marks, marks, truths, np.empty(0))
    scores = np.array([score_of(case.marks[n]) for n in marks], dtype=np.float64)
    order = np.argsort(-scores, kind="stable")[:most]
    marks, scores = marks[order], scores[order]
    at, drawn = boxes_of([case.truths[n] for n in truths]), boxes_of([case.marks[n] for n in marks])
    regions = boxes_of(case.ignored)
    similarity = np.vstack([criterion.similarity(at, drawn), covered(regions, drawn)])
    is_region = np.arange(len(similarity)) >= len(at)
    is_out = np.concatenate([_outside(at, band), np.ones(len(regions), np.bool_)])
    matched = match(similarity, scores, criterion.needed, is_ignored=is_out, is_region=is_region)
    counts = matched.counts & ~((matched.truth_of < 0) & _outside(drawn, band))
    kept = np.flatnonzero(~is_out)
    number = np.full(len(similarity), -1, dtype=np.intp)
    number[kept] = np.arange(len(kept))
    found = matched.truth_of[counts]
    truth_of = np.where(found >= 0, number[found], -1) if number.size else found
    found_at = np.full(len(kept), -np.inf)
    found_at[truth_of[truth_of >= 0]] = scores[counts][truth_of >= 0]
    return _Part(scores[counts], truth_of, marks[counts], truths[kept], found_at)


def _outside(boxes: Floats, band: Band | None) -> NDArray[np.bool_]:
    if band is None:
        return np.zeros(len(boxes), dtype=np.bool_)
    area = boxes[:, 2] * boxes[:, 3]
    outside: NDArray[np.bool_] = (area < band.from_px2) | (area >= band.below_px2)
    return outside
