"""Custody over HTTP: the list, an item with its chain, one route for each step, photos, form and label."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kerma.areas.archive import actions_keeping as keeping
from kerma.areas.archive.model_keeping import EXAM, ITEM
from kerma.areas.custody import actions, prepare, queries, rules
from kerma.areas.custody.shown import ItemRow, ItemShown, PartyToChoose, StepRow, item_row, item_shown, step_rows
from kerma.errors import NotFound, WrongUsage
from kerma.kernel import apart, requests, uploads
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.reauthentication import confirm

router = APIRouter(prefix="/api/v1/custody", tags=["custody"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Sha256 = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
PDF_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; plugin-types application/pdf",
    "Cache-Control": "no-store",
}


class Asked(BaseModel):
    """What a request may say, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class PartyAsked(Asked):
    """A person without an account."""

    name: str = Field(min_length=1, max_length=256)
    organisation: str = Field(default="", max_length=256)
    document: str = Field(default="", max_length=256)


class StepAsked(Asked):
    """What a person states of a step; which of it is needed, the list of steps says."""

    happened_at: AwareDatetime | None = None
    place: str = Field(default="", max_length=256)
    seal_number: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=actions.LONGEST)
    reason: str = Field(default="", max_length=actions.LONGEST)
    receiver: str = Field(default="", max_length=80)
    party: PartyAsked | None = None
    signature: str = Field(default="", max_length=256)
    signature_sha256: Sha256 = ""
    photo_sha256: Sha256 = ""
    password: str = Field(default="", max_length=4096)


class CopyAsked(StepAsked):
    """A copy to make."""

    kind: str = Field(default="", max_length=16)
    description: str = Field(default="", max_length=actions.LONGEST)


class CorrectionAsked(StepAsked):
    """How an entry must be read, and why."""

    number: int = Field(ge=1, lt=2**31)
    is_struck: bool = False


class CollectAsked(StepAsked):
    """An item to take into custody."""

    kind: str = Field(max_length=16)
    description: str = Field(min_length=1, max_length=actions.LONGEST)
    subject: str = Field(default="", max_length=256)
    exam_pk: requests.RowNumber | None = None
    image_uid: str = Field(default="", max_length=64)


class HoldOn(Asked):
    """A legal hold to place on the item, or on its exam."""

    on: Literal["item", "exam"]
    reason: str = Field(min_length=1, max_length=1024)


class ListAsked(Asked):
    """What to show of the list; ``after`` is where a page ended."""

    text: str = Field(default="", max_length=256)
    state: Literal["", "open", "held", "offered", "stored", "out", "condemned", "released", "destroyed"] = "open"
    mine: bool = False
    exam_pk: requests.RowNumber | None = None
    after: requests.RowNumber = 0
    limit: int = Field(default=100, ge=1, le=queries.MAX_PAGE)


class CustodyItems(BaseModel):
    """One page of items."""

    items: list[ItemRow]
    next_after: int
    """Zero: this is the last page."""


class CustodyWords(BaseModel):
    """The words of custody: steps, kinds of item and of contact, states."""

    steps: list[StepRow]
    kinds: dict[str, str]
    contact_kinds: dict[str, str]
    states: dict[str, str]


class Kept(BaseModel):
    """A picture that was kept."""

    sha256: str


class Written(BaseModel):
    """An entry that was written, and the item as it stands now."""

    number: int
    digest: str
    copy_number: str
    item: ItemShown


@router.get("/words")
def words(_: ActorNow) -> CustodyWords:
    """List the steps, kinds and states with their words."""
    return CustodyWords(
        steps=step_rows(),
        kinds=rules.KINDS,
        contact_kinds=rules.CONTACT_KINDS,
        states={state: rules.STATE_WORDS[state] for state in rules.STATES},
    )


@router.get("/people")
def people(kernel: KernelNow, actor: ActorNow) -> list[PartyToChoose]:
    """List the colleagues an item can be handed over to."""
    return [PartyToChoose(**row) for row in prepare.colleagues(kernel, actor)]


