"""Reading what decides whether an exam gets an item: the rules in force, and what is known of an exam."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, series, subject
from kerma.areas.archive.rules import clean
from kerma.areas.worklist import queries_lanes, rules_items, rules_lanes
from kerma.areas.worklist.model import CLOSED, item
from kerma.areas.worklist.model_items import item_rules
from kerma.areas.worklist.model_lanes import exam_lane
from kerma.areas.worklist.model_orders import CANCELED, ordered_step
from kerma.areas.worklist.model_ups import CANCELED as UPS_CANCELED
from kerma.areas.worklist.model_ups import workitem
from kerma.areas.worklist.rules_items import Facts, Rules
from kerma.kernel.in_force import InForce
from kerma.kernel.prepared import Prepared

SITE_LETTERS = 64
AT_ONCE = 500
Scores = Callable[[sa.Connection, Sequence[int]], Mapping[int, float]]
SCORES: list[Scores] = []
"""Who knows the scores of analyses: an area above; filled in ``app.py``."""

_RULES = InForce(item_rules)
_INSTITUTION = Prepared(
    sa.select(series.c.institution)
    .where(series.c.exam_pk == sa.bindparam("exam"), series.c.institution != "")
    .order_by(series.c.id)
    .limit(1)
)
_ASKED = Prepared(
    sa.select(ordered_step.c.priority, ordered_step.c.language, ordered_step.c.location).where(
        ordered_step.c.study_uid == sa.bindparam("exam_uid"), ordered_step.c.state != CANCELED
    )
)


@dataclass(frozen=True)
class RuleSet:
    """The rules in force; ``rules_id`` is 0 for those that Kerma comes with."""

    rules: Rules
    rules_id: int = 0
    seed: str = ""
    set_by: str = ""
    set_at: str = ""


@dataclass(frozen=True)
class Asked:
    """What orders ask of an exam."""

    priorities: tuple[str, ...] = ()
    language: str = ""
    location: str = ""


def rules_in_force(connection: sa.Connection) -> RuleSet:
    """Return the rules by which exams get an item."""
    rows = _RULES.rows(connection)
    if not rows:
        return RuleSet(rules_items.shipped())
    row = rows[0]
    rules = tuple(rules_items.rule_of(one) for one in row["rules"])
    return RuleSet(rules, row["id"], row["seed"], row["set_by"], row["set_at"])


def asked_of(connection: sa.Connection, exam_uid: str) -> Asked:
    """Return what the orders of an exam ask."""
    rows = _ASKED.all(connection, {"exam_uid": exam_uid})
    language, location = (next((row[name] for row in rows if row[name]), "") for name in ("language", "location"))
    return Asked(tuple(row["priority"] for row in rows), language, location)


def site_of(connection: sa.Connection, exam_pk: int, asked: Asked) -> str:
    """Return the site of an exam: the institution that its images name, else its lane, else where it was ordered."""
    named = _INSTITUTION.scalar(connection, {"exam": exam_pk})
    return clean(named or _lane(connection, exam_pk) or asked.location, SITE_LETTERS)


def _lane(connection: sa.Connection, exam_pk: int) -> str:
    rows = queries_lanes.lanes(connection)
    if not rows:
        return ""
    known = queries_lanes.lane_of_exam(connection, exam_pk)
    found = known or rules_lanes.lane_of(queries_lanes.machines_of(connection, exam_pk), rows)
    return str(found["lane" if known else "name"]) if found else ""


def _lane_of(of_series: Iterable[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> str:
    found = rules_lanes.lane_of(queries_lanes.machines_among(of_series), rows) if rows else None
    return str(found["name"]) if found else ""


def needs_facts(rules: Rules) -> bool:
    """Return whether the rules ask anything: those that Kerma comes with do not, and most arrivals pay nothing."""
    return rules != rules_items.shipped()


def facts_of(connection: sa.Connection, exam_pks: Sequence[int], rules: Rules) -> dict[int, Facts]:
    """Return what the rules know of some exams; scores and earlier exams only where a rule asks for them."""
    found: dict[int, Facts] = {}
    for start in range(0, len(exam_pks), AT_ONCE):
        found |= _some_facts(connection, exam_pks[start : start + AT_ONCE], {one.trigger for one in rules})
    return found


def _some_facts(connection: sa.Connection, exam_pks: Sequence[int], triggers: set[str]) -> dict[int, Facts]:
    columns = (exam.c.id, exam.c.uid, exam.c.industry, exam.c.modalities, exam.c.description, exam.c.subject_pk)
    joined = exam.join(subject, exam.c.subject_pk == subject.c.id)
    joined = joined.outerjoin(item, item.c.exam_pk == exam.c.id)
    statement = sa.select(*columns, subject.c.subject_id, item.c.decision).select_from(joined)
    rows = connection.execute(statement.where(exam.c.id.in_(exam_pks))).all()
    names = ("exam_pk", "body_part", "protocol", "institution", *queries_lanes.MACHINE)
    of_series = _by_exam(connection, series, names, exam_pks)
    known_lanes = queries_lanes.lanes(connection)
    lanes = _lanes(connection, exam_pks)
    orders = _orders(connection, [row.uid for row in rows])
    asked_for = _workitems(connection, rows) if rules_items.ORDER in triggers else set()
    priors = _priors(connection, exam_pks) if rules_items.PRIOR in triggers else {}
    scores: Mapping[int, float] = {}
    if rules_items.SCORE in triggers and SCORES:
        scores = SCORES[0](connection, exam_pks)
    found = {}
    for row in rows:
        own, ordered = of_series.get(row.id, []), orders.get(row.uid, [])
        institution = next((one["institution"] for one in own if one["institution"]), "")
        lane = lanes.get(row.id) or _lane_of(of_series.get(row.id, []), known_lanes)
        location = next((one["location"] for one in ordered if one["location"]), "")
        numbers = [str(one["details"].get("PartNumber", "")) for one in ordered]
        found[row.id] = Facts(
            exam_pk=row.id,
            exam_uid=row.uid,
            industry=row.industry,
            site=clean(institution or lane or location, SITE_LETTERS),
            language=next((one["language"] for one in ordered if one["language"]), ""),
            modalities=_words(row.modalities.split(",")),
            kinds=_words([row.description, *(one["protocol"] for one in own)]),
            parts=_words([*(one["body_part"] for one in own), row.subject_id, *numbers]),
            lane=lane,
            is_ordered=bool(ordered) or row.id in asked_for,
            priors=tuple(priors.get(row.id, ())),
            score=scores.get(row.id),
            decision=row.decision or "",
        )
    return found


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in texts if one))


def _by_exam(
    connection: sa.Connection, things: sa.Table, names: Sequence[str], exam_pks: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    statement = sa.select(*(things.c[name] for name in names)).where(things.c.exam_pk.in_(exam_pks))
    for row in connection.execute(statement.order_by(things.c.id)).mappings():
        found[row["exam_pk"]].append(dict(row))
    return found


_ANY_LANED = Prepared(sa.select(exam_lane.c.exam_pk).limit(1))


def _lanes(connection: sa.Connection, exam_pks: Sequence[int]) -> dict[int, str]:
    if _ANY_LANED.scalar(connection, {}) is None:
        return {}
    columns = (exam_lane.c.exam_pk, exam_lane.c.lane)
    rows = connection.execute(sa.select(*columns).where(exam_lane.c.exam_pk.in_(exam_pks)))
    return {row.exam_pk: row.lane for row in rows}


def _orders(connection: sa.Connection, exam_uids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    columns = (ordered_step.c.study_uid, ordered_step.c.location, ordered_step.c.language, ordered_step.c.details)
    statement = sa.select(*columns).where(ordered_step.c.study_uid.in_(exam_uids), ordered_step.c.state != CANCELED)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(statement.order_by(ordered_step.c.id)).mappings():
        found[row["study_uid"]].append({**row, "details": json.loads(row["details"])})
    return found


def _workitems(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> set[int]:
    """Return those of some exams that a unified procedure step is about."""
    subjects = sorted({row.subject_id for row in rows} - {""})
    statement = sa.select(workitem.c.subject_id, workitem.c.document)
    known: dict[str, list[str]] = defaultdict(list)
    for one in connection.execute(
        statement.where(workitem.c.subject_id.in_(subjects), workitem.c.state != UPS_CANCELED)
    ):
        known[one.subject_id].append(one.document)
    return {row.id for row in rows if any(f'"{row.uid}"' in text for text in known.get(row.subject_id, ()))}


def _priors(connection: sa.Connection, exam_pks: Sequence[int]) -> dict[int, list[str]]:
    """Return the decisions on earlier exams of the same subjects, by exam."""
    earlier = exam.alias("earlier")
    joined = exam.join(earlier, sa.and_(earlier.c.subject_pk == exam.c.subject_pk, earlier.c.id < exam.c.id))
    joined = joined.join(item, item.c.exam_pk == earlier.c.id)
    statement = sa.select(exam.c.id, item.c.decision).select_from(joined)
    found: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(statement.where(exam.c.id.in_(exam_pks), item.c.state == CLOSED)):
        found[row.id].append(row.decision)
    return found
