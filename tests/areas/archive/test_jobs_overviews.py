"""Overviews after arrival: made ahead, newest first, in bounded time; and nothing left of what was deleted."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from films import Archive, film, uid
from kerma.areas.archive import jobs_overviews, queries_find, retrieve_cache, retrieve_pictures
from kerma.areas.archive.model import ExamArrived, image
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.archive.rules_media import JPEG
from kerma.areas.archive.rules_rendering import THUMBNAIL_PX, Viewport
from kerma.kernel.action import Act
from kerma.kernel.jobs_model import job_request

BOX = Viewport(THUMBNAIL_PX, THUMBNAIL_PX)


def rows_of(archive: Archive, exam: int = 1) -> list[dict[str, Any]]:
    with archive.kernel.database.read() as connection:
        return queries_find.images_at(connection, exam_uids=[uid(exam)])


def act_on(archive: Archive, connection: sa.Connection) -> Act:
    return Act(archive.kernel, connection, archive.actor, "test", archive.kernel.clock.now())


def test_thumbnails_are_ready_before_anybody_asks(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        archive.ingest(film(image=number, side=600))
    jobs_overviews.make_overviews(archive.kernel)
    monkeypatch.setattr(retrieve_pictures, "_displayed", None)
    for row in rows_of(archive):
        path = retrieve_pictures.thumbnail(archive.kernel, row, 1, BOX, JPEG)
        assert path.read_bytes()[:2] == b"\xff\xd8"


def test_a_second_run_looks_only_at_what_is_new(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.ingest(film())
    jobs_overviews.make_overviews(archive.kernel)
    seen: list[int] = []
    monkeypatch.setattr(retrieve_pictures, "thumbnail", lambda kernel, row, *rest: seen.append(row["number"]))
    jobs_overviews.make_overviews(archive.kernel)
    assert seen == []
    for number in (2, 3):
        archive.ingest(film(image=number))
    jobs_overviews.make_overviews(archive.kernel)
    assert seen == [3, 2]


def test_the_time_of_a_run_is_bounded(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 4):
        archive.ingest(film(image=number))
    monkeypatch.setattr(jobs_overviews, "WORKED_S", -1.0)
    jobs_overviews.make_overviews(archive.kernel)
    assert [path for path in retrieve_cache.folder(archive.kernel).rglob("*") if path.is_file()] == [
        jobs_overviews._mark_path(archive.kernel)
    ]


def test_many_arrivals_ask_once(archive: Archive) -> None:
    with archive.kernel.database.write() as connection:
        act = act_on(archive, connection)
        for number in range(20):
            jobs_overviews.on_exam_arrived(act, ExamArrived(number, uid(number), "medical", True))
    asked = archive.rows(sa.select(job_request).where(job_request.c.name == jobs_overviews.OVERVIEWS))
    assert len(asked) == 1


def test_copies_go_with_the_image(archive: Archive) -> None:
    archive.ingest(film())
    archive.ingest(film(exam=2, PatientID="P-18"))
    jobs_overviews.make_overviews(archive.kernel)
    (gone,), (left,) = rows_of(archive, 1), rows_of(archive, 2)
    with archive.kernel.database.write() as connection:
        act = act_on(archive, connection)
        jobs_overviews.on_exam_deleted(act, ExamDeleted(gone["exam_pk"], gone["exam_uid"], (gone["id"],)))
    for call in act.after:
        call()
    places = {path.parent.name for path in retrieve_cache.folder(archive.kernel).rglob("*") if path.is_file()}
    assert gone["sha256"] not in places
    assert left["sha256"] in places
    assert archive.count(image) == 2
