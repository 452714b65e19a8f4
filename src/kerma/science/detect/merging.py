"""One flaw, one finding: outlines that repeat a stronger one are dropped, pieces of one line are joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.outline import Outline

COVERED_SHARE = 0.5
"""An outline of which a stronger one covers this share of the box shows the same thing."""
ELONGATED = 2.5
"""Slenderness from which an outline has a direction that others can continue."""
GAP_SHARE = 0.25
"""A piece continues a line when the gap is at most this share of the line's length ..."""
WIDEST_GAP_PX = 12
ASIDE_SHARE = 0.15
"""... and it lies no further aside of the line's axis than this share of their joint length, or 3 pixels."""


@dataclass(frozen=True)
class Seen:
    """An outline and the response, signed, in local standard deviations, that led to it."""

    outline: Outline
    response: float


def distinct(seen: Iterable[Seen], most: int) -> list[Seen]:
    """Drop outlines that lie mostly in the box of one before them; stop at ``most``. The strongest come first."""
    kept: list[Seen] = []
    for one in seen:
        if all(_covered(one.outline.box, strong.outline.box) < COVERED_SHARE for strong in kept):
            kept.append(one)
        if len(kept) == most:
            break
    return kept


def _covered(weak: tuple[int, int, int, int], strong: tuple[int, int, int, int]) -> float:
    """Return the share of the weaker box that the stronger covers."""
    rows = min(weak[0] + weak[2], strong[0] + strong[2]) - max(weak[0], strong[0])
    columns = min(weak[1] + weak[3], strong[1] + strong[3]) - max(weak[1], strong[1])
    return max(0, rows) * max(0, columns) / (weak[2] * weak[3])


def joined(seen: Sequence[Seen]) -> list[Seen]:
    """Join outlines of one sign that continue an elongated one, until none is left to join; strongest first."""
    left = sorted(seen, key=lambda one: -abs(one.response))
    merged = True
    while merged:
        merged = False
        for first in range(len(left)):
            second = next((n for n in range(len(left)) if n != first and _continues(left[first], left[n])), None)
            if second is not None:
                both = _union(left[first], left[second])
                left = [one for n, one in enumerate(left) if n not in (first, second)]
                left.append(both)
                merged = True
                break
    return sorted(left, key=lambda one: -abs(one.response))


def _continues(line: Seen, piece: Seen) -> bool:
    """Whether ``piece`` continues the elongated ``line``."""
    if (line.response > 0) != (piece.response > 0):
        return False
    allowed = min(WIDEST_GAP_PX, GAP_SHARE * line.outline.length_px)
    if line.outline.slenderness < ELONGATED or _box_gap(line.outline.box, piece.outline.box) > allowed:
        return False
    of_line, of_piece = _pixels(line.outline), _pixels(piece.outline)
    centre = of_line.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(of_line.T))
    along, aside = (of_piece - centre) @ axes[:, 1], np.abs((of_piece - centre) @ axes[:, 0]).mean()
    line_along = (of_line - centre) @ axes[:, 1]
    whole = max(along.max(), line_along.max()) - min(along.min(), line_along.min())
    gap = max(along.min() - line_along.max(), line_along.min() - along.max(), 0)
    return bool(gap <= allowed and aside <= max(3.0, ASIDE_SHARE * whole))


def _box_gap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> int:
    down = max(other[0] - one[0] - one[2], one[0] - other[0] - other[2], 0)
    across = max(other[1] - one[1] - one[3], one[1] - other[1] - other[3], 0)
    return max(down, across)


def _pixels(one: Outline) -> NDArray[np.float64]:
    return np.argwhere(one.mask).astype(np.float64) + (one.row, one.column)


def _union(one: Seen, other: Seen) -> Seen:
    parts = (one.outline, other.outline)
    row, column = min(part.row for part in parts), min(part.column for part in parts)
    bottom = max(part.row + part.mask.shape[0] for part in parts)
    right = max(part.column + part.mask.shape[1] for part in parts)
    mask = np.zeros((bottom - row, right - column), dtype=bool)
    for part in parts:
        height, width = part.mask.shape
        mask[part.row - row : part.row - row + height, part.column - column : part.column - column + width] |= part.mask
    areas = np.array([part.area_px for part in parts], dtype=np.float64)
    shares = areas / areas.sum()
    strongest = one if abs(one.response) >= abs(other.response) else other
    outline = Outline(
        row,
        column,
        mask,
        contrast=float(shares @ [part.contrast for part in parts]),
        noise=float(shares @ [part.noise for part in parts]),
        background=float(shares @ [part.background for part in parts]),
    )
    return Seen(outline, strongest.response)
