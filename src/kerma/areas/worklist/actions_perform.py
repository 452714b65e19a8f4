"""All that changes performed steps: what machines report, and what a person makes of reports that fit no order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.rules import clean
from kerma.areas.worklist import rules_match, rules_orders, rules_perform
from kerma.areas.worklist.model_orders import (
    BY_PERSON,
    COMPLETED,
    DISCONTINUED,
    DISMISSED,
    IN_PROGRESS,
    MATCHED,
    TO_RECONCILE,
    ordered_step,
    performed_image,
    performed_order,
    performed_step,
)
from kerma.areas.worklist.model_ups import StatusRefused
from kerma.areas.worklist.rules_match import Document
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action

MOST_TEXT = 16 << 20
"""The most characters that one step's document may have: some hundred thousand images."""
SUSPECTS = 200
"""As many orders are compared with one report; more share an identifier only where it says nothing."""


@dataclass(frozen=True)
class Begin:
    """A machine says that it begins a step (N-CREATE)."""

    uid: str
    document: Document


@dataclass(frozen=True)
class Change:
    """A machine says how a step goes on or has ended (N-SET)."""

    uid: str
    document: Document


@dataclass(frozen=True)
class Read:
    """A program asks for a step (N-GET)."""

    uid: str


@action("worklist.perform")
def perform(act: Act, *, report: Begin | Change | Read) -> Document:
    """Take a machine's report of what it does (MPPS), and show one.

    Raises
    ------
    StatusRefused
        With the status that the service prescribes.
    """
    act.record(step_uid=report.uid, report=type(report).__name__.lower())
    return _REPORTS[type(report)](act, report)


def _begin(act: Act, report: Begin) -> Document:
    if not rules_orders.UID.fullmatch(report.uid):
        raise StatusRefused(rules_perform.INVALID_INSTANCE, "the UID of the step is not valid")
    same = act.connection.scalar(sa.select(performed_step.c.id).where(performed_step.c.uid == report.uid))
    if same is not None:
        raise StatusRefused(rules_perform.DUPLICATE, f"step {report.uid} has been created already")
    document = rules_perform.begun(report.document)
    found = rules_perform.compare(document, _orders_for(act, document))
    claim = rules_perform.claims(document)[0]
    row = {
        "uid": report.uid,
        "state": IN_PROGRESS,
        "matching": found.matching,
        "reasons": ",".join(found.reasons),
        "suspects": ",".join(str(order_pk) for order_pk in found.order_pks),
        "station_ae": clean(str(rules_match.first(document, "00400241")), 16),
        "modality": clean(str(rules_match.first(document, "00080060")), 16),
        "study_uid": clean(claim.study_uid, 64),
        "accession": clean(claim.accession, 16),
        "subject_id": clean(claim.subject_id, 64),
        "name": clean(str(rules_match.first(document, "00100010")), 324),
        "document": _text(document),
        "received_at": act.at_text,
    }
    statement = sa.insert(performed_step).values(row).returning(performed_step.c.id)
    try:
        with act.connection.begin_nested():
            performed_pk = int(act.connection.execute(statement).scalar_one())
    except sa.exc.IntegrityError as error:  # the machine said it twice at the same moment
        raise StatusRefused(rules_perform.DUPLICATE, f"step {report.uid} has been created already") from error
    act.record(performed_pk=performed_pk, matching=found.matching)
    _announce(act, performed_pk, document)
    if found.matching == MATCHED:
        _link(act, performed_pk, found.order_pks)
    return document


def _change(act: Act, report: Change) -> Document:
    row = _kept(act, report.uid)
    document, state = rules_perform.changed(json.loads(row["document"]), row["state"], report.document)
    values = {
        "document": _text(document),
        "state": state,
        "ended_at": act.at_text if state in (COMPLETED, DISCONTINUED) else "",
    }
    act.connection.execute(sa.update(performed_step).where(performed_step.c.id == row["id"]).values(**values))
    act.record(performed_pk=row["id"], state=state)
    _announce(act, row["id"], document)
    _follow(act, _orders_of(act, row["id"]))
    return document


def _read(act: Act, report: Read) -> Document:
    row = _kept(act, report.uid)
    act.record(performed_pk=row["id"])
    found: Document = json.loads(row["document"])
    return found


_REPORTS: Mapping[type, Callable[[Act, Any], Document]] = {Begin: _begin, Change: _change, Read: _read}


def _text(document: Document) -> str:
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > MOST_TEXT:
        raise StatusRefused(rules_perform.TOO_MUCH, f"the step is described in more than {MOST_TEXT} characters")
    return text


def _kept(act: Act, uid: str) -> sa.RowMapping:
    statement = sa.select(performed_step).where(performed_step.c.uid == clean(uid, 65)).with_for_update()
    row = act.connection.execute(statement).mappings().first()
    if row is None:
        raise StatusRefused(rules_perform.NO_SUCH_INSTANCE, "there is no performed step of this UID")
    return row


