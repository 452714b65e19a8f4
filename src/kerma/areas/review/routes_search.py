"""Secondary screening over HTTP: orders, the search itself, its outcome, photos and sheet, and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.review import actions_search, queries_search, rules_search
from kerma.areas.review.routes_talk import TalkPlace, Text
from kerma.areas.review.rules_search import MOST_PHOTOS, MOST_PLACES, Order, Outcome
from kerma.areas.review.searching import (
    SearchRow,
    SearchShown,
    ShareShown,
    detail,
    keep_photo,
    order_rows,
    photo,
    share_shown,
    sheet,
)
from kerma.errors import WrongUsage
from kerma.kernel import requests, uploads
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import sight_of
from kerma.standards import table

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Code = Annotated[str, Field(max_length=32)]
PDF_HEADERS = {"Content-Security-Policy": "sandbox", "Content-Disposition": 'inline; filename="search.pdf"'}


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Coded(BaseModel):
    """A code and its words."""

    code: str
    words: str


class ReasonRow(Coded):
    """Why an object is referred, or its inspection broken off."""

    kind: Literal["refer", "abort"]


class OutcomeWords(Coded):
    """What a search can come to."""

    is_found: Literal["yes", "no", ""]
    """Empty: it tells neither."""
    needs_category: bool


class SearchWords(BaseModel):
    """The codes of secondary screening with their words, and the site's setting."""

    suspicions: list[Coded]
    methods: list[Coded]
    outcomes: list[OutcomeWords]
    reasons: list[ReasonRow]
    categories: list[Coded]
    decisions: list[str]
    """Decisions that ask for a search."""
    is_automatic: bool


class SearchOrders(BaseModel):
    """Searches that the person may see."""

    orders: list[SearchRow]


class ExamSearches(SearchOrders):
    """The searches of one exam, the last ordered first."""

    may_order: bool
    """Whether the decision in force is the person's own and asks for a search, and none is open."""
    reason: str
    """The code that this decision names."""


class NewSearch(_Exact):
    """What is to be searched for, where and how."""

    suspicion: Code = rules_search.UNRESOLVED
    reason: Code = ""
    methods: list[Code] = Field(default_factory=lambda: ["manual"], max_length=8)
    instruction: Text = ""
    places: list[TalkPlace] = Field(default_factory=list, max_length=MOST_PLACES)


class NewOutcome(_Exact):
    """What a search came to."""

    outcome: Code
    category: Code = ""
    words: Text = ""
    custody_number: str = Field(default="", max_length=40)
    photos: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(default_factory=list, max_length=MOST_PHOTOS)


class WhyCanceled(_Exact):
    """Why a search is canceled."""

    reason: Text


class CustodyLink(_Exact):
    """The custody record of what was found."""

    custody_number: str = Field(max_length=40)


class KeptPhoto(BaseModel):
    """A photo that is kept."""

    sha256: str


class SearchSetting(_Exact):
    """Whether a decision that asks for a search orders it by itself."""

    is_automatic: bool


class Referrals(BaseModel):
    """What became of the person's referrals, last ended first."""

    orders: list[SearchRow]
    share: ShareShown


@router.get("/searches/words")
def words(kernel: KernelNow, _: ActorNow) -> SearchWords:
    """List the codes of secondary screening, and whether searches are ordered automatically."""
    with kernel.database.read() as connection:
        is_automatic = queries_search.is_automatic(connection)
    suspicions = {row["suspicion"]: row["words"] for row in table(rules_search.HANDLING)}
    outcomes = rules_search.rows(rules_search.OUTCOMES, "outcome")
    reasons = rules_search.rows(rules_search.REASONS, "reason")
    return SearchWords(
        suspicions=[Coded(code=code, words=text) for code, text in suspicions.items()],
        methods=_coded(rules_search.METHODS, "method"),
        outcomes=[
            OutcomeWords(
                code=code,
                words=row["words"],
                is_found=row["is_found"],  # type: ignore[arg-type]  # the table says one of the three
                needs_category=row["needs_category"] == "yes",
            )
            for code, row in outcomes.items()
        ],
        reasons=[ReasonRow(code=code, words=row["words"], kind=row["kind"]) for code, row in reasons.items()],  # type: ignore[arg-type]
        categories=_coded(rules_search.CATEGORIES, "category"),
        decisions=list(rules_search.SEARCHED),
        is_automatic=is_automatic,
    )


@router.get("/searches")
def searches(
    request: Request, kernel: KernelNow, actor: ActorNow, view: Literal["open", "ended"] = "open"
) -> SearchOrders:
    """List searches: those that are open, oldest first, or the ended, last ended first."""
    requests.look(request, actor, actions_search.view_searches)
    with kernel.database.read() as connection:
        rows = queries_search.orders(connection, actor, view=view)
    return SearchOrders(orders=order_rows(kernel, actor, rows))


