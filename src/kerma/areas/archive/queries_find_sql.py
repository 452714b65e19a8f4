"""The conditions of a query as SQL expressions, each also in the form of a walk and with the probe of its index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import rules_find
from kerma.areas.archive.model import (
    MODALITY,
    NAME_GROUPS,
    SOP_CLASS,
    WORD,
    exam,
    exam_term,
    image,
    series,
    subject,
    subject_term,
)
from kerma.areas.archive.rules import prefix_end
from kerma.areas.archive.rules_documents import Attribute, attributes
from kerma.areas.archive.rules_find import Pattern, Range

Clause = sa.ColumnElement[bool]

TABLES: Mapping[str, sa.Table] = {"patient": subject, "study": exam, "series": series, "image": image}
INDEXED = (
    subject.c.subject_id,
    exam.c.accession,
    exam.c.exam_id,
    series.c.station,
    exam.c.description,
    series.c.performed_date,
    series.c.body_part,
    exam.c.exam_date,
    series.c.modality,
)
"""Columns with an index of (value, id), those first whose values are mostly rare."""
DATE_TIMES = (("00080020", "00080030"), ("00080021", "00080031"), ("00400244", "00400245"))
"""Pairs that one combined range may match (PS3.4, C.2.2.2.5)."""
_FIRST_OF_ALL = "0"
"""Stored dates and times begin with a digit; an empty one is before it and matches no range."""


@dataclass(frozen=True)
class Condition:
    """What one key asks of the rows of a level.

    Either a ``test`` of columns, or ``members``: the ids of the level's rows that match.
    """

    level: str
    test: Clause | None = field(default=None, compare=False)
    walk: Clause | None = field(default=None, compare=False)
    """The same test written so that no index is used for it: for rows met on a walk in the order of arrival."""
    members: sa.Select[tuple[int]] | None = field(default=None, compare=False)
    owner: sa.Column[int] | None = field(default=None, compare=False)
    """Where ``members`` are the owners of terms, the column that names them; a walk looks at the terms of each."""
    probe: sa.Select[tuple[int]] | None = field(default=None, compare=False)
    """The ids of the level's rows that match this key alone, by an index; None where there is none."""
    rank: int = 0
    """Where the key stands in the order of looking for the rarest."""
    is_exact: bool = False
    """Whether it names single rows by UID."""


@dataclass(frozen=True)
class Asked:
    """One key of a query: the attribute and the value as it was written."""

    attribute: Attribute
    written: str


def conditions(asked: Iterable[Asked], *, fuzzy: bool, combined: bool, is_sqlite: bool) -> list[Condition]:
    """Return the conditions of all keys that restrict anything.

    Raises
    ------
    WrongUsage
        A value that its attribute cannot have.
    """
    keys = {one.attribute.path: one for one in asked if one.written.strip(" \0")}
    found: list[Condition] = []
    if combined:
        for date_path, time_path in DATE_TIMES:
            if date_path in keys and time_path in keys:
                found.append(_date_time(keys.pop(date_path), keys.pop(time_path)))
    maker = _Maker(is_sqlite, fuzzy)
    for one in keys.values():
        found += maker.made(one)
    return found


def matchable() -> dict[str, Attribute]:
    """Return the attributes that can be matched, by path; of one at several levels the highest."""
    return {one.path: one for one in reversed(attributes()) if one.matching != "none"}


def text_clause(column: sa.ColumnElement[str], wanted: Pattern, *, is_sqlite: bool) -> Clause:
    """Return how a text column matches a pattern: equal, or a range of an index, narrowed further where need be."""
    if wanted.is_literal:
        return column == wanted.text
    parts: list[Clause] = []
    if wanted.prefix:
        end = prefix_end(wanted.prefix)
        parts += [column >= wanted.prefix] + ([] if end is None else [column < end])
    if not wanted.is_prefix:
        rest = column.op("GLOB")(wanted.glob()) if is_sqlite else column.like(wanted.like(), escape="\\")
        parts.append(rest)
    return sa.and_(*parts)


def range_clause(column: sa.ColumnElement[str], wanted: Range) -> Clause:
    """Return how a date or time column matches a range."""
    if wanted.first == wanted.last:
        return column == wanted.first
    parts = [column >= (wanted.first or _FIRST_OF_ALL)] + ([column <= wanted.last] if wanted.last else [])
    return sa.and_(*parts)


