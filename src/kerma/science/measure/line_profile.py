"""Grey values along a straight line, optionally averaged across it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, is_rescaled
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
Point = tuple[float, float]


def measure(
    image: Image, *, plane: int = 0, start: Point | None = None, end: Point | None = None, width_px: int = 1
) -> Measurement | NotMeasurable:
    """Return the values along the line from ``start`` to ``end``, points given as (row, column) of pixel centres.

    Values are taken at steps of at most one pixel by bilinear interpolation and averaged over ``width_px`` parallel
    lines one pixel apart. Without points the middle row is taken. ``distance_mm`` follows when the spacing is known.
    Places without data are null.
    """
    first = start or ((image.rows - 1) / 2, 0.0)
    last = end or ((image.rows - 1) / 2, image.columns - 1.0)
    inputs: dict[str, Value] = {"plane": plane, "start": list(first), "end": list(last), "width_px": width_px}
    for row, column in (first, last):
        if not (0 <= row <= image.rows - 1 and 0 <= column <= image.columns - 1):
            raise WrongUsage(f"point {row:g},{column:g} lies outside the {image.rows} rows, {image.columns} columns")
    if width_px < 1:
        raise WrongUsage("width_px counts the pixels averaged across the line: at least 1")
    step = np.subtract(last, first)
    length_px = float(np.hypot(*step))
    if length_px < 1:
        return NotMeasurable("line_profile", VERSION, "the line is shorter than one pixel", inputs)
    share = np.linspace(0, 1, int(np.ceil(length_px)) + 1)
    sampled = _mean_across(image, plane, first, step, share, width_px)
    if not np.isfinite(sampled).any():
        return NotMeasurable("line_profile", VERSION, "no pixel on the line carries data", inputs)
    values: dict[str, Value] = {"distance_px": (share * length_px).tolist(), "value_stored": _listed(sampled)}
    if image.spacing.row_mm is not None and image.spacing.column_mm is not None:
        length_mm = float(np.hypot(step[0] * image.spacing.row_mm, step[1] * image.spacing.column_mm))
        values["distance_mm"] = (share * length_mm).tolist()
        inputs["spacing_source"] = image.spacing.label
    if is_rescaled(image.grey):
        is_known = np.isfinite(sampled)
        physical = np.full(sampled.shape, np.nan)
        physical[is_known] = modality_values(image.grey, sampled[is_known])
        values["value_rescaled"] = _listed(physical)
        values["rescaled_unit"] = image.grey.unit or "unspecified"
    return Measurement(
        "line_profile", VERSION, values, method=f"bilinear, mean of {width_px} parallel lines", inputs=inputs
    )


def _mean_across(
    image: Image, plane: int, first: Point, step: NDArray[np.float64], share: NDArray[np.float64], width_px: int
) -> NDArray[np.float64]:
    across = np.array([-step[1], step[0]]) / np.hypot(*step)
    offsets = np.arange(width_px) - (width_px - 1) / 2
    row = first[0] + share[:, None] * step[0] + offsets * across[0]
    column = first[1] + share[:, None] * step[1] + offsets * across[1]
    lines = _bilinear(image, plane, row, column)
    has_value = np.isfinite(lines)
    count = has_value.sum(axis=1)
    total = np.where(has_value, lines, 0.0).sum(axis=1)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _bilinear(
    image: Image, plane: int, row: NDArray[np.float64], column: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate between the four pixels around each point; a pixel without data with any weight gives no value."""
    stored = image.pixels[plane]
    mask = has_data(image, plane)
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    is_inside = (row >= 0) & (row <= image.rows - 1) & (column >= 0) & (column <= image.columns - 1)
    total = np.where(is_inside, 0.0, np.nan)
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - (row - top)) * np.abs(1 - right - (column - left))
            at = np.clip(top + down, 0, image.rows - 1), np.clip(left + right, 0, image.columns - 1)
            value = stored[at].astype(np.float64)
            if mask is not None:
                value = np.where(mask[at], value, np.nan)
            total += np.where(weight > 0, weight * value, 0.0)
    return total


def _listed(values: NDArray[np.float64]) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
