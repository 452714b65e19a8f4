"""What lies on a part to name and measure it: lead letters and arrows, and the wires of a wire indicator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.outline import Outline
from kerma.science.detect.scale_space import Grey

STROKE_PX = 31
"""Strokes of letters are narrower than this; wider dense areas are part of the object."""
DENSE_SHARE = 0.25
"""A stroke of lead takes at least this share of what comes through beside it."""
FAINT_SHARE = 0.12
"""... and where three and more stand in one row, at least this ..."""
ROW_HEIGHT = 0.12
"""Letters of a faint row differ in height by no more than this share."""
RANGE_SHARE = 0.4
"""... in pictures made for showing at least this share of their grey range ..."""
DENSE_NOISES = 10.0
"""... and stands out from the noise by so many standard deviations."""
MARK_SIZES_PX = (12, 100)
"""Letters and arrows are this large; what is larger is part of the object."""
SOLID = 0.8
"""Area over that of the convex hull: most letters lie below, drops and arrowheads above."""
NEIGHBOUR_GAP = 1.0
"""Marks stand in rows, or above one another: the next is nearer than its height ..."""
ALIGNED = 0.3
"""... on one line, within this share of its height ..."""
OVERLAP = 0.25
"""... or over the other, by at least this share of its width ..."""
SIMILAR_HEIGHT = 0.55
"""... and of a like height."""
HYPHEN_GAP = 0.8
"""A hyphen lies between two marks, each nearer than this share of its height."""
MARGIN_PX = 3
ELONGATED = 3.0
SHORTEST_WIRE_PX = 60
WIRE_SLENDERNESS = 15.0
"""A wire is at least so many pixels long, and so many times its width."""
STEP_PX = 20
MOST_STEPS = 10


def lead_marks(grey: Grey, *, is_linear: bool) -> NDArray[np.bool_] | None:
    """Return the boxes of lead letters and arrows, with a margin of 3 pixels; None when there are none.

    Lead strokes are narrow, much darker than beside them, and stand with others of their height, not all of them
    solid. A single dense spot (tungsten), two of them, or the ribs of a casting are no marks. ``grey`` must fall where
    more material is.
    """
    import cv2

    if grey.shape[1] < 2:
        return None
    beside = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((STROKE_PX, STROKE_PX), np.uint8))
    taken = cv2.subtract(beside, grey)
    noise = DENSE_NOISES * float(np.median(np.abs(np.diff(grey[::4], axis=1)))) / (0.6745 * 2**0.5)
    if is_linear:
        dense, faint = (taken > np.maximum(share * beside, noise) for share in (DENSE_SHARE, FAINT_SHARE))
    else:
        low, high = np.percentile(grey[::4, ::4], (0.1, 99.9))
        dense = faint = taken > max(RANGE_SHARE * float(high - low), noise)
    marks = _marks(dense)
    if is_linear:
        marks = np.concatenate([marks, _faint_rows(faint)])
    if not marks.size:
        return None
    mask = np.zeros(grey.shape, dtype=bool)
    for column, row, width, height in marks.tolist():
        rows = slice(max(0, row - MARGIN_PX), row + height + MARGIN_PX)
        mask[rows, max(0, column - MARGIN_PX) : column + width + MARGIN_PX] = True
    return mask


def _marks(dense: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the boxes of what stands with others like letters do, and of hyphens between them."""
    boxes, solid, all_boxes = _parts(dense)
    kept = [
        n
        for n, box in enumerate(boxes)
        if any(m != n and not (solid[n] and solid[m]) and _beside(box, boxes[m]) for m in range(len(boxes)))
    ]
    marks = boxes[kept]
    hyphens = [box for box in all_boxes if _is_between(box, marks)] if kept else []
    return np.concatenate([marks, np.array(hyphens, dtype=np.int32).reshape(-1, 4)])


