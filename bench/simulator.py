"""A 1024 × 1024 polychromatic radiograph of a plate with 60 pores: at least 5 times as fast as gvxr."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from bench.gvxr_peer import peer_picture
from kerma.science.simulate.document import Box, Channel, Detector, Ellipsoid, Geometry, Scene, Source, Thing
from kerma.science.simulate.render import noise_free, render

FIGURE_TIMES, FIGURE_ZNCC = 5.0, 0.9999


def plate_with_pores(pores: int = 60, size: int = 1024) -> Scene:
    """Return an iron plate of 10 mm with pores of 0.4 to 2 mm, at 160 kV behind 0.5 mm of copper."""
    random = np.random.default_rng(1)
    things = [Thing("plate", Box((80.0, 80.0, 10.0)), "iron")]
    for number in range(pores):
        radii, place = random.uniform(0.2, 1.0, 3).tolist(), random.uniform(-30.0, 30.0, 2).tolist()
        at = (place[0], place[1], float(random.uniform(-3.0, 3.0)))
        shape = Ellipsoid((radii[0], radii[1], radii[2]))
        things.append(Thing(f"pore {number}", shape, None, at, inside="plate", label="porosity"))
    detector = Detector(size, size, 0.1 * 1024 / size, channels=(Channel(snr=0.0),))
    source = Source(tube_voltage_kv=160.0, filters_mm={"copper": 0.5})
    return Scene("plate", tuple(things), detector, source, Geometry(rays_per_pixel=1))


def zncc(one: np.ndarray, other: np.ndarray) -> float:
    """Return the zero-mean normalised cross-correlation of two pictures."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def run(rounds: int = 5) -> dict[str, Any]:
    """Time both on the same scene; ours as attenuation alone, as gvxr does it, and as a whole picture with truth."""
    scene = plate_with_pores()
    theirs, times = peer_picture(scene, repeat=rounds)
    ours = noise_free(scene)[0]
    mine, whole = [], []
    for _ in range(rounds):
        start = time.perf_counter(), time.process_time()
        noise_free(scene)
        mine.append((time.process_time() - start[1], time.perf_counter() - start[0]))
        start = time.perf_counter(), time.process_time()
        render(scene)
        whole.append((time.process_time() - start[1], time.perf_counter() - start[0]))
    cpu, wall = (
        statistics.median(each[i] for each in times) / statistics.median(each[i] for each in mine) for i in (0, 1)
    )
    correlation = zncc(ours, theirs)
    return {
        "times_faster_cpu": round(cpu, 1), "times_faster_wall": round(wall, 1), "figure_times": FIGURE_TIMES,
        "zncc": round(correlation, 8), "figure_zncc": FIGURE_ZNCC,
        "mape_percent": round(100.0 * float(np.abs(ours / theirs - 1.0).mean()), 6),
        "simulator_cpu_s": round(statistics.median(each[0] for each in mine), 3),
        "picture_with_noise_and_truth_cpu_s": round(statistics.median(each[0] for each in whole), 3),
        "gvxr_cpu_s": round(statistics.median(each[0] for each in times), 3),
        "reached": wall >= FIGURE_TIMES and correlation >= FIGURE_ZNCC,
    }  # fmt: skip
