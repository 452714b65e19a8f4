"""Which rows a query matches: the plan is made here, not left to what the database guesses.

A search ends at its newest rows, so there are two good ways and one bad one. When a key with an index matches FEW rows
at most, they are gathered and sorted. When none does, what is wanted is met soon on a walk from the newest row back, of
WALK rows at most. Only what is neither rare nor recent is gathered at length, by the index of its narrowest key.
Clauses that must not tempt the database to another way are written so that it has no index for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from kerma.areas.archive.model import exam, image, series, subject
from kerma.areas.archive.queries_find_sql import TABLES, Asked, Clause, Condition, conditions, matchable
from kerma.areas.archive.rules_documents import LEVELS

Level = Literal["patient", "study", "series", "image"]

FEW = 10_000
"""A key that matches at most so many rows leads the search."""
WALK = 20_000
"""Rows looked at from the newest on, before what is wanted is gathered at length."""


@dataclass(frozen=True)
class Query:
    """A search: what matches, what is answered, and which part of the answer.

    ``matches`` are values by path (eight digits of a tag; a sequence and what stands in its item joined by a dot), a
    backslash between several values. A key that cannot be matched restricts nothing (:func:`unsupported` names it).
    """

    level: Level
    matches: Mapping[str, str] = field(default_factory=dict)
    return_tags: frozenset[str] | None = None
    """Tags to answer with; None for all there are."""
    fuzzy: bool = False
    """Names match by the beginnings of their words, in any order (PS3.18, 8.3.4.2)."""
    combined: bool = False
    """A date and a time key together are one range of moments (PS3.4, C.2.2.2.5)."""
    limit: int | None = None
    offset: int = 0
    before: int | None = None
    """The ``id`` of the last row of the page before, where rows come in the order of arrival."""
    with_parents: bool = False
    """Rows of series and images bring the documents of their exam and series along."""


@dataclass(frozen=True)
class Search:
    """The conditions of a query, and which of them leads."""

    query: Query
    wanted: list[Condition]
    leading: Condition | None = None
    is_empty: bool = False
    """Whether the leading key shows that nothing matches."""


def planned(connection: sa.Connection, query: Query) -> Search:
    """Return the search that a query is.

    Raises
    ------
    WrongUsage
        A value that its attribute cannot have.
    """
    known = matchable()
    asked = [Asked(known[path], written) for path, written in query.matches.items() if path in known]
    is_sqlite = connection.dialect.name == "sqlite"
    wanted = conditions(asked, fuzzy=query.fuzzy, combined=query.combined, is_sqlite=is_sqlite)
    if _is_exact(Search(query, wanted)):
        return Search(query, wanted)
    for one in sorted((one for one in wanted if one.probe is not None), key=lambda one: one.rank):
        found = _count(connection, one.probe)
        if found <= FEW:
            return Search(query, wanted, one, is_empty=found == 0)
    return Search(query, wanted)


def newest_ids(connection: sa.Connection, search: Search, limit: int, offset: int, before: int | None) -> list[int]:
    """Return the ids of one page of matches, the newest first."""
    if search.is_empty:
        return []
    key = TABLES[search.query.level].c.id
    past = [] if before is None else [key < before]
    leading, is_exact = search.leading, _is_exact(search)
    if leading is None and search.wanted and not is_exact:
        top = before if before is not None else (connection.scalar(sa.select(sa.func.max(key))) or 0) + 1
        walk = _ids(search, None).where(key >= top - WALK, *past).order_by(key.desc())
        found = list(connection.scalars(walk.limit(limit).offset(offset)))
        if len(found) == limit or top <= WALK:
            return found
        leading = _narrowest(search)
    # With a term added the key is no index: matches are gathered by that of the leading condition, then sorted.
    order = (key + 0).desc() if leading is not None or is_exact else key.desc()
    return list(connection.scalars(_ids(search, leading).where(*past).order_by(order).limit(limit).offset(offset)))


def ids_in_reading_order(search: Search) -> sa.Select[tuple[int]]:
    """Return the statement for the ids of a search within exams that are named, in reading order."""
    level = search.query.level
    return _ids(search, None, {level, *LEVELS[2 : LEVELS.index(level)]}).order_by(*READING_ORDER[level])


def is_in_reading_order(query: Query) -> bool:
    """Whether the search stays within exams or series that are named, so that reading order is the right one."""
    above = LEVELS[: LEVELS.index(query.level)]
    return any(query.matches.get(path, "").strip(" \0") for level, path in _UIDS.items() if level in above)


def joined(lowest: str, levels: set[str]) -> sa.FromClause:
    """Join the tables from a level up to the highest that is needed."""
    highest = min(LEVELS.index(level) for level in levels)
    found: sa.FromClause = TABLES[lowest]
    for level in reversed(LEVELS[highest : LEVELS.index(lowest)]):
        found = found.join(TABLES[level], _JOINS[level])
    return found


def _count(connection: sa.Connection, probe: sa.Select[Any] | None) -> int:
    if probe is None:
        return 0
    return int(connection.scalar(sa.select(sa.func.count()).select_from(probe.limit(FEW + 1).subquery())) or 0)


def _is_exact(search: Search) -> bool:
    return any(one.is_exact for one in search.wanted)


def _narrowest(search: Search) -> Condition | None:
    """Return the condition by which to gather at length: by a range of its index, or else by reading it whole."""
    probed = [one for one in search.wanted if one.probe is not None]
    scanned = [one for one in search.wanted if one.members is not None]
    return min(probed or scanned, key=lambda one: one.rank, default=None)


def _ids(search: Search, leading: Condition | None, levels: set[str] | None = None) -> sa.Select[tuple[int]]:
    """Return the statement for the ids of a search: one condition by its index, the others test what that finds."""
    level = search.query.level
    own = TABLES[level]
    depth = LEVELS.index(level)
    clauses, needed = [], {level} | (levels or set())
    below = [one for one in search.wanted if LEVELS.index(one.level) > depth]
    for one in search.wanted:
        if one not in below:
            clause, above = _clause(level, one, is_leading=one is leading or one.is_exact)
            clauses.append(clause)
            needed.add(above)
    if below:
        clauses.append(own.c.id.in_(_owners(level, below)))
    return sa.select(own.c.id).select_from(joined(level, needed)).where(*clauses)


def _clause(level: str, one: Condition, *, is_leading: bool) -> tuple[Clause, str]:
    """Return a condition as a clause for the rows of a level, and the highest level whose table it needs."""
    column = _DOWN[level, one.level]
    members = one.members if one.members is not None else one.probe
    if is_leading and one.test is not None and (members is None or (one.probe is not None and one.level == level)):
        return one.test, one.level
    if is_leading and members is not None:
        return column.in_(members), _LEVELS[column.table]
    if one.members is not None and one.owner is not None:
        return sa.exists(one.members.where(one.owner == column).correlate(column.table)), _LEVELS[column.table]
    return _known(one.walk), one.level


def _known(clause: Clause | None) -> Clause:
    return sa.true() if clause is None else clause


def _owners(level: str, below: list[Condition]) -> sa.Select[Any]:
    """Return the ids of a level's rows that hold rows of lower levels that match."""
    lowest = max((one.level for one in below), key=LEVELS.index)
    source = joined(lowest, {one.level for one in below} | {lowest, LEVELS[LEVELS.index(level) + 1]})
    return sa.select(_UP[level]).select_from(source).where(*(one.test for one in below if one.test is not None))


