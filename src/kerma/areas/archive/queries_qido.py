"""What a search over HTTP asks: query parameters read into a query, strictly, with words that teach (PS3.18, 8.3.4)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kerma.areas.archive.queries_find import OFFSET_MAX, Level, Query, unsupported
from kerma.areas.archive.rules_documents import attributes
from kerma.errors import WrongUsage

ALL = "all"
LIMITS: Mapping[str, int] = {"study": 1_000, "series": 2_000, "image": 10_000}
"""Most results of one answer, which is also what comes without a limit."""
VALUE_LENGTH = 16_384
FIELDS_MAX = 200
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Search:
    """A search as it was asked: the query, and what must be told beside the answer."""

    query: Query
    fields: frozenset[str]
    """Tags asked for with includefield."""
    is_all: bool = False
    """Whether includefield=all asks for whatever there is."""
    is_limited: bool = False
    """Whether the limit is the server's own, so that what lies beyond must be told."""
    ignored: tuple[str, ...] = field(default=())
    """Attributes that are DICOM's but cannot be matched."""


@dataclass
class _Parts:
    matches: dict[str, str] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)
    options: dict[str, str] = field(default_factory=dict)


OPTIONS = ("limit", "offset", "fuzzymatching", "includefield", "accept", "charset")


def search(level: Level, within: Mapping[str, str], parameters: Iterable[tuple[str, str]]) -> Search:
    """Return what the parameters of a request ask.

    Parameters
    ----------
    level : what is searched for
    within : the UIDs that the address itself names, by tag
    parameters : names and values, decoded, in the order of the request

    Raises
    ------
    WrongUsage
        A name that is no attribute, a value that its parameter cannot have.
    """
    parts = _Parts()
    for name, value in parameters:
        _take(parts, name, value)
    for tag, uid in within.items():
        if parts.matches.get(tag, uid) != uid:
            raise WrongUsage("the address names one UID and a parameter another; leave the parameter out")
        parts.matches[tag] = uid
    ignored = tuple(unsupported(parts.matches))
    asked = _number(parts.options, "limit", None)
    offset = _number(parts.options, "offset", 0) or 0
    if offset > OFFSET_MAX:
        raise WrongUsage(f"offset {offset} is beyond {OFFSET_MAX}; narrow the search, for instance by StudyDate")
    most = LIMITS[level]
    query = Query(
        level,
        {path: value for path, value in parts.matches.items() if path not in ignored},
        fuzzy=_truth(parts.options.get("fuzzymatching", "false")),
        combined=True,
        limit=most if asked is None else min(asked, most),
        offset=offset,
        with_parents=not within or (level == "image" and len(within) == 1),
    )
    fields = frozenset(parts.fields - {ALL})
    return Search(query, fields, ALL in parts.fields, asked is None or asked > most, ignored)


def path_of(name: str) -> str:
    """Return the path of tags that a name is: keywords or tags, joined by dots.

    Raises
    ------
    WrongUsage
        A part of it is neither.
    """
    return ".".join(_tag(part, name) for part in name.split("."))


def _take(parts: _Parts, name: str, value: str) -> None:
    if len(value) > VALUE_LENGTH or "\0" in value:
        raise WrongUsage(f"the value of '{name[:64]}' is longer than {VALUE_LENGTH} letters or holds a zero byte")
    lowered = name.lower()
    if lowered == "includefield":
        named = [one.strip() for one in value.split(",") if one.strip()]
        parts.fields |= {ALL if one.lower() == ALL else path_of(one) for one in named}
        if len(parts.fields) > FIELDS_MAX:
            raise WrongUsage(f"more than {FIELDS_MAX} fields in includefield; ask for 'all' instead")
    elif lowered in OPTIONS:
        parts.options[lowered] = value
    else:
        path = path_of(name)
        parts.matches[path] = f"{parts.matches[path]}\\{value}" if parts.matches.get(path) else value


@functools.cache
def _known() -> Mapping[str, str]:
    return {
        word: tag for one in attributes() for word, tag in zip(one.keyword.split("."), one.path.split("."), strict=True)
    }


def _tag(part: str, name: str) -> str:
    if _TAG.fullmatch(part):
        return part.upper()
    if (tag := _known().get(part)) is not None:
        return tag
    from pydicom.datadict import tag_for_keyword

    number = tag_for_keyword(part)
    if number is None:
        raise WrongUsage(
            f"'{name[:64]}' is no DICOM attribute and no parameter of a search: write a keyword such as PatientID, a "
            f"tag such as 00100020, or one of {', '.join(OPTIONS)}"
        )
    return f"{number:08X}"


def _number(options: Mapping[str, str], name: str, missing: int | None) -> int | None:
    written = options.get(name)
    if written is None:
        return missing
    if not re.fullmatch(r"\d{1,9}", written.strip()):
        raise WrongUsage(f"{name}={written[:20]!r} is no whole number from 0")
    return int(written)


def _truth(written: str) -> bool:
    if written.lower() not in _TRUTH:
        raise WrongUsage(f"fuzzymatching={written[:20]!r} is neither true nor false")
    return _TRUTH[written.lower()]
