"""Which mark has found which truth: by overlap of boxes, or by the mark's centre where flaws are tiny."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.observer.cases import Floats

How = Literal["iou", "centre"]
LEAST_SIDE_PX = 5.0
"""Sides of a truth below this count as this long where centres are compared: nobody boxes a pore to the pixel."""
ON_THE_EDGE = 0.5
"""Closeness of a mark whose centre lies on the edge of the truth's box."""


@dataclass(frozen=True)
class Criterion:
    """When a mark has found a truth: their boxes overlap by ``least`` (IoU), or its centre lies in the truth's box."""

    how: How = "iou"
    least: float = 0.5

    def __post_init__(self) -> None:
        if self.how not in ("iou", "centre"):
            raise WrongUsage(f"marks are matched by iou or centre, not by '{self.how}'")
        if not 0 < self.least <= 1:
            raise WrongUsage(f"an overlap of {self.least:g} finds nothing or everything; give more than 0, at most 1")

    @property
    def needed(self) -> float:
        """The similarity that counts as found."""
        return self.least if self.how == "iou" else ON_THE_EDGE

    def similarity(self, truths: Floats, marks: Floats) -> Floats:
        """Return similarities of shape (truth, mark)."""
        return overlap(truths, marks) if self.how == "iou" else closeness(truths, marks)


@dataclass(frozen=True)
class Matched:
    """The outcome for one image: for each mark the number of the truth it found, -1 where none; and whether it counts.

    A mark that found a truth or region that is ignored does not count.
    """

    truth_of: NDArray[np.intp]
    counts: NDArray[np.bool_]


def overlap(truths: Floats, marks: Floats) -> Floats:
    """Return intersection over union of boxes (row, column, height, width), of shape (truth, mark)."""
    shared = _shared(truths, marks)
    areas = (truths[:, 2] * truths[:, 3])[:, None] + (marks[:, 2] * marks[:, 3])[None, :]
    union = areas - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def covered(regions: Floats, marks: Floats) -> Floats:
    """Return the share of each mark that lies in each region, of shape (region, mark)."""
    shared = _shared(regions, marks)
    area = np.broadcast_to((marks[:, 2] * marks[:, 3])[None, :], shared.shape)
    return np.divide(shared, area, out=np.zeros_like(shared), where=area > 0)


def _shared(one: Floats, other: Floats) -> Floats:
    sides = []
    for first, length in ((0, 2), (1, 3)):
        end = np.minimum((one[:, first] + one[:, length])[:, None], (other[:, first] + other[:, length])[None, :])
        begin = np.maximum(one[:, first][:, None], other[:, first][None, :])
        sides.append(np.maximum(end - begin, 0.0))
    product: Floats = sides[0] * sides[1]
    return product


def closeness(truths: Floats, marks: Floats) -> Floats:
    """Return how near a mark's centre is to a truth's: 1 at it, 0.5 on the edge of its box, 0 a whole box away."""
    off = []
    for first, length in ((0, 2), (1, 3)):
        half = np.maximum(truths[:, length], LEAST_SIDE_PX)[:, None] / 2
        centre = (truths[:, first] + truths[:, length] / 2)[:, None]
        off.append(np.abs((marks[:, first] + marks[:, length] / 2)[None, :] - centre) / half)
    near: Floats = np.maximum(1.0 - 0.5 * np.maximum(*off), 0.0)
    return near


def match(
    similarity: Floats, scores: Floats, needed: float, *, is_ignored: NDArray[np.bool_], is_region: NDArray[np.bool_]
) -> Matched:
    """Give each mark, from the highest score down, the truth most like it that is still free.

    Parameters
    ----------
    similarity : shape (truth, mark)
    scores : one per mark; equal ones keep their order
    needed : the similarity that counts as found
    is_ignored : truths whose marks do not count; a mark takes one only where no other truth is free for it
    is_region : ignored regions: any number of marks may lie in one

    Notes
    -----
    The rule of the COCO evaluation (Lin et al., ECCV 2014, ``cocoeval``): one truth is found once, a second mark on
    it is false. Because the strongest mark chooses first, leaving out weak marks never changes what the others found.
    """
    truth_of = np.full(scores.size, -1, dtype=np.intp)
    counts = np.ones(scores.size, dtype=np.bool_)
    is_free = np.ones(similarity.shape[0], dtype=np.bool_)
    needed = min(needed, 1 - 1e-10)
    for mark in np.argsort(-scores, kind="stable"):
        for group in (~is_ignored, is_ignored):
            likeness = np.where(is_free & group, similarity[:, mark], -1.0)
            if likeness.size == 0 or likeness.max() < needed:
                continue
            chosen = int(np.flatnonzero(likeness == likeness.max())[-1])
            truth_of[mark] = chosen
            counts[mark] = not is_ignored[chosen]
            is_free[chosen] = is_region[chosen]
            break
    return Matched(truth_of, counts)
