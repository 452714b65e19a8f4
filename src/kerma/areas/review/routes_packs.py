"""Acceptance packs over HTTP: which there are, what they say, a site's own, and their confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.review import actions_packs, queries_packs
from kerma.areas.review.queries_packs import Chosen
from kerma.areas.review.rules_packs import asks, described
from kerma.areas.worklist.queries import names_of
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.science.judge.pack_text import check_pack
from kerma.science.judge.sheet import MOST_CHARACTERS

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Line = Annotated[str, Field(max_length=actions_packs.MAX_LINE_LETTERS)]


class PackRow(BaseModel):
    """An acceptance pack as lists show it."""

    name: str
    title: str
    edition: str
    source: str
    status: str
    """public-law, verified, own, unverified, or confirmed: an unverified table that a Level III has compared."""
    is_binding: bool
    """Whether its verdicts may fail a part; else they advise."""
    origin: str
    """packaged (comes with Kerma) or site."""
    version: int
    sha256: str
    rule_count: int


class PackRule(BaseModel):
    """One row of a pack, as a sentence."""

    rule: str
    kind: str
    sentence: str
    when: str
    clause: str
    status: str
    labels: list[str]
    unit: str
    action: str
    curve: list[tuple[float, float]] | None
    """Limit against thickness in mm: the corners of straight lines; null where it does not hang on thickness."""


class PackFact(BaseModel):
    """Something that rows of a pack ask about the part, such as joint."""

    name: str
    words: list[str]
    """What it may be; empty where it is a number."""
    is_number: bool


class PackConfirmation(BaseModel):
    """A Level III's word that a table agrees with the published edition."""

    id: int
    edition: str
    statement: str
    by_name: str
    at: str
    table_sha256: str
    is_in_force: bool
    """Not withdrawn, and of the table as it is now."""
    withdrawn_at: str

    @classmethod
    def of(cls, row: dict[str, Any], names: Mapping[str, str], sha256: str) -> PackConfirmation:
        """Return a row as it is shown; ``sha256`` of the table as it is now."""
        is_in_force = not row["withdrawn_at"] and row["table_sha256"] == sha256
        return cls.model_validate(row | {"by_name": names.get(row["by"], row["by"]), "is_in_force": is_in_force})


class PackVersion(BaseModel):
    """One version of a site's own pack."""

    version: int
    sha256: str
    by_name: str
    at: str
    withdrawn_at: str


class PackDetail(PackRow):
    """A pack with its rows, its text, its versions and its confirmations."""

    rules: list[PackRule]
    asks: list[PackFact]
    text: str
    versions: list[PackVersion]
    confirmations: list[PackConfirmation]


class PackText(BaseModel):
    """The text of a pack."""

    model_config = ConfigDict(extra="forbid")
    text: Text


class NewPack(PackText):
    """A site's own pack, or a new version of it."""

    name: str = Field(max_length=64)


class PackMistake(BaseModel):
    """One thing wrong in a pack's text."""

    line: int
    column: str
    what: str
    allowed: str


class NewConfirmation(BaseModel):
    """What a Level III states who has compared a table with the published edition."""

    model_config = ConfigDict(extra="forbid")
    sha256: str = Field(max_length=64)
    """Of the table that was read."""
    edition: Line
    statement: Line


@router.get("/packs")
def packs(kernel: KernelNow, _: ActorNow) -> list[PackRow]:
    """List the acceptance packs in force."""
    with kernel.database.read() as connection:
        found = queries_packs.packs(connection)
    return [PackRow(**_row(one)) for one in found]


@router.post("/packs/check")
def check(_: ActorNow, given: PackText) -> list[PackMistake]:
    """List all that is wrong with the text of a pack; nothing is kept."""
    return [PackMistake.model_validate(one.as_json()) for one in check_pack(given.text)]


@router.post("/packs", status_code=201)
def add(kernel: KernelNow, actor: ActorNow, given: NewPack) -> PackDetail:
    """Add a site's own pack, or a new version of it."""
    actions_packs.add_pack(kernel, actor, name=given.name, text=given.text)
    return _detail(kernel, given.name)


@router.get("/packs/{name}")
def pack(kernel: KernelNow, _: ActorNow, name: str) -> PackDetail:
    """Show a pack with its rows, versions and confirmations."""
    return _detail(kernel, name)


@router.delete("/packs/{name}", status_code=204)
def withdraw(kernel: KernelNow, actor: ActorNow, name: str) -> None:
    """Withdraw a site's own pack."""
    actions_packs.withdraw_pack(kernel, actor, name=name)


@router.post("/packs/{name}/confirmation", status_code=201)
def confirm(kernel: KernelNow, actor: ActorNow, name: str, given: NewConfirmation) -> PackDetail:
    """Confirm that a pack's table agrees with the published edition at hand."""
    actions_packs.confirm_pack(
        kernel, actor, name=name, sha256=given.sha256, edition=given.edition, statement=given.statement
    )
    return _detail(kernel, name)


@router.delete("/packs/{name}/confirmation")
def withdraw_confirmation(kernel: KernelNow, actor: ActorNow, name: str) -> PackDetail:
    """Take the confirmation of a pack back."""
    actions_packs.withdraw_confirmation(kernel, actor, name=name)
    return _detail(kernel, name)


def _row(found: Chosen) -> dict[str, Any]:
    shown = ("name", "title", "edition", "source", "status", "origin", "version", "sha256")
    plain = found.as_json()
    return {name: plain[name] for name in shown} | {
        "is_binding": found.pack.is_binding,
        "rule_count": len(found.pack.rules),
    }


def _detail(kernel: Kernel, name: str) -> PackDetail:
    with kernel.database.read() as connection:
        found = queries_packs.chosen(connection, name)
        versions = queries_packs.versions_of(connection, name)
        confirmations = queries_packs.confirmations_of(connection, name)
        names = names_of(connection, {row["by"] for row in (*versions, *confirmations)})
    return PackDetail(
        **_row(found),
        rules=[PackRule(**one) for one in described(found.pack)],
        asks=[PackFact(**one) for one in asks(found.pack)],
        text=found.text,
        versions=[PackVersion.model_validate(row | {"by_name": names.get(row["by"], row["by"])}) for row in versions],
        confirmations=[PackConfirmation.of(row, names, found.sha256) for row in confirmations],
    )
