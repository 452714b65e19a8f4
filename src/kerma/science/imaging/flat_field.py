"""Flat-field correction: offset and gain of each pixel taken out, bad pixels filled from their good neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.frame_statistics import exact_median, frame_mean
from kerma.science.imaging.image import Image

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
LEAST_SHARE = 0.05
"""A pixel whose response is below this share of the median has no gain and is bad."""
MOST_ROUNDS = 64


@dataclass(frozen=True)
class FlatField:
    """Offset, gain (mean response over the pixel's own) and bad pixels of a detector, each (row, column)."""

    offset: Floats
    gain: Floats
    bad: Mask

    def corrected(self, image: Image) -> Image:
        """Return the image with every plane corrected: (stored - offset) * gain, in single precision.

        Raises
        ------
        WrongUsage
            The image has not the rows and columns of the correction.
        """
        if (image.rows, image.columns) != self.gain.shape:
            raise WrongUsage(
                f"the image of {image.rows} x {image.columns} pixels is not from the detector of "
                f"{self.gain.shape[0]} x {self.gain.shape[1]} pixels that the flats and darks are from"
            )
        planes = [filled((plane.astype(np.float32) - self.offset) * self.gain, self.bad) for plane in image.pixels]
        return replace(image, pixels=np.stack(planes), padding_value=None)


def prepared(flats: Image, darks: Image, *, bad: Mask | None = None) -> FlatField:
    """Return the correction from flat frames and dark frames; ``bad`` marks pixels to be filled as well.

    Raises
    ------
    WrongUsage
        The frames do not match, or the flats are no brighter than the darks.
    """
    if (flats.rows, flats.columns) != (darks.rows, darks.columns):
        raise WrongUsage(
            f"flats of {flats.rows} x {flats.columns} and darks of {darks.rows} x {darks.columns} pixels do not match"
        )
    offset = frame_mean(darks.pixels)
    response = frame_mean(flats.pixels) - offset
    known = np.isfinite(response) & np.isfinite(offset)
    level = exact_median(response[known]) if known.any() else 0.0
    if flats.rises_with_dose is False:
        level, response = -level, -response
    if level <= 0:
        raise WrongUsage("the flats are no brighter than the darks: give flats first and darks second")
    usable = known & (response > LEAST_SHARE * level)
    if bad is not None:
        usable &= ~bad
    if not usable.any():
        raise WrongUsage("every pixel is bad: nothing can be corrected")
    mean = float(response[usable].mean())
    gain = np.where(usable, mean / np.where(usable, response, 1.0), 1.0).astype(np.float32)
    return FlatField(np.where(known, offset, 0.0).astype(np.float32), gain, ~usable)


def filled(values: Floats, bad: Mask) -> Floats:
    """Return values with bad pixels, and those that are not a number, replaced from the good ones around them.

    Pixels with good neighbours get their mean (diagonal ones count half); wider patches are filled from their border
    inwards, round by round.
    """
    import cv2

    missing = bad | ~np.isfinite(values)
    if not missing.any() or missing.all():
        return values
    result = np.where(missing, np.float32(0), values).astype(np.float32)
    weights = np.array([[0.5, 1, 0.5], [1, 0, 1], [0.5, 1, 0.5]], np.float32)
    for _ in range(MOST_ROUNDS):
        present = (~missing).astype(np.float32)
        total = cv2.filter2D(result, cv2.CV_32F, weights, borderType=cv2.BORDER_CONSTANT)
        count = cv2.filter2D(present, cv2.CV_32F, weights, borderType=cv2.BORDER_CONSTANT)
        ready = missing & (count > 0)
        result[ready] = total[ready] / count[ready]
        missing &= ~ready
        if not missing.any():
            return result
    result[missing] = np.median(values[~bad & np.isfinite(values)])
    return result
