"""Reading what rules would have done with the exams of the last days, and which exams nobody reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.worklist import queries_flow, queries_items, rules_items
from kerma.areas.worklist.model import item
from kerma.areas.worklist.model_items import unread_exam
from kerma.areas.worklist.rules_items import Replayed, Rules
from kerma.kernel import clock
from kerma.kernel.industry import Industry

MOST_EXAMS = 5000
"""So many exams are looked at in a dry run, the newest; more are told as left out."""
SHOWN = 200
_NAMED = exam.join(subject, exam.c.subject_pk == subject.c.id)
_NAMES = (exam.c.industry, exam.c.description, exam.c.modalities, exam.c.received_at, subject.c.subject_id)


@dataclass(frozen=True)
class DryRun:
    """What rules would have done with the exams of some days, the newest first."""

    exams: int
    is_cut: bool
    """There were more exams; only the newest were looked at."""
    made: int
    sampled: int
    unread: int
    by_rule: dict[str, int]
    """How many exams each rule took or left out; "" those that no rule took."""
    differs: int
    """How many would have an item and have none, or the other way round."""
    rows: list[dict[str, Any]]
    """Those that differ from what is first, then the newest; ``SHOWN`` at most."""


def known_words(
    connection: sa.Connection, industries: Mapping[str, Industry]
) -> tuple[dict[str, Collection[str]], dict[str, Collection[str]]]:
    """Return the stages of the flow in force and the decisions there are, by industry."""
    stages = {name: [one.stage for one in queries_flow.flow_in_force(connection, name)] for name in industries}
    return dict(stages), {name: list(one.decisions) for name, one in industries.items()}


def dry_run(connection: sa.Connection, rules: Rules, days: int, now: datetime) -> DryRun:
    """Return what rules would have made of the exams that arrived in the last days; nothing is written.

    Orders, scores and decisions count as they are known now. The draws are those of the set in force.
    """
    since = clock.text(now - timedelta(days=days))
    statement = sa.select(exam.c.id, item.c.id.label("item_id")).outerjoin(item, item.c.exam_pk == exam.c.id)
    statement = statement.where(exam.c.received_at >= since).order_by(exam.c.id.desc()).limit(MOST_EXAMS + 1)
    found = connection.execute(statement).all()
    there = {row.id: row.item_id is not None for row in found[:MOST_EXAMS]}
    seed = queries_items.rules_in_force(connection).seed
    facts = queries_items.facts_of(connection, list(there), rules)
    done = [rules_items.replay(rules, facts[exam_pk], seed) for exam_pk in there]
    differing = [one for one in done if one.is_made != there[one.exam_pk]]
    shown = [*differing, *(one for one in done if one.is_made == there[one.exam_pk])][:SHOWN]
    return DryRun(
        exams=len(done),
        is_cut=len(found) > MOST_EXAMS,
        made=sum(one.is_made for one in done),
        sampled=sum(one.is_sampled for one in done),
        unread=sum(not one.is_made for one in done),
        by_rule=dict(Counter(one.rule for one in done)),
        differs=len(differing),
        rows=_named(connection, shown, there),
    )


def _named(connection: sa.Connection, shown: list[Replayed], there: Mapping[int, bool]) -> list[dict[str, Any]]:
    statement = sa.select(exam.c.id, *_NAMES).select_from(_NAMED)
    statement = statement.where(exam.c.id.in_([one.exam_pk for one in shown]))
    names = {row["id"]: dict(row) for row in connection.execute(statement).mappings()}
    return [
        {
            **{key: value for key, value in names[one.exam_pk].items() if key != "id"},
            "exam_pk": one.exam_pk,
            "rule": one.rule,
            "asked": one.asked,
            "is_made": one.is_made,
            "is_sampled": one.is_sampled,
            "is_there": there[one.exam_pk],
        }
        for one in shown
    ]


def unread_counts(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return how many exams nobody reads, by industry and by the rule that left them out ("": no rule took them)."""
    key = (unread_exam.c.industry, unread_exam.c.rule)
    statement = sa.select(*key, sa.func.count().label("exams")).group_by(*key).order_by(*key)
    return [dict(row) for row in connection.execute(statement).mappings()]


def unread(connection: sa.Connection, *, rule: str | None = None, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Return exams that nobody reads, the last that was asked about first; of one rule, or of all."""
    statement = sa.select(unread_exam, *(one for one in _NAMES if one.name != "industry")).select_from(
        unread_exam.join(_NAMED, unread_exam.c.exam_pk == exam.c.id)
    )
    if rule is not None:
        statement = statement.where(unread_exam.c.rule == rule)
    rows = connection.execute(statement.order_by(unread_exam.c.exam_pk.desc()).limit(limit)).mappings()
    return [dict(row) for row in rows]
