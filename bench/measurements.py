"""Every registered measurement on a picture of 2048 x 2500 pixels: at most half a second each."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from kerma.science.imaging.image import Image, Spacing
from kerma.science.measure import MEASURES
from kerma.science.measure import run as measure
from kerma.science.results import NotMeasurable

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import gauge_pictures as gauges
from bench import measurement_pictures

FIGURE_S = 0.5
SHAPE = (2048, 2500)
PIXEL_MM = 0.1
Case = tuple[tuple[Image, ...], dict[str, Any]]


def image(grey: np.ndarray, **fields: Any) -> Image:
    """Return grey values (row, column) or (plane, row, column) as a raw 16-bit image."""
    stored = np.clip(np.rint(grey), 0, 65_535).astype(np.uint16)
    known = {"bits": 16, "meaning": "raw", "rises_with_dose": True, "spacing": Spacing(PIXEL_MM, PIXEL_MM, "detector")}
    return Image(stored[None] if stored.ndim == 2 else stored, **(known | fields))


def noise(level: float, spread: float, planes: int = 1, seed: int = 1) -> np.ndarray:
    """Return even frames with white noise."""
    random = np.random.default_rng(seed)
    frames = random.standard_normal((planes, *SHAPE), np.float32) * np.float32(spread) + np.float32(level)
    return frames[0] if planes == 1 else frames


def canvas(grey: np.ndarray, **options: Any) -> Case:
    """Return a gauge in the middle of an even radiograph, and the region that holds it with the options."""
    level = float(np.median(grey))
    whole = noise(level, level / 200)
    row, column = (whole.shape[0] - grey.shape[0]) // 2, (whole.shape[1] - grey.shape[1]) // 2
    whole[row : row + grey.shape[0], column : column + grey.shape[1]] = grey
    return (image(whole),), {"region": (row, column, *grey.shape), **options}


def edge(blur_px: float = 0.8, seed: int = 1) -> np.ndarray:
    """Return an edge across the whole picture, tilted by 2.5 degrees."""
    row, column = np.mgrid[: SHAPE[0], : SHAPE[1]]
    distance = (column - SHAPE[1] / 2) * np.cos(0.0436) + (row - SHAPE[0] / 2) * np.sin(0.0436)
    grey = 8_000 + 12_000 * np.clip(distance + 0.5, 0, 1)
    return gaussian_filter(grey, blur_px) + noise(0, 100, seed=seed)


def with_faults(frames: np.ndarray, value: float) -> np.ndarray:
    """Return frames with a few hundred pixels of one value."""
    random = np.random.default_rng(5)
    frames[:, random.integers(0, SHAPE[0], 400), random.integers(0, SHAPE[1], 400)] = value
    return frames


def flat(planes: int = 1, seed: int = 1) -> Image:
    """Return even frames of SNR 133."""
    return image(noise(20_000, 150, planes, seed))


def dark(planes: int = 4, seed: int = 9) -> Image:
    """Return frames without radiation."""
    return image(noise(500, 6, planes, seed))


def lag() -> Case:
    """Return frames of an exposure that goes off, and darks."""
    fall = np.array([100, 100, 100, 1, 0.5, 0.3])[:, None, None]
    return (image(noise(500, 20, 6) + 200 * fall), dark()), {"frame_time_s": 1.0}


def duplex() -> Case:
    """Return a duplex gauge blurred by a pixel."""
    seen = gauges.Blur(gauss_mm=0.1, pixel_mm=PIXEL_MM)
    return canvas(gauges.duplex_picture(gauges.duplex_profile(seen)[:2], PIXEL_MM))


def holes() -> Case:
    """Return three holes."""
    return canvas(gauges.hole_picture((2.0, 1.0, 0.5), PIXEL_MM, contrast=0.03, snr=100)[0], holes="2,1,0.5")


def bars() -> Case:
    """Return five groups of bars."""
    grey = gauges.line_pair_picture((0.5, 0.8, 1.25, 2.0, 3.2), PIXEL_MM, 0.08)
    return canvas(grey, frequencies="0.5,0.8,1.25,2,3.2")


def recess() -> Case:
    """Return a field that is 2 % brighter, for a recess of 2 %."""
    grey = noise(20_000, 100)
    grey[900:1150, 1100:1350] *= 1.02
    return (image(grey),), PLACES


FIELD = {"region": (900, 1100, 200, 300)}
PLACES = {"region": (950, 1150, 150, 150), "background": (200, 200, 400, 400), "recess_percent": 2.0}
CASES: dict[str, Callable[[], Case]] = {
    **{name: lambda: ((flat(),), {}) for name in ("statistics", "saturation", "snr", "uniformity", "line_profile")},
    "snr_n": lambda: ((flat(),), {"srb_um": 120.0}),
    "cnr": lambda: ((flat(),), FIELD),
    "duplex": duplex,
    "wire_iqi": lambda: canvas(gauges.wire_picture(10, PIXEL_MM)[0], wires="W10-W16"),
    "hole_iqi": holes,
    "line_pairs": bars,
    "contrast_sensitivity": recess,
    "mtf": lambda: ((image(edge()),), {}),
    "nps": lambda: ((flat(4),), {}),
    "dqe": lambda: ((image(edge()), flat(4)), {"air_kerma_ugy": 10.0}),
    "lag": lag,
    "ghosting": lambda: ((flat(seed=1), flat(seed=2)), FIELD),
    "drift": lambda: ((dark(), flat(4), dark(seed=3), flat(4, 4)), {}),
    "flat_field": lambda: ((flat(), flat(4, 2), dark()), {}),
    "bad_pixels": lambda: ((image(with_faults(noise(20_000, 60, 4), 0)), dark()), {}),
    "focal_spot": lambda: ((image(edge(3.0)), image(edge(0.8, 2))), {"magnification": 2.0}),
    "exposure_index": lambda: ((image(noise(9_000, 90), technique={"exposure_index": 400.0}),), {"target": 300.0}),
    **measurement_pictures.CASES,
}
"""What each measurement is timed on: images and options."""


def timed(name: str, case: Case, rounds: int) -> dict[str, Any]:
    """Return the seconds of one measurement: of the call that also loads and compiles, and of the ones after."""
    images, options = case
    walls, processors = [], []
    for _ in range(rounds + 1):
        start = time.perf_counter(), time.process_time()
        result = measure(name, *images, **options)
        walls.append(time.perf_counter() - start[0])
        processors.append(time.process_time() - start[1])
    seconds = statistics.median(walls[1:])
    found: dict[str, Any] = {
        "s": round(seconds, 3), "cpu_s": round(statistics.median(processors[1:]), 3), "first_s": round(walls[0], 3),
        "planes": [each.planes for each in images],
    }  # fmt: skip
    if isinstance(result, NotMeasurable):
        found["not_measurable"] = result.reason
    return found


def run(rounds: int = 3) -> dict[str, Any]:
    """Time every measurement of the registry; one without a picture here is named, not left out."""
    found: dict[str, Any] = {}
    for name in MEASURES:
        if name in CASES:
            found[name] = timed(name, CASES[name](), rounds)
            print(f"bench:   {name} {found[name]['s']} s", file=sys.stderr, flush=True)
    above = sorted(name for name, each in found.items() if each["s"] > FIGURE_S)
    refused = sorted(name for name, each in found.items() if "not_measurable" in each)
    untimed = sorted(set(MEASURES) - set(found))
    return {
        "image": list(SHAPE), "figure_s": FIGURE_S, "measurements": found, "above_figure": above,
        "not_measurable": refused, "without_a_picture": untimed, "reached": not (above or refused or untimed),
    }  # fmt: skip
