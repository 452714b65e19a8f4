"""What UPS-RS requests say: bodies in the DICOM JSON model, and matching keys in the query (PS3.18, 8.3.4)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kerma.areas.worklist import rules_match
from kerma.areas.worklist.rules_match import Document
from kerma.errors import Unreadable, WrongUsage

XML = "application/dicom+xml"
JSON_TYPES = ("application/dicom+json", "application/json")
MOST_BYTES = 8 << 20
DEEPEST = 16
_TAG = re.compile(r"[0-9A-Fa-f]{8}$")
_NOT_KEYS = ("includefield", "fuzzymatching", "accept", "charset")


@dataclass(frozen=True)
class Page:
    """Which of the results are wanted."""

    offset: int = 0
    limit: int = 1000


def document_of_body(body: bytes, media_type: str) -> Document:
    """Return the one data set of a request body.

    Raises
    ------
    Unreadable
        It is of another media type.
    WrongUsage
        It is no DICOM JSON model of one data set.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind and kind not in (*JSON_TYPES, XML):
        raise Unreadable(f"'{kind[:80]}' is not read here: send {JSON_TYPES[0]} or {XML}")
    if len(body) > MOST_BYTES:
        raise WrongUsage(f"the data set is larger than {MOST_BYTES >> 20} MiB")
    found = _of_xml(body) if kind == XML else _of_json(body)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return _checked(found, 0)


def _of_json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise WrongUsage("the body is no JSON; send one data set as DICOM JSON") from error


def _of_xml(body: bytes) -> Any:
    from kerma.formats.dicom_xml_read import document_of

    try:
        return document_of(body)
    except Unreadable as error:
        raise WrongUsage(str(error)) from error


def _no_number(written: str) -> None:
    raise ValueError(f"{written} is no number of JSON")


def _checked(found: Any, depth: int) -> Document:
    """Return a data set whose every element is one of the DICOM JSON model, tags in upper case."""
    if not isinstance(found, dict) or depth > DEEPEST:
        raise WrongUsage("the body is no DICOM JSON model of one data set (PS3.18, Annex F)")
    document: Document = {}
    for tag, element in found.items():
        if not _TAG.match(tag) or not isinstance(element, dict) or not isinstance(element.get("vr"), str):
            raise WrongUsage(f"'{tag[:64]}' is no attribute of the DICOM JSON model: eight digits and a 'vr'")
        values = element.get("Value", [])
        if not isinstance(values, list):
            raise WrongUsage(f"the value of {tag} is no list")
        if element["vr"] == "SQ":
            values = [_checked(item, depth + 1) for item in values]
        elif not all(_fits(element["vr"], value) for value in values):
            raise WrongUsage(f"the value of {tag} does not fit its VR {element['vr'][:8]}")
        document[tag.upper()] = {"vr": element["vr"], **({"Value": values} if values else {})}
    return document


def _fits(vr: str, value: Any) -> bool:
    """Return whether a value may stand in an element of a VR: a name in its groups, else a text or a finite number."""
    if isinstance(value, dict):
        return vr == "PN" and all(isinstance(text, str) for text in value.values())
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def keys_of(items: Iterable[tuple[str, str]]) -> tuple[Document, Page]:
    """Return the matching keys of a query, and the page asked for.

    Raises
    ------
    WrongUsage
        An attribute is unknown, or a number is none.
    """
    keys: Document = {}
    numbers = {"offset": 0, "limit": Page.limit}
    for name, value in items:
        if name in numbers:
            numbers[name] = _number(name, value)
        elif name not in _NOT_KEYS:
            _add(keys, name.split("."), value)
    return keys, Page(**numbers)


def _number(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise WrongUsage(f"'{name}' is a whole number, not '{value[:40]}'")
    return int(value)


def _add(keys: Document, path: list[str], value: str) -> None:
    """Add one key; ``ReferencedRequestSequence.AccessionNumber`` names an attribute inside a sequence."""
    tag, vr = _attribute(path[0])
    if len(path) > 1:
        if vr != "SQ" or len(path) > DEEPEST:
            raise WrongUsage(f"'{path[0][:64]}' is no sequence")
        items = keys.setdefault(tag, {"vr": "SQ", "Value": [{}]})["Value"]
        _add(items[0], path[1:], value)
        return
    if not value:
        keys.setdefault(tag, {"vr": vr})
        return
    # Several values, any of which may match, are separated by backslashes; those of UIDs by commas as well.
    wanted: list[Any] = [part for part in re.split(r"[,\\]" if vr == "UI" else r"\\", value) if part]
    if vr == "PN":
        wanted = [rules_match.name_value(part) for part in wanted]
    keys[tag] = {"vr": vr, "Value": wanted}


def _attribute(name: str) -> tuple[str, str]:
    """Return tag and VR of an attribute given by keyword or by its eight digits."""
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tag = int(name, 16) if _TAG.match(name) else tag_for_keyword(name)
    if tag is None:
        raise WrongUsage(f"there is no attribute '{name[:64]}'; use a DICOM keyword or a tag of eight digits")
    try:
        vr = dictionary_VR(tag)
    except KeyError as error:
        raise WrongUsage(f"there is no attribute '{name[:64]}' in the dictionary") from error
    return f"{tag:08X}", vr.partition(" ")[0]
