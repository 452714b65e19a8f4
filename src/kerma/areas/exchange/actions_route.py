"""All that changes rules, and what they do: an exam arrives, is routed once it is quiet, and its priors are fetched."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.exchange import queries, queries_route, rules, rules_route
from kerma.areas.exchange.actions_deliver import Order, queue
from kerma.areas.exchange.model import DONE, OFF, ON, PARKED, WAITING, delivery, exam_source, fetch, route
from kerma.areas.exchange.queries_deliver import images_of
from kerma.errors import Conflict, WrongUsage
from kerma.kernel import clock, jobs
from kerma.kernel.action import Act, action
from kerma.kernel.prepared import Prepared

if TYPE_CHECKING:
    from kerma.areas.archive.model import ExamArrived
    from kerma.areas.worklist.model_orders import OrderPlaced

ROUTE, FETCH_PRIORS = "exchange.route_exam", "exchange.fetch_priors"
USUAL_QUIET_S = 10
ASKED_EVERY_S = 5.0
"""How often an exam that is still arriving is looked at."""
LONGEST_ERROR = 500


@dataclass(frozen=True)
class RuleGiven:
    """A rule as it is written down; checked by :func:`add_rule`."""

    name: str
    kind: str = "send"
    condition: Mapping[str, Collection[str]] = field(default_factory=dict)
    nodes: Collection[str] = ()
    """AE titles."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    quiet_s: int = USUAL_QUIET_S


@action("exchange.add_rule")
def add_rule(act: Act, *, given: RuleGiven) -> int:
    """Make a rule by which exams are sent on, or earlier exams are fetched.

    Raises
    ------
    Conflict
        There is a rule of this name.
    """
    name = given.name.strip()
    if not name or len(name) > 64 or not name.isprintable():
        raise WrongUsage("a rule needs a name of 1 to 64 letters")
    if act.connection.execute(sa.select(route.c.id).where(route.c.name == name)).first():
        raise Conflict(f"there is a rule '{name}' already: remove it first, or choose another name")
    values = {"name": name, "quiet_s": rules_route.quiet_s(given.quiet_s), **checked(act.connection, given)}
    statement = sa.insert(route).values(**values, state=ON, created_at=act.at_text).returning(route.c.id)
    route_id = int(act.connection.execute(statement).scalar_one())
    act.record(route_id=route_id, **values)
    return route_id


def checked(connection: sa.Connection, given: RuleGiven) -> dict[str, Any]:
    """Return kind, condition, nodes and limits of a rule in their kept form.

    Raises
    ------
    WrongUsage
        Something of them makes no sense.
    NotFound
        A node is not listed.
    """
    if given.kind not in ("send", "prior"):
        raise WrongUsage(f"a rule's kind is 'send' or 'prior', not '{given.kind[:16]}'")
    if not given.nodes:
        raise WrongUsage("a rule needs a node to send to, or to fetch from")
    return {
        "kind": given.kind,
        "condition": rules_route.condition(given.condition),
        "node_ids": [queries.known_node(connection, title)["id"] for title in given.nodes],
        "limits": rules_route.limits(given.limits) if given.kind == "prior" else {},
    }


@action("exchange.switch_rule")
def switch_rule(act: Act, *, name: str, state: str) -> None:
    """Switch a rule on or off."""
    if state not in (ON, OFF):
        raise WrongUsage(f"a rule is '{ON}' or '{OFF}', not '{state[:16]}'")
    found = queries_route.rule(act.connection, name)
    act.connection.execute(sa.update(route).where(route.c.id == found["id"]).values(state=state))
    act.record(route_id=found["id"], state=state)


