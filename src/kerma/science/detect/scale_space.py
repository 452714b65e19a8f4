"""Blobs and short lines in scale space: difference of Gaussians over its local noise, in octaves.

Every response is divided by a robust local standard deviation of the responses of the same scale around it, so that
gain, offset, slow background and changing noise drop out and one threshold holds everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]

SIGMAS_PX = (1.0, 1.6, 2.56)
"""Standard deviations of the Gaussians of one octave, in pixels of that octave; neighbours are subtracted."""
SMALLEST_OCTAVE_PX = 48
"""Octaves stop when the shorter side of the image falls below this."""
BLOCK_PX = 32
"""Side of the blocks in which local noise is estimated, in pixels of the octave."""
SAMPLING_PX = 2
"""Only every second row and column is looked at for the noise: neighbouring responses repeat each other."""
FULLEST_QUANTILE = 0.9
"""Besides the median of a block, this quantile of it and its neighbours bounds the noise from below: structure that
fills an area counts as noise, a nest of pores does not."""
MEDIAN_OF_NORMAL = 0.6745
QUANTILE_OF_NORMAL = 1.6449
FEWEST_SAMPLES = 24
EDGE_DISTANCE = 2.5
"""Responses nearer to the border or to missing data than this many standard deviations of the Gaussian are dropped:
the image is mirrored there, which turns every slope into a line."""


@dataclass(frozen=True)
class Level:
    """Responses of one scale: ``response`` (row, column) in local standard deviations, positive where brighter."""

    response: Grey
    sigma_px: float
    """Standard deviation of the smaller Gaussian, in pixels of this level."""
    scale: float
    """Image pixels per pixel of this level."""


def levels(grey: Grey, known: NDArray[np.bool_] | None, *, step: float, octaves: int) -> Iterator[Level]:
    """Yield the normalized difference-of-Gaussians responses, finest scale first.

    Parameters
    ----------
    grey : (row, column) image without gaps
    known : where the image carries data; None when everywhere
    step : smallest difference the image can express (1 for integers); bounds the noise where the image is flat
    octaves : how many halvings of the image at most
    """
    import cv2

    scale = 1.0
    for _ in range(octaves):
        blurred = cv2.GaussianBlur(grey, (0, 0), SIGMAS_PX[0])
        for small, large in zip(SIGMAS_PX, SIGMAS_PX[1:], strict=False):
            wider = cv2.GaussianBlur(grey, (0, 0), large)
            response = cv2.subtract(blurred, wider)
            floor = step * 12**-0.5 * _noise_gain(small, large) / scale
            _normalize(response, known, floor)
            _drop_near_border(response, int(np.ceil(EDGE_DISTANCE * small)))
            if known is not None:
                _drop_near_gaps(response, known, EDGE_DISTANCE * small)
            yield Level(response, small, scale)
            blurred = wider
        if min(grey.shape) < 2 * SMALLEST_OCTAVE_PX:
            return
        grey = cv2.pyrDown(grey)
        if known is not None:
            size = (grey.shape[1], grey.shape[0])
            known = cv2.resize(known.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
        scale *= 2


def fill_gaps(grey: Grey, known: NDArray[np.bool_]) -> None:
    """Replace pixels without data, in place, by a wide local mean of those with data."""
    import cv2

    size = (max(1, grey.shape[1] // 8), max(1, grey.shape[0] // 8))
    weight = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(np.where(known, grey, np.float32(0)), size, interpolation=cv2.INTER_AREA)
    weight, total = cv2.GaussianBlur(weight, (0, 0), 4.0), cv2.GaussianBlur(total, (0, 0), 4.0)
    everywhere = np.float32(grey[known].mean())
    mean = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), everywhere).astype(np.float32)
    wide = cv2.resize(mean, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    grey[~known] = wide[~known]


def _noise_gain(small: float, large: float) -> float:
    """Return the standard deviation of the response to white noise of standard deviation 1."""
    power = (1 / small**2 + 1 / large**2 - 4 / (small**2 + large**2)) / (4 * np.pi)
    return float(power**0.5)


def _normalize(response: Grey, known: NDArray[np.bool_] | None, floor: float) -> None:
    """Divide responses, in place, by their local standard deviation."""
    import cv2

    blocks = _block_noise(response, known)
    if not np.isfinite(blocks).any():
        response.fill(0)
        return
    blocks[~np.isfinite(blocks)] = np.median(blocks[np.isfinite(blocks)])
    smooth = np.maximum(blocks, cv2.blur(blocks, (3, 3), borderType=cv2.BORDER_REPLICATE))
    smooth = np.maximum(smooth, np.float32(max(floor, 1e-30)))
    rows, columns = response.shape
    padded = (smooth.shape[1] * BLOCK_PX, smooth.shape[0] * BLOCK_PX)
    noise = cv2.resize(smooth, padded, interpolation=cv2.INTER_LINEAR)[:rows, :columns]
    np.divide(response, noise, out=response)


def _block_noise(response: Grey, known: NDArray[np.bool_] | None) -> Grey:
    """Return a robust standard deviation per block; not-a-number where too little data is known."""
    samples = np.abs(response[::SAMPLING_PX, ::SAMPLING_PX])
    if known is not None:
        samples[~known[::SAMPLING_PX, ::SAMPLING_PX]] = np.nan
    side = BLOCK_PX // SAMPLING_PX
    spare = [(0, -size % side) for size in samples.shape]
    samples = np.pad(samples, spare, constant_values=np.nan)
    rows, columns = samples.shape[0] // side, samples.shape[1] // side
    blocks = samples.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows, columns, side * side)
    blocks = np.sort(blocks, axis=2)
    count = np.isfinite(blocks).sum(axis=2)
    middle = _at(blocks, count, 0.5) / MEDIAN_OF_NORMAL
    fullest = _at(blocks, count, FULLEST_QUANTILE) / QUANTILE_OF_NORMAL
    few = count < FEWEST_SAMPLES
    middle[few], fullest[few] = np.nan, np.nan
    noise: Grey = np.fmax(middle, _median_of_neighbours(fullest)).astype(np.float32)
    noise[few] = np.nan
    return noise


def _median_of_neighbours(blocks: NDArray[Any]) -> NDArray[Any]:
    """Return the median of each block and its eight neighbours, those without data left out."""
    padded = np.pad(blocks, 1, constant_values=np.nan)
    rows, columns = blocks.shape
    near = np.stack([
        padded[down : down + rows, right : right + columns] for down in range(3) for right in range(3)
    ])
    near = np.sort(near, axis=0)
    count = np.isfinite(near).sum(axis=0)
    picked: NDArray[Any] = np.take_along_axis(near, np.maximum(0, (count - 1) // 2)[None], axis=0)[0]
    return picked


def _at(ordered: NDArray[Any], count: NDArray[np.intp], quantile: float) -> NDArray[Any]:
    index = np.clip((count * quantile).astype(np.intp), 0, ordered.shape[2] - 1)
    picked: NDArray[Any] = np.take_along_axis(ordered, index[..., None], axis=2)[..., 0]
    return picked


def _drop_near_border(response: Grey, distance_px: int) -> None:
    response[:distance_px], response[-distance_px:] = 0, 0
    response[:, :distance_px], response[:, -distance_px:] = 0, 0


def _drop_near_gaps(response: Grey, known: NDArray[np.bool_], distance_px: float) -> None:
    import cv2

    reach = 2 * int(np.ceil(distance_px)) + 1
    kept = cv2.erode(known.astype(np.uint8), np.ones((reach, reach), np.uint8), borderValue=1)
    response[kept == 0] = 0
