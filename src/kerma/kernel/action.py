"""An action is the only way anything changes: one permission, one transaction, one ledger record, or nothing.

::

    @action("worklist.claim")
    def claim(act: Act, *, item_id: int) -> None:
        '''Take an item off the shared list, so that nobody else reads it.'''
        ...                                  # statements on act.connection
        act.record(item_id=item_id)          # goes into the ledger record

    claim(kernel, actor, item_id=7)          # checks, runs, records, commits
    claim.within(act, item_id=7)             # as a part of another action's transaction, with a record of its own

A body that raises leaves no change and no record. A missing permission leaves a record of the refusal.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NoReturn, ParamSpec, TypeVar

import sqlalchemy as sa

from kerma.errors import NotAllowed
from kerma.kernel import clock as clocks
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from datetime import datetime

    from kerma.kernel.blobs import Blobs
    from kerma.kernel.clock import Clock
    from kerma.kernel.database import Database
    from kerma.kernel.events import Subscriptions
    from kerma.kernel.industry import Industry
    from kerma.kernel.ledger import Ledger
    from kerma.kernel.settings import Settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Kernel:
    """Everything an action needs, wired once in ``app.py``."""

    settings: Settings
    database: Database
    ledger: Ledger
    blobs: Blobs
    clock: Clock
    subscriptions: Subscriptions = field(default_factory=dict)
    industries: Mapping[str, Industry] = field(default_factory=dict)


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, a node on the network, or a part of Kerma itself, with the permissions held now."""

    kind: str
    """"person", "token" (a program with a bearer token), "node" (on the DICOM network) or "service" (Kerma itself)."""
    id: str
    name: str
    permissions: frozenset[str]

    @property
    def key(self) -> str:
        """The form written into the ledger, for instance ``person:7``; never a name."""
        return f"{self.kind}:{self.id}"


