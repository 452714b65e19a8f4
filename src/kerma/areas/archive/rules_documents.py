"""The finished DICOM-JSON answers of a query, made when something is stored, so that a query only joins text.

Every document is one JSON object whose attributes are in the order of their tags (PS3.18, F.2.2). Addresses begin with
``/dicom-web``; :func:`addressed` puts the address in front that the asker used.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring  # type: ignore[attr-defined]
from typing import Any

from kerma.standards import table

QUERY_ATTRIBUTES = "dicom_ps3.18/query_attributes"
DICOM_WEB = "/dicom-web"
LEVELS = ("patient", "study", "series", "image")
AVAILABILITY, IN_A_TIER = "ONLINE", "NEARLINE"
"""PS3.3, C.4.23.1.1: at once; or, where all bytes of the exam lie in a storage tier, perhaps after a while."""

STUDY_SERIES_COUNT, STUDY_IMAGE_COUNT, SERIES_IMAGE_COUNT = "00201206", "00201208", "00201209"

_TEXT_COLUMNS = ("level", "tag", "keyword", "vr", "column", "matching")
_URL = '"vr":"UR","Value":["'
_BULK = '"BulkDataURI":"'


@dataclass(frozen=True)
class Attribute:
    """An attribute that a query may match or is answered with."""

    level: str
    path: str
    """Tags as eight digits, a sequence and what stands in its item joined by a dot."""
    keyword: str
    vr: str
    column: str
    matching: str
    """"uid", "text", "name", "date", "time", "number", "modality", "class", or "none": returned only."""
    is_always: bool
    """Whether an answer has it even when it is empty."""


@functools.cache
def attributes() -> tuple[Attribute, ...]:
    """Return every attribute of the table, by level and tag."""
    return tuple(
        Attribute(*(row[name] for name in _TEXT_COLUMNS), is_always=row["always"] == "yes")
        for row in table(QUERY_ATTRIBUTES)
    )


@functools.cache
def of_level(*levels: str) -> tuple[Attribute, ...]:
    """Return the attributes of some levels in the order of their tags."""
    return tuple(sorted((one for one in attributes() if one.level in levels), key=lambda one: one.path))


def study_document(row: Mapping[str, Any]) -> str:
    """Return a study as a query answers it, from the columns of exam and subject."""
    return _document(("patient", "study"), {**row, "study_url": study_url(row["uid"])})


def series_document(row: Mapping[str, Any], exam_uid: str) -> str:
    """Return a series as a query answers it, from the columns of series; ``timezone`` is the exam's."""
    return _document(("series",), {**row, "series_url": series_url(exam_uid, row["uid"])})


def image_document(row: Mapping[str, Any]) -> str:
    """Return an image as a query answers it, from a row with ``series_uid``, ``exam_uid`` and ``timezone``."""
    place = image_url(row["exam_uid"], row["series_uid"], row["uid"])
    return _document(("image",), {**row, "image_url": place})


def patient_document(row: Mapping[str, Any]) -> str:
    """Return a subject as a query answers it, from the columns of subject."""
    return _document(("patient",), row)


def study_url(exam_uid: str) -> str:
    """Return where a study is retrieved, without the host (PS3.18, 10.4.1)."""
    return f"{DICOM_WEB}/studies/{exam_uid}"


def series_url(exam_uid: str, series_uid: str) -> str:
    """Return where a series is retrieved, without the host."""
    return f"{DICOM_WEB}/studies/{exam_uid}/series/{series_uid}"


def image_url(exam_uid: str, series_uid: str, image_uid: str) -> str:
    """Return where an image is retrieved, without the host."""
    return f"{DICOM_WEB}/studies/{exam_uid}/series/{series_uid}/instances/{image_uid}"


def addressed(documents: str, base: str) -> str:
    """Put the address of the server, ``https://host``, before every retrieve and bulk data address of some documents.

    No text of a file can look like one: within a JSON string a quotation mark is always escaped.
    """
    for begins in (_URL, _BULK):
        documents = documents.replace(f"{begins}{DICOM_WEB}/", f"{begins}{base}{DICOM_WEB}/")
    return documents


def nearline(document: str) -> str:
    """Return the document of an exam or image whose bytes all lie in a storage tier."""
    return document.replace(_availability(AVAILABILITY), _availability(IN_A_TIER))


def _availability(word: str) -> str:
    return f'"00080056":{{"vr":"CS","Value":["{word}"]}}'


def counted(document: str, tag: str, before: int, after: int) -> str:
    """Return a document with another number in one of its counters."""
    return document.replace(_counter(tag, before), _counter(tag, after))


def _counter(tag: str, number: int) -> str:
    return f'"{tag}":{{"vr":"IS","Value":[{number}]}}'


def _document(levels: tuple[str, ...], row: Mapping[str, Any]) -> str:
    parts: list[str] = []
    sequence, items = "", []
    for attribute in of_level(*levels):
        head, _, inner = attribute.path.partition(".")
        if sequence and head != sequence:
            parts += _sequence(sequence, items)
            items = []
        sequence = head if inner else ""
        written = _attribute(inner or head, attribute, row)
        if written:
            (items if inner else parts).append(written)
    return "{" + ",".join(parts + (_sequence(sequence, items) if sequence else [])) + "}"


def _sequence(tag: str, items: list[str]) -> list[str]:
    return [f'"{tag}":{{"vr":"SQ","Value":[{{{",".join(items)}}}]}}'] if items else []


def _attribute(tag: str, attribute: Attribute, row: Mapping[str, Any]) -> str:
    kept = AVAILABILITY if attribute.column == "availability" else row.get(attribute.column)
    if kept is None or kept == "":
        return f'"{tag}":{{"vr":"{attribute.vr}"}}' if attribute.is_always else ""
    written = _WRITTEN.get(attribute.vr, _text)(kept) if attribute.column not in _SETS else _set(kept)
    return f'"{tag}":{{"vr":"{attribute.vr}","Value":[{written}]}}'


def _text(kept: str) -> str:
    return str(encode_basestring(kept))


def _set(kept: str) -> str:
    return ",".join(_text(one) for one in kept.split(","))


def _name(kept: str) -> str:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), kept.split("="), strict=False)
    return "{" + ",".join(f'"{group}":{_text(name)}' for group, name in groups if name) + "}"


_SETS = frozenset({"modalities", "sop_classes"})
_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "PN": _name,
    "IS": str,
    "US": str,
    "DA": lambda kept: _text(kept.replace("-", "")),
    "TM": lambda kept: _text(kept.replace(":", "")),
}
