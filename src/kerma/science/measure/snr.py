"""Signal-to-noise ratio of a uniform region by two estimators: the median of its lines, and the whole region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, linearity_warnings
from kerma.science.measure.region import Region, inside, smallest_region, uniform_region
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
MEDIAN_WIDENING = (np.pi / 2) ** 0.5
"""Standard error of a median over that of a mean, for normal values."""
TREND_RATIO = 1.2
"""When whole-region noise exceeds line noise by more than this, the region is not uniform."""
NO_SIGNAL = {
    "ct-number": "CT numbers are differences to water, so signal to noise has no meaning; use the standard deviation",
    "z-effective": "the values are atomic numbers, not a signal; measure on an energy plane",
}


def measure(image: Image, *, plane: int = 0, region: Region | None = None) -> Measurement | NotMeasurable:
    """Return mean over standard deviation of stored values in a uniform region, by two estimators.

    ``snr_line_median`` cuts the region into lines of 55 pixels, takes mean over standard deviation (n - 1) of each
    and then the median: slow trends across lines do not count as noise. ``snr_whole_region`` divides mean by standard
    deviation of all pixels. ``snr`` is the line-median value. Bias on Poisson noise of true SNR 100 in 20 x 55 pixels:
    line median 100.78 +- 2.63, whole region 100.05 +- 2.15. Uncertainties are standard deviations for uncorrelated
    noise. Without ``region`` one is chosen (:func:`kerma.science.measure.region.uniform_region`).
    """
    choice = "given" if region else "automatic: uniform and nearest to the median grey value"
    inputs: dict[str, Value] = {"plane": plane, "region": None, "region_choice": choice}
    if image.meaning in NO_SIGNAL:
        return NotMeasurable("snr", VERSION, NO_SIGNAL[image.meaning], inputs)
    area = inside(image, region) if region else uniform_region(image, plane)
    if area is None:
        return NotMeasurable("snr", VERSION, _no_region(image), inputs)
    inputs["region"] = list(area.as_json())
    mask = has_data(image, plane)
    if mask is not None and not mask[area.slices].all():
        return NotMeasurable("snr", VERSION, "the region holds padding or pixels that are not a number", inputs)
    grey = image.pixels[plane][area.slices].astype(np.float64)
    lines = _lines(grey)
    if lines.shape[1] < 2 or grey.std() == 0 or np.median(lines.std(axis=1)) == 0:
        return NotMeasurable("snr", VERSION, "the region has no noise: its pixels (nearly) all have one value", inputs)
    return _result(image, area, grey, lines, inputs)


def _result(
    image: Image, area: Region, grey: NDArray[np.float64], lines: NDArray[np.float64], inputs: dict[str, Value]
) -> Measurement:
    line_noise = lines.std(axis=1, ddof=1)
    noisy = line_noise > 0
    line_median = float(np.median(lines.mean(axis=1)[noisy] / line_noise[noisy]))
    whole = float(grey.mean() / grey.std(ddof=1))
    values: dict[str, Value] = {
        "snr": line_median,
        "snr_line_median": line_median,
        "snr_whole_region": whole,
        "mean_stored": float(grey.mean()),
        "standard_deviation_stored": float(grey.std(ddof=1)),
        "lines": int(lines.shape[0]),
        "line_length_px": int(lines.shape[1]),
    }
    per_line = abs(line_median) / (2 * (lines.shape[1] - 1)) ** 0.5
    error = per_line * (MEDIAN_WIDENING if lines.shape[0] > 2 else 1.0) / lines.shape[0] ** 0.5
    return Measurement(
        "snr",
        VERSION,
        values,
        method="median over lines of mean / standard deviation (snr, snr_line_median); mean / standard deviation of "
        "all pixels (snr_whole_region)",
        inputs=inputs,
        uncertainties={
            "snr": error,
            "snr_line_median": error,
            "snr_whole_region": abs(whole) / (2 * (grey.size - 1)) ** 0.5,
        },
        source=Citation.of(table("iso_17636-2/snr_region")),
        warnings=_warnings(image, area, whole_noise=float(grey.std(ddof=1)), line_noise=float(np.median(line_noise))),
    )


def _lines(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut a region into lines (line, pixel) of 55 pixels; narrower regions keep their rows whole."""
    length = smallest_region()[1]
    if grey.shape[1] < length:
        return grey
    across = grey.shape[1] // length
    first = (grey.shape[1] - across * length) // 2
    return grey[:, first : first + across * length].reshape(-1, length)


def _warnings(image: Image, area: Region, *, whole_noise: float, line_noise: float) -> tuple[str, ...]:
    lines, length = smallest_region()
    found = list(linearity_warnings(image))
    if area.height < lines or area.width < length:
        found.append(
            f"the region of {area.height} x {area.width} pixels is below the {lines} x {length} the standard asks for"
        )
    if whole_noise > TREND_RATIO * line_noise:
        found.append("the region is not uniform: its whole noise is well above the noise of its lines")
    return tuple(found)


def _no_region(image: Image) -> str:
    lines, length = smallest_region()
    if image.rows < lines or image.columns < length:
        return f"the image of {image.rows} x {image.columns} pixels is below the {lines} x {length} pixels needed"
    return (
        f"no uniform region of {lines} x {length} pixels with noise, without trend, structure, clipping or padding was "
        "found; give one as region=row,column,height,width"
    )