@dataclass
class Act:
    """One action under way: its transaction, actor and time, and what will be recorded."""

    kernel: Kernel
    connection: sa.Connection
    actor: Actor
    action: str
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    shared: dict[str, Any] = field(default_factory=dict)
    """What the acts of one transaction know together; gone with it, and with a savepoint that is taken back."""
    last: dict[str, Callable[[], None]] = field(default_factory=dict)

    @functools.cached_property
    def at_text(self) -> str:
        """The time of the action as it is stored."""
        return clocks.text(self.at)

    def record(self, **details: Any) -> None:
        """Add details to this action's ledger record: ids, hashes and decimal strings; never a name, never a float."""
        self.details.update(details)

    def publish(self, event: object) -> None:
        """Run every handler subscribed to the class of this event, inside this transaction."""
        for handler in self.kernel.subscriptions.get(type(event), ()):
            handler(self, event)

    def at_end(self, key: str, call: Callable[[], None]) -> None:
        """Have something done once, at the end of this transaction, however many acts of it ask for it by this key.

        It is a part of the change: when it fails, the acts fail. It may record on the act that asked first.
        """
        self.last.setdefault(key, call)

    def finish(self) -> None:
        """Do what the acts of this transaction left for its end."""
        while self.last:
            self.last.pop(next(iter(self.last)))()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have something called once the transaction is durable (waking a listener, never a change)."""
        self.after.append(call)


@dataclass(eq=False)
class Action(Generic[P, R]):
    """A named, permitted, recorded change; made by :func:`action`."""

    name: str
    body: Callable[Concatenate[Act, P], R]

    @property
    def description(self) -> str:
        """The first line of the body's docstring: what the permission page shows."""
        return (self.body.__doc__ or "").strip().splitlines()[0]

    def __call__(self, kernel: Kernel, actor: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
        """Check the permission, run the body, append the ledger record and commit, all or nothing.

        Raises
        ------
        NotAllowed
            The actor lacks the permission; the refusal is in the ledger.
        """
        if not is_granted(self.name, actor.permissions):
            refuse(kernel, actor, self.name)
        with kernel.database.write() as connection:
            act = Act(kernel, connection, actor, self.name, kernel.clock.now())
            for guard in GUARDS:
                guard(act, kwargs)
            result = self.body(act, *args, **kwargs)
            act.finish()
            kernel.ledger.append(connection, [*act.records, _record(act)])
        _after(act)
        return result

    def within(self, act: Act, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run as a part of another action: same transaction and actor, a ledger record of its own."""
        part = replace(act, action=self.name, details={})
        result = self.body(part, *args, **kwargs)
        act.records.append(_record(part))
        return result

    def group(
        self, kernel: Kernel, actor: Actor | Sequence[Actor], calls: Sequence[Mapping[str, Any]]
    ) -> list[R | Exception]:
        """Run several calls in one transaction and one flush to the disk, for doors where many arrive at once.

        Each call fails alone, with its error in the list in its place, and has a ledger record of its own. ``actor``
        is one for all calls, or one for each: then a missing permission, too, is the error of its call alone. No
        caller may be answered before this returns. Every record is appended at the end, so that the ledger's head is
        the last row locked, as in a single action.
        """
        if isinstance(actor, Actor):
            if not is_granted(self.name, actor.permissions):
                refuse(kernel, actor, self.name)
            actors: Sequence[Actor] = [actor] * len(calls)
            results: list[R | Exception | None] = [None] * len(calls)
        else:
            actors, results = actor, [_refusal(kernel, one, self.name) for one in actor]
        waiting = [number for number, result in enumerate(results) if result is None]
        with kernel.database.write() as connection:
            acts = self._run_together(kernel, connection, actors, calls, waiting, results)
            kernel.ledger.append(connection, [record for act in acts for record in (*act.records, _record(act))])
        for act in acts:
            _after(act)
        return results  # type: ignore[return-value]  # each call has run by now

    def _run_together(
        self,
        kernel: Kernel,
        connection: sa.Connection,
        actors: Sequence[Actor],
        calls: Sequence[Mapping[str, Any]],
        numbers: Sequence[int],
        results: list[Any],
    ) -> list[Act]:
        """Run calls under one savepoint; when one fails, take all back and run each under a savepoint of its own."""
        run: Callable[..., R] = self.body
        shared: dict[str, Any] = {}
        last: dict[str, Callable[[], None]] = {}
        acts = [
            Act(kernel, connection, actors[number], self.name, kernel.clock.now(), shared=shared, last=last)
            for number in numbers
        ]
        try:
            with connection.begin_nested():
                for act, number in zip(acts, numbers, strict=True):
                    results[number] = run(act, **calls[number])
                for act in acts:
                    act.finish()
        except Exception as error:
            if len(numbers) == 1:
                results[numbers[0]] = error
                return []
            alone = (self._run_together(kernel, connection, actors, calls, [one], results) for one in numbers)
            return [act for parts in alone for act in parts]
        return acts


GUARDS: list[Callable[[Act, Mapping[str, Any]], None]] = []
"""Called before every action with what it was given; each may refuse it by raising. Put here by ``app.py``."""

MISSING = "permission missing"

ACTIONS: dict[str, Action[Any, Any]] = {}
"""Every action by name, filled as the areas are imported; the permission page lists it."""


def action(name: str) -> Callable[[Callable[Concatenate[Act, P], R]], Action[P, R]]:
    """Declare an action; its name is the permission it needs, its docstring's first line what the page shows."""

    def declare(body: Callable[Concatenate[Act, P], R]) -> Action[P, R]:
        declared = Action(name, body)
        functools.update_wrapper(declared, body, updated=())
        if name in ACTIONS:
            raise ValueError(f"action '{name}' is declared twice")
        if not (body.__doc__ or "").strip():
            raise ValueError(f"action '{name}' needs a docstring: its first line is its description")
        ACTIONS[name] = declared
        return declared

    return declare


def refuse(kernel: Kernel, actor: Actor, name: str, reason: str = "") -> NoReturn:
    """Record a refusal in the ledger and raise :class:`NotAllowed`; a reason says what lacks if not a permission."""
    with kernel.database.write() as connection:
        act = Act(kernel, connection, actor, name, kernel.clock.now())
        kernel.ledger.append(connection, [_record(act, outcome="refused") | {"details": {"reason": reason or MISSING}}])
    needs = f"'{name}' needs a permission that {actor.name} does not hold; an administrator can grant it"
    raise NotAllowed(reason or needs)


def _refusal(kernel: Kernel, actor: Actor, name: str) -> NotAllowed | None:
    """Return the refusal, recorded, of an actor who lacks a permission; None for one who holds it."""
    if is_granted(name, actor.permissions):
        return None
    try:
        refuse(kernel, actor, name)
    except NotAllowed as error:
        return error


def _after(act: Act) -> None:
    """Make the calls that wait for the commit; the change stands whatever becomes of them, so failures are logged."""
    for call in act.after:
        try:
            call()
        except Exception:
            log.exception("after '%s' was committed, %r failed", act.action, call)


def _record(act: Act, outcome: str = "done") -> dict[str, Any]:
    return {
        "action": act.action,
        "actor": act.actor.key,
        "at": act.at_text,
        "details": act.details,
        "outcome": outcome,
    }
