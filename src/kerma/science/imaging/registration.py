"""Laying one picture on another: a map found from what they show, whatever their tone curves.

Values become ranks first, so that a window, a negative or another detector do not matter; phase correlation finds the
shift, ECC (enhanced correlation coefficient) the rest. Evangelidis and Psarakis 2008.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage

COARSE = 384
"""Longest side at which images are registered first."""
FINE = 1536
"""Longest side at which a registration is made finer."""
SMALLEST_PX = 64
"""A side shorter than this shows too little."""
ALIKE = 0.6
"""Agreement from which two pictures are taken to show the same; below it a map means nothing."""
STEADY_SHARE = 0.9
"""Share of the overlapping pixels, those that differ least, that grey values are matched by; what is new is not."""


@dataclass(frozen=True)
class Alignment:
    """How the second image lies on the first: an affine map of (column, row), its sign, how well their values agree."""

    matrix: NDArray[np.float64]
    agreement: float
    sign: float = 1.0


def align(a: NDArray[np.float32], b: NDArray[np.float32]) -> Alignment:
    """Lay the second image on the first: as it is, mirrored, as a negative; phase correlation, then ECC (affine)."""
    longest = max(*a.shape, *b.shape)
    scales = {(COARSE / longest, COARSE / longest), (COARSE / max(a.shape), COARSE / max(b.shape))}
    best = Alignment(np.eye(2, 3), -1.0)
    for scale_a, scale_b in scales:
        small_a, small_b = shrunk(a, scale_a), shrunk(b, scale_b)
        for is_mirrored in (False, True):
            turned = np.ascontiguousarray(np.fliplr(small_b)) if is_mirrored else small_b
            found = _registered(small_a, turned)
            if found.agreement > best.agreement:
                matrix = _full(found.matrix, scale_a, scale_b, b.shape[1] if is_mirrored else 0)
                best = Alignment(matrix, found.agreement, found.sign)
    return best


def register(fixed: NDArray[np.generic], moving: NDArray[np.generic]) -> Alignment:
    """Lay a picture on another, to a fraction of a pixel.

    Parameters
    ----------
    fixed, moving : shape (row, column), any grey values; the second may be shifted, scaled, turned a little, mirrored,
        or a negative

    Returns
    -------
    Alignment
        Its matrix maps (column, row) of the fixed picture to those of the moving one.

    Raises
    ------
    WrongUsage
        One shows nothing, or both are not alike enough (agreement below 0.6).
    """
    a, b = ranked(fixed), ranked(moving)
    if a is None or b is None:
        raise WrongUsage(f"one of the pictures is smaller than {SMALLEST_PX} pixels or shows nothing to compare")
    found = align(a, b)
    if found.agreement < ALIKE:
        raise WrongUsage(
            f"the pictures are not alike enough to be laid on each other (agreement {found.agreement:.2f}, "
            f"{ALIKE} is needed): look at them side by side"
        )
    return _finer(_scaled(fixed), _scaled(moving), found)


def laid(fixed: NDArray[np.generic], moving: NDArray[np.generic], alignment: Alignment) -> NDArray[np.float32]:
    """Return the moving picture on the grid of the fixed one, in its grey values; not a number where there is none.

    Grey values are matched by a straight line through the pixels that differ least, so that what is new or gone between
    the two pictures stays to be seen in their difference.
    """
    own = np.asarray(fixed, dtype=np.float32)
    other = moved(np.asarray(moving, dtype=np.float32), alignment.matrix, (own.shape[1], own.shape[0]))
    known = np.isfinite(own) & np.isfinite(other)
    if not known.any():
        return other
    x, y = other[known].astype(np.float64), own[known].astype(np.float64)
    step = max(1, x.size // 400_000)
    slope, offset = _matched(x[::step], y[::step])
    return np.asarray(other * np.float32(slope) + np.float32(offset))


def _matched(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return the straight line from x to y through the pixels that differ least from it."""
    kept = np.ones(x.size, dtype=bool)
    slope, offset = 1.0, 0.0
    for _ in range(4):
        spread = float(x[kept].std())
        slope = float(np.cov(x[kept], y[kept])[0, 1] / spread**2) if spread > 0 and kept.sum() > 2 else 1.0
        offset = float(y[kept].mean() - slope * x[kept].mean())
        apart = np.abs(y - slope * x - offset)
        kept = apart <= np.quantile(apart, STEADY_SHARE)
    return slope, offset


