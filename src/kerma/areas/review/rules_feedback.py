"""What a reader said to the marks of a model, from what is laid over the analysis of a decided exam: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from kerma.areas.review.rules_findings import Document, Laid, sources
from kerma.science.results import Box

ACCEPTED, DISMISSED, MISSED = "accepted", "dismissed", "missed"
SAME_SHARE = 0.3
"""Two boxes mark the same place where they share so much of their union, or the middle of one lies in the other."""
REPLACED = "replaced by finding "
"""With what the reason begins when a person has changed a finding: they agree with the place."""

Answer = dict[str, Any]
"""A row of the table of feedback without its exam: model, image, finding, answer, reason, reader, reader_first."""


def answers(runs: Sequence[Mapping[str, Any]], analysed: Document, laid: Laid, first: Collection[str]) -> list[Answer]:
    """Return what people said to what models marked on an exam: accepted, dismissed and why, and what none marked.

    A mark to which nobody said anything has no answer: it was neither confirmed nor refused. A person's finding is
    missed by a model that looked at its image, looks for its label and marked nothing at its place.

    Parameters
    ----------
    runs : of the models, as they are kept; ``mode`` *shadow* where nobody was shown the marks
    analysed, laid : the software's analysis, and what people had laid over it when the exam was decided
    first : people who had recorded a read of their own before anything that software found was shown to them
    """
    found: list[Answer] = []
    for run in runs:
        shown = [] if run["mode"] == "shadow" else _of_model(analysed, run)
        people = [*_by_people(laid, run["image_sha256"]), *_agreed(analysed, laid, run["image_sha256"])]
        of = {"model_id": run["model_id"], "image_sha256": run["image_sha256"]}
        told = [(*one, run["mode"] == "shadow") for one in _answered(run, shown, people, laid)]
        told += [(*one, run["mode"] == "shadow") for one in _missed(run, people)]
        found += [
            of | {"finding": finding, "answer": answer, "reason": reason, "reader": reader,
                  "reader_first": unseen or reader in first, "mark": mark}
            for finding, answer, reason, reader, mark, unseen in told
        ]  # fmt: skip
    return found


def _of_model(analysed: Document, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the findings of the analysis that a run made."""
    image = next((one for one in analysed["images"] if one["sha256"] == run["image_sha256"]), None)
    boxes = [one["box"] for one in run["findings"]]
    names = {(one["by"]["name"], one["by"].get("version")) for one in run["findings"]}
    return [
        dict(one)
        for finding in (image["findings"] if image else ())
        for one in sources(finding)
        if one["box"] in boxes and (one["by"]["name"], one["by"].get("version")) in names
    ]


def _by_people(laid: Laid, image_sha256: str) -> list[dict[str, Any]]:
    """Return the findings of people on an image that stand."""
    return [
        entry
        for entry in laid["findings"]
        if entry["image_sha256"] == image_sha256 and entry["finding"]["id"] not in laid["dismissed"]
    ]


def _agreed(analysed: Document, laid: Laid, image_sha256: str) -> list[dict[str, Any]]:
    """Return the findings of software on an image with which a person agreed, as if that person had made them."""
    accepted = laid.get("accepted", {})
    image = next((one for one in analysed["images"] if one["sha256"] == image_sha256), None)
    return [
        {"finding": dict(one), "by": accepted[finding["id"]]["by"]}
        for finding in (image["findings"] if image else ())
        if finding["id"] in accepted
        for one in sources(finding)
    ]


def _answered(
    run: Mapping[str, Any], shown: Sequence[dict[str, Any]], people: Sequence[dict[str, Any]], laid: Laid
) -> Iterator[tuple[dict[str, Any], str, str, str, dict[str, Any] | None]]:
    dismissed = laid["dismissed"]
    for mark in run["findings"]:
        known = next((one for one in shown if one["box"] == mark["box"] and one["label"] == mark["label"]), None)
        # To agree with one mark of the model says nothing of another mark of it beside that one.
        others = [one for one in people if one["finding"] not in shown or one["finding"] == known]
        here = next((one for one in others if is_same_place(one["finding"], mark)), None)
        said = dismissed.get(known["id"]) if known else None
        if here is not None:
            yield here["finding"], ACCEPTED, said["reason"] if said else "", here["by"], mark
        elif said and not said["reason"].startswith(REPLACED):
            yield mark, DISMISSED, said["reason"], said["by"], mark


def _missed(run: Mapping[str, Any], people: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str, str, str]]:
    told: set[str] = set()
    for entry in people:
        finding = entry["finding"]
        is_looked_for = finding["label"] in run["labels"] and finding["id"] not in told
        if is_looked_for and not any(is_same_place(finding, mark) for mark in run["findings"]):
            # A flaw that two sources marked has one number: it is missed once.
            told.add(finding["id"])
            yield finding, MISSED, "", entry["by"], None


def is_same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two findings mark the same place of one plane."""
    if one.get("plane", 0) != other.get("plane", 0):
        return False
    first, second = Box(*one["box"]), Box(*other["box"])
    high = min(first.row + first.height, second.row + second.height) - max(first.row, second.row)
    wide = min(first.column + first.width, second.column + second.width) - max(first.column, second.column)
    both = max(high, 0.0) * max(wide, 0.0)
    union = first.height * first.width + second.height * second.width - both
    return (union > 0 and both / union >= SAME_SHARE) or _holds(first, second) or _holds(second, first)


def _holds(outer: Box, inner: Box) -> bool:
    row, column = inner.row + inner.height / 2, inner.column + inner.width / 2
    return outer.row <= row <= outer.row + outer.height and outer.column <= column <= outer.column + outer.width
