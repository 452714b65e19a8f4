"""A test bench for gauges: only what is asked for, so that a picture holds one known effect at a time."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.science.simulate.document import Channel, Detector, Geometry, Scene, Source, Thing
from kerma.science.simulate.scenes.exact import share_behind
from kerma.science.simulate.scenes.exposing import check_size

DISTANCE_MM = 1000.0
REFERENCE_STORED = 30000.0
OPEN_STORED = 60000.0


@dataclass(frozen=True)
class Bench:
    """How a gauge is exposed: the gauge stands in the plane z = 0, ``gap_mm`` before the detector."""

    rows: int
    columns: int
    pitch_mm: float
    snr: float = 200.0
    blur_px: float = 0.6
    tube_voltage_kv: float = 160.0
    gap_mm: float = 4.0
    subpixels: int = 1
    rays_per_pixel: int = 4
    fixed_pattern_percent: float = 0.0
    shows_open_beam: bool = False
    """The stored values are set so that the open beam stays below full scale."""


def scene_of(
    name: str, seed: int, bench: Bench, things: tuple[Thing, ...], *, reference_mm: dict[str, float], description: str
) -> Scene:
    """Return the document of things on a bench."""
    check_size(max(bench.rows, bench.columns))
    voltage = bench.tube_voltage_kv
    filters = {"copper": 0.5} if voltage >= 100.0 else {"aluminium": 2.0}
    source = Source(tube_voltage_kv=voltage, filters_mm=filters)
    stored = REFERENCE_STORED
    if bench.shows_open_beam:
        stored = round(min(stored, OPEN_STORED * share_behind(source, reference_mm)), 2)
    detector = Detector(
        bench.rows, bench.columns, bench.pitch_mm,
        (Channel(snr=bench.snr, reference_stored=stored),), reference_mm,
        round(bench.blur_px * bench.pitch_mm, 6), fixed_pattern_percent=bench.fixed_pattern_percent,
    )  # fmt: skip
    geometry = Geometry(
        source_detector_mm=DISTANCE_MM, source_object_mm=DISTANCE_MM - bench.gap_mm,
        rays_per_pixel=bench.rays_per_pixel, subpixels=bench.subpixels,
    )  # fmt: skip
    words: dict[str, float | str] = {"part": "gauge"}
    if reference_mm:
        words |= {"material": next(iter(reference_mm)), "thickness_mm": next(iter(reference_mm.values()))}
    return Scene(
        name, things, detector, source, geometry, seed=seed,
        description=description, technique=words,
    )  # fmt: skip
