"""All that changes packs and tables: a site adds and withdraws its own, a Level III confirms a table, or no longer."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from kerma.areas.review import queries_defaults, queries_packs, queries_tables, rules
from kerma.areas.review.model_judge import pack_confirmation, site_pack
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.science.judge.pack import load_pack
from kerma.science.judge.pack_text import check_pack

NAME = re.compile(r"[a-z0-9][a-z0-9.\-]{0,63}")
MAX_LINE_LETTERS = 400


@action("review.add_pack")
def add_pack(act: Act, *, name: str, text: str) -> int:
    """Add a site's own acceptance pack, or a new version of one; returns its number.

    Raises
    ------
    WrongUsage
        The name or the table makes no sense; every mistake is listed with its line.
    Conflict
        The name is that of a pack that comes with Kerma, or this text is in force already.
    """
    if not NAME.fullmatch(name):
        raise WrongUsage("name the pack with 1 to 64 small letters, digits, dots or hyphens, such as 'yard-class-2'")
    if queries_packs.is_packaged(name):
        raise Conflict(f"'{name}' comes with Kerma: give your own pack another name, so that nobody confuses them")
    mistakes = check_pack(text)
    if mistakes:
        raise WrongUsage("the table cannot be used as it stands:\n" + "\n".join(str(one) for one in mistakes))
    versions = queries_packs.versions_of(act.connection, name)
    sha256 = rules.text_digest(text)
    if versions and not versions[0]["withdrawn_at"] and versions[0]["sha256"] == sha256:
        raise Conflict(f"exactly this text of '{name}' is in force already, as version {versions[0]['version']}")
    table = load_pack(text).table
    values = {
        "name": name,
        "version": versions[0]["version"] + 1 if versions else 1,
        "text": text,
        "sha256": sha256,
        "title": table.title,
        "edition": table.edition,
        "status": table.status,
        "by": act.actor.key,
        "at": act.at_text,
    }
    pack_id = _insert(act, site_pack, values, f"somebody has added a version of '{name}' meanwhile: read it first")
    act.record(pack=name, version=values["version"], sha256=sha256, status=table.status)
    return pack_id


@action("review.withdraw_pack")
def withdraw_pack(act: Act, *, name: str) -> None:
    """Withdraw a site's own pack: nothing new is judged by it; what was judged by it stays.

    Raises
    ------
    NotFound
        The site has no pack of this name in force.
    Conflict
        Exams are usually judged by it.
    """
    for industry in act.kernel.industries:
        if queries_defaults.default_of(act.connection, industry).get("pack") == name:
            raise Conflict(f"'{name[:64]}' is what exams of '{industry}' are usually judged by: set another first")
    in_force = (site_pack.c.name == name, site_pack.c.withdrawn_at == "")
    values = {"withdrawn_by": act.actor.key, "withdrawn_at": act.at_text}
    count = act.connection.execute(sa.update(site_pack).where(*in_force).values(**values)).rowcount
    if not count:
        raise NotFound(f"the site has no pack '{name[:64]}' in force; those that come with Kerma stay")
    act.record(pack=name, versions=count)


def confirm_pack(kernel: Kernel, actor: Actor, *, name: str, sha256: str, edition: str, statement: str) -> int:
    """Confirm as a person that a table agrees with the published edition at hand; returns the confirmation's number.

    Raises
    ------
    NotAllowed
        The permission is missing, or the actor is no person: a program compares no book.
    """
    if actor.kind != "person":
        refuse(kernel, actor, keep_confirmation.name, "only a person confirms a pack, with the standard at hand")
    return keep_confirmation(kernel, actor, name=name, sha256=sha256, edition=edition, statement=statement)


@action("review.confirm_pack")
def keep_confirmation(act: Act, *, name: str, sha256: str, edition: str, statement: str) -> int:
    """Confirm that a table, of a pack or of image quality, agrees with the edition at hand; its verdicts then bind.

    Raises
    ------
    Conflict
        The table has changed since it was read, needs no confirmation, or has one.
    """
    for what, text in (("edition at hand", edition), ("statement", statement)):
        if not text.strip():
            raise WrongUsage(f"give the {what}: it is what a confirmation rests on")
        if len(text) > MAX_LINE_LETTERS:
            raise WrongUsage(f"the {what} has {len(text)} letters; keep it within {MAX_LINE_LETTERS}")
    found = queries_tables.confirmable(act.connection, name)
    if found.sha256 != sha256:
        raise Conflict(f"the table of '{name}' is not the one you have read: read it again, then confirm")
    if found.confirmation:
        raise Conflict(f"'{name}' is confirmed already, with the edition {found.confirmation['edition']}")
    if found.needs_no_confirmation:
        raise Conflict(f"'{name}' needs no confirmation: its status is {found.status}")
    found.check_edition(edition)
    values = {
        "pack": name,
        "table_sha256": sha256,
        "edition": edition.strip(),
        "statement": statement.strip(),
        "by": act.actor.key,
        "at": act.at_text,
    }
    confirmation_id = _insert(act, pack_confirmation, values, f"somebody has confirmed '{name}' at the same moment")
    act.record(confirmation_id=confirmation_id, pack=name, table_sha256=sha256, edition=edition.strip())
    act.record(statement_sha256=rules.text_digest(statement.strip()))
    return confirmation_id


@action("review.withdraw_confirmation")
def withdraw_confirmation(act: Act, *, name: str) -> None:
    """Take the confirmation of a pack or table back: its verdicts advise again.

    Raises
    ------
    NotFound
        It is not confirmed as it stands.
    """
    found = queries_tables.confirmable(act.connection, name).confirmation
    if found is None:
        raise NotFound(f"'{name[:64]}' is not confirmed: there is nothing to take back")
    values = {"withdrawn_by": act.actor.key, "withdrawn_at": act.at_text}
    same = pack_confirmation.c.id == found["id"]
    act.connection.execute(sa.update(pack_confirmation).where(same).values(**values))
    act.record(confirmation_id=found["id"], pack=name)


def _insert(act: Act, table: sa.Table, values: dict[str, Any], meanwhile: str) -> int:
    """Insert a row; of two people who do the same at once, the tables' keys let only one through."""
    try:
        return int(act.connection.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one())
    except sa.exc.IntegrityError as error:
        raise Conflict(meanwhile) from error
