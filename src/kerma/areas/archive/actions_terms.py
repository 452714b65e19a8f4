"""The terms by which names, modalities and SOP classes are found; parts of whatever action writes exams and subjects.

Whoever changes ``subject.name`` deletes the terms of the subject and calls :func:`add_subject_terms`; whoever deletes
an exam or a subject deletes its terms with it (both tables have an index by owner).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kerma.areas.archive.model import MODALITY, NAME_GROUPS, SOP_CLASS, WORD, exam_term, subject_term
from kerma.areas.archive.rules_find import name_groups, name_words
from kerma.kernel.action import Act

TERM_LENGTH = 512
"""Letters of a term that are kept: an index row must fit a page."""

_ADD: Mapping[tuple[str, str], Any] = {
    (dialect, table.name): module.insert(table).on_conflict_do_nothing()
    for dialect, module in (("sqlite", sqlite), ("postgresql", postgresql))
    for table in (exam_term, subject_term)
}

Term = tuple[int, str]


def add_subject_terms(act: Act, subject_pk: int, name: str) -> None:
    """Let a subject be found by its name."""
    _add(act, subject_term, [{"kind": kind, "term": term, "subject_pk": subject_pk} for kind, term in name_terms(name)])


def add_exam_terms(act: Act, exam_pk: int, row: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """Let an exam be found by what its row says, or by what it says now and did not ``before``."""
    known = set(exam_terms(before)) if before else set()
    terms = [term for term in exam_terms(row) if term not in known]
    _add(act, exam_term, [{"kind": kind, "term": term, "exam_pk": exam_pk} for kind, term in terms])


def name_terms(name: str) -> Iterator[Term]:
    """Yield the terms of a name: its groups and its words."""
    for kind, group in zip(NAME_GROUPS, name_groups(name), strict=False):
        if group:
            yield kind, group[:TERM_LENGTH]
    for word in sorted(name_words(name)):
        yield WORD, word[:TERM_LENGTH]


def exam_terms(row: Mapping[str, Any]) -> Iterator[Term]:
    """Yield the terms of an exam, of those columns that the row has."""
    for kind, column in ((MODALITY, "modalities"), (SOP_CLASS, "sop_classes")):
        for term in row.get(column, "").split(","):
            if term:
                yield kind, term
    yield from name_terms(row.get("referring_name", ""))


def _add(act: Act, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        act.connection.execute(_ADD[act.connection.dialect.name, table.name], rows)
