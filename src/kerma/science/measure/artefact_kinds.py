"""One function per kind of artefact: what to look at, and what it must exceed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Grey = NDArray[np.float32]
Box = tuple[int, int, int, int]
COARSE = 4
"""The background is the median of 5 x 5 cells of so many pixels: what is wider than about 12 pixels belongs to it."""
THIRDS = 3
MOST_SAMPLES = 400
GAP_PX = 3


@dataclass(frozen=True)
class Artefact:
    """Something that is no part of the object: kind, box, the statistic that showed it, what that is of, its limit."""

    kind: str
    box: Box
    statistic: float
    of: str
    limit: float

    @property
    def severity(self) -> float:
        """How far beyond its limit."""
        return abs(self.statistic) / self.limit if self.limit else abs(self.statistic)


@dataclass(frozen=True)
class Picture:
    """Grey values with what several kinds look at: what stands on a smooth background, its noise, and the limits."""

    grey: Grey
    residual: Grey
    noise: float
    level: float
    bits: int
    limits: Mapping[str, float]

    @classmethod
    def of(cls, grey: Grey, bits: int, limits: Mapping[str, float]) -> Picture:
        """Prepare a picture."""
        import cv2

        rows, columns = grey.shape
        small = cv2.resize(grey, (columns // COARSE, rows // COARSE), interpolation=cv2.INTER_AREA)
        ground = cv2.resize(cv2.medianBlur(small, 5), (columns, rows), interpolation=cv2.INTER_LINEAR)
        residual = grey - ground
        some = residual[::3, ::3]
        # Noise from the quarter points, which outliers do not move.
        noise = float(np.subtract(*np.percentile(some, (75, 25)))) / 1.349
        return cls(grey, residual, max(noise, 1e-6), float(np.median(grey[::4, ::4])), bits, limits)


def dead_lines(picture: Picture) -> Iterator[Artefact]:
    """Yield rows and columns of few pixels that stand off their neighbours over most of their length."""
    widest = int(picture.limits["dead_line_px"])
    for axis in (0, 1):
        for first, last, strength in _standing_off(picture, axis, 4 * widest + 1, 0.0):
            if last - first <= widest:
                box = _line_box(picture, axis, first, last)
                yield Artefact("dead_lines", box, strength, "sigmas", picture.limits["line_sigmas"])


def bands(picture: Picture) -> Iterator[Artefact]:
    """Yield bands of rows or columns brighter or darker than both sides."""
    widest, least = int(picture.limits["band_px"]), picture.limits["band_percent"] / 100 * abs(picture.level)
    for axis in (0, 1):
        length = picture.grey.shape[axis]
        for first, last, strength in _standing_off(picture, axis, min(length // 2, 2 * widest) + 1, least):
            if picture.limits["dead_line_px"] < last - first <= widest and first > 0 and last < length:
                box = _line_box(picture, axis, first, last)
                yield Artefact("bands", box, strength, "sigmas", picture.limits["line_sigmas"])


def _standing_off(picture: Picture, axis: int, window: int, least: float) -> Iterator[tuple[int, int, float]]:
    """Yield runs of lines (first, one past the last, sigmas) whose level stands off the running median about them.

    Lines are read in three parts, and two must agree: an object's edge crosses a line in one part only.
    """
    lines = picture.grey if axis == 0 else picture.grey.T
    parts = np.array_split(np.arange(lines.shape[1]), THIRDS)
    levels = np.array([_line_levels(lines[:, part]) for part in parts])
    rest = np.array([level - _running_median(level, window) for level in levels])
    floor = picture.noise * 1.2533 / min(len(parts[0]), MOST_SAMPLES) ** 0.5
    middle = np.median(rest, axis=0)
    # The middle one of three scatters by two thirds of each.
    spread = max(_spread(middle), floor * 0.67)
    limit = picture.limits["line_sigmas"]
    for first, last in _runs(np.abs(middle) > max(limit * spread, least)):
        peak = float(middle[first:last][int(np.argmax(np.abs(middle[first:last])))])
        yield first, last, peak / spread


def seams(picture: Picture) -> Iterator[Artefact]:
    """Yield straight rows or columns across which the level jumps over most of the picture: joined detectors."""
    limit = picture.limits["seam_sigmas"]
    reach = int(picture.limits["seam_reach_px"])
    for axis in (0, 1):
        lines = picture.grey if axis == 0 else picture.grey.T
        if lines.shape[0] < 4 * reach:
            continue
        parts = np.array_split(np.arange(lines.shape[1]), int(picture.limits["seam_parts"]))
        jumps = np.array([_jumps(lines[:, part].mean(axis=1, dtype=np.float64), reach) for part in parts])
        # A seam has the same sign in every part; an object's edge does not run through all of them.
        same = np.where(np.abs(np.sign(jumps).sum(axis=0)) == len(parts), np.abs(jumps).min(axis=0), 0.0)
        spread = max(_spread(jumps.ravel()), picture.noise * (8 / reach / len(parts[0])) ** 0.5)
        for first, last in _runs(same > limit * spread):
            at = first + int(np.argmax(same[first:last]))
            box = _line_box(picture, axis, at + reach, at + reach + 1)
            yield Artefact("seams", box, float(same[at] / spread), "sigmas", limit)


def marks(picture: Picture) -> Iterator[Artefact]:
    """Yield small areas, spots (dust, bad pixels, drops), and thin long ones off the rows and columns, scratches."""
    import cv2

    limit, fewest = picture.limits["spot_sigmas"], picture.limits["spot_px"]
    smooth = cv2.GaussianBlur(picture.residual, (0, 0), 1.0)
    quiet = max(float(np.subtract(*np.percentile(smooth[::3, ::3], (75, 25)))) / 1.349, picture.noise * 0.05)
    out = (np.abs(smooth) > limit * quiet).astype(np.uint8)
    out = cv2.morphologyEx(out, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(out, connectivity=8)
    for number in range(1, min(count, int(picture.limits["most_blobs"]))):
        left, top, width, height, pixels = (int(value) for value in stats[number])
        if pixels < fewest or min(width, height) <= 2 < max(width, height) / 10:
            continue
        inside = labels[top : top + height, left : left + width] == number
        length = float(np.hypot(width, height))
        is_thin = length >= picture.limits["scratch_px"] and pixels / length < length / picture.limits["scratch_aspect"]
        part = smooth[top : top + height, left : left + width][inside]
        peak = float(part[np.argmax(np.abs(part))]) / quiet
        kind = "scratches" if is_thin else "spots"
        yield Artefact(kind, (top, left, height, width), peak, "sigmas", limit)


def grid_lines(picture: Picture) -> Iterator[Artefact]:
    """Yield a regular pattern along rows or columns, such as the shadow of a grid or its moire."""
    limit = picture.limits["grid_ratio"]
    for axis in (0, 1):
        lines = picture.residual if axis == 0 else picture.residual.T
        parts = np.array_split(np.arange(lines.shape[1]), int(picture.limits["seam_parts"]))
        window = np.hanning(lines.shape[0])
        # The least of the parts' spectra: the pattern runs through all of them.
        power = np.array([
            np.abs(np.fft.rfft(lines[:, part].mean(axis=1, dtype=np.float64) * window)) ** 2 for part in parts
        ]).min(axis=0)  # fmt: skip
        # Longer periods belong to the background.
        first = max(4, lines.shape[0] // 16)
        ground = np.maximum(_running_median(power[first:], 31), 0.5 * float(np.median(power[first:])))
        ratio = power[first:] / np.maximum(ground, 1e-12)
        at = int(np.argmax(ratio))
        if ratio[at] > limit:
            frequency = (first + at) / lines.shape[0]
            box = (0, 0, picture.grey.shape[0], picture.grey.shape[1])
            what = f"power at {frequency:.4f} lines per pixel across {'rows' if axis == 0 else 'columns'}"
            yield Artefact("grid_lines", box, float(ratio[at]), what, limit)


def vignetting(picture: Picture) -> Iterator[Artefact]:
    """Yield a fall of the level from the middle to all four corners."""
    limit = picture.limits["vignetting_percent"]
    rows, columns = (max(1, length // 10) for length in picture.grey.shape)
    middle_row, middle_column = (length // 2 for length in picture.grey.shape)
    about_row = slice(middle_row - rows // 2, middle_row + rows // 2 + 1)
    about_column = slice(middle_column - columns // 2, middle_column + columns // 2 + 1)
    centre = float(np.median(picture.grey[about_row, about_column]))
    ends = [slice(0, rows), slice(-rows, None)], [slice(0, columns), slice(-columns, None)]
    corners = [float(np.median(picture.grey[row, column])) for row in ends[0] for column in ends[1]]
    if centre <= 0:
        return
    falls = [100 * (corner / centre - 1) for corner in corners]
    if max(falls) < -limit and max(falls) - min(falls) < max(2 * limit, abs(float(np.mean(falls)))):
        box = (0, 0, picture.grey.shape[0], picture.grey.shape[1])
        yield Artefact("vignetting", box, float(np.mean(falls)), "percent", limit)


def clipped(picture: Picture) -> Iterator[Artefact]:
    """Yield connected areas at the highest or lowest value of the picture; of: pixels."""
    import cv2

    fewest = picture.limits["clipped_px"]
    low, high = float(picture.grey.min()), float(picture.grey.max())
    for value in (low, high):
        at = (picture.grey == value).astype(np.uint8)
        if at.sum() < fewest:
            continue
        count, _, stats, _ = cv2.connectedComponentsWithStats(at, connectivity=4)
        for number in range(1, min(count, int(picture.limits["most_blobs"]))):
            left, top, width, height, pixels = (int(one) for one in stats[number])
            if pixels >= fewest and min(width, height) > 2:
                yield Artefact("clipped", (top, left, height, width), float(pixels), "pixels", fewest)


def _line_levels(lines: Grey) -> Floats:
    """Return the median of every row, of at most some hundred values each."""
    some = lines[:, :: max(1, lines.shape[1] // MOST_SAMPLES)]
    levels: Floats = np.median(some, axis=1).astype(np.float64)
    return levels


def _running_median(values: Floats, size: int) -> Floats:
    from scipy.ndimage import median_filter

    smooth: Floats = median_filter(values, max(3, size // 2 * 2 + 1), mode="nearest")
    return smooth


def _spread(values: Floats) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _jumps(means: Floats, reach: int) -> Floats:
    """Return the step at each place between straight lines fitted to either side.

    A few samples beside the place are left out, so that a dead line is no step; ``reach`` counts them in.
    """
    from scipy.ndimage import correlate1d

    at = np.arange(GAP_PX, reach) + 0.5
    # The value at the place of a straight line through the samples of one side.
    weight = 1 / at.size - (at - at.mean()) * at.mean() / ((at - at.mean()) ** 2).sum()
    kernel = np.concatenate([-weight[::-1], np.zeros(2 * GAP_PX), weight])
    whole: Floats = correlate1d(means, kernel, mode="nearest")
    return whole[reach : means.size - reach]


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield first and one past the last index of each run of True."""
    change = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    for first, last in zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True):
        yield int(first), int(last)


