"""Reading for the rules: the rules themselves, what is known of exams, and what a rule would have done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, image, series, subject
from kerma.areas.exchange import queries, rules_route
from kerma.areas.exchange.model import ON, delivery, exam_source, fetch, fetched_exam, node, route
from kerma.areas.worklist.model_orders import ordered_step
from kerma.errors import NotFound
from kerma.kernel.prepared import Prepared

PAGE = 500
NOTHING_TO_SEND = "images (none)"
"""Why an exam is not sent by any rule."""
SHOWN_EXAMS = 200
"""So many exams stand in a dry run by name; the counts are of all."""


def rules(connection: sa.Connection, kind: str = "", state: str = "") -> list[dict[str, Any]]:
    """Return the rules by name, with the AE titles of their nodes."""
    statement = sa.select(route).order_by(route.c.name)
    if kind:
        statement = statement.where(route.c.kind == kind)
    if state:
        statement = statement.where(route.c.state == state)
    found = [dict(row) for row in connection.execute(statement).mappings()]
    titles = {row["id"]: row["ae_title"] for row in queries.nodes(connection)}
    return [
        {**row, "nodes": [titles.get(node_id, f"(node {node_id})") for node_id in row["node_ids"]]} for row in found
    ]


def rule(connection: sa.Connection, name: str) -> dict[str, Any]:
    """Return one rule by its name.

    Raises
    ------
    NotFound
        There is none.
    """
    found = next((row for row in rules(connection) if row["name"] == name), None)
    if found is None:
        raise NotFound(f"there is no rule '{name[:64]}'; `kerma route list` shows them")
    return found


def has_rules(connection: sa.Connection) -> bool:
    """Return whether any rule is on."""
    return _ANY_RULE.first(connection, {}) is not None


_ANY_RULE = Prepared(sa.select(route.c.id).where(route.c.state == ON).limit(1))

_EXAMS = sa.select(
    exam.c.id,
    exam.c.uid,
    exam.c.industry,
    exam.c.description,
    exam.c.exam_date,
    exam.c.modalities,
    exam.c.image_count,
    exam.c.received_at,
    exam.c.last_received_at,
    exam_source.c.actor_key,
    exam_source.c.calling_ae,
).outerjoin_from(exam, exam_source, exam.c.id == exam_source.c.exam_pk)


def exams_with_facts(connection: sa.Connection, exam_pks: Sequence[int]) -> list[dict[str, Any]]:
    """Return exams, each with ``facts`` for the rules, and how many images and bytes of it can be sent."""
    rows = [dict(row) for row in connection.execute(_EXAMS.where(exam.c.id.in_(exam_pks))).mappings()]
    by_pk = {row["id"]: row for row in rows}
    for row in rows:
        row["facts"] = {
            "industry": {row["industry"]},
            "description": {row["description"]},
            "calling_ae": {row["calling_ae"] or ""},
            "modality": set(),
            "station": set(),
            "body_part": set(),
            "institution": set(),
            "sop_class": set(),
        }
        row["size_bytes"] = row["sendable_count"] = 0
    for found in connection.execute(_SERIES.where(series.c.exam_pk.in_(exam_pks))).mappings():
        facts = by_pk[found["exam_pk"]]["facts"]
        for name in ("modality", "station", "body_part", "institution", "description"):
            facts[name].add(found[name])
    for exam_pk, uid, name, count, size_bytes in connection.execute(_CLASSES.where(image.c.exam_pk.in_(exam_pks))):
        by_pk[exam_pk]["facts"]["sop_class"] |= {uid, name} - {""}
        by_pk[exam_pk]["sendable_count"] += int(count)
        by_pk[exam_pk]["size_bytes"] += int(size_bytes)
    return rows


_SERIES = sa.select(
    series.c.exam_pk,
    series.c.modality,
    series.c.station,
    series.c.body_part,
    series.c.institution,
    series.c.description,
)
_CLASSES = sa.select(
    image.c.exam_pk, image.c.sop_class_uid, image.c.sop_class_name, sa.func.count(), sa.func.sum(image.c.size_bytes)
).group_by(image.c.exam_pk, image.c.sop_class_uid, image.c.sop_class_name)


def exam_with_facts(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return one exam with its facts, or None."""
    return next(iter(exams_with_facts(connection, [exam_pk])), None)


def exams_since(connection: sa.Connection, since: str) -> Iterator[dict[str, Any]]:
    """Yield exams that arrived after a moment, with facts, the newest first: a walk down the key."""
    before: int | None = None
    while True:
        keys = sa.select(exam.c.id, exam.c.received_at).order_by(exam.c.id.desc()).limit(PAGE)
        page = connection.execute(keys if before is None else keys.where(exam.c.id < before)).all()
        fresh = [row.id for row in page if row.received_at >= since]
        yield from sorted(exams_with_facts(connection, fresh), key=lambda row: -int(row["id"]))
        if len(page) < PAGE or not fresh:
            return
        before = int(page[-1].id)


