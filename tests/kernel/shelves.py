"""A small world for the property test of actions: shelves that hold counted things, changed by actions only.

Run as a program it changes shelves until it is killed, and says what was acknowledged:

    python shelves.py HOME DATABASE_URL SEED
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from kerma.kernel.action import Act, Actor, Kernel, action
from kerma.kernel.blobs import Blobs
from kerma.kernel.clock import SystemClock
from kerma.kernel.database import Database
from kerma.kernel.ledger import Ledger, Signer
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.settings import Settings

METADATA = sa.MetaData()
SHELF = sa.Table(
    "shelf",
    METADATA,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("amount", sa.Integer, sa.CheckConstraint("amount >= 0"), nullable=False),
)
NOTICE = sa.Table("notice", METADATA, sa.Column("name", sa.String(32)), sa.Column("change", sa.Integer))
KEEPER = Actor("person", "1", "Keeper", frozenset({"shelf.*"}))
VISITOR = Actor("person", "2", "Visitor", frozenset({"shelf.look"}))
FAILURES = ("", "before", "after", "handler", "float", "append", "constraint")


class InjectedError(Exception):
    """A failure that the test asked for."""


@dataclass(frozen=True)
class Changed:
    """A shelf holds more or less than before."""

    name: str
    change: int
    fails: bool


def on_changed(act: Act, event: Changed) -> None:
    act.connection.execute(NOTICE.insert().values(name=event.name, change=event.change))
    if event.fails:
        raise InjectedError("handler")


@action("shelf.change")
def change(act: Act, *, name: str, by: int, failure: str = "") -> None:
    """Put something onto a shelf, or take something from it."""
    if failure == "before":
        raise InjectedError(failure)
    if (
        act.connection.execute(SHELF.update().where(SHELF.c.name == name).values(amount=SHELF.c.amount + by)).rowcount
        == 0
    ):
        act.connection.execute(SHELF.insert().values(name=name, amount=by))
    act.record(name=name, by=by)
    act.publish(Changed(name, by, failure == "handler"))
    if failure == "after":
        raise InjectedError(failure)
    if failure == "float":
        act.record(weight=0.1)
    if failure == "constraint":
        act.connection.execute(SHELF.insert().values(name=name, amount=1))


@action("shelf.move")
def move(act: Act, *, source: str, target: str, count: int, failure: str = "") -> None:
    """Take from one shelf and put onto another: two parts with a record each, and one of the whole."""
    change.within(act, name=target, by=count)
    change.within(act, name=source, by=-count, failure=failure)


class FailingLedger(Ledger):
    """Fails when told to, after everything was written and before the commit."""

    fails = False

    def append(self, connection, records):
        written = super().append(connection, records)
        if self.fails:
            raise InjectedError("append")
        return written


def open_kernel(home: Path, url: str) -> Kernel:
    settings = Settings.load({"KERMA_HOME": str(home), "KERMA_DATABASE_URL": url})
    return Kernel(
        settings=settings,
        database=Database(url),
        ledger=Ledger(Signer.load(home / "keys")),
        blobs=Blobs(settings.blobs_url),
        clock=SystemClock(),
        subscriptions={Changed: (on_changed,)},
    )


def told(kernel: Kernel) -> tuple[Counter[str], Counter[tuple[str, int]], list[dict]]:
    """Return the shelves and notices as the ledger alone tells them, and all records."""
    with kernel.database.read() as connection:
        query = sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index)
        records = [json.loads(body) for body in connection.scalars(query)]
    shelves: Counter[str] = Counter()
    notices: Counter[tuple[str, int]] = Counter()
    for record in records:
        if record["action"] == "shelf.change" and record["outcome"] == "done":
            shelves[record["details"]["name"]] += record["details"]["by"]
            notices[record["details"]["name"], record["details"]["by"]] += 1
    return shelves, notices, records


def kept(kernel: Kernel) -> tuple[Counter[str], Counter[tuple[str, int]]]:
    """Return the shelves and notices as they stand in their tables."""
    with kernel.database.read() as connection:
        shelves = Counter({row.name: row.amount for row in connection.execute(SHELF.select())})
        notices = Counter((row.name, row.change) for row in connection.execute(NOTICE.select()))
    return shelves, notices


def assert_agree(kernel: Kernel) -> list[dict]:
    """Each change has exactly one record and each record exactly its change; returns the records."""
    shelves, notices, records = told(kernel)
    kept_shelves, kept_notices = kept(kernel)
    assert +shelves == +kept_shelves
    assert notices == kept_notices
    assert [record["index"] for record in records] == list(range(len(records)))
    return records


def main(home: str, url: str, seed: str) -> None:
    kernel = open_kernel(Path(home), url)
    chance = random.Random(int(seed))
    die_in = chance.randrange(5, 60)
    number = 0

    def perhaps_die(*_: object) -> None:
        nonlocal die_in
        die_in -= 1
        if die_in == 0:
            os._exit(9)

    dying = replace(kernel, subscriptions={Changed: (perhaps_die, on_changed, perhaps_die)})
    while True:
        name = f"{seed}-{number}"
        number += 1
        change(dying, KEEPER, name=name, by=5)
        print(name, 5, flush=True)
        move(dying, KEEPER, source=name, target=f"{name}-b", count=2)
        print(f"{name}-b", 2, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
