"""Whether two images show the same thing, and whether they come from the same exposure.

*Same object*: laid on each other, the phases of their coarse structure agree. *Same exposure*: what is left of an image
without its smooth part is mostly quantum noise. Two exposures share the object but not the noise; one exposure that is
used twice shares both, also after a new window, fewer bits, a crop, a mirror or the negative. Compression takes the
noise away, and with it the answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.forensics.trace import Trace, judged, not_checkable
from kerma.science.imaging.registration import Alignment, align, moved, ranked

OBJECT, EXPOSURE = "same-object", "same-exposure"
STRUCTURE_PX = 256
STRUCTURE_BAND = (0.02, 0.12)
"""Cycles per pixel of the coarse structure compared, at STRUCTURE_PX."""
REACH_PX = 12
"""How far from the registration the structures, and the noise, are looked for."""
WINDOW = 1024
"""Side of the middle part whose noise is compared, at full resolution."""
TILE = 32
NOISE_BAND = (0.15, 0.45)
"""Cycles per pixel that noise is compared at."""
MIN_TILES = 24
IS_RIGID = 0.004
"""Nearer than this to no rotation and no scaling, the second image is shifted by whole pixels: its noise stays."""


def compare(first: NDArray[np.generic], second: NDArray[np.generic], related: str = "") -> tuple[Trace, Trace]:
    """Compare two planes; returns the traces *same-object* and *same-exposure*.

    Parameters
    ----------
    first, second : shape (row, column), any grey values; the second may be shifted, scaled or turned a little,
        mirrored, a negative
    related : names the second image in the traces
    """
    a, b = ranked(first), ranked(second)
    if a is None or b is None:
        reason = "one of the images has no content to compare"
        return not_checkable(OBJECT, reason), not_checkable(EXPOSURE, reason)
    alignment = align(a, b)
    same_object = judged(
        OBJECT,
        shared_structure(a, b, alignment),
        "It suggests that both images show the same object.",
        "No sign that both images show the same object.",
        related=related,
    )
    noise = shared_noise(np.asarray(first), np.asarray(second), alignment)
    if noise is None:
        return same_object, not_checkable(EXPOSURE, "too little of the images lies on each other to compare noise")
    return same_object, judged(
        EXPOSURE,
        noise,
        "Both images carry the same noise: it suggests that they come from one exposure.",
        "The images were not found to share their noise: other exposures, or one was compressed or processed strongly.",
        related=related,
    )


def shared_structure(a: NDArray[np.float32], b: NDArray[np.float32], alignment: Alignment) -> float:
    """Return the peak of the phase correlation of both images' coarse structure; 1 for equal structure, 0 for none.

    What runs along rows or columns only, as the edges of plates and welds do, is left out: others have that too.
    """
    import cv2
    from scipy.fft import irfft2, rfft2

    second = moved(b, alignment.matrix, (a.shape[1], a.shape[0]))
    is_known = np.isfinite(second)
    side = (STRUCTURE_PX, STRUCTURE_PX)
    window = np.outer(np.hanning(STRUCTURE_PX), np.hanning(STRUCTURE_PX))
    own, other = (
        cv2.resize(np.where(is_known, one, 0.0).astype(np.float32), side, interpolation=cv2.INTER_AREA)
        for one in (a, second)
    )
    cross = rfft2((own - own.mean()) * window) * np.conj(rfft2((other - other.mean()) * window))
    rows, columns = np.abs(np.fft.fftfreq(STRUCTURE_PX))[:, None], np.fft.rfftfreq(STRUCTURE_PX)[None]
    frequency = np.hypot(rows, columns)
    least = 2.5 / STRUCTURE_PX
    band = (frequency > STRUCTURE_BAND[0]) & (frequency < STRUCTURE_BAND[1]) & (rows > least) & (columns > least)
    phases = np.where(band, cross / (np.abs(cross) + 1e-9), 0.0)
    answered = irfft2(phases, side) * STRUCTURE_PX**2 / (2 * band.sum())
    near = np.roll(answered, (REACH_PX, REACH_PX), (0, 1))[: 2 * REACH_PX + 1, : 2 * REACH_PX + 1]
    return float(np.abs(near).max())


def shared_noise(first: NDArray[np.generic], second: NDArray[np.generic], alignment: Alignment) -> float | None:
    """Return how coherent the noise of both images is over the smoother half of their tiles; None for too few tiles.

    The lower quartile over the frequencies of NOISE_BAND: a texture of the object agrees at some, noise at all.
    """
    rows, columns = first.shape
    height, width = min(rows, WINDOW), min(columns, WINDOW)
    top, left = (rows - height) // 2, (columns - width) // 2
    own = np.nan_to_num(first[top : top + height, left : left + width].astype(np.float32), posinf=0, neginf=0)
    matrix = _snapped(alignment.matrix)
    matrix[:, 2] += matrix[:, :2] @ np.array([left, top])
    other = moved(
        np.nan_to_num(second.astype(np.float32), posinf=0, neginf=0) * np.float32(alignment.sign),
        matrix,
        (width, height),
    )
    return _coherence(own, _nudged(own, other))


def _coherence(own: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    tiles_own, tiles_other = _tiles(own), _tiles(other)
    is_known = np.isfinite(tiles_other).all(axis=(1, 2))
    spectra = [_spectra(tiles[is_known]) for tiles in (tiles_own, tiles_other)]
    powers = [(np.abs(one) ** 2).mean(axis=(1, 2)) for one in spectra]
    is_filled = (powers[0] > 0) & (powers[1] > 0)
    if is_filled.sum() < 2 * MIN_TILES:
        return None
    is_smooth = is_filled & (powers[0] <= np.median(powers[0][is_filled]))
    a, b = (
        one[is_smooth] / np.sqrt(power[is_smooth])[:, None, None] for one, power in zip(spectra, powers, strict=True)
    )
    frequency = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None])
    band = (frequency > NOISE_BAND[0]) & (frequency < NOISE_BAND[1])
    cross = (a * np.conj(b)).sum(axis=0).real[band]
    power = np.sqrt((np.abs(a) ** 2).sum(axis=0) * (np.abs(b) ** 2).sum(axis=0))[band]
    return float(np.percentile(cross / np.maximum(power, 1e-12), 25))


def _spectra(tiles: NDArray[np.float32]) -> NDArray[np.complex64]:
    from scipy.fft import rfft2

    window = np.outer(np.hanning(TILE), np.hanning(TILE)).astype(np.float32)
    return np.asarray(rfft2((tiles - tiles.mean(axis=(1, 2), keepdims=True)) * window))


def _tiles(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = values.shape[0] // TILE, values.shape[1] // TILE
    cut = values[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE)
    return cut.transpose(0, 2, 1, 3).reshape(rows * columns, TILE, TILE)


def _nudged(own: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift the second by the whole pixels, a few at most, at which its fine structure fits best."""
    import cv2
    from scipy.fft import irfft2, rfft2

    def fine(values: NDArray[np.float32]) -> NDArray[np.float32]:
        left = values - cv2.GaussianBlur(values, (0, 0), 1.5)
        spread = np.sqrt(cv2.GaussianBlur(left * left, (0, 0), 12.0))
        return np.asarray(left / np.maximum(spread, 1e-6))

    known = np.where(np.isfinite(other), other, np.float32(np.nanmean(other)) if np.isfinite(other).any() else 0.0)
    cross = rfft2(fine(own)) * np.conj(rfft2(fine(known.astype(np.float32))))
    answered = np.roll(irfft2(cross, own.shape), (REACH_PX, REACH_PX), (0, 1))
    near = answered[: 2 * REACH_PX + 1, : 2 * REACH_PX + 1]
    row, column = divmod(int(np.argmax(near)), near.shape[1])
    shifted = np.full_like(other, np.nan)
    down, right = row - REACH_PX, column - REACH_PX
    rows, columns = other.shape
    shifted[max(0, down) : rows + min(0, down), max(0, right) : columns + min(0, right)] = other[
        max(0, -down) : rows - max(0, down), max(0, -right) : columns - max(0, right)
    ]
    return shifted


def _snapped(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the map, as a shift by whole pixels (and a mirror) where it is nearly that."""
    rigid = np.diag([np.sign(matrix[0, 0]) or 1.0, 1.0])
    if np.abs(matrix[:, :2] - rigid).max() > IS_RIGID:
        return matrix.copy()
    return np.hstack([rigid, np.round(matrix[:, 2:])])
