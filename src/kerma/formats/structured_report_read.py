"""Structured reports of TID 1500 read back: the findings on each image, ours exactly, others' as far as they say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerma.errors import Unreadable
from kerma.formats import sr_marks
from kerma.formats.report_object import SCHEME, SCHEME_LABEL, opened
from kerma.formats.sr_items import Code, Item
from kerma.formats.structured_report import (
    ALGORITHM_NAME,
    ALGORITHM_PARAMETERS,
    ALGORITHM_VERSION,
    BOX,
    CONCLUSION,
    DECISION,
    DISMISSAL,
    DISMISSED,
    FINDING,
    LABEL,
    MODEL,
    PERSON_NAME,
    REMARKS,
    SCORE,
    STANDARD_NAMES,
    TRACKING_ID,
    TRACKING_UID,
    UNKNOWN,
)
from kerma.science.units import UNITS, unit_of

CLASSES = {
    "1.2.840.10008.5.1.4.1.1.88.11": "structured report",
    "1.2.840.10008.5.1.4.1.1.88.22": "structured report",
    "1.2.840.10008.5.1.4.1.1.88.33": "structured report",
    "1.2.840.10008.5.1.4.1.1.88.34": "structured report",
    "1.2.840.10008.5.1.4.1.1.88.35": "structured report",
}
FINDINGS_MAX = 100_000


@dataclass(frozen=True)
class Report:
    """What a structured report says.

    ``findings`` maps the UID of an image to its findings as they stand in an exam's document; ``tracking_uids`` the
    id of each finding to the identifier under which any system knows it.
    """

    exam_uid: str
    subject_id: str
    decision: str
    conclusions: tuple[str, ...]
    verified_by: str
    """Who signed the report behind it; empty while it is preliminary."""
    findings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tracking_uids: dict[str, str] = field(default_factory=dict)
    marks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What was measured or written at a place and is no finding, by the UID of the image; "" for a place in space."""


def read(data: bytes | memoryview) -> Report:
    """Read a structured report.

    Raises
    ------
    Unreadable, Hostile
        Damaged, or another object; one sentence says what.
    """
    whole = opened(data, CLASSES)
    items = list(Item(whole).walk())
    decided = next((one.code.value for one in items if one.name[:2] == DECISION[:2]), "")
    report = Report(
        exam_uid=whole.text(0x0020000D),
        subject_id=whole.text(0x00100020),
        decision=decided,
        conclusions=tuple(one.text for one in items if one.kind == "TEXT" and one.name[:2] == CONCLUSION[:2]),
        verified_by=whole.first(0x0040A073).text(0x0040A075, is_name=True) if _is_verified(whole) else "",
    )
    observer = _observer(Item(whole).children())
    groups = [one for one in items if one.kind == "CONTAINER" and one.name.value == "125007"]
    if len(groups) > FINDINGS_MAX:
        raise Unreadable(f"the report has more than {FINDINGS_MAX} findings: refused")
    for one in groups:
        if found := _finding(one, observer):
            image_uid, finding, identifier = found
            report.findings.setdefault(image_uid, []).append(finding)
            report.tracking_uids[finding["id"]] = identifier
        elif marked := _mark(one, observer):
            report.marks.setdefault(marked[0], []).append(marked[1])
    return report


def _is_verified(whole: Any) -> bool:
    return bool(whole.code(0x0040A493) == "VERIFIED")


def _observer(items: Any) -> dict[str, Any]:
    """Return who made the findings that name no other: the report's first person, else its device."""
    names = {item.name.value: item.text for item in items if item.kind in ("TEXT", "PNAME")}
    if PERSON_NAME[0] in names:
        return {"kind": "person", "name": names[PERSON_NAME[0]], "version": ""}
    return {"kind": "algorithm", "name": names.get("121013", ""), "version": ""}


def _finding(group: Item, observer: dict[str, Any]) -> tuple[str, dict[str, Any], str] | None:
    """Return image, finding and tracking identifier of a measurement group; None for one without a region."""
    children = list(group.children())
    region = next((one for one in children if one.kind == "SCOORD"), None)
    source = next((one for one in region.children() if one.kind == "IMAGE"), None) if region else None
    if region is None or source is None:
        return None
    texts = {one.name[:2]: one.text for one in children if one.kind in ("TEXT", "PNAME", "UIDREF")}
    image = source.data.first(0x00081199)
    identifier = texts.get(TRACKING_UID[:2], "")
    finding: dict[str, Any] = {
        "id": texts.get(TRACKING_ID[:2], "").removeprefix("finding ") or identifier,
        **_named(children, texts),
        **_placed(region, texts.get(BOX[:2], "")),
        "plane": max((image.whole(0x00081160) or 1) - 1, 0),
        "by": _by(texts, observer),
        "measurements": _measurements(children, texts.get(UNKNOWN[:2], "")),
    }
    score = next((one.number for one in children if one.name[:2] == SCORE[:2]), None)
    if score is not None:
        finding["score"] = score
    finding |= _texts_of(texts, REMARKS)
    if DISMISSED[:2] in texts:
        finding["dismissed"] = _texts_of(texts, DISMISSAL)
    return image.text(0x00081155), finding, identifier


