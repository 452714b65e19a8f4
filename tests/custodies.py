"""What the tests of custody share: persons with roles, an item in their hands, and chains written by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kerma.areas.custody import actions, queries
from kerma.areas.custody.actions import Entered, ItemTold, PartyTold, Told
from kerma.areas.custody.rules import Entry
from kerma.areas.people.actions import create_person
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import actor_of_person, service

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PASSWORD = "blue giraffe 41 crossing"
SIGNED = "2026-03-02T12:00:00.000000Z"
POLICE = PartyTold("Jana Novák", "Police, airport unit", "service card 4711")


def entry(number: int, kind: str, after_min: float, by: str, **more: Any) -> Entry:
    """Return an entry that happened so many minutes after noon and was written down at once."""
    at = NOON + timedelta(minutes=after_min)
    late_min = more.pop("late_min", 0)
    return Entry(number, kind, at, at + timedelta(minutes=late_min), by, **more)


@dataclass
class Custody:
    """A kernel with three persons, and the calls that the tests make over and over."""

    kernel: Kernel
    anna: Actor
    ben: Actor
    lead: Actor

    def collect(self, actor: Actor | None = None, item: ItemTold | None = None, **told: Any) -> Entered:
        about = item or ItemTold("object", "Pocket knife with a black handle")
        given = Told(confirmed_at=SIGNED, **told)
        return actions.collect(self.kernel, actor or self.anna, item=about, told=given)

    def step(self, verb: str, item: str, actor: Actor | None = None, **told: Any) -> Entered:
        given = replace(Told(confirmed_at=SIGNED), **told)
        return actions.TAKE[verb](self.kernel, actor or self.anna, item=item, told=given)

    def chain(self, item: str) -> queries.Chain:
        with self.kernel.database.read() as connection:
            found = queries.item_by_number(connection, item)
            return queries.chain_of(connection, found, self.kernel.clock.now())


def custody_of(kernel: Kernel) -> Custody:
    """Return a kernel with two analysts and a lead."""
    maker = service("test", "*")

    def person(login: str, name: str, role: str) -> Actor:
        made = create_person(kernel, maker, login=login, name=name, password=PASSWORD, roles=(role,))
        with kernel.database.read() as connection:
            return actor_of_person(connection, made)

    return Custody(
        kernel,
        person("anna", "Anna Okafor", "analyst"),
        person("ben", "Ben Suzuki", "analyst"),
        person("lena", "Lena Fischer", "lead"),
    )