@router.get("/searches/referrals")
def referrals(request: Request, kernel: KernelNow, actor: ActorNow) -> Referrals:
    """Show what became of one's own referrals, and in what share of them something was found."""
    requests.look(request, actor, actions_search.view_searches)
    with kernel.database.read() as connection:
        rows = queries_search.referrals(connection, actor)
    told = rules_search.share([row["outcome"] for row in rows])
    return Referrals(orders=order_rows(kernel, actor, rows), share=share_shown(told))


@router.put("/searches/setting")
def setting(kernel: KernelNow, actor: ActorNow, given: SearchSetting) -> SearchSetting:
    """Set whether a decision that asks for a search orders it by itself."""
    actions_search.set_searches(kernel, actor, is_automatic=given.is_automatic)
    return given


@router.post("/searches/photos", status_code=201)
async def add_photo(request: Request, kernel: KernelNow, actor: ActorNow) -> KeptPhoto:
    """Keep a photo; it is named by its SHA-256 in the outcome it belongs to."""
    from starlette.concurrency import run_in_threadpool

    async with uploads.receive(request, kernel.settings.home / "uploads") as upload:
        if len(upload.files) != 1:
            raise WrongUsage("send one picture, in a part named 'photo'")
        kept = await run_in_threadpool(keep_photo, kernel, actor, upload.files[0].path)
    return KeptPhoto(sha256=kept)


@router.get("/searches/{order}")
def search(kernel: KernelNow, actor: ActorNow, order: requests.RowNumber) -> SearchShown:
    """Show one search: what to look for and where, the step card, what happened so far."""
    return detail(kernel, actor, order)


@router.get("/searches/{order}/photos/{sha256}", response_class=Response)
def shown_photo(kernel: KernelNow, actor: ActorNow, order: requests.RowNumber, sha256: str) -> Response:
    """Show a photo of a search."""
    data, media_type = photo(kernel, actor, order, sha256)
    return Response(data, media_type=media_type, headers={"Content-Security-Policy": "sandbox"})


@router.get("/searches/{order}/sheet.pdf", response_class=Response)
def printed(kernel: KernelNow, actor: ActorNow, order: requests.RowNumber) -> Response:
    """Print the search sheet: the order, images with their places, the step card, lines for the outcome."""
    return Response(sheet(kernel, actor, order), media_type="application/pdf", headers=PDF_HEADERS)


@router.post("/searches/{order}/start")
def start(kernel: KernelNow, actor: ActorNow, order: requests.RowNumber) -> SearchShown:
    """Take a search, so that exactly one person does it."""
    actions_search.start_search(kernel, actor, order_id=order)
    return detail(kernel, actor, order)


@router.post("/searches/{order}/end")
def end(kernel: KernelNow, actor: ActorNow, order: requests.RowNumber, given: NewOutcome) -> SearchShown:
    """Record what a search came to; the first reader is told."""
    actions_search.end_search(kernel, actor, order_id=order, told=Outcome(**given.model_dump()))
    return detail(kernel, actor, order)


@router.post("/searches/{order}/cancel")
def cancel(kernel: KernelNow, actor: ActorNow, order: requests.RowNumber, given: WhyCanceled) -> SearchShown:
    """Cancel a search that is not done."""
    actions_search.cancel_search(kernel, actor, order_id=order, reason=given.reason)
    return detail(kernel, actor, order)


@router.post("/searches/{order}/custody")
def link_custody(kernel: KernelNow, actor: ActorNow, order: requests.RowNumber, given: CustodyLink) -> SearchShown:
    """Link the custody record of what was found."""
    actions_search.link_custody(kernel, actor, order_id=order, custody_number=given.custody_number)
    return detail(kernel, actor, order)


@router.get("/exams/{exam_pk}/searches")
def of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ExamSearches:
    """Show the searches of an exam, and whether the person may order one."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="search")
    with kernel.database.read() as connection:
        rows = queries_search.orders(connection, actor, view="all", exam_pk=exam_pk)
        made = queries_search.decision_to_search(connection, exam_pk)
        sight = sight_of(connection, actor, exam_pk)
    is_mine = made is not None and sight.people and made["by"] == actor.key
    has_open = any(row["state"] in (rules_search.ORDERED, rules_search.STARTED) for row in rows)
    return ExamSearches(
        orders=order_rows(kernel, actor, rows),
        may_order=is_mine and not has_open,
        reason=rules_search.reason_of(made["reason"]) if made and is_mine else "",
    )


@router.post("/exams/{exam_pk}/searches", status_code=201)
def order_it(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewSearch) -> SearchShown:
    """Order the search of an object whose image one has decided to be suspect or referred."""
    order = Order(**(new.model_dump(exclude={"places"})), places=[one.told() for one in new.places])
    order_id = actions_search.order_search(kernel, actor, exam_pk=exam_pk, order=order)
    return detail(kernel, actor, order_id)


def _coded(name: str, key: str) -> list[Coded]:
    return [Coded(code=row[key], words=row["words"]) for row in table(name)]
