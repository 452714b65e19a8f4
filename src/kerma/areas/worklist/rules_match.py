"""Matching and projecting DICOM JSON documents as worklist queries ask (PS3.4, C.2.2.2): pure.

A document and its keys are DICOM JSON models (PS3.18, Annex F): a mapping from the tag in eight upper-case
hexadecimal digits to ``{"vr": "PN", "Value": [...]}``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Document = dict[str, dict[str, Any]]
Keys = Mapping[str, Mapping[str, Any]]

CHARACTER_SET = "00080005"
_PN_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_TIME_DIGITS = 6
_DAY_DIGITS = 8
_MOMENT = re.compile(r"(\d{4,14})(?:\.(\d{1,6}))?([+-]\d{4})?$")
_MOMENT_RANGE = re.compile(r"(\d{4,14}(?:\.\d{1,6})?(?:[+-]\d{4})?)?-(\d{4,14}(?:\.\d{1,6})?(?:[+-]\d{4})?)?$")


def values(element: Mapping[str, Any] | None) -> list[Any]:
    """Return the values of an element, without empty ones."""
    found = (element or {}).get("Value") or []
    return [value for value in found if value not in (None, "", {})]


def items(element: Mapping[str, Any] | None) -> list[Document]:
    """Return the items of a sequence; what calls itself one and is none has no items."""
    return [dict(value) for value in values(element) if isinstance(value, Mapping) and not _is_name(value)]


def _is_name(value: Any) -> bool:
    return isinstance(value, Mapping) and not set(value).isdisjoint(_PN_GROUPS)


def first(document: Keys, tag: str) -> Any:
    """Return the first value of an attribute, "" when there is none; of a person's name its component groups."""
    found = values(document.get(tag))
    if not found:
        return ""
    value = found[0]
    return written_name(value) if _is_name(value) else value


def written_name(value: Mapping[str, str]) -> str:
    """Return a name of the JSON model as DICOM writes it: ``alphabetic=ideographic=phonetic``."""
    return "=".join(value.get(group, "") for group in _PN_GROUPS).rstrip("=")


def name_value(written: str) -> dict[str, str]:
    """Return a written name as the JSON model has it."""
    groups = zip(_PN_GROUPS, written.split("="), strict=False)
    return {group: text for group, text in groups if text}


def matches(document: Keys, keys: Keys) -> bool:
    """Return whether a document has what every key asks for; an empty key asks for nothing."""
    return all(_matches(document.get(tag), key) for tag, key in keys.items() if tag != CHARACTER_SET)


def _matches(element: Mapping[str, Any] | None, key: Mapping[str, Any]) -> bool:
    wanted = values(key)
    if not wanted:
        return True
    if key.get("vr") == "SQ":
        asked = items(key)
        return not asked or any(matches(item, asked[0]) for item in items(element) or [{}])
    matcher = _MATCHERS.get(str(key.get("vr")), _plain)
    return any(matcher(value, one) for one in wanted for value in values(element) or [""])


def _plain(value: Any, wanted: Any) -> bool:
    return str(value).strip() == str(wanted).strip()


def _text(value: Any, wanted: Any) -> bool:
    """Match text with ``*`` and ``?`` (PS3.4, C.2.2.2.4)."""
    return wildcard(str(wanted).strip()).fullmatch(str(value).strip()) is not None


def wildcard(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a DICOM pattern."""
    pieces = {"*": ".*", "?": "."}
    # One star says as much as several, and several would make a hostile pattern slow.
    shortened = re.sub(r"\*+", "*", pattern)
    return re.compile("".join(pieces.get(letter, re.escape(letter)) for letter in shortened), re.DOTALL)


def plain_name(written: str) -> str:
    """Return a name as it is compared: without case and accents, its components kept apart."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", written).casefold().replace("ı", "i"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).rstrip("^ ").strip()


def _name(value: Any, wanted: Any) -> bool:
    """Match a name group by group; a key of one group may match any of them (PS3.4, C.2.2.2.1.1)."""
    here, groups = _groups(value), _groups(wanted)
    asked = {group: text for group, text in groups.items() if text}
    if set(asked) <= {"Alphabetic"}:
        return any(_group(text, asked.get("Alphabetic", "")) for text in list(here.values()) or [""])
    return all(_group(here.get(group, ""), text) for group, text in asked.items())


def _groups(value: Any) -> Mapping[str, str]:
    if isinstance(value, Mapping):
        return {group: str(value[group]) for group in _PN_GROUPS if group in value}
    return name_value(str(value))


def _group(text: str, wanted: str) -> bool:
    pattern = plain_name(wanted)
    if wanted.endswith("^*"):
        pattern = pattern.removesuffix("^*")
        found = plain_name(text)
        return wildcard(pattern).fullmatch(found) is not None or wildcard(pattern + "^*").fullmatch(found) is not None
    return wildcard(pattern).fullmatch(plain_name(text)) is not None


