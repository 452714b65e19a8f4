"""Reading consults and guests' links, as the one who asks may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.review.model_consult import consult, guest_link
from kerma.kernel.identity import person
from kerma.kernel.sight import Sight, sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST = 200


def consults(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[dict[str, Any]]:
    """Return an exam's consults that one may see, oldest first, each with its ``links``, the newest first."""
    statement = sa.select(consult).where(consult.c.exam_pk == exam_pk)
    if not sight.people:
        statement = statement.where(consult.c.by == sight.actor)
    rows = [dict(row) for row in connection.execute(statement.order_by(consult.c.id)).mappings()]
    return with_links(connection, rows)


def consults_of(connection: sa.Connection, actor: Actor) -> list[dict[str, Any]]:
    """Return the consults that a person asked or is asked, newest first; what is hidden from them waits."""
    mine = sa.or_(consult.c.by == actor.key, consult.c.colleague == actor.key)
    statement = sa.select(consult).where(mine).order_by(consult.c.id.desc()).limit(MOST)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    return with_links(connection, [row for row in rows if row["by"] == actor.key or sights[row["exam_pk"]].people])


def consult_by_id(connection: sa.Connection, consult_id: int) -> dict[str, Any] | None:
    """Return a consult by its id."""
    found = connection.execute(sa.select(consult).where(consult.c.id == consult_id)).mappings().first()
    return dict(found) if found else None


def link_by_id(connection: sa.Connection, link_id: int) -> dict[str, Any] | None:
    """Return a guest's link by its id."""
    found = connection.execute(sa.select(guest_link).where(guest_link.c.id == link_id)).mappings().first()
    return dict(found) if found else None


def link_by_token(connection: sa.Connection, token_sha256: str, now: str) -> dict[str, Any] | None:
    """Return the link of a token that is good now, with its consult's columns under ``consult``; else None.

    It is good until it expires or is revoked, while whoever made it works here.
    """
    maker = sa.literal("person:").concat(sa.cast(person.c.id, sa.String))
    statement = (
        sa.select(guest_link)
        .join(person, maker == guest_link.c.by)
        .where(
            guest_link.c.token_sha256 == token_sha256,
            guest_link.c.revoked_at == "",
            guest_link.c.expires_at > now,
            person.c.disabled_at.is_(None),
        )
    )
    found = connection.execute(statement).mappings().first()
    return {**found, "consult": consult_by_id(connection, found["consult_id"])} if found else None


def with_links(connection: sa.Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return consults, each with its ``links``, the newest first."""
    statement = sa.select(guest_link).where(guest_link.c.consult_id.in_([row["id"] for row in rows]))
    links = [dict(row) for row in connection.execute(statement.order_by(guest_link.c.id.desc())).mappings()]
    return [{**row, "links": [one for one in links if one["consult_id"] == row["id"]]} for row in rows]
