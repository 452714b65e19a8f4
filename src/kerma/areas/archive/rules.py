"""What the archive decides: what agrees, what goes to quarantine, what may be deleted, how text is searched."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kerma.errors import WrongUsage
from kerma.standards import table

STUDY_ATTRIBUTES = "dicom_ps3.18/study_attributes"
OPENING = timedelta(minutes=10)
"""Images shown within this time after an exam was opened belong to that opening."""

REASONS: Mapping[str, str] = {
    "unreadable": "the bytes are not an image or DICOM object Kerma can read",
    "hostile": "the bytes would harm a reader",
    "too-large": "the image is beyond a limit that protects the machine",
    "other-bytes": "an image with this UID but other bytes is kept already",
    "other-subject": "its exam UID belongs to another subject",
    "other-exam": "its series UID belongs to another exam",
    "other-industry": "its exam belongs to another industry than the one stated",
}
"""Why something is in quarantine: code to words."""

FLAGS: Mapping[str, str] = {
    "name-differs": "images of this subject id carry different names",
    "birth-date-differs": "images of this subject id carry different birth dates",
    "sex-differs": "images of this subject id carry different sexes",
    "subject-id-missing": "an image of this exam carries no subject id",
}
"""What a person should look at in an exam that is otherwise in order: code to words."""

_INT32_MAX = 2**31 - 1
_CODE_POINT_MAX = 0x10FFFF
_FIRST_SURROGATE, _AFTER_SURROGATES = 0xD800, 0xE000


def fold(written: str) -> str:
    """Return text as it is searched: without case, accents, name separators and doubled spaces."""
    # Folding case can compose again, so decompose on both sides of it (Unicode Standard, definition D146).
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", written).casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\^=,]", " ", plain).split())


def prefix_end(prefix: str) -> str | None:
    """Return the first text after all that begin with this prefix (None: there is none), the end of a range search."""
    for position in range(len(prefix) - 1, -1, -1):
        following = ord(prefix[position]) + 1
        if following <= _CODE_POINT_MAX:
            following = _AFTER_SURROGATES if following == _FIRST_SURROGATE else following
            return prefix[:position] + chr(following)
    return None


def clean(written: str, length: int = 1024) -> str:
    """Return header text fit to be stored: no control characters, no lone surrogates, at most ``length`` long."""
    if written.isprintable():
        return written.strip()[:length]
    kept = "".join(letter for letter in written if letter >= " " and not 0xD800 <= ord(letter) < 0xE000)
    return kept.strip()[:length]


def whole(number: int | None) -> int | None:
    """Return a number that fits a database integer, else None."""
    return number if number is not None and abs(number) <= _INT32_MAX else None


def industry_of(stated: str | None, hint: str, known: Collection[str]) -> str:
    """Return the industry of a new exam: as stated, else as its file suggests.

    Raises
    ------
    WrongUsage
        The industry is unknown, or neither stated nor told by the file.
    """
    chosen = stated or hint
    choices = ", ".join(known)
    if not chosen:
        raise WrongUsage(f"the file does not say which industry it belongs to: state one of {choices} (--industry)")
    if chosen not in known:
        raise WrongUsage(f"there is no industry '{clean(chosen, 80)}': state one of {choices}")
    return chosen


def contradiction(kept: Mapping[str, Any], arriving: Mapping[str, Any], stated_industry: str | None) -> str:
    """Return the code of :data:`REASONS` by which an arrival cannot belong to a kept exam; empty when it can.

    A missing id or issuer contradicts nothing: many secondary objects leave them out.
    """
    for name in ("subject_id", "issuer"):
        if kept[name] and arriving[name] and kept[name] != arriving[name]:
            return "other-subject"
    if stated_industry and stated_industry != kept["industry"]:
        return "other-industry"
    return ""


def differences(kept: Mapping[str, Any], arriving: Mapping[str, Any]) -> list[str]:
    """Return the codes of :data:`FLAGS` that an arrival raises against the kept subject."""
    compared = {"name-differs": "name_folded", "birth-date-differs": "birth_date", "sex-differs": "sex"}
    found = [
        flag
        for flag, column in compared.items()
        if kept[column] and arriving[column] and kept[column] != arriving[column]
    ]
    return found + ([] if arriving["subject_id"] else ["subject-id-missing"])


def joined(kept: str, added: Collection[str]) -> str:
    """Return a comma-separated set with more members, sorted."""
    return ",".join(sorted({*kept.split(","), *added} - {""}))


def study_document(row: Mapping[str, Any]) -> str:
    """Return the DICOM-JSON of a study as a query answers it, from one row of exam and subject (PS3.18, F.2).

    The retrieve address is left out: it depends on the address the asker used.
    """
    facts = {**row, "availability": "ONLINE"}
    document = {
        attribute["tag"]: {"vr": attribute["vr"], **_value(attribute["vr"], facts[attribute["column"]])}
        for attribute in table(STUDY_ATTRIBUTES)
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _person_name(written: str) -> list[Any]:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), written.split("="), strict=False)
    return [{group: name for group, name in groups if name}]


_VALUES: Mapping[str, Callable[[Any], list[Any]]] = {
    "PN": _person_name,
    "IS": lambda number: [number],
    "CS": lambda written: written.split(","),
    "DA": lambda written: [written.replace("-", "")],
    "TM": lambda written: [written.replace(":", "")],
}


def _value(representation: str, kept: Any) -> dict[str, list[Any]]:
    if kept == "":
        return {}
    return {"Value": _VALUES.get(representation, lambda written: [written])(kept)}


def is_same_opening(opened_at: datetime, now: datetime) -> bool:
    """Return whether what is shown now still belongs to the opening of the exam at ``opened_at``."""
    return now - opened_at < OPENING


@dataclass(frozen=True)
class RetentionRule:
    """One rule by which images of an industry may be deleted once they are old enough."""

    industry: str
    kept_days: int
    source: str
    """The law, contract or procedure it rests on."""


RETENTION: tuple[RetentionRule, ...] = ()
"""The retention rules in force. There are none yet, so nothing may be deleted."""


def may_delete(
    industry: str, received_on: date, today: date, retention: Collection[RetentionRule] = RETENTION
) -> tuple[bool, str]:
    """Return whether an exam may be deleted today, and the reason in words."""
    rules = [rule for rule in retention if rule.industry == industry]
    if not rules:
        return False, f"no retention rule says when {industry} exams may be deleted"
    longest = max(rules, key=lambda rule: rule.kept_days)
    ends_on = received_on + timedelta(days=longest.kept_days)
    if today < ends_on:
        return False, f"kept until {ends_on.isoformat()} by {longest.source}"
    return True, f"kept long enough by {longest.source}"


SUFFIXES: Mapping[str, str] = {
    "DICOM": "dcm",
    "DICONDE": "dcm",
    "DICOS": "dcs",
    "TIFF": "tif",
    "PNG": "png",
    "JPEG": "jpg",
    "RAW": "raw",
}


MEDIA_TYPES: Mapping[str, str] = {
    "DICOM": "application/dicom",
    "DICONDE": "application/dicom",
    "DICOS": "application/dicom",
}
"""How the bytes of a format are served; whatever is not listed is plain bytes, which no browser interprets."""


def export_name(row: Mapping[str, Any]) -> str:
    """Return the path of an image in an export, made of numbers and its digest only: nothing a file says of itself."""
    series = row["series_number"] if row["series_number"] is not None else 0
    number = row["number"] if row["number"] is not None else 0
    suffix = SUFFIXES.get(row["format"], "bin")
    return f"series-{abs(series):03d}-{row['series_pk']}/image-{abs(number):04d}-{row['sha256'][:12]}.{suffix}"
