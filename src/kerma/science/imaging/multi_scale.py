"""A picture taken apart by size of detail: Gaussians, their differences, and the Laplacian pyramid; and put together.

Beyond the border the nearest pixel goes on in Gaussians; the pyramid mirrors about the last pixel. All in single
precision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.imaging.grey_arrays import checked

Floats = NDArray[np.float32]
TRUNCATE = 4.0
"""A Gaussian ends at this many standard deviations."""
WIDEST_PX = 200.0
BAND_ROWS = 384
"""Rows blurred at one time: many against the reach of a Gaussian, and several bands to a picture."""
HALVED_FROM_PX, ENLARGING_PX = 4.0, 2.0
"""From this standard deviation on every second pixel says all, to 3e-9; blur that hides the gaps when enlarged."""
SMALLEST_PX = 2
"""A side of the picture that is not halved any more."""


def gaussian(values: NDArray[Any], *, sigma_px: float) -> Floats:
    """Return a plane blurred by a Gaussian of standard deviation ``sigma_px``, cut at four of it.

    Raises
    ------
    WrongUsage
        Sigma is not between 0 and 200 pixels, or the array is none a filter can work on.
    """
    if not 0 <= sigma_px <= WIDEST_PX:
        raise WrongUsage(f"a Gaussian of {sigma_px:g} pixels: give 0 to {WIDEST_PX:g}")
    plane = checked(values, "a Gaussian").astype(np.float32)
    return _blurred(plane, _taps(sigma_px)) if sigma_px > 0 else plane


def _taps(sigma_px: float) -> NDArray[np.float64]:
    reach = int(TRUNCATE * sigma_px + 0.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    return np.asarray(taps / taps.sum())


def _blurred(plane: Floats, taps: NDArray[np.float64]) -> Floats:
    """Return a plane with taps applied along columns and rows, in bands of rows on all cores."""
    import cv2

    reach = taps.size // 2
    found = np.empty_like(plane)

    def blur(band: tuple[int, int]) -> None:
        above = min(band[0], reach)
        part = plane[band[0] - above : band[1] + reach]
        blurred = cv2.sepFilter2D(part, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_REPLICATE)
        found[band[0] : band[1]] = blurred[above : above + band[1] - band[0]]

    over_rows(plane.shape[0], blur, band_rows=BAND_ROWS)
    return found


def difference_of_gaussians(values: NDArray[Any], *, sigmas_px: Sequence[float]) -> Floats:
    """Return the bands between neighbouring Gaussians, finest first: (band, row, column), one less than sigmas.

    Their sum is the first Gaussian less the last. Each Gaussian is made from the one before, with the variance that is
    missing; wide ones on every second pixel. Both change nothing but what the cut at four sigma leaves out.

    Raises
    ------
    WrongUsage
        Fewer than two sigmas, or not rising; or the array is none a filter can work on.
    """
    if len(sigmas_px) < 2 or any(after <= before for before, after in zip(sigmas_px, sigmas_px[1:], strict=False)):
        raise WrongUsage(f"differences of Gaussians need two or more rising sigmas in pixels, not {list(sigmas_px)}")
    import cv2

    plane = checked(values, "a difference of Gaussians").astype(np.float32)
    border = int(TRUNCATE * sigmas_px[-1] + 0.5)
    padded = cv2.copyMakeBorder(plane, *(border,) * 4, cv2.BORDER_REPLICATE)
    inner = tuple(slice(border, border + size) for size in plane.shape)
    scale = _Scale(padded, 0.0)
    finer = scale.at(sigmas_px[0])[inner]
    bands = np.empty((len(sigmas_px) - 1, *plane.shape), np.float32)
    for band, sigma_px in zip(bands, sigmas_px[1:], strict=True):
        coarser = scale.at(sigma_px)[inner]
        np.subtract(finer, coarser, out=band)
        finer = coarser
    return bands


class _Scale:
    """A plane that is blurred more and more, on every second pixel once it is smooth enough for that."""

    def __init__(self, plane: Floats, variance_px2: float) -> None:
        self._plane, self._variance_px2 = plane, variance_px2
        self._half: _Scale | None = None

    def at(self, sigma_px: float) -> Floats:
        """Return the plane blurred by ``sigma_px`` in all, not less than at the call before."""
        if self._half is None and self._variance_px2 >= HALVED_FROM_PX**2:
            self._half = _Scale(np.ascontiguousarray(self._plane[::2, ::2]), self._variance_px2 / 4)
        rest = sigma_px**2 - ENLARGING_PX**2
        if self._half is not None and rest >= self._variance_px2:
            return _enlarged(self._half.at(math.sqrt(rest) / 2), self._plane.shape)
        missing_px2 = sigma_px**2 - self._variance_px2
        if missing_px2 > 0:
            self._plane, self._variance_px2 = _blurred(self._plane, _taps(math.sqrt(missing_px2))), sigma_px**2
        return self._plane


def _enlarged(half: Floats, shape: tuple[int, ...]) -> Floats:
    """Return a plane of twice the pixels, blurred by ``ENLARGING_PX``: new pixels are empty, the blur fills them."""
    spread = np.zeros(shape, np.float32)
    spread[::2, ::2] = half
    taps = _taps(ENLARGING_PX)
    # Every second tap meets a pixel, so either half of the taps must carry the whole.
    taps[::2] /= taps[::2].sum()
    taps[1::2] /= taps[1::2].sum()
    return _blurred(spread, taps)


def laplacian_pyramid(values: NDArray[Any], *, levels: int) -> list[Floats]:
    """Return details from fine to coarse and the rest: ``levels`` + 1 planes, each half the size of the one before.

    The filter is the binomial 1 4 6 4 1 of Burt and Adelson (1983). Levels that would halve a side of one pixel are
    left out.

    Raises
    ------
    WrongUsage
        Fewer than one level, or the array is none a filter can work on.
    """
    import cv2

    if levels < 1:
        raise WrongUsage(f"a pyramid has one level or more, not {levels}")
    finer: Floats = checked(values, "a pyramid").astype(np.float32)
    pyramid = []
    for _ in range(levels):
        if min(finer.shape) < SMALLEST_PX:
            break
        coarser: Floats = cv2.pyrDown(finer)
        detail = cv2.pyrUp(coarser, dstsize=finer.shape[::-1])
        pyramid.append(cv2.subtract(finer, detail, dst=detail))
        finer = coarser
    return [*pyramid, finer]


def reassembled(pyramid: Sequence[Floats]) -> Floats:
    """Return the picture of a Laplacian pyramid."""
    import cv2

    found = pyramid[-1]
    for detail in reversed(pyramid[:-1]):
        found = detail + cv2.pyrUp(found, dstsize=detail.shape[::-1])
    return found


def multi_scale(values: NDArray[Any], *, gains: Sequence[float], exponent: float = 1.0) -> NDArray[Any]:
    """Return a picture whose details are made stronger or weaker by size, in the type of the input.

    Each detail d of level n becomes gains[n] · m · sign(d) · (|d| / m)^exponent, where m is the greatest |d| of the
    level. An exponent below 1 lifts faint details more than strong ones, and noise with them. Whole numbers are
    rounded and end at the limits of their type.

    Parameters
    ----------
    gains : one for each level, finest first; 1 leaves a level as it is
    exponent : above 0, at most 1

    Raises
    ------
    WrongUsage
        No gain, a gain that is no number, an exponent out of range, or the array is none a filter can work on.
    """
    if not gains or not all(math.isfinite(gain) for gain in gains):
        raise WrongUsage(f"multi-scale contrast needs a gain for each level, not {list(gains)}")
    if not 0 < exponent <= 1:
        raise WrongUsage(f"the exponent of multi-scale contrast lies above 0 and is at most 1, not {exponent:g}")
    pyramid = laplacian_pyramid(values, levels=len(gains))
    details = [_lifted(detail, gain, exponent) for detail, gain in zip(pyramid[:-1], gains, strict=False)]
    found = reassembled([*details, pyramid[-1]])
    if values.dtype.kind in "ui":
        limit = np.iinfo(values.dtype)
        np.clip(np.rint(found, out=found), limit.min, limit.max, out=found)
    return found.astype(values.dtype)


def _lifted(detail: Floats, gain: float, exponent: float) -> Floats:
    greatest = float(np.abs(detail).max())
    if exponent == 1.0 or greatest == 0.0:
        return detail * np.float32(gain)
    share = np.abs(detail) / np.float32(greatest)
    return np.copysign(np.float32(gain * greatest) * share ** np.float32(exponent), detail)
