"""All that changes review: recording an analysis, and deciding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.equipment.actions_quality import keep_points
from kerma.areas.flagging.actions_run import ask_for_shadow, keep_runs
from kerma.areas.flagging.rules_run import Run
from kerma.areas.review import actions_reading, actions_stage, rules, rules_lots
from kerma.areas.review.actions_reading import Standing
from kerma.areas.review.model import KEYED, ExamAnalysed, ExamDecided, analysis, decision
from kerma.areas.review.model_judge import exam_lot
from kerma.areas.review.queries import Current, analysis_of, current, decisions, is_current
from kerma.areas.review.queries_judge import newest_judgement
from kerma.areas.review.rules_reading import DECISION
from kerma.areas.review.rules_reading_record import checked_record
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist.queries import holder_of
from kerma.errors import Conflict, NotFound
from kerma.kernel import projection
from kerma.kernel.action import Act, action
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import WHOLE


@action("review.record_analysis")
def record_analysis(
    act: Act,
    *,
    exam_pk: int,
    images_digest: str,
    document: dict[str, Any],
    declaration_id: int | None = None,
    runs: Sequence[Run] = (),
) -> int | None:
    """Keep what was measured, found and judged on an exam, once per set of images and declaration of its load.

    Parameters
    ----------
    declaration_id : newest row of what is declared of the load that the images were held against
    runs : what the models that are active marked, as flagging keeps it

    Returns the id of the analysis; recording the same set of images again changes nothing. An analysis of images
    that are no longer all of the exam's, or of what is no longer declared, is dropped (None): the one of what is there
    now is already asked for.
    """
    # Locking the exam makes two workers with the same exam take turns, so the second one finds the first one's row.
    _exam(act, exam_pk)
    if not is_current(act.connection, exam_pk, {"images_digest": images_digest, "declaration_id": declaration_id}):
        act.record(exam_pk=exam_pk, images_digest=images_digest, outdated=True)
        return None
    known = analysis_of(act.connection, exam_pk, images_digest, declaration_id)
    if known is not None:
        act.record(analysis_id=known, known=True)
        return known
    proposed = document["decision_proposed"] or ""
    values = {
        "exam_pk": exam_pk,
        "images_digest": images_digest,
        "declaration_id": declaration_id,
        "document": document,
        "decision_proposed": proposed,
        "created_at": act.at_text,
    }
    analysis_id = int(act.connection.execute(sa.insert(analysis).values(values).returning(analysis.c.id)).scalar_one())
    act.record(exam_pk=exam_pk, analysis_id=analysis_id, images_digest=images_digest, decision_proposed=proposed)
    if declaration_id is not None:
        act.record(declaration_id=declaration_id)
    before = newest_judgement(act.connection, exam_pk, WHOLE)
    said = before["document"]["conditions"] if before else {}
    keep_lots(act, exam_pk, rules_lots.belongs_to(document.get("technique", {}), said))
    keep_points(act, exam_pk=exam_pk, document=document)
    keep_runs(act, exam_pk, runs)
    ask_for_shadow(act, exam_pk)
    worklist.rank.within(act, exam_pk=exam_pk, decision_proposed=proposed)
    act.publish(ExamAnalysed(exam_pk, analysis_id))
    return analysis_id


@action("review.decide")
def decide(  # noqa: PLR0913 - what was seen, concluded and told of the reading are one thing to the ledger
    act: Act,
    *,
    exam_pk: int,
    decision_code: str,
    reason: str = "",
    supersedes: int | None = None,
    judgement_id: int | None = None,
    reading: Mapping[str, Any] | None = None,
    request_key: str = "",
) -> int | None:
    """Decide an exam as a person: security clear or refer, ndt accept or reject, medical normal or abnormal.

    Parameters
    ----------
    supersedes : id of the decision in force that the person has seen, None when none has been seen; a decision made
        meanwhile by somebody else is so never overlooked
    judgement_id : id of the judgement by a person that was on screen, None when there was none
    reading : how it was read, as :func:`rules_reading_record.checked_record` takes it
    request_key : what the caller calls this decision; asked again under the same key, it is made once

    Returns its id; None where the images on screen held a projected threat: then nothing is decided of the exam.

    Raises
    ------
    Conflict
        Somebody else holds the exam, or has decided or judged it meanwhile; or a read must be recorded first; or the
        key was another decision's.
    """
    industry = _exam(act, exam_pk)
    made = _made_before(act, exam_pk, decision_code, request_key)
    if made is not None:
        return made
    record = checked_record(reading)
    stand = actions_reading.standing(act, exam_pk)
    actions_reading.demand_decidable(stand, act.actor.key, reason)
    stage = actions_stage.demand_turn(act, exam_pk)
    known = _as_seen(act, stand, supersedes, judgement_id)
    possible, proposed = act.kernel.industries[industry].decisions, known.document["decision_proposed"] if known else ""
    rules.check_decision(decision_code, reason, decisions=possible, decision_proposed=proposed or "")
    if _is_answer(act, exam_pk, decision_code):
        return None
    values = {
        "exam_pk": exam_pk,
        "analysis_id": known.analysis_id if known else None,
        "judgement_id": judgement_id,
        "level": _last_level(act, exam_pk) + 1,
        "stage": stage,
        "decision": decision_code,
        "reason": reason.strip(),
        "by": act.actor.key,
        "at": act.at_text,
        "request_key": request_key,
    }
    decision_id = int(_ADD.scalar(act.connection, values))
    _record(act, values, decision_id, supersedes)
    actions_reading.keep(act, stand, known, DECISION, decision_code, decision_id=decision_id, record=record)
    worklist.close.within(act, exam_pk=exam_pk, decision=decision_code)
    act.publish(ExamDecided(exam_pk, decision_id))
    return decision_id


def _record(act: Act, values: Mapping[str, Any], decision_id: int, supersedes: int | None) -> None:
    """Record a decision. Its reason is free text and may name a person: the ledger holds a hash, the row the words."""
    told = {key: values[key] for key in ("exam_pk", "decision", "level", "analysis_id", "judgement_id")}
    reason_sha256 = rules.text_digest(values["reason"])
    act.record(decision_id=decision_id, reason_sha256=reason_sha256, supersedes=supersedes, **told)


def _is_answer(act: Act, exam_pk: int, decision_code: str) -> bool:
    """Keep the answer to a projected threat; false where the images are the exam's own, or somebody else holds it."""
    is_free = holder_of(act.connection, exam_pk) in ("", act.actor.key)  # else closing the item refuses the decision
    return is_free and projection.answered(act, exam_pk=exam_pk, decision_code=decision_code)


