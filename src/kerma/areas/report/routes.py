"""The report over HTTP: its versions, their PDFs and proofs, drafts in other forms, signatures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.people.queries import name_of_actor
from kerma.areas.report import actions, queries, rules_versions, signature_roles
from kerma.areas.report import sign as signing
from kerma.areas.report.actions import BUILD
from kerma.areas.review.queries_discrepancy import awaiting_addendum
from kerma.kernel import jobs, requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["report"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class SignatureRow(BaseModel):
    """One signature of a version."""

    slot: str
    signed_by: str
    signed_by_name: str
    signed_at: str
    certificate_sha256: str
    has_time_stamp: bool
    note: str
    """Why there is no time stamp where one was wanted."""
    qualification: str


class VersionRow(BaseModel):
    """One version of the report; ``state`` is draft, signed or amended."""

    id: int
    number: int
    state: str
    template: str
    language: str
    made_at: str
    pdf_sha256: str
    amends: int | None = None
    """The number of the signed version it takes the place of."""
    reason: str = ""
    changes: list[str] = []
    signatures: list[SignatureRow] = []


class RoleRow(BaseModel):
    """A place for a signature that reports of this industry may have."""

    slot: str
    label: str


class AwaitingAddendum(BaseModel):
    """A discrepancy that an amendment is to answer."""

    id: int
    number: str
    what: str


class ReportState(BaseModel):
    """The exam's report as it stands; ``state`` is that of its newest version, "none" before the first."""

    exam_pk: int
    state: str
    version: int
    analysis_id: int | None = None
    judgement_id: int | None = None
    decision_id: int | None = None
    template: str = ""
    language: str = "en"
    pdf_sha256: str = ""
    made_at: str = ""
    signed_by: str = ""
    signed_by_name: str = ""
    signed_at: str = ""
    certificate_sha256: str = ""
    trouble: str = ""
    """Why the report as things stand now could not be laid out so far; empty while nothing went wrong."""
    versions: list[VersionRow] = []
    """Every version, the newest first."""
    roles: list[RoleRow] = []
    """Places for co-signatures, besides the author's."""
    open_slots: list[str] = []
    """Places of the signed version in force that nobody has signed yet."""
    templates: list[str] = []
    languages: dict[str, str] = {}
    has_own_key: bool = False
    """Whether the one who asks signs with a key of their own, which needs its passphrase."""
    discrepancies: list[AwaitingAddendum] = []
    """What an amendment is to answer."""


class Draft(BaseModel):
    """In which form a draft is asked for."""

    template: str = Field("", max_length=64)
    language: str = Field("en", max_length=8)
    record: dict[str, Any] | None = None
    """The values of the form; None keeps those written so far, as far as that kind takes them."""


class Sign(BaseModel):
    """What a signature needs besides the one who signs; the passphrase is used and forgotten."""

    passphrase: str = Field("", max_length=1024, repr=False)
    open_slots: list[str] = Field([], max_length=8)
    """Places for co-signatures to leave free."""
    reason: str = Field("", max_length=4000)
    """Why a signed version is amended."""
    writing: int | None = Field(default=None, ge=0)
    """Version of the writing that the signer has read in the editor; None for who signs the newest draft."""
    discrepancy_id: requests.RowNumber | None = None
    """The discrepancy that the amendment answers."""


class CoSign(BaseModel):
    """In which place a co-signature goes."""

    slot: str = Field(max_length=32)
    passphrase: str = Field("", max_length=1024, repr=False)