def _faint_rows(faint: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the boxes of faint letters: three and more of one height on one line, as spatter never stands."""
    boxes, solid, all_boxes = _parts(faint)
    loose = [n for n in range(len(boxes)) if not solid[n]]
    tight = {n: {m for m in loose if m != n and _beside(boxes[n], boxes[m], ROW_HEIGHT)} for n in loose}
    rows = [n for n in loose if len(tight[n]) >= 2 or any(len(tight[m]) >= 2 for m in tight[n])]
    marks = boxes[rows]
    hyphens = [box for box in all_boxes if _is_between(box, marks)] if marks.size else []
    return np.concatenate([marks, np.array(hyphens, dtype=np.int32).reshape(-1, 4)])


def _parts(dense: NDArray[np.bool_]) -> tuple[NDArray[np.int32], list[bool], NDArray[np.int32]]:
    """Return the boxes of connected parts as large as letters, whether each is solid, and the boxes of all parts."""
    import cv2

    count, labels, boxes, _ = cv2.connectedComponentsWithStats(dense.astype(np.uint8), connectivity=8)
    smallest, largest = MARK_SIZES_PX
    sized = [n for n in range(1, count) if smallest <= boxes[n, 2:4].max() <= largest]
    solid = [_solidity(labels, n, boxes[n]) >= SOLID for n in sized]
    return boxes[sized, :4], solid, boxes[1:, :4]


def _solidity(labels: NDArray[np.int32], label: int, box: NDArray[np.int32]) -> float:
    import cv2

    column, row, width, height, area = box.tolist()
    part = (labels[row : row + height, column : column + width] == label).astype(np.uint8)
    contours, _ = cv2.findContours(np.pad(part, 1), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=len))
    # The hull runs through the centres of the border pixels; half a pixel all round is missing.
    return float(area / (cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1))


def _beside(one: NDArray[np.int32], other: NDArray[np.int32], unlike: float = 1.0) -> bool:
    """Whether two boxes stand together, upright or turned by 90 degrees as along an upright weld.

    ``unlike`` is by how much their heights may differ: 1 as of any letters, less as of one row of them.
    """
    return any(
        _stand_together(a, b) and abs(int(a[3]) - int(b[3])) <= max(1.0, unlike * max(int(a[3]), int(b[3])))
        for a, b in ((one, other), (_turned(one), _turned(other)))
    )


def _turned(box: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return a box with rows and columns exchanged."""
    return box[[1, 0, 3, 2]]


def _is_between(box: NDArray[np.int32], marks: NDArray[np.int32]) -> bool:
    """Whether a small box is a hyphen: on the line of marks that stand on both sides of it."""
    return _is_hyphen(box, marks) or _is_hyphen(_turned(box), marks[:, [1, 0, 3, 2]])


def _is_hyphen(box: NDArray[np.int32], marks: NDArray[np.int32]) -> bool:
    column, row, width, height = box[:4].tolist()
    of_column, of_row, of_width, of_height = marks[:, :4].T
    reach = HYPHEN_GAP * of_height
    is_on_line = (row >= of_row) & (row + height <= of_row + of_height) & (max(width, height) <= of_height)
    before = is_on_line & (of_column + of_width <= column + 1) & (column - of_column - of_width <= reach)
    behind = is_on_line & (of_column >= column + width - 1) & (of_column - column - width <= reach)
    return bool(before.any() and behind.any())


def _stand_together(one: NDArray[np.int32], other: NDArray[np.int32]) -> bool:
    """Whether two boxes (column, row, width, height) are neighbours on a line, or above one another."""
    column, row, width, height = one[:4].tolist()
    at_column, at_row, of_width, of_height = other[:4].tolist()
    if min(height, of_height) < SIMILAR_HEIGHT * max(height, of_height):
        return False
    allowed = ALIGNED * max(height, of_height)
    across = max(at_column - column - width, column - at_column - of_width)
    down = max(at_row - row - height, row - at_row - of_height)
    on_a_line = min(abs(at_row + of_height - row - height), abs(at_row - row)) <= allowed
    over = -across >= OVERLAP * min(width, of_width)
    near = max(height, of_height) * NEIGHBOUR_GAP
    return bool((on_a_line and across <= near) or (over and down <= near))


def is_wire(grey: Grey, one: Outline) -> bool:
    """Whether an outline is a piece of a straight wire: long, thin, and going on along its axis in the image.

    Beyond each end the line is followed in steps of 20 pixels as long as it keeps its sign clearly (3 standard
    errors) against both sides.
    """
    if one.slenderness < ELONGATED:
        return False
    at = np.argwhere(one.mask).astype(np.float64)
    _, axes = np.linalg.eigh(np.cov(at.T))
    centre, axis = at.mean(axis=0) + (one.row, one.column), axes[:, 1]
    along = (at - at.mean(axis=0)) @ axis
    length = float(np.ptp(along)) + 1
    for side, end in ((-1, -along.min()), (1, along.max())):
        length += _followed(grey, one, centre, side * axis, float(end))
    return length >= SHORTEST_WIRE_PX and length >= WIRE_SLENDERNESS * one.area_px / one.length_px


def _followed(grey: Grey, one: Outline, centre: NDArray[np.float64], axis: NDArray[np.float64], start: float) -> float:
    """Return how far the line goes on from ``start`` along ``axis``."""
    across = np.array([-axis[1], axis[0]])
    error = one.noise * (1 / (3 * STEP_PX) + 1 / (6 * STEP_PX)) ** 0.5
    for steps in range(MOST_STEPS):
        distance = start + 1 + steps * STEP_PX + np.arange(STEP_PX)
        points = centre + distance[:, None, None] * axis + np.arange(-7, 8)[None, :, None] * across
        index = np.rint(points).astype(np.intp)
        if not ((index >= 0) & (index < np.array(grey.shape))).all():
            return steps * STEP_PX
        profile = grey[index[..., 0], index[..., 1]].mean(axis=0, dtype=np.float64)
        sides = profile[[0, 1, 2, 12, 13, 14]].mean()
        shifts = [profile[middle - 1 : middle + 2].mean() - sides for middle in (6, 7, 8)]
        if max(shift * np.sign(one.contrast) for shift in shifts) < 3 * error:
            return steps * STEP_PX
    return MOST_STEPS * STEP_PX
