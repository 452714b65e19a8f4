"""A person's findings laid over those of the software: pure. Nothing is overwritten, and no finding ever goes away."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerma.areas.review.rules import MAX_REASON_LETTERS
from kerma.errors import WrongUsage
from kerma.science.results import Box, By, Finding
from kerma.science.units import UNITS

Document = dict[str, Any]
"""One element of ``exams`` of ``result.json``."""
Laid = dict[str, Any]
"""What people have recorded: ``findings``, each with its image; ``dismissed`` and ``accepted`` by id of the finding."""

NOTHING_LAID: Laid = {"findings": [], "dismissed": {}, "accepted": {}}
MAX_ADDED = 500
"""Most findings that one judgement adds."""
MAX_MEASUREMENTS = 20
OTHER = "other"
"""The label of what no word of the table fits; its note says what it is."""
PURE_NUMBERS = ("cnr", "detectability", "count", "density_over_parent")
"""Measurements of a finding that end in no unit, because they are pure numbers."""
SEVERITIES = ("slight", "moderate", "severe", "critical")
"""How bad a finding is in the eyes of who saw it; no rule reads it."""
MAX_OUTLINE = 500
"""Most points of an outline."""
_MEASUREMENT = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Added:
    """A finding that a person records: the box is [row, column, height, width] in pixels of one plane."""

    image_sha256: str
    label: str
    box: tuple[float, float, float, float]
    measurements: Mapping[str, float] = field(default_factory=dict)
    plane: int = 0
    note: str = ""
    replaces: str = ""
    """Id of the finding whose label or measures it changes; that one stays, as dismissed."""
    polygon: Sequence[tuple[float, float]] = ()
    """Its outline as (row, column) points, where it was drawn; empty: the box alone."""
    severity: str = ""
    """One of :data:`SEVERITIES`; "" where nobody said it."""
    confidence: float | None = None
    """How sure the person is, 0 to 1; None where nobody said it."""


@dataclass(frozen=True)
class Changes:
    """What a person does to the findings of an exam."""

    added: Sequence[Added] = ()
    dismissed: Mapping[str, str] = field(default_factory=dict)
    """Id of a finding to the reason why it is none."""
    restored: Sequence[str] = ()
    accepted: Sequence[str] = ()
    """Ids of findings of the software that the person agrees with."""


@dataclass(frozen=True)
class Hand:
    """Whose hand it was, and when."""

    key: str
    name: str
    at: str


def merge(document: Document, laid: Laid, changes: Changes, hand: Hand, words: Mapping[str, str]) -> Laid:
    """Return what is laid over an analysis after one more person has changed something.

    Parameters
    ----------
    document : the software's analysis
    laid : what people had recorded before; it is not altered
    words : the labels a finding of this industry may have, each with its code

    Raises
    ------
    WrongUsage
        A finding, image, label, box or measure makes no sense; the message names it.
    """
    known = {finding["id"]: finding for finding in _every(document, laid)}
    dismissed = {**laid["dismissed"]}
    for name in changes.restored:
        if dismissed.pop(name, None) is None:
            raise WrongUsage(f"finding {name} is not dismissed, so it cannot be taken back in")
    for name, reason in changes.dismissed.items():
        _check_dismissal(name, reason, known, dismissed)
        dismissed[name] = _dismissal(reason.strip(), hand)
    if len(changes.added) > MAX_ADDED:
        raise WrongUsage(f"{len(changes.added)} findings at once are beyond the limit of {MAX_ADDED}")
    accepted = _accepted(laid, changes.accepted, known, hand)
    findings, last = list(laid["findings"]), _last_number(known)
    for number, added in enumerate(changes.added, start=last + 1):
        _check_added(added, document, words, [finding["label"] for finding in known.values()])
        if added.replaces:
            reason = f"replaced by finding {number}" + (f": {added.note.strip()}" if added.note.strip() else "")
            _check_dismissal(added.replaces, reason, known, dismissed)
            dismissed[added.replaces] = _dismissal(reason, hand)
        findings.append(_entry(added, str(number), hand, words))
    still = {name: who for name, who in accepted.items() if name not in dismissed}
    if set(changes.accepted) - set(still):
        raise WrongUsage("a finding is either accepted or dismissed; take one of the two back")
    return {"findings": findings, "dismissed": dismissed, "accepted": still}


def lay_over(document: Document, laid: Laid) -> Document:
    """Return the analysis with people's findings on their images, and what was dismissed marked so."""
    waiting = list(laid["findings"])
    images = []
    for image in document["images"]:
        own = [entry for entry in waiting if entry["image_sha256"] == image["sha256"]]
        waiting = [entry for entry in waiting if entry not in own]
        by_people = [{**entry["finding"], "at": entry["at"]} for entry in own]
        findings = [_marked(one, laid) for one in [*image["findings"], *by_people]]
        images.append({**image, "findings": findings})
    return {**document, "images": images}


