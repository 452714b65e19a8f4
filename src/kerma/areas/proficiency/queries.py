"""Reading what threat image projection knows, and what of an exam a reader sees by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, series
from kerma.areas.proficiency.model import OPEN, PREPARING, tip_answer, tip_exam, tip_plan, tip_threat
from kerma.areas.proficiency.rules import INDUSTRY, Answer
from kerma.areas.review.queries_reading import facts_of, sees_all
from kerma.areas.review.rules_reading import OPEN as READ_OPENLY
from kerma.areas.review.rules_reading import SECOND_READER, Policy
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import Listing, Rules, Sight

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST_TRIED = 500
"""Exams that a dry run looks back over."""
_MANY = 500
UNDECIDED = sa.or_(tip_exam.c.state == PREPARING, tip_exam.c.state == OPEN)
"""The clause for exams that are read under a plan now; unlike "not ended" it is found by the index."""
_ANY_OPEN = Prepared(sa.select(tip_exam.c.id).where(UNDECIDED).limit(1))
_ANY_PLAN = Prepared(sa.select(tip_plan.c.id).limit(1))


class TipRules:
    """What of an exam an actor may see (``kernel.sight.Rules``): less than other rules say, until it is decided.

    Whoever sees everything sees the images as they came. An exam that is to be read in a way of its own (blind, twice,
    or before software) is not read under a plan: what was answered to projected images would count as a read.
    """

    def __init__(self, others: Rules) -> None:
        self.others = others

    def sights(self, connection: sa.Connection, actor: Actor, exam_pks: Iterable[int]) -> Mapping[int, Sight]:
        """Return what the actor may see of each exam."""
        found = self.others.sights(connection, actor, exam_pks)
        if sees_all(actor) or _ANY_OPEN.scalar(connection, {}) is None:
            return found
        under = _undecided(connection, list(found))
        policies = facts_of(connection, under)
        return {
            pk: replace(sight, algorithm=False, originals=False)
            if pk in under and (pk not in policies or _is_plain(policies[pk].policy))
            else sight
            for pk, sight in found.items()
        }

    def hides_anything(self, connection: sa.Connection) -> bool:
        """Return whether anything is hidden from anybody."""
        return self.others.hides_anything(connection) or _ANY_OPEN.scalar(connection, {}) is not None

    def listing(self, connection: sa.Connection, actor: Actor) -> Listing:
        """Return how the worklist must look for the actor: exams of a plan come onto it once their pixels are made."""
        listing = self.others.listing(connection, actor)
        if sees_all(actor) or _ANY_PLAN.scalar(connection, {}) is None:
            return listing
        made = sa.select(tip_exam.c.exam_pk).where(tip_exam.c.state == PREPARING)
        unranked = listing.unranked | ({INDUSTRY} if plans(connection) else frozenset())
        if _ANY_OPEN.scalar(connection, {}) is not None:
            unranked |= {INDUSTRY}
        return replace(listing, unranked=unranked, left_out=(*listing.left_out, exam.c.id.in_(made)))


def not_ready(connection: sa.Connection, actor: Actor, exam_pks: Sequence[int]) -> set[int]:
    """Return those of some exams whose images are still made ready: they are handed to nobody who is to read them."""
    if sees_all(actor) or _ANY_OPEN.scalar(connection, {}) is None:
        return set()
    statement = sa.select(tip_exam.c.exam_pk).where(tip_exam.c.exam_pk.in_(exam_pks), tip_exam.c.state == PREPARING)
    return set(connection.scalars(statement))


def _is_plain(policy: Policy) -> bool:
    return policy.reading == READ_OPENLY and policy.algorithm != SECOND_READER


def _undecided(connection: sa.Connection, exam_pks: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(exam_pks), _MANY):
        some = exam_pks[start : start + _MANY]
        statement = sa.select(tip_exam.c.exam_pk).where(tip_exam.c.exam_pk.in_(some), UNDECIDED)
        found.update(connection.scalars(statement))
    return found


def plans(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the plans in force, by station."""
    if _ANY_PLAN.scalar(connection, {}) is None:  # every arrival asks, and most sites project nothing
        return []
    last = sa.select(sa.func.max(tip_plan.c.id)).group_by(tip_plan.c.station)
    statement = sa.select(tip_plan).where(tip_plan.c.id.in_(last), sa.not_(tip_plan.c.is_ended))
    return [dict(row) for row in connection.execute(statement.order_by(tip_plan.c.station)).mappings()]


