"""Reading comments and inboxes, as the one who asks may see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.archive.queries import images_of_exam
from kerma.areas.review import queries, rules_talk
from kerma.areas.review.model_consult import consult, guest_link
from kerma.areas.review.model_talk import exam_comment, inbox_entry
from kerma.errors import NotFound
from kerma.kernel.identity import fold, person
from kerma.kernel.sight import Sight, sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST_ENTRIES = 200


def comments(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[dict[str, Any]]:
    """Return an exam's comments that one may see, oldest first, each with all its versions, the newest first."""
    statement = sa.select(exam_comment).where(exam_comment.c.exam_pk == exam_pk)
    if not sight.people:
        statement = statement.where(exam_comment.c.by == sight.actor)
    ordered = statement.order_by(exam_comment.c.number, exam_comment.c.version.desc())
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(ordered).mappings():
        found.setdefault(row["number"], {**row, "versions": []})["versions"].append(dict(row))
    return list(found.values())


def newest_version(connection: sa.Connection, exam_pk: int, number: int) -> dict[str, Any] | None:
    """Return a comment as it stands, or None where there is none of this number."""
    same = (exam_comment.c.exam_pk == exam_pk, exam_comment.c.number == number)
    statement = sa.select(exam_comment).where(*same).order_by(exam_comment.c.version.desc()).limit(1)
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None


def inbox(connection: sa.Connection, actor: Actor) -> list[dict[str, Any]]:
    """Return what a person is to know of, newest first; what is hidden from them in an exam waits until it is not.

    That an exam was handed to them, or is theirs to review, they are told at once, without the words of the other;
    and whole what is their own.
    """
    columns = (exam.c.industry, exam.c.description, subject.c.subject_id)
    statement = (
        sa.select(inbox_entry, *columns)
        .join_from(inbox_entry, exam, inbox_entry.c.exam_pk == exam.c.id)
        .join(subject, exam.c.subject_pk == subject.c.id)
        .where(inbox_entry.c.person == actor.key)
        .order_by(inbox_entry.c.id.desc())
        .limit(MOST_ENTRIES)
    )
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    is_open = {row["id"]: sights[row["exam_pk"]].people or row["by"] == actor.key for row in rows}
    return [
        row if is_open[row["id"]] else {**row, "words": "", "by": ""}
        for row in rows
        if is_open[row["id"]] or row["kind"] in rules_talk.AT_ONCE
    ]


def logins(connection: sa.Connection, candidates: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the actor keys of the people whom mentions mean, each once, in the order of the mentions.

    Raises
    ------
    NotFound
        A mention means nobody who works here.
    """
    found: list[str] = []
    for meant in candidates:
        keys = {fold(one): one for one in meant}
        same = (person.c.login_folded.in_(keys), person.c.disabled_at.is_(None))
        rows = {row.login_folded: row.id for row in connection.execute(sa.select(person).where(*same))}
        key = next((f"person:{rows[name]}" for name in keys if name in rows), None)
        if key is None:
            raise NotFound(f"nobody here has the login '{meant[-1][:64]}'; choose one from the list of colleagues")
        if key not in found:
            found.append(key)
    return found


def guest_names(connection: sa.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of the guests among some actor keys (``guest:7``), as who asked them called them."""
    numbers = [int(number) for kind, _, number in (key.partition(":") for key in keys) if kind == "guest"]
    statement = sa.select(guest_link.c.id, consult.c.guest_name).join(consult, guest_link.c.consult_id == consult.c.id)
    rows = connection.execute(statement.where(guest_link.c.id.in_(numbers)))
    return {f"guest:{row.id}": row.guest_name for row in rows}


def colleagues(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return everybody who works here now, by name."""
    active = sa.select(person.c.id, person.c.login, person.c.name).where(person.c.disabled_at.is_(None))
    rows = connection.execute(active.order_by(person.c.name, person.c.id))
    return [{"key": f"person:{row.id}", "login": row.login, "name": row.name} for row in rows]


def places_of(connection: sa.Connection, exam_pk: int, sight: Sight) -> dict[str, tuple[int, int, int]]:
    """Return planes, rows and columns of an exam's images by SHA-256."""
    rows = images_of_exam(connection, exam_pk, sight)
    return {
        row["sha256"]: (row["planes"] or 1, row["rows"] or 0, row["columns"] or 0)
        for row in rows
        if row["kind"] == "image"
    }


def findings_of(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[dict[str, Any]]:
    """Return the findings of an exam that one sees now, each with its image's ``image_sha256`` and ``plane_kind``."""
    known = queries.current(connection, exam_pk, sight)
    images = known.document["images"] if known else []
    return [
        {**one, "image_sha256": each["sha256"], "plane_kind": each.get("plane_kind", "frame")}
        for each in images
        for one in each["findings"]
    ]
