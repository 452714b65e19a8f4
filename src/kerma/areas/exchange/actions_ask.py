"""Asking others, permitted and recorded: the lists of exchange, a query of another archive, a fetch, an echo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from kerma.areas.exchange import fetch, queries
from kerma.areas.exchange.model import fetched_exam
from kerma.errors import Conflict
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted


@action("exchange.view")
def view(act: Act, *, what: str) -> None:
    """See nodes, rules, deliveries and promises."""
    act.record(list=what)


@action("exchange.query")
def _record_query(act: Act, *, node_id: int, level: str, keywords: list[str]) -> None:
    """Ask another archive what it has."""
    act.record(node_id=node_id, level=level, keywords=keywords)


@action("exchange.fetch")
def _record_fetch(act: Act, *, node_id: int, exam_uid: str) -> None:
    """Have an exam of another archive here."""
    known = act.connection.execute(sa.select(fetched_exam.c.uid).where(fetched_exam.c.uid == exam_uid)).first()
    if known is None:
        values = {"uid": exam_uid, "node_id": node_id, "asked_at": act.at_text}
        act.connection.execute(sa.insert(fetched_exam).values(**values))
    act.record(node_id=node_id, exam_uid=exam_uid)


@action("exchange.echo")
def _record_echo(act: Act, *, node_id: int) -> None:
    """Ask a node whether it is there."""
    act.record(node_id=node_id)


def query(kernel: Kernel, actor: Actor, *, ae_title: str, level: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a node has; the ledger knows which attributes were asked, never their values."""
    fetch.query_of(level, asked)  # what makes no sense is refused before a word of it gets into the ledger
    node = _node(kernel, ae_title)
    _record_query(kernel, actor, node_id=node["id"], level=level[:16], keywords=sorted(name[:64] for name in asked))
    return list(fetch.find(kernel, node, level, asked))


def fetch_exam(
    kernel: Kernel,
    actor: Actor,
    *,
    ae_title: str,
    exam_uid: str,
    on_progress: Callable[[fetch.Fetched], None] = lambda state: None,
) -> fetch.Fetched:
    """Have an exam of a node here; whoever asks must be allowed to ingest.

    What comes is taken in as coming from the node, so that no rule sends it back there.
    """
    if not is_granted("archive.ingest", actor.permissions):
        refuse(kernel, actor, "archive.ingest")
    node = _node(kernel, ae_title)
    _record_fetch(kernel, actor, node_id=node["id"], exam_uid=exam_uid[:64])
    return fetch.fetch(kernel, node, exam_uid, on_progress)


def echo(kernel: Kernel, actor: Actor, *, ae_title: str) -> float:
    """Return how many milliseconds a node takes to answer."""
    node = _node(kernel, ae_title)
    _record_echo(kernel, actor, node_id=node["id"])
    return fetch.echo(kernel, node)


def _node(kernel: Kernel, ae_title: str) -> dict[str, Any]:
    with kernel.database.read() as connection:
        node = queries.known_node(connection, ae_title)
    if node["state"] != "on":
        raise Conflict(
            f"{node['ae_title']} is switched off: `kerma node change {node['ae_title']} --on` switches it on"
        )
    return node
