"""Reading exchange: nodes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.exchange.model import REMOVED
from kerma.areas.exchange.model import node as nodes_table
from kerma.errors import NotFound

_LISTED = sa.select(nodes_table).where(nodes_table.c.state != REMOVED)


def node(connection: sa.Connection, ae_title: str) -> dict[str, Any] | None:
    """Return the node of this AE title, switched on or off, or None."""
    title = ae_title.strip(" \0")
    if not (title.isascii() and title.isprintable()):
        return None  # none such can be listed, and no database need see it
    return _first(connection, _LISTED.where(nodes_table.c.ae_title == title))


def node_by_id(connection: sa.Connection, node_id: int) -> dict[str, Any] | None:
    """Return a node by its number, even one that was removed."""
    return _first(connection, sa.select(nodes_table).where(nodes_table.c.id == node_id))


def known_node(connection: sa.Connection, ae_title: str) -> dict[str, Any]:
    """Return the node of this AE title.

    Raises
    ------
    NotFound
        No such node is listed.
    """
    found = node(connection, ae_title)
    if found is None:
        raise NotFound(f"no node '{ae_title[:16]}' is listed; `kerma node list` shows them, `kerma node add` adds one")
    return found


def node_of_certificate(connection: sa.Connection, certificate_sha256: str) -> dict[str, Any] | None:
    """Return the node whose certificate has this key, or None."""
    return _first(connection, _LISTED.where(nodes_table.c.certificate_sha256 == certificate_sha256))


def nodes(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return every node, by AE title."""
    return [dict(row) for row in connection.execute(_LISTED.order_by(nodes_table.c.ae_title)).mappings()]


def _first(connection: sa.Connection, statement: sa.Select[Any]) -> dict[str, Any] | None:
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None
