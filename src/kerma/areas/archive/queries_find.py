"""Finding exams, series and images by their DICOM attributes, for C-FIND, QIDO-RS and whatever gives out images.

Rows come in the order of arrival, the last first; within one exam in reading order. How a search is planned stands in
:mod:`kerma.areas.archive.queries_find_plan`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import rules_documents
from kerma.areas.archive.model import exam, image, series, subject
from kerma.areas.archive.model_keeping import exam_place
from kerma.areas.archive.queries_find_plan import (
    Level,
    Query,
    ids_in_reading_order,
    is_in_reading_order,
    joined,
    newest_ids,
    planned,
)
from kerma.areas.archive.queries_find_sql import TABLES, matchable

__all__ = [
    "OFFSET_MAX",
    "PAGE",
    "Level",
    "Query",
    "counted",
    "documents_of",
    "find",
    "images_at",
    "is_in_reading_order",
    "rows",
    "unsupported",
]

PAGE = 500
"""Rows of one statement where all are asked for."""
OFFSET_MAX = 1_000_000
"""Rows that may be left out at the beginning; beyond it a search must be narrowed."""
UIDS_PER_STATEMENT = 500
"""SQLite takes 32 766 values in one statement; few enough that every plan stays a walk down an index."""

_IMAGES_AT = (
    sa.select(
        image.c.id,
        image.c.uid,
        series.c.uid.label("series_uid"),
        exam.c.uid.label("exam_uid"),
        image.c.exam_pk,
        image.c.series_pk,
        image.c.sop_class_uid,
        image.c.transfer_syntax_uid,
        image.c.sha256,
        image.c.size_bytes,
        image.c.rows,
        image.c.columns,
        image.c.planes,
        image.c.bits,
        image.c.format,
        image.c.kind,
        image.c.number,
        image.c.file_name,
        image.c.sidecar_sha256,
        image.c.warnings,
        image.c.received_at,
        series.c.number.label("series_number"),
        series.c.modality,
        exam.c.industry,
    )
    .join_from(image, series, image.c.series_pk == series.c.id)
    .join(exam, image.c.exam_pk == exam.c.id)
)


def images_at(
    connection: sa.Connection,
    *,
    exam_uids: Sequence[str] = (),
    series_uids: Sequence[str] = (),
    image_uids: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the images that lie in all that is named, in reading order: exam, series number, image number.

    A kind left empty restricts nothing, but one of them must be given: the whole archive is never listed. A row has
    ``id``, ``uid``, ``series_uid``, ``exam_uid``, ``exam_pk``, ``series_pk``, ``sop_class_uid``,
    ``transfer_syntax_uid``, ``sha256``, ``size_bytes``, ``rows``, ``columns``, ``planes``, ``bits``, ``format``,
    ``kind``, ``number``, ``file_name``, ``sidecar_sha256``, ``warnings``, ``received_at``, ``series_number``,
    ``modality`` and ``industry``.
    """
    places = (("uid", image_uids), ("series_uid", series_uids), ("exam_uid", exam_uids))
    given = [(name, list(dict.fromkeys(uids))) for name, uids in places if uids]
    if not given:
        return []
    (name, uids), rest = given[0], given[1:]
    first = {"uid": image.c.uid, "series_uid": series.c.uid, "exam_uid": exam.c.uid}[name]
    found: list[dict[str, Any]] = []
    for start in range(0, len(uids), UIDS_PER_STATEMENT):
        statement = _IMAGES_AT.where(first.in_(uids[start : start + UIDS_PER_STATEMENT]))
        found += [dict(row) for row in connection.execute(statement).mappings()]
    for column, others in rest:
        wanted = set(others)
        found = [row for row in found if row[column] in wanted]
    return sorted(found, key=_reading_order)


def _reading_order(row: dict[str, Any]) -> tuple[int, int, int, int, int]:
    return (row["exam_pk"], row["series_number"] or 0, row["series_pk"], row["number"] or 0, row["id"])


def unsupported(matches: Mapping[str, str]) -> list[str]:
    """Return the paths that cannot be matched."""
    known = matchable()
    return [path for path, written in matches.items() if path not in known and written.strip(" \0")]


