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
    query = sa.select(token.c.id, token.c.name, token.c.role).where(
        token.c.token_sha256 == sha256(bearer), token.c.revoked_at.is_(None)
    )
    with kernel.database.read() as connection:
        row = connection.execute(query).one_or_none()
        if row is None:
            raise NotSignedIn("the bearer token is unknown or was revoked; make one with 'kerma token create'")
        patterns = patterns_of(connection, [row.role])
    return Actor(kind="token", id=str(row.id), name=row.name, permissions=patterns)
