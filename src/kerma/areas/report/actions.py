"""All that changes report: keeping a proposed version, signing, and opening a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.report import rules
from kerma.areas.report.model import report
from kerma.areas.report.queries import has_report, newest_report
from kerma.areas.review.queries import decisions, images_digest_of, latest_analysis
from kerma.errors import Conflict, NotFound
from kerma.kernel import clock
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from kerma.areas.report.prepare import Basis
    from kerma.areas.report.signature import SigningKey


@action("report.keep")
def keep(act: Act, *, exam_pk: int, analysis_id: int, decision_id: int | None, pdf_sha256: str) -> int | None:
    """Keep a proposed report, once for each analysis and decision.

    Returns its id, or None when a report on the same analysis and decision exists already.
    """
    _lock(act, exam_pk)
    act.record(exam_pk=exam_pk, analysis_id=analysis_id, decision_id=decision_id)
    if has_report(act.connection, analysis_id, decision_id):
        act.record(known=True)
        return None
    values = {"exam_pk": exam_pk, "analysis_id": analysis_id, "decision_id": decision_id, "state": "proposed"}
    act.record(pdf_sha256=pdf_sha256)
    return _insert(act, values | {"pdf_sha256": pdf_sha256, "made_at": act.at_text})


@action("report.sign")
def keep_signed(
    act: Act, *, exam_pk: int, analysis_id: int, decision_id: int, pdf_sha256: str, certificate_sha256: str
) -> int:
    """Sign an exam's report: the decision in force, as a person, for good.

    Raises
    ------
    Conflict
        The exam was analysed or decided anew, or its report signed, while this one was being prepared.
    """
    _lock(act, exam_pk)
    newest = latest_analysis(act.connection, exam_pk)
    decided = next(iter(decisions(act.connection, exam_pk)), None)
    reason = rules.why_not_signable(newest_report(act.connection, exam_pk), newest, decided)
    if newest is None or decided is None or reason:
        raise Conflict(reason or "this exam cannot be signed now")
    if (newest["id"], decided["id"]) != (analysis_id, decision_id):
        raise Conflict("the exam was analysed or decided anew meanwhile: read it again, then sign")
    if newest["images_digest"] != images_digest_of(act.connection, exam_pk):
        raise Conflict("further images of this exam have arrived: wait for their analysis, decide again, then sign")
    values = {
        "exam_pk": exam_pk,
        "analysis_id": analysis_id,
        "decision_id": decision_id,
        "state": "signed",
        "pdf_sha256": pdf_sha256,
        "made_at": act.at_text,
        "signed_by": act.actor.key,
        "signed_at": act.at_text,
        "certificate_sha256": certificate_sha256,
    }
    act.record(exam_pk=exam_pk, analysis_id=analysis_id, decision_id=decision_id)
    act.record(pdf_sha256=pdf_sha256, certificate_sha256=certificate_sha256)
    return _insert(act, values)


@action("report.view")
def view(act: Act, *, exam_pk: int) -> dict[str, Any]:
    """Open an exam's report; the ledger knows who read which version."""
    found = newest_report(act.connection, exam_pk)
    if found is None:
        raise NotFound("there is no report yet: it comes right after the exam's analysis")
    act.record(exam_pk=exam_pk, report_id=found["id"], pdf_sha256=found["pdf_sha256"])
    return found


def sign(kernel: Kernel, actor: Actor, *, exam_pk: int) -> int:
    """Lay out, sign and keep the report of a decided exam; returns the report's id.

    Raises
    ------
    NotAllowed
        The permission is missing, or the actor is no person: programs do not sign.
    Conflict
        Nobody has decided the exam, or it changed meanwhile.
    """
    if not is_granted(keep_signed.name, actor.permissions):
        refuse(kernel, actor, keep_signed.name)
    if actor.kind != "person":
        refuse(kernel, actor, keep_signed.name, "only a person signs a report, not a program with a token")
    from kerma.areas.report import prepare
    from kerma.areas.report.signature import load_key

    on = prepare.basis(kernel, exam_pk)
    reason = rules.why_not_signable(on.report, on.analysis, on.decision)
    if reason or on.decision_id is None:
        raise Conflict(reason or "decide the exam first: a signature states a decision")
    key = load_key(kernel.settings.home / "keys", kernel.clock.now())
    pdf = _signed_pdf(kernel, actor, on, key)
    return keep_signed(
        kernel,
        actor,
        exam_pk=exam_pk,
        analysis_id=int(on.analysis["id"]),
        decision_id=on.decision_id,
        pdf_sha256=kernel.blobs.put(pdf),
        certificate_sha256=key.certificate_sha256,
    )


def _signed_pdf(kernel: Kernel, actor: Actor, on: Basis, key: SigningKey) -> bytes:
    from kerma.areas.report import prepare
    from kerma.areas.report.content import SignatureBlock
    from kerma.areas.report.document import build_for_signing
    from kerma.areas.report.signature import sign_pdf

    decision = on.decision or {}
    label = kernel.industries[on.exam["industry"]].decisions[decision["decision"]]
    meaning = rules.signature_meaning(label, "" if decision["by"] == actor.key else on.decided_by)
    now = kernel.clock.now()
    block = SignatureBlock(actor.name, meaning, clock.text(now), key.label)
    pdf, page, box = build_for_signing(prepare.compose(kernel, on, made_at=now, signature=block))
    return sign_pdf(pdf, key, name=actor.name, meaning=meaning, at=now, place=(page, box))


def _lock(act: Act, exam_pk: int) -> None:
    """Make two workers, or two signers, of one exam take turns."""
    if act.connection.execute(sa.select(exam.c.id).where(exam.c.id == exam_pk).with_for_update()).first() is None:
        raise NotFound(f"there is no exam {exam_pk}")


def _insert(act: Act, values: dict[str, Any]) -> int:
    return int(act.connection.execute(sa.insert(report).values(values).returning(report.c.id)).scalar_one())
