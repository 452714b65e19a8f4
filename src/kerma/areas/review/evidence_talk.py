"""What was said about an exam, as a part of the evidence on it: comments, consults, links, searches, discrepancies,
critical results.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.custody.evidence_parts import Part
from kerma.areas.review.model_consult import consult, guest_link
from kerma.areas.review.model_critical import critical_result, critical_step
from kerma.areas.review.model_discrepancy import discrepancy, discrepancy_step
from kerma.areas.review.model_search import search_order, search_step
from kerma.areas.review.model_talk import exam_comment
from kerma.areas.review.queries_search import photos

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

KEPT = (
    (exam_comment, "comments", "Comments, every version and withdrawal"),
    (consult, "consults", "What colleagues and guests were asked, and what they answered"),
    (guest_link, "guest-links", "Links by which guests were let in; their tokens are kept nowhere"),
    (search_order, "searches", "Searches that were ordered, and what came of them"),
    (discrepancy, "discrepancies", "What was seen against decisions afterwards, and what came of it"),
    (critical_result, "critical-results", "Findings that had to be told at once, with their deadlines"),
)


def parts(kernel: Kernel, exam_pk: int) -> Iterator[Part]:
    """Yield the comments, consults, guests' links and searches of an exam, where there are any."""
    with kernel.database.read() as connection:
        found = [(name, about, _rows(connection, table, exam_pk)) for table, name, about in KEPT]
        happened = _steps(connection, (search_order, search_step, search_step.c.order_id), exam_pk)
        disputed = _steps(connection, (discrepancy, discrepancy_step, discrepancy_step.c.discrepancy_id), exam_pk)
        told = _steps(connection, (critical_result, critical_step, critical_step.c.critical_id), exam_pk)
        pictures = [
            sha256 for order_id in {row["order_id"] for row in happened} for sha256 in photos(connection, order_id)
        ]
    found.append(("search-steps", "Everything that happened to these searches, in its order", happened))
    found.append(("discrepancy-steps", "Everything that happened to these discrepancies, in its order", disputed))
    found.append(("critical-steps", "Attempts, read-backs and notices of these results, in their order", told))
    for name, about, rows in found:
        if rows:
            data = json.dumps(rows, ensure_ascii=False, indent=1).encode() + b"\n"
            yield Part(f"data/decisions/{name}.json", "decision", about, data)
    for sha256 in pictures:
        yield Part(f"data/decisions/photos/{sha256}", "decision", "Photo of a search", blob=sha256)


def _rows(connection: sa.Connection, table: sa.Table, exam_pk: int) -> list[dict[str, Any]]:
    found = connection.execute(sa.select(table).where(table.c.exam_pk == exam_pk).order_by(table.c.id))
    return [{name: value for name, value in row.items() if name != "token_sha256"} for row in found.mappings()]


def _steps(
    connection: sa.Connection, about: tuple[sa.Table, sa.Table, sa.Column[Any]], exam_pk: int
) -> list[dict[str, Any]]:
    parent, step, column = about
    of_exam = sa.select(parent.c.id).where(parent.c.exam_pk == exam_pk)
    found = sa.select(step).where(column.in_(of_exam)).order_by(step.c.id)
    return [dict(row) for row in connection.execute(found).mappings()]
