"""Imaging specifications: drafted, reviewed, approved by both sides, in force until the next one; and their exams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.archive.rules import fold
from kerma.areas.review import queries, queries_packs, queries_spec, rules, rules_spec, rules_spec_files, rules_talk
from kerma.areas.review.actions_talk import demand_person, lock_exam
from kerma.areas.review.model import ExamAnalysed, decision
from kerma.areas.review.model_spec import (
    exam_specification,
    specification,
    specification_approval,
    specification_attachment,
    specification_step,
    specification_text,
)
from kerma.areas.review.rules_spec import (
    CUSTOMER,
    DRAFT,
    IN_FORCE,
    IN_REVIEW,
    OWN,
    SUPERSEDED,
    WITHDRAWN,
    Given,
    Outside,
)
from kerma.areas.review.rules_spec_files import Attachment
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted

MEANWHILE = "somebody has changed specification {id} meanwhile; load it again, and look at what it says now"


@action("review.view_specifications")
def view_specifications(act: Act, *, specification_id: str = "") -> None:
    """See imaging specifications with their versions, comments and approvals."""
    act.record(**({"specification_id": int(specification_id)} if specification_id else {"list": "specifications"}))


@action("review.draft_specification")
def draft_specification(act: Act, *, industry: str, kind: str, name: str, given: Given) -> int:
    """Draft the next version of the specification of a part, route or examination, with the files of that in force.

    Raises
    ------
    Conflict
        A version of it is being drafted or reviewed already.
    """
    demand_person(act, "draft a specification")
    if industry not in act.kernel.industries:
        raise NotFound(f"there is no industry '{industry[:64]}'; there are {', '.join(act.kernel.industries)}")
    name = rules_spec.checked_name(name)
    key = {"industry": industry, "kind": rules_spec.checked_kind(kind), "name_folded": fold(name)}
    document = _document(act, industry, given)
    before = queries_spec.in_force(act.connection, industry, kind, name)
    document = rules_spec_files.carried(document, before["document"] if before else None)
    last = sa.select(sa.func.max(specification.c.version)).where(
        *(specification.c[column] == value for column, value in key.items())
    )
    row = {**key, "name": name, "version": int(act.connection.scalar(last) or 0) + 1, "revision": 1, "state": DRAFT}
    row |= {"drafted_by": act.actor.key, "drafted_at": act.at_text}
    try:
        with act.connection.begin_nested():
            insert = sa.insert(specification).values(row).returning(specification.c.id)
            number = int(act.connection.execute(insert).scalar_one())
    except sa.exc.IntegrityError as error:
        raise Conflict("a version of this specification is being drafted or reviewed already: go on with it") from error
    _write(act, number, 1, document)
    _step(act, row | {"id": number}, "drafted")
    act.record(industry=industry, kind=kind, name_sha256=rules.text_digest(name), version=row["version"])
    return number


@action("review.change_specification")
def change_specification(act: Act, *, specification_id: int, revision: int, given: Given) -> int:
    """Write a draft anew; the text before stays on record.

    Parameters
    ----------
    revision : the text that the person has seen

    Raises
    ------
    Conflict
        It is no draft any more, or was changed meanwhile.
    """
    demand_person(act, "change a specification")
    found = _found(act, specification_id)
    document = rules_spec_files.carried(_document(act, found["industry"], given), found["document"])
    _move(act, found | {"revision": revision}, (DRAFT,), {"revision": revision + 1})
    _write(act, specification_id, revision + 1, document)
    _step(act, found | {"revision": revision + 1}, "changed")
    return revision + 1


@action("review.attach_to_specification")
def attach(act: Act, *, specification_id: int, revision: int, file: Attachment) -> int:
    """Attach a file to a draft, such as a drawing or a procedure; that makes a new text, which both sides approve.

    Parameters
    ----------
    file : kept in the blobs already

    Returns
    -------
    the text it has now

    Raises
    ------
    Conflict
        It is no draft any more, was changed meanwhile, or has this file.
    """
    demand_person(act, "attach a file")
    found = _found(act, specification_id)
    document = rules_spec_files.with_file(found["document"], file)
    return _files_changed(act, found, revision, document, ("attached", file.name))


@action("review.detach_from_specification")
def detach(act: Act, *, specification_id: int, revision: int, sha256: str) -> int:
    """Take a file off a draft; it stays with the texts that had it.

    Returns
    -------
    the text it has now
    """
    demand_person(act, "take a file off")
    found = _found(act, specification_id)
    document = rules_spec_files.without_file(found["document"], sha256)
    name = next(one["name"] for one in found["document"]["attachments"] if one["sha256"] == sha256)
    return _files_changed(act, found, revision, document, ("detached", name))


@action("review.submit_specification")
def submit_specification(act: Act, *, specification_id: int, revision: int) -> None:
    """Hand a draft to review."""
    demand_person(act, "hand a specification to review")
    found = _found(act, specification_id) | {"revision": revision}
    _move(act, found, (DRAFT,), {"state": IN_REVIEW})
    _step(act, found, "submitted")


@action("review.comment_specification")
def comment_specification(act: Act, *, specification_id: int, text: str, field: str = "") -> None:
    """Comment on a field of a specification that is drafted or reviewed; empty: on all of it."""
    demand_person(act, "comment on a specification")
    rules_spec.check_field(field)
    written = rules_talk.checked(text, "the comment")
    found = _found(act, specification_id)
    if found["state"] not in (DRAFT, IN_REVIEW):
        raise Conflict(f"this version is {found['state']}; draft the next one, and comment on that")
    _step(act, found, "comment", written, field)


@action("review.return_specification")
def return_specification(act: Act, *, specification_id: int, revision: int, reason: str) -> None:
    """Give a specification back from review, to be written anew."""
    demand_person(act, "give a specification back")
    words = rules_talk.checked(reason, "the reason")
    found = _found(act, specification_id) | {"revision": revision}
    _move(act, found, (IN_REVIEW,), {"state": DRAFT})
    _step(act, found, "returned", words)


@action("review.approve_specification")
def approve_specification(act: Act, *, specification_id: int, revision: int, words: str = "") -> bool:
    """Approve a specification for the house; never one's own text, nor where one has recorded the customer's approval.

    Returns
    -------
    whether it is in force now, because the customer has approved it too
    """
    return _approve(act, specification_id, revision, OWN, words, None)


@action("review.approve_for_customer")
def approve_for_customer(
    act: Act, *, specification_id: int, revision: int, words: str = "", outside: Outside | None = None
) -> bool:
    """Approve a specification for the customer, or record who of the customer has approved it, in which words.

    Returns
    -------
    whether it is in force now, because the house has approved it too
    """
    if outside is not None:
        outside = rules_spec.checked_outside(outside)
        words = rules_talk.checked(words, "the words of the approval")
    return _approve(act, specification_id, revision, CUSTOMER, words, outside)


@action("review.withdraw_specification")
def withdraw_specification(act: Act, *, specification_id: int, reason: str) -> None:
    """Withdraw a version of a specification, with the reason; exams read under it stay linked."""
    demand_person(act, "withdraw a specification")
    words = rules_talk.checked(reason, "the reason")
    found = _found(act, specification_id)
    _move(act, found, (DRAFT, IN_REVIEW, IN_FORCE), {"state": WITHDRAWN, "ended_at": act.at_text})
    _step(act, found, "withdrawn", words)


@action("review.link_specification")
def link_specification(act: Act, *, exam_pk: int, specification_id: int) -> None:
    """Say by hand under which specification in force an exam is read.

    Raises
    ------
    Conflict
        The version is not in force.
    """
    demand_person(act, "link a specification")
    locked = lock_exam(act, exam_pk)
    found = _found(act, specification_id)
    if found["state"] != IN_FORCE:
        raise Conflict(f"version {found['version']} is {found['state']}; an exam is read under one that is in force")
    if found["industry"] != locked.industry:
        raise WrongUsage("this specification is of another industry than the exam")
    _link(act, exam_pk, specification_id, is_automatic=False)


def on_exam_analysed(act: Act, event: ExamAnalysed) -> None:
    """Link an exam to the version in force of what its images name; what a person linked stays."""
    row, told = exam_by_pk(act.connection, event.exam_pk), queries.analysis_by_id(act.connection, event.analysis_id)
    before = queries_spec.link_of(act.connection, event.exam_pk, WHOLE)
    if row is None or told is None or (before is not None and not before["is_automatic"]):
        return
    names = rules_spec.names_in(told["document"], row["description"])
    found = queries_spec.matching(act.connection, row["industry"], names)
    if found is not None and (before is None or before["specification_id"] != found["id"]):
        _link(act, event.exam_pk, found["id"], is_automatic=True)


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Delete the links of an exam that nobody has decided; a decision keeps what it was read under."""
    decided = sa.select(decision.c.id).where(decision.c.exam_pk == event.exam_pk).limit(1)
    if act.connection.scalar(decided) is not None:
        return
    same = exam_specification.c.exam_pk == event.exam_pk
    gone = act.connection.execute(sa.delete(exam_specification).where(same)).rowcount
    if gone:
        act.record(specification_links=gone)


