"""Reading the worklist: what is open in reading order, what was decided last, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.archive.queries_sight import plain_exams
from kerma.areas.archive.rules import fold
from kerma.areas.worklist.model import CLAIMED, CLOSED, HELD, NOT_CLOSED, WAITING, item
from kerma.errors import WrongUsage
from kerma.kernel.action import Actor
from kerma.kernel.identity_model import person
from kerma.kernel.sight import Listing, Sight, listing_of, sights_of

MAX_PAGE = 500
NOBODY = "nobody"


@dataclass(frozen=True)
class View:
    """One way to look at the list: the states it shows and the columns it is sorted and paged by."""

    states: tuple[str, ...]
    order: tuple[sa.Column[Any], ...]
    newest_first: bool = False


OPEN_STATES = (WAITING, CLAIMED, HELD)
VIEWS: Mapping[str, View] = {
    "open": View(OPEN_STATES, (item.c.priority, item.c.due_at, item.c.id)),
    "waiting": View((WAITING,), (item.c.priority, item.c.due_at, item.c.id)),
    "closed": View((CLOSED,), (item.c.closed_at, item.c.id), newest_first=True),
}


@dataclass(frozen=True)
class Search:
    """What to look for in the list; ``after`` is the cursor a page ended with."""

    view: str = "open"
    industry: str = ""
    text: str = ""
    holder: str = ""
    """Actor key of who holds the item, "nobody", or "" for either."""
    priority: int | None = None
    modality: str = ""
    late_at: str = ""
    """Only items whose due time is before this moment."""
    only: tuple[int, ...] = ()
    """Only these exams, where not empty: those that have changed since the page was asked for."""
    after: str = ""
    limit: int = 200


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the next page ("" at the end)."""

    rows: list[dict[str, Any]]
    next_after: str


SHOWN: tuple[sa.Column[Any] | sa.Label[Any], ...] = (
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
    item.c.claim_until,
    item.c.closed_at,
    item.c.urgency,
    item.c.stage,
    item.c.assigned_to,
    item.c.held_until,
    item.c.held_reason,
    exam.c.uid.label("exam_uid"),
    exam.c.description,
    exam.c.accession,
    exam.c.modalities,
    exam.c.image_count,
    exam.c.received_at,
    subject.c.subject_id,
    subject.c.name.label("subject_name"),
)
_PLAIN: Mapping[sa.Column[Any], sa.Column[Any]] = {
    item.c.priority: item.c.plain_priority,
    item.c.due_at: item.c.plain_due_at,
}
"""What stands in the place of a column for one who must not see what was proposed of an exam."""
_FROM = item.join(exam, item.c.exam_pk == exam.c.id).join(subject, exam.c.subject_pk == subject.c.id)


def items(connection: sa.Connection, search: Search, actor: Actor) -> Page:
    """Return one page of the list: for open items the most urgent first, for closed ones the last decided first.

    What is hidden from the actor neither stands in a row nor decides its place; what they may not know of is left out.

    Raises
    ------
    WrongUsage
        The view or the cursor is unknown.
    """
    view = VIEWS.get(search.view)
    if view is None:
        raise WrongUsage(f"there is no view '{search.view}' of the worklist; choose one of {', '.join(VIEWS)}")
    limit = max(1, min(search.limit, MAX_PAGE))
    listing = listing_of(connection, actor)
    order = [seen(column, listing) for column in view.order]
    conditions = [*_conditions(view, search, listing), *_told(listing)]
    ordered = [column.desc() for column in order] if view.newest_first else order
    statement = _select(listing).where(*conditions).order_by(*ordered).limit(limit + 1)
    found = connection.execute(statement).mappings().all()
    cursor = _cursor(view, found[limit - 1]) if len(found) > limit else ""
    rows = _as_seen(connection, actor, found[:limit])
    return Page([row for row in rows if not search.modality or search.modality in row["modalities"].split(",")], cursor)


def item_of_exam(connection: sa.Connection, exam_pk: int, actor: Actor) -> dict[str, Any] | None:
    """Return the list's row of one exam as the actor may see it, or None when it was never queued."""
    return _one(connection, item.c.exam_pk == exam_pk, actor)


def item_by_id(connection: sa.Connection, item_id: int, actor: Actor) -> dict[str, Any] | None:
    """Return one row of the list by the item's id, as the actor may see it."""
    return _one(connection, item.c.id == item_id, actor)


def holder_of(connection: sa.Connection, exam_pk: int) -> str:
    """Return the actor key of who holds an exam, empty where nobody does."""
    return connection.scalar(sa.select(item.c.claimed_by).where(item.c.exam_pk == exam_pk)) or ""


