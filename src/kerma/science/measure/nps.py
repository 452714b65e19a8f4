"""Noise power spectrum (NPS): how the noise of a uniform exposure is spread over spatial frequencies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.bands import over_rows
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, linearity_warnings
from kerma.science.measure.mtf import pitch_mm
from kerma.science.measure.region import Region, inside
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
SMALLEST_PX = 16
BANDS = 32
"""Bands of frequency from 0 to the Nyquist frequency."""
TREND_TERMS = 6
"""Of a polynomial of second order in two directions."""
SPIKE = 8.0
"""A pixel this many standard deviations from its surface is a spike, not noise."""
PLANE = 32
"""Blocks along the rows of the two-dimensional noise power that is told."""


@dataclass(frozen=True)
class Spectrum:
    """The two-dimensional noise power of square regions, and what it was made of."""

    power_px: Floats
    """(row frequency, column frequency from 0), in stored values squared times pixels squared."""
    side_px: int
    regions: int
    mean_stored: float
    variance_stored2: float
    spikes: int

    def radial(self) -> tuple[Floats, Floats, Floats]:
        """Return frequency in cycles per pixel, noise power and its relative standard error, over all directions."""
        rows, columns = self._frequencies()
        return self._banded(np.hypot(rows, columns), np.ones(self.power_px.shape, dtype=bool))

    def along(self, axis: str) -> tuple[Floats, Floats, Floats]:
        """Return the same along *rows* or *columns* of frequency: lines beside the axis, the axis itself left out.

        ``columns`` is the direction across columns (horizontal). Structure of rows and columns lies on the axes.
        """
        lines = int(_published()["nps_lines_beside_axis"])
        rows, columns = self._frequencies()
        other = np.abs(rows if axis == "columns" else columns) * self.side_px
        chosen = (np.rint(other) >= 1) & (np.rint(other) <= lines)
        return self._banded(np.hypot(rows, columns), chosen)

    def plane(self) -> Floats:
        """Return the power over both frequencies, averaged in blocks of about ``PLANE`` x ``PLANE`` / 2.

        Rows run from the negative Nyquist frequency to the positive, columns from 0 to it.
        """
        block = max(1, self.side_px // PLANE)
        rows, columns = (length // block * block for length in (self.side_px, self.side_px // 2))
        half = np.fft.fftshift(self.power_px, axes=0)[:rows, :columns]
        blocks = half.reshape(rows // block, block, columns // block, block)
        return np.asarray(blocks.mean(axis=(1, 3)))

    def _frequencies(self) -> tuple[Floats, Floats]:
        rows = np.fft.fftfreq(self.side_px)[:, None]
        columns = np.fft.rfftfreq(self.side_px)[None, :]
        return np.broadcast_to(rows, self.power_px.shape), np.broadcast_to(columns, self.power_px.shape)

    def _banded(self, frequency: Floats, chosen: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
        # Fitting a surface takes the power below about one period per region away: that band is left out.
        use = chosen & (frequency <= 0.5) & (frequency * self.side_px >= 1.5)
        bands = min(BANDS, self.side_px // 4)
        band = np.minimum((frequency[use] * 2 * bands).astype(np.intp), bands - 1)
        counts = np.bincount(band, minlength=bands)
        full = counts > 0
        centres = np.bincount(band, frequency[use], bands)[full] / counts[full]
        power = np.bincount(band, self.power_px[use], bands)[full] / counts[full]
        # Half-overlapping regions hold about half as many independent ones.
        independent = max(1.0, self.regions / 2)
        return centres, power, 1 / np.sqrt(counts[full] * independent)


def measure(image: Image, *, region: Region | None = None) -> Measurement | NotMeasurable:
    """Return the noise power of a uniform exposure, radial and along both axes; frames are averaged.

    Regions of 256 x 256 pixels (smaller in a small image) overlap by half; a polynomial of second order is taken off
    each. NNPS is the noise power over the square of the mean, in mm2, or px2 where the scale is not known. The
    integral of the two-dimensional NPS is the variance. After IEC 62220-1.
    """
    inputs: dict[str, Value] = {
        "region": list(region.as_json()) if region else None,
        "spacing_mm": pitch_mm(image),
        "spacing_origin": image.spacing.label,
    }
    found = spectrum(image, region)
    if isinstance(found, str):
        return NotMeasurable("nps", VERSION, found, inputs)
    return Measurement(
        "nps",
        VERSION,
        _values(found, pitch_mm(image)),
        method=f"{found.regions} regions of {found.side_px} x {found.side_px} pixels, half overlapping, second-order "
        "polynomial taken off each; squared Fourier transform, averaged",
        inputs=inputs,
        uncertainties={"variance_stored2": found.variance_stored2 * (2 / _independent(found)) ** 0.5},
        source=Citation.of(table("iec_62220-1/regions")),
        warnings=warnings_of(image, found),
    )


def _independent(found: Spectrum) -> float:
    return max(1.0, found.regions / 2) * found.side_px**2


def _published() -> dict[str, float]:
    return {row["quantity"]: float(row["value"]) for row in table("iec_62220-1/regions")}


def spectrum(image: Image, region: Region | None = None) -> Spectrum | str:
    """Return the two-dimensional noise power of the frames of an image, or why there is none."""
    area = inside(image, region) if region else Region(0, 0, image.rows, image.columns)
    side = int(min(_published()["nps_side_px"], area.height, area.width))
    side -= side % 2
    if side < SMALLEST_PX:
        size = f"{area.height} x {area.width}"
        return f"a region of at least {SMALLEST_PX} x {SMALLEST_PX} pixels is needed, this has {size}"
    total = _Sums(np.zeros((side, side + 2)))
    for plane in range(image.planes):
        mask = has_data(image, plane)
        for strip in _strips(image.pixels[plane][area.slices], None if mask is None else mask[area.slices], side):
            total.join(strip)
    count = len(total.means)
    if not count:
        return "no square region free of padding and of pixels without a value was found"
    variance = float(np.mean(total.variances))
    if variance == 0:
        return "the region has no noise: its pixels all have one value, or follow a smooth surface exactly"
    power = total.squares.reshape(side, -1, 2).sum(axis=2) / count / side**2 * side**2 / (side**2 - TREND_TERMS)
    return Spectrum(power, side, count, float(np.mean(total.means)), variance, total.spikes)


@dataclass
class _Sums:
    """What square regions add up to."""

    squares: Floats
    """(row frequency, column frequency from 0, real and imaginary part side by side)."""
    means: list[float] = field(default_factory=list)
    variances: list[float] = field(default_factory=list)
    spikes: int = 0

    def add(self, stored: NDArray[Any], basis: NDArray[np.float32]) -> None:
        """Add one region."""
        from scipy.fft import rfft2

        rest, mean = _level(stored, basis)
        variance = float(np.vdot(rest, rest)) / rest.size
        limit = SPIKE * variance**0.5
        if max(float(rest.max()), -float(rest.min())) > limit:
            self.spikes += int(np.count_nonzero(np.abs(rest) > limit))
        self.means.append(mean)
        self.variances.append(variance * rest.size / (rest.size - TREND_TERMS))
        wave = rfft2(rest).view(np.float32)
        self.squares += np.square(wave, out=wave)

    def join(self, other: _Sums) -> None:
        """Add what others add up to."""
        self.squares += other.squares
        self.means += other.means
        self.variances += other.variances
        self.spikes += other.spikes


def _strips(stored: NDArray[Any], mask: NDArray[np.bool_] | None, side: int) -> list[_Sums]:
    """Return the sums of the regions side by side, one strip below the other, in parallel."""
    step = int(side * (1 - _published()["nps_overlap_share"]))
    powers = [np.linspace(-1, 1, side) ** order for order in range(3)]
    basis = np.linalg.qr(np.stack(powers, axis=1))[0].astype(np.float32)
    strips = [_Sums(np.zeros((side, side + 2))) for _ in range((stored.shape[0] - side) // step + 1)]

    def work(band: tuple[int, int]) -> None:
        for number in range(*band):
            for column in range(0, stored.shape[1] - side + 1, step):
                at = (slice(number * step, number * step + side), slice(column, column + side))
                if mask is None or mask[at].all():
                    strips[number].add(stored[at], basis)

    over_rows(len(strips), work, band_rows=1)
    return strips


def _level(stored: NDArray[Any], basis: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Return a region less the second-order surface through it, and its mean."""
    mean = float(stored.mean(dtype=np.float64))
    rest = np.subtract(stored, mean, dtype=np.float64).astype(np.float32)
    weights = basis.T @ rest @ basis
    total_order = np.add.outer(np.arange(3), np.arange(3))
    rest -= basis @ np.where(total_order <= 2, weights, np.float32(0)) @ basis.T
    return rest, mean