def _orders_for(act: Act, document: Document) -> Sequence[Mapping[str, Any]]:
    """Return the orders that any identifier of a report names."""
    claims = rules_perform.claims(document)
    named = ("study_uid", "accession", "step_id")
    wanted = {name: sorted({clean(getattr(claim, name), 64) for claim in claims} - {""}) for name in named}
    either = sa.or_(*(ordered_step.c[name].in_(found) for name, found in wanted.items()))
    columns = (ordered_step.c[name] for name in ("id", "state", "subject_id", *named))
    statement = sa.select(*columns).where(either).order_by(ordered_step.c.id.desc()).limit(SUSPECTS)
    return [dict(row) for row in act.connection.execute(statement).mappings()]


def _announce(act: Act, performed_pk: int, document: Document) -> None:
    """Keep which images a machine says it made; the last report counts."""
    found = list(rules_perform.announced(document))
    act.connection.execute(sa.delete(performed_image).where(performed_image.c.performed_pk == performed_pk))
    if found:
        rows = [
            {"performed_pk": performed_pk, "series_uid": clean(series, 64), "image_uid": clean(one, 64)}
            for series, one in found
        ]
        act.connection.execute(sa.insert(performed_image), rows)
    counted = sa.update(performed_step).where(performed_step.c.id == performed_pk)
    act.connection.execute(counted.values(announced_count=len(found)))


def _link(act: Act, performed_pk: int, order_pks: Sequence[int]) -> None:
    rows = [{"performed_pk": performed_pk, "order_pk": order_pk} for order_pk in order_pks]
    act.connection.execute(sa.insert(performed_order), rows)
    act.record(order_pks=list(order_pks))
    _follow(act, order_pks)


def _orders_of(act: Act, performed_pk: int) -> Sequence[int]:
    statement = sa.select(performed_order.c.order_pk).where(performed_order.c.performed_pk == performed_pk)
    return act.connection.scalars(statement).all()


def _follow(act: Act, order_pks: Sequence[int]) -> None:
    """Bring orders to the state that follows from all that was performed for them."""
    for order_pk in order_pks:
        source = performed_order.join(performed_step, performed_step.c.id == performed_order.c.performed_pk)
        states = sa.select(performed_step.c.state).select_from(source).where(performed_order.c.order_pk == order_pk)
        own = sa.select(ordered_step.c.state).where(ordered_step.c.id == order_pk).with_for_update()
        standing = str(act.connection.execute(own).scalar_one())
        state = rules_orders.state_after(act.connection.scalars(states).all(), standing)
        changed = sa.update(ordered_step).where(ordered_step.c.id == order_pk)
        act.connection.execute(changed.values(state=state, changed_at=act.at_text))


@action("worklist.reconciliation")
def look(act: Act) -> None:
    """See what machines reported, and which of it fits no order."""
    act.record(list="performed")


@action("worklist.match_step")
def match(act: Act, *, performed_pk: int, order_pks: Sequence[int]) -> None:
    """Say which orders a performed step fulfils, where its identifiers do not; nothing of the images changes.

    Raises
    ------
    Conflict
        It is matched or dismissed already.
    NotFound
        There is no such order.
    """
    wanted = list(dict.fromkeys(order_pks))
    if not wanted:
        raise WrongUsage("name at least one order that the step fulfils, or dismiss the step with a reason")
    found = set(act.connection.scalars(sa.select(ordered_step.c.id).where(ordered_step.c.id.in_(wanted))))
    missing = [order_pk for order_pk in wanted if order_pk not in found]
    if missing:
        raise NotFound(f"there is no order {missing[0]}")
    _decide(act, performed_pk, matching=BY_PERSON)
    _link(act, performed_pk, wanted)


@action("worklist.dismiss_step")
def dismiss(act: Act, *, performed_pk: int, reason: str) -> None:
    """Take a performed step off the reconciliation list because it belongs to no order: a test, a walk-in, an error."""
    if not reason.strip():
        raise WrongUsage("say why the step belongs to no order: an auditor will ask")
    _decide(act, performed_pk, matching=DISMISSED, dismiss_reason=clean(reason))


def _decide(act: Act, performed_pk: int, **values: str) -> None:
    """Decide about a step once: of two persons at the same moment one does."""
    waiting = sa.update(performed_step).where(
        performed_step.c.id == performed_pk, performed_step.c.matching.in_(TO_RECONCILE)
    )
    decided = waiting.values(decided_by=act.actor.key, decided_at=act.at_text, **values)
    if act.connection.execute(decided).rowcount != 1:
        kept = act.connection.scalar(sa.select(performed_step.c.matching).where(performed_step.c.id == performed_pk))
        if kept is None:
            raise NotFound(f"there is no performed step {performed_pk}")
        raise Conflict(f"performed step {performed_pk} is {kept}: there is nothing to reconcile")
    act.record(performed_pk=performed_pk)