def _as_seen(act: Act, stand: Standing, supersedes: int | None, judgement_id: int | None) -> Current | None:
    """Return what is known of an exam, once it is what the person had on screen: the same decision and judgement."""
    latest = next(iter(decisions(act.connection, stand.exam_pk, stand.sight)), None)
    if (latest["id"] if latest else None) != supersedes:
        raise Conflict("somebody has decided this exam meanwhile; reload it, read that decision, then decide again")
    known = current(act.connection, stand.exam_pk, stand.sight)
    if (known.judgement_id if known else None) != judgement_id:
        raise Conflict("somebody has judged this exam meanwhile; reload it, read that judgement, then decide")
    return known


def keep_lots(act: Act, exam_pk: int, found: Mapping[str, str]) -> None:
    """Note to which welder, lot and owner an exam belongs; what is not said stays as it was."""
    if not found:
        return
    same = (exam_lot.c.exam_pk == exam_pk, exam_lot.c.kind.in_(found))
    act.connection.execute(sa.delete(exam_lot).where(*same))
    rows = [{"exam_pk": exam_pk, "kind": kind, "value": value} for kind, value in found.items()]
    act.connection.execute(sa.insert(exam_lot), rows)


def _made_before(act: Act, exam_pk: int, decision_code: str, request_key: str) -> int | None:
    """Return the decision that was made under this key, so that who lost the answer can ask again; None for none."""
    found = _OF_KEY.first(act.connection, {"of": act.actor.key, "key": request_key}) if request_key else None
    if found is None:
        return None
    if (found["exam_pk"], found["decision"]) != (exam_pk, decision_code):
        raise Conflict("this Idempotency-Key was used for another decision; give each decision a key of its own")
    act.record(exam_pk=exam_pk, decision_id=found["id"], known=True)
    return int(found["id"])


_OF_KEY = Prepared(
    sa.select(decision.c.id, decision.c.exam_pk, decision.c.decision).where(
        decision.c.by == sa.bindparam("of"), decision.c.request_key == sa.bindparam("key"), KEYED
    )
)


def _last_level(act: Act, exam_pk: int) -> int:
    return int(_LAST_LEVEL.scalar(act.connection, {"exam": exam_pk}) or 0)


def _exam(act: Act, exam_pk: int) -> str:
    """Lock an exam, so that who decides or analyses it takes turns; returns its industry."""
    industry = _LOCK.scalar(act.connection, {"exam": exam_pk})
    if industry is None:
        raise NotFound(f"there is no exam {exam_pk}")
    return str(industry)


_ADD = Prepared(sa.insert(decision).returning(decision.c.id))
_LAST_LEVEL = Prepared(sa.select(sa.func.max(decision.c.level)).where(decision.c.exam_pk == sa.bindparam("exam")))
_LOCK = Prepared(sa.select(exam.c.industry).where(exam.c.id == sa.bindparam("exam")).with_for_update())
