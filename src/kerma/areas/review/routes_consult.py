"""Consults and guests' links over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions_consult, actions_guest, actions_talk, queries_consult, rules_consult
from kerma.areas.review.rules_consult import MAX_NAME_LETTERS, Asked, Guest, Leave
from kerma.areas.review.rules_talk import MAX_LETTERS
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Text = Annotated[str, Field(max_length=MAX_LETTERS)]
Name = Annotated[str, Field(default="", max_length=MAX_NAME_LETTERS)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConsultKind(BaseModel):
    """What somebody is asked as, and a question to begin with."""

    kind: str
    words: str
    asks: str


class ConsultWords(BaseModel):
    """The kinds of consult, and how long a guest's link may live."""

    kinds: list[ConsultKind]
    most_hours: int


class GuestAsked(_Exact):
    """Somebody without an account; nothing is sent to the address."""

    name: str = Field(max_length=MAX_NAME_LETTERS)
    email: Name
    organisation: Name


class NewConsult(_Exact):
    """A question about an exam, to a colleague or to a guest."""

    kind: str = Field(max_length=32)
    question: Text
    due_at: AwareDatetime
    colleague: str = Field(default="", max_length=80)
    """Actor key."""
    guest: GuestAsked | None = None


class GuestLinkRow(BaseModel):
    """A link that lets a guest in; the link itself is shown only when it is made."""

    id: int
    purpose: str
    shows_findings: bool
    shows_subject: bool
    at: str
    expires_at: str
    revoked_at: str
    is_good: bool


class ConsultRow(BaseModel):
    """A question about an exam and, once there is one, its answer."""

    id: int
    exam_pk: int
    kind: str
    kind_words: str
    question: str
    due_at: str
    is_late: bool
    colleague: str
    colleague_name: str
    guest_name: str
    guest_email: str
    guest_organisation: str
    state: str
    by: str
    by_name: str
    is_mine: bool
    is_asked_of_me: bool
    at: str
    answer: str
    answered_by: str
    answered_name: str
    answered_at: str
    links: list[GuestLinkRow]


class Consults(BaseModel):
    """Consults that the person may see."""

    consults: list[ConsultRow]


class Answer(_Exact):
    """An answer to a consult."""

    answer: Text


class NewGuestLink(_Exact):
    """What a guest is let see."""

    hours: int = Field(ge=1, lt=2**31)
    purpose: str = Field(max_length=400)
    shows_findings: bool = False
    shows_subject: bool = False


class GuestLinkMade(BaseModel):
    """A link just made; this is the only time it is told."""

    id: int
    address: str
    """The path on this server, to be handed over in full."""
    expires_at: str
    consult: ConsultRow


@router.get("/consults/words")
def words(kernel: KernelNow, _: ActorNow) -> ConsultWords:
    """List the kinds of consult, and how long a guest's link may live."""
    kinds = [ConsultKind(**row) for row in rules_consult.kinds().values()]
    return ConsultWords(kinds=kinds, most_hours=kernel.settings.guest_link_hours)


@router.get("/consults")
def own(request: Request, kernel: KernelNow, actor: ActorNow) -> Consults:
    """Show what one asked and what one is asked, newest first."""
    requests.look(request, actor, actions_talk.view_inbox)
    with kernel.database.read() as connection:
        rows = queries_consult.consults_of(connection, actor)
    return _told(kernel, actor, rows)


@router.get("/exams/{exam_pk}/consults")
def of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Consults:
    """Show what was asked about an exam."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="talk")
    with kernel.database.read() as connection:
        if exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        rows = queries_consult.consults(connection, exam_pk, sight_of(connection, actor, exam_pk))
    return _told(kernel, actor, rows)


@router.post("/exams/{exam_pk}/consults", status_code=201)
def ask(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewConsult) -> ConsultRow:
    """Ask a colleague or a guest about an exam; a colleague finds it in the inbox, a guest is let in by a link."""
    guest = Guest(**new.guest.model_dump()) if new.guest else None
    due_at: datetime = new.due_at
    asked = Asked(new.kind, new.question, due_at, new.colleague, guest)
    return _one(kernel, actor, actions_consult.ask_consult(kernel, actor, exam_pk=exam_pk, asked=asked))


@router.post("/consults/{consult}/answer")
def answer(kernel: KernelNow, actor: ActorNow, consult: requests.RowNumber, given: Answer) -> ConsultRow:
    """Answer what a colleague asked."""
    actions_consult.answer_consult(kernel, actor, consult_id=consult, answer=given.answer)
    return _one(kernel, actor, consult)


@router.post("/consults/{consult}/withdraw")
def withdraw(kernel: KernelNow, actor: ActorNow, consult: requests.RowNumber) -> ConsultRow:
    """Withdraw a question that one has asked; a guest's link to it ends."""
    actions_consult.withdraw_consult(kernel, actor, consult_id=consult)
    return _one(kernel, actor, consult)


@router.post("/consults/{consult}/links", status_code=201)
def admit(kernel: KernelNow, actor: ActorNow, consult: requests.RowNumber, given: NewGuestLink) -> GuestLinkMade:
    """Make the link by which a guest sees the one exam they are asked about; it is told this once."""
    made = actions_guest.admit_guest(kernel, actor, consult_id=consult, leave=Leave(**given.model_dump()))
    return GuestLinkMade(
        id=made.id,
        address=f"{requests.GUEST}/{made.token}",
        expires_at=made.expires_at,
        consult=_one(kernel, actor, consult),
    )


@router.post("/guest-links/{link}/revoke")
def revoke(kernel: KernelNow, actor: ActorNow, link: requests.RowNumber) -> ConsultRow:
    """End a guest's link before its time."""
    actions_guest.revoke_guest(kernel, actor, link_id=link)
    with kernel.database.read() as connection:
        found = queries_consult.link_by_id(connection, link)
    assert found is not None  # just revoked
    return _one(kernel, actor, found["consult_id"])


def _one(kernel: Kernel, actor: Actor, consult_id: int) -> ConsultRow:
    with kernel.database.read() as connection:
        found = queries_consult.consult_by_id(connection, consult_id)
        rows = queries_consult.with_links(connection, [found] if found else [])
    return _told(kernel, actor, rows).consults[0]


def _told(kernel: Kernel, actor: Actor, rows: list[dict[str, Any]]) -> Consults:
    now = clock.text(kernel.clock.now())
    with kernel.database.read() as connection:
        names = names_of(connection, {key for row in rows for key in (row["by"], row["colleague"])})
    return Consults(consults=[_row(row, actor, names, now) for row in rows])


def _row(row: dict[str, Any], actor: Actor, names: dict[str, str], now: str) -> ConsultRow:
    kinds = rules_consult.kinds()
    links = [
        GuestLinkRow(
            **{name: one[name] for name in GuestLinkRow.model_fields if name in one},
            is_good=not one["revoked_at"] and one["expires_at"] > now,
        )
        for one in row["links"]
    ]
    same = {name: row[name] for name in ConsultRow.model_fields if name in row and name != "links"}
    return ConsultRow(
        **same,
        kind_words=kinds[row["kind"]]["words"] if row["kind"] in kinds else row["kind"],
        is_late=row["state"] == rules_consult.OPEN and row["due_at"] < now,
        colleague_name=names.get(row["colleague"], row["colleague"]),
        by_name=names.get(row["by"], row["by"]),
        is_mine=row["by"] == actor.key,
        is_asked_of_me=row["colleague"] == actor.key,
        links=links,
    )
