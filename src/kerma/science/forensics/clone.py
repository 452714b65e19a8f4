"""Regions of one image that were copied within it: the same noise twice is nothing X-rays do.

Two ways. *Exactly*: blocks of stored values that are equal bit for bit, though noise fills them. *By noise*: tiles
whose noise, what is left without the smooth part and the edges, correlates with the noise elsewhere; this outlives some
processing. A pattern that repeats in the object (a mesh, a circuit board) agrees in content but not in noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.forensics.trace import Trace, judged, not_checkable
from kerma.science.results import Box

EXACTLY, ALIKE_NOISE = "copied-exactly", "copied-noise"
EXACT = 8
"""Side of the blocks that are compared bit for bit."""
MIN_CHANGES = 24
MIN_SPAN = 8
"""Changes between neighbours, and levels between darkest and brightest, that a block must have: in a flat or saturated
one, equality says nothing."""
TILE = 128
"""Side of the tiles whose noise is looked for elsewhere."""
BLOCK = 24
"""Side of the window over which noise is compared; no smaller copy is found."""
APART = 32
"""Nearest distance between a region and its copy, in pixels."""
LONGEST = 1024
PEAK_SPREADS = 6.0
"""A tile's best shift is followed up when it stands out of the others by so many spreads."""
CANDIDATES = 8
GRAIN_STORED = 0.7
"""Noise below this spread, in stored values, is mostly rounding."""
STEEP = 1.2
"""Slope of the smooth part per pixel, in spreads of the noise, from which a place counts as an edge."""
NEXT_PX = 4
"""Shifts nearer than this to another are the same, blurred by the detector."""
NARROWEST = 20
"""A region that is found exactly twice is at least so wide and high, in pixels."""
NARROWEST_ON_GRID = 48
"""The same where both lie alike on the grid of JPEG, whose blocks repeat by themselves under strong compression."""
ALONE = 1.3
"""A tile's best shift must exceed the next best by this factor: a pattern that repeats has many."""
FILLED = 0.7
"""Share of a window that noise must fill in both places."""
ALIKE = 0.4
"""Noise correlation from which a place belongs to a copied region."""


def copied_exactly(plane: NDArray[np.generic]) -> Trace:
    """Look for a region of a plane, shape (row, column), that is found elsewhere bit for bit.

    The statistic is the smaller side of the region in pixels.
    """
    if min(plane.shape) < 4 * BLOCK:
        return not_checkable(EXACTLY, f"the image is smaller than {4 * BLOCK} pixels in one direction")
    shift, places = _exact(np.nan_to_num(np.asarray(plane), posinf=0, neginf=0))
    side = float((places.max(axis=0) - places.min(axis=0)).min()) + EXACT if len(places) else 0.0
    found = _words(shift, "the same bit for bit, noise included")
    return judged(EXACTLY, side, found, "No region was found twice.", regions=_boxes(places, shift, EXACT))


def copied_noise(plane: NDArray[np.generic]) -> Trace:
    """Look for a region of a plane, shape (row, column), whose noise is found elsewhere, processed or not."""
    if min(plane.shape) < 4 * BLOCK:
        return not_checkable(ALIKE_NOISE, f"the image is smaller than {4 * BLOCK} pixels in one direction")
    score, shift, places = _similar(np.nan_to_num(np.asarray(plane), posinf=0, neginf=0))
    found = _words(shift, "alike in their noise")
    nothing = "No region was found twice by its noise."
    return judged(ALIKE_NOISE, score, found, nothing, regions=_boxes(places, shift, 1))


def _words(shift: tuple[int, int], how: str) -> str:
    return f"Two regions, {shift[0]} rows and {shift[1]} columns apart, are {how}: it suggests that one was copied."


def _exact(values: NDArray[np.generic]) -> tuple[tuple[int, int], NDArray[np.intp]]:
    """Return the commonest shift between equal blocks, and the places (row, column) of the first of each pair."""
    hashes = _block_hashes(values)
    rich = _is_rich(values)
    flat = hashes[rich]
    places = np.argwhere(rich)
    order = np.argsort(flat, kind="stable")
    same = flat[order][1:] == flat[order][:-1]
    first, second = places[order[:-1][same]], places[order[1:][same]]
    shift, begins = _commonest(first, second)
    return shift, _largest(
        begins, values.shape, NARROWEST if shift[0] % EXACT or shift[1] % EXACT else NARROWEST_ON_GRID
    )


def _largest(begins: NDArray[np.intp], shape: tuple[int, ...], narrowest: int) -> NDArray[np.intp]:
    """Return the places of the largest region without a gap; none where it is too narrow to mean anything.

    A compressed image repeats single blocks of its grid; only a region that fills more than two of them was copied.
    """
    import cv2

    nothing = np.zeros((0, 2), dtype=np.intp)
    if not len(begins):
        return nothing
    is_begin = np.zeros(shape, dtype=np.uint8)
    is_begin[begins[:, 0], begins[:, 1]] = 1
    _, labels, stats, _ = cv2.connectedComponentsWithStats(is_begin)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    least = narrowest - EXACT + 1
    if min(stats[largest, cv2.CC_STAT_WIDTH], stats[largest, cv2.CC_STAT_HEIGHT]) < least:
        return nothing
    if stats[largest, cv2.CC_STAT_AREA] < least * least:
        return nothing
    return np.argwhere(labels == largest)


