"""Reading custody: items, their chains as the rules see them, parties, contacts, disclosures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.archive.model_keeping import ITEM
from kerma.areas.archive.queries_keeping import exam_to_keep, holds
from kerma.areas.custody import rules, rules_chain, rules_number
from kerma.areas.custody.model import (
    custody_contact,
    custody_disclosure,
    custody_entry,
    custody_item,
    custody_party,
)
from kerma.areas.people.queries import name_of_actor
from kerma.errors import NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.canonical import canonical

MAX_PAGE = 200
Row = dict[str, Any]
NOT_HASHED = ("id", "digest")


@dataclass(frozen=True)
class Search:
    """Which items a list shows, newest first; ``after`` is the key of the last one of the page before."""

    text: str = ""
    state: str = "open"
    """A state, ``open`` for every state in which somebody answers for the item, or empty for all."""
    holder: str = ""
    exam_pk: int | None = None
    after: int = 0
    limit: int = MAX_PAGE


def items(connection: sa.Connection, search: Search) -> list[Row]:
    """Return a page of items, one more than asked for when there are more."""
    statement = sa.select(custody_item).order_by(custody_item.c.id.desc()).limit(search.limit + 1)
    if search.state == "open":
        statement = statement.where(custody_item.c.state.in_(rules.OPEN))
    elif search.state:
        statement = statement.where(custody_item.c.state == search.state)
    if search.holder:
        column = custody_item.c
        statement = statement.where(sa.or_(column.holder == search.holder, column.offered_to == search.holder))
    if search.exam_pk is not None:
        statement = statement.where(custody_item.c.exam_pk == search.exam_pk)
    if search.after:
        statement = statement.where(custody_item.c.id < search.after)
    for word in search.text.split():
        searched = (custody_item.c[name] for name in ("number", "description", "subject", "seal_number", "place"))
        statement = statement.where(sa.or_(*(column.icontains(word, autoescape=True) for column in searched)))
    return [dict(row) for row in connection.execute(statement).mappings()]


def severities(connection: sa.Connection, item_pks: Collection[int], now: datetime) -> dict[int, str]:
    """Return the worst that is wrong with the chain of each of some items; empty where nothing is."""
    statement = sa.select(custody_entry).where(custody_entry.c.item_pk.in_(item_pks)).order_by(custody_entry.c.number)
    chains: dict[int, list[Row]] = {item_pk: [] for item_pk in item_pks}
    for row in connection.execute(statement).mappings():
        chains[row["item_pk"]].append(dict(row))
    return {
        item_pk: rules_chain.BREACH
        if altered(rows)
        else rules_chain.worst(rules_chain.faults([entry_of(row) for row in rows], now))
        for item_pk, rows in chains.items()
    }


def item_by_number(connection: sa.Connection, number: str) -> Row:
    """Return an item by its number, as a person typed it.

    Raises
    ------
    WrongUsage
        The number is mistyped: its last letter says so.
    NotFound
        There is no such item.
    """
    read = rules_number.read_number(number)
    if not read:
        raise WrongUsage(f"'{number[:60]}' is no item's number: the letter at its end does not agree; look again")
    found = connection.execute(sa.select(custody_item).where(custody_item.c.number == read)).mappings().one_or_none()
    if found is None:
        raise NotFound(f"there is no item {read}")
    return dict(found)


def item_by_pk(connection: sa.Connection, item_pk: int) -> Row:
    """Return an item by its key."""
    return dict(connection.execute(sa.select(custody_item).where(custody_item.c.id == item_pk)).mappings().one())


def rows_of_chain(connection: sa.Connection, item_pk: int) -> list[Row]:
    """Return the entries of an item's chain as they were written, in that order."""
    statement = sa.select(custody_entry).where(custody_entry.c.item_pk == item_pk).order_by(custody_entry.c.number)
    return [dict(row) for row in connection.execute(statement).mappings()]


def entry_of(row: Mapping[str, Any]) -> rules.Entry:
    """Return an entry as the rules see it."""
    same = (
        "number", "kind", "by", "giver", "receiver", "place", "seal_number", "text", "reason", "corrects", "is_struck",
    )  # fmt: skip
    happened_at, recorded_at = clock.moment(row["happened_at"]), clock.moment(row["recorded_at"])
    return rules.Entry(happened_at=happened_at, recorded_at=recorded_at, **{name: row[name] for name in same})


def digest_of(row: Mapping[str, Any], before: str) -> str:
    """Return the SHA-256 over an entry and the digest of the one before it."""
    hashed = {str(name): value for name, value in row.items() if name not in NOT_HASHED}
    return hashlib.sha256(canonical({**hashed, "before": before})).hexdigest()


def altered(rows: Collection[Mapping[str, Any]]) -> list[int]:
    """Return the numbers of the entries that no longer are what was written."""
    found, before = [], ""
    for row in rows:
        if digest_of(row, before) != row["digest"]:
            found.append(int(row["number"]))
        before = row["digest"]
    return found


def check_of(rows: Collection[Mapping[str, Any]]) -> str:
    """Return the check digest that stands on an item's label: eight figures of its first entry's digest."""
    return next((str(row["digest"])[:8].upper() for row in rows), "")


def names_of(connection: sa.Connection, keys: Collection[str]) -> dict[str, str]:
    """Return what readers know actors, parties and places by."""
    return {key: name_of(connection, key) for key in set(keys) if key}


def name_of(connection: sa.Connection, key: str) -> str:
    """Return what a reader knows ``person:7``, ``party:3`` or ``place:…`` by."""
    if key.startswith(rules.PLACE):
        return key.removeprefix(rules.PLACE)
    if key.startswith(rules.PARTY):
        number = key.removeprefix(rules.PARTY)
        found = connection.execute(sa.select(custody_party).where(custody_party.c.id == int(number))).one_or_none()
        return ", ".join(filter(None, (found.name, found.organisation))) if found else key
    return name_of_actor(connection, key)


