"""Shares of classes of every pixel that a brought segmenter gives: outlines, boxes, and the score of the surest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.science.detect.answers_boxes import one_each
from kerma.science.detect.answers_classes import shares
from kerma.science.detect.contract_input import View
from kerma.science.detect.contracts import Classes, Contract
from kerma.science.detect.learned_finding import calibrated
from kerma.science.detect.learned_marks import Mark

Floats = NDArray[np.float32]
SAME_THING_IOU = 0.3
"""Outlines of one label from tiles that overlap, and share so much, are of one thing."""
SMOOTHED_PX = 0.8
RANK = 4


def read(
    answered: Iterable[tuple[View, list[Floats]]], contract: Contract, card: Mapping[str, Any], least: float
) -> tuple[list[Mark], float | None]:
    """Return a mark for each connected area in which a label reaches ``least``, and the surest share of all.

    The score of a mark is the highest calibrated share within it. Areas below ``least_area_px`` (of the image) are left
    out.

    Raises
    ------
    Unreadable
        The answers have another shape than the card declares, or are no shares.
    """
    output = contract.output
    if not isinstance(output, Classes):
        raise TypeError("a contract of classes has an output of classes")
    marks: list[Mark] = []
    best = 0.0
    for view, answers in answered:
        planes = _planes(answers[0], contract, output)
        for number, label in enumerate(contract.labels):
            plane = planes[output.classes.index(label)]
            best = max(best, float(plane.max()))
            marks += [mark for mark in _areas(plane, number, view, card, least) if _area(mark) >= output.least_area_px]
    return one_each(marks, SAME_THING_IOU), calibrated(best, card)


def _planes(answer: Floats, contract: Contract, output: Classes) -> Floats:
    """Return shares (class, row, column)."""
    is_whole = answer.ndim == RANK and len(answer) == 1
    planes = answer[0] if contract.input.layout == "NCHW" or not is_whole else answer[0].transpose(2, 0, 1)
    if not is_whole or len(planes) != len(output.classes):
        raise Unreadable(
            f"the network gives {answer.shape}; its card promises a plane for each of {len(output.classes)} "
            f"output.classes, laid out as {contract.input.layout}"
        )
    return shares(planes, output)


def _areas(plane: Floats, label: int, view: View, card: Mapping[str, Any], least: float) -> Iterator[Mark]:
    """Yield the connected areas of one label, outlined in pixels of the image."""
    import cv2

    if calibrated(float(plane.max()), card) < least:
        return
    inside = (plane >= _uncalibrated(least, card)).astype(np.uint8)
    outlines, _ = cv2.findContours(np.pad(inside, 1), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    down, across = view.shape[0] / plane.shape[0], view.shape[1] / plane.shape[1]
    for outline in outlines:
        left, top, wide, high = cv2.boundingRect(outline)
        top, left = top - 1, left - 1
        within = np.zeros((high, wide), np.uint8)
        cv2.drawContours(within, [outline - (left + 1, top + 1)], -1, 1, cv2.FILLED)
        surest = float(plane[top : top + high, left : left + wide][within > 0].max())
        first = view.place(top * down, left * across)
        last = view.place((top + high) * down, (left + wide) * across)
        points = cv2.approxPolyDP(outline, SMOOTHED_PX, closed=True)[:, 0]
        polygon = tuple(view.place((row - 0.5) * down, (column - 0.5) * across) for column, row in points.tolist())
        yield Mark(calibrated(surest, card), label, (*first, *last), polygon if len(points) > 2 else ())


def _area(mark: Mark) -> float:
    import cv2

    if mark.polygon:
        return float(cv2.contourArea(np.array(mark.polygon, dtype=np.float32)))
    return (mark.box[2] - mark.box[0]) * (mark.box[3] - mark.box[1])


def _uncalibrated(score: float, card: Mapping[str, Any]) -> float:
    """Return the share of the network that the calibration makes ``score``: its inverse."""
    how = card.get("calibration", {})
    share = min(max(score, 1e-6), 1.0 - 1e-6)
    logit = (np.log(share / (1.0 - share)) - float(how.get("shift", 0.0))) * float(how.get("temperature", 1.0))
    return float(1.0 / (1.0 + np.exp(-logit)))
