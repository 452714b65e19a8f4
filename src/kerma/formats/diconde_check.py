"""What is missing or wrong in a DICONDE file, line by line: a check before it goes to a client's archive.

Every rule is a row of ``astm_e2339/attributes`` or one function here. The table is unverified: a finding of this check
is a question to the sender and no proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import open_file
from kerma.formats.dicom_write import is_uid
from kerma.formats.diconde_read import EVALUATORS, INDICATIONS, PROPERTIES, REGION
from kerma.standards import table

ATTRIBUTES = "astm_e2339/attributes"
FAULTS_MAX = 1000
_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")
_WHOLE = re.compile(r"[+-]?\d{1,12}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Fault:
    """One line of the listing: *error* is wrong, *warning* is missing or unusual."""

    severity: Literal["error", "warning"]
    place: str
    """Where in the file: empty at the top, otherwise such as "evaluator 1, indication 2"."""
    tag: str
    name: str
    said: str

    def as_json(self) -> dict[str, str]:
        """Return the JSON form."""
        return {one: getattr(self, one) for one in ("severity", "place", "tag", "name", "said")}


def check(data: bytes | memoryview) -> list[Fault]:
    """List what is missing or wrong, in the order of the file's modules; empty where nothing is.

    Raises
    ------
    Unreadable, Hostile
        No DICOM file at all.
    """
    faults: list[Fault] = []
    for fault in _faults(open_file(data).data_set):
        faults.append(fault)
        if len(faults) >= FAULTS_MAX:
            break
    return faults


def _faults(whole: DataSet) -> Iterator[Fault]:
    yield from _attributes(whole, "top", "")
    yield from _gauges(whole)
    yield from _review(whole, (0x300E0002, 0x300E0004, 0x300E0005, 0x300E0008), "Approval Status", "review")
    yield from _review(
        whole, (0x00140101, 0x00140102, 0x00140103, 0x00140104), "Secondary Approval Status", "secondary review"
    )
    numbers: set[int] = set()
    for at, evaluator in enumerate(whole.items(EVALUATORS), start=1):
        place = f"evaluator {at}"
        yield from _attributes(evaluator, "evaluator", place)
        number = evaluator.whole(0x00142004)
        if number is not None and number in numbers:
            yield Fault("error", place, "(0014,2004)", "Evaluator Number", f"{number} stands twice; numbers are unique")
        numbers |= {number} if number is not None else set()
        if not evaluator.items(INDICATIONS):
            yield Fault("warning", place, "(0014,2012)", "Indication Sequence", "the evaluator has no indication")
        for count, item in enumerate(evaluator.items(INDICATIONS), start=1):
            inner = f"{place}, indication {count}"
            yield from _attributes(item, "indication", inner)
            yield from _regions(whole, item, inner)
            yield from _properties(item, inner)


def _attributes(data: DataSet, level: str, place: str) -> Iterator[Fault]:
    for row in table(ATTRIBUTES):
        if row["place"] == level:
            tag = int(row["tag"], 16)
            for severity, said in _said(data, tag, row["vr"], row["need"], row["words"].split()):
                yield Fault(severity, place, _shown(tag), row["name"], said)


def _said(
    data: DataSet, tag: int, vr: str, need: str, words: list[str]
) -> Iterator[tuple[Literal["error", "warning"], str]]:
    """Yield what is wrong with one attribute."""
    element = data.elements.get(tag)
    value = data.text(tag) if element is not None and vr != "SQ" else ""
    is_empty = element is None or element[2] == 0
    if is_empty:
        if need == "required":
            yield "error", "is missing; it is required" if element is None else "is empty; it needs a value"
        elif need == "wanted":
            yield "warning", "is missing; an archive of components is searched by it or judges by it"
        return
    stored = element[0].decode("ascii", "replace") if element else ""
    if stored not in ("", "UN", vr):
        yield "error", f"has the representation {stored}; it is {vr} (PS3.6)"
    if words and value.upper() not in words:
        yield "error", f"'{value[:40]}' is none of {', '.join(words)}"
    elif wrong := _WRONG.get(vr, _nothing)(data, tag, value):
        yield "error", wrong


def _nothing(data: DataSet, tag: int, value: str) -> str:
    return ""


def _wrong_uid(data: DataSet, tag: int, value: str) -> str:
    return "" if is_uid(value) else f"'{value[:64]}' is no UID: numbers and points, no leading zero (PS3.5, 9.1)"


def _wrong_date(data: DataSet, tag: int, value: str) -> str:
    from datetime import date

    try:
        date.fromisoformat(data.date(tag) or value)
    except ValueError:
        return f"'{value[:20]}' is no date YYYYMMDD"
    return ""


def _wrong_code(data: DataSet, tag: int, value: str) -> str:
    wrong = next((one for one in value.split("\\") if not _CODE.fullmatch(one.strip())), None)
    return "" if wrong is None else f"'{wrong[:40]}' is no code string: up to 16 capitals, digits, underscores"


def _wrong_number(data: DataSet, tag: int, value: str) -> str:
    for one in value.split("\\"):
        if not _NUMBER.fullmatch(one.strip()):
            return f"'{one[:40]}' is no number"
        if float(one) <= 0:
            return f"{one.strip()} is no size; it must be above 0, in mm"
    return ""


def _wrong_whole(data: DataSet, tag: int, value: str) -> str:
    return "" if _WHOLE.fullmatch(value) else f"'{value[:40]}' is no whole number"


def _wrong_short(data: DataSet, tag: int, value: str) -> str:
    return "" if len(value) <= 16 else f"has {len(value)} letters; a short string holds 16"


_WRONG = {
    "UI": _wrong_uid,
    "DA": _wrong_date,
    "CS": _wrong_code,
    "DS": _wrong_number,
    "IS": _wrong_whole,
    "SH": _wrong_short,
}
"""From a representation to what can be wrong with its value; an empty text where nothing is."""


def _gauges(whole: DataSet) -> Iterator[Fault]:
    """Yield where type, material and size of the image quality indicators do not go together."""
    tags = {0x001440A0: "Type", 0x001440A1: "Material", 0x001440A2: "Size"}
    counts = {tag: len(whole.text(tag).split("\\")) if whole.text(tag) else 0 for tag in tags}
    for tag, word in tags.items():
        given = counts[tag]
        if counts[0x001440A0] and tag != 0x001440A0 and given not in (counts[0x001440A0],):
            severity: Literal["error", "warning"] = "warning" if given == 0 else "error"
            said = f"{given} values for {counts[0x001440A0]} indicators; type, material and size belong together"
            yield Fault(severity, "", _shown(tag), f"Image Quality Indicator {word}", said)
        if given and not counts[0x001440A0]:
            yield Fault("error", "", _shown(tag), f"Image Quality Indicator {word}", "is there without a type")


def _review(whole: DataSet, tags: tuple[int, int, int, int], name: str, what: str) -> Iterator[Fault]:
    """Yield what a review lacks: a status other than none needs who and when."""
    status = whole.code(tags[0])
    if status in ("", "NODISPOSITION"):
        return
    for tag, word in zip(tags[1:], ("date", "time", "reviewer"), strict=True):
        if not whole.text(tag):
            yield Fault("error", "", _shown(tag), name, f"is {status}, but the {word} of the {what} is missing")


def _regions(whole: DataSet, item: DataSet, place: str) -> Iterator[Fault]:
    rows, columns = whole.whole(0x00280010, b"US") or 0, whole.whole(0x00280011, b"US") or 0
    for region in item.items(REGION):
        points = region.numbers(0x00700022, b"FL")
        least = {"POINT": 2, "CIRCLE": 4, "ELLIPSE": 8, "POLYLINE": 4, "MULTIPOINT": 2}.get(region.code(0x00700023))
        said = ""
        if least is None:
            said = f"'{region.code(0x00700023)[:20]}' is no graphic type (PS3.3, C.18.6)"
        elif len(points) % 2 or len(points) < least:
            said = f"{len(points)} numbers are no points of column and row"
        elif any(not 0 <= x <= columns or not 0 <= y <= rows for x, y in zip(points[::2], points[1::2], strict=True)):
            said = f"a point lies outside the image of {rows} rows and {columns} columns"
        if said:
            yield Fault("error", place, _shown(REGION), "Indication ROI", said)


def _properties(item: DataSet, place: str) -> Iterator[Fault]:
    for number, one in enumerate(item.items(PROPERTIES), start=1):
        if not one.text(0x00142032):
            yield Fault("error", place, "(0014,2032)", "Property Label", f"property {number} has no label")
        if one.first(0x0040A300).number(0x0040A30A) is None:
            yield Fault("error", place, _shown(PROPERTIES), "Physical Property", f"property {number} has no number")


def _shown(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
