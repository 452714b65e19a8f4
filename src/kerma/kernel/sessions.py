"""Signing in and out, and the sessions in between; all of it on the server.

The browser holds a random token of 256 bits, the database only its SHA-256. A session ends when it is idle, when it is
old, when the person signs out or ends it from elsewhere, and when the account is disabled.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from kerma.errors import NotFound, NotSignedIn
from kerma.kernel import clock as clocks
from kerma.kernel import passwords
from kerma.kernel.action import Act, Actor, Kernel, action
from kerma.kernel.identity_model import (
    actor_of_person,
    login_attempt,
    person,
    person_role,
    role_permission,
    session,
    sha256,
)
from kerma.kernel.prepared import Prepared
from kerma.kernel.sign_in_attempts import Attempt, begin_attempt

log = logging.getLogger(__name__)

SEEN_STEP_S = 30.0
"""A session's last use is written at most this often."""
WRONG = "the login or the password is wrong"


@dataclass(frozen=True)
class Session:
    """A session just begun; ``token`` exists nowhere else and goes into the cookie."""

    id: int
    token: str = field(repr=False)
    actor: Actor


@dataclass(frozen=True)
class _Open:
    id: int
    person_id: int
    created_at: str
    last_seen_at: str


def sign_in(
    kernel: Kernel, login: str, password: str, address: str, user_agent: str = "", *, replaces: str | None = None
) -> Session:
    """Check a login and password and begin a session; a session held before (its token) ends.

    Raises
    ------
    NotSignedIn
        With the same words, after the same time, whether login or password is wrong or the account is disabled.
    TooManyRequests
        Too many tries from this address, or too many failures for this account; says how long to wait.
    """
    attempt = begin_attempt(kernel, login, address)
    is_right = passwords.is_right(attempt.stored, password)
    if not is_right or attempt.person_id is None or attempt.is_disabled:
        _note_failure(kernel, _ANYBODY, attempt=attempt)
        raise NotSignedIn(f"{WRONG}; check both, and that Caps Lock is off")
    with kernel.database.read() as connection:
        actor = actor_of_person(connection, attempt.person_id)
    if attempt.stored is not None and passwords.needs_rehash(attempt.stored):
        _strengthen(kernel, attempt.person_id, attempt.stored, password)
    if replaces is not None:
        sign_out(kernel, replaces)
    session_id, token = _begin_session(
        kernel, _as_anybody(actor), attempt_id=attempt.id, address=address[:64], user_agent=user_agent[:256]
    )
    return Session(session_id, token, actor)


def actor_of_session(kernel: Kernel, token: str) -> Actor:
    """Return who is signed in with this token, with the permissions held now, and note that the session is in use.

    Raises
    ------
    NotSignedIn
        The session is unknown, ended, idle or too old, or the account is disabled.
    """
    now = kernel.clock.now()
    with kernel.database.glance() as connection:
        rows = _SIGNED_IN.all(connection, {"token_sha256": sha256(token)})
    if not rows:
        raise NotSignedIn("this session has ended; sign in again")
    row = _Open(**{name: rows[0][name] for name in _Open.__dataclass_fields__})
    _check_age(kernel, row, now)
    patterns = frozenset(one["pattern"] for one in rows if one["pattern"] is not None)
    actor = Actor("person", str(row.person_id), rows[0]["name"], patterns)
    if (now - clocks.moment(row.last_seen_at)).total_seconds() >= SEEN_STEP_S:
        with kernel.database.write() as connection:
            connection.execute(session.update().where(session.c.id == row.id).values(last_seen_at=clocks.text(now)))
    return actor


def sign_out(kernel: Kernel, token: str) -> None:
    """End the session of this token; an unknown or ended one is left as it is."""
    with kernel.database.read() as connection:
        row = _live(connection, token)
        if row is None:
            return
        actor = actor_of_person(connection, row.person_id)
    _end_session(kernel, _as_anybody(actor), session_id=row.id)


def sessions_of(kernel: Kernel, person_id: int) -> list[dict[str, object]]:
    """Return the sessions of a person that are still open, newest first."""
    now = kernel.clock.now()
    query = (
        sa.select(session)
        .where(
            session.c.person_id == person_id,
            session.c.ended_at.is_(None),
            session.c.last_seen_at > _before(now, kernel.settings.session_idle_s),
            session.c.created_at > _before(now, kernel.settings.session_absolute_s),
        )
        .order_by(session.c.id.desc())
    )
    shown = ("id", "created_at", "last_seen_at", "address", "user_agent")
    with kernel.database.read() as connection:
        return [{name: getattr(row, name) for name in shown} for row in connection.execute(query)]


