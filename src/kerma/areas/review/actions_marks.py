"""A person draws, measures and calibrates on the images of an exam: each time a version, and nothing is overwritten."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.archive.queries import images_of_exam
from kerma.areas.review import queries_marks, rules
from kerma.areas.review.model import ExamMarked
from kerma.areas.review.model_marks import marks
from kerma.areas.review.rules_marks import DRAWN, NOTHING_MARKED, Marked, check, stamped
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.sight import WHOLE


@action("review.mark")
def keep_marks(act: Act, *, exam_pk: int, document: Marked, supersedes: int | None = None) -> dict[str, Any]:
    """Keep what a person has drawn, measured and calibrated on an exam, and the draft of the judgement.

    Parameters
    ----------
    supersedes : version of the person's marks that the page had before, None when it had none; what another window
        has kept meanwhile is so never lost

    Returns
    -------
    the row that is in force now; the same document sent twice is kept once

    Raises
    ------
    Conflict
        Another window of the same person has kept other marks meanwhile.
    """
    # Locking the exam makes two windows with the same exam take turns, so the second one finds the first one's row.
    if act.connection.execute(sa.select(exam.c.id).where(exam.c.id == exam_pk).with_for_update()).first() is None:
        raise NotFound(f"there is no exam {exam_pk}")
    if act.actor.kind != "person":
        raise WrongUsage("only a person marks images; what software finds is an analysis")
    rows = images_of_exam(act.connection, exam_pk, WHOLE)
    check(document, _planes(rows), {row["series_uid"] for row in rows})
    digest = rules.document_digest(document)
    before = queries_marks.newest_by(act.connection, exam_pk, act.actor.key)
    version = before["version"] if before else None
    if before and before["sha256"] == digest:
        act.record(exam_pk=exam_pk, version=version, known=True)
        return before
    if version != supersedes:
        raise Conflict("your marks on this exam were changed in another window meanwhile; choose which to keep")
    values: dict[str, Any] = {
        "exam_pk": exam_pk,
        "by": act.actor.key,
        "version": (version or 0) + 1,
        "document": stamped(document, before["document"] if before else NOTHING_MARKED, act.at_text),
        "sha256": digest,
        "at": act.at_text,
    }
    act.connection.execute(sa.insert(marks).values(values))
    counts = {name: len(document.get(name) or ()) for name in DRAWN}
    # Texts of marks may name a person: the ledger holds their hash.
    act.record(exam_pk=exam_pk, version=values["version"], supersedes=supersedes, document_sha256=digest, **counts)
    was = before["document"] if before else NOTHING_MARKED
    if any(values["document"][name] != (was.get(name) or []) for name in DRAWN):
        act.publish(ExamMarked(exam_pk))
    return values


def _planes(rows: list[dict[str, Any]]) -> dict[str, tuple[int, int, int]]:
    return {row["sha256"]: (row["planes"] or 1, row["rows"] or 0, row["columns"] or 0) for row in rows}