def _values(found: Spectrum, pixel_mm: float | None) -> dict[str, Value]:
    values: dict[str, Value] = {
        "mean_stored": found.mean_stored,
        "variance_stored2": found.variance_stored2,
        "integral_stored2": _integral(found),
        "regions": found.regions,
        "side_px": found.side_px,
    }
    per_mm = 1 / pixel_mm if pixel_mm else 1.0
    area, unit = (pixel_mm**2, "mm2") if pixel_mm else (1.0, "px2")
    squared = found.mean_stored**2
    for name, (frequency, power, error) in (
        ("radial", found.radial()), ("horizontal", found.along("columns")), ("vertical", found.along("rows")),
    ):  # fmt: skip
        values[f"{name}_frequency_lp_{'mm' if pixel_mm else 'px'}"] = (frequency * per_mm).tolist()
        values[f"nps_{name}_stored2_{unit}"] = (power * area).tolist()
        values[f"nnps_{name}_{unit}"] = (power * area / squared).tolist() if squared > 0 else None
        values[f"{name}_relative_errors"] = error.tolist()
    if squared > 0:
        values[f"nnps_plane_{unit}"] = (found.plane() * area / squared).tolist()
    return values


def _integral(found: Spectrum) -> float:
    """Return the integral of the noise power over all frequencies, of which the half plane is stored."""
    both = np.full(found.power_px.shape[1], 2.0)
    both[0] = both[-1] = 1.0
    return float((found.power_px * both).sum() / found.side_px**2)


def warnings_of(image: Image, found: Spectrum) -> tuple[str, ...]:
    """Return what speaks against the noise power of an image."""
    warnings = list(linearity_warnings(image))
    if found.side_px < _published()["nps_side_px"]:
        warnings.append(f"the regions have {found.side_px} pixels a side, below the 256 the standard asks for")
    if found.spikes:
        warnings.append(
            f"{found.spikes} pixels (counted per region) stand far out of the noise: correct bad ones first"
        )
    if found.mean_stored <= 0:
        warnings.append("the mean is not above 0, so the noise power cannot be normalised")
    if pitch_mm(image) is None:
        warnings.append("the scale is not known: frequencies are per pixel and areas in pixels; give spacing_mm")
    return tuple(warnings)
