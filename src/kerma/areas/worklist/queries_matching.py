"""Reading who is handed which exam by site, language and skill, and which exams nobody in service can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.people import queries as people
from kerma.areas.people.rules_posting import Posting
from kerma.areas.worklist import queries_flow, queries_levels, rules_next
from kerma.areas.worklist.model import WAITING, item
from kerma.areas.worklist.model_items import matching
from kerma.areas.worklist.rules_matching import (
    IGNORE,
    REQUIRE,
    Matching,
    folded,
    lacks,
    matching_of,
)
from kerma.areas.worklist.rules_next import Reader
from kerma.kernel.in_force import InForce

CLAIM = "worklist.claim"
_MATCHINGS = InForce(matching, "industry")


def matchings(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the policies in force, of the industries that have one."""
    return _MATCHINGS.rows(connection)


def handed_to(
    posting: Posting, rows: Iterable[Mapping[str, Any]], me: str
) -> tuple[list[sa.ColumnElement[bool]], sa.ColumnElement[Any] | None]:
    """Return the conditions for items that a person may be handed, and what puts those that match first.

    What is assigned to them is theirs wherever it is from; None where nothing is preferred.
    """
    required, off = [], []
    for row in rows:
        for misses, mode in _misses(posting, row):
            if mode == REQUIRE:
                required.append(sa.or_(item.c.assigned_to == me, sa.not_(misses)))
            else:
                off.append(sa.case((misses, 1), else_=0))
    if not off:
        return required, None
    total = off[0]
    for one in off[1:]:
        total = total + one
    return required, total


def _misses(posting: Posting, row: Mapping[str, Any]) -> Iterable[tuple[sa.ColumnElement[bool], str]]:
    """Yield what is true of an item that does not match a person, and how much it counts."""
    own = item.c.industry == row["industry"]
    if row["site"] != IGNORE and posting.sites:
        column = item.c.site_folded
        yield sa.and_(own, column != "", column.not_in(folded(posting))), row["site"]
    if row["language"] != IGNORE and posting.languages:
        column = item.c.language
        yield sa.and_(own, column != "", column.not_in(posting.languages)), row["language"]


@dataclass(frozen=True)
class Stuck:
    """Exams that wait and that nobody who can sign in and claim may take."""

    industry: str
    lacking: tuple[str, ...]
    """What nobody has, each in words; empty where all of it is there, but in nobody at once."""
    exams: int
    exam_pk: int
    """The most urgent of them."""


@dataclass(frozen=True)
class _Somebody:
    """A person in service, as far as it matters for what they may take."""

    key: str
    reader: Reader
    posting: Posting


_COLUMNS = (
    item.c.industry, exam.c.modalities, item.c.stage, item.c.skill, item.c.site, item.c.language, item.c.assigned_to,
    item.c.not_for,
)  # fmt: skip


def stuck(connection: sa.Connection) -> list[Stuck]:
    """Return what waits and nobody in service can take, by what is lacking, the largest group first."""
    counted = (sa.func.count().label("exams"), sa.func.min(item.c.exam_pk).label("exam_pk"))
    statement = sa.select(*_COLUMNS, *counted).select_from(item.join(exam, item.c.exam_pk == exam.c.id))
    groups = connection.execute(statement.where(item.c.state == WAITING).group_by(*_COLUMNS)).all()
    if not groups:
        return []
    somebody = _in_service(connection)
    needed = queries_levels.skills_needed(connection)
    by_stage = queries_flow.skills_by_stage(connection)
    policies = matchings(connection)
    found: dict[tuple[str, tuple[str, ...]], Stuck] = {}
    for group in groups:
        asked = _skills(group, needed, by_stage)
        policy = matching_of(group.industry, policies)
        if any(_takes(one, group, asked, policy) for one in somebody):
            continue
        lacking = _lacking(somebody, group, asked, policy)
        before = found.get((group.industry, lacking), Stuck(group.industry, lacking, 0, group.exam_pk))
        first = min(before.exam_pk, group.exam_pk)
        found[group.industry, lacking] = Stuck(group.industry, lacking, before.exams + group.exams, first)
    return sorted(found.values(), key=lambda one: (-one.exams, one.exam_pk))


def _in_service(connection: sa.Connection) -> list[_Somebody]:
    readers = {row["person"]: queries_levels.reader_from(row) for row in queries_levels.readers(connection)}
    postings = people.postings(connection)
    return [
        _Somebody(f"person:{number}", readers.get(f"person:{number}", Reader()), postings.get(number, Posting()))
        for number in people.in_service(connection, CLAIM)
    ]


def _skills(
    group: sa.Row[Any], needed: Iterable[Mapping[str, Any]], by_stage: Mapping[tuple[str, str], str]
) -> set[str]:
    asked = rules_next.skills_asked(group.industry, group.modalities.split(","), needed)
    return (asked | {group.skill, by_stage.get((group.industry, group.stage), "")}) - {""}


def _reads(one: _Somebody, group: sa.Row[Any]) -> bool:
    return rules_next.fits(one.reader, group.industry, group.modalities.split(","), ())


def _takes(one: _Somebody, group: sa.Row[Any], asked: set[str], policy: Matching) -> bool:
    if one.key == group.not_for or group.assigned_to not in ("", one.key):
        return False
    if not _reads(one, group) or not asked <= set(one.reader.skills):
        return False
    return group.assigned_to == one.key or not lacks(one.posting, policy, group.site, group.language)


def _lacking(somebody: list[_Somebody], group: sa.Row[Any], asked: set[str], policy: Matching) -> tuple[str, ...]:
    """Return what nobody has, each thing looked at alone."""
    if group.assigned_to and not any(one.key == group.assigned_to for one in somebody):
        return ("the person it is assigned to",)
    free = [one for one in somebody if one.key != group.not_for]
    if not free:
        return ("anybody who may claim exams",)
    found = [] if any(_reads(one, group) for one in free) else [f"a reader of {group.modalities or group.industry}"]
    found += [f"skill {skill}" for skill in sorted(asked) if not any(skill in one.reader.skills for one in free)]
    sides = (Matching(site=policy.site), Matching(language=policy.language))
    for side in sides:
        words = [lacks(one.posting, side, group.site, group.language) for one in free]
        if all(words):
            found += words[0]
    return tuple(found)