@router.get("/items")
def items(request: Request, kernel: KernelNow, actor: ActorNow, asked: Annotated[ListAsked, Query()]) -> CustodyItems:
    """List items under custody, newest first."""
    requests.look(request, actor, actions.view)
    search = queries.Search(
        asked.text, asked.state, actor.key if asked.mine else "", asked.exam_pk, asked.after, asked.limit
    )
    with kernel.database.read() as connection:
        rows = queries.items(connection, search)
        names = queries.names_of(connection, {row[name] for row in rows for name in ("holder", "offered_to")})
        worst = queries.severities(connection, [row["id"] for row in rows], kernel.clock.now())
    shown = [item_row(row, names, actor, worst[row["id"]]) for row in rows[: asked.limit]]
    return CustodyItems(items=shown, next_after=shown[-1].id if len(rows) > asked.limit else 0)


@router.post("/items", status_code=201)
def collect(request: Request, kernel: KernelNow, actor: ActorNow, asked: CollectAsked) -> Written:
    """Take an image or a thing into custody."""
    item = actions.ItemTold(asked.kind, asked.description, asked.subject, asked.exam_pk, asked.image_uid)
    told = _told(request, kernel, actor, asked, rules.VERB["collect"])
    return _written(kernel, actor, actions.collect(kernel, actor, item=item, told=told))


@router.get("/items/{number}")
def item(kernel: KernelNow, actor: ActorNow, number: str) -> ItemShown:
    """Show an item: its chain, gaps and overlaps, and what can be done next."""
    return _shown(kernel, actor, prepare.chain(kernel, actor, number, purpose="read"))


@router.post("/items/{number}/copy", status_code=201)
def copy(request: Request, kernel: KernelNow, actor: ActorNow, number: str, asked: CopyAsked) -> Written:
    """Make a copy: an item of its own that refers to the original."""
    told = _told(request, kernel, actor, asked, rules.VERB["copy"])
    made = actions.copy(kernel, actor, item=number, told=told, kind=asked.kind, description=asked.description)
    return _written(kernel, actor, made)


@router.post("/items/{number}/correct", status_code=201)
def correct(request: Request, kernel: KernelNow, actor: ActorNow, number: str, asked: CorrectionAsked) -> Written:
    """Say how an entry must be read; the entry itself stays."""
    told = _told(request, kernel, actor, asked, None)
    done = actions.correct(kernel, actor, item=number, number=asked.number, told=told, is_struck=asked.is_struck)
    return _written(kernel, actor, done)


@router.post("/items/{number}/hold", status_code=201)
def hold(kernel: KernelNow, actor: ActorNow, number: str, asked: HoldOn) -> ItemShown:
    """Place a legal hold on the item or on its exam; two persons lift it, on the page of keeping."""
    found = prepare.chain(kernel, actor, number, purpose="hold")
    if asked.on == "exam" and found.exam is None:
        raise WrongUsage(f"item {found.item['number']} belongs to no exam: place the hold on the item")
    target, thing = (EXAM, found.exam["uid"]) if asked.on == "exam" and found.exam else (ITEM, found.item["number"])
    keeping.hold(kernel, actor, target=target, thing=thing, reason=asked.reason)
    return _shown(kernel, actor, prepare.chain(kernel, actor, number, purpose="read"))


@router.post("/items/{number}/steps/{verb}", status_code=201)
def step(request: Request, kernel: KernelNow, actor: ActorNow, number: str, verb: str, asked: StepAsked) -> Written:
    """Take a step: seal, hand over, accept, store …; the list of words says which there are and what each needs."""
    take = actions.TAKE.get(verb)
    if take is None:
        raise NotFound(f"there is no step '{verb[:40]}'; the steps are {', '.join(actions.TAKE)}")
    told = _told(request, kernel, actor, asked, rules.VERB[verb])
    return _written(kernel, actor, take(kernel, actor, item=number, told=told))