def _line_box(picture: Picture, axis: int, first: int, last: int) -> Box:
    rows, columns = picture.grey.shape
    return (first, 0, last - first, columns) if axis == 0 else (0, first, rows, last - first)


LOOKS: tuple[Callable[[Picture], Iterator[Artefact]], ...] = (
    clipped, dead_lines, bands, seams, marks, grid_lines, vignetting,
)  # fmt: skip
"""What is looked for, in the order in which one artefact explains another."""
KINDS = ("dead_lines", "bands", "seams", "spots", "scratches", "grid_lines", "vignetting", "clipped")


def found_in(picture: Picture) -> list[Artefact]:
    """Return all artefacts; marks and lines that another artefact makes are left out."""
    found: list[Artefact] = []
    for look in LOOKS:
        found += [one for one in look(picture) if not any(_explains(other, one, picture) for other in found)]
    return found


def _explains(cause: Artefact, one: Artefact, picture: Picture) -> bool:
    """Whether an artefact is but the border of another."""
    if (cause.kind, one.kind) not in EXPLAINED:
        return False
    margin = int(picture.limits["seam_reach_px"]) if one.kind == "seams" else 2 * COARSE
    columns = picture.grey.shape[1]
    if one.kind in ("seams", "bands") and (cause.box[3] == columns) != (one.box[3] == columns):
        return False
    row, column, height, width = cause.box
    return (
        one.box[0] < row + height + margin and one.box[0] + one.box[2] > row - margin
        and one.box[1] < column + width + margin and one.box[1] + one.box[3] > column - margin
    )  # fmt: skip


EXPLAINED = frozenset((
    ("clipped", "spots"), ("clipped", "scratches"), ("dead_lines", "seams"), ("bands", "seams"),
    ("dead_lines", "bands"), ("dead_lines", "scratches"), ("dead_lines", "spots"),
))  # fmt: skip
"""Which kind makes which other beside it."""
