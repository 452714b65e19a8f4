"""What a learned detector sees of an image: band-passed values over their own local noise, the same at every exposure.

The same function makes the training examples and runs on real images. Gain, offset, slow background, the film's
curve and the noise level drop out of every channel; what is left is shape against its surroundings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.scale_space import fill_gaps
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data

Grey = NDArray[np.float32]
LINEAR_MEANINGS = ("raw", "for-processing")


@dataclass(frozen=True)
class Band:
    """One channel: what is left between two Gaussians, over its robust local deviation in blocks."""

    small_px: float
    large_px: float
    block_px: int
    """Side of the blocks in which the local deviation is estimated."""
    shrink: int
    """The band is computed on the image made smaller by this factor: it holds nothing finer."""


BANDS = (Band(0.7, 2.0, 32, 1), Band(1.4, 4.5, 32, 1), Band(3.0, 12.0, 64, 2), Band(8.0, 48.0, 128, 4))
"""Fine to wide: the first three hold flaws of 2 to 40 pixels, the last the bead, letters and edges around them."""
CHANNELS = len(BANDS)
HIGHEST = 3.5
"""Channels are asinh(local standard deviations), clipped here: 16.5 deviations and more look alike."""
MEDIAN_OF_NORMAL = 0.6745
NEIGHBOURS_SHARE = 0.5
"""A block's noise is not taken as less than this share of the median round it: letters and steps fill few blocks."""
CLIPPED_SIDE_PX = 31
"""Clipped areas at least this wide and high hold no information: they count as missing data."""
DARKEST_SHARE = 0.002
"""Linear values below this share of the brightest are raised to it before their logarithm is taken."""
LOWEST, HIGHEST_QUANTILE = 0.0005, 0.9995