def _mark(group: Item, observer: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return image and mark of a measurement group whose values stand at a place; None for another group."""
    children = list(group.children())
    texts = {one.name[:2]: one.text for one in children if one.kind in ("TEXT", "PNAME", "UIDREF")}
    found = sr_marks.read(children, _by(texts, observer), _measured)
    if found is None:
        return None
    named = texts.get(TRACKING_ID[:2], "") or texts.get(TRACKING_UID[:2], "")
    return found[0], {"id": named.removeprefix(sr_marks.TRACKED), **found[1]}


def _measurements(children: list[Item], unknown: str) -> list[dict[str, Any]]:
    numbers = [one for one in children if one.kind == "NUM" and one.name[:2] != SCORE[:2]]
    measured: list[dict[str, Any]] = [{"name": _measured(one), "value": one.number} for one in numbers]
    for line in unknown.split("\n"):
        place, _, name = line.partition(" ")
        if name and place.isdecimal() and len(place) < 6:
            measured.insert(int(place), {"name": name, "value": None})
    return measured


def _named(children: list[Item], texts: dict[tuple[str, str], str]) -> dict[str, str]:
    found = next((one.code for one in children if one.kind == "CODE" and one.name[:2] == FINDING[:2]), Code("", "", ""))
    code = "" if found.scheme == SCHEME_LABEL else found.value
    return {"code": code, "label": _told(texts, LABEL) if LABEL[:2] in texts else found.meaning}


def _texts_of(texts: dict[tuple[str, str], str], names: Mapping[str, tuple[str, str, str]]) -> dict[str, str]:
    return {key: _told(texts, name) for key, name in names.items() if name[:2] in texts}


def _told(texts: dict[tuple[str, str], str], name: tuple[str, str, str]) -> str:
    """Return a text of ours; where there was none, a dash stands for it."""
    text = texts.get(name[:2], "")
    return "" if text == "-" else text


def _placed(region: Item, box: str) -> dict[str, Any]:
    """Return box and outline; a region that is our box alone is a box, of others the box is drawn around it."""
    points = region.points()
    kind = region.data.code(0x00700023)
    if not points:
        raise Unreadable("a region of the report has no points: the report is damaged")
    if kind == "CIRCLE" and len(points) > 1:
        (row, column), (row_on, column_on) = points[:2]
        radius = ((row - row_on) ** 2 + (column - column_on) ** 2) ** 0.5
        points = [(row - radius, column - radius), (row + radius, column + radius)]
    rows, columns = zip(*points, strict=True)
    around = [min(rows), min(columns), max(rows) - min(rows), max(columns) - min(columns)]
    if kind != "POLYLINE":
        return {"box": around}
    outline = points[:-1] if len(points) > 1 and points[0] == points[-1] else points
    stated = _numbers(box)
    if stated:
        return {"box": stated, "polygon": [list(point) for point in outline]}
    is_box = len(outline) == 4 and set(outline) == {(row, column) for row in set(rows) for column in set(columns)}
    return {"box": around} if is_box else {"box": around, "polygon": [list(point) for point in outline]}


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return []
    return numbers if len(numbers) == 4 and all(abs(number) < 1e9 for number in numbers) else []


def _by(texts: dict[tuple[str, str], str], observer: dict[str, Any]) -> dict[str, Any]:
    if PERSON_NAME[:2] in texts:
        return {"kind": "person", "name": texts[PERSON_NAME[:2]], "version": ""}
    if ALGORITHM_NAME[:2] not in texts:
        return dict(observer)
    version = texts.get(ALGORITHM_VERSION[:2], "")
    by = {"kind": "algorithm", "name": texts[ALGORITHM_NAME[:2]], "version": "" if version == "unknown" else version}
    parameters = texts.get(ALGORITHM_PARAMETERS[:2], "")
    return by | ({"model_sha256": parameters.removeprefix(MODEL)} if parameters.startswith(MODEL) else {})


_OWN_NAMES = {concept[:2]: name for name, concept in STANDARD_NAMES.items()}
_ENDINGS = {unit.ucum: ending for ending, unit in reversed(UNITS.items())}


def _measured(item: Item) -> str:
    """Return a measurement's name as we write it; another maker's is its words and the ending of its unit."""
    name = _OWN_NAMES.get(item.name[:2])
    if name and item.unit.value == unit_of(name).ucum:
        return name
    if item.name.scheme == SCHEME:
        return item.name.value
    words = "_".join("".join(letter if letter.isalnum() else " " for letter in item.name.meaning.lower()).split())
    ending = _ENDINGS.get(item.unit.value, "")
    return f"{words}_{ending}" if ending and ending != "stored" else words