def _uid(value: Any, wanted: Any) -> bool:
    return str(value).strip() in str(wanted).strip().split("\\")


def _date(value: Any, wanted: Any) -> bool:
    # Dates of the old standard stand with full stops.
    return in_range(str(value).replace(".", ""), str(wanted).replace(".", ""), _whole_day)


def _time(value: Any, wanted: Any) -> bool:
    return in_range(_whole_time(str(value).replace(":", ""), "0"), str(wanted).replace(":", ""), _whole_time)


def in_range(value: str, wanted: str, whole: Callable[[str, str], str]) -> bool:
    """Return whether a value lies in a range ``a-b``, ``a-``, ``-b``, or is the single value (PS3.4, C.2.2.2.5)."""
    low, dash, high = wanted.replace(" ", "").partition("-")
    if not value:
        return False
    if not dash:
        return value == whole(low, "0")
    return (not low or value >= whole(low, "0")) and (not high or value <= whole(high, "9"))


def _whole_day(written: str, fill: str) -> str:
    return written.ljust(_DAY_DIGITS, fill)


def _whole_time(written: str, fill: str) -> str:
    """Return a time in the form HHMMSS.FFFFFF, what is missing filled up to its first or its last moment."""
    if not written:
        return ""
    seconds, _, fraction = written.partition(".")
    return f"{seconds.ljust(_TIME_DIGITS, fill)}.{fraction.ljust(_TIME_DIGITS, fill)}"


def _moment(value: Any, wanted: Any) -> bool:
    """Match a date and time with its offset from UTC; a single one by the precision it is written with."""
    here = moment_bounds(str(value))
    if here is None:
        return False
    ranged = _MOMENT_RANGE.fullmatch(str(wanted).strip())
    if ranged and (ranged[1] or ranged[2]) and _MOMENT.fullmatch(str(wanted).strip()) is None:
        low = moment_bounds(ranged[1]) if ranged[1] else None
        high = moment_bounds(ranged[2]) if ranged[2] else None
        return (low is None or here[0] >= low[0]) and (high is None or here[0] <= high[1])
    asked = moment_bounds(str(wanted))
    return asked is not None and asked[0] <= here[0] <= asked[1]


def moment_bounds(written: str) -> tuple[datetime, datetime] | None:
    """Return the first and last moment that a DICOM date and time means, in UTC; None when it is none."""
    found = _MOMENT.fullmatch(written.strip())
    if found is None:
        return None
    digits, fraction, offset = found[1], found[2] or "", found[3] or "+0000"
    try:
        first_text = digits + "00000101000000"[len(digits) :]
        begin = datetime.strptime(first_text, "%Y%m%d%H%M%S")
        shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
        zone = timezone(shift if offset[0] == "+" else -shift)
        begin = begin.replace(microsecond=int(fraction.ljust(_TIME_DIGITS, "0")), tzinfo=zone)
        end = _end(begin, digits, fraction)
        return begin.astimezone(UTC), end.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _end(begin: datetime, digits: str, fraction: str) -> datetime:
    if fraction:
        return begin.replace(microsecond=int(fraction.ljust(_TIME_DIGITS, "9")))
    steps = {14: timedelta(seconds=1), 12: timedelta(minutes=1), 10: timedelta(hours=1), 8: timedelta(days=1)}
    for length, step in steps.items():
        if len(digits) >= length:
            return begin + step - timedelta(microseconds=1)
    months = 1 if len(digits) > len("2026") else 12
    years, month = divmod(begin.month - 1 + months, 12)
    return begin.replace(year=begin.year + years, month=month + 1) - timedelta(microseconds=1)


_MATCHERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "PN": _name,
    "UI": _uid,
    "DA": _date,
    "TM": _time,
    "DT": _moment,
    **dict.fromkeys(("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"), _text),
}


def project(document: Keys, keys: Keys, known: Iterable[str] = ()) -> Document:
    """Return what the keys ask for of a document: a known attribute without value comes back empty.

    A sequence asked for without naming attributes comes back whole; with attributes, only those of each item.
    """
    answered: Document = {}
    supported = set(known)
    for tag, key in keys.items():
        if tag == CHARACTER_SET:
            continue
        element = document.get(tag)
        if element is None:
            if tag in supported or not supported:
                answered[tag] = {"vr": key["vr"]}
            continue
        asked = items(key) if key.get("vr") == "SQ" else []
        answered[tag] = _projected(element, asked[0]) if asked else dict(element)
    return answered


def _projected(element: Mapping[str, Any], asked: Keys) -> dict[str, Any]:
    found = [project(item, asked) for item in items(element)]
    return {"vr": "SQ", "Value": found} if found else {"vr": "SQ"}