@dataclass(frozen=True)
class Chain:
    """An item with its entries, what is wrong with them, and everybody's names."""

    item: Row
    rows: list[Row]
    standing: rules.Standing
    faults: list[rules_chain.Fault]
    names: dict[str, str]
    parties: dict[str, Row]
    holds: list[str]
    copies: list[Row]
    original: Row | None
    disclosures: list[Row]
    exam: Row | None

    @property
    def check(self) -> str:
        """The check digest of its label."""
        return check_of(self.rows)


def chain_of(connection: sa.Connection, item: Row, now: datetime) -> Chain:
    """Return everything that is known of an item's custody."""
    rows = rows_of_chain(connection, item["id"])
    entries = [entry_of(row) for row in rows]
    names = names_of(connection, _keys(item, rows))
    found = rules_chain.faults(entries, now, lambda key: names.get(key, key))
    found[:0] = [_altered(number) for number in altered(rows)]
    if len(rows) < item["entry_count"]:
        found.insert(0, _shortened(len(rows), item["entry_count"]))
    try:
        standing = rules.follow(entries)
    except rules.Misfit:
        standing = rules.Standing(item["state"], item["holder"], item["place"], item["seal_number"])
    copied = sa.select(custody_item).where(custody_item.c.original_pk == item["id"]).order_by(custody_item.c.id)
    return Chain(
        item=item,
        rows=rows,
        standing=standing,
        faults=found,
        names=names,
        parties=_parties(connection, names),
        holds=holds_on(connection, item),
        copies=[dict(row) for row in connection.execute(copied).mappings()],
        original=item_by_pk(connection, item["original_pk"]) if item["original_pk"] else None,
        disclosures=disclosures(connection, item_pk=item["id"]),
        exam=exam_of(connection, item["exam_pk"]) if item["exam_pk"] else None,
    )


def _keys(item: Row, rows: list[Row]) -> set[str]:
    told = {row[name] for row in rows for name in ("by", "giver", "receiver")}
    return {item["holder"], item["offered_to"], item["created_by"], *told}


def _altered(number: int) -> rules_chain.Fault:
    words = f"entry {number} is not what was written: it was changed in the database"
    return rules_chain.Fault("altered", rules_chain.BREACH, words, None, None, (number,))


def _shortened(here: int, written: int) -> rules_chain.Fault:
    words = f"{written} entries were written, {here} are here: the last ones were taken away"
    gone = tuple(range(here + 1, written + 1))
    return rules_chain.Fault("entry-missing", rules_chain.BREACH, words, None, None, gone)


def _parties(connection: sa.Connection, names: Mapping[str, str]) -> dict[str, Row]:
    numbers = [int(key.removeprefix(rules.PARTY)) for key in names if key.startswith(rules.PARTY)]
    rows = connection.execute(sa.select(custody_party).where(custody_party.c.id.in_(numbers))).mappings()
    return {f"{rules.PARTY}{row['id']}": dict(row) for row in rows}


def exam_of(connection: sa.Connection, exam_pk: int) -> Row | None:
    """Return an exam's words for a heading."""
    statement = sa.select(
        exam.c.id, exam.c.uid, exam.c.industry, exam.c.accession, exam.c.description, subject.c.subject_id
    ).join_from(exam, subject)
    found = connection.execute(statement.where(exam.c.id == exam_pk)).mappings().one_or_none()
    return dict(found) if found else None


def holds_on(connection: sa.Connection, item: Row) -> list[str]:
    """Return the reasons of the legal holds in force on an item and on its exam."""
    in_force = holds(connection)
    kept = exam_to_keep(connection, item["exam_pk"]) if item["exam_pk"] else None
    return [*in_force.reasons.get((ITEM, item["number"]), ()), *(in_force.on(kept) if kept else ())]


def open_on_exam(connection: sa.Connection, exam_pk: int) -> list[str]:
    """Return the numbers of an exam's items that somebody answers for."""
    same = sa.and_(custody_item.c.exam_pk == exam_pk, custody_item.c.state.in_(rules.OPEN))
    return list(connection.scalars(sa.select(custody_item.c.number).where(same).order_by(custody_item.c.id)))


def contacts(connection: sa.Connection, *, every: bool = False) -> list[Row]:
    """Return the contacts, those ended only when asked for."""
    statement = sa.select(custody_contact).order_by(custody_contact.c.kind, custody_contact.c.organisation)
    if not every:
        statement = statement.where(custody_contact.c.ended_at == "")
    return [dict(row) for row in connection.execute(statement).mappings()]


def disclosures(connection: sa.Connection, *, item_pk: int | None = None, exam_pk: int | None = None) -> list[Row]:
    """Return what was disclosed, newest first: of an item, of an exam, or all."""
    statement = (
        sa.select(custody_disclosure, custody_item.c.number.label("item"))
        .join_from(custody_disclosure, custody_item, isouter=True)
        .order_by(custody_disclosure.c.id.desc())
    )
    if item_pk is not None:
        statement = statement.where(custody_disclosure.c.item_pk == item_pk)
    if exam_pk is not None:
        statement = statement.where(custody_disclosure.c.exam_pk == exam_pk)
    found = [dict(row) for row in connection.execute(statement.limit(1_000)).mappings()]
    names = names_of(connection, {row["by"] for row in found})
    return [{**row, "files": json.loads(row["files"]), "by_name": names[row["by"]]} for row in found]
