"""Dual-layer scans of slabs whose number and areal density are known."""

from __future__ import annotations

import numpy as np

from kerma.science.imaging.image import Image, Spacing
from kerma.science.physics.dual_layer import calculate_signal

OPEN = 50_000.0
SNR = 300.0
ROWS, COLUMNS = 300, 360
PIXEL_MM = 1.0
AT_THE_OBJECT = Spacing(PIXEL_MM, PIXEL_MM, "geometry")
Slab = tuple[str, float, tuple[int, int, int, int]]


def scan(*slabs: Slab, seed: int = 1, spacing: Spacing = AT_THE_OBJECT) -> Image:
    """Return a dual-layer scan at 160 kV of slabs: material, thickness in mm, box (row, column, height, width)."""
    depth = np.zeros((2, ROWS, COLUMNS))
    for material, thickness_mm, (row, column, height, width) in slabs:
        seen = calculate_signal(material=material, thickness_mm=thickness_mm).values
        for plane, key in enumerate(("a_low", "a_high")):
            depth[plane, row : row + height, column : column + width] += seen[key]
    passed = np.exp(-depth)
    noise = np.random.default_rng(seed).standard_normal(passed.shape) * np.sqrt(passed) / SNR
    stored = np.clip(np.rint(OPEN * (passed + noise)), 0, 65_535).astype(np.uint16)
    return Image(
        stored, bits=16, meaning="raw", rises_with_dose=True, plane_kind="energy", plane_labels=("low", "high"),
        spacing=spacing, technique={"tube_voltage_kv": 160.0},
    )  # fmt: skip
