"""Slippage of a CR reader: where the transport of the plate was faster or slower, from a ruled pattern across it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.measure.region import Region
from kerma.science.measure.scan_lines import limits, scan_lines
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
FEWEST_PERIODS = 8
LEAST_CONTRAST = 2e-3
"""A ruled pattern has at least this contrast."""
JUMP_PERIODS = 3.0
SMALL_PHASE = 0.3
PEAK_RATIO = 30.0
"""The pattern's power stands this far above the median of the spectrum."""
EDGE_PERIODS = 2.0
"""Periods left out at either end, where the phase is not settled."""


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, transport: str = "down"
) -> Measurement | NotMeasurable:
    """Return how far the pattern's lines are displaced along the transport (ASTM E2445).

    The region holds equidistant lines across the transport: a ruler, a comb or a line grid. The phase of the pattern at
    its own frequency, less a straight line, is the displacement of each scan line. ``slippage_max_px`` is the range of
    that displacement, ``jump_px`` its largest change over three periods; beyond a third of a period it is ambiguous.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "region": list(region.as_json()) if region else None, "transport": transport,
    }  # fmt: skip
    lines = scan_lines(image, plane, region, transport)
    if isinstance(lines, str):
        return NotMeasurable("slippage", VERSION, lines, inputs)
    profile = lines.mean(axis=1)
    found = displacement(profile)
    if isinstance(found, str):
        return NotMeasurable("slippage", VERSION, found, inputs)
    shift, period, noise = found
    # The phase follows a jump over about two periods.
    whole = min(max(1, round(JUMP_PERIODS * period)), shift.size - 1)
    change = shift[whole:] - shift[:-whole]
    worst = int(np.argmax(np.abs(change)))
    rule = limits("astm_e2445/limits")
    jump = float(np.abs(change[worst]))
    values: dict[str, Value] = {
        "slippage_max_px": float(np.ptp(shift)), "jump_px": jump,
        "worst_line_px": round(EDGE_PERIODS * period) + worst + whole // 2, "period_px": period,
        "slippage_rms_px": float(shift.std()), "noise_px": noise, "limit_px": rule["slippage_px"],
        "passes": jump <= rule["slippage_px"],
    }  # fmt: skip
    step_mm = image.spacing.row_mm if transport == "down" else image.spacing.column_mm
    if step_mm is not None:
        values["period_mm"] = period * step_mm
    return Measurement(
        "slippage", VERSION, values,
        method="phase of the line pattern along the transport, less a straight line",
        inputs=inputs, uncertainties={"jump_px": noise * 2**0.5, "slippage_max_px": noise * 2**0.5},
        source=Citation.of(table("astm_e2445/limits"), "slippage"),
    )  # fmt: skip


def displacement(profile: Floats) -> tuple[Floats, float, float] | str:
    """Return the displacement of a periodic profile in samples, its period and the noise; or why there is none."""
    from scipy.ndimage import gaussian_filter1d

    count = profile.size
    ramp = np.linspace(-1, 1, count)
    flat = profile - np.polynomial.polynomial.polyval(ramp, np.polynomial.polynomial.polyfit(ramp, profile, 2))
    if np.abs(flat).max() < LEAST_CONTRAST * np.abs(profile).max():
        return "no pattern of equidistant lines across the transport is seen"
    window = np.hanning(count)
    power = np.abs(np.fft.rfft(flat * window)) ** 2
    low = FEWEST_PERIODS
    if power.size < 4 * low:
        return f"too few scan lines for {FEWEST_PERIODS} periods of a pattern"
    at = low + int(np.argmax(power[low:]))
    ground = float(np.median(power[low:]))
    # A slipping pattern spreads its power over neighbouring frequencies: they count together.
    if power[max(low, at - 2) : at + 3].sum() < 5 * PEAK_RATIO * max(ground, 1e-12) or at + 2 >= power.size:
        return "no pattern of equidistant lines across the transport is seen"
    period = count / at
    place = np.arange(count)
    turned = flat * np.exp(-2j * np.pi * place / period)
    width = 0.6 * period
    smooth = gaussian_filter1d(turned.real, width) + 1j * gaussian_filter1d(turned.imag, width)
    strength = np.abs(smooth)
    margin = round(EDGE_PERIODS * period)
    inner = slice(margin, count - margin)
    if strength[inner].min() < 0.2 * float(np.median(strength[inner])):
        return "the pattern fades in part of the region: choose one where its lines are whole"
    phase = np.unwrap(np.angle(smooth[inner]))
    # The median speed: a jump is no part of it.
    apart = max(1, round(period))
    slope = float(np.median(phase[apart:] - phase[:-apart])) / apart
    offset = float(np.median(phase - slope * place[inner]))
    if np.abs(phase - slope * place[inner] - offset).max() < SMALL_PHASE:
        # Nothing jumps: the straight line of least squares is the better one.
        slope, offset = (float(term) for term in np.polyfit(place[inner], phase, 1))
    shift = -(phase - slope * place[inner] - offset) * period / (2 * np.pi)
    true_period = 2 * np.pi / (2 * np.pi / period + slope)
    rest = flat - 2 * (smooth * np.exp(2j * np.pi * place / period)).real
    # White noise through the Gaussian, over the pattern's amplitude, as a phase.
    fine = float(np.median(np.abs(np.diff(rest, 2)))) / 0.6745 / 6**0.5
    noise = fine / (2 * np.pi**0.5 * width) ** 0.5 / (2 * float(np.median(strength))) * 2**0.5 * period / (2 * np.pi)
    return shift, float(true_period), float(noise)
