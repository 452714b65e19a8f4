"""One finding as a file gives it, checked before anybody relies on it: the shape of DESIGN's ``findings``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import Unreadable

POINTS_MAX = 100_000
MEASUREMENTS_MAX = 200
LETTERS_MAX = 10_000
PIXELS_MAX = 1e7
"""No box of any image reaches further."""
TEXTS = ("id", "code", "label", "note", "replaces")


def checked(given: Any, where: str) -> dict[str, Any]:
    """Return a finding with every value of the right kind; keys that no finding has are left out.

    Parameters
    ----------
    given : what stood in the file
    where : its place there, for the message

    Raises
    ------
    Unreadable
        A value is missing, no number, or out of all reason; the message says which and where.
    """
    if not isinstance(given, Mapping):
        raise Unreadable(f"{where}: a finding is an object with label and box, not {_shown(given)}")
    finding: dict[str, Any] = {key: _text(given[key], f"{where}.{key}") for key in TEXTS if given.get(key) is not None}
    for key in ("id", "code", "label"):
        finding.setdefault(key, "")
    finding["box"] = checked_box(given.get("box"), f"{where}.box")
    finding["plane"] = _whole(given.get("plane", 0), f"{where}.plane")
    finding["by"] = _by(given.get("by"), f"{where}.by")
    finding["measurements"] = _measurements(given.get("measurements", ()), f"{where}.measurements")
    if given.get("score") is not None:
        finding["score"] = checked_number(given["score"], f"{where}.score")
    if given.get("polygon"):
        finding["polygon"] = _points(given["polygon"], f"{where}.polygon")
    if "dismissed" in given:
        finding["dismissed"] = _texts(given["dismissed"], f"{where}.dismissed")
    return finding


def checked_box(given: Any, where: str) -> list[float]:
    """Return row, column, height, width: finite, of ordinary size, no side negative."""
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 4:
        raise Unreadable(f"{where}: a box is [row, column, height, width], not {_shown(given)}")
    box = [checked_number(one, where) for one in given]
    if max(map(abs, box)) > PIXELS_MAX:
        raise Unreadable(f"{where}: {_shown(given)} reaches beyond any image")
    if box[2] < 0 or box[3] < 0:
        raise Unreadable(f"{where}: height {box[2]:g} and width {box[3]:g} must not be negative")
    return box


def checked_number(given: Any, where: str) -> float:
    """Return a finite number, whole ones as they are."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Unreadable(f"{where}: {_shown(given)} is no number")
    if isinstance(given, int) and abs(given) > 2**53:
        raise Unreadable(f"{where}: {_shown(given)} is out of all reason")
    if not math.isfinite(given):
        raise Unreadable(f"{where}: {given} is no finite number")
    return given


def _whole(given: Any, where: str) -> int:
    number = checked_number(given, where)
    if number != int(number) or not 0 <= number < 2**31:
        raise Unreadable(f"{where}: {_shown(given)} is no number of a plane, counted from 0")
    return int(number)


def _text(given: Any, where: str) -> str:
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str):
        raise Unreadable(f"{where}: {_shown(given)} is no text")
    if len(given) > LETTERS_MAX:
        raise Unreadable(f"{where}: a text of {len(given)} letters; at most {LETTERS_MAX} are taken")
    return given


def _by(given: Any, where: str) -> dict[str, str]:
    if given is None:
        return {"kind": "algorithm", "name": "", "version": ""}
    told = _texts(given, where)
    if told.get("kind") not in ("person", "algorithm"):
        raise Unreadable(f"{where}.kind: '{told.get('kind', '')[:40]}' is neither person nor algorithm")
    known = {key: told[key] for key in ("kind", "name", "version", "model_sha256") if key in told}
    return {"name": "", "version": ""} | known


def _texts(given: Any, where: str) -> dict[str, str]:
    if not isinstance(given, Mapping) or len(given) > MEASUREMENTS_MAX:
        raise Unreadable(f"{where}: {_shown(given)} is no object of texts")
    return {_text(key, where): _text(value, f"{where}.{key}") for key, value in given.items() if value is not None}


def _measurements(given: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MEASUREMENTS_MAX:
        raise Unreadable(f"{where}: a list of at most {MEASUREMENTS_MAX} measurements is needed, not {_shown(given)}")
    found = []
    for number, one in enumerate(given):
        place = f"{where}[{number}]"
        if not isinstance(one, Mapping) or not one.get("name"):
            raise Unreadable(f"{place}: a measurement has a name and a value, not {_shown(one)}")
        value = one.get("value")
        value = value if value is None else checked_number(value, f"{place}.value")
        found.append({"name": _text(one["name"], f"{place}.name"), "value": value})
    return found


def _points(given: Any, where: str) -> list[list[float]]:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > POINTS_MAX:
        raise Unreadable(f"{where}: an outline is a list of at most {POINTS_MAX} points, not {_shown(given)}")
    points = []
    for number, point in enumerate(given):
        if not isinstance(point, Sequence) or isinstance(point, str) or len(point) != 2:
            raise Unreadable(f"{where}[{number}]: a point is [row, column], not {_shown(point)}")
        row, column = (checked_number(one, f"{where}[{number}]") for one in point)
        if max(abs(row), abs(column)) > PIXELS_MAX:
            raise Unreadable(f"{where}[{number}]: {_shown(point)} lies beyond any image")
        points.append([row, column])
    return points


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
