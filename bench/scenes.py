"""Labelled welds for training: at least 8 images of 512 x 512 pixels a second on two processes."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from kerma.science.simulate import SCENES

FIGURE_PER_S = 8.0
SCENE, SIZE_PX, PROCESSES = "weld-plate", 512, 2


def make(seed: int) -> float:
    """Render one weld with all its truth on one core, and return its processor seconds."""
    start = time.process_time()
    pictures = SCENES[SCENE].build(seed, size_px=SIZE_PX)
    assert pictures[0].image.pixels.shape[1:] == (SIZE_PX, SIZE_PX)
    return time.process_time() - start


def start(processors: list[int]) -> None:
    """Keep a process to one core of its own, and compile what a picture needs before the clock runs."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})
    make(10_000)


def run(images: int = 48) -> dict[str, Any]:
    """Render welds of as many seeds on two processes; each process renders on one core."""
    if SCENE not in SCENES:
        return {"skipped": f"there is no scene '{SCENE}' yet", "figure_per_s": FIGURE_PER_S, "reached": False}
    processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), start, (processors[:PROCESSES],)) as pool:
        list(pool.map(make, range(-PROCESSES * 2, 0)))
        begin = time.perf_counter()
        seconds = list(pool.map(make, range(images)))
        wall = time.perf_counter() - begin
    per_s = images / wall
    return {
        "scene": SCENE, "size_px": SIZE_PX, "images": images, "processes": PROCESSES, "images_per_s": round(per_s, 2),
        "cpu_s_per_image": round(sum(seconds) / images, 3),
        "images_per_cpu_s_times_processes": round(PROCESSES * images / sum(seconds), 2),
        "figure_per_s": FIGURE_PER_S, "reached": per_s >= FIGURE_PER_S,
    }  # fmt: skip
