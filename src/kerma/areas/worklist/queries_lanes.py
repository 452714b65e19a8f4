"""Reading lanes, pools and what became of the exams of lanes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, series, subject
from kerma.areas.equipment.rules_quality import UNNAMED, machine_of
from kerma.areas.worklist.model import CLAIMED, item, screen_time
from kerma.areas.worklist.model_lanes import TIMED_OUT, WAITS, exam_lane, lane, lane_result, pool_member
from kerma.areas.worklist.rules_lanes import HOLD, MEDIAN, NEARLY_ALL, quantile
from kerma.kernel import clock
from kerma.kernel.action import Actor
from kerma.kernel.in_force import InForce
from kerma.kernel.prepared import Prepared

LOOKED_BACK_S = 3600
ACTIVE_S = 120
AT_ONCE = 100
"""So many results are handed to a lane at once."""

_LANES = InForce(lane, "name")
_MEMBERS = InForce(pool_member, "person", "pool")


def lanes(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the lanes in force, by name."""
    return _LANES.rows(connection)


def members(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return who reads for which pool."""
    return _MEMBERS.rows(connection)


def pools_of(connection: sa.Connection, person: str) -> set[str]:
    """Return the pools that a person reads for; none is everything."""
    return {row["pool"] for row in _MEMBERS.rows(connection, person=person)}


def of_other_pools(connection: sa.Connection, actor: Actor, exam_pks: Sequence[int]) -> set[int]:
    """Return those of some exams that are not of the actor's pools; none of them where the actor is in no pool."""
    pools = pools_of(connection, actor.key)
    if not pools:
        return set()
    own = sa.select(exam_lane.c.exam_pk).where(exam_lane.c.exam_pk.in_(exam_pks), exam_lane.c.pool.in_(sorted(pools)))
    return set(exam_pks) - set(connection.scalars(own))


def machines_of(connection: sa.Connection, exam_pk: int) -> set[str]:
    """Return every name that the machine of an exam goes by: the station, and the name that control charts have."""
    columns = (series.c[name] for name in MACHINE)
    found = connection.execute(sa.select(*columns).where(series.c.exam_pk == exam_pk)).mappings().all()
    return machines_among(dict(row) for row in found)


MACHINE = ("station", "model", "manufacturer", "serial_number")
"""What of a series says which machine made it."""


def machines_among(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return every name that the machine of some series goes by."""
    found = [{name: str(row[name]) for name in MACHINE} for row in rows]
    return ({machine_of(row) for row in found} | {row["station"] for row in found}) - {UNNAMED}


def lane_of_exam(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return from which lane an exam came and what it was told; None for an exam of no lane."""
    found = _LANE_OF_EXAM.first(connection, {"exam": exam_pk})
    return found and found | {"is_stopped": bool(found["is_stopped"])}


_LANE_OF_EXAM = Prepared(sa.select(exam_lane).where(exam_lane.c.exam_pk == sa.bindparam("exam")))


def is_overdue(row: dict[str, Any] | None, now: str) -> bool:
    """Return whether the timer of an exam that waits for its answer is over.

    Parameters
    ----------
    now : moment as it is stored
    """
    return row is not None and row["how"] == WAITS and bool(row["answer_by"]) and row["answer_by"] <= now


def is_known(connection: sa.Connection, name: str) -> bool:
    """Return whether there is or was a lane of a name: one that was ended still gets the last of its results."""
    return connection.scalar(sa.select(lane.c.id).where(lane.c.name == name).limit(1)) is not None


def results(connection: sa.Connection, name: str, after: int) -> list[dict[str, Any]]:
    """Return what a lane is told after a number, in order; exams deleted meanwhile are left out."""
    columns = (lane_result.c.number, lane_result.c.does, lane_result.c.decision, lane_result.c.how, lane_result.c.at)
    about = (exam.c.uid.label("exam_uid"), exam.c.accession, subject.c.subject_id)
    statement = sa.select(*columns, *about).select_from(lane_result.join(exam).join(subject))
    statement = statement.where(lane_result.c.lane == name, lane_result.c.number > after)
    return _rows(connection, statement.order_by(lane_result.c.number).limit(AT_ONCE))


def lane_figures(connection: sa.Connection, now: datetime) -> dict[str, dict[str, Any]]:
    """Return by lane what waits, the last result, and time-outs and answer times in seconds of the last hour."""
    found: dict[str, dict[str, Any]] = {}
    for name, rows in _by(waiting(connection), "lane").items():
        found.setdefault(name, {})["waiting"] = rows
    since = clock.text(now - timedelta(seconds=LOOKED_BACK_S))
    recent = _rows(connection, sa.select(exam_lane).where(exam_lane.c.result_at >= since))
    for name, rows in _by(recent, "lane").items():
        times = [(clock.moment(row["result_at"]) - clock.moment(row["arrived_at"])).total_seconds() for row in rows]
        found.setdefault(name, {}).update(
            answered=len(rows),
            time_outs=sum(row["how"] == TIMED_OUT for row in rows),
            p50_s=quantile(times, MEDIAN),
            p95_s=quantile(times, NEARLY_ALL),
        )
    last = sa.select(sa.func.max(lane_result.c.id)).where(lane_result.c.does != HOLD).group_by(lane_result.c.lane)
    for row in _rows(connection, sa.select(lane_result).where(lane_result.c.id.in_(last))):
        found.setdefault(row["lane"], {})["last"] = row
    return found


def waiting(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the exams of lanes that wait for their answer, the oldest first."""
    statement = sa.select(exam_lane).where(exam_lane.c.how == WAITS)
    return _rows(connection, statement.order_by(exam_lane.c.arrived_at, exam_lane.c.exam_pk))


def active(connection: sa.Connection, now: datetime) -> set[str]:
    """Return the actor keys of those who claimed or decided something in the last minutes."""
    since = clock.text(now - timedelta(seconds=ACTIVE_S))
    claimed = sa.select(item.c.claimed_by).where(item.c.state == CLAIMED, item.c.claimed_at >= since)
    read = sa.select(screen_time.c.person).where(screen_time.c.last_at >= since)
    found = {*connection.scalars(claimed), *connection.scalars(read)}
    return {key for key in found if key.startswith("person:")}


def _by(rows: Sequence[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement).mappings()]
