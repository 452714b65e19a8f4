"""Exams as an actor may see them: without the objects, and the counts and words, that tell of hidden findings."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, image, series
from kerma.areas.archive.rules_documents import SERIES_IMAGE_COUNT, STUDY_IMAGE_COUNT, STUDY_SERIES_COUNT
from kerma.areas.archive.rules_sight import DRAWN, HARMLESS, is_result
from kerma.kernel.action import Actor
from kerma.kernel.sight import sights_of

MODALITIES, SOP_CLASSES = "00080061", "00080062"
SAYING: Mapping[str, str] = {
    MODALITIES: "modalities",
    SOP_CLASSES: "sop_classes",
    "00080060": "modalities",
    "00080016": "sop_classes",
}
"""Keys of a search that say what the objects of a study are, by tag."""


def is_image() -> sa.ColumnElement[bool]:
    """Return the clause for objects that tell nothing of findings (``rules_sight.is_result`` in the database)."""
    drawn = [sa.or_(image.c.sop_class_uid == one, image.c.sop_class_uid.startswith(f"{one}.")) for one in DRAWN]
    return sa.or_(
        sa.and_(image.c.kind == "image", sa.not_(sa.or_(*drawn))),
        sa.and_(image.c.kind == "object", image.c.sop_class_uid.in_(HARMLESS)),
    )


def limited(connection: sa.Connection, actor: Actor, exam_pks: Iterable[int]) -> frozenset[int]:
    """Return those of some exams of which something is hidden from an actor."""
    return frozenset(pk for pk, sight in sights_of(connection, actor, exam_pks).items() if not sight.is_whole)


def plain_exams(connection: sa.Connection, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of exams in which counts, modalities and the last arrival are those of what the actor may see."""
    facts = _facts(connection, limited(connection, actor, [row["id"] for row in rows]))
    return [{**row, **facts.get(row["id"], {})} for row in rows]


def plain_results(
    connection: sa.Connection, actor: Actor, level: str, found: Sequence[Mapping[str, Any]], asked: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """Return the results of a search that an actor may see, their documents without what is hidden.

    Parameters
    ----------
    found : rows of :func:`kerma.areas.archive.queries_find.rows`
    asked : what was matched, by path of tags: an exam found only by what is hidden in it is not found
    """
    key = {"study": "id", "series": "exam_pk", "image": "exam_pk"}.get(level)
    if key is None:
        return list(found)
    hidden = limited(connection, actor, [row[key] for row in found])
    if not hidden:
        return list(found)
    facts = _facts(connection, hidden)
    if level == "image":
        known = _kinds(connection, [row["id"] for row in found if row["exam_pk"] in hidden])
        found = [row for row in found if row["exam_pk"] not in hidden or not is_result(known[row["id"]])]
    if level == "series":
        counts = _series_counts(connection, hidden)
        found = [
            {**row, "document": _changed(row["document"], {SERIES_IMAGE_COUNT: [counts[row["id"]]]})}
            if row["exam_pk"] in hidden
            else row
            for row in found
            if row["exam_pk"] not in hidden or row["id"] in counts
        ]
    kept = []
    for row in found:
        told = facts.get(row[key])
        if told is not None and not _is_found_by(told, asked):
            continue
        kept.append(row if told is None else {**row, **_documents(level, row, told)})
    return kept


def _documents(level: str, row: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, str]:
    """Return the documents of a row that tell of the whole exam, without what is hidden."""
    values = {
        MODALITIES: told["modalities"].split(","),
        SOP_CLASSES: told["sop_classes"].split(","),
        STUDY_SERIES_COUNT: [told["series_count"]],
        STUDY_IMAGE_COUNT: [told["image_count"]],
    }
    name = "document" if level == "study" else "exam_document"
    return {name: _changed(row[name], values)} if name in row else {}


def _changed(document: str, values: Mapping[str, list[Any]]) -> str:
    """Return a document with other values in the attributes that it has."""
    read = json.loads(document)
    for tag in values.keys() & read.keys():
        read[tag] = {**read[tag], "Value": [value for value in values[tag] if value != ""]}
    return json.dumps(read, ensure_ascii=False, separators=(",", ":"))


def _is_found_by(told: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    """Return whether an exam would be found by what may be seen of it."""
    for tag, name in SAYING.items():
        wanted = [one.strip() for one in asked.get(tag, "").split("\\") if one.strip()]
        there = told[name].split(",")
        if wanted and not any(fnmatch.fnmatchcase(one, pattern) for one in there for pattern in wanted):
            return False
    return True


def _facts(connection: sa.Connection, exam_pks: frozenset[int]) -> dict[int, dict[str, Any]]:
    """Return counts, modalities, classes and the last arrival of exams, over what tells of no findings."""
    if not exam_pks:
        return {}
    statement = (
        sa.select(image.c.exam_pk, image.c.series_pk, image.c.sop_class_uid, image.c.received_at, series.c.modality)
        .join_from(image, series, image.c.series_pk == series.c.id)
        .where(image.c.exam_pk.in_(exam_pks), is_image())
        .order_by(image.c.id)
    )
    rows: dict[int, list[Any]] = {pk: [] for pk in exam_pks}
    for row in connection.execute(statement):
        rows[row.exam_pk].append(row)
    first = dict(connection.execute(sa.select(exam.c.id, exam.c.received_at).where(exam.c.id.in_(exam_pks))).all())
    return {
        pk: {
            "image_count": len(found),
            "series_count": len({row.series_pk for row in found}),
            "modalities": ",".join(sorted({row.modality for row in found if row.modality})),
            "sop_classes": ",".join(sorted({row.sop_class_uid for row in found if row.sop_class_uid})),
            "last_received_at": max((row.received_at for row in found), default=first.get(pk, "")),
        }
        for pk, found in rows.items()
    }


def _series_counts(connection: sa.Connection, exam_pks: frozenset[int]) -> dict[int, int]:
    statement = sa.select(image.c.series_pk, sa.func.count()).where(image.c.exam_pk.in_(exam_pks), is_image())
    return {row[0]: int(row[1]) for row in connection.execute(statement.group_by(image.c.series_pk))}


def _kinds(connection: sa.Connection, image_pks: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    columns = (image.c.id, image.c.kind, image.c.sop_class_uid)
    found: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(image_pks), 500):
        statement = sa.select(*columns).where(image.c.id.in_(image_pks[start : start + 500]))
        found |= {row["id"]: row for row in connection.execute(statement).mappings()}
    return found