class _Maker:
    """Makes the conditions of one query, all for the same database and way of matching names."""

    def __init__(self, is_sqlite: bool, fuzzy: bool) -> None:
        self._is_sqlite, self._fuzzy = is_sqlite, fuzzy
        self._kinds: Mapping[str, Callable[[Attribute, str], Iterator[Condition]]] = {
            "uid": self._uid,
            "text": self._text,
            "name": self._name,
            "date": lambda attribute, written: self._ranged(attribute, rules_find.date_range(written)),
            "time": lambda attribute, written: self._ranged(attribute, rules_find.time_range(written)),
            "number": self._number,
            "modality": lambda attribute, written: self._held(attribute, written, MODALITY),
            "class": lambda attribute, written: self._held(attribute, written, SOP_CLASS),
        }

    def made(self, one: Asked) -> Iterator[Condition]:
        """Yield the conditions of one key."""
        return self._kinds[one.attribute.matching](one.attribute, one.written)

    def _uid(self, attribute: Attribute, written: str) -> Iterator[Condition]:
        wanted = rules_find.uids([written])
        column = _column(attribute)
        if wanted:
            test = _among(column, wanted)
            yield Condition(attribute.level, test, test, is_exact=attribute.column == "uid")

    def _text(self, attribute: Attribute, written: str) -> Iterator[Condition]:
        column = _column(attribute)
        wanted = [rules_find.pattern(value) for value in rules_find.values(written)]
        if not wanted or any(one.is_universal for one in wanted):
            return
        test, walk = self._any_of(column, wanted), self._any_of(column.concat(""), wanted)
        if attribute.column == "subject_id":
            test = sa.and_(column != "", test)  # so that SQLite may use the partial index
        yield _indexed(attribute.level, column, (test, walk), is_narrow=all(one.prefix for one in wanted))

    def _any_of(self, column: sa.ColumnElement[str], wanted: list[Pattern]) -> Clause:
        if all(one.is_literal for one in wanted):
            return _among(column, [one.text for one in wanted])
        return sa.or_(*(text_clause(column, one, is_sqlite=self._is_sqlite) for one in wanted))

    def _name(self, attribute: Attribute, written: str) -> Iterator[Condition]:
        if self._fuzzy:
            for word in sorted(rules_find.name_words(written)):
                yield self._termed(attribute, (WORD,), (Pattern((word, "*"), (False, True)),))
            return
        groups = rules_find.name_patterns(written)
        asked = [(kind, patterns) for kind, patterns in zip(NAME_GROUPS, groups, strict=False) if patterns]
        for kind, patterns in asked:
            if any(one.is_universal for one in patterns):
                continue
            kinds = (kind,) if len(groups) > 1 else NAME_GROUPS
            yield self._termed(attribute, kinds, patterns)

    def _termed(self, attribute: Attribute, kinds: tuple[int, ...], patterns: tuple[Pattern, ...]) -> Condition:
        """A name matches by its terms, which stand in a table of their own."""
        table, owner = _TERMS[attribute.level]
        wanted = table.c.kind.in_(kinds), self._any_of(table.c.term, list(patterns))
        members = sa.select(owner).where(*wanted)
        probe = members if all(one.prefix for one in patterns) else None
        return Condition(attribute.level, members=members, owner=owner, probe=probe, rank=1)

    def _held(self, attribute: Attribute, written: str, kind: int) -> Iterator[Condition]:
        wanted = [rules_find.pattern(value) for value in rules_find.values(written.replace(",", "\\"))]
        if not wanted or any(one.is_universal for one in wanted):
            return
        matches = self._any_of(exam_term.c.term, wanted)
        members = sa.select(exam_term.c.exam_pk).where(exam_term.c.kind == kind, matches)
        probe = members if all(one.prefix for one in wanted) else None
        yield Condition("study", members=members, owner=exam_term.c.exam_pk, probe=probe, rank=len(INDEXED))

    def _ranged(self, attribute: Attribute, wanted: Range) -> Iterator[Condition]:
        column = _column(attribute)
        clauses = range_clause(column, wanted), range_clause(column.concat(""), wanted)
        yield _indexed(attribute.level, column, clauses, is_narrow=True)

    def _number(self, attribute: Attribute, written: str) -> Iterator[Condition]:
        numbers = [rules_find.number(value) for value in rules_find.values(written)]
        test = _among(_column(attribute), numbers)
        yield Condition(attribute.level, test, test)


_TERMS: Mapping[str, tuple[sa.Table, sa.Column[int]]] = {
    "patient": (subject_term, subject_term.c.subject_pk),
    "study": (exam_term, exam_term.c.exam_pk),
}


def _column(attribute: Attribute) -> sa.Column[Any]:
    return TABLES[attribute.level].c[attribute.column]


def _among(column: sa.ColumnElement[Any], values: Iterable[Any]) -> Clause:
    found = list(values)
    return column == found[0] if len(found) == 1 else column.in_(found)


def _indexed(level: str, column: sa.Column[str], clauses: tuple[Clause, Clause], *, is_narrow: bool) -> Condition:
    test, walk = clauses
    place = next((number for number, one in enumerate(INDEXED) if one is column), None)
    if place is None:
        return Condition(level, test, walk)
    ids = sa.select(TABLES[level].c.id).where(test)
    return Condition(level, test, walk, members=ids, probe=ids if is_narrow else None, rank=place)


def _date_time(date: Asked, time: Asked) -> Condition:
    """Match date and time together: from a moment to a moment, not the same hours of each day."""
    date_column, time_column = _column(date.attribute), _column(time.attribute)
    dates, times = rules_find.date_range(date.written), rules_find.time_range(time.written)
    moment = date_column + "T" + time_column
    parts: list[Clause] = []
    if dates.first:
        parts.append(moment >= f"{dates.first}T{times.first}")
    if dates.last and times.last:
        parts.append(moment <= f"{dates.last}T{times.last}")
    test, walk = (sa.and_(range_clause(column, dates), *parts) for column in (date_column, date_column.concat("")))
    return _indexed(date.attribute.level, date_column, (test, walk), is_narrow=True)