def image_channels(image: Image, *, plane: int = 0, scale: float = 1.0) -> Grey:
    """Return the channels (channel, row, column) of one plane of an image, shrunk to ``scale``; see :func:`channels`.

    An image that does not say how its values run is taken as a scanned film: dark where more radiation arrived.
    """
    import cv2

    stored = image.pixels[plane]
    is_whole = np.issubdtype(stored.dtype, np.integer)
    is_linear = image.meaning in LINEAR_MEANINGS and image.rises_with_dose is True
    grey, known = stored.astype(np.float32), has_data(image, plane)
    if scale != 1.0:
        if known is not None:
            fill_gaps(grey, known) if known.any() else grey.fill(0)
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR)
        if known is not None:
            known = cv2.resize(known.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return channels(
        grey, rises_with_dose=bool(image.rises_with_dose), is_linear=is_linear, known=known,
        step=min(1.0, scale) if is_whole else 0.0,
    )  # fmt: skip


def channels(
    grey: Grey, *, rises_with_dose: bool, is_linear: bool, known: NDArray[np.bool_] | None = None, step: float = 0.0
) -> Grey:
    """Return the channels (channel, row, column), each within ±3.5, larger where there is more material.

    Parameters
    ----------
    grey : (row, column) stored values
    rises_with_dose : whether larger values mean more radiation, that is less material
    is_linear : whether the values are proportional to dose; their logarithm is then taken
    known : where there is data; None when everywhere
    step : smallest difference the values can express (1 for integers); where it hides the noise, it counts as noise
    """
    values = np.array(grey, dtype=np.float32)
    known = _informative(values, known, is_whole=step > 0)
    if known is not None:
        if not known.any():
            return np.zeros((CHANNELS, *values.shape), dtype=np.float32)
        fill_gaps(values, known)
    low, high = (float(value) for value in np.quantile(values[::3, ::3], (LOWEST, HIGHEST_QUANTILE)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    span = max(high - low, 1e-20)
    floor = step * 12**-0.5 / span
    if is_linear and high > 0:
        lowest = max(low, DARKEST_SHARE * high)
        values = np.log(np.maximum(values, np.float32(lowest)) / np.float32(high))
        floor = step * 12**-0.5 / max(0.5 * (lowest + high), 1e-20)
    else:
        np.clip(values, low - span, high + span, out=values)
        values = (values - np.float32(low)) / np.float32(span)
    if rises_with_dose:
        np.negative(values, out=values)
    found = np.stack([banded(values, known, band, floor) for band in BANDS])
    if known is not None:
        found[:, ~known] = 0
    return found


def _informative(values: Grey, known: NDArray[np.bool_] | None, *, is_whole: bool) -> NDArray[np.bool_] | None:
    """Return where there is something to see: neither padding nor large areas clipped at either end; None: all."""
    import cv2

    if known is None and not np.isfinite(values).all():
        known = np.isfinite(values)
    if not is_whole:
        return known
    low, high, _, _ = cv2.minMaxLoc(values)
    clipped = ((values == low) | (values == high)).astype(np.uint8)
    square = np.ones((CLIPPED_SIDE_PX, CLIPPED_SIDE_PX), np.uint8)
    # Beyond the edge of the image the clipping is taken to go on: a border may be narrow.
    reach = CLIPPED_SIDE_PX
    large = cv2.morphologyEx(
        cv2.copyMakeBorder(clipped, reach, reach, reach, reach, cv2.BORDER_REPLICATE), cv2.MORPH_OPEN, square
    )[reach:-reach, reach:-reach]
    if not large.any():
        return known
    visible: NDArray[np.bool_] = large == 0
    return visible if known is None else known & visible


def banded(values: Grey, known: NDArray[np.bool_] | None, band: Band, floor: float) -> Grey:
    """Return one channel: a band over its own local deviation, never less than ``floor`` of noise, within ±3.5."""
    import cv2

    rows, columns = values.shape
    shrink = band.shrink if min(rows, columns) >= 8 * band.shrink else 1
    small = values
    if shrink > 1:
        small = cv2.resize(values, (-(-columns // shrink), -(-rows // shrink)), interpolation=cv2.INTER_AREA)
    near, far = band.small_px / shrink, band.large_px / shrink
    response = cv2.subtract(cv2.GaussianBlur(small, (0, 0), near), cv2.GaussianBlur(small, (0, 0), far))
    seen = known
    if known is not None and shrink > 1:
        size = (small.shape[1], small.shape[0])
        seen = cv2.resize(known.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    noise = _local_deviation(response, seen, max(8, band.block_px // shrink))
    lowest = floor * _gain(band.small_px, band.large_px) + 1e-7
    np.divide(response, np.maximum(noise, np.float32(lowest)), out=response)
    np.arcsinh(response, out=response)
    np.clip(response, -HIGHEST, HIGHEST, out=response)
    if shrink > 1:
        response = cv2.resize(response, (columns, rows), interpolation=cv2.INTER_LINEAR)
    whole: Grey = response
    return whole


def _local_deviation(response: Grey, known: NDArray[np.bool_] | None, side_px: int) -> Grey:
    """Return the robust local standard deviation, smooth between the middles of blocks."""
    import cv2

    strength = np.abs(response)
    if known is not None:
        strength[~known] = np.nan
    step = 2 if side_px >= 32 else 1
    strength = strength[::step, ::step]
    side = max(4, side_px // step)
    rows, columns = -(-strength.shape[0] // side), -(-strength.shape[1] // side)
    spare = ((0, rows * side - strength.shape[0]), (0, columns * side - strength.shape[1]))
    strength = np.pad(strength, spare, constant_values=np.nan)
    blocks = strength.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows, columns, side * side)
    middles = _median(blocks) / np.float32(MEDIAN_OF_NORMAL)
    is_empty = ~np.isfinite(middles)
    if is_empty.all():
        return np.ones_like(response)
    middles[is_empty] = np.median(middles[~is_empty])
    padded = np.pad(middles, 2, mode="edge")
    near = np.stack([padded[down : down + rows, right : right + columns] for down in range(5) for right in range(5)])
    middles = np.maximum(middles, np.float32(NEIGHBOURS_SHARE) * np.median(near, axis=0)).astype(np.float32)
    full = (columns * side * step, rows * side * step)
    smooth: Grey = cv2.resize(middles, full, interpolation=cv2.INTER_LINEAR)
    return smooth[: response.shape[0], : response.shape[1]]


def _median(blocks: Grey) -> Grey:
    """Return the median along the last axis; not-a-number where less than an eighth of a block is known."""
    ordered = np.sort(blocks, axis=2)
    count = np.isfinite(ordered).sum(axis=2)
    middle: Grey = np.take_along_axis(ordered, np.maximum(0, (count - 1) // 2)[..., None], axis=2)[..., 0]
    middle[count * 8 < blocks.shape[2]] = np.nan
    return middle


def _gain(small_px: float, large_px: float) -> float:
    """Return the standard deviation of the band's response to white noise of standard deviation 1."""
    power = (1 / small_px**2 + 1 / large_px**2 - 4 / (small_px**2 + large_px**2)) / (4 * math.pi)
    return math.sqrt(max(power, 0.0))
