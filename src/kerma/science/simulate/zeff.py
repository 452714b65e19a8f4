"""Effective atomic number from two energies, by a calibration against pure materials.

The ratio of the two attenuations depends on thickness, so a ratio alone says nothing: for each material the curve of
the low against the high attenuation is computed, and a pixel's number is read between the two curves it lies
between. Where nothing or next to nothing passes, or too little is in the beam, the answer is 0: undecidable.
"""

from __future__ import annotations

import numpy as np

from kerma.science.simulate.beam import Beam
from kerma.science.simulate.exposure import Field, attenuated

CALIBRATION = (("polyethylene", 5.5, 500.0), ("pmma", 6.6, 420.0), ("water", 7.5, 420.0), ("glass", 11.8, 180.0),
               ("aluminium", 13.0, 160.0), ("titanium", 22.0, 40.0), ("iron", 26.0, 24.0), ("copper", 29.0, 18.0))
"""Materials, their effective number (power law with exponent 2.94) and the largest thickness in mm."""
LEAST_ATTENUATION = 0.03
LEAST_SIGNAL = 0.004
POINTS = 160


def effective_number(low: Field, high: Field, low_beam: Beam, high_beam: Beam) -> Field:
    """Return the effective atomic number of each pixel, 0 where it cannot be told.

    Parameters
    ----------
    low, high : transmissions of shape (row, column)
    low_beam, high_beam : the beams they were taken with
    """
    from scipy.ndimage import uniform_filter

    seen_low = -np.log(np.maximum(uniform_filter(low, 3), 1e-4))
    seen_high = -np.log(np.maximum(uniform_filter(high, 3), 1e-4))
    numbers = np.array([number for _, number, _ in CALIBRATION])
    curves = np.stack([_curve(name, most, seen_high, (low_beam, high_beam)) for name, _, most in CALIBRATION])
    result = np.full(low.shape, numbers[0])
    for index in range(len(numbers) - 1):
        below, above = curves[index], curves[index + 1]
        share = np.clip((seen_low - below) / np.maximum(above - below, 1e-6), 0.0, 1.0)
        result += share * (numbers[index + 1] - numbers[index])
    undecidable = (seen_high < LEAST_ATTENUATION) | (low < LEAST_SIGNAL) | (high < LEAST_SIGNAL)
    return np.where(undecidable, 0.0, result)


def _curve(material: str, thickest_mm: float, seen_high: Field, beams: tuple[Beam, Beam]) -> Field:
    """Return the low attenuation this material would have where the high attenuation is as seen."""
    thickness = {material: (np.linspace(0.0, 1.0, POINTS) ** 2 * thickest_mm)[None, :]}
    low, high = (-np.log(attenuated(beam, thickness)[0][0]) for beam in beams)
    result: Field = np.interp(seen_high, high, low)
    return result
