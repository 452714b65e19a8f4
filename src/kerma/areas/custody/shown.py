"""Custody as the routes show it: rows, chains and steps with the words a page needs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from kerma.areas.custody import queries, rules, rules_chain
from kerma.kernel import clock
from kerma.kernel.action import Actor
from kerma.kernel.permissions import is_granted


class StepRow(BaseModel):
    """One step of the table: what it is called and what it takes."""

    kind: str
    verb: str
    words: str
    meaning: str
    needs: list[str]
    takes: list[str]
    signs: bool


class PartyToChoose(BaseModel):
    """A colleague by key and name."""

    key: str
    name: str


class ItemRow(BaseModel):
    """One item of a list."""

    id: int
    number: str
    kind: str
    kind_words: str
    description: str
    subject: str
    exam_pk: int | None
    image_uid: str
    image_sha256: str
    state: str
    state_words: str
    holder: str
    holder_name: str
    offered_to: str
    offered_to_name: str
    is_mine: bool
    waits_for_me: bool
    place: str
    seal_number: str
    entry_count: int
    created_at: str
    severity: str
    """The worst that is wrong with its chain; empty when nothing is."""


class EntryRow(BaseModel):
    """One entry of a chain."""

    number: int
    kind: str
    words: str
    happened_at: str
    recorded_at: str
    is_late: bool
    by: str
    by_name: str
    giver: str
    giver_name: str
    receiver: str
    receiver_name: str
    place: str
    seal_number: str
    text: str
    reason: str
    photo_sha256: str
    signature: str
    signature_sha256: str
    confirmed_at: str
    corrects: int | None
    is_struck: bool
    """This correction strikes the entry it is about."""
    struck_by: int | None
    corrected_by: list[int]
    refers_to: str
    digest: str


class FaultRow(BaseModel):
    """One gap, overlap or contradiction."""

    code: str
    severity: str
    words: str
    start: str
    end: str
    numbers: list[int]


class DisclosedFile(BaseModel):
    """A file that was disclosed."""

    name: str
    sha256: str


class DisclosureRow(BaseModel):
    """What was disclosed to whom."""

    id: int
    item: str | None
    exam_pk: int | None
    what: str
    recipient: str
    contact_id: int | None
    legal_basis: str
    files: list[DisclosedFile]
    receipt: str
    disclosed_at: str
    recorded_at: str
    by: str
    by_name: str


class ItemShown(ItemRow):
    """An item with its chain and everything that is known of it."""

    check: str
    """The check digest of its label."""
    original: str
    copies: list[str]
    holds: list[str]
    parties: dict[str, dict[str, str]]
    entries: list[EntryRow]
    faults: list[FaultRow]
    disclosures: list[DisclosureRow]
    steps: list[str]
    """Verbs of the steps that whoever asks could take now."""


def step_rows() -> list[StepRow]:
    """Return the table of steps."""
    return [
        StepRow(
            kind=step.kind, verb=step.verb, words=step.words, meaning=step.meaning, needs=list(step.needs),
            takes=list(step.takes), signs=step.signs,
        )
        for step in rules.STEPS
    ]  # fmt: skip


def item_row(row: dict[str, Any], names: dict[str, str], actor: Actor, severity: str) -> ItemRow:
    """Return an item as a list shows it."""
    return ItemRow(**_row(row, names, actor), severity=severity)


def _row(row: dict[str, Any], names: dict[str, str], actor: Actor) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name in ItemRow.model_fields}
    return kept | {
        "kind_words": rules.KINDS.get(row["kind"], row["kind"]),
        "state_words": rules.STATE_WORDS.get(row["state"], row["state"]),
        "holder_name": names.get(row["holder"], row["holder"]),
        "offered_to_name": names.get(row["offered_to"], row["offered_to"]),
        "is_mine": row["holder"] == actor.key,
        "waits_for_me": row["offered_to"] == actor.key,
    }


def item_shown(chain: queries.Chain, actor: Actor) -> ItemShown:
    """Return an item as its page shows it."""
    possible = [
        step.verb
        for step in rules.possible(chain.standing, actor.key)
        if is_granted(f"custody.{step.verb}", actor.permissions) and actor.kind == "person"
    ]
    return ItemShown(
        **_row(chain.item, chain.names, actor),
        severity=rules_chain.worst(chain.faults),
        check=chain.check,
        original=chain.original["number"] if chain.original else "",
        copies=[copy["number"] for copy in chain.copies],
        holds=chain.holds,
        parties={
            key: {name: row[name] for name in ("name", "organisation", "document")}
            for key, row in chain.parties.items()
        },
        entries=[_entry(row, chain) for row in chain.rows],
        faults=[
            FaultRow(
                code=one.code, severity=one.severity, words=one.words, numbers=list(one.numbers),
                start=clock.text(one.start) if one.start else "", end=clock.text(one.end) if one.end else "",
            )
            for one in chain.faults
        ],
        disclosures=[DisclosureRow(**_known(row, DisclosureRow)) for row in chain.disclosures],
        steps=possible,
    )  # fmt: skip


def _known(row: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in model.model_fields}


def disclosure_row(row: dict[str, Any]) -> DisclosureRow:
    """Return a disclosure as the log shows it."""
    return DisclosureRow(**_known(row, DisclosureRow))


def _entry(row: dict[str, Any], chain: queries.Chain) -> EntryRow:
    corrections = [one for one in chain.rows if one["corrects"] == row["number"]]
    name = chain.names.get
    return EntryRow(
        **_known(row, EntryRow),
        words=row["kind"].replace("-", " "),
        is_late=row["kind"] != rules.CORRECTED and queries.entry_of(row).is_late,
        by_name=name(row["by"], row["by"]),
        giver_name=name(row["giver"], row["giver"]),
        receiver_name=name(row["receiver"], row["receiver"]),
        struck_by=next((one["number"] for one in corrections if one["is_struck"]), None),
        corrected_by=[one["number"] for one in corrections],
    )
