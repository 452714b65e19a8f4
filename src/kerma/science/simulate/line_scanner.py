"""A dual-energy line scanner: its tube, its sandwich detector, its fans, and the plane z-effective it adds."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.material_lookup import Lookup, calibrate_lookup, effective_numbers
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.document import Channel, Detector, Geometry, Point, Scene, Source, Thing
from kerma.science.simulate.scene import SimulatedImage

Field = NDArray[np.float64]
ROWS, COLUMNS = 512, 640
TUBE_KV = 160.0
OPEN_STORED = 58000.0
SNR = (330.0, 280.0)
Z_SCALE = 100.0
"""Stored values of the plane z-effective per unit of atomic number."""
SMOOTHED_PX = 3
SOURCE = Source(tube_voltage_kv=TUBE_KV, filters_mm={"aluminium": 3.0}, focal_spot_mm=0.8)
CHANNELS = (
    Channel("low", {}, "gadox", 0.35, SNR[0], OPEN_STORED),
    Channel("high", {"gadox": 0.35, "copper": 0.6}, "csi", 4.0, SNR[1], OPEN_STORED),
)
SOURCE_OBJECT_MM, SOURCE_DETECTOR_MM = 1000.0, 1500.0
BLUR_SHARE = 0.55
"""Standard deviation of the detector's blur as a share of its pitch."""
MARGIN = 1.04


@dataclass(frozen=True)
class Tunnel:
    """How large an object the scanner takes, from where it looks, and how large its pictures are."""

    half_mm: Point
    angles_deg: tuple[float, ...] = (0.0, 90.0)
    rows: int = ROWS
    columns: int = COLUMNS
    source_object_mm: float = SOURCE_OBJECT_MM
    source_detector_mm: float = SOURCE_DETECTOR_MM

    def fan(self) -> tuple[float, float]:
        """Return pitch and belt step in mm that show the whole object in every view, with square pixels.

        Raises
        ------
        WrongUsage
            The object reaches the source.
        """
        widest = max(self._half_fan(math.radians(angle)) for angle in self.angles_deg)
        magnification = self.source_detector_mm / self.source_object_mm
        across = 2.0 * MARGIN * widest / self.columns
        along = 2.0 * MARGIN * self.half_mm[1] / self.rows
        pitch = max(across, along * magnification)
        return round(pitch, 4), round(pitch / magnification, 4)

    def _half_fan(self, angle: float) -> float:
        """Return how far from the middle of the detector the object's shadow reaches in one view."""
        sine, cosine = math.sin(angle), math.cos(angle)
        widest = 0.0
        for x, z in ((sx * self.half_mm[0], sz * self.half_mm[2]) for sx in (-1, 1) for sz in (-1, 1)):
            across, up = cosine * x - sine * z, sine * x + cosine * z
            if up >= 0.95 * self.source_object_mm:
                raise WrongUsage(f"an object {up:.0f} mm high reaches the source at {self.source_object_mm:g} mm")
            widest = max(widest, abs(across) * self.source_detector_mm / (self.source_object_mm - up))
        return widest


def tunnel_of(half_mm: Point, *, size_px: int | None, angles_deg: tuple[float, ...] = (0.0, 90.0)) -> Tunnel:
    """Return a tunnel for an object, with pictures of the size asked for."""
    return Tunnel(half_mm, angles_deg, size_px or ROWS, size_px or COLUMNS)


def scanned(name: str, things: Sequence[Thing], tunnel: Tunnel, *, seed: int, words: str) -> Scene:
    """Return the scene of things in the scanner."""
    pitch_mm, step_mm = tunnel.fan()
    return Scene(
        name, tuple(things),
        Detector(tunnel.rows, tunnel.columns, pitch_mm, CHANNELS, blur_mm=round(BLUR_SHARE * pitch_mm, 4)),
        SOURCE,
        Geometry("fan", tunnel.source_detector_mm, tunnel.source_object_mm, step_mm, angles_deg=tunnel.angles_deg),
        seed=seed, industry="security", description=words,
    )  # fmt: skip


@functools.cache
def lookup() -> Lookup:
    """Return the curves of the elements for this scanner's two channels."""
    low, high = (beam_of(SOURCE, channel) for channel in CHANNELS)
    return calibrate_lookup(low, high)


def z_plane(low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.uint16]:
    """Return the plane z-effective of two planes of stored values: number times :data:`Z_SCALE`, 0 undecidable."""
    from scipy.ndimage import uniform_filter

    seen = [np.maximum(uniform_filter(plane.astype(np.float64), SMOOTHED_PX), 0.5) for plane in (low, high)]
    a_low, a_high = (-np.log(plane / OPEN_STORED) for plane in seen)
    numbers = effective_numbers(lookup(), a_low, a_high, open_snr=(SMOOTHED_PX * SNR[0], SMOOTHED_PX * SNR[1]))
    shown = np.where(numbers.decided, numbers.number, 0.0)
    return np.rint(shown * Z_SCALE).astype(np.uint16)


def with_z(view: SimulatedImage, plane: NDArray[np.uint16]) -> SimulatedImage:
    """Return a picture of two energies with its third plane, z-effective."""
    image = dataclasses.replace(
        view.image, pixels=np.concatenate([view.image.pixels, plane[None]]),
        plane_labels=(*view.image.plane_labels, "z-effective"),
        technique={**view.image.technique, "z_effective_per_stored": 1.0 / Z_SCALE},
    )  # fmt: skip
    return dataclasses.replace(view, image=image, truth={**view.truth, "z_effective_per_stored": 1.0 / Z_SCALE})