@router.get("/exams/{exam_pk}/report")
def report_state(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ReportState:
    """Show every version of the report and its signatures."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="report")
    return _state(kernel, actor, exam_pk)


@router.post("/exams/{exam_pk}/report/draft", status_code=202)
def draft(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, body: Draft) -> ReportState:
    """Ask for a draft of another kind or language, or with the values of a form."""
    from kerma.areas.report.prepare import Form, basis

    now = basis(kernel, exam_pk)
    industry = now.exam["industry"]
    form = now.form.carried(body.template, body.language, industry)
    if body.record is not None:
        form = Form(body.template, body.language, body.record)
    basis(kernel, exam_pk, form)
    actions.ask_for_draft(
        kernel, actor, exam_pk=exam_pk, template=form.template, language=form.language, record=form.record
    )
    return _state(kernel, actor, exam_pk)


@router.get("/exams/{exam_pk}/report.pdf", response_class=Response)
def report_pdf(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, version: int | None = None) -> Response:
    """Open the report as PDF: the newest version, or the one with this id."""
    found = actions.view(kernel, actor, exam_pk=exam_pk, report_id=version)
    headers = {
        "Content-Disposition": f'inline; filename="report-{exam_pk}-{found["id"]}.pdf"',
        "Content-Security-Policy": "sandbox; default-src 'none'; plugin-types application/pdf",
        "Cache-Control": "no-store",
    }
    return Response(kernel.blobs.get(found["pdf_sha256"]), media_type="application/pdf", headers=headers)


@router.get("/exams/{exam_pk}/report.tlog-proof", response_class=Response)
def report_proof(
    kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, version: int | None = None
) -> Response:
    """Get the proof that the signing of a version stands in the ledger; it lies beside the PDF as NAME.tlog-proof."""
    from kerma.areas.report.proof import proof_of

    found = actions.view(kernel, actor, exam_pk=exam_pk, report_id=version)
    name = f"report-{exam_pk}-{found['id']}.pdf.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(proof_of(kernel, found), media_type="text/plain; charset=utf-8", headers=headers)


@router.post("/exams/{exam_pk}/report/sign", status_code=201)
def sign(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, body: Sign | None = None) -> ReportState:
    """Sign the report of a decided exam; where a signed version exists this amends it and needs a reason."""
    given = body or Sign()
    wish = signing.Wish(given.passphrase, given.open_slots, given.reason, given.writing, given.discrepancy_id)
    signing.sign(kernel, actor, exam_pk=exam_pk, wish=wish)
    return _state(kernel, actor, exam_pk)


@router.post("/exams/{exam_pk}/report/cosign", status_code=201)
def co_sign(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, body: CoSign) -> ReportState:
    """Co-sign a signed report in a place that was left free for it."""
    signing.co_sign(kernel, actor, exam_pk=exam_pk, slot=body.slot, passphrase=body.passphrase)
    return _state(kernel, actor, exam_pk)


def _state(kernel: Kernel, actor: Actor, exam_pk: int) -> ReportState:
    from kerma.areas.archive.queries import exam_by_pk
    from kerma.areas.report.kinds import names_for
    from kerma.areas.report.language import LANGUAGES

    with kernel.database.read() as connection:
        sight = sight_of(connection, actor, exam_pk)
        trouble = jobs.trouble(connection, BUILD, str(exam_pk)) if sight.is_whole else ""
        found = queries.versions(connection, exam_pk, sight)
        rows = _rows(connection, found)
        exam = exam_by_pk(connection, exam_pk) or {"industry": ""}
        has_own_key = queries.key_in_use(connection, actor.key) is not None
        asked = awaiting_addendum(connection, actor, exam_pk)
        holds = rules_versions.in_force(found)
        free = _open_slots(kernel, queries.pdf_of(connection, holds)) if holds else []
    roles = signature_roles.roles_for(exam["industry"])
    common = {
        "exam_pk": exam_pk,
        "trouble": trouble,
        "has_own_key": has_own_key,
        "discrepancies": [AwaitingAddendum(**{key: one[key] for key in ("id", "number", "what")}) for one in asked],
        "roles": [RoleRow(slot=role.slot, label=role.label) for role in roles[1:]],
        "templates": names_for(exam["industry"]),
        "languages": dict(LANGUAGES),
        "open_slots": free,
    }
    if not found:
        return ReportState(state="none", version=0, **common)
    kept = {key: found[-1][key] for key in ReportState.model_fields if key in found[-1]}
    names = {one.signed_by: one.signed_by_name for row in rows for one in row.signatures}
    state = kept | {"state": rows[-1].state, "pdf_sha256": rows[-1].pdf_sha256} | common
    name = names.get(found[-1]["signed_by"], "")
    return ReportState(**state, version=len(found), signed_by_name=name, versions=rows[::-1])


def _rows(connection: Any, found: list[dict[str, Any]]) -> list[VersionRow]:
    numbers = {one["id"]: number for number, one in enumerate(found, start=1)}
    rows = []
    for one, state in zip(found, rules_versions.states(found), strict=True):
        signatures = queries.signatures_of(connection, one["id"]) if state != rules_versions.DRAFT else []
        shown = {
            "number": numbers[one["id"]],
            "state": state,
            "pdf_sha256": signatures[-1]["pdf_sha256"] if signatures else one["pdf_sha256"],
            "amends": numbers.get(one["amends_id"]),
            "changes": one["changes"] or [],
            "signatures": [
                SignatureRow(**each, signed_by_name=name_of_actor(connection, each["signed_by"])) for each in signatures
            ],
        }
        rows.append(VersionRow(**{key: one[key] for key in VersionRow.model_fields if key in one} | shown))
    return rows


def _open_slots(kernel: Kernel, pdf_sha256: str) -> list[str]:
    from kerma.areas.report.signature import open_slots

    return open_slots(kernel.blobs.get(pdf_sha256))
