"""From an example to what the network is shown: channels of one size, a map of the flaws, and their boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.learned_input import HIGHEST, channels
from kerma.train.digitising import disguised
from kerma.train.examples import Example, Flaw

VIEW_PX = 512
STRIDE = 4
MOST_BOXES = 32
STEPS = 127.0 / HIGHEST
"""Channels are kept as bytes: so many steps to 1."""
FAINTEST = 9.0
"""Flaws of less detectability are left out of the loss: neither flaw nor background."""
SMALLEST_PX = 2.5
VISIBLE_SHARE = 0.4
"""A flaw cut by the edge of a view counts where so much of its box is left."""
SOUND, UNKNOWN = 0, 255
CELL_SHARE = 0.2


@dataclass(frozen=True)
class View:
    """One square picture as the network is shown it."""

    channels: NDArray[np.int8]
    """(channel, row, column), in steps of 1 / STEPS."""
    cells: NDArray[np.uint8]
    """(row, column) at the stride: 0 sound, n the n-th label, 255 left out of the loss."""
    boxes: NDArray[np.float32]
    """(box, 6): label or -1 where left out of the loss, first row and column, those behind the last, share visible."""


def view(one: Example, rng: np.random.Generator, *, strength: float = 1.0) -> View:
    """Return a view of an example: turned, zoomed, cut out and disguised at random."""
    moved = _moved(one, rng) if strength > 0 else one
    seen = disguised(moved, rng, strength=strength)
    rises = seen.rises_with_dose
    if strength > 0 and rng.random() < 0.04:
        # Some files tell the wrong polarity; what a bead looks like then must not drive the network astray.
        rises = not rises
    step = 1.0 if np.issubdtype(seen.pixels.dtype, np.integer) else 0.0
    found = channels(seen.pixels.astype(np.float32), rises_with_dose=rises, is_linear=seen.is_linear, step=step)
    found = _squared(found)
    boxes, cells = truth_of(seen, found.shape[1])
    return View(np.rint(found * STEPS).astype(np.int8), cells, boxes)


def _squared(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut or fill channels to the size of a view."""
    rows, columns = min(VIEW_PX, found.shape[1]), min(VIEW_PX, found.shape[2])
    whole = np.zeros((len(found), VIEW_PX, VIEW_PX), np.float32)
    whole[:, :rows, :columns] = found[:, :rows, :columns]
    return whole


def _moved(one: Example, rng: np.random.Generator) -> Example:
    """Return the example turned a little, zoomed, and cut to a view, at least half of them round a flaw."""
    import cv2

    rows, columns = one.pixels.shape
    least = max(0.6, 0.9 * VIEW_PX / min(rows, columns))
    zoom = float(np.exp(rng.uniform(np.log(least), np.log(max(1.7, least * 1.1)))))
    turn = float(rng.normal(0.0, 4.0)) if rng.random() < 0.5 else 0.0
    centre = np.array([columns / 2.0, rows / 2.0])
    room = np.maximum(0.0, np.array([columns, rows]) - VIEW_PX / zoom) / 2.0
    centre = centre + rng.uniform(-1.0, 1.0, 2) * room
    if one.flaws and rng.random() < 0.5:
        top, left, bottom, right = one.flaws[int(rng.integers(len(one.flaws)))].box
        near = np.array([(left + right) / 2.0, (top + bottom) / 2.0]) + rng.normal(0.0, 60.0 / zoom, 2)
        centre = np.clip(near, np.array([columns, rows]) / 2.0 - room, np.array([columns, rows]) / 2.0 + room)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), turn, zoom)
    matrix[:, 2] += VIEW_PX / 2.0 - centre
    grey = one.pixels.astype(np.float32)
    if zoom < 0.95:
        grey = cv2.GaussianBlur(grey, (0, 0), 0.45 * (1.0 / zoom**2 - 1.0) ** 0.5 + 1e-3)
    size, edge = (VIEW_PX, VIEW_PX), cv2.BORDER_CONSTANT
    level = float(rng.choice((grey.min(), grey.max())))
    pixels = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=edge, borderValue=level)
    flaws = [moved for flaw in one.flaws if (moved := moved_flaw(flaw, matrix, zoom, VIEW_PX)) is not None]
    kept: NDArray[Any] = np.rint(pixels).astype(one.pixels.dtype)
    return Example(kept, one.rises_with_dose, one.is_linear, tuple(flaws), one.scene)


def moved_flaw(flaw: Flaw, matrix: NDArray[np.float64], zoom: float, side_px: int) -> Flaw | None:
    """Return a flaw where it lies in a view of so many pixels, in a window that may reach beyond it; None outside."""
    import cv2

    top, left, bottom, right = flaw.box
    corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]], dtype=np.float64)
    places = corners @ matrix.T
    first = np.floor(places.min(axis=0)).astype(int) - 1
    last = np.ceil(places.max(axis=0)).astype(int) + 2
    if (last < 0).any() or (first >= side_px).any():
        return None
    shift = matrix.copy()
    shift[:, 2] += shift[:, :2] @ np.array([left, top]) - first
    size = (int(last[0] - first[0]), int(last[1] - first[1]))
    share = cv2.warpAffine(flaw.mask.astype(np.float32), shift, size, flags=cv2.INTER_LINEAR)
    mask = share > 0.3
    down, across = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not down.size:
        return None
    inner = mask[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    # Zooming out leaves a flaw fewer pixels that are less noisy: what an ideal observer has of it stays the same.
    detectability = flaw.detectability * min(1.0, zoom**0.5)
    return Flaw(flaw.label, detectability, int(first[1] + down[0]), int(first[0] + across[0]), inner)


def truth_of(one: Example, side_px: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the boxes (box, 6) and the map of cells of what lies in a view."""
    cells = np.full((side_px // STRIDE,) * 2, SOUND, np.uint8)
    rows = []
    for flaw in sorted(one.flaws, key=lambda each: -each.mask.size):
        top, left, bottom, right = flaw.box
        inner = (max(top, 0.0), max(left, 0.0), min(bottom, side_px), min(right, side_px))
        if inner[2] <= inner[0] or inner[3] <= inner[1]:
            continue
        visible = (inner[2] - inner[0]) * (inner[3] - inner[1]) / flaw.mask.size
        is_known = flaw.label >= 0 and flaw.detectability >= FAINTEST and visible >= VISIBLE_SHARE
        is_known = is_known and max(flaw.mask.shape) >= SMALLEST_PX
        rows.append((float(flaw.label if is_known else -1), *inner, visible))
        window = np.zeros((side_px, side_px), np.float32)
        r, c = int(inner[0]), int(inner[1])
        part = flaw.mask[r - flaw.row : int(inner[2]) - flaw.row, c - flaw.column : int(inner[3]) - flaw.column]
        window[r : int(inner[2]), c : int(inner[3])] = part
        # Only the cells the box touches are looked at.
        up, low = r // STRIDE, -(-int(inner[2]) // STRIDE)
        west, east = c // STRIDE, -(-int(inner[3]) // STRIDE)
        cut = window[up * STRIDE : low * STRIDE, west * STRIDE : east * STRIDE]
        share = cut.reshape(low - up, STRIDE, east - west, STRIDE).mean(axis=(1, 3))
        cells[up:low, west:east][share >= CELL_SHARE] = flaw.label + 1 if is_known else UNKNOWN
    boxes = np.zeros((min(len(rows), MOST_BOXES), 6), np.float32)
    if rows:
        boxes[:] = np.array(rows[:MOST_BOXES], np.float32)
    return boxes, cells
