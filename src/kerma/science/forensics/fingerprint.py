"""A fingerprint of 64 bits by which pictures that show the same are found among many: a candidate, not an answer.

The picture is averaged to 32 × 32, its values replaced by their ranks, and the signs of its lowest 64 spatial
frequencies (discrete cosine transform, against their median) are the bits. Ranks make it blind to every monotone tone
curve: window, gamma, another bit depth, logarithm. Compression and noise change few bits; another picture about half.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDE = 32
LOWEST = 8
BITS = 64
NEAR_BITS = 14
"""Most bits in which a candidate may differ; the comparison of the pixels decides afterwards."""
INNER = (1.0, 0.94, 0.88)
"""Shares of the sides of which a picture's fingerprints are kept, so that a cropped one meets one of them."""


def fingerprint(plane: NDArray[np.generic]) -> int | None:
    """Return the fingerprint of one plane, shape (row, column); None for a picture without content.

    A negative has the complement of all bits; turned and mirrored pictures are looked for by :func:`looks`.
    """
    import cv2
    from scipy.fft import dctn

    if plane.ndim != 2 or min(plane.shape) < SIDE:
        return None
    values = np.nan_to_num(np.asarray(plane, dtype=np.float32), posinf=0, neginf=0)
    small = cv2.resize(values, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    if np.unique(small).size < BITS:
        return None
    ranks = np.argsort(np.argsort(small, axis=None, kind="stable"), kind="stable").reshape(SIDE, SIDE)
    lowest = dctn(ranks - ranks.mean(), norm="ortho")[:LOWEST, :LOWEST].ravel()
    lowest[0] = 0.0
    bits = lowest > np.median(lowest)
    return int("".join("1" if bit else "0" for bit in bits), 2)


def fingerprints(plane: NDArray[np.generic]) -> list[int]:
    """Return the fingerprints that are kept of a plane: of all of it, and of its inner parts (INNER)."""
    found = (fingerprint(_inner(plane, share)) for share in INNER)
    return list(dict.fromkeys(one for one in found if one is not None))


def looks(plane: NDArray[np.generic]) -> list[int]:
    """Return the fingerprints to look for: of a plane and its inner parts, in eight positions, and as negatives."""
    turned = [np.rot90(one, turns) for one in (plane, np.fliplr(plane)) for turns in range(4)]
    found = [one for each in turned for one in fingerprints(each)]
    return list(dict.fromkeys(found + [one ^ ((1 << BITS) - 1) for one in found]))


def _inner(plane: NDArray[np.generic], share: float) -> NDArray[np.generic]:
    rows, columns = plane.shape
    height, width = round(rows * share), round(columns * share)
    top, left = (rows - height) // 2, (columns - width) // 2
    return plane[top : top + height, left : left + width]


def distance_bits(first: int, second: int) -> int:
    """Return in how many bits two fingerprints differ."""
    return (first ^ second).bit_count()


def nearest(wanted: Sequence[int], known: NDArray[np.uint64], most_bits: int = NEAR_BITS) -> list[tuple[int, int]]:
    """Return (place, distance) of every known fingerprint near to one of those wanted, the nearest first.

    Parameters
    ----------
    wanted : fingerprints of one picture, such as :func:`looks`
    known : fingerprints of many, shape (picture,); a million take some tens of milliseconds for each one wanted
    """
    if not len(known) or not wanted:
        return []
    best = np.full(len(known), BITS, dtype=np.uint8)
    for one in wanted:
        best = np.minimum(best, _bit_counts(known ^ np.uint64(one)))
    places = np.flatnonzero(best <= most_bits)
    return sorted(((int(place), int(best[place])) for place in places), key=lambda one: (one[1], one[0]))


def _bit_counts(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    counted: NDArray[np.uint8] = np.bitwise_count(values).astype(np.uint8)
    return counted
