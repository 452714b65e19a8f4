"""What a store request is answered: one line for each object, and the status that sums them up (PS3.18, 10.5.3; I)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.areas.archive import rules
from kerma.areas.archive.model import Stored

# Failure Reason (0008,1197): PS3.18, table I.2-2; 0111 duplicate SOP instance: PS3.7, C.5.6.
OUT_OF_RESOURCES = 0xA700
DOES_NOT_FIT = 0xA900
NOT_UNDERSTOOD = 0xC000
PROCESSING_FAILURE = 0x0110
OTHER_INSTANCE = 0x0111
UNSUPPORTED_SYNTAX = 0xC122

QUARANTINED: Mapping[str, int] = {
    "unreadable": NOT_UNDERSTOOD,
    "hostile": NOT_UNDERSTOOD,
    "too-large": OUT_OF_RESOURCES,
    "other-bytes": OTHER_INSTANCE,
}
"""Failure by the reason of a quarantine; any other reason is a contradiction with what is kept."""

STATUSES: Mapping[int, int] = {OUT_OF_RESOURCES: 413, NOT_UNDERSTOOD: 400}
"""The answer's status when every object failed in this same way; otherwise it is a conflict."""
ALL_STORED, SOME_STORED, NONE_STORED = 200, 202, 409
WORDS_BYTES_MAX = 900
"""What the header with the reasons may take: proxies refuse much longer ones."""


@dataclass(frozen=True)
class Fate:
    """What became of one object of a request; ``failure`` 0 means that it is kept, durable and indexed."""

    failure: int = 0
    words: str = ""
    image_uid: str = ""
    series_uid: str = ""
    exam_uid: str = ""
    sop_class_uid: str = ""


def fate_of(stored: Stored) -> Fate:
    """Return the answer to what the archive made of an object: kept now or before, kept apart, or refused."""
    failure = 0
    if stored.outcome == "refused":
        failure = PROCESSING_FAILURE
    elif stored.outcome == "quarantined":
        reason = next((code for code, words in rules.REASONS.items() if stored.reason.startswith(words)), "")
        failure = QUARANTINED.get(reason, DOES_NOT_FIT)
    return Fate(failure, stored.reason, stored.image_uid, stored.series_uid, stored.exam_uid, stored.sop_class_uid)


def status_of(fates: Sequence[Fate]) -> int:
    """Return the HTTP status of an answer (PS3.18, table 10.5.3-1)."""
    failures = {fate.failure for fate in fates}
    if failures == {0}:
        return ALL_STORED
    if 0 in failures:
        return SOME_STORED
    return STATUSES.get(failures.pop(), NONE_STORED) if len(failures) == 1 else NONE_STORED


def answer_of(fates: Sequence[Fate], root: str) -> dict[str, Any]:
    """Return the Store Instances Response Module as DICOM JSON (PS3.18, table I.1-1).

    Parameters
    ----------
    fates : of the objects, in the order they came
    root : the address of the DICOMweb service, without a slash at its end
    """
    answer: dict[str, Any] = {}
    exams = {fate.exam_uid for fate in fates if not fate.failure}
    if len(exams) == 1:
        answer["00081190"] = _value("UR", f"{root}/studies/{exams.pop()}")
    kept = [_kept(fate, root) for fate in fates if not fate.failure]
    failed = [_failed(fate) for fate in fates if fate.failure and fate.image_uid]
    nameless = [{"00081197": _value("US", fate.failure)} for fate in fates if fate.failure and not fate.image_uid]
    for tag, items in (("00081198", failed), ("00081199", kept), ("0008119A", nameless)):
        if items:
            answer[tag] = {"vr": "SQ", "Value": items}
    return answer


def encoded_xml(fates: Sequence[Fate], root: str) -> bytes:
    """Return the answer as a Native DICOM Model in XML."""
    from kerma.formats.dicom_xml import native_xml

    return native_xml(answer_of(fates, root))


def encoded(fates: Sequence[Fate], root: str) -> bytes:
    """Return the answer as the bytes of DICOM JSON."""
    return json.dumps(answer_of(fates, root), separators=(",", ":")).encode("utf-8")


def words_of(fates: Sequence[Fate]) -> str:
    """Return in plain characters why objects failed, each reason once; the standard's answer has only numbers."""
    reasons = dict.fromkeys(fate.words for fate in fates if fate.failure and fate.words)
    plain = "; ".join(reasons).encode("ascii", errors="replace").decode("ascii")
    return "".join(letter if letter.isprintable() else " " for letter in plain)[:WORDS_BYTES_MAX]


def _identity(fate: Fate) -> dict[str, Any]:
    return {"00081150": _value("UI", fate.sop_class_uid), "00081155": _value("UI", fate.image_uid)}


def _kept(fate: Fate, root: str) -> dict[str, Any]:
    address = f"{root}/studies/{fate.exam_uid}/series/{fate.series_uid}/instances/{fate.image_uid}"
    return {**_identity(fate), "00081190": _value("UR", address)}


def _failed(fate: Fate) -> dict[str, Any]:
    return {**_identity(fate), "00081197": _value("US", fate.failure)}


def _value(representation: str, value: Any) -> dict[str, Any]:
    return {"vr": representation, "Value": [value]} if value != "" else {"vr": representation}
