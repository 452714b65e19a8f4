"""What a flat-field correction does for an image: evenness, row and column structure before and after."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging import flat_field
from kerma.science.imaging.frame_statistics import robust_spread
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import linearity_warnings
from kerma.science.measure.region import Region, inside
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
Floats = NDArray[np.float64]
SMOOTH_PX = 9
"""Length of the running median that tells the structure of single rows and columns from the picture."""


def measure(
    image: Image, flats: Image, darks: Image, *, plane: int = 0, region: Region | None = None
) -> Measurement | NotMeasurable:
    """Correct an image for offset and gain, and return its unevenness in an open region before and after.

    ``pixel_percent`` is the spread of single pixels about the median of 3 x 3 around them over the mean; ``column``
    and ``row`` the spread of the mean of single columns and rows about the running median of nine: the stripes that
    make rings in a reconstruction. Spreads are robust. The correction itself is
    :func:`kerma.science.imaging.flat_field.prepared`.
    """
    area = inside(image, region) if region else Region(0, 0, image.rows, image.columns)
    inputs: dict[str, Value] = {
        "plane": plane,
        "region": list(area.as_json()),
        "flat_frames": flats.planes,
        "dark_frames": darks.planes,
    }
    try:
        correction = flat_field.prepared(flats, darks)
        one = Image(image.pixels[plane : plane + 1], bits=image.bits, rises_with_dose=image.rises_with_dose)
        after = correction.corrected(one).pixels[0][area.slices].astype(np.float64)
    except WrongUsage as error:
        return NotMeasurable("flat_field", VERSION, str(error), inputs)
    before = image.pixels[plane][area.slices].astype(np.float64) - correction.offset[area.slices]
    values: dict[str, Value] = {}
    for when, grey in (("before", before), ("after", after)):
        found = residuals(grey)
        if found is None:
            reason = f"{when} correction the region holds no signal above 0 to compare with"
            return NotMeasurable("flat_field", VERSION, reason, inputs)
        values |= {f"{name}_{when}_percent": value for name, value in found.items()}
    values["pixels_filled"] = int(np.count_nonzero(correction.bad[area.slices]))
    values["mean_stored"] = float(np.mean(after))
    return Measurement(
        "flat_field",
        VERSION,
        values,
        method="(stored - dark) * mean response / response, bad pixels from their good neighbours; robust spread of "
        "pixels, columns and rows about running medians",
        inputs=inputs,
        warnings=linearity_warnings(image),
    )


def residuals(grey: Floats) -> dict[str, float] | None:
    """Return the spread of single pixels, columns and rows of a picture, in percent of its mean; None without one."""
    import cv2

    finite = np.isfinite(grey)
    if min(grey.shape) < 3 or not finite.any():
        return None
    if not finite.all():
        grey = np.where(finite, grey, np.median(grey[finite]))
    level = float(grey.mean())
    if level <= 0:
        return None
    single = grey - level
    single -= cv2.medianBlur(single.astype(np.float32), 3)
    found = {"pixel": 100 * robust_spread(single if finite.all() else single[finite]) / level}
    for name, axis in (("column", 0), ("row", 1)):
        found[name] = 100 * robust_spread(_less_smooth(grey.mean(axis=axis))) / level
    return found


def _less_smooth(line: Floats) -> Floats:
    reach = SMOOTH_PX // 2
    padded = np.pad(line, reach, mode="reflect" if line.size > reach else "edge")
    return np.asarray(line - np.median(np.lib.stride_tricks.sliding_window_view(padded, SMOOTH_PX), axis=1))
