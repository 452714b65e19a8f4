"""Artefacts of a picture: dead lines, bands, seams, spots, scratches, grid lines, vignetting, clipped areas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data
from kerma.science.measure import artefact_kinds
from kerma.science.measure.artefact_kinds import Artefact, Picture
from kerma.science.measure.region import Region, inside
from kerma.science.measure.scan_lines import limits
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
SMALLEST_PX = 32
MOST_LISTED = 200


def measure(image: Image, *, plane: int = 0, region: Region | None = None) -> Measurement | NotMeasurable:
    """Return the artefacts found, each with its kind, box (row, column, height, width), statistic and its unit.

    Meant for an even exposure; on pictures of parts or patients lines, seams, grid lines and clipped areas still hold,
    while spots and scratches may be detail of the object. Every limit stands in ``kerma_artefacts/limits``.
    """
    area = inside(image, region) if region else Region(0, 0, image.rows, image.columns)
    inputs: dict[str, Value] = {"plane": plane, "region": list(area.as_json())}
    if min(area.height, area.width) < SMALLEST_PX:
        return NotMeasurable("artefacts", VERSION, f"the region is smaller than {SMALLEST_PX} pixels", inputs)
    stored = image.pixels[plane][area.slices]
    mask = has_data(image, plane)
    known = None if mask is None else mask[area.slices]
    if known is not None and known.mean() < 0.5:
        return NotMeasurable("artefacts", VERSION, "fewer than half of the pixels carry data", inputs)
    grey = _whole(stored, known)
    if float(np.ptp(grey)) == 0:
        return NotMeasurable("artefacts", VERSION, "the region is of one value", inputs)
    picture = Picture.of(grey, image.bits, limits("kerma_artefacts/limits"))
    found = sorted(artefact_kinds.found_in(picture), key=lambda one: -one.severity)
    return _result(found, area, image, inputs)


def _whole(stored: NDArray[Any], known: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    grey = stored.astype(np.float32)
    return grey if known is None else np.where(known, grey, np.float32(np.median(grey[known])))


def _result(found: list[Artefact], area: Region, image: Image, inputs: dict[str, Value]) -> Measurement:
    rows = [
        {
            "kind": one.kind,
            "box_px": [area.row + one.box[0], area.column + one.box[1], one.box[2], one.box[3]],
            "statistic": round(one.statistic, 4), "of": one.of, "limit": one.limit,
        }
        for one in found[:MOST_LISTED]
    ]  # fmt: skip
    values: dict[str, Value] = {"artefacts": len(found)}
    values |= {name: sum(one.kind == name for one in found) for name in artefact_kinds.KINDS}
    values["list"] = list(rows)
    warnings = [] if len(found) <= MOST_LISTED else [f"only the {MOST_LISTED} strongest of {len(found)} are listed"]
    if image.meaning == "for-presentation":
        warnings.append("the image is processed for presentation: processing may hide or make artefacts")
    return Measurement(
        "artefacts", VERSION, values,
        method="line means against neighbouring lines, median residuals, spectra of line means, second-order surface",
        inputs=inputs, source=Citation.of(table("kerma_artefacts/limits")), warnings=tuple(warnings),
    )  # fmt: skip