_UIDS = {"study": "0020000D", "series": "0020000E"}
_LEVELS: Mapping[Any, str] = {table: level for level, table in TABLES.items()}
_JOINS: Mapping[str, Clause] = {
    "series": image.c.series_pk == series.c.id,
    "study": series.c.exam_pk == exam.c.id,
    "patient": exam.c.subject_pk == subject.c.id,
}
_DOWN: Mapping[tuple[str, str], sa.Column[int]] = {
    ("patient", "patient"): subject.c.id,
    ("study", "patient"): exam.c.subject_pk,
    ("study", "study"): exam.c.id,
    ("series", "patient"): exam.c.subject_pk,
    ("series", "study"): series.c.exam_pk,
    ("series", "series"): series.c.id,
    ("image", "patient"): exam.c.subject_pk,
    ("image", "study"): image.c.exam_pk,
    ("image", "series"): image.c.series_pk,
    ("image", "image"): image.c.id,
}
"""By level of the search and level of the key: the column that leads from one to the other."""
_UP: Mapping[str, sa.Column[int]] = {
    "patient": exam.c.subject_pk,
    "study": series.c.exam_pk,
    "series": image.c.series_pk,
}
"""By level: the column of the level below that leads back to it."""
READING_ORDER: Mapping[str, tuple[Any, ...]] = {
    "series": (series.c.exam_pk, sa.func.coalesce(series.c.number, 0), series.c.id),
    "image": (
        image.c.exam_pk,
        sa.func.coalesce(series.c.number, 0),
        series.c.id,
        sa.func.coalesce(image.c.number, 0),
        image.c.id,
    ),
}