def find(connection: sa.Connection, query: Query) -> Iterator[dict[str, Any]]:
    """Yield the matches as DICOM JSON, with the attributes of all levels above that are in the index.

    Raises
    ------
    WrongUsage
        A value that its attribute cannot have.
    """
    for row in rows(connection, replace(query, with_parents=True)):
        found: dict[str, Any] = {}
        for document in documents_of(query.level, row):
            found |= json.loads(document)
        kept = found if query.return_tags is None else {tag: found[tag] for tag in found if tag in query.return_tags}
        yield dict(sorted(kept.items()))


def documents_of(level: Level, row: Mapping[str, Any]) -> list[str]:
    """Return the documents of a row: its own and those of the levels above that were asked for."""
    above = [row[name] for name in ("exam_document", "series_document") if name in row]
    documents = [*above, _OWN_DOCUMENT[level](row)]
    return [rules_documents.nearline(one) for one in documents] if row.get("is_in_tier") else documents


def rows(connection: sa.Connection, query: Query) -> Iterator[sa.RowMapping]:
    """Yield the rows that match: ``document`` for studies and series, columns for images and subjects."""
    if not query.matches and query.limit is not None and not query.offset:
        yield from _newest(connection, query, query.limit)
        return
    search = planned(connection, query)
    if is_in_reading_order(query):
        statement = ids_in_reading_order(search).limit(query.limit).offset(query.offset or None)
        yield from _at(connection, query, list(connection.scalars(statement)))
        return
    limit, offset, before = query.limit or PAGE, query.offset, query.before
    while True:
        ids = newest_ids(connection, search, limit, offset, before)
        yield from _at(connection, query, ids)
        if query.limit is not None or len(ids) < limit:
            return
        before, offset = ids[-1], 0


def counted(connection: sa.Connection, query: Query, at_most: int) -> int:
    """Return how many rows match, but never more than ``at_most``: an exact number of many costs a walk over all."""
    search = planned(connection, query)
    if is_in_reading_order(query):
        statement = ids_in_reading_order(search).limit(at_most).offset(query.offset or None)
        return len(list(connection.scalars(statement)))
    return len(newest_ids(connection, search, at_most, query.offset, query.before))


def _newest(connection: sa.Connection, query: Query, limit: int) -> Iterator[sa.RowMapping]:
    key = TABLES[query.level].c.id
    statement = _columns(query).order_by(key.desc()).limit(limit)
    yield from connection.execute(statement if query.before is None else statement.where(key < query.before)).mappings()


def _at(connection: sa.Connection, query: Query, ids: Sequence[int]) -> Iterator[sa.RowMapping]:
    """Yield the rows of these ids, in their order."""
    key = TABLES[query.level].c.id
    statement = _columns(query)
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        found = {row["id"]: row for row in connection.execute(statement.where(key.in_(part))).mappings()}
        yield from (found[one] for one in part)


def _columns(query: Query) -> sa.Select[Any]:
    columns = list(_SHOWN[query.level])
    levels = {query.level} | _NEEDED[query.level]
    if query.with_parents and query.level in ("series", "image"):
        columns.append(exam.c.document.label("exam_document"))
        columns += [series.c.document.label("series_document")] if query.level == "image" else []
        levels.add("study")
    found = joined(query.level, levels)
    if "study" in levels:
        columns.append((exam_place.c.image_count == exam.c.image_count).label("is_in_tier"))
        found = found.outerjoin(exam_place, exam_place.c.exam_pk == exam.c.id)
    return sa.select(*columns).select_from(found)


_NEEDED: Mapping[str, set[str]] = {"patient": set(), "study": set(), "series": set(), "image": {"study", "series"}}
_SHOWN: Mapping[str, tuple[Any, ...]] = {
    "patient": tuple(subject.c),
    "study": (exam.c.id, exam.c.uid, exam.c.document),
    "series": (series.c.id, series.c.uid, series.c.exam_pk, series.c.document),
    "image": (
        image.c.id,
        image.c.uid,
        image.c.series_pk,
        image.c.exam_pk,
        image.c.sop_class_uid,
        image.c.transfer_syntax_uid,
        image.c.number,
        image.c.rows,
        image.c.columns,
        image.c.planes,
        image.c.bits_allocated,
        image.c.sha256,
        series.c.uid.label("series_uid"),
        exam.c.uid.label("exam_uid"),
        exam.c.timezone,
    ),
}
_OWN_DOCUMENT: Mapping[str, Any] = {
    "patient": rules_documents.patient_document,
    "study": lambda row: row["document"],
    "series": lambda row: row["document"],
    "image": rules_documents.image_document,
}
