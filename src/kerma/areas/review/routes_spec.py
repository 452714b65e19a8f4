"""Imaging specifications over HTTP: drafting, review, approval by both sides, and what an exam is read under."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions_spec, queries, queries_spec, rules_spec
from kerma.areas.review.rules_spec import Given, Outside
from kerma.areas.review.specifying import (
    ExamLinked,
    ExamSpecification,
    SpecificationRow,
    SpecificationShown,
    detail,
    differences_of,
    rows_shown,
)
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Text = Annotated[str, Field(max_length=4000)]
Name = Annotated[str, Field(max_length=128)]
Word = Annotated[str, Field(max_length=64)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpecificationGiven(_Exact):
    """What a specification asks for; what is left out is not asked for."""

    technique: dict[Word, float | Word] = Field(default_factory=dict, max_length=32)
    pack: Word = ""
    conditions: dict[Word, float | Annotated[str, Field(max_length=400)]] = Field(default_factory=dict, max_length=32)
    views_wanted: int | None = None
    quality_class: Word = ""
    notes: Text = ""


class NewSpecification(SpecificationGiven):
    """A draft of the next version for a part, route or examination."""

    industry: Annotated[str, Field(max_length=32)]
    kind: Annotated[str, Field(max_length=16)]
    name: Name


class SpecificationChange(SpecificationGiven):
    """A draft written anew."""

    revision: requests.RowNumber
    """The text that the person has seen."""


class SeenText(_Exact):
    """Which text of a specification a person acts on."""

    revision: requests.RowNumber


class WhyReturned(SeenText):
    """Why a specification is given back."""

    reason: Text


class FieldComment(_Exact):
    """What somebody says about a field; without one, about the whole specification."""

    field: Annotated[str, Field(max_length=32)] = ""
    text: Text


class OwnApproval(SeenText):
    """An approval for the house."""

    words: Text = ""


class CustomerApproval(SeenText):
    """An approval for the customer: one's own, or that of somebody who has no account, as they gave it."""

    words: Text = ""
    name: Name = ""
    organisation: Name = ""


class WhyWithdrawnSpecification(_Exact):
    """Why a version is withdrawn."""

    reason: Text


class SpecificationLink(_Exact):
    """The version an exam is read under."""

    specification_id: requests.RowNumber


class SpecificationWords(BaseModel):
    """What there is to fill in."""

    kinds: list[str]
    numbers: list[str]
    words: list[str]
    fields: list[str]


@router.get("/specifications/words")
def words(_: ActorNow) -> SpecificationWords:
    """List what a specification can be for, and what can be filled in."""
    return SpecificationWords(
        kinds=list(rules_spec.KINDS),
        numbers=list(rules_spec.NUMBERS),
        words=list(rules_spec.WORDS),
        fields=list(rules_spec.FIELDS),
    )


@router.get("/specifications")
def specifications(request: Request, kernel: KernelNow, actor: ActorNow) -> list[SpecificationRow]:
    """List specifications, all versions of each, the newest first."""
    requests.look(request, actor, actions_spec.view_specifications)
    with kernel.database.read() as connection:
        return rows_shown(connection, queries_spec.specifications(connection))


@router.post("/specifications", status_code=201)
def draft(kernel: KernelNow, actor: ActorNow, new: NewSpecification) -> SpecificationShown:
    """Draft the next version of a specification."""
    key = {"industry": new.industry, "kind": new.kind, "name": new.name}
    number = actions_spec.draft_specification(kernel, actor, **key, given=_given(new))
    return detail(kernel, actor, number)


@router.get("/specifications/{specification_id}")
def specification(
    request: Request, kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber
) -> SpecificationShown:
    """Show a version: what it says, its comments, approvals and history, the other versions, and the exams under it."""
    requests.look(request, actor, actions_spec.view_specifications, specification_id=str(specification_id))
    return detail(kernel, actor, specification_id)


