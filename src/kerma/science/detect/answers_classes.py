"""Shares of classes that a brought classifier gives: the score of the image, and a finding for each that is sure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.science.detect.contract_input import View
from kerma.science.detect.contracts import Classes, Contract
from kerma.science.detect.learned_finding import calibrated
from kerma.science.detect.learned_marks import Mark

Floats = NDArray[np.float32]
ROUNDING = 1e-3
"""By how much shares may leave 0 to 1."""


def read(
    answered: Iterable[tuple[View, list[Floats]]], contract: Contract, card: Mapping[str, Any], least: float
) -> tuple[list[Mark], float | None]:
    """Return a mark over the region looked at for each label that reaches ``least``, and the score of the image.

    Of several tiles the surest one counts. The score is the share of the card's ``score_class``, or what is left of 1
    by its ``normal_class``; where the card names neither, the surest label.

    Raises
    ------
    Unreadable
        The answers have another shape than the card declares, or are no shares.
    """
    output = contract.output
    if not isinstance(output, Classes):
        raise TypeError("a contract of classes has an output of classes")
    marks: dict[int, Mark] = {}
    score = 0.0
    for view, answers in answered:
        if answers[0].size != len(output.classes):
            raise Unreadable(
                f"the network gives {answers[0].shape}; its card lists {len(output.classes)} output.classes"
            )
        by_class = dict(zip(output.classes, shares(answers[0].reshape(-1), output), strict=True))
        score = max(score, _score(by_class, output, contract.labels, card))
        for number, label in enumerate(contract.labels):
            mark = Mark(calibrated(float(by_class[label]), card), number, view.region)
            if mark.score >= least and (number not in marks or mark.score > marks[number].score):
                marks[number] = mark
    return sorted(marks.values(), key=lambda mark: (-mark.score, mark.label)), score


def shares(values: Floats, output: Classes) -> Floats:
    """Return values (class, ...) as shares of 1.

    Raises
    ------
    Unreadable
        They are said to be probabilities and are not.
    """
    if output.scores == "probabilities":
        if values.size and (values.min() < -ROUNDING or values.max() > 1 + ROUNDING):
            raise Unreadable(
                f"the network gives values from {values.min():.3g} to {values.max():.3g}, which are no probabilities: "
                "say output.scores logits and output.activation in its card"
            )
        return np.clip(values, 0, 1)
    if output.activation == "sigmoid":
        return sigmoid(values)
    power = np.exp(values - values.max(axis=0, keepdims=True))
    parts: Floats = power / power.sum(axis=0, keepdims=True)
    return parts


def sigmoid(values: Floats) -> Floats:
    """Return the logistic function of values."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -60, 60))), dtype=np.float32)


def _score(by_class: Mapping[str, Any], output: Classes, labels: tuple[str, ...], card: Mapping[str, Any]) -> float:
    if output.score_class:
        return calibrated(float(by_class[output.score_class]), card)
    if output.normal_class:
        return calibrated(1.0 - float(by_class[output.normal_class]), card)
    return max(calibrated(float(by_class[label]), card) for label in labels)
