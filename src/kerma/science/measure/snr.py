"""Signal-to-noise ratio of a uniform region by two estimators: the median of its lines, and the whole region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, linearity_warnings
from kerma.science.measure.region import Region, inside, smallest_region, uniform_region
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "2"
MEDIAN_WIDENING = (np.pi / 2) ** 0.5
"""Standard error of a median over that of a mean, for normal values."""
LAGS_PX = 8
"""How far noise may be correlated along a line and still be corrected for; a detector's blur reaches no further."""
TREND_RATIO = 1.2
"""When whole-region noise exceeds line noise by more than this, the region is not uniform."""
NO_SIGNAL = {
    "ct-number": "CT numbers are differences to water, so signal to noise has no meaning; use the standard deviation",
    "z-effective": "the values are atomic numbers, not a signal; measure on an energy plane",
}


def measure(image: Image, *, plane: int = 0, region: Region | None = None) -> Measurement | NotMeasurable:
    """Return mean over standard deviation of stored values in a uniform region, by two estimators.

    ``snr_line_median`` cuts the region into lines of 55 pixels, takes mean over standard deviation (n - 1) of each
    and then the median, as the standard does: slow trends across lines do not count as noise. It reads high, by 0.6 %
    on white noise and by several per cent where the detector's blur correlates the noise, because a short line does
    not show its slow part. ``snr`` is that value with the bias taken off, computed from the correlation of the noise
    along the lines. ``snr_region`` divides mean by standard deviation of all pixels. Uncertainties are standard
    deviations. Without ``region`` one is chosen (:func:`kerma.science.measure.region.uniform_region`).
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
    shown_share, freedom = _shown_noise(lines[noisy])
    reads_high = 1 / shown_share
    values: dict[str, Value] = {
        "snr": line_median / reads_high,
        "snr_line_median": line_median,
        "snr_region": whole,
        "mean_stored": float(grey.mean()),
        "standard_deviation_stored": float(grey.std(ddof=1)),
        "lines": int(lines.shape[0]),
        "line_length_px": int(lines.shape[1]),
        "line_median_bias_percent": 100 * (reads_high - 1),
    }
    widening = MEDIAN_WIDENING if lines.shape[0] > 2 else 1.0
    # blur correlates neighbouring lines as much as neighbouring pixels: both leave fewer values that are independent
    correlated = (lines.shape[1] - 1) / freedom
    share = widening * (correlated / (2 * freedom * lines.shape[0])) ** 0.5
    return Measurement(
        "snr",
        VERSION,
        values,
        method="median over lines of mean / standard deviation (snr_line_median), without its bias (snr); mean / "
        "standard deviation of all pixels (snr_region)",
        inputs=inputs,
        uncertainties={
            "snr": abs(line_median) / reads_high * share,
            "snr_line_median": abs(line_median) * share,
            "snr_region": abs(whole) * correlated / (2 * (grey.size - 1)) ** 0.5,
        },
        source=Citation.of(table("iso_17636-2/snr_region")),
        warnings=_warnings(image, area, whole_noise=float(grey.std(ddof=1)), line_noise=float(np.median(line_noise))),
    )


def _shown_noise(lines: NDArray[np.float64]) -> tuple[float, float]:
    """Return a line's median standard deviation over that of the noise, and its variance's degrees of freedom.

    A line's variance is a sum of squares weighted by the eigenvalues of the centred covariance; its median is that of
    Jensen and Solomon (1972), which for equal weights is Wilson and Hilferty's. Both follow from the autocovariance
    along the lines. A line's own mean takes some of it away, the same at every
    lag, which is put back first.
    """
    length = lines.shape[1]
    lags = min(LAGS_PX, max(1, length // 4))
    residual = lines - lines.mean(axis=1, keepdims=True)
    seen = np.array([np.mean(residual[:, : length - lag] * residual[:, lag:]) for lag in range(lags + 1)])
    weight = np.where(np.arange(lags + 1) == 0, 1.0, 2.0) * (1 - np.arange(lags + 1) / length) / length
    of_mean = float(weight @ seen) / (1 - float(weight.sum()))
    correlation = np.zeros(length)
    correlation[: lags + 1] = np.clip((seen + of_mean) / max(seen[0] + of_mean, 1e-300), -1.0, 1.0)
    noise = correlation[np.abs(np.subtract.outer(np.arange(length), np.arange(length)))]
    centred = noise - noise.mean(axis=0) - noise.mean(axis=1)[:, None] + noise.mean()
    square = centred @ centred
    first, second, third = (float(np.trace(each)) for each in (centred, square, square @ centred))
    power = max(1 - 2 * first * third / (3 * second**2), 0.05)
    median = first * max(1 + power * (power - 1) * second / first**2, 0.05) ** (1 / power)
    return max(median / (length - 1), 0.05) ** 0.5, max(first**2 / second, 1.0)


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
