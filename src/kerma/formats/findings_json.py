"""Findings as JSON, in the form of ``result.json``: an exam with its images, a whole result, or a list of findings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerma import __version__
from kerma.errors import Unreadable
from kerma.formats.findings_check import checked
from kerma.formats.findings_found import FINDINGS_MAX, Found, Hints, ImagePlace, Imported, placed, text_of

IMAGE_KEYS = ("path", "sha256", "image_uid", "series_uid", "rows", "columns", "planes", "plane_labels", "spacing_mm")

MARKED_KEYS = ("marks", "calibrations")
"""What persons have drawn, measured and calibrated; it goes out, and is no finding when it comes in."""


def write(document: Mapping[str, Any]) -> bytes:
    """Write the findings of an exam, dismissed ones too, and what persons measured, with what names its images."""
    told = {
        "version": __version__,
        "exams": [
            {key: document[key] for key in ("subject", "exam_uid", "decision_proposed") if key in document}
            | {"images": [_image(image) for image in document["images"]]}
            | ({"spaces": document["spaces"]} if document.get("spaces") else {})
        ],
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    marked = {key: list(image[key]) for key in MARKED_KEYS if image.get(key)}
    return (
        {key: image[key] for key in IMAGE_KEYS if key in image} | {"findings": list(image.get("findings", ()))} | marked
    )


def read(data: bytes, images: Sequence[ImagePlace], hints: Hints) -> Imported:
    """Read findings from JSON.

    Raises
    ------
    Unreadable
        No JSON (the message names line and column), or a value makes no sense (it names the path to it).
    """
    found: list[Found] = []
    value = parsed(data)
    for named, finding, where in _findings(value):
        if len(found) >= FINDINGS_MAX:
            raise Unreadable(f"the file has more than {FINDINGS_MAX} findings: refused")
        found.append(placed(images, named or hints.image, checked(finding, where), where))
    return Imported(tuple(found), marks_lost(_count_marks(value)))


def marks_lost(count: int) -> tuple[str, ...]:
    """Return what is said of marks of persons in a file of findings."""
    return (f"{count} marks of persons: they are no findings",) if count else ()


def _count_marks(value: Any) -> int:
    exams = value.get("exams", [value]) if isinstance(value, dict) else []
    return sum(len(image.get("marks") or ()) for exam in exams for image in exam.get("images") or ())


def parsed(data: bytes) -> Any:
    """Return the value of a JSON file; not-a-number and infinity are no JSON."""
    text = text_of(data)

    def refuse(word: str) -> Any:
        at = re.search(rf"(?<![\w.\"]){re.escape(word)}(?![\w\"])", text)
        line, column = _line_column(text, at.start() if at else 0)
        raise Unreadable(f"line {line}, column {column}: {word} is no number")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise Unreadable(f"line {error.lineno}, column {error.colno}: no JSON ({error.msg.lower()})") from error
    except RecursionError as error:
        raise Unreadable("the JSON is nested too deeply") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise Unreadable(f"the JSON holds a number out of all reason: {error}") from error


def _line_column(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _findings(value: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield the name of the image, the finding and its path, from whichever of the three forms it is."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            named = one.get("image_sha256") or one.get("image_uid") or one.get("image") if isinstance(one, dict) else ""
            yield str(named or ""), one, f"[{number}]"
        return
    if not isinstance(value, dict) or not {"exams", "images", "findings"} & value.keys():
        raise Unreadable("the JSON has neither exams nor images nor findings: it is no list of findings")
    if "exams" in value:
        for number, exam in enumerate(_list(value["exams"], "exams")):
            yield from _of_exam(exam, f"exams[{number}].")
    elif "images" in value:
        yield from _of_exam(value, "")
    else:
        for number, one in enumerate(_list(value["findings"], "findings")):
            yield str(value.get("image_sha256") or value.get("image") or ""), one, f"findings[{number}]"


def _of_exam(exam: Any, path: str) -> Iterator[tuple[str, Any, str]]:
    if not isinstance(exam, dict):
        raise Unreadable(f"{path.rstrip('.')}: an exam is an object with images")
    for number, image in enumerate(_list(exam.get("images", []), f"{path}images")):
        place = f"{path}images[{number}]"
        if not isinstance(image, dict):
            raise Unreadable(f"{place}: an image is an object with findings")
        named = image.get("sha256") or image.get("image_uid") or image.get("path") or ""
        for count, one in enumerate(_list(image.get("findings", []), f"{place}.findings")):
            yield str(named), one, f"{place}.findings[{count}]"


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Unreadable(f"{where}: a list is needed here")
    return value
