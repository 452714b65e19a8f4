import asyncio
import json

import pytest

import exams
from kerma.doors import news
from kerma.doors.news import News, events_of, ledger_size, position_before, read_after
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock


def record(action: str, index: int, outcome: str = "done", **details: object) -> dict:
    return {"action": action, "actor": "person:1", "index": index, "outcome": outcome, "details": details}


def told(events: list) -> list[dict]:
    return [json.loads(event.data) for event in events]


def test_only_ids_leave_never_another_detail() -> None:
    events = events_of([record("review.decide", 4, exam_pk=7, decision="reject", reason_sha256="ab")])
    assert told(events) == [{"action": "review.decide", "exam_pk": 7}]
    assert events[0].id == "5"


@pytest.mark.parametrize("action", ["identity.sign_in", "people.create_person", "ledger.export", "test.anything"])
def test_who_signs_in_is_nobodys_news(action: str) -> None:
    assert events_of([record(action, 1)]) == []


def test_refusals_are_no_news() -> None:
    assert events_of([record("worklist.claim", 1, outcome="refused")]) == []


def test_five_hundred_images_of_one_exam_are_one_piece() -> None:
    events = events_of(record("archive.ingest", index, exam_pk=7) for index in range(500))
    assert [event.id for event in events] == ["500"]


def test_the_tail_is_read_from_a_position(kernel: Kernel, actor: Actor) -> None:
    exams.arrive(kernel, actor, industry="ndt", subject_id="W-1")
    start = ledger_size(kernel)
    assert read_after(kernel, start) == (start, [])
    exams.arrive(kernel, actor, industry="ndt", subject_id="W-2")
    size, _ = read_after(kernel, start)
    assert size == start + 1


def test_too_much_to_tell_asks_to_load_anew(kernel: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST_RECORDS", 1)
    for number in range(3):
        exams.arrive(kernel, actor, industry="ndt", subject_id=f"W-{number}")
    size, events = read_after(kernel, 0)
    assert (size, [event.event for event in events]) == (3, ["resync"])


def test_a_listener_that_does_not_keep_up_is_told_to_load_anew(kernel: Kernel, actor: Actor) -> None:
    async def overflow() -> list:
        hub = News(kernel)
        queue = await hub.listen(None, actor)
        for first in (0, 90, 180):
            records = [record("worklist.claim", number, item_id=number) for number in range(first, first + 90)]
            hub._tell({actor.key: events_of(records)})
        return [queue.get_nowait() for _ in range(queue.qsize())]

    assert [event.event for event in asyncio.run(overflow())] == ["resync"]


def test_what_was_missed_is_told_first(kernel: Kernel, actor: Actor) -> None:
    from kerma.areas.worklist import actions

    actions.view(kernel, actor)

    async def late() -> list:
        queue = await News(kernel).listen(0, actor)
        return [queue.get_nowait() for _ in range(queue.qsize())]

    assert told(asyncio.run(late())) == [{"action": "worklist.view"}]


def test_what_happened_while_a_page_was_loading_is_told(
    kernel: Kernel, actor: Actor, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert position_before(kernel, 5) == 0
    for number in range(4):
        exams.arrive(kernel, actor, industry="ndt", subject_id=f"W-{number}")
        clock.advance(10)
    size = ledger_size(kernel)
    assert [position_before(kernel, age_s) for age_s in (0, 11, 21, 3600)] == [size, size - 1, size - 2, 0]
    monkeypatch.setattr(news, "MOST_RECORDS", 2)
    assert position_before(kernel, 3600) == size - 2


def test_a_listener_to_whom_nothing_could_be_read_is_not_kept(
    kernel: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(news, "read_after", broken)
    hub = News(kernel)
    with pytest.raises(OSError, match="disk"):
        asyncio.run(hub.listen(0, actor))
    assert hub.listeners == {}
