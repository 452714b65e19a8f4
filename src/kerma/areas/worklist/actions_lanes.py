"""Lanes and pools are set; an exam of a lane gets its belt timer, and the lane its answer, once and in order."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.worklist import queries_lanes as queries
from kerma.areas.worklist import queries_levels as settled
from kerma.areas.worklist import rules_lanes, rules_levels
from kerma.areas.worklist.actions_items import UNHELD
from kerma.areas.worklist.model import CLOSED, WAITING, item
from kerma.areas.worklist.model_lanes import WAITS, ExamTimed, exam_lane, lane, lane_result, pool_member
from kerma.areas.worklist.rules_lanes import HOLD, Lane
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.identity_model import person
from kerma.kernel.in_force import settle

if TYPE_CHECKING:
    from kerma.areas.archive.model import ExamArrived
    from kerma.areas.archive.model_keeping import ExamDeleted


@action("worklist.set_lane")
def set_lane(act: Act, *, one: Lane, is_ended: bool = False) -> int:
    """Set a lane: its machine, pool, belt timers and what happens at the time-out; it holds for exams from now on.

    Raises
    ------
    WrongUsage
        A name, a time or a word makes no sense; the message says which.
    Conflict
        Another lane is this machine already.
    """
    rules_lanes.demand_lane(one)
    rows = [row for row in queries.lanes(act.connection) if row["name"] != one.name]
    same = None if is_ended else rules_lanes.lane_of([one.machine], rows)
    if same is not None:
        raise Conflict(f"lane {same['name']} is this machine already; a machine is one lane")
    values = {**asdict(one), "machine": one.machine.strip(), "pool": one.pool.strip(), "is_ended": is_ended}
    return settle(act, lane, values)


@action("worklist.set_pool_member")
def set_pool_member(act: Act, *, person_key: str, pool: str, is_ended: bool = False) -> int:
    """Say that a person reads for a pool, or no more; who is in any pool is handed exams of their pools' lanes only.

    Raises
    ------
    NotFound
        There is no such person.
    WrongUsage
        The pool is none that there can be.
    """
    kind, _, number = person_key.partition(":")
    known = kind == "person" and number.isdigit() and len(number) < len(str(2**63))
    if not known or act.connection.scalar(sa.select(person.c.id).where(person.c.id == int(number))) is None:
        raise NotFound(f"there is no person '{person_key[:64]}'")
    if not rules_lanes.is_pool(pool):
        raise WrongUsage(f"a pool is named in 1 to {rules_lanes.POOL_LETTERS} letters")
    return settle(act, pool_member, {"person": person_key, "pool": pool.strip(), "is_ended": is_ended})


@action("worklist.lane_results")
def take_results(act: Act, *, lane: str) -> None:
    """Fetch what a lane is to do with its objects, as its machine does."""
    act.record(lane=lane)


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Find the lane that an exam comes from and begin its belt timer, once; then see to its place in the list."""
    rows = queries.lanes(act.connection)
    if rows and queries.lane_of_exam(act.connection, event.exam_pk) is None:
        found = rules_lanes.lane_of(queries.machines_of(act.connection, event.exam_pk), rows)
        if found is not None and rules_lanes.decision_at_time_out(event.industry) is not None:
            _begin(act, event.exam_pk, event.industry, found)
    if rows:
        hasten(act, event.exam_pk)


def _begin(act: Act, exam_pk: int, industry: str, found: Any) -> None:
    answer_by = clock.text(act.at + timedelta(seconds=found["running_s"]))
    copied = {name: found[name] for name in ("pool", "at_time_out", "stopped_s")}
    times = {"arrived_at": act.at_text, "began_at": act.at_text, "answer_by": answer_by}
    row = {"exam_pk": exam_pk, "industry": industry, "lane": found["name"], "is_stopped": False, **copied, **times}
    act.connection.execute(sa.insert(exam_lane).values(row))
    act.record(lane=found["name"], answer_by=answer_by)
    act.publish(ExamTimed(exam_pk, answer_by))


