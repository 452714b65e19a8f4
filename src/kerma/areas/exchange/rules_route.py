"""Which exams a routing rule is about, and which earlier exams a prior-fetch rule wants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any

from kerma.errors import WrongUsage

CONDITIONS: Mapping[str, str] = {
    "industry": "security, ndt or medical",
    "modality": "modality of a series, such as CT",
    "station": "station name of the machine",
    "calling_ae": "AE title of the node that sent the exam",
    "description": "description of the exam or of a series",
    "body_part": "body part examined",
    "institution": "institution of the machine",
    "sop_class": "SOP class of an image: UID or name",
}
"""What a condition may ask: any of its patterns (* and ? as in file names, without case) must fit."""

LIMITS: Mapping[str, str] = {
    "modality": "only earlier exams with one of these modalities",
    "description": "only earlier exams whose description fits a pattern",
    "max_age_days": "none older than this",
    "number": "the newest so many",
}
"""What may be asked of earlier exams."""
USUAL_NUMBER = 3
MOST_NUMBER = 50
LONGEST_QUIET_S = 3600
MOST_PATTERNS = 50

Facts = Mapping[str, Collection[str]]
"""What is known of an exam, by the names of :data:`CONDITIONS`."""


def condition(written: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Return a condition in its kept form.

    Raises
    ------
    WrongUsage
        It asks something that there is not, or nothing for one of its names.
    """
    unknown = sorted(set(written) - CONDITIONS.keys())
    if unknown:
        raise WrongUsage(f"a rule cannot ask for '{unknown[0][:40]}': choose of {', '.join(CONDITIONS)}")
    kept = {name: sorted({pattern.strip() for pattern in patterns} - {""}) for name, patterns in written.items()}
    empty = sorted(name for name, patterns in kept.items() if not patterns)
    if empty:
        raise WrongUsage(f"the rule asks for '{empty[0]}' but names no pattern for it")
    if any(len(patterns) > MOST_PATTERNS or any(len(text) > 128 for text in patterns) for patterns in kept.values()):
        raise WrongUsage(f"a rule holds at most {MOST_PATTERNS} patterns of 128 letters for each name")
    return kept


def limits(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits of a prior-fetch rule in their kept form.

    Raises
    ------
    WrongUsage
        A limit is unknown or makes no sense.
    """
    unknown = sorted(set(written) - LIMITS.keys())
    if unknown:
        raise WrongUsage(f"there is no limit '{unknown[0][:40]}': choose of {', '.join(LIMITS)}")
    kept = dict(written)
    number, age = kept.setdefault("number", USUAL_NUMBER), kept.get("max_age_days")
    if not 1 <= number <= MOST_NUMBER:
        raise WrongUsage(f"{number} earlier exams make no sense: 1 to {MOST_NUMBER} are expected")
    if age is not None and age < 1:
        raise WrongUsage(f"an age of {age} days makes no sense: 1 or more are expected")
    return kept


def quiet_s(seconds: int) -> int:
    """Return how long an exam must be quiet before it counts as complete.

    Raises
    ------
    WrongUsage
        It is negative or longer than an hour.
    """
    if not 0 <= seconds <= LONGEST_QUIET_S:
        raise WrongUsage(f"{seconds} s make no sense as a quiet time: 0 to {LONGEST_QUIET_S} are expected")
    return seconds


def fits(asked: Mapping[str, Sequence[str]], facts: Facts) -> bool:
    """Return whether an exam meets every part of a condition; an empty condition is met by every exam."""
    return all(_any_fits(patterns, facts.get(name, ())) for name, patterns in asked.items())


def missing(asked: Mapping[str, Sequence[str]], facts: Facts) -> list[str]:
    """Return the names of a condition's parts that an exam does not meet."""
    return [name for name, patterns in asked.items() if not _any_fits(patterns, facts.get(name, ()))]


def targets(node_ids: Iterable[int], source_key: str) -> list[int]:
    """Return the nodes that an exam goes to: never back to the one it came from."""
    return [node_id for node_id in dict.fromkeys(node_ids) if f"node:{node_id}" != source_key]


def wanted_priors(
    found: Iterable[Mapping[str, Any]], asked: Mapping[str, Any], known: Collection[str], today: date
) -> list[str]:
    """Return the UIDs of earlier exams to fetch, the newest first.

    Parameters
    ----------
    found : what the node has, each with ``uid``, ``date`` ("YYYYMMDD" or empty), ``modalities`` and ``description``
    asked : limits as :func:`limits` returns them
    known : UIDs that are here already
    """
    age = asked.get("max_age_days")
    oldest = (today - timedelta(days=min(age, (today - date.min).days))).strftime("%Y%m%d") if age else ""
    fitting = [
        exam
        for exam in found
        if exam["uid"] and exam["uid"] not in known and exam["date"] >= oldest
        if not asked.get("modality") or _any_fits(asked["modality"], exam["modalities"])
        if not asked.get("description") or _any_fits(asked["description"], [exam["description"]])
    ]
    newest = sorted(fitting, key=lambda exam: (exam["date"], exam["uid"]), reverse=True)
    return list(dict.fromkeys(exam["uid"] for exam in newest))[: asked.get("number", USUAL_NUMBER)]


def _any_fits(patterns: Sequence[str], values: Collection[str]) -> bool:
    folded = [value.casefold() for value in values]
    return any(fnmatchcase(value, pattern.casefold()) for pattern in patterns for value in folded)