def plan_by_id(connection: sa.Connection, plan_id: int) -> dict[str, Any]:
    """Return a plan, in force or not."""
    return dict(connection.execute(sa.select(tip_plan).where(tip_plan.c.id == plan_id)).mappings().one())


def uid_of(connection: sa.Connection, exam_pk: int) -> str:
    """Return the UID of an exam."""
    return str(connection.scalar(sa.select(exam.c.uid).where(exam.c.id == exam_pk)))


def station_of(connection: sa.Connection, exam_pk: int) -> str:
    """Return the name of the scanner an exam came from, as its first series says it."""
    statement = sa.select(series.c.station).where(series.c.exam_pk == exam_pk).order_by(series.c.id).limit(1)
    return connection.scalar(statement) or ""


def threats(connection: sa.Connection, *, retired: bool = False) -> list[dict[str, Any]]:
    """Return the threats of the library, by category and name; also those that are no longer used where asked for."""
    statement = sa.select(tip_threat).order_by(tip_threat.c.category, tip_threat.c.name, tip_threat.c.id)
    if not retired:
        statement = statement.where(tip_threat.c.retired_at == "")
    return [dict(row) for row in connection.execute(statement).mappings()]


def threat_by_id(connection: sa.Connection, threat_id: int) -> dict[str, Any] | None:
    """Return a threat of the library, or None."""
    found = connection.execute(sa.select(tip_threat).where(tip_threat.c.id == threat_id)).mappings().first()
    return dict(found) if found else None


def exam_under_plan(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the row of an exam that came while a plan was in force, or None."""
    found = connection.execute(sa.select(tip_exam).where(tip_exam.c.exam_pk == exam_pk)).mappings().first()
    return dict(found) if found else None


def is_open(row: Mapping[str, Any] | None) -> bool:
    """Return whether an exam is read under a plan now."""
    return row is not None and row["state"] == OPEN


def told(connection: sa.Connection, person: str, exam_pk: int) -> dict[str, Any] | None:
    """Return what a person answered to a threat projected into an exam, with the threat and where it was."""
    statement = (
        sa.select(tip_answer.c.id, tip_answer.c.result, tip_answer.c.at, tip_answer.c.seconds)
        .add_columns(tip_threat.c.name, tip_threat.c.words, tip_threat.c.category, tip_exam.c.places)
        .join_from(tip_answer, tip_exam, tip_answer.c.tip_exam_id == tip_exam.c.id)
        .join(tip_threat, tip_answer.c.threat_id == tip_threat.c.id)
        .where(tip_exam.c.exam_pk == exam_pk, tip_answer.c.person == person)
        .order_by(tip_answer.c.id.desc())
    )
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None


def answers(connection: sa.Connection, after: str, before: str) -> list[Answer]:
    """Return the answers of a span of time."""
    columns = (tip_answer.c.person, tip_answer.c.result, tip_answer.c.category, tip_answer.c.seconds)
    statement = sa.select(*columns).where(tip_answer.c.at >= after, tip_answer.c.at < before).order_by(tip_answer.c.id)
    return [Answer(**row) for row in connection.execute(statement).mappings()]


def last_exams(connection: sa.Connection, station: str) -> list[str]:
    """Return the UIDs of the last exams of a scanner, or of all, the newest first."""
    statement = sa.select(exam.c.uid).where(exam.c.industry == INDUSTRY).order_by(exam.c.id.desc()).limit(MOST_TRIED)
    if station:
        of_station = sa.select(series.c.exam_pk).where(series.c.station == station)
        statement = statement.where(exam.c.id.in_(of_station))
    return list(connection.scalars(statement))
