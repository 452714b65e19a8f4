"""What of an exam an actor may see now: one value, asked for by every door, answered by the rules of reading.

Areas below the review ask here and know nothing of its rules; ``app.py`` says who answers. Software and nodes on the
DICOM network see everything: what they show a person passes through a door of this server again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlalchemy as sa

    from kerma.kernel.action import Actor

READERS = ("person", "token")
"""Kinds of actor from whom something may be hidden: people, and programs that people let act for them."""


@dataclass(frozen=True)
class Sight:
    """What of one exam an actor may see: pictures always, the rest as it says here."""

    algorithm: bool = True
    """What software found or proposed."""
    people: bool = True
    """What other people recorded; what is the actor's own is never hidden from them."""
    actor: str = ""
    """Key of the actor."""
    is_shared: bool = False
    """Several people read the exam at once, each alone: nobody holds it."""
    originals: bool = True
    """The images as they came. Where not, pixels made for reading are shown in their place (``kernel.projection``)."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is hidden."""
        return self.algorithm and self.people and self.originals


WHOLE = Sight()
"""What software sees, and everybody where no rule hides anything."""


@dataclass(frozen=True)
class Listing:
    """How a list of exams must look for an actor, so that it tells nothing of what is hidden in them."""

    unranked: frozenset[str] = frozenset()
    """Industries whose exams stand in the list without regard to what anybody proposes."""
    left_out: tuple[Any, ...] = ()
    """Clauses on the exam's row: open exams that match one are not for this actor (any more)."""
    untold: tuple[Any, ...] = ()
    """Clauses on the exam's row: decided exams that match one are not told of."""


class Rules(Protocol):
    """Who knows what of an exam is hidden from whom."""

    def sights(self, connection: sa.Connection, actor: Actor, exam_pks: Iterable[int]) -> Mapping[int, Sight]:
        """Return what an actor may see of each exam."""
        ...

    def hides_anything(self, connection: sa.Connection) -> bool:
        """Return whether anything is hidden from anybody."""
        ...

    def listing(self, connection: sa.Connection, actor: Actor) -> Listing:
        """Return how lists of exams must look for an actor."""
        ...


RULES: list[Rules] = []
"""One entry, put here by ``app.py``."""


def sights_of(connection: sa.Connection, actor: Actor, exam_pks: Iterable[int]) -> Mapping[int, Sight]:
    """Return what an actor may see of each of some exams now."""
    wanted = list(dict.fromkeys(exam_pks))
    if actor.kind not in READERS or not RULES or not wanted:
        return dict.fromkeys(wanted, WHOLE)
    return RULES[0].sights(connection, actor, wanted)


def sight_of(connection: sa.Connection, actor: Actor, exam_pk: int) -> Sight:
    """Return what an actor may see of an exam now."""
    return sights_of(connection, actor, [exam_pk])[exam_pk]


def hides_anything(connection: sa.Connection) -> bool:
    """Return whether anything is hidden from anybody, so that who shows much to many need not ask for each."""
    return bool(RULES) and RULES[0].hides_anything(connection)


def listing_of(connection: sa.Connection, actor: Actor) -> Listing:
    """Return how lists of exams must look for an actor."""
    return RULES[0].listing(connection, actor) if actor.kind in READERS and RULES else Listing()
