"""Arrivals of many senders share transactions, each fails alone, and nothing is answered before it is durable."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from films import Archive, film, uid
from kerma.areas.archive.actions_gather import Gatherer
from kerma.areas.archive.model import Arrival, exam, image, series
from kerma.errors import NotAllowed
from kerma.kernel.action import Actor, Kernel


@pytest.fixture
def gatherer(kernel: Kernel) -> Iterator[Gatherer]:
    made = Gatherer(kernel)
    yield made
    made.close()


def arrival(**numbers: int) -> Arrival:
    return Arrival(film(**numbers), "film.dcm", "medical", from_="test")


@pytest.mark.parametrize("way", ["keep", "submit"])
def test_many_senders_of_few_exams_are_all_kept_and_counted(
    gatherer: Gatherer, archive: Archive, actor: Actor, way: str
) -> None:
    wanted = [(1 + number // 10, 1 + number % 2, 1 + number % 10) for number in range(60)]

    def send(place: tuple[int, int, int]) -> str:
        exam_number, series_number, image_number = place
        arriving = arrival(exam=exam_number, series=series_number, image=image_number)
        if way == "keep":
            return gatherer.keep(actor, arriving).outcome
        return gatherer.submit(actor, arriving).result(20).outcome

    with ThreadPoolExecutor(8) as senders:
        assert set(senders.map(send, wanted)) == {"stored"}
    assert {row["uid"] for row in archive.rows(sa.select(image.c.uid))} == {uid(*place) for place in wanted}
    counted = archive.rows(sa.select(exam.c.uid, exam.c.image_count, exam.c.series_count, exam.c.document))
    assert all(row["image_count"] == 10 and row["series_count"] == 2 for row in counted) and len(counted) == 6
    assert all('"00201208":{"vr":"IS","Value":[10]}' in row["document"] for row in counted)
    assert {row["image_count"] for row in archive.rows(sa.select(series.c.image_count))} == {5}
    records = archive.records("archive.ingest")
    assert len(records) == 60 and len({record["details"]["image_pk"] for record in records}) == 60


def test_what_is_refused_and_who_may_not_fail_alone(
    gatherer: Gatherer, archive: Archive, actor: Actor, stranger: Actor
) -> None:
    good = [gatherer.submit(actor, arrival(image=number)) for number in range(1, 6)]
    refused = gatherer.submit(stranger, arrival(image=7))
    apart = gatherer.submit(actor, Arrival(b"garbage", "x.dcm", "medical"))
    assert [future.result(20).outcome for future in good] == ["stored"] * 5
    with pytest.raises(NotAllowed):
        refused.result(20)
    assert apart.result(20).reason_code == "unreadable"
    assert archive.count(image) == 5
    assert [record["outcome"] for record in archive.records()].count("refused") == 1


def test_one_that_fails_in_the_database_takes_no_other_with_it(
    gatherer: Gatherer, archive: Archive, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.areas.archive import actions_index

    add = actions_index._add_image

    def fails_for_three(act: object, received: object, header: object, place: object) -> int:
        if header.image_uid == uid(1, 1, 3):
            raise ZeroDivisionError
        return add(act, received, header, place)

    monkeypatch.setattr(actions_index, "_add_image", fails_for_three)
    futures = [gatherer.submit(actor, arrival(image=number)) for number in range(1, 7)]
    ended = [type(future.exception(20)).__name__ for future in futures]
    assert ended == ["NoneType", "NoneType", "ZeroDivisionError", "NoneType", "NoneType", "NoneType"]
    assert archive.count(image) == 5
    (row,) = archive.rows(sa.select(exam.c.image_count))
    assert row["image_count"] == 5


def test_a_future_that_is_done_is_durable(gatherer: Gatherer, kernel: Kernel, actor: Actor) -> None:
    stored = gatherer.submit(actor, arrival()).result(20)
    assert kernel.blobs.check(stored.sha256)
    with kernel.database.read() as connection:
        assert connection.scalar(sa.select(image.c.sha256).where(image.c.id == stored.image_pk)) == stored.sha256


def test_a_database_that_fails_fails_all_that_wait_and_the_next_may_succeed(
    gatherer: Gatherer, kernel: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> object:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(kernel.database, "write", broken)
        with pytest.raises(OSError, match="gone"):
            gatherer.submit(actor, arrival()).result(20)
    assert gatherer.submit(actor, arrival()).result(20).outcome == "stored"


def test_closing_indexes_what_waits(kernel: Kernel, actor: Actor) -> None:
    made = Gatherer(kernel)
    futures = [made.submit(actor, arrival(image=number)) for number in range(1, 9)]
    made.close()
    assert {future.result(0).outcome for future in futures} == {"stored"}
