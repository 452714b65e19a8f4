"""Reading the worklist: what is open in reading order, what was decided last, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.archive.rules import fold
from kerma.areas.worklist.model import CLAIMED, CLOSED, WAITING, item
from kerma.errors import WrongUsage
from kerma.kernel.identity_model import person

MAX_PAGE = 500


@dataclass(frozen=True)
class View:
    """One way to look at the list: the states it shows and the columns it is sorted and paged by."""

    states: tuple[str, ...]
    order: tuple[sa.Column[Any], ...]
    newest_first: bool = False


VIEWS: Mapping[str, View] = {
    "open": View((WAITING, CLAIMED), (item.c.priority, item.c.due_at, item.c.id)),
    "waiting": View((WAITING,), (item.c.priority, item.c.due_at, item.c.id)),
    "closed": View((CLOSED,), (item.c.closed_at, item.c.id), newest_first=True),
}


@dataclass(frozen=True)
class Search:
    """What to look for in the list; ``after`` is the cursor a page ended with."""

    view: str = "open"
    industry: str = ""
    text: str = ""
    after: str = ""
    limit: int = 200


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the next page ("" at the end)."""

    rows: list[dict[str, Any]]
    next_after: str


SHOWN = (
    item.c.id.label("item_id"),
    item.c.exam_pk,
    item.c.industry,
    item.c.state,
    item.c.priority,
    item.c.decision_proposed,
    item.c.decision,
    item.c.queued_at,
    item.c.due_at,
    item.c.claimed_by,
    item.c.claimed_at,
    item.c.closed_at,
    exam.c.uid.label("exam_uid"),
    exam.c.description,
    exam.c.accession,
    exam.c.modalities,
    exam.c.image_count,
    exam.c.received_at,
    subject.c.subject_id,
    subject.c.name.label("subject_name"),
)
_FROM = item.join(exam, item.c.exam_pk == exam.c.id).join(subject, exam.c.subject_pk == subject.c.id)


def items(connection: sa.Connection, search: Search) -> Page:
    """Return one page of the list: for open items the most urgent first, for closed ones the last decided first.

    Raises
    ------
    WrongUsage
        The view or the cursor is unknown.
    """
    view = VIEWS.get(search.view)
    if view is None:
        raise WrongUsage(f"there is no view '{search.view}' of the worklist; choose one of {', '.join(VIEWS)}")
    limit = max(1, min(search.limit, MAX_PAGE))
    order = [column.desc() for column in view.order] if view.newest_first else list(view.order)
    statement = sa.select(*SHOWN).select_from(_FROM).where(*_conditions(view, search)).order_by(*order).limit(limit + 1)
    found = connection.execute(statement).mappings().all()
    more = len(found) > limit
    return Page([dict(row) for row in found[:limit]], _cursor(view, found[limit - 1]) if more else "")


def item_of_exam(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the list's row of one exam, or None when it was never queued."""
    found = connection.execute(sa.select(*SHOWN).select_from(_FROM).where(item.c.exam_pk == exam_pk)).mappings().first()
    return dict(found) if found else None


def item_by_id(connection: sa.Connection, item_id: int) -> dict[str, Any] | None:
    """Return one row of the list by the item's id."""
    found = connection.execute(sa.select(*SHOWN).select_from(_FROM).where(item.c.id == item_id)).mappings().first()
    return dict(found) if found else None


def counts(connection: sa.Connection) -> dict[tuple[str, str], int]:
    """Return the number of items by (industry, state)."""
    statement = sa.select(item.c.industry, item.c.state, sa.func.count()).group_by(item.c.industry, item.c.state)
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(statement)}


def names_of(connection: sa.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of the people among some actor keys (``person:7``)."""
    numbers = [int(number) for kind, _, number in (key.partition(":") for key in keys) if kind == "person"]
    statement = sa.select(person.c.id, person.c.name).where(person.c.id.in_(numbers))
    return {f"person:{row.id}": row.name for row in connection.execute(statement)}


def _conditions(view: View, search: Search) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [item.c.state.in_(view.states)]
    if search.industry:
        conditions.append(item.c.industry == search.industry)
    if search.text.strip():
        wanted = search.text.strip().lower()
        places = (subject.c.subject_id, exam.c.accession, exam.c.description)
        matches = [sa.func.lower(place).contains(wanted, autoescape=True) for place in places]
        if fold(search.text):
            matches.append(subject.c.name_folded.contains(fold(search.text), autoescape=True))
        conditions.append(sa.or_(*matches))
    if search.after:
        keys = sa.tuple_(*view.order)
        place = sa.tuple_(*_place(view, search.after), types=[column.type for column in view.order])
        conditions.append(keys < place if view.newest_first else keys > place)
    return conditions


def _cursor(view: View, row: sa.RowMapping) -> str:
    names = {item.c.id: "item_id"}
    return "~".join(str(row[names.get(column, column.name)]) for column in view.order)


def _place(view: View, after: str) -> list[Any]:
    parts = after.split("~")
    if len(parts) != len(view.order):
        raise WrongUsage("the cursor 'after' does not belong to this view; start again without it")
    try:
        return [column.type.python_type(part) for column, part in zip(view.order, parts, strict=True)]
    except ValueError as error:
        raise WrongUsage("the cursor 'after' is damaged; start again without it") from error