@dataclass
class DryRun:
    """What a rule would have done with the exams of a time."""

    since: str
    nodes: Sequence[str]
    looked_at: int = 0
    exam_count: int = 0
    image_count: int = 0
    size_bytes: int = 0
    per_node: dict[str, dict[str, int]] = field(default_factory=dict)
    exams: list[dict[str, Any]] = field(default_factory=list)
    missed: dict[str, int] = field(default_factory=dict)
    """How many exams failed each part of the condition."""


def dry_run(connection: sa.Connection, asked: Mapping[str, Any], since: str) -> DryRun:
    """Return what a rule (its ``condition`` and ``node_ids``) would have sent since a moment."""
    titles = {row["id"]: row["ae_title"] for row in queries.nodes(connection)}
    names = {node_id: titles.get(node_id, f"(node {node_id})") for node_id in asked["node_ids"]}
    run = DryRun(since, list(names.values()))
    run.per_node = {name: {"exam_count": 0, "image_count": 0, "size_bytes": 0} for name in names.values()}
    for found in exams_since(connection, since):
        run.looked_at += 1
        unmet = rules_route.missing(asked["condition"], found["facts"])
        if not found["sendable_count"] and asked["kind"] == "send":
            unmet.append(NOTHING_TO_SEND)
        for name in unmet:
            run.missed[name] = run.missed.get(name, 0) + 1
        if not unmet:
            _count(run, found, [names[one] for one in rules_route.targets(names, found["actor_key"] or "")])
    return run


def _count(run: DryRun, found: Mapping[str, Any], nodes: Sequence[str]) -> None:
    counted = {"exam_count": 1, "image_count": found["sendable_count"], "size_bytes": found["size_bytes"]}
    run.exam_count += 1
    run.image_count += found["sendable_count"]
    run.size_bytes += found["size_bytes"]
    for ae_title in nodes:
        for name, number in counted.items():
            run.per_node[ae_title][name] += number
    if len(run.exams) < SHOWN_EXAMS:
        shown = ("id", "uid", "industry", "modalities", "description", "received_at", "image_count", "size_bytes")
        run.exams.append({name: found[name] for name in shown} | {"nodes": list(nodes)})


def last_of_rule(connection: sa.Connection, route_id: int, exam_pk: int, node_id: int) -> dict[str, Any] | None:
    """Return the newest delivery that a rule asked for of an exam to a node, or None."""
    query = (
        sa.select(delivery)
        .where(delivery.c.route_id == route_id, delivery.c.exam_pk == exam_pk, delivery.c.node_id == node_id)
        .order_by(delivery.c.id.desc())
        .limit(1)
    )
    found = connection.execute(query).mappings().first()
    return dict(found) if found else None


def subject_of(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return id and issuer of an exam's subject, or None."""
    query = sa.select(subject.c.subject_id, subject.c.issuer).join_from(exam, subject).where(exam.c.id == exam_pk)
    found = connection.execute(query).mappings().first()
    return dict(found) if found else None


def subject_of_order(connection: sa.Connection, order_pk: int) -> dict[str, Any] | None:
    """Return id and issuer of an order's subject, or None."""
    query = sa.select(ordered_step.c.subject_id, ordered_step.c.issuer).where(ordered_step.c.id == order_pk)
    found = connection.execute(query).mappings().first()
    return dict(found) if found else None


def is_fetched(connection: sa.Connection, exam_uid: str) -> bool:
    """Return whether an exam is here because we asked a node for it."""
    query = sa.select(fetched_exam.c.uid).where(fetched_exam.c.uid == exam_uid)
    return connection.execute(query).first() is not None


def known_exams(connection: sa.Connection, uids: Sequence[str]) -> set[str]:
    """Return which of these exams are here."""
    return set(connection.scalars(sa.select(exam.c.uid).where(exam.c.uid.in_(list(uids)))))


def fetch_by_id(connection: sa.Connection, fetch_id: int) -> dict[str, Any] | None:
    """Return a fetch of earlier exams, with the limits of its rule, or None."""
    query = sa.select(fetch, route.c.limits, route.c.name.label("rule")).join_from(fetch, route)
    found = connection.execute(query.where(fetch.c.id == fetch_id)).mappings().first()
    return dict(found) if found else None


def fetches(
    connection: sa.Connection, *, state: str = "", before: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Return fetches of earlier exams with their rules and nodes, the last asked for first."""
    columns = (fetch, route.c.name.label("rule"), node.c.ae_title)
    query = sa.select(*columns).join_from(fetch, route).join(node, fetch.c.node_id == node.c.id)
    if state:
        query = query.where(fetch.c.state == state)
    if before is not None:
        query = query.where(fetch.c.id < before)
    query = query.order_by(fetch.c.id.desc()).limit(max(1, min(limit, PAGE)))
    return [dict(row) for row in connection.execute(query).mappings()]
