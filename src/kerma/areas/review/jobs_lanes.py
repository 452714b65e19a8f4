"""The job at the end of a belt timer: asked for when the timer begins, due at the moment at which it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.review.actions_lanes import refer_overdue
from kerma.areas.worklist.queries_lanes import is_overdue, lane_of_exam
from kerma.kernel import clock, jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from kerma.areas.worklist.model_lanes import ExamTimed
    from kerma.kernel.action import Act, Kernel

REFER = "review.refer_overdue"
BELT = service("belt", REFER)


def on_exam_timed(act: Act, event: ExamTimed) -> None:
    """Ask for a look at the exam at the moment at which its timer is over."""
    quiet_s = max(0.0, (clock.moment(event.answer_by) - act.at).total_seconds())
    key = f"{event.exam_pk}:{event.answer_by}"  # each timer has a request of its own, due at its own moment
    jobs.request(act, REFER, key=key, arguments={"exam_pk": event.exam_pk}, quiet_s=quiet_s)


@jobs.job(REFER, lane=jobs.PROMPT)
def refer(kernel: Kernel, *, exam_pk: int) -> None:
    """Refer an exam, or stop its belt, if nobody has decided within its timer; else nothing changes."""
    now = clock.text(kernel.clock.now())
    with kernel.database.read() as connection:
        overdue = is_overdue(lane_of_exam(connection, exam_pk), now)
    if overdue:
        refer_overdue(kernel, BELT, exam_pk=exam_pk)