def _finer(a: NDArray[np.float32], b: NDArray[np.float32], found: Alignment) -> Alignment:
    """Return a registration made finer at a larger size; the coarse one where that does not agree better."""
    import cv2

    scale = min(1.0, FINE / max(*a.shape, *b.shape))
    if scale * max(*a.shape, *b.shape) <= COARSE:
        return found
    small_a, small_b = shrunk(a, scale), shrunk(b, scale)
    # values, not ranks: ranks make much of the noise of even parts, which pulls the map by a pixel
    resized = np.diag([scale, scale, 1.0])
    start = (resized @ np.vstack([found.matrix, [0, 0, 1.0]]) @ np.linalg.inv(resized))[:2].astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-6)
    try:
        agreement, matrix = cv2.findTransformECC(
            small_a, np.float32(found.sign) * small_b, start, cv2.MOTION_AFFINE, criteria, None, 5
        )
    except cv2.error:
        return found
    if not _is_sane(matrix):
        return found
    full = np.linalg.inv(resized) @ np.vstack([matrix.astype(np.float64), [0, 0, 1.0]]) @ resized
    return replace(found, matrix=np.asarray(full[:2]), agreement=max(float(agreement), found.agreement))


def _scaled(plane: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return a plane's values without their extremes, mean 0, spread 1."""
    values = np.nan_to_num(np.asarray(plane, dtype=np.float32), posinf=0, neginf=0)
    low, high = np.percentile(values, (0.5, 99.5))
    values = np.clip(values, low, high)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-9), dtype=np.float32)


def moved(values: NDArray[np.float32], matrix: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return an image laid on another of a size (columns, rows); not a number where there is nothing of it."""
    import cv2

    is_whole = bool((matrix == np.round(matrix)).all())
    how = cv2.INTER_NEAREST if is_whole else cv2.INTER_CUBIC
    return np.asarray(
        cv2.warpAffine(
            values, matrix, size, flags=how | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_CONSTANT,
            borderValue=float("nan"),
        )
    )  # fmt: skip


def _registered(a: NDArray[np.float32], b: NDArray[np.float32]) -> Alignment:
    """Return the better of both signs: phase correlation finds the shift, ECC the rest."""
    import cv2

    window = cv2.createHanningWindow((COARSE, COARSE), cv2.CV_32F)
    padded_a, padded_b = _padded(a), _padded(b)
    (shift_column, shift_row), _ = cv2.phaseCorrelate(padded_a, padded_b, window)
    start = np.array([[1, 0, shift_column], [0, 1, shift_row]], dtype=np.float32)
    best = Alignment(np.eye(2, 3), -1.0)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    for sign in (1.0, -1.0):
        for guess in (np.eye(2, 3, dtype=np.float32), start):
            try:
                agreement, matrix = cv2.findTransformECC(
                    padded_a, np.float32(sign) * padded_b, guess.copy(), cv2.MOTION_AFFINE, criteria, None, 3
                )
            except cv2.error:
                continue
            if agreement > best.agreement and _is_sane(matrix):
                best = Alignment(np.asarray(matrix, dtype=np.float64), float(agreement), sign)
    return best


def _is_sane(matrix: NDArray[np.float32]) -> bool:
    """Whether a map keeps sizes: one that squeezes an image to a line would agree with anything."""
    return bool(np.isfinite(matrix).all()) and 0.5 < abs(float(np.linalg.det(matrix[:, :2]))) < 2.0


def _full(matrix: NDArray[np.float64], scale_a: float, scale_b: float, mirrored_width: int) -> NDArray[np.float64]:
    """Return the map between whole images from the one between images shrunk by two scales."""
    to_small = np.diag([scale_a, scale_a, 1.0])
    from_small = np.diag([1 / scale_b, 1 / scale_b, 1.0])
    full = from_small @ np.vstack([matrix, [0, 0, 1.0]]) @ to_small
    if mirrored_width:
        full = np.array([[-1.0, 0, mirrored_width - 1], [0, 1, 0], [0, 0, 1]]) @ full
    return np.asarray(full[:2])


def ranked(plane: NDArray[np.generic]) -> NDArray[np.float32] | None:
    """Return a plane without its tone curve: values replaced by their share of the histogram, mean 0, spread 1."""
    if plane.ndim != 2 or min(plane.shape) < SMALLEST_PX:
        return None
    values = np.nan_to_num(np.asarray(plane, dtype=np.float32), posinf=0, neginf=0)
    low, high = np.percentile(values, (0.5, 99.5))
    if not high > low:
        return None
    levels = np.clip((values - low) / (high - low) * 4095, 0, 4095).astype(np.uint16)
    share = np.cumsum(np.bincount(levels.ravel(), minlength=4096)) / levels.size
    found = share.astype(np.float32)[levels] - np.float32(0.5)
    spread = float(found.std())
    return found / np.float32(spread) if spread > 1e-6 else None


def shrunk(values: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Return a plane at another size: areas averaged when smaller, linear when larger."""
    import cv2

    size = (max(1, round(values.shape[1] * scale)), max(1, round(values.shape[0] * scale)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))


def _padded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.zeros((COARSE, COARSE), dtype=np.float32)
    padded[: values.shape[0], : values.shape[1]] = values[:COARSE, :COARSE]
    return padded
