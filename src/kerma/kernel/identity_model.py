"""The tables of identity (who may act), and reading them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa

from kerma.kernel.action import Actor
from kerma.kernel.database import BigKey, metadata
from kerma.kernel.prepared import Prepared

Moment = sa.String(27)
"""A moment as :func:`kerma.kernel.clock.text` writes it; text order is time order."""

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("login", sa.String(128), nullable=False),
    sa.Column("login_folded", sa.String(256), nullable=False, unique=True),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("password_hash", sa.String(256)),
    sa.Column("password_set_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("disabled_at", Moment),
)
"""One row per person; a disabled person keeps the row, because reports and the ledger refer to it."""

role = sa.Table(
    "role",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("description", sa.String(256), nullable=False),
)

role_permission = sa.Table(
    "role_permission",
    metadata,
    sa.Column("role", sa.String(64), sa.ForeignKey("role.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("pattern", sa.String(128), primary_key=True),
)
"""The permission patterns of a role, one per row; see :mod:`kerma.kernel.permissions`."""

person_role = sa.Table(
    "person_role",
    metadata,
    sa.Column("person_id", BigKey, sa.ForeignKey("person.id"), primary_key=True),
    sa.Column("role", sa.String(64), sa.ForeignKey("role.name"), primary_key=True),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("person_id", BigKey, sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_seen_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("user_agent", sa.String(256), nullable=False),
)
"""One row per sign-in; the token itself is only in the browser's cookie."""

login_attempt = sa.Table(
    "login_attempt",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("account_sha256", sa.String(64), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("succeeded", sa.Boolean, nullable=False),
    sa.Index(None, "account_sha256", "at"),
    sa.Index(None, "address", "at"),
    sa.Index(None, "at"),
)
"""Sign-ins of the last month, to slow down guessing; a hash of the login, for people type passwords there."""

token = sa.Table(
    "token",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(128), nullable=False, unique=True),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("role", sa.String(64), sa.ForeignKey("role.name"), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
)
"""One row per bearer token of a program that uses the API."""


def sha256(token: str) -> str:
    """Return the SHA-256 of a token, hexadecimal: what is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def fold(login: str) -> str:
    """Return the form under which a login is unique: case and surrounding space do not matter."""
    return login.strip().casefold()


def roles_of(connection: sa.Connection, person_id: int) -> list[str]:
    """Return the roles a person holds, sorted."""
    query = sa.select(person_role.c.role).where(person_role.c.person_id == person_id).order_by(person_role.c.role)
    return list(connection.scalars(query))


def patterns_of(connection: sa.Connection, roles: Sequence[str]) -> frozenset[str]:
    """Return the permission patterns that these roles give together."""
    query = sa.select(role_permission.c.pattern).where(role_permission.c.role.in_(roles))
    return frozenset(connection.scalars(query))


_ACTOR = Prepared(
    sa.select(person.c.name, role_permission.c.pattern)
    .select_from(
        person.outerjoin(person_role, person_role.c.person_id == person.c.id).outerjoin(
            role_permission, role_permission.c.role == person_role.c.role
        )
    )
    .where(person.c.id == sa.bindparam("person_id"))
)
"""One statement for what every request asks: who is it, and what may that one do now."""


def actor_of_person(connection: sa.Connection, person_id: int) -> Actor:
    """Return a person as an actor, with the permissions held at this moment."""
    rows = _ACTOR.all(connection, {"person_id": person_id})
    name = rows[0]["name"] if rows else ""
    patterns = frozenset(row["pattern"] for row in rows if row["pattern"] is not None)
    return Actor(kind="person", id=str(person_id), name=name, permissions=patterns)