@router.put("/specifications/{specification_id}")
def change(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, given: SpecificationChange
) -> SpecificationShown:
    """Write a draft anew."""
    about = {"specification_id": specification_id, "revision": given.revision}
    actions_spec.change_specification(kernel, actor, **about, given=_given(given))
    return detail(kernel, actor, specification_id)


@router.post("/specifications/{specification_id}/submit")
def submit(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, given: SeenText
) -> SpecificationShown:
    """Hand a draft to review."""
    actions_spec.submit_specification(kernel, actor, specification_id=specification_id, revision=given.revision)
    return detail(kernel, actor, specification_id)


@router.post("/specifications/{specification_id}/comments", status_code=201)
def comment(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, given: FieldComment
) -> SpecificationShown:
    """Comment on a field of a specification."""
    actions_spec.comment_specification(
        kernel, actor, specification_id=specification_id, text=given.text, field=given.field
    )
    return detail(kernel, actor, specification_id)


@router.post("/specifications/{specification_id}/return")
def give_back(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, given: WhyReturned
) -> SpecificationShown:
    """Give a specification back from review."""
    actions_spec.return_specification(
        kernel, actor, specification_id=specification_id, revision=given.revision, reason=given.reason
    )
    return detail(kernel, actor, specification_id)


@router.post("/specifications/{specification_id}/approve")
def approve(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, given: OwnApproval
) -> SpecificationShown:
    """Approve a specification for the house."""
    actions_spec.approve_specification(
        kernel, actor, specification_id=specification_id, revision=given.revision, words=given.words
    )
    return detail(kernel, actor, specification_id)


@router.post("/specifications/{specification_id}/approve-for-customer")
def approve_for_customer(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, given: CustomerApproval
) -> SpecificationShown:
    """Approve a specification for the customer, or record the approval of somebody of theirs."""
    outside = Outside(given.name, given.organisation) if given.name or given.organisation else None
    actions_spec.approve_for_customer(
        kernel, actor, specification_id=specification_id, revision=given.revision, words=given.words, outside=outside
    )
    return detail(kernel, actor, specification_id)


@router.post("/specifications/{specification_id}/withdraw")
def withdraw(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, given: WhyWithdrawnSpecification
) -> SpecificationShown:
    """Withdraw a version."""
    actions_spec.withdraw_specification(kernel, actor, specification_id=specification_id, reason=given.reason)
    return detail(kernel, actor, specification_id)


@router.get("/exams/{exam_pk}/specification")
def of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ExamSpecification:
    """Show under which version an exam is read, where it differs from that, and what could be linked."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    with kernel.database.read() as connection:
        found = exam_by_pk(connection, exam_pk)
        if found is None:
            raise NotFound(f"there is no exam {exam_pk}")
        sight = sight_of(connection, actor, exam_pk)
        link = queries_spec.link_of(connection, exam_pk, sight)
        row = queries_spec.by_id(connection, link["specification_id"]) if link else None
        known = queries.current(connection, exam_pk, sight)
        in_force = queries_spec.specifications(connection, rules_spec.IN_FORCE)
        names = names_of(connection, {link["by"]}) if link else {}
        shown = rows_shown(connection, [row]) if row else []
        offered = rows_shown(connection, [one for one in in_force if one["industry"] == found["industry"]])
    return ExamSpecification(
        specification=shown[0] if shown else None,
        link=ExamLinked(**{k: link[k] for k in ("is_automatic", "by", "at")}, by_name=names.get(link["by"], link["by"]))
        if link
        else None,
        differences=differences_of(row["document"], known.document) if row and known else [],
        offered=offered,
    )


@router.post("/exams/{exam_pk}/specification", status_code=201)
def link_exam(
    kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, given: SpecificationLink
) -> ExamSpecification:
    """Say by hand under which version an exam is read."""
    actions_spec.link_specification(kernel, actor, exam_pk=exam_pk, specification_id=given.specification_id)
    return of_exam(kernel, actor, exam_pk)


def _given(given: SpecificationGiven) -> Given:
    return Given(**{name: getattr(given, name) for name in SpecificationGiven.model_fields})
