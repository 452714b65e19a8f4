"""An exam whose belt timer is over is referred by software; a lane is told what the last to decide has decided."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review.model import ExamAnalysed, ExamDecided, ExamReferred, decision
from kerma.areas.review.queries import current
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist import actions_lanes as lanes
from kerma.areas.worklist import queries_lanes
from kerma.areas.worklist.model import CLOSED, item
from kerma.areas.worklist.model_lanes import DECIDED, TIMED_OUT
from kerma.areas.worklist.rules_lanes import STOP, decision_at_time_out
from kerma.errors import NotFound
from kerma.kernel.action import Act, action
from kerma.kernel.sight import WHOLE

REASON = "[TIMEOUT] nobody decided within the belt timer"
"""What software writes as its reason, after the code of ``kerma_security/reasons``."""


@action("review.refer_overdue")
def refer_overdue(act: Act, *, exam_pk: int) -> int | None:
    """Refer an exam whose belt timer is over, or have its belt stopped first where the lane is set so.

    Returns the id of the decision; None where somebody has decided meanwhile, or where the belt was stopped.

    Raises
    ------
    NotFound
        There is no such exam.
    """
    # The same lock as a person's decision takes: of both at one moment the second finds what the first has done.
    locked = sa.select(exam.c.id, exam.c.industry).where(exam.c.id == exam_pk).with_for_update()
    found = act.connection.execute(locked).first()
    if found is None:
        raise NotFound(f"there is no exam {exam_pk}")
    act.record(exam_pk=exam_pk)
    timed = queries_lanes.lane_of_exam(act.connection, exam_pk)
    code = decision_at_time_out(found.industry)
    if timed is None or code is None or not queries_lanes.is_overdue(timed, act.at_text):
        act.record(outdated=True)
        return None
    if timed["at_time_out"] == STOP and not timed["is_stopped"]:
        lanes.stop(act, timed)
        return None
    decision_id = _decide(act, exam_pk, code)
    lanes.answer(act, exam_pk, code, TIMED_OUT)
    lanes.free(act, exam_pk)
    worklist.close.within(act, exam_pk=exam_pk, decision=code)
    act.publish(ExamReferred(exam_pk, decision_id))
    return decision_id


def _decide(act: Act, exam_pk: int, code: str) -> int:
    known = current(act.connection, exam_pk, WHOLE)
    last = act.connection.scalar(sa.select(sa.func.max(decision.c.level)).where(decision.c.exam_pk == exam_pk))
    values = {
        "exam_pk": exam_pk,
        "analysis_id": known.analysis_id if known else None,
        "judgement_id": None,
        "level": int(last or 0) + 1,
        "stage": act.connection.scalar(sa.select(item.c.stage).where(item.c.exam_pk == exam_pk)) or "",
        "decision": code,
        "reason": REASON,
        "by": act.actor.key,
        "at": act.at_text,
    }
    decision_id = int(act.connection.execute(sa.insert(decision).values(values).returning(decision.c.id)).scalar_one())
    act.record(decision_id=decision_id, decision=code, level=values["level"], reason=REASON)
    return decision_id


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Tell the lane of an exam what a person has decided; where somebody decides after them, its timer runs on."""
    if queries_lanes.lane_of_exam(act.connection, event.exam_pk) is None:
        return
    closed = sa.select(item.c.decision).where(item.c.exam_pk == event.exam_pk, item.c.state == CLOSED)
    said = act.connection.scalar(closed)
    if said:
        lanes.answer(act, event.exam_pk, said, DECIDED)


def on_exam_analysed(act: Act, event: ExamAnalysed) -> None:
    """See that what the analysis proposes does not put an exam off beyond its belt timer."""
    lanes.hasten(act, event.exam_pk)
