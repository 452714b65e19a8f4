"""Mean and standard deviation of each pixel over the frames of an image, and exact comparison with its surroundings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.bands import over_rows

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
FINE_BINS = 65_535
ENOUGH = 250_000
"""Values that tell a median to about a thousandth of their spread."""
FEW, MIDDLE = 20_000, (0.48, 0.52)
"""Of so many values the median of all lies between these shares, but for one time in a million or stripes in step."""
BAND_ROWS = 256
EXACT_AT_ONCE = 20_000
"""Windows whose median is taken at one time."""


def frame_mean(frames: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean over frames (plane, row, column) of each pixel; not a number where any frame has none."""
    mean = _sums(frames)[0]
    mean /= frames.shape[0]
    if np.issubdtype(frames.dtype, np.floating):
        mean[~np.isfinite(mean)] = np.nan
    return mean


def frame_spread(frames: NDArray[Any]) -> NDArray[np.float64]:
    """Return the standard deviation over frames (n - 1) of each pixel; at least two frames are needed."""
    total, squares = _sums(frames, with_squares=True)
    count = frames.shape[0]
    total *= total
    total /= count
    squares -= total
    squares /= count - 1
    return np.asarray(np.sqrt(np.maximum(squares, 0.0, out=squares), out=squares))


def typical(values: NDArray[Any]) -> float:
    """Return the median of values, of very many that of a quarter of a million or more, evenly spread."""
    return float(np.median(_evenly_spread(values)))


def exact_median(values: NDArray[Any]) -> float:
    """Return the median of finite values as numpy does, of very many by sorting only those near it."""
    flat = values.ravel()
    if flat.size < ENOUGH:
        return float(np.median(flat))
    low, high = np.quantile(flat[:: flat.size // FEW], MIDDLE)
    below = int(np.count_nonzero(flat < low))
    near = flat[(flat >= low) & (flat <= high)]
    first, second = (flat.size - 1) // 2 - below, flat.size // 2 - below
    if first < 0 or second >= near.size:
        return float(np.median(flat))
    return float(np.partition(near, [first, second])[[first, second]].mean())


def robust_spread(values: NDArray[Any]) -> float:
    """Return the standard deviation of normal values from the median of absolute deviations.

    Of whole numbers, where more than half may lie on the median, it is the usual one.
    """
    some = _evenly_spread(values)
    robust = 1.4826 * float(np.median(np.abs(some - np.median(some))))
    return robust if robust > 0 else float(values.std())


def _evenly_spread(values: NDArray[Any]) -> NDArray[Any]:
    flat = values.ravel()
    return flat[:: max(1, flat.size // ENOUGH)]


def _sums(frames: NDArray[Any], *, with_squares: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import cv2

    total, squares = np.zeros(frames.shape[1:]), np.zeros(frames.shape[1:] if with_squares else (1, 1))
    for frame in frames:
        one = frame if frame.dtype in (np.uint8, np.uint16, np.float32, np.float64) else frame.astype(np.float64)
        one = np.ascontiguousarray(one)
        cv2.accumulate(one, total)
        if with_squares:
            cv2.accumulateSquare(one, squares)
    return total, squares


def _medians(padded: NDArray[np.uint8], window_px: int) -> NDArray[np.uint8]:
    """Return the median of each whole window."""
    import cv2

    border = window_px - 1
    found = np.empty((padded.shape[0] - border, padded.shape[1] - border), np.uint8)
    inner = slice(border // 2, -(border // 2) or None)

    def work(band: tuple[int, int]) -> None:
        found[slice(*band)] = cv2.medianBlur(padded[band[0] : band[1] + border], window_px)[inner, inner]

    over_rows(found.shape[0], work, band_rows=BAND_ROWS)
    return found


class Surroundings:
    """The median around each pixel, known to one of 256 bins at once and exactly where a question needs it.

    A median commutes with a rising function, so the median of values sorted into bins is the bin of the median:
    comparisons are decided by the edges of the bin, and only where those leave doubt by the median of the window.
    Beyond the border the image is mirrored about its last pixel.
    """

    def __init__(self, values: Floats, window_px: int) -> None:
        import cv2

        self._values = values
        self._reach = window_px // 2
        middle = typical(values)
        span = max(abs(middle), 1e-9)
        low, scale = middle - 2 * span, FINE_BINS / (4 * span)
        fine = np.clip((values - np.float32(low)) * np.float32(scale), 0, FINE_BINS).astype(np.uint16)
        limits = np.unique(np.quantile(fine[::5, ::5], np.linspace(0, 1, 254)).astype(np.int64))
        table = np.searchsorted(limits, np.arange(FINE_BINS + 1), side="right").astype(np.uint8)
        bins = cv2.copyMakeBorder(table[fine], *(self._reach,) * 4, cv2.BORDER_REFLECT_101)
        self._bin = _medians(bins, window_px)
        # One fine step on either side for the rounding of single precision.
        starts = np.concatenate([[-np.inf], low + (limits - 1) / scale])
        ends = np.concatenate([low + (limits + 1) / scale, [np.inf]])
        starts[1:][limits == 0] = -np.inf
        self._starts, self._ends = starts.astype(np.float32), ends.astype(np.float32)

    def above(self, factor: float) -> Mask:
        """Return where a value is greater than a factor times the median around it (medians above 0)."""
        return self._settled(
            self._values > self._limit(factor, self._starts), lambda value, median: value > factor * median
        )

    def below(self, factor: float) -> Mask:
        """Return where a value is less than a factor times the median around it."""
        return self._settled(
            self._values < self._limit(factor, self._ends), lambda value, median: value < factor * median
        )

    def _limit(self, factor: float, edges: Floats) -> Floats:
        """Return a factor times one edge of the bin of each median: what lies on the right side of it is settled."""
        import cv2

        table = np.full(256, np.float32(0))
        table[: edges.size] = np.float32(factor) * edges
        found: Floats = cv2.LUT(self._bin, table)
        return found

    def _settled(self, perhaps: Mask, question: Callable[[Any, Any], Any]) -> Mask:
        """Answer a question that is yes or no at both edges of the bin at once, the rest by the exact median."""
        row, column = np.nonzero(perhaps)
        if row.size == 0:
            return perhaps
        values, bins = self._values[row, column].astype(np.float64), self._bin[row, column]
        answer = question(values, self._starts[bins]) & question(values, self._ends[bins])
        doubtful = np.flatnonzero(~answer)
        answer[doubtful] = question(values[doubtful], self.median_at(row[doubtful], column[doubtful]))
        perhaps[row, column] = answer
        return perhaps

    def median_at(self, row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the exact median of the windows around pixels."""
        import cv2

        padded = cv2.copyMakeBorder(self._values, *(self._reach,) * 4, cv2.BORDER_REFLECT_101)
        side = 2 * self._reach + 1
        windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))
        middle = side * side // 2
        found = np.empty(row.size)
        for start in range(0, row.size, EXACT_AT_ONCE):
            part = slice(start, start + EXACT_AT_ONCE)
            chosen = windows[row[part], column[part]].reshape(-1, side * side)
            found[part] = np.partition(chosen, middle, axis=1)[:, middle]
        return found
