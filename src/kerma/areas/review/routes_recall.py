"""Recalls over HTTP: finding the exams of a welder, lot or owner, recalling them, and how far that has come."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.review import actions_recall, queries_recall, rules_recall
from kerma.areas.review.rules_recall import Lot
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Kind = Annotated[str, Field(max_length=16)]
Value = Annotated[str, Field(max_length=128)]
Day = Annotated[str, Field(max_length=10)]


class NewRecall(BaseModel):
    """Which exams are read again, and why."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    value: Value
    since: Day = ""
    until: Day = ""
    reason: Annotated[str, Field(max_length=4000)]
    expected: requests.RowNumber
    """How many exams the person has been told it would be."""
    exam_pk: requests.RowNumber | None = None
    """The exam whose finding asks for it."""


class ExamOfLot(BaseModel):
    """An exam of a welder, lot or owner."""

    exam_pk: int
    subject_id: str
    description: str
    day: str
    decision: str
    is_recalled: bool
    """Whether it waits to be read again by a recall already."""


class FoundLot(BaseModel):
    """The exams of a welder, lot or owner, and how many of them a recall would take back."""

    exams: list[ExamOfLot]
    to_recall: int
    is_cut: bool
    """Whether there are more than a recall takes: narrow the days."""


class RecalledExam(BaseModel):
    """An exam of a recall, with what became of it."""

    exam_pk: int
    subject_id: str
    description: str
    day: str
    before: str
    """The decision that was in force when it was recalled."""
    now: str
    is_read_again: bool


class RecallRow(BaseModel):
    """A recall, and how far it has come."""

    id: int
    kind: str
    value: str
    since: str
    until: str
    reason: str
    exam_pk: int | None
    by: str
    by_name: str
    at: str
    recalled: int
    read_again: int
    changed: int


class RecallShown(RecallRow):
    """A recall with its exams."""

    exams: list[RecalledExam]


@router.get("/lots")
def lots(  # noqa: PLR0913 - each a field of the search
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    kind: Annotated[str, Query(max_length=16)],
    value: Annotated[str, Query(max_length=128)],
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> FoundLot:
    """Find the exams of a welder, lot or owner in a range of days, the newest first."""
    requests.look(request, actor, actions_recall.view_recalls, about=f"{kind}\n{value}")
    lot = rules_recall.checked_lot(Lot(kind, value, since, until))
    with kernel.database.read() as connection:
        rows, is_cut = queries_recall.exams_of_lot(connection, actor, lot)
    same = ("exam_pk", "subject_id", "description", "day", "is_recalled")
    return FoundLot(
        exams=[ExamOfLot(**{name: row[name] for name in same}, decision=row["now"]) for row in rows],
        to_recall=len(queries_recall.to_recall(rows)),
        is_cut=is_cut,
    )


@router.get("/recalls")
def recalls(request: Request, kernel: KernelNow, actor: ActorNow) -> list[RecallRow]:
    """List recalls with how far each has come, the newest first."""
    requests.look(request, actor, actions_recall.view_recalls)
    return _rows(kernel, _known(kernel, actor))


@router.post("/recalls", status_code=201)
def recall(kernel: KernelNow, actor: ActorNow, new: NewRecall) -> RecallShown:
    """Recall the decided exams of a welder, lot or owner."""
    lot = Lot(new.kind, new.value, new.since, new.until)
    recall_id = actions_recall.recall_exams(
        kernel, actor, lot=lot, reason=new.reason, expected=new.expected, exam_pk=new.exam_pk
    )
    return _shown(kernel, actor, recall_id)


@router.get("/recalls/{recall_id}")
def one(request: Request, kernel: KernelNow, actor: ActorNow, recall_id: requests.RowNumber) -> RecallShown:
    """Show a recall with its exams, and what became of each."""
    requests.look(request, actor, actions_recall.view_recalls, about=str(recall_id))
    return _shown(kernel, actor, recall_id)


@router.get("/exams/{exam_pk}/recalls")
def of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> list[RecallRow]:
    """Show by which recalls an exam is, or was, read again, and why."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    return _rows(kernel, _known(kernel, actor, exam_pk))


def _known(kernel: Kernel, actor: Actor, exam_pk: int | None = None) -> list[dict[str, Any]]:
    """Return recalls that an actor may know of; those of one exam only where the actor may know that it is in them."""
    with kernel.database.read() as connection:
        found = queries_recall.recalls(connection, actor, exam_pk)
    return [row for row in found if exam_pk is None or any(one["exam_pk"] == exam_pk for one in row["exams"])]


def _shown(kernel: Kernel, actor: Actor, recall_id: int) -> RecallShown:
    with kernel.database.read() as connection:
        found = queries_recall.recall_by_id(connection, actor, recall_id)
    if found is None:
        raise NotFound(f"there is no recall {recall_id}")
    (row,) = _rows(kernel, [found])
    same = ("exam_pk", "subject_id", "description", "day", "before", "now")
    exams = [
        RecalledExam(**{name: one[name] for name in same}, is_read_again=rules_recall.is_read_again(one))
        for one in found["exams"]
    ]
    return RecallShown(**row.model_dump(), exams=exams)


def _rows(kernel: Kernel, found: list[dict[str, Any]]) -> list[RecallRow]:
    with kernel.database.read() as connection:
        names = names_of(connection, {row["by"] for row in found})
    shown = []
    for row in found:
        told = rules_recall.progress(row["exams"])
        same = {name: row[name] for name in RecallRow.model_fields if name in row}
        same |= {"recalled": told.recalled, "read_again": told.read_again, "changed": told.changed}
        shown.append(RecallRow(**same, by_name=names.get(row["by"], row["by"])))
    return shown
