"""All that changes reports: keeping a draft, a signed version, an amendment, a co-signature; and opening a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.report import critical, marked, queries, queries_writing, rules_versions, signature_roles
from kerma.areas.report.model import report, report_signature, report_writing
from kerma.areas.report.parts import AUTHOR
from kerma.areas.report.sight import ALGORITHM, demand_stated, stated_sight
from kerma.areas.review.actions_discrepancy import keep_addendum
from kerma.areas.review.queries import current, final_decision, is_current, latest_analysis
from kerma.areas.review.rules import text_digest
from kerma.errors import Conflict, NotFound
from kerma.kernel import jobs
from kerma.kernel.action import Act, action
from kerma.kernel.sight import WHOLE, sight_of

BUILD = "report.build"
"""The job that lays a draft out."""


@dataclass(frozen=True)
class Made:
    """One signature as it was made: in which slot, the PDF with it, and what came of time stamp and qualification."""

    pdf_sha256: str
    certificate_sha256: str
    has_time_stamp: bool
    note: str
    qualification: str
    slot: str = AUTHOR


@dataclass(frozen=True)
class Version:
    """A version that was signed outside the transaction: what it rests on, states, and takes the place of."""

    rests_on: Mapping[str, Any]
    record: Mapping[str, Any]
    stated: Mapping[str, Any]
    amends_id: int | None = None
    reason: str = ""
    changes: tuple[str, ...] = ()
    discrepancy_id: int | None = None
    """The discrepancy that an amendment answers."""


@action("report.keep")
def keep(
    act: Act, *, exam_pk: int, rests_on: Mapping[str, Any], record: Mapping[str, Any], pdf_sha256: str
) -> int | None:
    """Keep a draft of a report, unless the newest version rests on the same and has the same form.

    Returns its id, or None when the newest version, draft or signed, is just that.
    """
    _lock(act, exam_pk)
    _record_basis(act, exam_pk, rests_on)
    if queries.report_on(act.connection, rests_on) is not None:
        act.record(known=True)
        return None
    act.record(pdf_sha256=pdf_sha256)
    values = {"exam_pk": exam_pk, "state": rules_versions.DRAFT, "record": dict(record), "pdf_sha256": pdf_sha256}
    return _insert(act, {**rests_on, **values, "made_at": act.at_text})


@action("report.sign")
def keep_signed(act: Act, *, exam_pk: int, version: Version, made: Made) -> int:
    """Sign an exam's report: the decision in force, as a person, for good.

    Raises
    ------
    Conflict
        The exam was analysed, judged or decided anew, or its report signed, while this one was being prepared.
    """
    return _keep_signed(act, exam_pk, version, made)


@action("report.amend")
def keep_amendment(act: Act, *, exam_pk: int, version: Version, made: Made) -> int:
    """Sign a new version in the place of a signed one, which stays, and say why.

    Raises
    ------
    Conflict
        As for signing; or another amendment was signed meanwhile.
    """
    act.record(amends_id=version.amends_id, reason_sha256=text_digest(version.reason))
    report_id = _keep_signed(act, exam_pk, version, made)
    if version.discrepancy_id is not None:
        keep_addendum(act, version.discrepancy_id, exam_pk, report_id)
    return report_id


@action("report.cosign")
def keep_co_signature(act: Act, *, exam_pk: int, report_id: int, before_sha256: str, made: Made) -> None:
    """Co-sign a signed report in a place left free for it: Level III, second reader, witness.

    Parameters
    ----------
    before_sha256 : the PDF that was signed upon; one co-signed meanwhile has another

    Raises
    ------
    Conflict
        The report was amended or co-signed meanwhile, or the place is not this person's to sign.
    """
    _lock(act, exam_pk)
    holds = queries.signed_report(act.connection, exam_pk)
    if holds is None or holds["id"] != report_id:
        raise Conflict("the report was amended meanwhile: open the newest version and co-sign that one")
    if holds["pdf_sha256"] != before_sha256:
        raise Conflict("somebody co-signed this report at the same moment: try again")
    industry = act.connection.scalar(sa.select(exam.c.industry).where(exam.c.id == exam_pk))
    signed = {one["slot"]: one["signed_by"] for one in queries.signatures_of(act.connection, report_id)}
    reason = signature_roles.why_not_co_signable(str(industry), made.slot, signed, act.actor.key)
    if reason:
        raise Conflict(reason)
    act.record(exam_pk=exam_pk, before_sha256=before_sha256)
    _insert_signature(act, report_id, made)


@action("report.draft")
def ask_for_draft(act: Act, *, exam_pk: int, template: str, language: str, record: Mapping[str, Any]) -> None:
    """Ask for a draft of the report in another kind or language, or with the values of a form."""
    _lock(act, exam_pk)
    demand_stated(act.connection, act.actor, exam_pk)
    _write(act, exam_pk, {"template": template, "language": language, "record": dict(record)})
    jobs.request(act, BUILD, key=str(exam_pk), arguments={"exam_pk": exam_pk})


@action("report.write")
def write(act: Act, *, exam_pk: int, form: Mapping[str, Any], supersedes: int | None = None) -> dict[str, Any]:
    """Keep what a person has written for the report: its kind, language, and the values of its form.

    Parameters
    ----------
    form : ``template``, ``language``, ``record``
    supersedes : version of the writing that the page had before, None when it had none; what somebody else has
        written meanwhile is so never lost

    Returns
    -------
    the row that is in force now; the same sent twice is kept once

    Raises
    ------
    Conflict
        Somebody else, or another window, has written something else meanwhile.
    """
    _lock(act, exam_pk)
    demand_stated(act.connection, act.actor, exam_pk)
    before = queries_writing.newest(act.connection, exam_pk)
    is_same = before is not None and before["sha256"] == rules_versions.form_digest(form)
    if not is_same and (before["version"] if before else None) != supersedes:
        raise Conflict("this report was written on elsewhere meanwhile; choose which words to keep")
    return _write(act, exam_pk, form)


@action("report.view")
def view(act: Act, *, exam_pk: int, report_id: int | None = None) -> dict[str, Any]:
    """Open an exam's report; the ledger knows who read which version.

    Parameters
    ----------
    report_id : the version; None for the newest
    """
    seen = queries.versions(act.connection, exam_pk, sight_of(act.connection, act.actor, exam_pk))
    if not seen:
        raise NotFound("there is no report yet: it comes right after the exam's analysis")
    wanted = seen[-1]["id"] if report_id is None else report_id
    found = queries.report_by_id(act.connection, wanted) if wanted in [one["id"] for one in seen] else None
    if found is None:
        raise NotFound(f"this exam has no report version {report_id}")
    act.record(exam_pk=exam_pk, report_id=found["id"], pdf_sha256=found["pdf_sha256"])
    return found


def _write(act: Act, exam_pk: int, form: Mapping[str, Any]) -> dict[str, Any]:
    before = queries_writing.newest(act.connection, exam_pk)
    digest = rules_versions.form_digest(form)
    given = {"exam_pk": exam_pk, "template": form["template"], "language": form["language"]}
    if before is not None and before["sha256"] == digest:
        act.record(**given, writing=before["version"], known=True)
        return before
    values = {
        **given,
        "version": before["version"] + 1 if before else 1,
        "record": dict(form["record"]),
        "sha256": digest,
        "written_by": act.actor.key,
        "written_at": act.at_text,
    }
    act.connection.execute(sa.insert(report_writing).values(values))
    # The words may name a person: the ledger holds their hash.
    act.record(**given, writing=values["version"], record_sha256=rules_versions.record_digest(form["record"]))
    return values


def _keep_signed(act: Act, exam_pk: int, version: Version, made: Made) -> int:
    _lock(act, exam_pk)
    versions = queries.versions(act.connection, exam_pk, WHOLE)
    holds = rules_versions.in_force(versions)
    if (holds["id"] if holds else None) != version.amends_id:
        raise Conflict("this report was already signed or amended by somebody else meanwhile: read that version first")
    demand_stated(act.connection, act.actor, exam_pk)
    stated = stated_sight(act.connection, exam_pk)
    known = current(act.connection, exam_pk, stated)
    decided = final_decision(act.connection, exam_pk)
    now = {
        "hides": "" if stated.algorithm else ALGORITHM,
        "analysis_id": known.analysis_id if known else None,
        "judgement_id": known.judgement_id if known else None,
        "decision_id": decided["id"] if decided else None,
        "marks_sha256": marked.digest(act.connection, exam_pk),
        "criticals_sha256": critical.digest(critical.stated(act.connection, exam_pk)),
    }
    if any(now[key] != version.rests_on[key] for key in now):
        raise Conflict("the exam was analysed, judged, marked, decided or told of meanwhile: read it again, then sign")
    if queries_writing.newest_version(act.connection, exam_pk) != version.rests_on["writing"]:
        raise Conflict("this report was written on meanwhile: read what stands there now, then sign")
    # What was written last was checked with the signer before the layout: it is what has been laid out.
    reason = rules_versions.why_not_signable(versions, version.rests_on, decided, version.rests_on["writing"])
    if reason:
        raise Conflict(reason)
    newest = latest_analysis(act.connection, exam_pk)
    if not is_current(act.connection, exam_pk, newest):
        raise Conflict("further images or another declaration came: wait for the analysis, decide again, then sign")
    values = {
        **version.rests_on,
        "exam_pk": exam_pk,
        "record": dict(version.record),
        "state": rules_versions.SIGNED,
        "pdf_sha256": made.pdf_sha256,
        "made_at": act.at_text,
        "signed_by": act.actor.key,
        "signed_at": act.at_text,
        "certificate_sha256": made.certificate_sha256,
        "stated": dict(version.stated),
        "amends_id": version.amends_id,
        "reason": version.reason,
        "changes": list(version.changes),
    }
    _record_basis(act, exam_pk, version.rests_on)
    report_id = _insert(act, values)
    _insert_signature(act, report_id, made)
    return report_id


def _lock(act: Act, exam_pk: int) -> None:
    """Make two workers, or two signers, of one exam take turns."""
    if act.connection.execute(sa.select(exam.c.id).where(exam.c.id == exam_pk).with_for_update()).first() is None:
        raise NotFound(f"there is no exam {exam_pk}")


def _record_basis(act: Act, exam_pk: int, rests_on: Mapping[str, Any]) -> None:
    act.record(exam_pk=exam_pk, **{key: value for key, value in rests_on.items() if value not in (None, "")})


def _insert(act: Act, values: dict[str, Any]) -> int:
    return int(act.connection.execute(sa.insert(report).values(values).returning(report.c.id)).scalar_one())


def _insert_signature(act: Act, report_id: int, made: Made) -> None:
    values = {
        "report_id": report_id,
        "slot": made.slot,
        "signed_by": act.actor.key,
        "signed_at": act.at_text,
        "certificate_sha256": made.certificate_sha256,
        "pdf_sha256": made.pdf_sha256,
        "has_time_stamp": made.has_time_stamp,
        "note": made.note,
        "qualification": made.qualification,
    }
    act.connection.execute(sa.insert(report_signature).values(values))
    # What entitles the signer may name a certificate of a person: the ledger holds its hash, the row the words.
    act.record(report_id=report_id, slot=made.slot, pdf_sha256=made.pdf_sha256)
    act.record(certificate_sha256=made.certificate_sha256, has_time_stamp=made.has_time_stamp)
    act.record(qualification_sha256=text_digest(made.qualification))
