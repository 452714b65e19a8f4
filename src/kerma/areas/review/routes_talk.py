"""Comments and the inbox over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions_talk, queries_talk
from kerma.areas.review.rules_talk import MAX_LETTERS
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
PURPOSE = "talk"
Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=MAX_LETTERS)]


class TalkPlace(BaseModel):
    """What something is said about: a finding, or a place on an image; nothing set for the whole exam."""

    model_config = ConfigDict(extra="forbid")
    finding_id: str = Field(default="", max_length=64)
    image_sha256: str = Field(default="", max_length=64)
    plane: int = Field(default=0, ge=0, lt=2**31)
    box: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None = None
    """Row, column, height and width in image pixels."""

    def told(self) -> dict[str, Any]:
        """Return the place as it is kept: without what is empty."""
        kept = {"finding_id": self.finding_id, "image_sha256": self.image_sha256}
        if self.image_sha256:
            kept |= {"plane": self.plane, "box": list(self.box) if self.box else None}  # type: ignore[dict-item]
        return {name: value for name, value in kept.items() if value not in ("", None)}


class CommentVersion(BaseModel):
    """One text of a comment."""

    version: int
    text: str
    at: str
    is_withdrawn: bool


class CommentRow(BaseModel):
    """A comment as it stands, and every text it had, the newest first."""

    number: int
    version: int
    text: str
    is_withdrawn: bool
    place: TalkPlace
    by: str
    by_name: str
    is_mine: bool
    at: str
    """Of the first version."""
    versions: list[CommentVersion]


class Comments(BaseModel):
    """The comments on an exam that the person may see, oldest first."""

    exam_pk: int
    comments: list[CommentRow]


class NewComment(BaseModel):
    """A comment to be written."""

    model_config = ConfigDict(extra="forbid")
    text: Text
    place: TalkPlace = Field(default_factory=TalkPlace)


class ChangedComment(BaseModel):
    """A comment written anew."""

    model_config = ConfigDict(extra="forbid")
    text: Text
    supersedes: int = Field(ge=1, lt=2**31)
    """The version that was on the page."""


class InboxRow(BaseModel):
    """One thing a person is to know of."""

    id: int
    kind: str
    """mention, hand-off, consult, answer or feedback."""
    exam_pk: int
    industry: str
    subject_id: str
    description: str
    ref_id: int
    words: str
    by: str
    by_name: str
    at: str
    read_at: str


class Inbox(BaseModel):
    """What a person is to know of, newest first."""

    entries: list[InboxRow]
    unread: int


class MarkInbox(BaseModel):
    """Entries to be marked as read, or as unread."""

    model_config = ConfigDict(extra="forbid")
    entry_ids: list[requests.RowNumber] = Field(min_length=1, max_length=queries_talk.MOST_ENTRIES)
    is_read: bool = True


class Colleague(BaseModel):
    """Somebody who works here."""

    key: str
    login: str
    name: str


@router.get("/exams/{exam_pk}/comments")
def comments(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Comments:
    """Show the comments on an exam."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose=PURPOSE)
    return _shown(kernel, actor, exam_pk)


@router.post("/exams/{exam_pk}/comments", status_code=201)
def write(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewComment) -> Comments:
    """Write a comment; whom it mentions by @login finds it in the inbox."""
    actions_talk.comment(kernel, actor, exam_pk=exam_pk, text=new.text, place=new.place.told())
    return _shown(kernel, actor, exam_pk)


@router.put("/exams/{exam_pk}/comments/{comment}")
def change(
    kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, comment: requests.RowNumber, new: ChangedComment
) -> Comments:
    """Write a comment of one's own anew; the text before stays in its history."""
    actions_talk.edit_comment(kernel, actor, exam_pk=exam_pk, number=comment, text=new.text, supersedes=new.supersedes)
    return _shown(kernel, actor, exam_pk)


@router.delete("/exams/{exam_pk}/comments/{comment}")
def withdraw(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, comment: requests.RowNumber) -> Comments:
    """Withdraw a comment of one's own; what it said stays in its history."""
    actions_talk.withdraw_comment(kernel, actor, exam_pk=exam_pk, number=comment)
    return _shown(kernel, actor, exam_pk)


@router.get("/inbox")
def inbox(request: Request, kernel: KernelNow, actor: ActorNow) -> Inbox:
    """Show what colleagues want one to know."""
    requests.look(request, actor, actions_talk.view_inbox)
    return _inbox(kernel, actor)


@router.post("/inbox/read")
def mark(kernel: KernelNow, actor: ActorNow, given: MarkInbox) -> Inbox:
    """Mark entries of one's own inbox as read, or as unread again."""
    actions_talk.mark_inbox(kernel, actor, entry_ids=given.entry_ids, is_read=given.is_read)
    return _inbox(kernel, actor)


@router.get("/colleagues")
def colleagues(request: Request, kernel: KernelNow, actor: ActorNow) -> list[Colleague]:
    """List who works here, to mention, ask or hand something to."""
    requests.look(request, actor, actions_talk.view_inbox)
    with kernel.database.read() as connection:
        return [Colleague(**one) for one in queries_talk.colleagues(connection)]


def _inbox(kernel: Kernel, actor: Actor) -> Inbox:
    with kernel.database.read() as connection:
        rows = queries_talk.inbox(connection, actor)
        names = names_of(connection, {row["by"] for row in rows})
        guests = queries_talk.guest_names(connection, {row["by"] for row in rows})
    entries = [InboxRow(**row, by_name=(names | guests).get(row["by"], row["by"])) for row in rows]
    return Inbox(entries=entries, unread=sum(not one.read_at for one in entries))


def _shown(kernel: Kernel, actor: Actor, exam_pk: int) -> Comments:
    with kernel.database.read() as connection:
        if exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        rows = queries_talk.comments(connection, exam_pk, sight_of(connection, actor, exam_pk))
        names = names_of(connection, {row["by"] for row in rows})
    return Comments(exam_pk=exam_pk, comments=[_comment(row, actor, names) for row in rows])


def _comment(row: dict[str, Any], actor: Actor, names: dict[str, str]) -> CommentRow:
    versions = [CommentVersion(**{name: one[name] for name in CommentVersion.model_fields}) for one in row["versions"]]
    same = {name: row[name] for name in ("number", "version", "text", "is_withdrawn", "by")}
    return CommentRow(
        **same,
        place=TalkPlace(**row["place"]),
        by_name=names.get(row["by"], row["by"]),
        is_mine=row["by"] == actor.key,
        at=versions[-1].at,
        versions=versions,
    )