@router.post("/photos", status_code=201)
async def keep_photo(request: Request, kernel: KernelNow, actor: ActorNow) -> Kept:
    """Keep a photo of a seal or thing, or a drawn signature; it is named by its SHA-256 in the step it belongs to."""
    from starlette.concurrency import run_in_threadpool

    async with uploads.receive(request, kernel.settings.home / "uploads") as upload:
        if len(upload.files) != 1:
            raise WrongUsage("send one picture, in a part named 'photo'")
        kept = await run_in_threadpool(prepare.keep_photo, kernel, actor, upload.files[0].path)
    return Kept(sha256=kept)


@router.get("/items/{number}/photos/{sha256}", response_class=Response)
def photo(kernel: KernelNow, actor: ActorNow, number: str, sha256: str) -> Response:
    """Show a photo or drawn signature of an item's chain."""
    from kerma.areas.custody.photo import check

    found = prepare.chain(kernel, actor, number, purpose="photo")
    named = {row[name] for row in found.rows for name in ("photo_sha256", "signature_sha256")} - {""}
    if sha256 not in named:
        raise NotFound(f"item {found.item['number']} has no such photo")
    data = kernel.blobs.get(sha256)
    return Response(data, media_type=apart.run(check, data), headers={"Content-Security-Policy": "sandbox"})


@router.get("/items/{number}/form.pdf", response_class=Response)
def form(kernel: KernelNow, actor: ActorNow, number: str) -> Response:
    """Print the chain form."""
    return _pdf(prepare.form(kernel, actor, number), f"custody-{number}.pdf")


@router.get("/items/{number}/label.pdf", response_class=Response)
def label(kernel: KernelNow, actor: ActorNow, number: str, size: Literal["62x29", "A4"] = "62x29") -> Response:
    """Print the label with its QR code."""
    return _pdf(prepare.label(kernel, actor, [number], size), f"label-{number}.pdf")


def _pdf(data: bytes, name: str) -> Response:
    safe = "".join(letter for letter in name if letter.isalnum() or letter in "-.")
    headers = {**PDF_HEADERS, "Content-Disposition": f'inline; filename="{safe}"'}
    return Response(data, media_type="application/pdf", headers=headers)


def _told(request: Request, kernel: Kernel, actor: Actor, asked: StepAsked, of: rules.Step | None) -> actions.Told:
    """Return what is stated; where the step is signed, the password is checked here, before the transaction."""
    confirmed_at = ""
    if of is not None and of.signs:
        name = f"custody.{of.verb}"
        if not is_granted(name, actor.permissions):
            refuse(kernel, actor, name)
        confirmed_at = confirm(kernel, actor, asked.password, requests.address_of(request))
    same: dict[str, Any] = {
        name: getattr(asked, name)
        for name in (
            "place", "seal_number", "text", "reason", "receiver", "signature", "signature_sha256", "photo_sha256",
        )
    }  # fmt: skip
    for sha256 in (asked.photo_sha256, asked.signature_sha256):
        if sha256 and not kernel.blobs.exists(sha256):
            raise NotFound("the picture this step names is not kept: send it again")
    happened_at: datetime | None = asked.happened_at
    party = actions.PartyTold(**asked.party.model_dump()) if asked.party else None
    return actions.Told(happened_at=happened_at, party=party, confirmed_at=confirmed_at, **same)


def _written(kernel: Kernel, actor: Actor, done: actions.Entered) -> Written:
    with kernel.database.read() as connection:
        found = queries.chain_of(connection, queries.item_by_number(connection, done.item), kernel.clock.now())
    shown = _shown(kernel, actor, found)
    return Written(number=done.number, digest=done.digest, copy_number=done.copy, item=shown)


def _shown(kernel: Kernel, actor: Actor, found: queries.Chain) -> ItemShown:
    return item_shown(found, actor)
