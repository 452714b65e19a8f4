"""Reading who works here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.people.model import posting, preference
from kerma.areas.people.rules_posting import Posting
from kerma.errors import NotFound, WrongUsage
from kerma.kernel.action import ACTIONS
from kerma.kernel.identity import fold, person, person_role, role, token
from kerma.kernel.identity_model import role_permission
from kerma.kernel.in_force import InForce
from kerma.kernel.permissions import is_granted


@dataclass(frozen=True)
class Member:
    """A person as lists show one."""

    id: int
    login: str
    name: str
    roles: tuple[str, ...]
    created_at: str
    is_disabled: bool
    posting: Posting


def members(connection: sa.Connection, *, person_id: int | None = None) -> list[Member]:
    """Return everybody by login, or only the one with this number."""
    people = sa.select(person).order_by(person.c.login_folded)
    held = sa.select(person_role).order_by(person_role.c.role)
    if person_id is not None:
        people, held = people.where(person.c.id == person_id), held.where(person_role.c.person_id == person_id)
    roles: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(held):
        roles[row.person_id].append(row.role)
    where = postings(connection)
    return [
        Member(
            row.id, row.login, row.name, tuple(roles[row.id]), row.created_at, row.disabled_at is not None,
            where.get(row.id, Posting()),
        )
        for row in connection.execute(people)
    ]  # fmt: skip


_POSTINGS = InForce(posting, "person_id")


def postings(connection: sa.Connection) -> dict[int, Posting]:
    """Return where people work and what they read, by their number, of those for whom anything was set."""
    return {row["person_id"]: _posting(row) for row in _POSTINGS.rows(connection)}


def posting_of(connection: sa.Connection, key: str) -> Posting:
    """Return where the person of an actor key works and what they read; everywhere and everything for all others."""
    kind, _, number = key.partition(":")
    if kind != "person" or not number.isdecimal():
        return Posting()
    rows = _POSTINGS.rows(connection, person_id=int(number))
    return _posting(rows[0]) if rows else Posting()


def _posting(row: dict[str, Any]) -> Posting:
    return Posting(tuple(row["sites"]), tuple(row["languages"]))


def in_service(connection: sa.Connection, permission: str) -> dict[int, str]:
    """Return the names of those who can sign in and hold a permission, by their number."""
    patterns: dict[int, list[str]] = defaultdict(list)
    names: dict[int, str] = {}
    joined = person.join(person_role, person_role.c.person_id == person.c.id)
    joined = joined.join(role_permission, role_permission.c.role == person_role.c.role)
    statement = sa.select(person.c.id, person.c.name, role_permission.c.pattern).select_from(joined)
    for row in connection.execute(statement.where(person.c.disabled_at.is_(None))):
        patterns[row.id].append(row.pattern)
        names[row.id] = row.name
    return {number: names[number] for number, held in patterns.items() if is_granted(permission, held)}


def person_by_login(connection: sa.Connection, login: str) -> int:
    """Return the number of the person with this login.

    Raises
    ------
    NotFound
        Nobody has it.
    """
    found = connection.scalar(sa.select(person.c.id).where(person.c.login_folded == fold(login)))
    if found is None:
        raise NotFound(f"nobody has the login {login!r}; 'kerma user list' shows who there is")
    return int(found)


def colleague(connection: sa.Connection, key: str, whose: str) -> int:
    """Return the number of a person who works here, by their actor key (``person:7``), for ``whose`` key it is not.

    Raises
    ------
    NotFound
        Nobody who works here has the key.
    WrongUsage
        It is the key of the one who asks.
    """
    kind, _, number = key.partition(":")
    is_key = kind == "person" and number.isdecimal() and len(number) < 19
    active = sa.select(person.c.id).where(person.c.id == (int(number) if is_key else -1))
    if connection.scalar(active.where(person.c.disabled_at.is_(None))) is None:
        raise NotFound(f"nobody who works here has the key '{key[:40]}'")
    if key == whose:
        raise WrongUsage("that is yourself; choose a colleague")
    return int(number)


def name_of_actor(connection: sa.Connection, key: str) -> str:
    """Return the name behind an actor key of the ledger (``person:7``, ``token:2``); the key itself for all others."""
    kind, _, number = key.partition(":")
    table = {"person": person, "token": token}.get(kind)
    if table is None or not number.isdecimal():
        return key
    return connection.scalar(sa.select(table.c.name).where(table.c.id == int(number))) or key


def role_names(connection: sa.Connection) -> list[str]:
    """Return the names of all roles."""
    return list(connection.scalars(sa.select(role.c.name).order_by(role.c.name)))


def preferences(connection: sa.Connection, person_id: int) -> dict[str, Any]:
    """Return all that a person has set for themselves, by name."""
    statement = sa.select(preference.c.name, preference.c.value).where(preference.c.person_id == person_id)
    return {row.name: row.value for row in connection.execute(statement)}


def permissions() -> list[dict[str, str]]:
    """Return every permission there is, with what it allows: the name and first line of each action."""
    return [{"name": name, "description": ACTIONS[name].description} for name in sorted(ACTIONS)]
