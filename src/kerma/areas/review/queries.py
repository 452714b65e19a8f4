"""Reading analyses and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.queries import images_of_exam
from kerma.areas.review import queries_judge, rules
from kerma.areas.review.model import analysis, decision
from kerma.areas.review.model_reading import reading
from kerma.areas.review.queries_declaration import newest_id
from kerma.areas.review.rules_reading import FIRST
from kerma.areas.worklist.queries_flow import awaited_stage
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import WHOLE, Sight


@dataclass(frozen=True)
class Current:
    """What is known of an exam now: the newest analysis, with a person's findings and judgement laid over it."""

    document: dict[str, Any]
    """As one element of ``exams`` in ``result.json``."""
    analysis_id: int
    judgement_id: int | None
    """The newest judgement of this analysis by a person; None while only software has judged."""


def current(
    connection: sa.Connection, exam_pk: int, sight: Sight, analysed: Mapping[str, Any] | None = None
) -> Current | None:
    """Return what is known of an exam now, as one may see it, or None before its first analysis.

    Parameters
    ----------
    sight : of the one who asks (``sight_of``); ``WHOLE`` for software
    analysed : the exam's newest analysis, where it has been read already
    """
    known = queries_judge.known(connection, exam_pk, sight, analysed)
    if known is None:
        return None
    judgement_id = known.newest["id"] if known.newest and known.is_of_this_analysis else None
    return Current(known.document, known.analysis_id, judgement_id)


def images_to_analyse(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return the exam's images in reading order, without its objects that have no pixels."""
    return [dict(row) for row in images_of_exam(connection, exam_pk, WHOLE) if row["kind"] == "image"]


def images_digest_of(connection: sa.Connection, exam_pk: int) -> str:
    """Return the digest of the exam's images as they are now."""
    return rules.images_digest(row["sha256"] for row in images_to_analyse(connection, exam_pk))


def latest_analysis(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the newest analysis of an exam, or None before the first."""
    statement = sa.select(analysis).where(analysis.c.exam_pk == exam_pk).order_by(analysis.c.id.desc()).limit(1)
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None


def is_analysed(connection: sa.Connection, exam_pk: int) -> bool:
    """Return whether there is any analysis of an exam yet."""
    return _ANY_ANALYSIS.scalar(connection, {"exam": exam_pk}) is not None


_ANY_ANALYSIS = Prepared(sa.select(analysis.c.id).where(analysis.c.exam_pk == sa.bindparam("exam")).limit(1))


def analysis_by_id(connection: sa.Connection, analysis_id: int) -> dict[str, Any] | None:
    """Return one analysis by its id."""
    found = connection.execute(sa.select(analysis).where(analysis.c.id == analysis_id)).mappings().first()
    return dict(found) if found else None


def analysis_of(connection: sa.Connection, exam_pk: int, images_digest: str, declaration_id: int | None) -> int | None:
    """Return the id of the analysis of exactly these images of the exam, held against this declaration; else None."""
    same = (analysis.c.exam_pk == exam_pk, analysis.c.images_digest == images_digest)
    return connection.scalar(sa.select(analysis.c.id).where(*same, analysis.c.declaration_id == declaration_id))


def is_current(connection: sa.Connection, exam_pk: int, found: Mapping[str, Any] | None) -> bool:
    """Return whether an analysis is of the exam's images, and of what is declared of its load, as they are now."""
    return (
        found is not None
        and found["images_digest"] == images_digest_of(connection, exam_pk)
        and found["declaration_id"] == newest_id(connection, exam_pk)
    )


def decisions(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[dict[str, Any]]:
    """Return every decision on an exam that one may see, the one in force first, each with how it was read.

    ``reading`` is what the table of readings has of it, without keys; None of a decision from before there were any.
    """
    statement = sa.select(decision).where(decision.c.exam_pk == exam_pk).order_by(decision.c.level.desc())
    if not sight.people:
        statement = statement.where(decision.c.by == sight.actor)
    found = [dict(row) for row in connection.execute(statement).mappings()]
    if not found:
        return []
    reads = sa.select(reading).where(reading.c.exam_pk == exam_pk).order_by(reading.c.id)
    by_decision = _by_decision([dict(row) for row in connection.execute(reads).mappings()])
    return [row | {"reading": by_decision.get(row["id"])} for row in found]


def newest_decision(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the decision in force on an exam, by whomever; None before the first."""
    return _NEWEST_DECISION.first(connection, {"exam": exam_pk})


_NEWEST_DECISION = Prepared(
    sa.select(decision).where(decision.c.exam_pk == sa.bindparam("exam")).order_by(decision.c.level.desc()).limit(1)
)


def final_decision(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the decision that a report states; None while there is none, or somebody still has to decide after it."""
    if awaited_stage(connection, exam_pk):
        return None
    return next(iter(decisions(connection, exam_pk, WHOLE)), None)


TOLD_OF_READING = (
    "opened_at", "recorded_at", "document_sha256", "algorithm", "reading", "saw_algorithm", "saw_people", "record",
)  # fmt: skip


def _by_decision(reads: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return by decision how it was read, with when its maker had recorded their first read ("" where they had not)."""
    told: dict[int, dict[str, Any]] = {}
    first: dict[str, str] = {}
    for row in reads:
        if row["kind"] == FIRST:
            first[row["person"]] = row["recorded_at"]
        if row["decision_id"] is not None:
            own = {"first_read_at": first.get(row["person"], "")}
            told[row["decision_id"]] = {name: row[name] for name in TOLD_OF_READING} | own
    return told
