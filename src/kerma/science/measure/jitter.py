"""Laser jitter of a CR reader: how far each scan line is displaced from the straight edge it should show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.measure.region import Region
from kerma.science.measure.scan_lines import FEWEST_LINES, limits, scan_lines
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
HALF_WIDTH_PX = 8
STEP_SIGMAS = 8.0
STEEPEST_SLOPE = 0.2
"""Most pixels per line by which the edge may lean: about 11 degrees."""


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, transport: str = "down"
) -> Measurement | NotMeasurable:
    """Return the displacement of scan lines at a straight edge along the transport, in pixels (ASTM E2445).

    Each line gives the place of the edge by the area under its step, which no blur or phase of the pixels moves; a
    straight line is fitted through the places. ``jitter_rms_px`` has the share of the noise taken off, which is known
    from the noise beside the edge; ``jitter_max_px`` has not.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "region": list(region.as_json()) if region else None, "transport": transport,
    }  # fmt: skip
    lines = scan_lines(image, plane, region, transport)
    if isinstance(lines, str):
        return NotMeasurable("jitter", VERSION, lines, inputs)
    found = edge_places(lines)
    if isinstance(found, str):
        return NotMeasurable("jitter", VERSION, found, inputs)
    places, noise = found
    known = np.flatnonzero(np.isfinite(places))
    slope, offset = _line(known.astype(float), places[known])
    rest = places[known] - slope * known - offset
    rms = float(rest.std(ddof=2)) if known.size > 2 else 0.0
    clean = float(np.sqrt(max(rms**2 - noise**2, 0.0)))
    worst = int(known[int(np.argmax(np.abs(rest)))])
    rule = limits("astm_e2445/limits")
    beyond = int((np.abs(rest) > rule["jitter_px"]).sum())
    values: dict[str, Value] = {
        "jitter_rms_px": clean, "jitter_max_px": float(np.abs(rest).max()), "worst_line_px": worst, "noise_px": noise,
        "lines": int(known.size), "lines_beyond_limit": beyond, "limit_px": rule["jitter_px"],
        "tilt_deg": float(np.degrees(np.arctan(slope))), "passes": beyond == 0,
    }  # fmt: skip
    # Standard error of a variance of n values, carried to its root.
    error = rms**2 / max(2 * clean, rms * (2 / known.size) ** 0.25) * (2 / known.size) ** 0.5
    return Measurement(
        "jitter", VERSION, values,
        method="place of the edge in each scan line by the area under the step, less a straight line; rms less noise",
        inputs=inputs, uncertainties={"jitter_rms_px": error, "jitter_max_px": noise},
        source=Citation.of(table("astm_e2445/limits"), "laser jitter"),
    )  # fmt: skip


def edge_places(lines: Floats) -> tuple[Floats, float] | str:
    """Return the column of the edge in every line (not a number where it is not seen) and their error by noise."""
    start, lean = _coarse(lines)
    if abs(lean) > STEEPEST_SLOPE:
        return "the edge leans by more than 11 degrees: place it along the transport of the plate"
    middles = np.rint(start + lean * np.arange(len(lines))).astype(int)
    reach = HALF_WIDTH_PX + 4
    whole = (middles - reach >= 0) & (middles + reach < lines.shape[1])
    if whole.sum() < FEWEST_LINES:
        return "the edge lies within 12 pixels of the border of the region, or there is none"
    at = middles[whole, None] + np.arange(-reach, reach + 1)
    cut = lines[np.flatnonzero(whole)[:, None], at]
    low, high = cut[:, :4].mean(), cut[:, -4:].mean()
    step = high - low
    sides = [cut[:, :4].var(axis=1, ddof=1).mean(), cut[:, -4:].var(axis=1, ddof=1).mean()]
    noise = float(np.sqrt(np.mean(sides)))
    if abs(step) < STEP_SIGMAS * max(noise / len(cut) ** 0.5, 1e-9) or abs(step) < 4 * noise:
        return "no straight edge stands out of the noise along the transport of the plate"
    inner = (cut[:, 4:-4] - low) / step
    # The area under the step counted from the bright end is how far the edge lies from that end.
    places = np.full(len(lines), np.nan)
    places[whole] = at[:, -5] + 0.5 - inner.sum(axis=1)
    return places, float(noise / abs(step) * inner.shape[1] ** 0.5)


def _coarse(lines: Floats) -> tuple[float, float]:
    """Return column at line 0, and lean, of the strongest edge: the steepest place of blocks of lines."""
    from scipy.ndimage import gaussian_filter1d

    blocks = np.array_split(lines, max(2, min(24, len(lines) // 8)))
    steep = gaussian_filter1d(np.array([block.mean(axis=0) for block in blocks]), 2.0, axis=1, order=1)
    sign = 1.0 if steep.sum(axis=0)[int(np.argmax(np.abs(steep.sum(axis=0))))] > 0 else -1.0
    columns = np.argmax(sign * steep, axis=1).astype(float)
    middles = np.cumsum([len(block) for block in blocks]) - np.array([(len(block) + 1) / 2 for block in blocks])
    slope, offset = _line(middles, columns)
    return offset, slope


def _line(across: Floats, up: Floats) -> tuple[float, float]:
    """Return slope and intercept of the line through points, those far off it left out."""
    kept = np.ones(across.size, dtype=bool)
    slope, offset = 0.0, float(np.median(up))
    if across.size <= 64:
        first, second = np.triu_indices(across.size, 1)
        slope = float(np.median((up[second] - up[first]) / (across[second] - across[first])))
        offset = float(np.median(up - slope * across))
        kept = np.abs(up - slope * across - offset) <= 4
    for _ in range(4):
        if kept.sum() < 2:
            break
        slope, offset = (float(term) for term in np.polyfit(across[kept], up[kept], 1))
        rest = np.abs(up - slope * across - offset)
        kept = rest <= 4 * max(1.4826 * float(np.median(rest)), 1e-6)
    return slope, offset
