"""What the load of an exam is declared as, over HTTP: given, read and withdrawn."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions_declaration, queries_declaration, rules
from kerma.areas.review.rules_declaration import MAX_WORD_LETTERS, MOST_GOODS, Given
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.science.detect.declared import GOODS
from kerma.standards import table

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Word = Annotated[str, Field(max_length=MAX_WORD_LETTERS)]


class DeclarableGoods(BaseModel):
    """Goods whose figures are known, so that an image can be held against them."""

    goods: str
    chapters: str
    """Chapters of the Harmonized System that they take in."""
    words: str


class NewDeclaration(BaseModel):
    """What the load of an exam is declared as."""

    model_config = ConfigDict(extra="forbid")
    goods: list[Word] = Field(max_length=MOST_GOODS)
    """Goods of ``/declarable-goods``, or chapters and codes of the Harmonized System."""
    depth_mm: float | None = None
    """Depth of the load along the beam; without it no density can be told."""
    end_point_mev: float | None = None
    """Of the accelerator; left out for a tube of two energies."""
    reference: Word = ""
    """Number of the declaration."""
    declarant: Word = ""
    """Who declares it: consignor, carrier, customs agent."""
    supersedes: int | None = None
    """Id of the newest declaration, or withdrawal of one, that the person has seen."""


class Withdrawal(BaseModel):
    """Why a declaration no longer holds."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(max_length=rules.MAX_REASON_LETTERS)
    supersedes: int
    """Id of the declaration in force that the person has seen."""


class Declaration(BaseModel):
    """One version of what a load is declared as, or the withdrawal of the one before."""

    id: int
    version: int
    goods: list[str]
    depth_mm: float | None
    end_point_mev: float | None
    reference: str
    declarant: str
    is_withdrawn: bool
    reason: str
    """Why it was withdrawn; empty of a declaration."""
    by: str
    by_name: str
    at: str


class Declarations(BaseModel):
    """What the load of an exam is declared as now, and every version, the newest first."""

    exam_pk: int
    in_force: Declaration | None
    newest_id: int | None
    """Id of the newest version; pass it as ``supersedes``."""
    versions: list[Declaration]


@router.get("/declarable-goods")
def declarable_goods(_: ActorNow) -> list[DeclarableGoods]:
    """List the goods that a load can be declared as."""
    return [
        DeclarableGoods(goods=row["goods"], chapters=row["hs_chapters"], words=row["words"]) for row in table(GOODS)
    ]


@router.get("/exams/{exam_pk}/declaration")
def declaration(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Declarations:
    """Show what the load of an exam is declared as, with every earlier version."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    return _shown(kernel, exam_pk)


@router.post("/exams/{exam_pk}/declaration", status_code=201)
def declare(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewDeclaration) -> Declarations:
    """Record what the load of an exam is declared as, and have its images held against it."""
    given = Given(tuple(new.goods), new.depth_mm, new.end_point_mev, new.reference, new.declarant)
    actions_declaration.declare(kernel, actor, exam_pk=exam_pk, given=given, supersedes=new.supersedes)
    return _shown(kernel, exam_pk)


@router.post("/exams/{exam_pk}/declaration/withdrawal", status_code=201)
def withdraw(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, told: Withdrawal) -> Declarations:
    """Withdraw what the load of an exam was declared as; it stays on record, and the exam is analysed without it."""
    actions_declaration.withdraw_declaration(
        kernel, actor, exam_pk=exam_pk, reason=told.reason, supersedes=told.supersedes
    )
    return _shown(kernel, exam_pk)


def _shown(kernel: Kernel, exam_pk: int) -> Declarations:
    with kernel.database.read() as connection:
        if exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        rows = queries_declaration.declarations(connection, exam_pk)
        names = names_of(connection, {row["by"] for row in rows})
    kept = ("id", "version", "is_withdrawn", "reason", "by", "at")
    versions = [
        Declaration(**{name: row[name] for name in kept}, **row["document"], by_name=names.get(row["by"], row["by"]))
        for row in rows
    ]
    newest = versions[0] if versions else None
    return Declarations(
        exam_pk=exam_pk,
        in_force=newest if newest and not newest.is_withdrawn else None,
        newest_id=newest.id if newest else None,
        versions=versions,
    )