@action("exchange.remove_rule")
def remove_rule(act: Act, *, name: str) -> None:
    """Remove a rule; what it asked for before is still done."""
    found = queries_route.rule(act.connection, name)
    act.connection.execute(sa.update(delivery).where(delivery.c.route_id == found["id"]).values(route_id=None))
    act.connection.execute(sa.delete(fetch).where(fetch.c.route_id == found["id"]))
    act.connection.execute(sa.delete(route).where(route.c.id == found["id"]))
    act.record(route_id=found["id"], name=found["name"])


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Note who sent an exam, and ask for its routing while any rule is on."""
    if event.is_new:
        calling_ae = act.actor.name[:16] if act.actor.kind == "node" else ""
        values = {"exam_pk": event.exam_pk, "actor_key": act.actor.key, "calling_ae": calling_ae}
        _SOURCE.run(act.connection, values)
    if queries_route.has_rules(act.connection):
        _request_routing(act, event.exam_pk, ASKED_EVERY_S)


_SOURCE = Prepared(sa.insert(exam_source))


def on_order_placed(act: Act, event: OrderPlaced) -> None:
    """Ask for earlier exams of the subject of an order, by the rules that fit the order."""
    if not event.subject_id or not queries_route.has_rules(act.connection):
        return
    facts = {"industry": {event.industry}, "modality": {event.modality}, "calling_ae": {event.station_ae}}
    for found in queries_route.rules(act.connection, "prior", ON):
        if rules_route.fits(found["condition"], facts):
            _ask_for_priors(act, found, f"order:{event.order_pk}")


def _request_routing(act: Act, exam_pk: int, wait_s: float) -> None:
    jobs.request(act, ROUTE, key=str(exam_pk), arguments={"exam_pk": exam_pk}, quiet_s=wait_s)


@action("exchange.route_exam")
def route_exam(act: Act, *, exam_pk: int) -> list[int]:
    """Send an exam on by the rules that it meets, once no more of it arrives; returns the deliveries asked for."""
    found = queries_route.exam_with_facts(act.connection, exam_pk)
    if found is None:
        act.record(exam_pk=exam_pk, is_gone=True)
        return []
    met = [
        one
        for one in queries_route.rules(act.connection, state=ON)
        if rules_route.fits(one["condition"], found["facts"])
    ]
    quiet_at = {one["id"]: _quiet_at(found, one["quiet_s"]) for one in met}
    due = [one for one in met if quiet_at[one["id"]] <= act.at_text]
    later = [moment for moment in quiet_at.values() if moment > act.at_text]
    if later:
        wait_s = (clock.moment(min(later)) - act.at).total_seconds()
        _request_routing(act, exam_pk, max(wait_s, 0.1))
    deliveries = [one for rule in due if rule["kind"] == "send" for one in _send_by(act, rule, found)]
    for rule in due if not queries_route.is_fetched(act.connection, found["uid"]) else ():
        if rule["kind"] == "prior":
            _ask_for_priors(act, rule, f"exam:{exam_pk}")
    act.record(exam_pk=exam_pk, route_ids=[rule["id"] for rule in due], deliveries=deliveries)
    return deliveries


def _quiet_at(found: Mapping[str, Any], seconds: int) -> str:
    return clock.text(clock.moment(found["last_received_at"]) + timedelta(seconds=seconds))


def _send_by(act: Act, rule: Mapping[str, Any], found: Mapping[str, Any]) -> list[int]:
    """Ask for the deliveries of one rule, of what it has not yet sent of the exam."""
    asked: list[int] = []
    if not found["sendable_count"]:
        return asked
    for node_id in rules_route.targets(rule["node_ids"], found["actor_key"] or ""):
        node = queries.node_by_id(act.connection, node_id)
        before = queries_route.last_of_rule(act.connection, rule["id"], found["id"], node_id)
        if node is None or node["state"] != ON or (before and before["image_count"] >= found["image_count"]):
            continue
        order = Order(node_id, found["id"], reason="rule", route_id=rule["id"])
        delivery_id = queue.within(act, order=order)
        if before and before["id"] != delivery_id:
            _skip_sent(act, delivery_id, found["id"], before["image_count"])
        asked.append(delivery_id)
    return asked


def _skip_sent(act: Act, delivery_id: int, exam_pk: int, sent_before: int) -> None:
    """Have a delivery begin after the images that an earlier one of the same rule has."""
    rows = images_of(act.connection, exam_pk)
    until_pk = rows[sent_before - 1]["id"] if 0 < sent_before <= len(rows) else 0
    act.connection.execute(sa.update(delivery).where(delivery.c.id == delivery_id).values(sent_until_pk=until_pk))


def _ask_for_priors(act: Act, rule: Mapping[str, Any], cause: str) -> None:
    for node_id in rule["node_ids"]:
        same = (fetch.c.route_id == rule["id"], fetch.c.cause == cause, fetch.c.node_id == node_id)
        if act.connection.execute(sa.select(fetch.c.id).where(*same)).first():
            continue
        statement = sa.insert(fetch).values(
            node_id=node_id,
            route_id=rule["id"],
            cause=cause,
            state=WAITING,
            attempts=0,
            error="",
            exam_count=0,
            requested_at=act.at_text,
            finished_at="",
        )
        fetch_id = int(act.connection.execute(statement.returning(fetch.c.id)).scalar_one())
        _request_fetch(act, fetch_id, 0, 0)


def _request_fetch(act: Act, fetch_id: int, attempt: int, wait_s: float) -> None:
    jobs.request(act, FETCH_PRIORS, key=f"{fetch_id}:{attempt}", arguments={"fetch_id": fetch_id}, quiet_s=wait_s)


@action("exchange.settle_fetch")
def settle_fetch(act: Act, *, fetch_id: int, exam_count: int, error: str) -> None:
    """End an attempt to fetch earlier exams: done, to be tried again later, or parked for a person."""
    attempts = int(act.connection.execute(sa.select(fetch.c.attempts).where(fetch.c.id == fetch_id)).scalar_one()) + 1
    state = DONE if not error else PARKED if attempts >= rules.MOST_ATTEMPTS else WAITING
    if state == WAITING:
        _request_fetch(act, fetch_id, attempts, rules.wait_s(attempts))
    finished_at = "" if state == WAITING else act.at_text
    values: dict[str, Any] = {
        "state": state,
        "attempts": attempts,
        "error": error[:LONGEST_ERROR],
        "finished_at": finished_at,
    }
    changed = (
        sa.update(fetch).where(fetch.c.id == fetch_id).values(**values, exam_count=fetch.c.exam_count + exam_count)
    )
    act.connection.execute(changed)
    act.record(fetch_id=fetch_id, state=state, attempts=attempts, exam_count=exam_count)
