"""Asking other archives over HTTP: what they have, having it here, and what rules fetched of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from kerma.areas.exchange import actions_ask, queries_route
from kerma.areas.exchange.routes import ActorNow, FromRow, KernelNow, Strict
from kerma.kernel.requests import RowNumber

router = APIRouter(prefix="/api/v1", tags=["exchange"])

Value = Annotated[str, Field(max_length=1024)]


class Question(Strict):
    """What another archive is asked for: matching keys by DICOM keyword."""

    level: Literal["study", "series", "image"] = "study"
    match: dict[str, Value] = Field(default={}, max_length=50)


class ExamWanted(Strict):
    """An exam to be had here."""

    exam_uid: str = Field(min_length=1, max_length=64, pattern=r"^[0-9]+(\.[0-9]+)*$")


class FetchDone(BaseModel):
    """What came of a fetch."""

    completed: int
    failed: int
    method: str
    refused: list[str]


class FetchRow(FromRow):
    """Earlier exams that a rule wants from a node, and what became of it."""

    id: int
    rule: str
    ae_title: str
    cause: str
    state: str
    attempts: int
    error: str
    exam_count: int
    requested_at: str
    finished_at: str


@router.post("/nodes/{ae_title}/query")
def query_node(kernel: KernelNow, actor: ActorNow, ae_title: str, asked: Question) -> list[dict[str, str]]:
    """Ask another archive what it has (C-FIND); each match as values by DICOM keyword."""
    return actions_ask.query(kernel, actor, ae_title=ae_title, level=asked.level, asked=asked.match)


@router.post("/nodes/{ae_title}/fetch")
def fetch_exam(kernel: KernelNow, actor: ActorNow, ae_title: str, wanted: ExamWanted) -> FetchDone:
    """Have an exam of another archive here (C-GET, or C-MOVE to ourselves); answered once it has ended."""
    state = actions_ask.fetch_exam(kernel, actor, ae_title=ae_title, exam_uid=wanted.exam_uid)
    return FetchDone(
        completed=state.completed, failed=state.failed, method=state.method, refused=list(dict.fromkeys(state.refused))
    )


@router.get("/fetches")
def list_fetches(
    kernel: KernelNow,
    actor: ActorNow,
    state: Literal["", "waiting", "done", "parked"] = "",
    before: RowNumber | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[FetchRow]:
    """Fetches of earlier exams that rules asked for, the last first."""
    actions_ask.view(kernel, actor, what="fetches")
    with kernel.database.read() as connection:
        rows = queries_route.fetches(connection, state=state, before=before, limit=limit)
    return [FetchRow.model_validate(row) for row in rows]
