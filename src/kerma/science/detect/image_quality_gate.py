"""Gate of image quality: do not read, shoot again. Every rule is a row of a table, every answer a figure with words."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.detect.laying import Grey, best_laid, comparable
from kerma.science.detect.part_reference import Reference, must_match
from kerma.science.detect.sharpness import edge_width_px
from kerma.science.detect.subtraction import subtracted
from kerma.science.imaging.image import Image
from kerma.science.imaging.registration import Alignment
from kerma.science.imaging.values import has_data
from kerma.science.measure import run
from kerma.science.results import Box, By, Finding, Measurement
from kerma.standards import table

VERSION = "1"
RULES = "kerma_findings/quality_gate"
NOT_COMPUTED = "not-computed"
BLOCK_PX = 16
MEDIAN_OF_NORMAL = 0.6745
State = Literal["passed", "failed", "not-computed"]


@dataclass(frozen=True)
class Answer:
    """What one rule says: *failed* with its figure and limit, *passed*, or *not-computed* with the reason."""

    rule: str
    state: State
    quantity: str
    limit: float
    value: float | None
    reason: str


class _NotComputed(Exception):
    """A figure that cannot be had; the message says why."""


@dataclass(frozen=True)
class _View:
    image: Image
    plane: int
    reference: Reference | None

    @functools.cached_property
    def grey(self) -> Grey:
        return comparable(self.image, self.plane)

    @functools.cached_property
    def good(self) -> Reference:
        """The reference; it was given, or the rule does not hold."""
        if self.reference is None:
            raise _NotComputed("no reference was given")
        must_match(self.reference, self.image, self.plane)
        return self.reference

    @functools.cached_property
    def alignment(self) -> Alignment:
        return best_laid(self.good.middle, self.grey)


def detect(
    image: Image, *, plane: int = 0, reference: Reference | None = None, testing_class: str | None = None
) -> tuple[Finding, ...]:
    """Return one finding per rule that fails or could not be computed; none for a picture that may be read.

    Of a failed rule the label is what is wrong (``too-noisy``, ``clipped``, ``empty``, ``wrong-view``, ``blurred``)
    and ``score`` 1; of one that could not be computed the label is ``not-computed`` and ``score`` 0. The code is the
    quantity; the measurements are its figure and its limit. The box is the whole picture. :func:`answers` gives words.
    """
    told = answers(image, plane=plane, reference=reference, testing_class=testing_class)
    whole = Box(0.0, 0.0, float(image.rows), float(image.columns))
    corners = ((0.0, 0.0), (0.0, image.columns - 1.0), (image.rows - 1.0, image.columns - 1.0), (image.rows - 1.0, 0.0))
    return tuple(
        Finding(
            f"image_quality_gate-{plane}-{one.rule}-{one.quantity}", one.quantity,
            one.rule if one.state == "failed" else NOT_COMPUTED, whole, By("algorithm", "image_quality_gate", VERSION),
            1.0 if one.state == "failed" else 0.0, plane, corners, _measured(one),
        )
        for one in told
        if one.state != "passed"
    )  # fmt: skip


def answers(
    image: Image, *, plane: int = 0, reference: Reference | None = None, testing_class: str | None = None
) -> tuple[Answer, ...]:
    """Return what every rule that holds for this picture says, in the order of the table.

    Rules of a testing class hold for that class (``testing_class``, or what the technique says); rules against good
    parts hold where a reference is given.
    """
    told = testing_class or image.technique.get("testing_class")
    view = _View(image, plane, reference)
    rows = [
        row for row in table(RULES)
        if row["class"] in ("", str(told).upper()) and (row["needs"] != "reference" or reference is not None)
    ]  # fmt: skip
    return tuple(_answer(view, row) for row in rows)


def _measured(one: Answer) -> dict[str, float]:
    if one.value is None or not math.isfinite(one.value):
        return {}
    stem, _, unit = one.quantity.rpartition("_")
    limit = f"{stem}_limit_{unit}" if unit in ("percent", "px") else f"{one.quantity}_limit"
    return {one.quantity: one.value, limit: one.limit}


def _answer(view: _View, row: Mapping[str, str]) -> Answer:
    limit = float(row["limit"])
    try:
        value = QUANTITIES[row["quantity"]](view)
    except (_NotComputed, WrongUsage) as error:
        return Answer(row["rule"], "not-computed", row["quantity"], limit, None, f"{row['quantity']}: {error}")
    is_met = value >= limit if row["sense"] == "at least" else value <= limit
    words = f"{row['quantity']} is {value:.3g}, {row['sense']} {limit:g} is asked"
    return Answer(
        row["rule"], "passed" if is_met else "failed", row["quantity"], limit, value,
        words if is_met else f"{row['words']}: {words}",
    )  # fmt: skip


def _of_measurement(measurement: str, key: str) -> Callable[[_View], float]:
    """Return what reads a figure off a measurement that exists."""

    def read(view: _View) -> float:
        found = run(measurement, view.image, plane=view.plane)
        if not isinstance(found, Measurement):
            raise _NotComputed(found.reason)
        value = found.values.get(key)
        if not isinstance(value, int | float):
            raise _NotComputed(f"the measurement '{measurement}' gives no {key}")
        return float(value)

    return read


def _structure(view: _View) -> float:
    """Return how far the means of blocks differ, over what the noise of their pixels alone would make them differ."""
    grey = view.image.pixels[view.plane].astype(np.float64)
    known = has_data(view.image, view.plane)
    if known is not None:
        if not known.any():
            raise _NotComputed("no pixel carries data")
        grey = np.where(known, grey, np.median(grey[known]))
    rows, columns = (size - size % BLOCK_PX for size in grey.shape)
    if not rows or not columns:
        raise _NotComputed(f"the picture is smaller than {BLOCK_PX} pixels")
    blocks = grey[:rows, :columns].reshape(rows // BLOCK_PX, BLOCK_PX, columns // BLOCK_PX, BLOCK_PX)
    means = blocks.mean(axis=(1, 3))
    spread = float(np.subtract(*np.percentile(means, (95, 5)))) / (2 * 1.6449)
    noise = float(np.median(np.abs(np.diff(grey[::3], axis=1)))) / (MEDIAN_OF_NORMAL * 2**0.5)
    # neighbouring pixels of a blurred detector are alike: their difference shows a part of the noise only
    expected = max(2.0 * noise / BLOCK_PX, 0.3 / BLOCK_PX if np.issubdtype(view.image.pixels.dtype, np.integer) else 0)
    return spread / expected if expected > 0 else (0.0 if spread == 0 else math.inf)


def _agreement(view: _View) -> float:
    return view.alignment.agreement


def _noise_over_reference(view: _View) -> float:
    return subtracted(view.grey, view.good, view.alignment).rise


def _edge_width(view: _View) -> float:
    found = edge_width_px(view.grey)
    if found is None:
        raise _NotComputed("there are no clear edges to tell sharpness by")
    return found


def _edge_over_reference(view: _View) -> float:
    if not view.good.edge_width_px:
        raise _NotComputed("the reference has no clear edges")
    return _edge_width(view) / view.good.edge_width_px


QUANTITIES: Mapping[str, Callable[[_View], float]] = {
    "structure": _structure,
    "snr": _of_measurement("snr", "snr"),
    "snr_n": _of_measurement("snr_n", "snr_n"),
    "ceiling_percent": _of_measurement("saturation", "ceiling_clipped_percent"),
    "floor_percent": _of_measurement("saturation", "floor_clipped_percent"),
    "agreement": _agreement,
    "noise_over_reference": _noise_over_reference,
    "edge_width_px": _edge_width,
    "edge_over_reference": _edge_over_reference,
}
"""How each quantity of the table is had."""
