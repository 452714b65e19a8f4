"""Rectangles that a brought network gives, as torchvision, YOLO v5 and v8 and FastestDet write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.science.detect.answers_classes import sigmoid
from kerma.science.detect.contract_input import View
from kerma.science.detect.contracts import Boxes, Contract
from kerma.science.detect.learned_finding import calibrated
from kerma.science.detect.learned_marks import Mark, without_repeats

Floats = NDArray[np.float32]
Rows = tuple[Floats, Floats, NDArray[np.int64]]
"""Sides (box, 4), scores (box), labels (box)"""
MOST_AT_ONCE = 1000
"""The surest rectangles that are looked at for overlaps."""
OUTPUTS = {"rows": 3, "yolo-v5": 1, "yolo-v8": 1, "grid": 1}
"""How many outputs a form takes."""


def read(
    answered: Iterable[tuple[View, list[Floats]]], contract: Contract, card: Mapping[str, Any], least: float
) -> tuple[list[Mark], float | None]:
    """Return the marks of all views, one for each thing, surest first, and the score of the surest of all.

    Parameters
    ----------
    answered : each view and what the network gave
    least : least calibrated score of a mark

    Raises
    ------
    Unreadable
        The answers have another shape than the card declares.
    """
    output = contract.output
    if not isinstance(output, Boxes):
        raise TypeError("a contract of boxes has an output of boxes")
    marks: list[Mark] = []
    best = 0.0
    for view, answers in answered:
        sides, scores, labels = _FORMS[output.form](answers, output, contract.labels, view)
        if output.scores == "logits" and output.form == "rows":
            scores = sigmoid(scores)
        if scores.size and not 0 <= float(scores.min()) <= float(scores.max()) <= 1:
            raise Unreadable(f"the scores of '{card['name']}' are not within 0 and 1: say output.scores logits")
        best = max(best, float(scores.max(initial=0.0)))
        order = np.argsort(-scores, kind="stable")[:MOST_AT_ONCE]
        for number in order.tolist():
            score = calibrated(float(scores[number]), card)
            if score < least:
                break
            box = _corners(sides[number], output, view)
            if box[2] > box[0] and box[3] > box[1]:
                marks.append(Mark(score, int(labels[number]), box))
    return one_each(marks, output.nms_iou), calibrated(best, card) if best else 0.0


def one_each(marks: list[Mark], iou: float) -> list[Mark]:
    """Return the marks without those of the same label that overlap a surer one by more than ``iou``, surest first."""
    surest = sorted(marks, key=lambda mark: (-mark.score, mark.box, mark.label))[:MOST_AT_ONCE]
    return without_repeats(
        surest, lambda shared, area, surer, is_same: (shared / (area + surer - shared) > iou) & is_same
    )


def _corners(sides: Floats, output: Boxes, view: View) -> tuple[float, float, float, float]:
    """Return a rectangle of the view as first row and column and those behind the last, in pixels of the image."""
    one, two, three, four = (float(value) for value in sides)
    if output.sides == "rchw":
        top, left, bottom, right = one, two, one + three, two + four
    elif output.sides == "xyxy":
        top, left, bottom, right = two, one, four, three
    else:
        top, left, bottom, right = two - four / 2, one - three / 2, two + four / 2, one + three / 2
    rows, columns = view.shape if output.unit == "shares" else (1, 1)
    first, last = view.place(top * rows, left * columns), view.place(bottom * rows, right * columns)
    # A side that runs away is cut here: what lies beyond the view was not seen in it.
    low, high = view.region[:2], view.region[2:]
    cut = [min(max(value, low[axis % 2]), high[axis % 2]) for axis, value in enumerate((*first, *last))]
    return cut[0], cut[1], cut[2], cut[3]


def _rows(answers: list[Floats], output: Boxes, names: tuple[str, ...], view: View) -> Rows:
    sides, scores, labels = (each[0] if each.ndim == rank + 1 and len(each) == 1 else each
                             for each, rank in zip(answers, (2, 1, 1), strict=False))  # fmt: skip
    if sides.ndim != 2 or sides.shape[1:] != (4,) or not len(sides) == scores.size == labels.size:
        raise _wrong(answers, "boxes (N, 4), scores (N) and labels (N)")
    numbers = np.rint(labels.ravel()).astype(np.int64) - output.first_label
    known = numbers >= 0
    if numbers.size and int(numbers.max()) >= len(names):
        raise Unreadable(f"the network gives a label {int(numbers.max())}, counted from 0; its card lists {len(names)}")
    return sides[known], scores.ravel()[known], numbers[known]


def _yolo_v5(answers: list[Floats], output: Boxes, names: tuple[str, ...], view: View) -> Rows:
    found = answers[0]
    if found.ndim != 3 or len(found) != 1 or found.shape[2] != 5 + len(names):
        raise _wrong(answers, f"(1, N, {5 + len(names)}): four sides, how surely a thing, a share for each label")
    rows = _shares(found[0], output, 4)
    return _best(rows[:, :4], rows[:, 4:5] * rows[:, 5:])


def _yolo_v8(answers: list[Floats], output: Boxes, names: tuple[str, ...], view: View) -> Rows:
    found = answers[0]
    if found.ndim != 3 or len(found) != 1 or found.shape[1] != 4 + len(names):
        raise _wrong(answers, f"(1, {4 + len(names)}, N): four sides, a share for each label")
    rows = _shares(found[0].T, output, 4)
    return _best(rows[:, :4], rows[:, 4:])


def _grid(answers: list[Floats], output: Boxes, names: tuple[str, ...], view: View) -> Rows:
    """Read one cell of a grid each: FastestDet's head (thing, four sides, labels), sides as its authors decode them.

    Source: dog-qiuqiu/FastestDet, example/onnx-runtime: the score is thing^0.6 times label^0.4, the middle moves by
    tanh of a cell, height and width are sigmoids of the picture.
    """
    found = answers[0]
    if found.ndim != 4 or len(found) != 1 or found.shape[1] != 5 + len(names):
        raise _wrong(answers, f"(1, {5 + len(names)}, rows, columns): a thing, four sides, a share for each label")
    _, high, wide = found[0].shape
    cells = found[0].reshape(len(found[0]), -1).T
    down, across = np.divmod(np.arange(high * wide), wide)
    shape = view.shape if output.unit == "pixels" else (1, 1)
    sides = np.stack([
        (across + np.tanh(cells[:, 1])) / wide * shape[1], (down + np.tanh(cells[:, 2])) / high * shape[0],
        sigmoid(cells[:, 3]) * shape[1], sigmoid(cells[:, 4]) * shape[0],
    ], axis=1)  # fmt: skip
    shares = np.concatenate([cells[:, :1], cells[:, 5:]], axis=1)
    shares = sigmoid(shares) if output.scores == "logits" else shares
    return _best(sides, np.clip(shares[:, :1], 0, None) ** 0.6 * np.clip(shares[:, 1:], 0, None) ** 0.4)


_FORMS: Mapping[str, Callable[[list[Floats], Boxes, tuple[str, ...], View], Rows]] = {
    "rows": _rows, "yolo-v5": _yolo_v5, "yolo-v8": _yolo_v8, "grid": _grid,
}  # fmt: skip


def _shares(rows: Floats, output: Boxes, first: int) -> Floats:
    """Return rows with the shares, which begin at column ``first``, as probabilities."""
    if output.scores == "probabilities":
        return rows
    return np.concatenate([rows[:, :first], sigmoid(rows[:, first:])], axis=1)


def _best(sides: Floats, shares: Floats) -> Rows:
    """Return each rectangle under its likeliest label."""
    return sides, shares.max(axis=1), shares.argmax(axis=1)


def _wrong(answers: list[Floats], wanted: str) -> Unreadable:
    told = ", ".join(str(each.shape) for each in answers)
    return Unreadable(f"the network gives {told}; its card promises {wanted}")