def counts(connection: sa.Connection, actor: Actor) -> dict[tuple[str, str], int]:
    """Return the number of items by (industry, state), of those an actor may know of."""
    told = _told(listing_of(connection, actor))
    statement = sa.select(item.c.industry, item.c.state, sa.func.count()).group_by(item.c.industry, item.c.state)
    if told:
        statement = statement.select_from(item.join(exam, item.c.exam_pk == exam.c.id)).where(*told)
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(statement)}


def seen(column: sa.Column[Any], listing: Listing) -> sa.ColumnElement[Any]:
    """Return a column of the list as one sees it: without regard to proposals where they are hidden."""
    plain = _PLAIN.get(column)
    if plain is None or not listing.unranked:
        return column
    return sa.case((item.c.industry.in_(sorted(listing.unranked)), plain), else_=column)


def _select(listing: Listing) -> sa.Select[Any]:
    columns = [
        seen(one, listing).label(one.name) if isinstance(one, sa.Column) and one in _PLAIN else one for one in SHOWN
    ]
    return sa.select(*columns).select_from(_FROM)


def _told(listing: Listing) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for items that one may know of."""
    left_out = [sa.or_(item.c.state == CLOSED, sa.not_(clause)) for clause in listing.left_out]
    return [*left_out, *(sa.or_(item.c.state != CLOSED, sa.not_(clause)) for clause in listing.untold)]


def _one(connection: sa.Connection, clause: sa.ColumnElement[bool], actor: Actor) -> dict[str, Any] | None:
    found = connection.execute(_select(listing_of(connection, actor)).where(clause)).mappings().all()
    return next(iter(_as_seen(connection, actor, found)), None)


def _as_seen(connection: sa.Connection, actor: Actor, rows: Sequence[sa.RowMapping]) -> list[dict[str, Any]]:
    """Return rows without what is hidden from an actor: proposals, the decision, other readers, what objects tell."""
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    if all(sight.is_whole and not sight.is_shared for sight in sights.values()):
        return [dict(row) for row in rows]
    told = plain_exams(connection, actor, [{**row, "id": row["exam_pk"]} for row in rows])
    return [_hidden(row, sights[row["exam_pk"]]) for row in told]


def _hidden(row: dict[str, Any], sight: Sight) -> dict[str, Any]:
    shown = {column: row[column] for column in _NAMES}
    if not sight.is_whole:
        shown["decision_proposed"] = ""
    is_told = row["state"] != CLOSED or sight.people
    is_others = sight.is_shared and row["claimed_by"] != sight.actor
    if not is_told or (row["state"] == CLAIMED and is_others):
        shown |= {
            "state": WAITING,
            "decision": "",
            "closed_at": "",
            "claimed_by": "",
            "claimed_at": "",
            "claim_until": "",
        }
    if not sight.people:
        shown["held_reason"] = shown["decision"] = ""
    return shown


_NAMES = tuple(column.name for column in SHOWN)


def names_of(connection: sa.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of the people among some actor keys (``person:7``)."""
    numbers = [int(number) for kind, _, number in (key.partition(":") for key in keys) if kind == "person"]
    if not numbers:
        return {}
    statement = sa.select(person.c.id, person.c.name).where(person.c.id.in_(numbers))
    return {f"person:{row.id}": row.name for row in connection.execute(statement)}


def _conditions(view: View, search: Search, listing: Listing) -> list[sa.ColumnElement[bool]]:
    is_open = view.states == OPEN_STATES
    conditions: list[sa.ColumnElement[bool]] = [NOT_CLOSED if is_open else item.c.state.in_(view.states)]
    if search.industry:
        conditions.append(item.c.industry == search.industry)
    if search.holder:
        conditions.append(item.c.claimed_by == ("" if search.holder == NOBODY else search.holder))
    if search.priority is not None:
        conditions.append(seen(item.c.priority, listing) == search.priority)
    if search.modality:
        conditions.append(("," + exam.c.modalities + ",").contains(f",{search.modality},", autoescape=True))
    if search.late_at:
        conditions.append(seen(item.c.due_at, listing) < search.late_at)
    if search.only:
        conditions.append(item.c.exam_pk.in_(search.only))
    if search.text.strip():
        wanted = search.text.strip().lower()
        places = (subject.c.subject_id, exam.c.accession, exam.c.description)
        matches = [sa.func.lower(place).contains(wanted, autoescape=True) for place in places]
        if fold(search.text):
            matches.append(subject.c.name_folded.contains(fold(search.text), autoescape=True))
        conditions.append(sa.or_(*matches))
    if search.after:
        keys = sa.tuple_(*(seen(column, listing) for column in view.order))
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