def end_own_session(kernel: Kernel, actor: Actor, session_id: int) -> None:
    """End one of the actor's own sessions, from wherever.

    Raises
    ------
    NotFound
        There is no such session of this person.
    """
    if actor.kind != "person" or session_id not in [row["id"] for row in sessions_of(kernel, int(actor.id))]:
        raise NotFound(f"you have no open session {session_id}")
    _end_session(kernel, _as_anybody(actor), session_id=session_id)


def end_all_sessions(act: Act, person_id: int) -> int:
    """End every session of a person as a part of the action under way; returns how many."""
    open_ones = session.update().where(session.c.person_id == person_id, session.c.ended_at.is_(None))
    return act.connection.execute(open_ones.values(ended_at=act.at_text)).rowcount


_ANYBODY = Actor(
    "service", "sign-in", "Sign-in", frozenset({"identity.sign_in", "identity.sign_out", "identity.sign_in_failed"})
)
"""Who acts before anybody has signed in; and what every person may do, whatever the roles."""


def _as_anybody(actor: Actor) -> Actor:
    return Actor(actor.kind, actor.id, actor.name, _ANYBODY.permissions)


@action("identity.sign_in")
def _begin_session(act: Act, *, attempt_id: int, address: str, user_agent: str) -> tuple[int, str]:
    """Sign in and begin a session."""
    active = person.select().where(person.c.id == int(act.actor.id), person.c.disabled_at.is_(None))
    if act.connection.execute(active).one_or_none() is None:
        raise NotSignedIn(WRONG)
    token = secrets.token_urlsafe(32)
    session_id = act.connection.execute(
        session.insert()
        .values(
            token_sha256=sha256(token),
            person_id=int(act.actor.id),
            created_at=act.at_text,
            last_seen_at=act.at_text,
            address=address,
            user_agent=user_agent,
        )
        .returning(session.c.id)
    ).scalar_one()
    act.connection.execute(login_attempt.update().where(login_attempt.c.id == attempt_id).values(succeeded=True))
    act.record(session_id=session_id, attempt_id=attempt_id)
    return session_id, token


@action("identity.sign_in_failed")
def _note_failure(act: Act, *, attempt: Attempt) -> None:
    """Record that a sign-in failed."""
    account = "unknown" if attempt.person_id is None else f"person:{attempt.person_id}"
    act.record(account=account, attempt_id=attempt.id, is_disabled=attempt.is_disabled)
    log.warning("sign-in failed, account %s, attempt %d", account, attempt.id)


@action("identity.sign_out")
def _end_session(act: Act, *, session_id: int) -> None:
    """End a session: by signing out, or from another place."""
    act.connection.execute(session.update().where(session.c.id == session_id).values(ended_at=act.at_text))
    act.record(session_id=session_id)


_OF_TOKEN = (
    session.c.token_sha256 == sa.bindparam("token_sha256"),
    session.c.ended_at.is_(None),
    person.c.disabled_at.is_(None),
)
_SESSION = sa.select(session.c.id, session.c.person_id, session.c.created_at, session.c.last_seen_at)
_LIVE = Prepared(_SESSION.join(person, person.c.id == session.c.person_id).where(*_OF_TOKEN))
_SIGNED_IN = Prepared(
    _SESSION.add_columns(person.c.name, role_permission.c.pattern)
    .select_from(
        session.join(person, person.c.id == session.c.person_id)
        .outerjoin(person_role, person_role.c.person_id == person.c.id)
        .outerjoin(role_permission, role_permission.c.role == person_role.c.role)
    )
    .where(*_OF_TOKEN)
)
"""One statement for what every request asks: whose session is it, and what may that person do now."""


def _live(connection: sa.Connection, token: str) -> _Open | None:
    row = _LIVE.first(connection, {"token_sha256": sha256(token)})
    return None if row is None else _Open(**row)


def _check_age(kernel: Kernel, row: _Open, now: datetime) -> None:
    idle_s = (now - clocks.moment(row.last_seen_at)).total_seconds()
    age_s = (now - clocks.moment(row.created_at)).total_seconds()
    if idle_s >= kernel.settings.session_idle_s:
        raise NotSignedIn(f"the session was idle for {kernel.settings.session_idle_s / 60:g} min; sign in again")
    if age_s >= kernel.settings.session_absolute_s:
        raise NotSignedIn(f"the session is older than {kernel.settings.session_absolute_s / 3600:g} h; sign in again")


def _strengthen(kernel: Kernel, person_id: int, stored: str, password: str) -> None:
    """Keep the same password under today's parameters; unless it was changed meanwhile."""
    stronger = passwords.hash_password(password)
    with kernel.database.write() as connection:
        connection.execute(
            person.update()
            .where(person.c.id == person_id, person.c.password_hash == stored)
            .values(password_hash=stronger)
        )


def _before(now: datetime, seconds: float) -> str:
    return clocks.text(now - timedelta(seconds=seconds))
