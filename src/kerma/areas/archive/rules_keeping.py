"""What the archive decides about keeping: what is due for deletion and why, what moves to a tier, what a scrub reads.

Nothing may be deleted unless a rule says so. Of several rules that fit, the one that keeps longest wins; a legal hold
beats every rule. Where a fact is unknown (no birth date, no exam date), the answer that keeps longer is given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

ADULT, CHILD = "adult", "child"
GROWN_UP_YEARS = 18
"""Age of majority: Convention on the Rights of the Child, article 1."""
PLAN_IS_RECENT = timedelta(hours=24)
"""How long a dry run may be relied on by the deletion that names it."""
LISTED_IN_LEDGER = 200
"""Images that a deletion's ledger record lists itself; a longer list stands in the tombstone, by its hash."""
NEVER = date.max


@dataclass(frozen=True)
class RetentionRule:
    """One rule by which images of an industry may be deleted once they are old enough."""

    id: int
    industry: str
    subject_class: str
    """The class of subject it is about; empty: every class."""
    kept_days: int
    counted_from: str
    """"arrival", "exam" or "birth"."""
    source: str
    """The law, contract or procedure it rests on."""
    returns: str = "quarantine"


@dataclass(frozen=True)
class ExamFacts:
    """What the rules need to know of one exam."""

    industry: str
    exam_date: str
    birth_date: str
    last_arrival: date
    subject_class: str = ""
    """Given by a person; empty when nobody did."""


@dataclass(frozen=True)
class Fate:
    """Whether an exam may be deleted today: the rule that decides, the first day it may go, and the reason in words."""

    is_due: bool
    reason: str
    rule: RetentionRule | None = None
    from_day: date | None = None


def day_of(written: str) -> date | None:
    """Return a stored date, or None when it is missing or no whole date."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def classes(facts: ExamFacts) -> frozenset[str]:
    """Return the classes a subject belongs to: the one given by a person, and by age; both ages when it is unknown."""
    born, examined = day_of(facts.birth_date), day_of(facts.exam_date)
    if born is None or examined is None or examined < born:
        by_age = {ADULT, CHILD}
    else:
        years = examined.year - born.year - ((examined.month, examined.day) < (born.month, born.day))
        by_age = {ADULT if years >= GROWN_UP_YEARS else CHILD}
    return frozenset(by_age | ({facts.subject_class} if facts.subject_class else set()))


def _since_exam(facts: ExamFacts) -> date | None:
    """A film entered late has an exam date long past, so that the later of both days counts."""
    examined = day_of(facts.exam_date)
    return None if examined is None else max(examined, facts.last_arrival)


_STARTS: Mapping[str, Callable[[ExamFacts], date | None]] = {
    "arrival": lambda facts: facts.last_arrival,
    "exam": _since_exam,
    "birth": lambda facts: day_of(facts.birth_date),
}


def ends_on(rule: RetentionRule, facts: ExamFacts) -> date:
    """Return the first day on which the rule no longer keeps the exam; never, when what it counts from is unknown."""
    start = _STARTS[rule.counted_from](facts)
    if start is None or rule.kept_days > (NEVER - start).days:
        return NEVER
    # counting from birth ends no earlier than the images came
    return max(start + timedelta(days=rule.kept_days), facts.last_arrival)


def fate(facts: ExamFacts, today: date, rules: Collection[RetentionRule], holds: Sequence[str] = ()) -> Fate:
    """Return what becomes of an exam today; ``holds`` are the reasons of the legal holds on it."""
    if holds:
        return Fate(False, f"under legal hold: {'; '.join(holds)}")
    own = classes(facts)
    fitting = [
        rule
        for rule in rules
        if rule.industry == facts.industry and (not rule.subject_class or rule.subject_class in own)
    ]
    if not fitting:
        of_class = "" if all(not rule.subject_class for rule in rules) else f" of class {' or '.join(sorted(own))}"
        return Fate(False, f"no retention rule says when {facts.industry} exams{of_class} may be deleted")
    longest = max(fitting, key=lambda rule: (ends_on(rule, facts), rule.id))
    ends = ends_on(longest, facts)
    if ends == NEVER:
        return Fate(False, f"kept: rule {longest.id} counts from a date that is not known", longest)
    if today < ends:
        return Fate(False, f"kept until {ends.isoformat()} by {longest.source}", longest, ends)
    return Fate(True, f"kept long enough by {longest.source}", longest, ends)


def plan_document(exams: Sequence[Mapping[str, Any]], today: date) -> str:
    """Return what a dry run shows in the one form that is hashed: exams in order of their keys."""
    kept = ("exam_pk", "exam_uid", "rule_id", "images", "image_count", "size_bytes")
    rows = [{name: row[name] for name in kept} for row in sorted(exams, key=lambda row: row["exam_pk"])]
    return json.dumps({"version": 1, "on": today.isoformat(), "exams": rows}, sort_keys=True, separators=(",", ":"))


def digest_of(document: str) -> str:
    """Return the SHA-256 of a document."""
    return hashlib.sha256(document.encode("utf-8")).hexdigest()


def images_digest(images: Sequence[Mapping[str, Any]]) -> str:
    """Return the SHA-256 over an exam's images (number, UID, hashes): a changed exam is another one."""
    lines = (f"{row['id']} {row['uid']} {row['sha256']} {row['sidecar_sha256']}\n" for row in images)
    return digest_of("".join(lines))


def tombstone_document(exam: Mapping[str, Any], rule_id: int, images: Sequence[Mapping[str, Any]]) -> str:
    """Return what stays of a deleted exam: numbers, UIDs and hashes, nothing about the subject."""
    listed = [[row["id"], row["uid"], row["sha256"], row["sidecar_sha256"], row["size_bytes"]] for row in images]
    facts = {"version": 1, "exam_pk": exam["id"], "exam_uid": exam["uid"], "rule_id": rule_id, "images": listed}
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def is_recent(age: timedelta) -> bool:
    """Return whether a dry run of this age may still be followed by its deletion."""
    return timedelta(0) <= age <= PLAN_IS_RECENT


@dataclass(frozen=True)
class TierRule:
    """After how many days an industry's exams move to a tier."""

    id: int
    industry: str
    after_days: int
    tier: str


def tier_of(industry: str, last_arrival: date, today: date, rules: Collection[TierRule]) -> TierRule | None:
    """Return the rule by which an exam lies in a tier today: the one with the highest age it has reached."""
    reached = [rule for rule in rules if rule.industry == industry and (today - last_arrival).days >= rule.after_days]
    return max(reached, key=lambda rule: (rule.after_days, rule.id), default=None)


def share_of(rows: int, days: int) -> int:
    """Return how many of the rows are hashed in one day so that all are within ``days``; at least one."""
    return max(1, -(-rows // max(1, days)))
