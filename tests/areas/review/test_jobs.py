import threading
import time
from io import BytesIO
from types import MappingProxyType

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image as Picture
from tests.formats.samples import with_other_pixels

from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival, ExamArrived, Stored
from kerma.areas.review import jobs as review
from kerma.areas.review import queries
from kerma.areas.review.actions_defaults import set_default
from kerma.areas.review.model import analysis
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import SystemClock
from kerma.kernel.jobs import Runner
from kerma.kernel.jobs_model import job_request
from kerma.kernel.ledger_tables import ledger_record


def png(seed: int) -> bytes:
    noise = np.random.default_rng(seed).normal(30_000, 300, (96, 128))
    file = BytesIO()
    Picture.fromarray(noise.astype(np.uint16)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def listening(kernel: Kernel) -> Kernel:
    subscriptions = MappingProxyType({ExamArrived: (on_exam_arrived, review.on_exam_arrived)})
    return Kernel(**{**kernel.__dict__, "subscriptions": subscriptions, "clock": SystemClock()})


def store(
    kernel: Kernel,
    actor: Actor,
    data: bytes,
    name: str = "weld-7.png",
    industry: str = "ndt",
    sidecar: bytes | None = None,
) -> Stored:
    return ingest(kernel, actor, source=Arrival(data=data, file_name=name, industry=industry, sidecar=sidecar))


def analyses(kernel: Kernel) -> list[dict]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(analysis)).mappings()]


def test_the_job_run_twice_analyses_once(listening: Kernel, actor: Actor) -> None:
    stored = store(listening, actor, png(1))
    review.analyse_exam(listening, exam_pk=stored.exam_pk)
    with listening.database.read() as connection:
        records = connection.scalar(sa.select(sa.func.count()).select_from(ledger_record))
    review.analyse_exam(listening, exam_pk=stored.exam_pk)
    assert len(analyses(listening)) == 1
    with listening.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ledger_record)) == records


def test_the_document_is_that_of_the_images_as_kept(listening: Kernel, actor: Actor) -> None:
    stored = store(listening, actor, png(2))
    review.analyse_exam(listening, exam_pk=stored.exam_pk)
    document = analyses(listening)[0]["document"]
    assert document["subject"] == "weld-7"
    assert [(image["sha256"], image["rows"], image["columns"]) for image in document["images"]] == [
        (stored.sha256, 96, 128)
    ]
    names = {measurement["name"] for measurement in document["images"][0]["measurements"]}
    assert set(listening.industries["ndt"].plan.measures) <= names


def test_an_image_whose_pixels_cannot_be_decoded_is_named_not_lost(listening: Kernel, actor: Actor) -> None:
    stored = store(listening, actor, with_other_pixels(png(3), b"no zlib stream" * 2000))
    assert stored.outcome == "stored", stored.reason
    review.analyse_exam(listening, exam_pk=stored.exam_pk)
    document = analyses(listening)[0]["document"]
    assert document["images"] == []
    assert any("was not analysed" in warning for warning in document["warnings"])


def test_a_bag_of_which_one_view_cannot_be_read_is_never_proposed_clear(listening: Kernel, actor: Actor) -> None:
    set_default(listening, actor, industry="security", values={"picture_gate": "off"})  # a flat picture shows nothing
    beside = b'{"subject": "BAG-1", "exam": "1", "number": %d, "rises_with_dose": true, "meaning": "raw"}'
    first = store(listening, actor, png(7), "view-1.png", "security", beside % 1)
    review.analyse_exam(listening, exam_pk=first.exam_pk)
    assert [row["decision_proposed"] for row in analyses(listening)] == ["clear"]
    broken = with_other_pixels(png(8), b"no zlib stream" * 2000)
    second = store(listening, actor, broken, "view-2.png", "security", beside % 2)
    assert second.exam_pk == first.exam_pk
    review.analyse_exam(listening, exam_pk=first.exam_pk)
    newest = analyses(listening)[-1]
    assert newest["decision_proposed"] == "none"
    assert "was not analysed" in newest["document"]["decision_reason"]


def test_an_arriving_exam_is_analysed_by_itself(listening: Kernel, actor: Actor) -> None:
    runner = Runner(listening)
    runner.start()
    try:
        store(listening, actor, png(4), "warm-up.png")
        assert runner.wait_idle(30)
        until = time.monotonic() + 60
        stored = store(listening, actor, png(5), "weld-8.png")
        analysed = None
        while analysed is None and time.monotonic() < until:
            with listening.database.read() as connection:
                analysed = queries.latest_analysis(connection, stored.exam_pk)
            time.sleep(0.01)
    finally:
        runner.stop()
    assert analysed is not None


def test_many_images_of_one_exam_ask_for_one_job(listening: Kernel, actor: Actor) -> None:
    threads = [threading.Thread(target=store, args=(listening, actor, png(6), "same.png")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with listening.database.read() as connection:
        asked = connection.execute(sa.select(job_request.c.name, job_request.c.key)).all()
    assert len(asked) == 1
    assert asked[0].name == "review.analyse"
