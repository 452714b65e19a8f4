"""Exams put straight into the tables, for tests of the areas above the archive."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from kerma.areas.archive import model
from kerma.areas.archive.model import ExamArrived
from kerma.areas.archive.rules import fold
from kerma.kernel.action import Act, Action, Actor, Kernel

AT = "2026-03-02T12:00:00.000000Z"


def _row(table: sa.Table, **given: object) -> dict[str, object]:
    """Return a row in which every needed column that is not given is empty."""
    empty = {
        column.name: column.type.python_type()
        for column in table.columns
        if not column.nullable and not column.primary_key and column.server_default is None
    }
    return empty | given


def _arrive(act: Act, *, industry: str, subject_id: str, name: str = "", sha256s: tuple[str, ...] = ()) -> int:
    """Store an exam with its images and tell who listens."""
    put = act.connection.execute
    subject_row = _row(
        model.subject, key=str(uuid.uuid4()), industry=industry, subject_id=subject_id, name=name,
        name_folded=fold(name), created_at=AT,
    )
    subject_pk = put(sa.insert(model.subject).values(subject_row).returning(model.subject.c.id)).scalar_one()
    uid = f"2.25.{uuid.uuid4().int}"
    exam_row = _row(model.exam, uid=uid, subject_pk=subject_pk, industry=industry, received_at=AT, last_received_at=AT)
    exam_pk = int(put(sa.insert(model.exam).values(exam_row).returning(model.exam.c.id)).scalar_one())
    act.publish(ExamArrived(exam_pk, uid, industry, True))
    for sha256 in sha256s:
        add_image.within(act, exam_pk=exam_pk, sha256=sha256)
    return exam_pk


def _add_image(act: Act, *, exam_pk: int, sha256: str) -> None:
    """Store one more image of an exam and tell who listens."""
    put = act.connection.execute
    exam = put(sa.select(model.exam).where(model.exam.c.id == exam_pk)).one()
    series_row = _row(model.series, exam_pk=exam_pk, uid=f"2.25.{uuid.uuid4().int}", modality="DX")
    series_pk = put(sa.insert(model.series).values(series_row).returning(model.series.c.id)).scalar_one()
    image_row = _row(
        model.image, uid=f"2.25.{uuid.uuid4().int}", series_pk=series_pk, exam_pk=exam_pk, kind="image", format="DICOM",
        sha256=sha256, file_name=f"{sha256[:8]}.dcm", rows=4, columns=4, planes=1, bits=16,
    )
    put(sa.insert(model.image).values(image_row))
    act.publish(ExamArrived(exam_pk, exam.uid, exam.industry, False))


# Made without the decorator: the list of Kerma's actions stays as it is.
add_image = Action("test.add_image", _add_image)
arrive = Action("test.arrive", _arrive)


def person(number: int, *permissions: str) -> Actor:
    """Return a person by number, with the permissions given, or all of them."""
    return Actor("person", str(number), f"Person {number}", frozenset(permissions or ("*",)))


def subscribed(kernel: Kernel, *handlers: object) -> Kernel:
    """Return the kernel with handlers that listen to arriving exams."""
    return Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: handlers}})
