"""Shading and banding of a CR reader on an evenly exposed plate."""

from __future__ import annotations

import numpy as np

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import linearity_warnings
from kerma.science.measure.region import Region
from kerma.science.measure.scan_lines import limits, scan_lines
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
BAND_SIGMAS = 5.0


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, transport: str = "down"
) -> Measurement | NotMeasurable:
    """Return the signal at the sides of the scan against its middle, and bands across it (ASTM E2445).

    Shading is the median of the outer parts of the scan lines over that of the middle part, less 1. A band is a scan
    line, or a run of them, whose mean stands off its neighbours; ``band_max_percent`` is the strongest.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "region": list(region.as_json()) if region else None, "transport": transport,
    }  # fmt: skip
    lines = scan_lines(image, plane, region, transport)
    if isinstance(lines, str):
        return NotMeasurable("shading", VERSION, lines, inputs)
    rule = limits("astm_e2445/limits")
    parts = np.array_split(lines, int(rule["shading_parts"]), axis=1)
    means = np.array([float(np.median(part)) for part in parts])
    middle = float(means[len(means) // 2])
    if middle <= 0 or means.min() <= 0:
        return NotMeasurable("shading", VERSION, "the signal is not above 0: give values proportional to dose", inputs)
    shading = 100 * (means / middle - 1)
    worst = int(np.argmax(np.abs(shading)))
    band, at, noise, count = _bands(lines.mean(axis=1) / lines.mean())
    spread = float(np.median([part.std() / part.size**0.5 for part in parts])) * 1.2533
    values: dict[str, Value] = {
        "shading_percent": float(shading[worst]), "shading_parts_percent": [round(float(one), 4) for one in shading],
        "limit_percent": rule["shading_percent"], "passes": bool(abs(shading[worst]) <= rule["shading_percent"]),
        "band_max_percent": 100 * band, "band_line_px": at, "bands": count, "band_noise_percent": 100 * noise,
    }  # fmt: skip
    return Measurement(
        "shading", VERSION, values,
        method=f"medians of {len(means)} parts of the scan lines over the middle one; line means less a running median",
        inputs=inputs,
        uncertainties={"shading_percent": 100 * spread * 2**0.5 / middle, "band_max_percent": 100 * noise},
        source=Citation.of(table("astm_e2445/limits"), "shading"), warnings=linearity_warnings(image),
    )  # fmt: skip


def _bands(means: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, int, float, int]:
    """Return the strongest band (share), its line, the noise of a line mean, and how many runs of lines stand out."""
    from scipy.ndimage import median_filter

    size = min(means.size // 2 * 2 - 1, 41)
    rest = means - median_filter(means, size, mode="nearest")
    noise = 1.4826 * float(np.median(np.abs(rest)))
    at = int(np.argmax(np.abs(rest)))
    out = np.abs(rest) > BAND_SIGMAS * max(noise, 1e-12)
    return float(rest[at]), at, noise, int((np.diff(np.concatenate([[0], out.astype(int)])) == 1).sum())
