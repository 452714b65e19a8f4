"""Recalls: what is found later sends the earlier exams of a welder, lot or owner back to be read again."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review import queries_recall, rules, rules_recall, rules_talk
from kerma.areas.review.actions_talk import demand_person
from kerma.areas.review.model_recall import recall, recall_exam
from kerma.areas.review.rules_recall import MOST, Lot
from kerma.areas.worklist.actions import reopen
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.sight import sight_of


@action("review.view_recalls")
def view_recalls(act: Act, *, about: str = "") -> None:
    """See the exams of a welder, lot or owner, recalls, and how far they have come."""
    act.record(list="recalls", about_sha256=rules.text_digest(about))


@action("review.recall_exams")
def recall_exams(act: Act, *, lot: Lot, reason: str, expected: int, exam_pk: int | None = None) -> int:
    """Recall the decided exams of a welder, lot or owner, so that they are read again.

    Parameters
    ----------
    expected : how many exams the person has been told it would be
    exam_pk : the exam whose finding asks for it, if any

    Raises
    ------
    Conflict
        It would be other exams than the person has been told, or none.
    WrongUsage
        It would be too many at once.
    """
    demand_person(act, "recall exams")
    lot, words = rules_recall.checked_lot(lot), rules_talk.checked(reason, "the reason")
    if exam_pk is not None and not _is_known(act, exam_pk):
        raise NotFound(f"there is no exam {exam_pk}")
    # Locked first, in one order: no decision comes between looking and recalling.
    every, _ = queries_recall.exams_of_lot(act.connection, act.actor, lot)
    wanted = exam.c.id.in_([row["exam_pk"] for row in every])
    act.connection.execute(sa.select(exam.c.id).where(wanted).order_by(exam.c.id).with_for_update()).all()
    found, is_cut = queries_recall.exams_of_lot(act.connection, act.actor, lot)
    rows = [row for row in queries_recall.to_recall(found) if row["exam_pk"] in {one["exam_pk"] for one in every}]
    if is_cut:
        raise WrongUsage(f"a recall takes at most {MOST} exams: narrow the days, and make several")
    if len(rows) != expected or not rows:
        raise Conflict(f"there are {len(rows)} exams to recall now, not {expected}: look at them again")
    values = {"kind": lot.kind, "value": lot.value, "since": lot.since, "until": lot.until, "reason": words}
    values |= {"exam_pk": exam_pk, "by": act.actor.key, "at": act.at_text}
    recall_id = int(act.connection.execute(sa.insert(recall).values(values).returning(recall.c.id)).scalar_one())
    for row in sorted(rows, key=lambda one: int(one["exam_pk"])):
        recall_exam_again.within(act, recall_id=recall_id, exam_pk=row["exam_pk"], decision_id=row["now_id"])
    act.record(recall_id=recall_id, kind=lot.kind, value_sha256=rules.text_digest(lot.value), exams=len(rows))
    act.record(reason_sha256=rules.text_digest(words), exam_pk=exam_pk)
    return recall_id


@action("review.recall_exam")
def recall_exam_again(act: Act, *, recall_id: int, exam_pk: int, decision_id: int) -> None:
    """Put one exam of a recall back on the list."""
    row = {"recall_id": recall_id, "exam_pk": exam_pk, "decision_id": decision_id}
    act.connection.execute(sa.insert(recall_exam).values(row))
    reopen(act, exam_pk)
    act.record(**row)


def _is_known(act: Act, exam_pk: int) -> bool:
    found = act.connection.scalar(sa.select(exam.c.id).where(exam.c.id == exam_pk))
    return found is not None and sight_of(act.connection, act.actor, exam_pk).people
