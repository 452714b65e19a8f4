"""What the archive decides: what agrees, what goes to quarantine, what may be deleted, how text is searched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from kerma.errors import WrongUsage

OPENING = timedelta(minutes=10)
"""Images shown within this time after an exam was opened belong to that opening."""

REASONS: Mapping[str, str] = {
    "unreadable": "the bytes are not an image or DICOM object Kerma can read",
    "hostile": "the bytes would harm a reader",
    "too-large": "the image is beyond a limit that protects the machine",
    "other-identity": "its data set is another object than the message announced",
    "other-bytes": "an image with this UID but other bytes is kept already",
    "other-subject": "its exam UID belongs to another subject",
    "other-exam": "its series UID belongs to another exam",
    "deleted-before": "its exam was deleted by a retention rule that lets nothing come back unseen",
    "other-industry": "its exam belongs to another industry than the one stated",
}
"""Why something is in quarantine: code to words."""

FLAGS: Mapping[str, str] = {
    "name-differs": "images of this subject id carry different names",
    "birth-date-differs": "images of this subject id carry different birth dates",
    "sex-differs": "images of this subject id carry different sexes",
    "subject-id-missing": "an image of this exam carries no subject id",
    "images-deleted": "its images were deleted by a retention rule; what was decided and signed stays",
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


def identifier_missing(warnings: Collection[str]) -> str:
    """Return which identifier a file lacks, by the warnings of its reader; empty when it has all of them.

    A file from a disc is kept all the same; who sends an object names it (PS3.18, 10.5.1.2).
    """
    found = (match[1] for warning in warnings if (match := _MISSING.match(warning)))
    return next(found, "")


_MISSING = re.compile(r"the file has no ((?:SOP|Series|Study) Instance UID)\b")


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


def is_same_opening(opened_at: datetime, now: datetime) -> bool:
    """Return whether what is shown now still belongs to the opening of the exam at ``opened_at``."""
    return now - opened_at < OPENING


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