def hasten(act: Act, exam_pk: int) -> None:
    """Let the due time of an exam that its lane waits for be no later than its belt timer."""
    timed = queries.lane_of_exam(act.connection, exam_pk)
    if timed is None or timed["how"] != WAITS or not timed["answer_by"]:
        return
    columns = (item.c.id, item.c.industry, item.c.urgency, item.c.due_at, item.c.plain_due_at)
    found = act.connection.execute(sa.select(*columns).where(item.c.exam_pk == exam_pk, item.c.state != CLOSED)).first()
    if found is None or max(found.due_at, found.plain_due_at) <= timed["answer_by"]:
        return
    level = settled.promised(act.connection, found.industry, found.urgency)
    due_at = min(found.due_at, timed["answer_by"])
    # a warning before so short a time would come with the exam itself
    notice_at = rules_levels.notice_text(replace(level, warn_before_s=0), clock.moment(due_at))
    changed = {"due_at": due_at, "plain_due_at": min(found.plain_due_at, timed["answer_by"]), "notice_at": notice_at}
    act.connection.execute(sa.update(item).where(item.c.id == found.id).values(changed))


def stop(act: Act, timed: dict[str, Any]) -> None:
    """Tell the lane of an exam to hold, and begin the timer of the belt that stands."""
    until = clock.text(act.at + timedelta(seconds=timed["stopped_s"])) if timed["stopped_s"] else ""
    changed = {"is_stopped": True, "began_at": act.at_text, "answer_by": until}
    still = (exam_lane.c.exam_pk == timed["exam_pk"], exam_lane.c.how == WAITS, sa.not_(exam_lane.c.is_stopped))
    if act.connection.execute(sa.update(exam_lane).where(*still).values(changed)).rowcount != 1:
        return
    _tell(act, timed, HOLD, "", "")
    if until:
        act.publish(ExamTimed(timed["exam_pk"], until))


def answer(act: Act, exam_pk: int, decision: str, how: str) -> None:
    """Tell the lane of an exam once what to do with the object by a decision; later decisions find it gone."""
    timed = queries.lane_of_exam(act.connection, exam_pk)
    if timed is None or timed["how"] != WAITS:
        return
    does = rules_lanes.does_of(timed["industry"], decision)
    changed = {"result": does, "result_at": act.at_text, "how": how}
    waits = (exam_lane.c.exam_pk == exam_pk, exam_lane.c.how == WAITS)
    if act.connection.execute(sa.update(exam_lane).where(*waits).values(changed)).rowcount == 1:
        _tell(act, timed, does, decision, how)


def free(act: Act, exam_pk: int) -> None:
    """Take an exam whose time is over out of the hands of whoever holds it: the belt does not wait for a claim."""
    held = (item.c.exam_pk == exam_pk, item.c.state != CLOSED)
    act.connection.execute(sa.update(item).where(*held).values(state=WAITING, **UNHELD))


def _tell(act: Act, timed: dict[str, Any], does: str, decision: str, how: str) -> None:
    """Write down the lane's next result; whoever writes for one lane takes turns, so that numbers appear in order."""
    first = sa.select(lane.c.id).where(lane.c.name == timed["lane"]).order_by(lane.c.id).limit(1)
    act.connection.execute(first.with_for_update())
    last = act.connection.scalar(
        sa.select(sa.func.max(lane_result.c.number)).where(lane_result.c.lane == timed["lane"])
    )
    number = int(last or 0) + 1
    said = {"does": does, "decision": decision, "how": how, "at": act.at_text}
    row = {"lane": timed["lane"], "number": number, "exam_pk": timed["exam_pk"], **said}
    act.connection.execute(sa.insert(lane_result).values(row))
    act.record(lane=timed["lane"], lane_does=does, lane_result=number)


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Let go of an exam; the numbers of what its lane was told stay taken."""
    act.connection.execute(sa.delete(exam_lane).where(exam_lane.c.exam_pk == event.exam_pk))
    gone = sa.update(lane_result).where(lane_result.c.exam_pk == event.exam_pk)
    act.connection.execute(gone.values(exam_pk=None))
