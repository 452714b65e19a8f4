"""What a measurement should find in a test object of medical radiography: steps, cells, MTF, exposure index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerma.science.simulate.attenuator import Attenuator
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.document import Box, Scene, Thing
from kerma.science.simulate.response import exposure_for
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes import exact, gauge_truth
from kerma.science.simulate.scenes.medical_phantoms import CENTRE_ONLY_ROWS, DETAILS_MM, known_index

MTF_STEP_LP_MM = 0.5
STEP_INSET = 0.2


def step(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return thickness, region, mean, SNR and exposure index of every step; scatter is in mean and SNR."""
    assert image.expected is not None
    listed = []
    for thing in scene.things:
        assert isinstance(thing.shape, Box) and thing.material is not None
        layers = {thing.material: thing.shape.size_mm[2]}
        row, column, height, width = _region_of(scene, thing)
        mean = float(image.expected[0, row : row + height, column : column + width].mean())
        listed.append({
            "thickness_mm": thing.shape.size_mm[2], "region": [row, column, height, width],
            "mean_stored": round(mean, 3), "exposure_index": round(known_index(scene, layers), 3),
            "primary_share": round(exact.share_behind(scene.source, layers), 6),
        })  # fmt: skip
    return {"steps": listed, **gauge_truth.part(scene, image)}


def _region_of(scene: Scene, thing: Thing) -> list[int]:
    """Return the inner part of a step as row, column, height, width."""
    assert isinstance(thing.shape, Box)
    x, y, z = thing.at_mm
    half_x, half_y = (edge * (0.5 - STEP_INSET) for edge in thing.shape.size_mm[:2])
    (first_row, first_column), (last_row, last_column) = exact.places(
        scene, [(x - half_x, y - half_y, z), (x + half_x, y + half_y, z)]
    )
    row, column = math.ceil(first_row), math.ceil(first_column)
    return [row, column, math.floor(last_row) - row + 1, math.floor(last_column) - column + 1]


def contrast_detail(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return every cell with the detectability of its hole, and the curve an ideal observer reads.

    The curve gives, of each diameter, the depth of a hole whose detectability is just the limit; without noise there
    is none. The inverse figure of merit is 100 over the sum of depth times diameter along it.
    """
    limit = gauge_truth.limit("detectability")
    found = iter(image.findings)
    cells = []
    for row, diameter in enumerate(DETAILS_MM):
        for column, depth in enumerate(DETAILS_MM):
            middle = next(found)
            corner = next(found) if row < CENTRE_ONLY_ROWS else None
            value = middle.measurements["detectability"]
            cells.append({
                "row": row + 1, "column": column + 1, "diameter_mm": diameter, "depth_mm": depth,
                "middle": middle.box.as_json(), "corner": corner.box.as_json() if corner else None,
                "cnr": middle.measurements["cnr"], "detectability": value if math.isfinite(value) else None,
                "is_visible": value >= limit,
            })  # fmt: skip
    known = {**gauge_truth.part(scene, image), "cells": cells}
    if scene.detector.channels[0].snr <= 0:
        return known
    depths = [threshold_depth_mm(scene, diameter, limit) for diameter in DETAILS_MM]
    curve = [{"diameter_mm": d, "depth_mm": round(t, 5)} for d, t in zip(DETAILS_MM, depths, strict=True)]
    merit = 100.0 / sum(d * t for d, t in zip(DETAILS_MM, depths, strict=True))
    return {**known, "curve": curve, "inverse_figure_of_merit_per_mm2": round(merit, 5)}


def threshold_depth_mm(scene: Scene, diameter_mm: float, limit: float) -> float:
    """Return how deep a hole of that diameter must be for an ideal observer, from the beam and the noise alone."""
    channel, detector, scatter = scene.detector.channels[0], scene.detector, scene.scatter
    attenuator = Attenuator(beam_of(scene.source, channel))
    whole = scatter.grid_primary_share + scatter.ratio * scatter.grid_scatter_share
    opened = attenuator.at(detector.reference_mm)
    exposure = exposure_for(channel, detector, (opened[0] * whole, opened[1] * whole))
    thick = float(scene.technique["thickness_mm"])
    signal, variance = attenuator.at({"pmma": thick})
    noise = variance * whole / exposure.quanta
    noise += (detector.electronic_noise_stored / exposure.stored_per_signal) ** 2
    noise += (detector.fixed_pattern_percent / 100.0 * signal * whole) ** 2
    pixels = math.pi / 4.0 * (diameter_mm / exact.pixel_mm(scene)) ** 2
    wanted = limit * math.sqrt(noise / pixels) / scatter.grid_primary_share
    low, high = 0.0, thick
    for _ in range(60):
        middle = 0.5 * (low + high)
        less = attenuator.at({"pmma": thick - middle})[0] - signal
        low, high = (middle, high) if less < wanted else (low, middle)
    return high


def edge(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return the exact MTF of blur and pixel, in the edge's plane, and the edge's tilt."""
    frequencies = np.arange(0.0, 0.5 / exact.pixel_mm(scene), MTF_STEP_LP_MM).tolist()
    curve = [{"frequency_lp_mm": f, "mtf": round(exact.mtf(scene, f), 6)} for f in frequencies]
    return {**gauge_truth.straight(scene, image), "mtf": curve, "technique": dict(scene.technique)}


def uniform(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return mean and SNR of the field's middle, and its exposure index."""
    assert image.expected is not None
    layers = {thing.material: thing.shape.size_mm[2] for thing in scene.things
              if thing.name == "plate" and isinstance(thing.shape, Box) and thing.material}  # fmt: skip
    snr = exact.snr_behind(scene, layers)
    return {
        "exposure_index": scene.technique["exposure_index"],
        "mean_stored": round(exact.stored_behind(scene, layers), 3),
        "expected_snr": round(snr, 4) if snr < math.inf else 0.0, "technique": dict(scene.technique),
    }  # fmt: skip
