"""Findings as CSV for spreadsheets: one line per finding, one column per measurement, named with its unit.

Text that a spreadsheet would run as a formula gets an apostrophe before it; reading takes it away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import Unreadable
from kerma.formats.findings_check import checked
from kerma.formats.findings_found import FINDINGS_MAX, Found, Hints, ImagePlace, Imported, placed, text_of
from kerma.formats.report_object import code_of

BOX = ("row", "column", "height", "width")
BY = {"by_kind": "kind", "by": "name", "by_version": "version", "model_sha256": "model_sha256"}
DISMISSED = {
    "dismissed": "reason",
    "dismissed_by": "by",
    "dismissed_by_name": "by_name",
    "dismissed_at": "at",
}
COLUMNS = (
    "image", "image_sha256", "image_uid", "plane", "id", "code", "label", *BOX, "score", "polygon", *BY, "note",
    "replaces", *DISMISSED,
)  # fmt: skip
NOT_MEASURED = "not measured"
_RUN_BY_SPREADSHEETS = "=+-@\t\r'"


def write(document: Mapping[str, Any]) -> bytes:
    """Write the findings of an exam, dismissed ones too, as UTF-8 with a mark, so that spreadsheets read it rightly."""
    places = ImagePlace.of(document)
    rows = [
        (place, one) for place, of in zip(places, document["images"], strict=True) for one in of.get("findings", ())
    ]
    names = list(dict.fromkeys(one["name"] for _, finding in rows for one in finding.get("measurements", ())))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *map(safe, names)])
    for place, finding in rows:
        writer.writerow([*_row(place, finding), *_measured(finding, names)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _row(place: ImagePlace, finding: Mapping[str, Any]) -> list[str]:
    by = finding["by"]
    dismissed = finding.get("dismissed")
    gone = {column: (dismissed or {}).get(key, "") for column, key in DISMISSED.items()}
    if dismissed is not None and not gone["dismissed"]:
        gone["dismissed"] = "dismissed"
    polygon = "; ".join(f"{row!r} {column!r}" for row, column in finding.get("polygon") or ())
    score = finding.get("score")
    texts = {
        "image": place.name or str(place.number), "image_sha256": place.sha256, "image_uid": place.image_uid,
        "id": finding["id"], "code": finding.get("code") or "", "label": finding.get("label") or code_of(finding)[2],
        "note": finding.get("note", ""), "replaces": finding.get("replaces", ""),
        **{column: by.get(key) or "" for column, key in BY.items()}, **gone,
    }  # fmt: skip
    numbers = {
        "plane": str(finding.get("plane") or 0), "score": "" if score is None else repr(score), "polygon": polygon,
        **{column: repr(value) for column, value in zip(BOX, finding["box"], strict=True)},
    }  # fmt: skip
    return [numbers[column] if column in numbers else safe(str(texts[column])) for column in COLUMNS]


def _measured(finding: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    values = {one["name"]: one["value"] for one in finding.get("measurements", ())}
    return [
        "" if name not in values else NOT_MEASURED if values[name] is None else repr(values[name]) for name in names
    ]


def safe(text: str) -> str:
    """Return text that no spreadsheet runs as a formula."""
    return f"'{text}" if text[:1] and text[0] in _RUN_BY_SPREADSHEETS else text


def unsafe(text: str) -> str:
    """Return text as it was before :func:`safe`."""
    return text[1:] if text[:1] == "'" else text


def read(data: bytes, images: Sequence[ImagePlace], hints: Hints) -> Imported:
    """Read findings from CSV; only label, row, column, height and width must be there.

    Raises
    ------
    Unreadable
        A column is missing or a value makes no sense; the message names line and column.
    """
    text = text_of(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)  # spreadsheets of many countries write semicolons
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[Found] = []
    try:
        header = [unsafe(name.strip()) for name in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(found) >= FINDINGS_MAX:
                raise Unreadable(f"the file has more than {FINDINGS_MAX} findings: refused")
            found.append(_found(header, cells, images, hints, reader.line_num))
    except csv.Error as error:
        raise Unreadable(f"line {reader.line_num}: no CSV ({error})") from error
    return Imported(tuple(found))


def _check_header(header: Sequence[str]) -> None:
    missing = [name for name in ("label", *BOX) if name not in header]
    if missing:
        raise Unreadable(f"line 1: the column {missing[0]} is missing; needed are label, {', '.join(BOX)}")
    twice = next((name for name in header if name and header.count(name) > 1), "")
    if twice:
        raise Unreadable(f"line 1: the column '{twice[:60]}' stands twice")


def _found(header: Sequence[str], cells: Sequence[str], images: Sequence[ImagePlace], hints: Hints, line: int) -> Found:
    where = f"line {line}"
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        raise Unreadable(f"{where}, column {len(header) + 1}: a value without a heading")
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}
    texts = {name: unsafe(value) for name, value in values.items()}
    finding: dict[str, Any] = {
        "id": texts.get("id", ""), "code": texts.get("code", ""), "label": texts["label"],
        "box": [_number(values.get(name, ""), where, name) for name in BOX],
        "plane": _number(values.get("plane") or "0", where, "plane"),
        "measurements": [
            {"name": name, "value": None if value == NOT_MEASURED else _number(value, where, name)}
            for name, value in values.items()
            if name not in COLUMNS and value
        ],
    }  # fmt: skip
    if by := {key: texts[column] for column, key in BY.items() if texts.get(column)}:
        finding["by"] = {"kind": "algorithm", "name": "", "version": ""} | by
    finding |= {name: texts[name] for name in ("note", "replaces") if texts.get(name)}
    if values.get("score"):
        finding["score"] = _number(values["score"], where, "score")
    if values.get("polygon"):
        finding["polygon"] = [_point(point, where) for point in values["polygon"].split(";")]
    if gone := {key: texts[column] for column, key in DISMISSED.items() if texts.get(column)}:
        finding["dismissed"] = gone
    named = texts.get("image_sha256") or texts.get("image_uid") or texts.get("image") or hints.image
    return placed(images, named, checked(finding, where), where)


def _point(text: str, where: str) -> list[float]:
    words = text.split()
    if len(words) != 2:
        raise Unreadable(f"{where}, column polygon: '{text.strip()[:40]}' is no point of row and column")
    return [_number(word, where, "polygon") for word in words]


def _number(text: str, where: str, column: str) -> float:
    """Return a number; a whole one as such. A decimal comma is taken where it can be nothing else."""
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        return int(plain) if plain.lstrip("+-").isdecimal() and len(plain) < 17 else float(plain)
    except ValueError as error:
        raise Unreadable(f"{where}, column {column}: '{text[:40]}' is no number") from error
