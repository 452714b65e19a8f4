"""Frames with and without beam of a detector whose faults are known: bad pixels by class, clusters, a line, lag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.image import GreyScale, Image, Spacing
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes.exposing import check_size

Kinds = NDArray[np.uint8]
CLASSES = {"dead": 1, "over": 2, "under": 3, "noisy": 4}
RESPONSE = {"dead": 0.0, "over": 1.6, "under": 0.4, "noisy": 1.0}
OFFSET_STORED, DARK_NOISE_STORED, FLAT_STORED, FLAT_SNR = 600.0, 6.0, 20000.0, 120.0
GAIN_SPREAD = 0.0015
NOISY_FACTOR = 15.0
LINE_PX, CLUSTER_PX = 14, 3
APART_PX = 6
LAG_FALL = 0.6
"""What is left of the lag from one dark frame to the next."""
MOST_PIXELS = 200_000_000


@dataclass(frozen=True)
class Panel:
    """A detector: what each pixel makes of radiation, and which are bad."""

    kinds: Kinds
    response: NDArray[np.float64]
    dark_noise: NDArray[np.float64]
    truth: dict[str, Any]


def build(
    seed: int, *, size_px: int = 256, flat_frames: int = 16, dark_frames: int = 32, lag_percent: float = 0.0,
    bad_pixels: int = 12,
) -> tuple[SimulatedImage, ...]:  # fmt: skip
    """Return two images, the flats and the darks, whose planes are frames; the truth names every planted fault.

    With lag the first dark frame is the one after the beam went off.

    Raises
    ------
    WrongUsage
        A picture too small for its faults, or no frame.
    """
    check_size(size_px)
    if min(flat_frames, dark_frames) < 1 or size_px**2 * (flat_frames + dark_frames) > MOST_PIXELS:
        raise WrongUsage(
            f"{flat_frames} flats and {dark_frames} darks of {size_px} pixels: give 1 to some dozens of each"
        )
    generator = np.random.default_rng([seed % 2**64, 41])
    panel = _panel(generator, size_px, bad_pixels)
    lag = [lag_percent / 100.0 * LAG_FALL**number for number in range(dark_frames)]
    flats = np.stack([_frame(generator, panel, 1.0) for _ in range(flat_frames)])
    darks = np.stack([_frame(generator, panel, share) for share in lag])
    known = panel.truth | {
        "scene": "flats-darks", "seed": seed, "lag_percent": lag_percent, "offset_stored": OFFSET_STORED,
        "dark_noise_stored": DARK_NOISE_STORED, "flat_stored": FLAT_STORED, "flat_snr": FLAT_SNR,
        "gain_spread_percent": 100.0 * GAIN_SPREAD, "pixel_mm": 0.1, "shutdown_plane": 0 if lag_percent > 0 else None,
    }  # fmt: skip
    return tuple(
        _image(frames, panel, known | {"frames": what}, what) for frames, what in ((flats, "flats"), (darks, "darks"))
    )


def _panel(generator: np.random.Generator, size_px: int, count: int) -> Panel:
    """Plant single bad pixels of each class, one small and one relevant cluster, and one dead line, all apart."""
    kinds: Kinds = np.zeros((size_px, size_px), dtype=np.uint8)
    taken = np.zeros((size_px, size_px), dtype=bool)
    relevant = _spot(generator, taken, (CLUSTER_PX, CLUSTER_PX))
    pair = _spot(generator, taken, (1, 2))
    line = _spot(generator, taken, (LINE_PX, 1))
    for area in (relevant, pair, line):
        kinds[area] = CLASSES["dead"]
    places: dict[str, list[list[int]]] = {}
    for name, code in CLASSES.items():
        places[name] = []
        for _ in range(count):
            spot = _spot(generator, taken, (1, 1))
            kinds[spot] = code
            places[name].append([spot[0].start, spot[1].start])
    response = 1.0 + GAIN_SPREAD * generator.standard_normal(kinds.shape)
    for name, code in CLASSES.items():
        response[kinds == code] = RESPONSE[name]
    noise = np.where(kinds == CLASSES["noisy"], NOISY_FACTOR, 1.0) * DARK_NOISE_STORED
    counted = {name: int(np.count_nonzero(kinds == code)) for name, code in CLASSES.items()}
    truth = {
        "bad_pixels": counted, "places": places, "clusters": 3, "relevant_clusters": 1, "lines": 1,
        "relevant_cluster": [relevant[0].start, relevant[1].start, CLUSTER_PX, CLUSTER_PX],
        "line": [line[0].start, line[1].start, LINE_PX, 1],
    }  # fmt: skip
    return Panel(kinds, response, noise, truth)


def _spot(generator: np.random.Generator, taken: NDArray[np.bool_], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return a free place, and take it with room round it."""
    size = taken.shape[0]
    for _ in range(2000):
        row, column = (int(generator.integers(APART_PX, size - APART_PX - length)) for length in shape)
        around = (
            slice(row - APART_PX, row + shape[0] + APART_PX), slice(column - APART_PX, column + shape[1] + APART_PX),
        )  # fmt: skip
        if not taken[around].any():
            taken[row : row + shape[0], column : column + shape[1]] = True
            return slice(row, row + shape[0]), slice(column, column + shape[1])
    raise WrongUsage(f"{size} pixels a side hold no more bad pixels that stand apart: give fewer, or a larger size_px")


def _frame(generator: np.random.Generator, panel: Panel, share: float) -> NDArray[np.uint16]:
    """Return one frame of a share of the beam."""
    signal = share * FLAT_STORED * panel.response
    quantum = np.sqrt(signal * FLAT_STORED) / FLAT_SNR
    noise = quantum * generator.standard_normal(signal.shape) + panel.dark_noise * generator.standard_normal(
        signal.shape
    )
    return np.clip(np.rint(OFFSET_STORED + signal + noise), 0.0, 65535.0).astype(np.uint16)


def _image(frames: NDArray[np.uint16], panel: Panel, truth: dict[str, Any], what: str) -> SimulatedImage:
    image = Image(
        pixels=frames, bits=16, meaning="raw", spacing=Spacing(0.1, 0.1, "detector"), grey=GreyScale(),
        rises_with_dose=True, format="TIFF", modality="DX", plane_kind="frame",
        description=f"Detector test, {what}, simulated", technique={"part": "detector"},
    )  # fmt: skip
    labels = np.zeros(frames.shape[1:], dtype=np.uint16)
    return SimulatedImage(image, (), labels, truth, bad_pixels=panel.kinds)
