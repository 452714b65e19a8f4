"""A test object for security systems, found in the picture and scored test by test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, penetrating_plane
from kerma.science.measure import test_object_scores as scores
from kerma.science.measure.scan_lines import limits
from kerma.science.measure.test_object_place import Placement, placed
from kerma.science.measure.test_object_scores import Seen
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import Table, table

VERSION = "1"
Floats = NDArray[np.float64]
SMALLEST_PX = 120
LEAST_SIGNAL = 0.5
"""Stored values below this count as this, so that the logarithm exists."""
BEHIND = {"useful_penetration": "wire", "simple_penetration": "bar"}
LOOKS = {"wire": scores.wire, "bar": scores.bar, "patch": scores.patch}
OBJECTS = ("ctp",)


def measure(image: Image, *, object: str = "ctp") -> Measurement | NotMeasurable:
    """Find a test object by its marks and score wires, penetration, resolution, materials and thin metal.

    The object may be shifted, turned, scaled, flipped, and its pixels need not be square. Each feature counts in the
    plane that shows it best; materials are told apart by the planes of low and high energy.
    """
    inputs: dict[str, Value] = {"object": object}
    drawing, planes = table(f"kerma_test_objects/{object}"), _planes(image)
    if min(image.rows, image.columns) < SMALLEST_PX:
        return _refused(f"the image is smaller than {SMALLEST_PX} pixels: no test object fits", inputs)
    if has_data(image, planes[-1]) is not None:
        return _refused("the image holds padding or pixels that are not a number: cut them off", inputs)
    known = {plane: found for plane in planes if (found := _attenuation(image, plane))}
    if len(known) < len(planes):
        return _refused("the image shows no open beam above 0 beside the object, or is of one value", inputs)
    discs = [row for row in drawing if row["kind"] == "disc"]
    marks = np.array([(float(row["x_mm"]), float(row["y_mm"])) for row in discs])
    place = placed(known[planes[-1]][0], marks, float(discs[0]["width_mm"]))
    if place is None:
        reason = f"no test object '{object}' was found: its {len(marks)} round marks do not stand in the image"
        return _refused(reason, inputs)
    rule = limits("kerma_test_objects/visibility")
    seen = [Seen(*known[plane], place, rule) for plane in planes]
    return _result(drawing, seen, place, inputs)


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("test_object", VERSION, reason, inputs)


def _planes(image: Image) -> list[int]:
    """Return the planes of low and high energy, or the one plane there is."""
    labels = [label.lower() for label in image.plane_labels]
    if image.plane_kind == "energy" and "low" in labels and "high" in labels:
        return [labels.index("low"), labels.index("high")]
    return [penetrating_plane(image)]


def _attenuation(image: Image, plane: int) -> tuple[Floats, float] | None:
    """Return attenuation against the open beam, and the open beam's stored value."""
    grey = image.pixels[plane].astype(np.float64)
    if image.rises_with_dose is False:
        grey = float(2**image.bits - 1) - grey
    open_beam = float(np.percentile(grey[::4, ::4], 98))
    if open_beam <= LEAST_SIGNAL or float(np.ptp(grey)) == 0:
        return None
    found: Floats = -np.log(np.maximum(grey, LEAST_SIGNAL) / open_beam)
    return found, open_beam


def _result(drawing: Table, seen: list[Seen], place: Placement, inputs: dict[str, Value]) -> Measurement:
    rule = seen[0].limits
    values: dict[str, Value] = {}
    listed: list[dict[str, Any]] = []
    verdicts: list[bool] = []
    warnings = []
    best: float | None
    for limit in table("kerma_test_objects/limits"):
        rows = [row for row in drawing if row["test"] == limit["test"] and row["kind"] != "step"]
        if limit["test"] == "material_discrimination":
            if len(seen) < 2:
                warnings.append("materials are not scored: that needs planes of low and high energy")
                continue
            best, ratios = scores.separation(seen[0], seen[1], list(rows))
            listed += [{"test": limit["test"], **ratio} for ratio in ratios]
        else:
            found = [(_size(drawing, row), *_score(seen, row, rule)) for row in rows]
            listed += [
                {"test": limit["test"], "feature": row["feature"], "statistic": round(one[1], 3), "seen": one[2]}
                for row, one in zip(rows, found, strict=True)
            ]
            best = _last_seen(found, is_lower=limit["better"] == "lower")
        key = f"{limit['test']}_{limit['unit']}"
        values[key] = best
        passes = best is not None and (
            best <= float(limit["limit"]) if limit["better"] == "lower" else best >= float(limit["limit"])
        )
        values[f"{limit['test']}_passes"] = passes
        verdicts.append(passes)
    values = {"passes": all(verdicts), **values}
    values |= {
        "turn_deg": place.turn_deg, "is_flipped": place.is_flipped, "registration_px": place.residual_px,
        "pixel_x_mm": place.pixel_mm[0], "pixel_y_mm": place.pixel_mm[1], "features": list(listed),
    }  # fmt: skip
    return Measurement(
        "test_object", VERSION, values,
        method="round marks matched to the drawing; wires by their integral along them; seen at detectability "
        f"{rule['detectability_limit']:g}",
        inputs=inputs, source=Citation.of(table("kerma_test_objects/limits")), warnings=tuple(warnings),
    )  # fmt: skip


def _size(drawing: Table, row: dict[str, str]) -> float:
    """Return what a feature stands for in its test: its step's thickness, its own, or its size."""
    if row["test"] in BEHIND:
        steps = [one for one in drawing if one["feature"] == row["feature"] and one["kind"] == "step"]
        return float(steps[0]["thickness_mm"])
    return float(row["thickness_mm"]) if row["kind"] == "patch" else float(row["size_mm"])


def _score(seen: list[Seen], row: dict[str, str], rule: Mapping[str, float]) -> tuple[float, bool]:
    """Return the statistic of a feature in the plane that shows it best, and whether it is seen."""
    if row["kind"] == "grating":
        best = max((scores.grating(plane, row) for plane in seen), key=lambda found: found[0])
        return best[0], best[0] >= rule["modulation_percent"] and best[1] >= rule["detectability_limit"]
    strength = max(LOOKS[row["kind"]](plane, row) for plane in seen)
    return strength, strength >= rule["detectability_limit"]


def _last_seen(found: list[tuple[float, float, bool]], *, is_lower: bool) -> float | None:
    """Return the hardest feature of an unbroken row of seen ones, the easiest first; None where none is seen."""
    ordered = sorted(found, key=lambda one: -one[0] if is_lower else one[0])
    best = None
    for size, _, is_seen in ordered:
        if not is_seen:
            break
        best = size
    return best
