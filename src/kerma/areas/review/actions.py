"""All that changes review: recording an analysis, and deciding."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review import rules
from kerma.areas.review.model import ExamAnalysed, ExamDecided, analysis, decision
from kerma.areas.review.queries import images_digest_of
from kerma.areas.worklist import actions as worklist
from kerma.errors import Conflict, NotFound
from kerma.kernel.action import Act, action


@action("review.record_analysis")
def record_analysis(act: Act, *, exam_pk: int, images_digest: str, document: dict[str, Any]) -> int | None:
    """Keep what was measured, found and judged on an exam, once per set of images.

    Returns the id of the analysis; recording the same set of images again changes nothing. An analysis of images
    that are no longer all of the exam's is dropped (None): the one of the full set is already asked for.
    """
    # Locking the exam makes two workers with the same exam take turns, so the second one finds the first one's row.
    _exam(act, exam_pk)
    if images_digest != images_digest_of(act.connection, exam_pk):
        act.record(exam_pk=exam_pk, images_digest=images_digest, outdated=True)
        return None
    same = sa.select(analysis.c.id).where(analysis.c.exam_pk == exam_pk, analysis.c.images_digest == images_digest)
    known = act.connection.execute(same).scalar()
    if known is not None:
        act.record(analysis_id=known, known=True)
        return int(known)
    proposed = document["decision_proposed"] or ""
    values = {
        "exam_pk": exam_pk,
        "images_digest": images_digest,
        "document": document,
        "decision_proposed": proposed,
        "created_at": act.at_text,
    }
    analysis_id = int(act.connection.execute(sa.insert(analysis).values(values).returning(analysis.c.id)).scalar_one())
    act.record(exam_pk=exam_pk, analysis_id=analysis_id, images_digest=images_digest, decision_proposed=proposed)
    worklist.rank.within(act, exam_pk=exam_pk, decision_proposed=proposed)
    act.publish(ExamAnalysed(exam_pk, analysis_id))
    return analysis_id


@action("review.decide")
def decide(act: Act, *, exam_pk: int, decision_code: str, reason: str = "", supersedes: int | None = None) -> int:
    """Decide an exam as a person: security clear or refer, ndt accept or reject, medical normal or abnormal.

    Parameters
    ----------
    supersedes : id of the decision in force that the person has seen, None when none has been seen; a decision made
        meanwhile by somebody else is so never overlooked

    Raises
    ------
    Conflict
        Somebody else holds the exam, or has decided it meanwhile.
    """
    found = _exam(act, exam_pk)
    latest = act.connection.execute(
        sa.select(decision).where(decision.c.exam_pk == exam_pk).order_by(decision.c.level.desc()).limit(1)
    ).first()
    if (latest.id if latest else None) != supersedes:
        raise Conflict("somebody has decided this exam meanwhile; reload it, read that decision, then decide again")
    analysed = act.connection.execute(
        sa.select(analysis.c.id, analysis.c.decision_proposed)
        .where(analysis.c.exam_pk == exam_pk)
        .order_by(analysis.c.id.desc())
        .limit(1)
    ).first()
    decisions = act.kernel.industries[found.industry].decisions
    proposed = analysed.decision_proposed if analysed else ""
    rules.check_decision(decision_code, reason, decisions=decisions, decision_proposed=proposed)
    values = {
        "exam_pk": exam_pk,
        "analysis_id": analysed.id if analysed else None,
        "level": latest.level + 1 if latest else 1,
        "decision": decision_code,
        "reason": reason.strip(),
        "by": act.actor.key,
        "at": act.at_text,
    }
    decision_id = int(act.connection.execute(sa.insert(decision).values(values).returning(decision.c.id)).scalar_one())
    # The reason is free text and may name a person: the ledger holds its hash, the decision row the words.
    act.record(exam_pk=exam_pk, decision_id=decision_id, decision=decision_code, level=values["level"])
    act.record(reason_sha256=rules.text_digest(values["reason"]), supersedes=supersedes)
    worklist.close.within(act, exam_pk=exam_pk, decision=decision_code)
    act.publish(ExamDecided(exam_pk, decision_id))
    return decision_id


def _exam(act: Act, exam_pk: int) -> sa.Row[Any]:
    statement = sa.select(exam.c.id, exam.c.industry).where(exam.c.id == exam_pk).with_for_update()
    found = act.connection.execute(statement).first()
    if found is None:
        raise NotFound(f"there is no exam {exam_pk}")
    return found
