"""When an exam is decided, what its reader said to the marks of models goes down to flagging, for retraining."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.flagging.actions_feedback import keep_feedback
from kerma.areas.flagging.queries_run import runs_of_exam
from kerma.areas.review import queries_judge, queries_reading, rules_feedback
from kerma.areas.review.rules_reading import FIRST, OFF
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.areas.review.model import ExamDecided
    from kerma.kernel.action import Act


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Keep what people said to the marks of models on the exam; a later decision replaces it."""
    runs = runs_of_exam(act.connection, event.exam_pk)
    if not runs:
        return
    known = queries_judge.known(act.connection, event.exam_pk, WHOLE)
    if known is None:
        return
    reads = queries_reading.readings(act.connection, event.exam_pk, WHOLE)
    first = {read["person"] for read in reads if read["kind"] == FIRST or read["algorithm"] == OFF}
    rows = rules_feedback.answers(runs, known.analysed, known.laid, first)
    keep_feedback.within(act, exam_pk=event.exam_pk, rows=rows, runs=runs)
