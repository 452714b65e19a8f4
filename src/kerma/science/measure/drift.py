"""Drift of offset and gain between a first and a later set of dark and flat frames."""

from __future__ import annotations

import numpy as np

from kerma.science.imaging.frame_statistics import frame_mean, robust_spread, typical
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import linearity_warnings
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
UNLIT_SHARE = 0.05
"""Pixels below this share of the median response say nothing about gain."""


def measure(
    first_darks: Image, first_flats: Image, later_darks: Image, later_flats: Image
) -> Measurement | NotMeasurable:
    """Return how offset and gain have moved, on the whole and from pixel to pixel.

    Offset drift is the later dark less the first, in stored values. Gain drift is the later response (flat less dark)
    over the first, less 1: ``gain_percent`` its median, which holds a change of dose as well, and
    ``gain_pattern_percent`` the standard deviation of what differs between pixels. Spreads are robust, from the
    median of absolute deviations; they hold the noise of the frames, so give several.
    """
    images = (first_darks, first_flats, later_darks, later_flats)
    inputs: dict[str, Value] = {
        "first_dark_frames": first_darks.planes,
        "first_flat_frames": first_flats.planes,
        "later_dark_frames": later_darks.planes,
        "later_flat_frames": later_flats.planes,
    }
    if len({(image.rows, image.columns) for image in images}) > 1:
        return NotMeasurable("drift", VERSION, "the four images do not have the same rows and columns", inputs)
    dark, flat, later_dark, later_flat = (frame_mean(image.pixels) for image in images)
    sign = -1.0 if first_flats.rises_with_dose is False else 1.0
    first, later = sign * (flat - dark), sign * (later_flat - later_dark)
    known = np.isfinite(first) & np.isfinite(later)
    if not known.any() or (level := typical(first[known])) <= 0 or typical(later[known]) <= 0:
        return NotMeasurable(
            "drift", VERSION, "the flats are no brighter than the darks, or no pixel has a value", inputs
        )
    lit = known & (first > UNLIT_SHARE * level)
    moved, ratio = (later_dark - dark)[known], later[lit] / first[lit] - 1
    offset, offset_spread = typical(moved), robust_spread(moved)
    gain, gain_spread = typical(ratio), robust_spread(ratio)
    values: dict[str, Value] = {
        "offset_stored": offset,
        "offset_pattern_stored": offset_spread,
        "offset_largest_stored": float(moved[np.abs(moved).argmax()]),
        "gain_percent": 100 * gain,
        "gain_pattern_percent": 100 * gain_spread / (1 + gain),
        "offset_of_signal_percent": 100 * offset / level,
        "pixels": int(lit.sum()),
    }
    return Measurement(
        "drift",
        VERSION,
        values,
        method="medians and robust spreads over pixels of later dark less first, and of later response over first",
        inputs=inputs,
        uncertainties={
            "offset_stored": 1.2533 * offset_spread / moved.size**0.5,
            "gain_percent": 125.33 * gain_spread / ratio.size**0.5,
        },
        warnings=linearity_warnings(first_flats),
    )
