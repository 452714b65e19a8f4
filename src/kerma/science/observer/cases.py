"""A case: one image that was read, what is truly on it, and the marks a detector or a reader has put on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.results import Finding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One image of an evaluation.

    ``group`` names what images belong to (patient, film, part, bag): images of one group are never taken for
    independent. ``ignored`` are regions in which a mark counts neither as true nor as false. ``score`` is the rating of
    the whole image where the detector gives one; without it the highest score of its marks stands for it.
    """

    name: str
    group: str
    truths: tuple[Finding, ...]
    marks: tuple[Finding, ...]
    ignored: tuple[Finding, ...] = ()
    score: float | None = None

    @property
    def rating(self) -> float:
        """How surely something is on the image: its own score, else the highest of its marks, else 0."""
        if self.score is not None:
            return self.score
        return max((score_of(mark) for mark in self.marks), default=0.0)


def score_of(mark: Finding) -> float:
    """Return the score of a mark; a mark without one was made without doubt and has 1."""
    return 1.0 if mark.score is None else float(mark.score)


def boxes_of(findings: Sequence[Finding]) -> Floats:
    """Return boxes as an array of shape (finding, 4): row, column, height, width in pixels."""
    return np.array([one.box.as_json() for one in findings], dtype=np.float64).reshape(-1, 4)


def labels_of(cases: Sequence[Case]) -> tuple[str, ...]:
    """Return the labels of all truths, in the order of the alphabet."""
    return tuple(sorted({truth.label for case in cases for truth in case.truths}))
