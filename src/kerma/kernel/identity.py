"""Who acts: people who sign in, programs with a bearer token, and the parts of Kerma itself.

The parts: tables in :mod:`kerma.kernel.identity_model`, passwords in :mod:`kerma.kernel.passwords`, signing in and out
in :mod:`kerma.kernel.sessions`. What an administrator changes (people, roles, tokens) are actions of the people area.
"""

from __future__ import annotations

import sqlalchemy as sa

from kerma.errors import NotSignedIn
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity_model import (
    actor_of_person,
    fold,
    login_attempt,
    patterns_of,
    person,
    person_role,
    role,
    role_permission,
    roles_of,
    session,
    sha256,
    token,
)
from kerma.kernel.passwords import check_acceptable, hash_password
from kerma.kernel.prepared import Prepared
from kerma.kernel.sessions import (
    Session,
    actor_of_session,
    end_own_session,
    sessions_of,
    sign_in,
    sign_out,
)

__all__ = [
    "TOKEN_PREFIX",
    "Session",
    "actor_of_person",
    "actor_of_session",
    "actor_of_token",
    "check_acceptable",
    "end_own_session",
    "fold",
    "hash_password",
    "login_attempt",
    "patterns_of",
    "person",
    "person_role",
    "role",
    "role_permission",
    "roles_of",
    "service",
    "session",
    "sessions_of",
    "sha256",
    "sign_in",
    "sign_out",
    "token",
]

TOKEN_PREFIX = "kerma_"

_HOLDER = Prepared(
    sa.select(token.c.id, token.c.name, role_permission.c.pattern)
    .join_from(token, role_permission, role_permission.c.role == token.c.role, isouter=True)
    .where(token.c.token_sha256 == sa.bindparam("token_sha256"), token.c.revoked_at.is_(None))
)
"""Asked with every request of a program, so that a revoked token ends at once."""


def service(name: str, *patterns: str) -> Actor:
    """Return a part of Kerma itself as an actor, with just the permissions it needs."""
    return Actor(kind="service", id=name, name=f"Kerma {name}", permissions=frozenset(patterns))


def actor_of_token(kernel: Kernel, bearer: str) -> Actor:
    """Return the program that holds this bearer token, with the permissions of its role now.

    Raises
    ------
    NotSignedIn
        The token is unknown or was revoked.
    """
    with kernel.database.read() as connection:
        rows = _HOLDER.all(connection, {"token_sha256": sha256(bearer)})
    if not rows:
        raise NotSignedIn("the bearer token is unknown or was revoked; make one with 'kerma token create'")
    patterns = frozenset(row["pattern"] for row in rows if row["pattern"] is not None)
    return Actor(kind="token", id=str(rows[0]["id"]), name=rows[0]["name"], permissions=patterns)
