"""Reading deliveries: one, a page of them, and which images one has still to send."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.archive.queries_find import images_at
from kerma.areas.archive.queries_sight import limited
from kerma.areas.exchange.model import delivery, node
from kerma.kernel.action import Actor

MAX_PAGE = 500

_SHOWN = (
    sa.select(delivery, node.c.ae_title, exam.c.uid.label("exam_uid"), exam.c.industry)
    .join_from(delivery, node, delivery.c.node_id == node.c.id)
    .join(exam, delivery.c.exam_pk == exam.c.id)
)


def delivery_by_id(connection: sa.Connection, delivery_id: int) -> dict[str, Any] | None:
    """Return a delivery with its node's AE title and its exam's UID, or None."""
    found = connection.execute(_SHOWN.where(delivery.c.id == delivery_id)).mappings().first()
    return dict(found) if found else None


def deliveries(
    connection: sa.Connection,
    actor: Actor,
    *,
    state: str = "",
    ae_title: str = "",
    before: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Return deliveries, the last asked for first.

    Those of exams in which something is hidden from the actor are left out: they name and count the objects of it.
    """
    statement = _SHOWN.order_by(delivery.c.id.desc()).limit(max(1, min(limit, MAX_PAGE)))
    if state:
        statement = statement.where(delivery.c.state == state)
    if ae_title:
        statement = statement.where(node.c.ae_title == ae_title)
    if before is not None:
        statement = statement.where(delivery.c.id < before)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    hidden = limited(connection, actor, [row["exam_pk"] for row in rows])
    return [row for row in rows if row["exam_pk"] not in hidden]


def images_of(
    connection: sa.Connection, exam_pk: int, series_uid: str = "", image_uid: str = ""
) -> list[dict[str, Any]]:
    """Return the images of an exam, or of one of its series, or one image, in the order of their arrival."""
    uid = connection.execute(sa.select(exam.c.uid).where(exam.c.id == exam_pk)).scalar_one_or_none()
    if uid is None:
        return []
    rows = images_at(
        connection,
        exam_uids=[uid],
        series_uids=[series_uid] if series_uid else (),
        image_uids=[image_uid] if image_uid else (),
    )
    return sorted(rows, key=lambda row: int(row["id"]))


def still_to_send(connection: sa.Connection, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the images of a delivery that were not tried yet, after those that the node did not take."""
    rows = images_of(connection, found["exam_pk"], found["series_uid"], found["image_uid"])
    refused = set(found["failed"])
    again = [row for row in rows if row["id"] in refused]
    return again + [row for row in rows if row["id"] > found["sent_until_pk"]]
