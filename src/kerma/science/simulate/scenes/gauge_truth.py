"""What a measurement should find in a picture of a gauge: places, sizes, what is visible, SNR, MTF, SRb."""

from __future__ import annotations

import math
from typing import Any

from kerma.science.simulate.document import Box, Scene, Stroke, Thing
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes import exact
from kerma.science.simulate.scenes.gauges import DUPLEX_BLOCK_MM
from kerma.science.simulate.view import turn_of
from kerma.standards import table

STEP_INSET = 0.2
MTF_LEVELS = {"mtf50_lp_mm": 0.5, "mtf20_lp_mm": 0.2, "mtf10_lp_mm": 0.1}


def limit(quantity: str) -> float:
    """Return a number of the table of visibility."""
    return next(float(row["value"]) for row in table("kerma_simulation/visibility") if row["quantity"] == quantity)


def part(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return what is true of any part: its technique, and which findings nobody can see."""
    least = limit("detectability")
    unseen = [finding.id for finding in image.findings if finding.measurements["detectability"] < least]
    return {"technique": dict(scene.technique), "invisible": unseen, "visible_from_detectability": least}


def wires(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return where each wire runs, and which is the thinnest that can be seen over the length a reader asks for."""
    found = {finding.label: finding for finding in image.findings}
    listed: list[dict[str, Any]] = []
    faintest, ends = "", []
    for thing in scene.things:
        if thing.label not in found or not isinstance(thing.shape, Stroke):
            continue
        known = found[thing.label].measurements
        share = min(1.0, limit("wire_length_mm") / known["length_mm"])
        detectability = known["detectability"] * math.sqrt(share)
        is_visible = detectability >= limit("detectability")
        faintest = thing.label if is_visible else faintest
        start, end = exact.places(scene, [_out(thing, point) for point in thing.shape.points_mm])
        ends += [start, end]
        listed.append({
            "wire": thing.label, "diameter_mm": known["diameter_mm"], "start": start, "end": end, "cnr": known["cnr"],
            "detectability_10_mm": round(detectability, 3), "is_visible": is_visible,
        })  # fmt: skip
    return {"wires": listed, "thinnest_visible": faintest, "region": _around(scene, ends), **_even(scene)}


def holes(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return where each hole lies, how wide it is, whether it can be seen, and a region inside the gauge."""
    found = {finding.label: finding for finding in image.findings}
    listed: list[dict[str, Any]] = []
    for thing in scene.things:
        if thing.label not in found:
            continue
        known = found[thing.label].measurements
        (centre,) = exact.places(scene, [thing.at_mm])
        listed.append({
            "hole": thing.label, "diameter_mm": known["diameter_mm"], "depth_mm": known["depth_mm"], "centre": centre,
            "radius_px": round(known["diameter_mm"] / 2.0 / exact.pixel_mm(scene), 4), "cnr": known["cnr"],
            "is_visible": known["detectability"] >= limit("detectability"),
        })  # fmt: skip
    margin = 1.5 * max(hole["radius_px"] for hole in listed) + 4.0
    region = _around(scene, [hole["centre"] for hole in listed], margin)
    return {"holes": listed, "region": region, **_even(scene)}


def duplex(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return the exact basic spatial resolution, the dip of every pair, and where the gauge lies."""
    layers = {"pmma": DUPLEX_BLOCK_MM}
    listed: list[dict[str, Any]] = []
    for thing in scene.things:
        if not (thing.label and isinstance(thing.shape, Stroke) and thing.name.endswith("-1")):
            continue
        diameter = thing.measurements["diameter_mm"]
        dip = exact.dip_percent(scene, diameter, wire=thing.material or "", layers_mm=layers)
        start, end = exact.places(scene, [_out(thing, point) for point in thing.shape.points_mm])
        listed.append({
            "pair": thing.label, "diameter_mm": diameter, "dip_percent": round(dip, 3), "start": start, "end": end,
        })  # fmt: skip
    wire = next(thing.material for thing in scene.things if thing.label) or ""
    below = [row["pair"] for row in listed if row["dip_percent"] < exact.dip_limit_percent()]
    isrb = exact.isrb_mm(scene, wire=wire, layers_mm=layers)
    return {
        "isrb_um": round(isrb * 1000.0, 3), "pairs": listed, "first_pair_below_20_percent": below[0] if below else "",
        "region": _region_of(scene, scene.things[0]), **_blur(scene),
    }  # fmt: skip


def bars(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return the groups of bars with the MTF at their frequency."""
    listed = [
        {
            "frequency_lp_mm": finding.measurements["frequency_lp_mm"], "box": finding.box.as_json(),
            "mtf": round(exact.mtf(scene, finding.measurements["frequency_lp_mm"]), 6),
        }
        for finding in image.findings
    ]  # fmt: skip
    return {"groups": listed, **_blur(scene)}


def straight(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return the MTF of an edge or a slit: blur, pixel, and a slit's own width apart."""
    known = _blur(scene)
    turn = scene.things[0].turn_deg[2]
    if len(scene.things) > 1:
        apart = math.dist(scene.things[0].at_mm, scene.things[1].at_mm)
        shape = scene.things[0].shape
        assert isinstance(shape, Box)
        known["slit_mm"] = round(apart - shape.size_mm[0], 5)
    return known | {"tilt_deg": turn}


def steps(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return the inner region, thickness, mean and SNR of every step."""
    listed = []
    for thing in scene.things:
        assert isinstance(thing.shape, Box) and thing.material is not None
        layers = {thing.material: thing.shape.size_mm[2]}
        snr = exact.snr_behind(scene, layers)
        listed.append({
            "thickness_mm": thing.shape.size_mm[2], "region": _region_of(scene, thing, STEP_INSET),
            "mean_stored": round(exact.stored_behind(scene, layers), 2),
            "snr": round(snr, 3) if snr < math.inf else 0.0,
        })  # fmt: skip
    return {"steps": listed, **_blur(scene)}


def even(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return SNR, mean and blur of an even field."""
    return _even(scene)


def _even(scene: Scene) -> dict[str, Any]:
    layers = scene.detector.reference_mm
    snr = exact.snr_behind(scene, layers)
    mean = exact.stored_behind(scene, layers)
    return {"expected_snr": round(snr, 4) if snr < math.inf else 0.0, "mean_stored": round(mean, 2), **_blur(scene)}


def _blur(scene: Scene) -> dict[str, Any]:
    known = {name: round(exact.frequency_at(scene, level), 5) for name, level in MTF_LEVELS.items()}
    return {"blur_sigma_object_mm": round(exact.blur_sigma_mm(scene), 6), **known}


def _out(thing: Thing, point: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return a point of a thing's own frame in the world."""
    x, y, z = (
        at + row[0] * point[0] + row[1] * point[1] + row[2] * point[2]
        for at, row in zip(thing.at_mm, turn_of(thing.turn_deg), strict=True)
    )
    return x, y, z


MARGIN_PX = 12.0


def _corners(scene: Scene, thing: Thing, inset: float = 0.0) -> list[tuple[float, float]]:
    """Return where the corners of a box are drawn; an inset keeps that share of the box away from every side."""
    assert isinstance(thing.shape, Box)
    half = [edge / 2.0 * (1.0 - 2.0 * inset) for edge in thing.shape.size_mm]
    return exact.places(scene, [_out(thing, (x * half[0], y * half[1], 0.0)) for x in (-1, 1) for y in (-1, 1)])


def _region_of(scene: Scene, thing: Thing, inset: float = 0.0) -> list[int]:
    """Return the region of the picture that a box covers."""
    return _around(scene, _corners(scene, thing, inset), 0.0)


def _around(scene: Scene, places: list[tuple[float, float]], margin_px: float = MARGIN_PX) -> list[int]:
    """Return the region (row, column, height, width) that holds places and a margin, cut to the picture."""
    rows, columns = zip(*places, strict=True)
    first_row, first_column = (max(0, math.ceil(min(values) - margin_px)) for values in (rows, columns))
    last_row = min(scene.detector.rows - 1, math.floor(max(rows) + margin_px))
    last_column = min(scene.detector.columns - 1, math.floor(max(columns) + margin_px))
    return [first_row, first_column, last_row - first_row + 1, last_column - first_column + 1]