def carry(document: Document, laid: Laid) -> Laid:
    """Return what of people's findings still holds over a newer analysis: those on images it has, numbered anew.

    The software's findings have new numbers in a new analysis, so what was dismissed or accepted is looked at again.
    """
    hashes = {image["sha256"] for image in document["images"]}
    number = _last_number(finding["id"] for finding in _every(document, NOTHING_LAID))
    kept = [
        entry
        for entry in laid["findings"]
        if entry["finding"]["id"] not in laid["dismissed"] and entry["image_sha256"] in hashes
    ]
    renumbered = [
        {**entry, "finding": {**_without(entry["finding"], "replaces"), "id": str(number + place)}}
        for place, entry in enumerate(kept, start=1)
    ]
    return {"findings": renumbered, "dismissed": {}, "accepted": {}}


def standing(image: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the findings of an image that are to be judged: those that nobody has dismissed."""
    return tuple(finding_of(one) for one in image["findings"] if "dismissed" not in one)


def sources(finding: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return a finding and the other marks of the same flaw that it stands for."""
    return (finding, *finding.get("also", ()))


def finding_of(plain: Mapping[str, Any]) -> Finding:
    """Return a finding from its JSON form."""
    by = plain["by"]
    return Finding(
        id=plain["id"],
        code=plain["code"],
        label=plain["label"],
        box=Box(*plain["box"]),
        by=By(by["kind"], by["name"], by.get("version", ""), by.get("model_sha256")),
        score=plain.get("score"),
        plane=plain.get("plane", 0),
        polygon=tuple((row, column) for row, column in plain.get("polygon", ())),
        measurements={one["name"]: one["value"] for one in plain["measurements"] if one["value"] is not None},
    )


def _every(document: Document, laid: Laid) -> Iterator[dict[str, Any]]:
    for image in document["images"]:
        yield from image["findings"]
    for entry in laid["findings"]:
        yield entry["finding"]


def _last_number(names: Iterable[str]) -> int:
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _dismissal(reason: str, hand: Hand) -> dict[str, str]:
    return {"reason": reason, "by": hand.key, "by_name": hand.name, "at": hand.at}


def _marked(finding: dict[str, Any], laid: Laid) -> dict[str, Any]:
    told = {name: laid.get(name, {}).get(finding["id"]) for name in ("dismissed", "accepted")}
    return {**finding, **{name: who for name, who in told.items() if who is not None}}


def _accepted(laid: Laid, names: Iterable[str], known: Mapping[str, Any], hand: Hand) -> dict[str, Any]:
    accepted = {**laid.get("accepted", {})}
    for name in names:
        if name not in known:
            raise WrongUsage(f"there is no finding {name[:16]!r} on this exam; there are {', '.join(known) or 'none'}")
        if known[name]["by"]["kind"] == "person":
            raise WrongUsage(f"finding {name} was recorded by a person: only what software found is accepted")
        accepted[name] = {"by": hand.key, "by_name": hand.name, "at": hand.at}
    return accepted


def _without(plain: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if name != key}


def _entry(added: Added, number: str, hand: Hand, words: Mapping[str, str]) -> dict[str, Any]:
    by = By("person", hand.name)
    box = Box(*(float(value) for value in added.box))
    measurements = {name: float(value) for name, value in added.measurements.items()}
    outline = tuple((float(row), float(column)) for row, column in added.polygon)
    plain = Finding(number, words.get(added.label, ""), added.label, box, by, None, added.plane, outline, measurements)
    more = {"note": added.note.strip(), "replaces": added.replaces, "severity": added.severity}
    finding = plain.as_json() | {name: text for name, text in more.items() if text}
    if added.confidence is not None:
        finding["confidence"] = float(added.confidence)
    return {"image_sha256": added.image_sha256, "finding": finding, "by": hand.key, "at": hand.at}


def _check_dismissal(name: str, reason: str, known: Mapping[str, Any], dismissed: Mapping[str, Any]) -> None:
    if name not in known:
        raise WrongUsage(f"there is no finding {name[:16]!r} on this exam; there are {', '.join(known) or 'none'}")
    if name in dismissed:
        raise WrongUsage(f"finding {name} is dismissed already: {dismissed[name]['reason'][:200]}")
    if not reason.strip():
        raise WrongUsage(f"say why finding {name} is none: whoever reads the exam next needs to know")
    if len(reason) > MAX_REASON_LETTERS:
        raise WrongUsage(f"the reason has {len(reason)} letters; keep it within {MAX_REASON_LETTERS}")


def _check_added(added: Added, document: Document, words: Mapping[str, str], labels: Sequence[str]) -> None:
    image = next((one for one in document["images"] if one["sha256"] == added.image_sha256), None)
    if image is None:
        raise WrongUsage(f"no image of this analysis has the SHA-256 {added.image_sha256[:16]!r}")
    if added.label not in words and added.label not in labels and added.label != OTHER:
        raise WrongUsage(f"'{added.label[:64]}' is no word of the table of findings; choose one of it, or '{OTHER}'")
    if added.label == OTHER and not added.note.strip():
        raise WrongUsage(f"a finding '{OTHER}' needs a note that says what it is")
    if len(added.note) > MAX_REASON_LETTERS:
        raise WrongUsage(f"the note has {len(added.note)} letters; keep it within {MAX_REASON_LETTERS}")
    if not 0 <= added.plane < max(1, image.get("planes", 1)):
        raise WrongUsage(f"plane {added.plane} is none of the image's {image.get('planes', 1)} (counted from 0)")
    _check_box(added.box, image)
    _check_outline(added.polygon, image)
    _check_measurements(added.measurements)
    if added.severity not in ("", *SEVERITIES):
        raise WrongUsage(f"'{added.severity[:32]}' is no severity; there are {', '.join(SEVERITIES)}")
    if added.confidence is not None and not 0 <= added.confidence <= 1:
        raise WrongUsage(f"confidence is {added.confidence:g}; it goes from 0 to 1")


def _check_box(box: Sequence[float], image: Mapping[str, Any]) -> None:
    row, column, height, width = box
    rows, columns = image["rows"], image["columns"]
    fits = row >= 0 and column >= 0 and row + height <= rows and column + width <= columns
    if not all(math.isfinite(value) for value in box) or height <= 0 or width <= 0 or not fits:
        place = ", ".join(f"{value:g}" for value in box)
        raise WrongUsage(f"the box [{place}] (row, column, height, width) must lie on the image of {rows} x {columns}")


def _check_outline(polygon: Sequence[tuple[float, float]], image: Mapping[str, Any]) -> None:
    if polygon and not 3 <= len(polygon) <= MAX_OUTLINE:
        raise WrongUsage(f"an outline has 3 to {MAX_OUTLINE} points, not {len(polygon)}")
    for row, column in polygon:
        if not (0 <= row <= image["rows"] and 0 <= column <= image["columns"]):
            raise WrongUsage(f"the outline's point {row:g},{column:g} lies outside the image")


def _check_measurements(measurements: Mapping[str, float]) -> None:
    if len(measurements) > MAX_MEASUREMENTS:
        raise WrongUsage(f"a finding has at most {MAX_MEASUREMENTS} measurements, not {len(measurements)}")
    for name, value in measurements.items():
        ends_in_unit = any(name.endswith(f"_{unit}") for unit in UNITS)
        if not _MEASUREMENT.fullmatch(name) or not (ends_in_unit or name in PURE_NUMBERS):
            raise WrongUsage(f"measurement '{name[:64]}' must end in its unit, as length_mm does")
        if not math.isfinite(value) or (value < 0 and name not in PURE_NUMBERS):
            raise WrongUsage(f"{name} is {value:g}; a size is a number of 0 or more")