def _approve(act: Act, specification_id: int, revision: int, side: str, words: str, outside: Outside | None) -> bool:
    demand_person(act, "approve a specification")
    text = rules_talk.optional(words, "the words of the approval")
    found = _found(act, specification_id)
    # Locks the row, so of two approvals at the same moment the second one sees the first.
    _move(act, found | {"revision": revision}, (IN_REVIEW,), {"revision": revision})
    given = [row for row in queries_spec.approvals(act.connection, specification_id) if row["revision"] == revision]
    authors = queries_spec.authors(act.connection, specification_id)
    rules_spec.check_approval(side, act.actor.key, authors, given)
    row: dict[str, Any] = {"specification_id": specification_id, "revision": revision, "side": side, "words": text}
    row |= {"name": outside.name, "organisation": outside.organisation} if outside else {"name": "", "organisation": ""}
    row |= {"by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(specification_approval).values(row))
    _step(act, found, f"approved-{side}", text)
    act.record(side=side, is_outside=outside is not None)
    act.record(approver_sha256=rules.text_digest(f"{row['name']}\n{row['organisation']}"))
    if {one["side"] for one in given} | {side} != set(rules_spec.SIDES):
        return False
    _put_in_force(act, found)
    return True


def _put_in_force(act: Act, found: dict[str, Any]) -> None:
    same = [specification.c[name] == found[name] for name in ("industry", "kind", "name_folded")]
    before = list(act.connection.scalars(sa.select(specification.c.id).where(*same, specification.c.state == IN_FORCE)))
    for one in before:
        earlier = _found(act, one)
        _move(act, earlier, (IN_FORCE,), {"state": SUPERSEDED, "ended_at": act.at_text})
        _step(act, earlier, "superseded")
    _move(act, found, (IN_REVIEW,), {"state": IN_FORCE, "in_force_at": act.at_text})
    _step(act, found, "in-force")
    act.record(in_force=found["id"], superseded=before)


def _files_changed(
    act: Act, found: dict[str, Any], revision: int, document: dict[str, Any], step: tuple[str, str]
) -> int:
    _move(act, found | {"revision": revision}, (DRAFT,), {"revision": revision + 1})
    _write(act, found["id"], revision + 1, document)
    kind, name = step
    _step(act, found | {"revision": revision + 1}, kind, name)
    return revision + 1


def _document(act: Act, industry: str, given: Given) -> dict[str, Any]:
    document = rules_spec.checked_document(given, industry)
    if document["pack"]:
        queries_packs.chosen(act.connection, document["pack"])
    return document


def _found(act: Act, specification_id: int) -> dict[str, Any]:
    found = queries_spec.by_id(act.connection, specification_id)
    if found is None:
        raise NotFound(f"there is no specification {specification_id}")
    return found


def _move(act: Act, found: dict[str, Any], states: tuple[str, ...], values: dict[str, Any]) -> None:
    """Change a version whose state and text are still as they were seen; the conditions stand in the UPDATE itself."""
    same = (
        specification.c.id == found["id"], specification.c.revision == found["revision"],
        specification.c.state.in_(states),
    )  # fmt: skip
    if act.connection.execute(sa.update(specification).where(*same).values(values)).rowcount != 1:
        now = _found(act, found["id"])
        if now["state"] not in states:
            raise Conflict(f"this version is {now['state']}; that is done while it is {' or '.join(states)}")
        raise Conflict(MEANWHILE.format(id=found["id"]))


def _write(act: Act, specification_id: int, revision: int, document: dict[str, Any]) -> None:
    digest = rules.document_digest(document)
    row = {"specification_id": specification_id, "revision": revision, "document": document, "sha256": digest}
    act.connection.execute(sa.insert(specification_text).values(row | {"by": act.actor.key, "at": act.at_text}))
    act.record(text_sha256=digest)
    known = specification_attachment.c
    for one in document.get("attachments", ()):
        same = (known.specification_id == specification_id, known.sha256 == one["sha256"])
        if act.connection.scalar(sa.select(known.id).where(*same)) is None:
            kept = {"specification_id": specification_id, "sha256": one["sha256"]}
            kept |= {"by": act.actor.key, "at": act.at_text}
            act.connection.execute(sa.insert(specification_attachment).values(kept))
            act.record(attachment_sha256=one["sha256"])


def _step(act: Act, found: dict[str, Any], kind: str, words: str = "", field: str = "") -> None:
    row = {"specification_id": found["id"], "kind": kind, "revision": found["revision"], "field": field}
    row |= {"words": words, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(specification_step).values(row))
    act.record(specification_id=found["id"], revision=found["revision"])
    if words:
        act.record(words_sha256=rules.text_digest(words))


def _link(act: Act, exam_pk: int, specification_id: int, *, is_automatic: bool) -> None:
    row = {"exam_pk": exam_pk, "specification_id": specification_id, "is_automatic": is_automatic}
    act.connection.execute(sa.insert(exam_specification).values(row | {"by": act.actor.key, "at": act.at_text}))
    act.record(exam_pk=exam_pk, specification_id=specification_id)
