"""`kerma --help` cold: at most 0.4 s."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FIGURE_S = 0.4


def run(rounds: int = 9) -> dict[str, Any]:
    """Time the whole process, several rounds, and give the median."""
    kerma = Path(sys.executable).with_name("kerma")
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([str(kerma), "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    median_s = statistics.median(times)
    return {"help_s": round(median_s, 3), "figure_s": FIGURE_S, "reached": median_s <= FIGURE_S}
