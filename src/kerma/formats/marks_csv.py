"""What persons have measured, drawn and calibrated as CSV for spreadsheets: one line per value, and read back.

A mark without a value has one line, with what was written or why there is none.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerma.errors import Unreadable
from kerma.formats.findings_csv import safe, unsafe
from kerma.formats.findings_found import ImagePlace, text_of
from kerma.science.units import unit_of

COLUMNS = (
    "image", "image_sha256", "image_uid", "plane", "id", "shape", "measurement", "points", "name", "value", "unit",
    "uncertainty", "word", "scale", "source", "reason", "text", "by", "by_key", "at",
)  # fmt: skip
NUMBERS = ("value", "uncertainty")
CALIBRATION = "calibration"
"""What stands as the shape of a known length or thickness."""


def write(document: Mapping[str, Any]) -> bytes:
    """Write the marks and calibrations of an exam, as UTF-8 with a mark, so that spreadsheets read it rightly."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for place, image in zip(ImagePlace.of(document), document["images"], strict=True):
        named = {"image": place.name or str(place.number), "image_sha256": place.sha256, "image_uid": place.image_uid}
        for line in _lines(image):
            writer.writerow({key: text if key in NUMBERS else safe(text) for key, text in (named | line).items()})
    for line in _lines({"marks": document.get("spaces") or ()}):
        writer.writerow({key: text if key in NUMBERS else safe(text) for key, text in line.items()})
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _lines(image: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for mark in image.get("marks") or ():
        about = {key: str(mark.get(key) or "") for key in ("shape", "measurement", "scale", "source", "reason")}
        values: Sequence[Mapping[str, Any]] = mark.get("values") or ({},)
        for value in values:
            yield _about(mark) | about | _value(value)
    for one in image.get("calibrations") or ():
        known = {"name": f"known_{one['kind']}_mm", "value": one["known_mm"]}
        yield _about(one) | {"shape": CALIBRATION} | _value(known)


def _about(one: Mapping[str, Any]) -> dict[str, str]:
    points = one.get("points") or one.get("runs") or ()
    return {
        "plane": str(one.get("plane") or 0),
        "id": str(one["id"]),
        "points": "; ".join(" ".join(repr(number) for number in point) for point in points),
        "text": str(one.get("text") or ""),
        "by": str(one["by"]["name"]),
        "by_key": str(one["by"].get("key") or ""),
        "at": str(one.get("at") or ""),
    }


def _value(value: Mapping[str, Any]) -> dict[str, str]:
    told = {key: "" if value.get(key) is None else repr(value[key]) for key in NUMBERS}
    name = str(value.get("name") or "")
    return told | {"name": name, "unit": unit_of(name).shown if name else "", "word": str(value.get("word") or "")}


def read(data: bytes) -> list[dict[str, Any]]:
    """Return every line by its columns, values and uncertainties as numbers, None where there are none.

    Raises
    ------
    Unreadable
        It is no such list; the message names the line.
    """
    reader = csv.DictReader(io.StringIO(text_of(data), newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise Unreadable(f"line 1: no list of measurements by persons; its columns are {', '.join(COLUMNS)}")
    found = []
    try:
        for row in reader:
            line: dict[str, Any] = {key: unsafe(row.get(key) or "") for key in COLUMNS}
            line |= {key: float(line[key]) if line[key] else None for key in NUMBERS}
            found.append(line)
    except (csv.Error, ValueError) as error:
        raise Unreadable(f"line {reader.line_num}: {error}") from error
    return found
