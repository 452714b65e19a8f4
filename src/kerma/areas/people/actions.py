"""What changes people, their roles and the tokens of programs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.people import rules_preferences
from kerma.areas.people.model import posting, preference
from kerma.areas.people.queries import Member, members, role_names
from kerma.areas.people.rules_posting import Posting, checked_posting
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import identity
from kerma.kernel.action import Act, action
from kerma.kernel.in_force import settle
from kerma.kernel.sessions import end_all_sessions

LONGEST_LOGIN = 128


@action("people.create_person")
def create_person(act: Act, *, login: str, name: str, password: str, roles: Sequence[str] = ()) -> int:
    """Add a person who can sign in; returns the person's number.

    Raises
    ------
    WrongUsage
        Login, name or password is not acceptable.
    Conflict
        The login is taken.
    NotFound
        There is no such role.
    """
    login, name = login.strip(), name.strip()
    if not login or len(login) > LONGEST_LOGIN or any(character.isspace() for character in login):
        raise WrongUsage(f"a login has 1 to {LONGEST_LOGIN} characters and no space; {login!r} does not fit")
    if not name:
        raise WrongUsage("a name is needed: it stands on the reports this person signs")
    identity.check_acceptable(password, (login, name))
    taken = sa.select(identity.person.c.id).where(identity.person.c.login_folded == identity.fold(login))
    if act.connection.scalar(taken) is not None:
        raise Conflict(f"the login {login!r} is taken; choose another, or change that person")
    person_id = act.connection.execute(
        identity.person.insert()
        .values(
            login=login,
            login_folded=identity.fold(login),
            name=name,
            password_hash=identity.hash_password(password),
            password_set_at=act.at_text,
            created_at=act.at_text,
        )
        .returning(identity.person.c.id)
    ).scalar_one()
    act.record(person_id=person_id)
    for role in roles:
        grant_role.within(act, person_id=person_id, role=role)
    return person_id


@action("people.set_password")
def set_password(act: Act, *, person_id: int, password: str) -> None:
    """Give a person a new password; all sessions of the person end.

    Raises
    ------
    NotFound
        There is no such person.
    WrongUsage
        The password is not acceptable.
    """
    member = _member(act, person_id)
    identity.check_acceptable(password, (member.login, member.name))
    act.connection.execute(
        identity.person.update()
        .where(identity.person.c.id == person_id)
        .values(password_hash=identity.hash_password(password), password_set_at=act.at_text)
    )
    act.record(person_id=person_id, sessions_ended=end_all_sessions(act, person_id))


@action("people.disable")
def disable(act: Act, *, person_id: int) -> None:
    """Shut a person out: no more signing in, every session ends; what the person did stays.

    Raises
    ------
    NotFound
        There is no such person.
    Conflict
        This is the last administrator.
    """
    _member(act, person_id)
    _keep_an_administrator(act, person_id)
    act.connection.execute(
        identity.person.update()
        .where(identity.person.c.id == person_id, identity.person.c.disabled_at.is_(None))
        .values(disabled_at=act.at_text)
    )
    act.record(person_id=person_id, sessions_ended=end_all_sessions(act, person_id))


@action("people.enable")
def enable(act: Act, *, person_id: int) -> None:
    """Let a person who was shut out sign in again."""
    _member(act, person_id)
    act.connection.execute(identity.person.update().where(identity.person.c.id == person_id).values(disabled_at=None))
    act.record(person_id=person_id)


@action("people.end_sessions")
def end_sessions(act: Act, *, person_id: int) -> int:
    """End every session of a person, for instance when a workstation was left open; returns how many."""
    _member(act, person_id)
    ended = end_all_sessions(act, person_id)
    act.record(person_id=person_id, sessions_ended=ended)
    return ended


@action("people.grant_role")
def grant_role(act: Act, *, person_id: int, role: str) -> None:
    """Give a person a role; a role held already stays.

    Raises
    ------
    NotFound
        There is no such person or role.
    """
    member = _member(act, person_id)
    _check_role(act, role)
    if role not in member.roles:
        act.connection.execute(identity.person_role.insert().values(person_id=person_id, role=role))
    act.record(person_id=person_id, role=role)


@action("people.withdraw_role")
def withdraw_role(act: Act, *, person_id: int, role: str) -> None:
    """Take a role from a person.

    Raises
    ------
    NotFound
        There is no such person, or the person does not hold this role.
    Conflict
        This is the last administrator.
    """
    member = _member(act, person_id)
    if role not in member.roles:
        raise NotFound(f"{member.login} does not hold the role {role!r}; held: {', '.join(member.roles) or 'none'}")
    if role == "administrator":
        _keep_an_administrator(act, person_id)
    held = identity.person_role
    act.connection.execute(held.delete().where(held.c.person_id == person_id, held.c.role == role))
    act.record(person_id=person_id, role=role)


@action("people.set_posting")
def set_posting(act: Act, *, person_id: int, where: Posting) -> None:
    """Set at which sites a person works and which languages they read; none of either is all.

    Raises
    ------
    NotFound
        There is no such person.
    WrongUsage
        A site or language is none that there can be.
    """
    _member(act, person_id)
    kept = checked_posting(where)
    settle(act, posting, {"person_id": person_id, "sites": list(kept.sites), "languages": list(kept.languages)})


@action("people.create_token")
def create_token(act: Act, *, name: str, role: str) -> str:
    """Make a bearer token for a program; it is returned once and never stored.

    Raises
    ------
    NotFound
        There is no such role.
    Conflict
        A token of this name exists.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_LOGIN:
        raise WrongUsage(f"a token needs a name of 1 to {LONGEST_LOGIN} characters that says what uses it")
    _check_role(act, role)
    if act.connection.scalar(sa.select(identity.token.c.id).where(identity.token.c.name == name)) is not None:
        raise Conflict(f"there is a token {name!r} already; revoke it, or choose another name")
    bearer = identity.TOKEN_PREFIX + secrets.token_urlsafe(32)
    token_id = act.connection.execute(
        identity.token.insert()
        .values(name=name, token_sha256=identity.sha256(bearer), role=role, created_at=act.at_text)
        .returning(identity.token.c.id)
    ).scalar_one()
    act.record(token_id=token_id, role=role)
    return bearer


