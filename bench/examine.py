"""`kerma examine` of one 2048 x 2500 16-bit image, cold: at most 3 s and 700 MB."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

FIGURE_S, FIGURE_MB = 3.0, 700
ROWS, COLUMNS = 2500, 2048


def radiograph() -> np.ndarray:
    """Return a weld-like 16-bit radiograph: smooth background, quantum noise, forty small flaws."""
    random = np.random.default_rng(1)
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    mean = 30000 + 8000 * np.sin(column / 700) - 6000 * np.exp(-(((row - ROWS / 2) / 300) ** 2))
    for centre_row, centre_column in zip(random.uniform(100, 2400, 40), random.uniform(100, 1950, 40), strict=True):
        mean += 900 * np.exp(-((row - centre_row) ** 2 + (column - centre_column) ** 2) / (2 * 4.0**2))
    return np.clip(mean + random.normal(0, 120, mean.shape), 0, 65535).astype(np.uint16)


def run(rounds: int = 5) -> dict[str, Any]:
    """Time whole processes and take the peak memory of the largest child."""
    import tifffile

    kerma = Path(sys.executable).with_name("kerma")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "radiograph.tif"
        tifffile.imwrite(file, radiograph(), resolution=(100, 100), resolutionunit="CENTIMETER")
        for number in range(rounds):
            out = Path(folder) / f"out-{number}"
            start = time.perf_counter()
            subprocess.run(
                [str(kerma), "examine", str(file), "--industry", "ndt", "--thickness-mm", "12", "--out", str(out)],
                check=True, capture_output=True,
            )
            times.append(time.perf_counter() - start)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    median_s = statistics.median(times)
    return {
        "examine_s": round(median_s, 2), "figure_s": FIGURE_S,
        "largest_process_mb": round(peak_mb), "figure_mb": FIGURE_MB,
        "reached": median_s <= FIGURE_S and peak_mb <= FIGURE_MB,
    }