def _block_hashes(values: NDArray[np.generic]) -> NDArray[np.uint64]:
    """Return a hash of the block that begins at each pixel: two sums with odd multipliers, modulo 2^64."""
    words = np.ascontiguousarray(values)
    kind = np.dtype(f"u{words.dtype.itemsize}")
    plain = words.view(kind).astype(np.uint64) + np.uint64(1)
    multiplier = np.random.default_rng(20261125).integers(1, 2**63, (2, EXACT), dtype=np.uint64) | np.uint64(1)
    rows, columns = plain.shape[0] - EXACT + 1, plain.shape[1] - EXACT + 1
    along = np.zeros((plain.shape[0], columns), dtype=np.uint64)
    for offset in range(EXACT):
        along += plain[:, offset : offset + columns] * multiplier[0, offset]
    along ^= along >> np.uint64(29)
    total = np.zeros((rows, columns), dtype=np.uint64)
    for offset in range(EXACT):
        total += along[offset : offset + rows] * multiplier[1, offset]
    return total


def _is_rich(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return where a block has enough change in it for equality to mean something."""
    import cv2

    numbers = np.asarray(values, dtype=np.float32)
    changes = np.zeros(values.shape, dtype=np.float32)
    changes[:, :-1] = numbers[:, 1:] != numbers[:, :-1]
    count = cv2.boxFilter(changes, -1, (EXACT, EXACT), anchor=(0, 0), normalize=False)
    kernel = np.ones((EXACT, EXACT), np.uint8)
    span = cv2.dilate(numbers, kernel, anchor=(0, 0)) - cv2.erode(numbers, kernel, anchor=(0, 0))
    rows, columns = values.shape[0] - EXACT + 1, values.shape[1] - EXACT + 1
    rich: NDArray[np.bool_] = ((count >= MIN_CHANGES) & (span >= MIN_SPAN))[:rows, :columns]
    return rich


def _similar(values: NDArray[np.generic]) -> tuple[float, tuple[int, int], NDArray[np.intp]]:
    """Return the noise correlation of the most alike region and its copy, the shift between them, and its places."""
    numbers = np.asarray(values, dtype=np.float32)
    factor = max(1, int(np.ceil(max(numbers.shape) / LONGEST)))
    rows, columns = (length // factor * factor for length in numbers.shape)
    small = numbers[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor).mean(axis=(1, 3))
    noise = _noise(small)
    best: tuple[float, tuple[int, int], NDArray[np.intp]] = (0.0, (0, 0), np.zeros((0, 2), dtype=np.intp))
    for shift in _candidates(noise):
        score, places = _alike(noise, shift)
        if score > best[0]:
            best = (score, shift, places)
    return best[0], (best[1][0] * factor, best[1][1] * factor), best[2] * factor


def _noise(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is left without the smooth part, in units of its local spread; 0 at edges of the object."""
    import cv2

    smooth = cv2.GaussianBlur(values, (0, 0), 1.0)
    left = values - smooth
    grain = np.sqrt(cv2.GaussianBlur(left * left, (0, 0), 12.0))
    # rows and columns of a detector have patterns of their own, which repeat along the whole image
    left = left - np.median(left, axis=0, keepdims=True)
    left = left - np.median(left, axis=1, keepdims=True)
    spread = np.sqrt(cv2.GaussianBlur(left * left, (0, 0), 12.0))
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)) / 8.0
    # where rounding, saturation or compression has taken the noise, what is left repeats without any copying
    steep = cv2.dilate((slope > STEEP * spread).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    is_noise = (grain > max(GRAIN_STORED, 0.3 * float(np.median(grain)))) & ~steep
    scaled = np.where(is_noise, left / np.maximum(spread, 1e-6), 0.0)
    return np.asarray(np.clip(scaled, -4.0, 4.0), dtype=np.float32)


def _candidates(noise: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return the shifts at which the noise of some tile is found again, the most striking first."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    rows, columns = noise.shape
    size = (next_fast_len(rows + TILE, real=True), next_fast_len(columns + TILE, real=True))
    whole = rfft2(noise, size)
    found: dict[tuple[int, int], float] = {}
    for row in range(0, rows - TILE // 2, TILE):
        for column in range(0, columns - TILE // 2, TILE):
            tile = noise[row : row + TILE, column : column + TILE]
            if np.count_nonzero(tile) < tile.size // 4:
                continue
            answered = irfft2(whole * np.conj(rfft2(tile, size)), size)[:rows, :columns]
            _blank(answered, (row, column), APART)
            spread = float(answered.std()) + 1e-9
            place = divmod(int(np.argmax(answered)), columns)
            peak = float(answered[place]) / spread
            _blank(answered, place, NEXT_PX)
            if peak > PEAK_SPREADS and peak > ALONE * float(answered.max()) / spread:
                shift = (place[0] - row, place[1] - column)
                forward = shift if shift > (0, 0) else (-shift[0], -shift[1])
                found[forward] = max(peak, found.get(forward, 0.0))
    return sorted(found, key=lambda shift: -found[shift])[:CANDIDATES]


def _blank(answered: NDArray[np.float32], place: tuple[int, int], reach: int) -> None:
    """Take the shifts near to one out of those to choose from."""
    answered[max(0, place[0] - reach) : place[0] + reach + 1, max(0, place[1] - reach) : place[1] + reach + 1] = 0.0


def _alike(noise: NDArray[np.float32], shift: tuple[int, int]) -> tuple[float, NDArray[np.intp]]:
    """Return by how much the noise correlation over the largest alike region exceeds that at shifts beside it.

    What continues along an edge, or repeats, is as alike at another shift; copied noise is alike at one shift only.
    """
    import cv2

    alike, first_column = _correlation(noise, shift)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alike > ALIKE).astype(np.uint8))
    nothing = 0.0, np.zeros((0, 2), dtype=np.intp)
    if count < 2:
        return nothing
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < BLOCK * BLOCK // 2:
        return nothing
    inside = np.argwhere(labels == largest)
    places = inside + np.array([0, first_column])
    found = float(alike[inside[:, 0], inside[:, 1]].mean())
    beside = [
        _mean_at(noise, places, (shift[0] * times + row * NEXT_PX, shift[1] * times + column * NEXT_PX))
        for times in (1, -1, 2)
        for row in (-1, 0, 1)
        for column in (-1, 0, 1)
        if times != 1 or row or column
    ]
    return found - max(0.0, *beside), places


def _correlation(noise: NDArray[np.float32], shift: tuple[int, int]) -> tuple[NDArray[np.float32], int]:
    """Return the local noise correlation with what lies a shift away (down), and the column it begins at."""
    import cv2

    rows, columns = noise.shape
    first_column = max(0, -shift[1])
    own = noise[: rows - shift[0], first_column : columns - max(0, shift[1])]
    other = noise[shift[0] :, max(0, shift[1]) : columns + min(0, shift[1])]
    if min(own.shape) < BLOCK:
        return np.zeros((1, 1), dtype=np.float32), 0
    box = (BLOCK, BLOCK)
    both = ((own != 0) & (other != 0)).astype(np.float32)
    product = cv2.blur(own * other, box)
    power = np.sqrt(np.maximum(cv2.blur(own * own * both, box) * cv2.blur(other * other * both, box), 0.0))
    is_filled = (cv2.blur(both, box) > FILLED) & (power > 0.05)
    return np.where(is_filled, product / np.maximum(power, 1e-6), 0.0).astype(np.float32), first_column


def _mean_at(noise: NDArray[np.float32], places: NDArray[np.intp], shift: tuple[int, int]) -> float:
    """Return the noise correlation of places with those a shift away, over all that lie inside the image."""
    away = places + np.array(shift)
    inside = ((away >= 0) & (away < np.array(noise.shape))).all(axis=1)
    if inside.sum() < BLOCK:
        return 0.0
    own = noise[places[inside][:, 0], places[inside][:, 1]]
    other = noise[away[inside][:, 0], away[inside][:, 1]]
    both = (own != 0) & (other != 0)
    power = float(np.sqrt((own[both] ** 2).sum() * (other[both] ** 2).sum()))
    return float((own * other).sum()) / power if power > 0 else 0.0


def _commonest(first: NDArray[np.intp], second: NDArray[np.intp]) -> tuple[tuple[int, int], NDArray[np.intp]]:
    """Return the commonest shift between pairs of places, and the places that have it."""
    far = np.abs(first - second).max(axis=1) >= EXACT if len(first) else np.zeros(0, dtype=bool)
    first, second = first[far], second[far]
    if not len(first):
        return (0, 0), np.zeros((0, 2), dtype=np.intp)
    shifts = second - first
    turned = (shifts[:, 0] < 0) | ((shifts[:, 0] == 0) & (shifts[:, 1] < 0))
    begin = np.where(turned[:, None], second, first)
    distinct, inverse, counts = np.unique(
        np.where(turned[:, None], -shifts, shifts), axis=0, return_inverse=True, return_counts=True
    )
    best = int(np.argmax(counts))
    return (int(distinct[best][0]), int(distinct[best][1])), np.unique(begin[inverse.ravel() == best], axis=0)


def _boxes(places: NDArray[np.intp], shift: tuple[int, int], side: int) -> tuple[Box, ...]:
    """Return the box round the places, and the box of the copy."""
    if not len(places):
        return ()
    low, high = places.min(axis=0), places.max(axis=0) + side
    height, width = (float(one) for one in high - low)
    boxes: Sequence[Box] = (
        Box(float(low[0]), float(low[1]), height, width),
        Box(float(low[0] + shift[0]), float(low[1] + shift[1]), height, width),
    )
    return tuple(boxes)
