"""A screening matrix for tests: lanes, readers, exams that come from a machine, and what their lanes were told."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

import exams
from kerma import app
from kerma.areas.archive.model import ExamArrived, series
from kerma.areas.review.actions_lanes import on_exam_analysed, on_exam_decided
from kerma.areas.review.jobs_lanes import on_exam_timed
from kerma.areas.review.model import ExamAnalysed, ExamDecided
from kerma.areas.worklist import actions_lanes, queries_lanes
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.model_lanes import ExamTimed
from kerma.areas.worklist.rules_lanes import Lane
from kerma.kernel.action import Act, Action, Actor, Kernel
from kerma.kernel.identity_model import person


def matrix(kernel: Kernel) -> Kernel:
    """Return the kernel with what lanes listen to, and nine people."""
    app.set_conflicts()
    listening = {
        ExamArrived: (on_exam_arrived, actions_lanes.on_exam_arrived),
        ExamTimed: (on_exam_timed,),
        ExamAnalysed: (on_exam_analysed,),
        ExamDecided: (on_exam_decided,),
    }
    made = Kernel(**{**kernel.__dict__, "subscriptions": listening})
    with made.database.write() as connection:
        for number in range(1, 10):
            row = {"login": f"p{number}", "login_folded": f"p{number}", "name": f"P {number}", "created_at": exams.AT}
            connection.execute(sa.insert(person).values(row))
    return made


def set_lane(kernel: Kernel, actor: Actor, name: str = "lane-1", **changed: Any) -> None:
    """Set a lane whose machine is called as the lane, in capitals."""
    given = {"machine": name.upper(), "pool": "north", "running_s": 10, "stopped_s": 45, "at_time_out": "refer"}
    actions_lanes.set_lane(kernel, actor, one=Lane(name=name, **(given | changed)))


def _scanned(act: Act, *, exam_pk: int, machine: str) -> None:
    """Let the images of an exam say which machine made them, and arrive."""
    of_exam = series.c.exam_pk == exam_pk
    act.connection.execute(sa.update(series).where(of_exam).values(station=machine))
    found = act.connection.execute(sa.text("SELECT uid, industry FROM exam WHERE id = :pk"), {"pk": exam_pk}).one()
    act.publish(ExamArrived(exam_pk, found.uid, found.industry, False))


scanned = Action("test.scanned", _scanned)


def bag(kernel: Kernel, actor: Actor, machine: str = "LANE-1", industry: str = "security") -> int:
    """Have the exam of a bag arrive from a machine; returns its key."""
    number, sha256 = uuid.uuid4().hex, uuid.uuid4().hex * 2
    exam_pk = exams.arrive(kernel, actor, industry=industry, subject_id=number, sha256s=(sha256,))
    scanned(kernel, actor, exam_pk=exam_pk, machine=machine)
    return exam_pk


def told(kernel: Kernel, name: str = "lane-1", after: int = 0) -> list[dict[str, Any]]:
    """Return what a lane was told after a number."""
    with kernel.database.read() as connection:
        return queries_lanes.results(connection, name, after)


def timed(kernel: Kernel, exam_pk: int) -> dict[str, Any] | None:
    """Return from which lane an exam came and how that stands."""
    with kernel.database.read() as connection:
        return queries_lanes.lane_of_exam(connection, exam_pk)
