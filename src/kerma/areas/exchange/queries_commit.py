"""Reading promises: one, the list, and whether the archive keeps what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.queries_find import images_at
from kerma.areas.archive.queries_sight import limited
from kerma.areas.archive.rules_sight import shown
from kerma.areas.exchange.model import WAITING, commitment, node
from kerma.kernel.sight import hides_anything, sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

NO_SUCH_OBJECT, CLASS_DIFFERS, NOT_INTACT = 0x0112, 0x0119, 0x0110
"""Failure reasons (DICOM PS3.3, C.14.1.1): no such object instance, class / instance conflict, processing failure."""

_SHOWN = sa.select(commitment, node.c.ae_title).outerjoin_from(commitment, node, commitment.c.node_id == node.c.id)


def commitment_by_id(connection: sa.Connection, commitment_id: int) -> dict[str, Any] | None:
    """Return a commitment with its node's AE title, or None."""
    found = connection.execute(_SHOWN.where(commitment.c.id == commitment_id)).mappings().first()
    return dict(found) if found else None


def commitments(connection: sa.Connection, actor: Actor, limit: int = 100) -> list[dict[str, Any]]:
    """Return commitments, the last asked for first, without the objects that are hidden from the actor."""
    statement = _SHOWN.order_by(commitment.c.id.desc()).limit(limit)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    if not hides_anything(connection):
        return rows
    closed = limited(connection, actor, [row["exam_pk"] for row in rows if row["exam_pk"]])
    rows = [row for row in rows if row["exam_pk"] not in closed]
    named = {uid for row in rows for name in _NAMING for _, uid, *_ in row[name]}
    there = images_at(connection, image_uids=sorted(named))
    sights = sights_of(connection, actor, [one["exam_pk"] for one in there])
    hidden = {one["uid"] for one in there if not shown([one], sights[one["exam_pk"]])}
    kept = {name: [[one for one in row[name] if one[1] not in hidden] for row in rows] for name in _NAMING}
    return [row | {name: kept[name][place] for name in _NAMING} for place, row in enumerate(rows)]


_NAMING = ("references", "committed", "failed")
"""Columns that name objects, each by class and instance UID."""


def unanswered(connection: sa.Connection, before: str) -> list[int]:
    """Return the commitments asked of nodes before a moment that still wait."""
    waiting = (commitment.c.direction == "asked", commitment.c.state == WAITING, commitment.c.requested_at < before)
    return list(connection.scalars(sa.select(commitment.c.id).where(*waiting).order_by(commitment.c.id)))


def kept(kernel: Kernel, references: Sequence[Sequence[str]]) -> tuple[list[list[str]], list[list[Any]]]:
    """Return which references are kept, unaltered, and which are not, with the reason: their bytes are read again."""
    with kernel.database.read() as connection:
        rows = {row["uid"]: row for row in images_at(connection, image_uids=[uid for _, uid in references])}
    committed, failed = [], []
    for sop_class, uid in references:
        reason = _reason(kernel, rows.get(uid), sop_class)
        if reason:
            failed.append([sop_class, uid, reason])
        else:
            committed.append([sop_class, uid])
    return committed, failed


def _reason(kernel: Kernel, row: dict[str, Any] | None, sop_class: str) -> int:
    if row is None:
        return NO_SUCH_OBJECT
    if row["sop_class_uid"] != sop_class:
        return CLASS_DIFFERS
    return 0 if kernel.blobs.check(row["sha256"]) else NOT_INTACT
