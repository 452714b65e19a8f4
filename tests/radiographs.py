"""Radiographs made for tests: flat fields, planted flaws with exact truth, bags; and the real ones where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerma.science.imaging.image import Image, Spacing
from kerma.science.results import Finding

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


def real(folder: str) -> Path:
    """Return a folder of real images, or skip the test."""
    path = REAL / folder
    if not path.is_dir():
        pytest.skip(f"the real images of {folder} are not at hand ({path})")
    return path


def image(pixels: np.ndarray, **fields: Any) -> Image:
    """Return a raw 16-bit image of (row, column) pixels; ``fields`` replace what an Image says."""
    plane = pixels[None] if pixels.ndim == 2 else pixels
    return Image(plane, **({"bits": 16, "meaning": "raw", "rises_with_dose": True} | fields))


def flat(seed: int, *, rows: int = 256, columns: int = 256, counts: float = 10_000.0, **fields: Any) -> Image:
    """Return a flat field with Poisson noise."""
    noise = np.random.default_rng(seed).poisson(counts, (rows, columns))
    return image(noise.astype(np.uint16), **fields)


@dataclass(frozen=True)
class Pore:
    """One planted pore: centre, and its detectability by a matched filter."""

    row: float
    column: float
    detectability: float


def with_pores(
    seed: int, *, contrast: float, sigma_px: float = 2.0, count: int = 25, side: int = 512, noise: float = 100.0
) -> tuple[Image, tuple[Pore, ...]]:
    """Return Gaussian pores of one contrast (in noise standard deviations) on a grid, over white noise.

    The detectability of a Gaussian of contrast c is c * sigma * sqrt(pi): the root of the sum of its squares.
    """
    generator = np.random.default_rng(seed)
    pixels = 10_000 + noise * generator.standard_normal((side, side))
    reach = int(6 * sigma_px) + 1
    row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    each = int(count**0.5)
    pores = []
    for place in range(each * each):
        centre = (np.array(divmod(place, each)) + 0.5) * side / each + generator.uniform(-6, 6, 2)
        at = np.rint(centre).astype(int)
        first, last = np.maximum(0, at - reach), np.minimum(side, at + reach + 1)
        inside = tuple(slice(*ends) for ends in zip(first - at + reach, last - at + reach, strict=True))
        distance = (row + at[0] - centre[0]) ** 2 + (column + at[1] - centre[1]) ** 2
        spot = contrast * noise * np.exp(-distance / (2 * sigma_px**2))
        pixels[first[0] : last[0], first[1] : last[1]] += spot[inside]
        pores.append(Pore(*centre, contrast * sigma_px * np.pi**0.5))
    return image(np.clip(np.rint(pixels), 0, 65535).astype(np.uint16)), tuple(pores)


def hits(findings: tuple[Finding, ...], pores: tuple[Pore, ...], *, within_px: float = 4.0) -> list[bool]:
    """Return for each pore whether the centre of a finding lies near it."""
    centres = [
        (finding.box.row + finding.box.height / 2, finding.box.column + finding.box.width / 2) for finding in findings
    ]
    return [any(np.hypot(row - p.row, column - p.column) <= within_px for row, column in centres) for p in pores]


def bag(seed: int = 0, *, spacing_mm: float | None = None) -> tuple[Image, list[tuple[int, int, int, int]]]:
    """Return a bag on open beam with two opaque objects and a thin opaque wire; and the boxes of the two objects."""
    share = np.ones((300, 400))
    share[40:260, 30:370] = 0.4
    share[80:120, 100:160] = 0.004
    share[180:230, 250:300] = 0.001
    share[60:62, 30:370] = 0.001
    counts = np.random.default_rng(seed).poisson(40_000 * share).astype(np.uint16)
    spacing = Spacing(spacing_mm, spacing_mm, "detector") if spacing_mm else Spacing()
    return image(counts, spacing=spacing), [(80, 100, 40, 60), (180, 250, 50, 50)]