@action("people.revoke_token")
def revoke_token(act: Act, *, name: str) -> None:
    """End a bearer token for good.

    Raises
    ------
    NotFound
        No living token has this name.
    """
    living = sa.select(identity.token.c.id).where(identity.token.c.name == name, identity.token.c.revoked_at.is_(None))
    token_id = act.connection.scalar(living)
    if token_id is None:
        raise NotFound(f"there is no living token {name!r}")
    act.connection.execute(
        identity.token.update().where(identity.token.c.id == token_id).values(revoked_at=act.at_text)
    )
    act.record(token_id=token_id)


@action("people.view")
def view(act: Act) -> list[Member]:
    """See who works here, with which roles."""
    found = members(act.connection)
    act.record(people=len(found))
    return found


@action("people.prefer")
def prefer(act: Act, *, name: str, value: Any) -> None:
    """Keep something a person has set for themselves at the workstation; it replaces what was set before.

    Raises
    ------
    NotAllowed
        A program asks; only people have preferences.
    NotFound, TooLarge
        The name is unknown, or the value too large.
    """
    if act.actor.kind != "person":
        raise NotAllowed("a program has no preferences; only people do")
    rules_preferences.check(name, value)
    # two windows of one person at once: the second waits, and its value is the one kept
    me = sa.select(identity.person.c.id).where(identity.person.c.id == int(act.actor.id))
    act.connection.execute(me.with_for_update())
    mine = (preference.c.person_id == int(act.actor.id), preference.c.name == name)
    kept = {"value": value, "set_at": act.at_text}
    if act.connection.execute(sa.update(preference).where(*mine).values(**kept)).rowcount == 0:
        act.connection.execute(sa.insert(preference).values(person_id=int(act.actor.id), name=name, **kept))
    act.record(preference=name)


def _member(act: Act, person_id: int) -> Member:
    found = members(act.connection, person_id=person_id)
    if not found:
        raise NotFound(f"there is no person {person_id}")
    return found[0]


def _check_role(act: Act, role: str) -> None:
    known = role_names(act.connection)
    if role not in known:
        raise NotFound(f"there is no role {role!r}; the roles are {', '.join(known)}")


def _keep_an_administrator(act: Act, person_id: int) -> None:
    others = [
        member
        for member in members(act.connection)
        if "administrator" in member.roles and not member.is_disabled and member.id != person_id
    ]
    if not others and "administrator" in _member(act, person_id).roles:
        raise Conflict("this is the last administrator; make another person administrator first")
