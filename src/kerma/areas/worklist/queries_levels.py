"""Reading what a site has settled of its worklist: service levels, readers, skills, breaks; and who was told what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.worklist import rules_levels
from kerma.areas.worklist.model import (
    CLAIMED,
    HELD,
    WAITING,
    break_rule,
    item,
    late_notice,
    reader,
    screen_time,
    service_level,
    skill_needed,
)
from kerma.areas.worklist.rules_levels import Level
from kerma.areas.worklist.rules_next import BreakRule, Reader, ScreenTime, break_rule_of
from kerma.areas.worklist.rules_next import screen_time as stands
from kerma.kernel import clock
from kerma.kernel.in_force import InForce
from kerma.kernel.prepared import Prepared

OPEN = (WAITING, CLAIMED, HELD)
TRIED_DAYS = 30
AT_ONCE = 500
"""So many items are tended in one round; the next round follows within seconds."""


_LEVELS = InForce(service_level, "industry", "urgency")
_SKILLS = InForce(skill_needed, "industry", "modality", "skill")
_BREAKS = InForce(break_rule, "industry")
_READERS = InForce(reader, "person")


def levels(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the service levels that the site has in force."""
    return _LEVELS.rows(connection)


def promised(connection: sa.Connection, industry: str, urgency: str) -> Level:
    """Return the service level of exams of an industry and urgency.

    Raises
    ------
    OutsideTable
        Neither the site nor Kerma's table has one for the industry.
    """
    return rules_levels.level_of(industry, urgency, _LEVELS.rows(connection, industry=industry))


def skills_needed(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return which skills exams ask for."""
    return _SKILLS.rows(connection)


def break_rules(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the rules of screen time that the site has in force."""
    return _BREAKS.rows(connection)


def readers(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return what each person is handed, of those for whom anything was set."""
    return _READERS.rows(connection)


def reader_of(connection: sa.Connection, person: str) -> Reader:
    """Return what a person is handed; everything where nobody has set anything."""
    rows = _READERS.rows(connection, person=person)
    return reader_from(rows[0]) if rows else Reader()


def reader_from(row: Mapping[str, Any]) -> Reader:
    """Return a row as the rules take it."""
    lists = {name: tuple(row[name]) for name in ("industries", "modalities", "skills")}
    return Reader(**lists, most_claimed=int(row["most_claimed"]))


def screen_time_of(
    connection: sa.Connection, person: str, industry: str, now: datetime
) -> tuple[BreakRule, ScreenTime]:
    """Return the rule of an industry and how a person stands to it."""
    rule = break_rule_of(industry, break_rules(connection))
    row = _SCREEN_TIME.first(connection, {"person": person, "industry": industry})
    if row is None:
        return rule, stands(rule, now, now - timedelta(days=1), now)
    return rule, stands(rule, clock.moment(row["began_at"]), clock.moment(row["last_at"]), now)


_SCREEN_TIME = Prepared(
    sa.select(screen_time.c.began_at, screen_time.c.last_at).where(
        screen_time.c.person == sa.bindparam("person"), screen_time.c.industry == sa.bindparam("industry")
    )
)


def fallen(connection: sa.Connection, now: datetime) -> list[tuple[int, str]]:
    """Return items whose claim has expired or whose time of being held back is over, with their state."""
    text = clock.text(now)
    expired = sa.and_(item.c.state == CLAIMED, item.c.claim_until != "", item.c.claim_until <= text)
    resumed = sa.and_(item.c.state == HELD, item.c.held_until != "", item.c.held_until <= text)
    statement = sa.select(item.c.id, item.c.state).where(sa.or_(expired, resumed)).limit(AT_ONCE)
    return [(row.id, row.state) for row in connection.execute(statement)]


def due_for_notice(connection: sa.Connection, now: datetime) -> list[int]:
    """Return items of which somebody is to be told now, those that wait longest for it first."""
    statement = sa.select(item.c.id).where(item.c.notice_at != "", item.c.notice_at <= clock.text(now))
    return list(connection.scalars(statement.order_by(item.c.notice_at).limit(AT_ONCE)))


def tried(connection: sa.Connection, industry: str, urgency: str, level: Level, now: datetime) -> dict[str, int]:
    """Return how many exams of the last days were decided in time, and how many would have been by another level."""
    since = clock.text(now - timedelta(days=TRIED_DAYS))
    columns = (item.c.queued_at, item.c.due_at, item.c.closed_at)
    where = (item.c.industry == industry, item.c.urgency == urgency, item.c.queued_at >= since)
    rows = connection.execute(sa.select(*columns).where(*where)).all()
    decided = [row for row in rows if row.closed_at]
    promised = timedelta(seconds=level.due_in_s)
    then = [row for row in decided if clock.moment(row.closed_at) <= clock.moment(row.queued_at) + promised]
    in_time = sum(row.closed_at <= row.due_at for row in decided)
    return {"exams": len(rows), "decided": len(decided), "in_time_now": in_time, "in_time_then": len(then)}


def notices(connection: sa.Connection, *, is_open: bool, limit: int = 200) -> list[dict[str, Any]]:
    """Return who was told of which exam, the newest first; only those of open exams that nobody has acknowledged."""
    columns = (item.c.exam_pk, item.c.industry, item.c.urgency, item.c.state, subject.c.subject_id, exam.c.description)
    joined = late_notice.join(item, late_notice.c.item_id == item.c.id).join(exam, item.c.exam_pk == exam.c.id)
    statement = sa.select(late_notice, *columns).select_from(joined.join(subject, exam.c.subject_pk == subject.c.id))
    if is_open:
        statement = statement.where(
            late_notice.c.acknowledged_at == "", late_notice.c.step > rules_levels.WARNED, item.c.state.in_(OPEN)
        )
    return _rows(connection, statement.order_by(late_notice.c.id.desc()).limit(limit))


def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement).mappings()]
