"""Size of the focal spot from the image of an edge or slit under magnification, the blur of the detector taken out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import linearity_warnings
from kerma.science.measure import mtf
from kerma.science.measure.region import Region
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
Floats = NDArray[np.float64]
FAINTEST = 0.1
"""Ratios of MTFs are used down to this value, and where the detector passes at least twice as much."""
INDEPENDENT = 3.0
"""Independent values in the ratio of two smooth MTFs."""
SMALLEST_ERRORS = 3.0
"""A spot must be this many standard errors wide to be told from none."""


def measure(
    magnified: Image,
    contact: Image,
    *,
    magnification: float | None = None,
    region: Region | None = None,
    line: str = "edge",
) -> Measurement | NotMeasurable:
    """Return the width of the focal spot across an edge or slit, from two images of it with one detector.

    ``magnified`` shows it at the magnification given (source-detector over source-object distance), ``contact`` on
    the detector. The ratio of both MTFs is that of the spot at the detector, (M - 1) times as wide as the spot.
    ``focal_spot_mm`` is the width of the evenly bright spot that fits the ratio best, ``gaussian_fwhm_mm`` the full
    width at half maximum of the Gaussian one; the smaller misfit tells which shape is nearer.
    """
    pixel_mm = mtf.pitch_mm(magnified)
    inputs: dict[str, Value] = {
        "magnification": magnification,
        "region": list(region.as_json()) if region else None,
        "line": line,
        "spacing_mm": pixel_mm,
        "spacing_origin": magnified.spacing.label,
    }
    reason = _missing(magnified, contact, magnification)
    found = reason or _ratio(magnified, contact, region, line)
    if isinstance(found, str) or magnification is None or pixel_mm is None:
        return NotMeasurable("focal_spot", VERSION, str(found), inputs)
    frequency, ratio, error = found
    scale = pixel_mm / (magnification - 1)
    even, even_error, even_misfit = _fitted(frequency, ratio, error, _even)
    bell, bell_error, bell_misfit = _fitted(frequency, ratio, error, _bell)
    if even < SMALLEST_ERRORS * even_error or even <= 0:
        reason = (
            f"the spot makes no blur that can be told from the detector's: it is below "
            f"{SMALLEST_ERRORS * even_error * scale:.3g} mm; a higher magnification is needed"
        )
        return NotMeasurable("focal_spot", VERSION, reason, inputs)
    values: dict[str, Value] = {
        "focal_spot_mm": even * scale,
        "gaussian_fwhm_mm": bell * scale,
        "unsharpness_mm": even * pixel_mm,
        "misfit_even": even_misfit,
        "misfit_gaussian": bell_misfit,
        "nearer_shape": "even" if even_misfit <= bell_misfit else "gaussian",
    }
    return Measurement(
        "focal_spot",
        VERSION,
        values,
        method="ratio of the MTF under magnification to that in contact, fitted by the MTF of an even and a Gaussian "
        "spot, over (magnification - 1)",
        inputs=inputs,
        uncertainties={"focal_spot_mm": even_error * scale, "gaussian_fwhm_mm": bell_error * scale},
        warnings=linearity_warnings(magnified),
    )


def _missing(magnified: Image, contact: Image, magnification: float | None) -> str:
    if magnification is None or magnification <= 1:
        return f"give a magnification above 1 (source-detector over source-object distance), not {magnification}"
    pitches = mtf.pitch_mm(magnified), mtf.pitch_mm(contact)
    if pitches[0] is None or pitches[1] is None:
        return "the pitch of the detector is not known: give spacing_mm"
    if abs(pitches[0] / pitches[1] - 1) > mtf.SQUARE:
        return f"the images have pixels of {pitches[0]:g} and {pitches[1]:g} mm: both must come from one detector"
    return ""


def _ratio(magnified: Image, contact: Image, region: Region | None, line: str) -> tuple[Floats, Floats, Floats] | str:
    """Return frequencies in cycles per pixel, the ratio of the MTFs there and its standard error."""
    with ThreadPoolExecutor(2) as pool:
        spot, detector = pool.map(
            lambda one: mtf.transfer(one, plane=0, region=region, what=line), (magnified, contact)
        )
    if isinstance(spot, str):
        return f"of the magnified image: {spot}"
    if isinstance(detector, str):
        return f"of the contact image: {detector}"
    below = np.flatnonzero((spot.modulation < FAINTEST * detector.modulation) | (detector.modulation < 2 * FAINTEST))
    end = int(below[0]) if below.size else spot.modulation.size
    use = slice(1, end)
    if end < 4:
        return "the MTFs fall too fast to be compared: the blur is as wide as the region, or the magnification too high"
    ratio = spot.modulation[use] / detector.modulation[use]
    relative = np.hypot(spot.errors[use] / spot.modulation[use], detector.errors[use] / detector.modulation[use])
    return mtf.FREQUENCIES_PX[use], ratio, np.maximum(relative * ratio, 1e-3)


def _even(frequency: Floats, width: float) -> Floats:
    return np.asarray(np.sinc(frequency * width))


def _bell(frequency: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-((np.pi * frequency * width) ** 2) / (4 * np.log(2))))


def _fitted(
    frequency: Floats, ratio: Floats, error: Floats, shape: Callable[[Floats, float], Floats]
) -> tuple[float, float, float]:
    """Return the width in pixels, its standard error and the root mean square misfit of a shape."""
    from scipy.optimize import least_squares

    guess = (max(1 - float(ratio[-1]), 1e-3)) ** 0.5 / float(frequency[-1])
    best = least_squares(lambda width: (shape(frequency, float(width[0])) - ratio) / error, [guess], bounds=(0, np.inf))
    width = float(best.x[0])
    misfit = float(np.sqrt(((shape(frequency, width) - ratio) ** 2).mean()))
    # Neighbouring frequencies err together: count about three independent ones, however fine the list.
    widened = max(1.0, (2 * float(best.cost) / frequency.size) ** 0.5) * (frequency.size / INDEPENDENT) ** 0.5
    return width, widened / max(float((best.jac**2).sum()), 1e-300) ** 0.5, misfit
