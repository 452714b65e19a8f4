"""Reading workitems: searches with DICOM keys, subscriptions, and the events that wait for a subscriber."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.rules import clean
from kerma.areas.worklist import rules_match, rules_ups
from kerma.areas.worklist.model_ups import ups_event, ups_subscription, ups_watch, workitem
from kerma.areas.worklist.rules_match import Document, Keys

PAGE = 200
Reading = Callable[[], AbstractContextManager[sa.Connection]]
"""How to get a connection for a page: ``database.read``, or the connection of an action under way."""


def find(reading: Reading, keys: Keys) -> Iterator[Document]:
    """Yield the whole document of each workitem that matches, in the order they were created.

    Each page is read in a transaction of its own, so that a slow asker holds nothing.
    """
    conditions = _conditions(keys)
    after = 0
    while True:
        columns = (workitem.c.id, workitem.c.document)
        statement = sa.select(*columns).where(workitem.c.id > after, *conditions).order_by(workitem.c.id)
        with reading() as connection:
            rows = connection.execute(statement.limit(PAGE)).all()
        for row in rows:
            document: Document = json.loads(row.document)
            if rules_match.matches(document, keys):
                yield document
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def _conditions(keys: Keys) -> list[sa.ColumnElement[bool]]:
    """Return what the database can decide; the rest is matched document by document."""
    columns = {
        rules_ups.STATE: workitem.c.state,
        rules_ups.SUBJECT_ID: workitem.c.subject_id,
        rules_ups.PRIORITY: workitem.c.priority,
        rules_ups.SOP_INSTANCE: workitem.c.uid,
    }
    conditions: list[sa.ColumnElement[bool]] = []
    for tag, column in columns.items():
        wanted = [one for value in rules_match.values(keys.get(tag)) for one in str(value).split("\\")]
        if wanted and not any(mark in value for value in wanted for mark in "*?"):
            conditions.append(column.in_([clean(value, 64) for value in wanted]))
    return conditions


def answer(document: Document, keys: Keys) -> Document:
    """Return what a query asks for of a workitem."""
    known = [row["tag"] for row in rules_ups.rows("top") if row["tag"] != rules_ups.TRANSACTION]
    return rules_match.project(document, {tag: key for tag, key in keys.items() if tag != rules_ups.TRANSACTION}, known)


def by_uid(connection: sa.Connection, uid: str) -> dict[str, Any] | None:
    """Return one workitem's row, or None."""
    found = connection.execute(sa.select(workitem).where(workitem.c.uid == clean(uid, 65))).mappings().first()
    return dict(found) if found else None


def subscribers(connection: sa.Connection, workitem_pk: int) -> list[str]:
    """Return the AE titles that are told about a workitem."""
    statement = sa.select(ups_subscription.c.ae_title).where(ups_subscription.c.workitem_pk == workitem_pk)
    return sorted(connection.scalars(statement))


def watchers(connection: sa.Connection) -> list[sa.RowMapping]:
    """Return who is subscribed to whatever comes."""
    return list(connection.execute(sa.select(ups_watch).order_by(ups_watch.c.id)).mappings())


def events_after(connection: sa.Connection, ae_title: str, after: int, limit: int = PAGE) -> list[sa.RowMapping]:
    """Return the events for a subscriber after a position, in the order they happened."""
    statement = sa.select(ups_event).where(ups_event.c.ae_title == ae_title, ups_event.c.id > after)
    return list(connection.execute(statement.order_by(ups_event.c.id).limit(limit)).mappings())


def unsent_events(connection: sa.Connection, ae_title: str, limit: int = PAGE) -> list[sa.RowMapping]:
    """Return the events that a node on the DICOM network has not taken yet, in the order they happened."""
    statement = sa.select(ups_event).where(ups_event.c.ae_title == ae_title, ups_event.c.sent_at == "")
    return list(connection.execute(statement.order_by(ups_event.c.id).limit(limit)).mappings())


def last_event(connection: sa.Connection) -> int:
    """Return the position of the newest event of all."""
    return int(connection.scalar(sa.select(sa.func.max(ups_event.c.id))) or 0)
