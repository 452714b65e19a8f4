"""Reading orders: as a machine's worklist, and as lists for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, image
from kerma.areas.archive.rules import clean
from kerma.areas.worklist import rules_orders
from kerma.areas.worklist.model_orders import (
    OPEN,
    ORDER_STATES,
    TO_RECONCILE,
    ordered_step,
    performed_image,
    performed_order,
    performed_step,
)
from kerma.areas.worklist.queries_ups import Reading
from kerma.areas.worklist.rules_match import Document, Keys
from kerma.errors import WrongUsage
from kerma.kernel.prepared import Prepared

PAGE = 200
MAX_PAGE = 500
_DAY_DIGITS = 8


_PRIORITIES = Prepared(sa.select(ordered_step.c.priority).where(ordered_step.c.study_uid == sa.bindparam("exam_uid")))


def priorities_of(connection: sa.Connection, exam_uid: str) -> list[str]:
    """Return the priorities of the orders of an exam."""
    return [row["priority"] for row in _PRIORITIES.all(connection, {"exam_uid": exam_uid})]


def worklist(reading: Reading, keys: Keys) -> Iterator[Document]:
    """Yield the answer for each ordered step that a worklist query asks for, by start date (PS3.4, K.4.1).

    Each page is read in a transaction of its own, so that a slow machine holds nothing.
    """
    conditions = _conditions(keys)
    order = (ordered_step.c.start_date, ordered_step.c.id)
    after: tuple[str, int] | None = None
    while True:
        statement = sa.select(ordered_step).where(*conditions).order_by(*order).limit(PAGE)
        if after is not None:
            types = [column.type for column in order]
            statement = statement.where(sa.tuple_(*order) > sa.tuple_(*after, types=types))
        with reading() as connection:
            rows = connection.execute(statement).mappings().all()
        for row in rows:
            document = rules_orders.document(dict(row))
            if rules_orders.matched(document, keys):
                yield rules_orders.answer(document, keys)
        if len(rows) < PAGE:
            return
        after = (rows[-1]["start_date"], rows[-1]["id"])


def _conditions(keys: Keys) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [ordered_step.c.state.in_(rules_orders.states_asked(keys))]
    for column, wanted in rules_orders.exact_keys(keys).items():
        conditions.append(ordered_step.c[column].in_([clean(value, 64) for value in wanted]))
    low, high = rules_orders.dates_asked(keys)
    if len(low) == _DAY_DIGITS:
        conditions.append(ordered_step.c.start_date >= low)
    if len(high) == _DAY_DIGITS:
        conditions.append(ordered_step.c.start_date <= high)
    return conditions


@dataclass(frozen=True)
class Search:
    """What to look for among the orders; ``before`` is the id a page ended with, 0 for the first."""

    state: str = "open"
    text: str = ""
    before: int = 0
    limit: int = 100


def orders(connection: sa.Connection, search: Search) -> list[dict[str, Any]]:
    """Return orders, newest first, each with the number of its images that have arrived.

    Raises
    ------
    WrongUsage
        There is no such state.
    """
    groups = {"open": OPEN, "all": ORDER_STATES, **{state: (state,) for state in ORDER_STATES}}
    if search.state not in groups:
        raise WrongUsage(f"there is no state '{search.state}' of orders; choose one of {', '.join(groups)}")
    conditions: list[sa.ColumnElement[bool]] = [ordered_step.c.state.in_(groups[search.state])]
    text = clean(search.text, 324).lower()
    if text:
        places = (ordered_step.c.subject_id, ordered_step.c.accession, ordered_step.c.name, ordered_step.c.step_id)
        conditions.append(sa.or_(*(sa.func.lower(place).contains(text, autoescape=True) for place in places)))
    if search.before:
        conditions.append(ordered_step.c.id < search.before)
    arrived = sa.func.coalesce(exam.c.image_count, 0).label("image_count")
    source = ordered_step.outerjoin(exam, exam.c.uid == ordered_step.c.study_uid)
    statement = sa.select(ordered_step, arrived).select_from(source).where(*conditions)
    statement = statement.order_by(ordered_step.c.id.desc()).limit(max(1, min(search.limit, MAX_PAGE)))
    return [dict(row) for row in connection.execute(statement).mappings()]


def order_by_pk(connection: sa.Connection, order_pk: int) -> dict[str, Any] | None:
    """Return one order, or None."""
    found = connection.execute(sa.select(ordered_step).where(ordered_step.c.id == order_pk)).mappings().first()
    return dict(found) if found else None


def performed(
    connection: sa.Connection, *, only_open: bool = True, before: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """Return performed steps, newest first: those a person must reconcile, or all; each with what has arrived."""
    columns = [column for column in performed_step.columns if column.name != "document"]
    conditions: list[sa.ColumnElement[bool]] = []
    if only_open:
        conditions.append(performed_step.c.matching.in_(TO_RECONCILE))
    if before:
        conditions.append(performed_step.c.id < before)
    statement = sa.select(*columns).where(*conditions).order_by(performed_step.c.id.desc())
    rows = connection.execute(statement.limit(max(1, min(limit, MAX_PAGE)))).mappings().all()
    keys = [row["id"] for row in rows]
    stored, linked = stored_counts(connection, keys), orders_of(connection, keys)
    return [{**row, "stored_count": stored.get(row["id"], 0), "order_pks": linked.get(row["id"], [])} for row in rows]


def performed_by_pk(connection: sa.Connection, performed_pk: int) -> dict[str, Any] | None:
    """Return one performed step with its document, or None."""
    found = connection.execute(sa.select(performed_step).where(performed_step.c.id == performed_pk)).mappings().first()
    if found is None:
        return None
    stored, linked = stored_counts(connection, [performed_pk]), orders_of(connection, [performed_pk])
    return {**found, "stored_count": stored.get(performed_pk, 0), "order_pks": linked.get(performed_pk, [])}


def stored_counts(connection: sa.Connection, performed_pks: list[int]) -> dict[int, int]:
    """Return how many of the announced images of each performed step the archive keeps."""
    source = performed_image.join(image, image.c.uid == performed_image.c.image_uid)
    statement = (
        sa.select(performed_image.c.performed_pk, sa.func.count())
        .select_from(source)
        .where(performed_image.c.performed_pk.in_(performed_pks))
        .group_by(performed_image.c.performed_pk)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def missing_images(connection: sa.Connection, performed_pk: int, limit: int = MAX_PAGE) -> list[dict[str, str]]:
    """Return the announced images of a performed step that have not arrived."""
    source = performed_image.outerjoin(image, image.c.uid == performed_image.c.image_uid)
    statement = (
        sa.select(performed_image.c.series_uid, performed_image.c.image_uid)
        .select_from(source)
        .where(performed_image.c.performed_pk == performed_pk, image.c.id.is_(None))
        .order_by(performed_image.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def orders_of(connection: sa.Connection, performed_pks: list[int]) -> dict[int, list[int]]:
    """Return the orders that each performed step fulfils."""
    statement = (
        sa.select(performed_order).where(performed_order.c.performed_pk.in_(performed_pks)).order_by(*performed_order.c)
    )
    found: dict[int, list[int]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.performed_pk, []).append(row.order_pk)
    return found
