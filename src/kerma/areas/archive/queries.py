"""Reading the archive: exams page by page, their images, the quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import MODALITY, exam, exam_term, image, opening, quarantine, series, subject
from kerma.areas.archive.rules import fold, prefix_end
from kerma.areas.archive.rules_sight import shown
from kerma.kernel import projection
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import Sight

MAX_PAGE = 500

_EXAM = sa.select(
    exam,
    subject.c.subject_id,
    subject.c.issuer,
    subject.c.name,
    subject.c.name_folded,
    subject.c.birth_date,
    subject.c.sex,
).join_from(exam, subject)
_EXAM_BY_UID = Prepared(_EXAM.where(exam.c.uid == sa.bindparam("uid")))
_EXAM_BY_PK = Prepared(_EXAM.where(exam.c.id == sa.bindparam("exam_pk")))
_IMAGES = (
    sa.select(
        image,
        series.c.uid.label("series_uid"),
        series.c.number.label("series_number"),
        series.c.modality,
        series.c.description.label("series_description"),
        series.c.body_part,
        series.c.manufacturer,
        series.c.model,
        series.c.serial_number,
        series.c.station,
        series.c.institution,
        exam.c.uid.label("exam_uid"),
        exam.c.industry,
    )
    .join_from(image, series, image.c.series_pk == series.c.id)
    .join(exam, image.c.exam_pk == exam.c.id)
)
_IMAGE_BY_PK = Prepared(_IMAGES.where(image.c.id == sa.bindparam("image_pk")))
_OPENED_AT = Prepared(
    sa.select(opening.c.opened_at).where(
        opening.c.actor_key == sa.bindparam("actor_key"), opening.c.exam_pk == sa.bindparam("exam_pk")
    )
)
_IMAGES_OF_EXAM = _IMAGES.where(image.c.exam_pk == sa.bindparam("exam_pk")).order_by(
    sa.func.coalesce(series.c.number, 0), series.c.id, sa.func.coalesce(image.c.number, 0), image.c.id
)


@dataclass(frozen=True)
class Search:
    """What to look for among the exams; dates are ``YYYY-MM-DD``, ``before`` is the cursor a page ended with.

    ``text`` is the beginning of the subject's name, of its id, or of the accession number.
    """

    industry: str = ""
    text: str = ""
    date_from: str = ""
    date_to: str = ""
    modality: str = ""
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True)
class Page:
    """Some rows, newest first, and the cursor of the next page (None at the end)."""

    rows: list[dict[str, Any]]
    next_before: int | None


def exam_by_pk(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return an exam with its subject, or None."""
    return _EXAM_BY_PK.first(connection, {"exam_pk": exam_pk})


def exam_by_uid(connection: sa.Connection, uid: str) -> dict[str, Any] | None:
    """Return the exam with this UID and its subject, or None."""
    return _EXAM_BY_UID.first(connection, {"uid": uid})


def image_by_pk(connection: sa.Connection, image_pk: int) -> dict[str, Any] | None:
    """Return an image with its series and exam, or None."""
    return _IMAGE_BY_PK.first(connection, {"image_pk": image_pk})


def images_of_exam(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[dict[str, Any]]:
    """Return the exam's images and objects in reading order: by series number, then image number.

    Parameters
    ----------
    sight : of the one who asks (``sight_of``), or ``WHOLE`` where nobody is shown anything
    """
    rows = [dict(row) for row in connection.execute(_IMAGES_OF_EXAM, {"exam_pk": exam_pk}).mappings()]
    return as_seen(connection, rows, sight)


def as_seen(connection: sa.Connection, rows: list[dict[str, Any]], sight: Sight) -> list[dict[str, Any]]:
    """Return those of an exam's images that one may see, with the pixels that one may see.

    Raises
    ------
    Withheld
        The pixels are not made yet.
    """
    found = shown(rows, sight)
    return found if sight.originals or not found else projection.shown(connection, found)


def exams(connection: sa.Connection, search: Search) -> Page:
    """Return one page of exams, the last arrived first; the cursor stays right while exams arrive."""
    statement = _EXAM.order_by(exam.c.id.desc())
    if search.industry:
        statement = statement.where(exam.c.industry == search.industry)
    if search.text:
        statement = statement.where(exam.c.id.in_(_matching(search.text)))
    if search.date_from:
        statement = statement.where(exam.c.exam_date >= search.date_from)
    if search.date_to:
        statement = statement.where(exam.c.exam_date <= search.date_to)
    if search.modality:
        having = sa.select(exam_term.c.exam_pk).where(
            exam_term.c.kind == MODALITY, exam_term.c.term == search.modality
        )
        statement = statement.where(exam.c.id.in_(having))
    return _page(connection, statement, exam.c.id, search.before, search.limit)


def others_of_subject(connection: sa.Connection, exam_pk: int, limit: int = 50) -> list[dict[str, Any]]:
    """Return the other exams of an exam's subject, the last arrived first."""
    subject_pk = sa.select(exam.c.subject_pk).where(exam.c.id == exam_pk).scalar_subquery()
    statement = _EXAM.where(exam.c.subject_pk == subject_pk, exam.c.id != exam_pk, subject.c.subject_id != "")
    return [dict(row) for row in connection.execute(statement.order_by(exam.c.id.desc()).limit(limit)).mappings()]


def quarantined(connection: sa.Connection, before: int | None = None, limit: int = 100) -> Page:
    """Return one page of the quarantine, the last arrived first."""
    statement = sa.select(quarantine).order_by(quarantine.c.id.desc())
    return _page(connection, statement, quarantine.c.id, before, limit)


def opened_at(connection: sa.Connection, actor_key: str, exam_pk: int) -> str | None:
    """Return when the actor last opened the exam, or None."""
    found: str | None = _OPENED_AT.scalar(connection, {"actor_key": actor_key, "exam_pk": exam_pk})
    return found


def _matching(text: str) -> sa.Select[tuple[int]] | sa.CompoundSelect[tuple[int]]:
    """Return the exams whose subject's name or id, or whose accession number, begins so: three walks down an index."""
    of_subject = sa.select(exam.c.id).join_from(exam, subject)
    return sa.union(
        of_subject.where(*_begins(subject.c.name_folded, fold(text))),
        of_subject.where(*_begins(subject.c.subject_id, text)),
        sa.select(exam.c.id).where(*_begins(exam.c.accession, text)),
    )


def _begins(column: sa.Column[str], prefix: str) -> list[sa.ColumnElement[bool]]:
    end = prefix_end(prefix)
    return [column >= prefix] + ([] if end is None else [column < end])


def _page(
    connection: sa.Connection, statement: sa.Select[Any], key: sa.Column[int], before: int | None, limit: int
) -> Page:
    limit = max(1, min(limit, MAX_PAGE))
    if before is not None:
        statement = statement.where(key < before)
    rows = [dict(row) for row in connection.execute(statement.limit(limit + 1)).mappings()]
    more = len(rows) > limit
    return Page(rows[:limit], rows[limit - 1]["id"] if more else None)
