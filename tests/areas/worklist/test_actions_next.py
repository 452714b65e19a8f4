"""Handing out exactly once, to whom it fits; holding back, assigning, expiring, breaks and limits."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

import exams
from kerma.areas.worklist import actions, actions_levels, actions_next, queries
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.jobs import tend
from kerma.areas.worklist.model import item
from kerma.areas.worklist.model_orders import ordered_step
from kerma.areas.worklist.rules_levels import Level, Step
from kerma.areas.worklist.rules_next import BreakRule, Reader
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity_model import person


@pytest.fixture
def room(kernel: Kernel) -> Kernel:
    made = exams.subscribed(kernel, on_exam_arrived)
    with made.database.write() as connection:
        for number in range(1, 10):
            row = {"login": f"p{number}", "login_folded": f"p{number}", "name": f"P {number}", "created_at": exams.AT}
            connection.execute(sa.insert(person).values(row))
    return made


def arrived(kernel: Kernel, actor: Actor, count: int, industry: str = "ndt") -> list[int]:
    return [exams.arrive(kernel, actor, industry=industry, subject_id=uuid.uuid4().hex) for _ in range(count)]


def row_of(kernel: Kernel, item_id: int) -> dict:
    with kernel.database.read() as connection:
        return queries.item_by_id(connection, item_id, exams.person(1))


def test_the_most_urgent_comes_first_and_none_twice(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    arrived(room, actor, 3)
    clock.advance(60)
    (urgent,) = arrived(room, actor, 1, "security")
    reader = exams.person(2)
    handed = [actions_next.take_next(room, reader) for _ in range(5)]
    assert handed[-1] is None and len(set(handed)) == 5
    assert row_of(room, handed[0])["exam_pk"] == urgent
    assert [row_of(room, one)["claimed_by"] for one in handed[:4]] == ["person:2"] * 4


def test_many_readers_at_once_are_handed_each_exam_exactly_once(room: Kernel, actor: Actor) -> None:
    arrived(room, actor, 40)
    handed: list[int] = []
    ready = threading.Barrier(8)

    def read(number: int) -> None:
        ready.wait()
        while (found := actions_next.take_next(room, exams.person(number))) is not None:
            handed.append(found)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(handed) == 40 and set(Counter(handed).values()) == {1}


def test_a_reader_is_handed_what_fits_and_no_more_than_they_may_hold(room: Kernel, actor: Actor) -> None:
    arrived(room, actor, 2)
    (bag,) = arrived(room, actor, 1, "security")
    actions_levels.set_skill(room, actor, industry="security", skill="cabin-bags")
    two, three = exams.person(2), exams.person(3)
    actions_levels.set_reader(room, actor, person_key="person:2", profile=Reader(industries=("ndt",), most_claimed=1))
    actions_levels.set_reader(
        room, actor, person_key="person:3", profile=Reader(industries=("security",), skills=("cabin-bags",))
    )
    first = actions_next.take_next(room, two)
    assert row_of(room, first)["industry"] == "ndt"
    with pytest.raises(Conflict, match="you hold 1 exams"):
        actions_next.take_next(room, two)
    other = row_of(room, next(one for one in (1, 2) if one != first))
    with pytest.raises(Conflict, match="you hold 1 exams"):
        actions.claim(room, two, item_id=other["item_id"])
    assert actions_next.take_next(room, exams.person(4), industry="security") is None
    assert row_of(room, actions_next.take_next(room, three))["exam_pk"] == bag
    actions_levels.set_skill(room, actor, industry="security", skill="cabin-bags", is_ended=True)
    arrived(room, actor, 1, "security")
    assert actions_next.take_next(room, exams.person(4), industry="security") is not None


def test_a_claim_expires_unless_it_is_held_on(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    arrived(room, actor, 2, "security")
    two, three = exams.person(2), exams.person(3)
    kept, lost = actions_next.take_next(room, two), actions_next.take_next(room, two)
    clock.advance(500)
    actions.claim(room, two, item_id=kept)
    began = row_of(room, kept)["claimed_at"]
    clock.advance(500)
    tend(room)
    assert (row_of(room, kept)["state"], row_of(room, lost)["state"]) == ("claimed", "waiting")
    assert row_of(room, kept)["claimed_at"] == began
    assert actions_next.take_next(room, three) == lost


def test_what_is_held_back_is_handed_to_nobody_until_its_time(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    arrived(room, actor, 1)
    two = exams.person(2)
    taken = actions_next.take_next(room, two)
    until = clock.now() + timedelta(minutes=30)
    with pytest.raises(Conflict, match="claimed by somebody else"):
        actions_next.hold(room, exams.person(3), item_id=taken, until=until, reason="mine")
    with pytest.raises(WrongUsage, match="say why"):
        actions_next.hold(room, two, item_id=taken, until=until, reason="  ")
    with pytest.raises(WrongUsage, match="is past"):
        actions_next.hold(room, two, item_id=taken, until=clock.now(), reason="late")
    actions_next.hold(room, two, item_id=taken, until=until, reason="The film of the other side is coming")
    assert row_of(room, taken)["held_reason"] == "The film of the other side is coming"
    assert actions_next.take_next(room, exams.person(3)) is None
    with pytest.raises(Conflict, match="held back until"):
        actions.claim(room, exams.person(3), item_id=taken)
    clock.advance(1801)
    tend(room)
    assert row_of(room, taken) | {"state": "waiting", "held_until": "", "held_reason": ""} == row_of(room, taken)
    assert actions_next.take_next(room, exams.person(3)) == taken


def test_what_is_assigned_is_handed_to_that_one_alone(room: Kernel, actor: Actor) -> None:
    arrived(room, actor, 1)
    actions_next.assign(room, actor, item_id=1, person_key="person:2")
    assert actions_next.take_next(room, exams.person(3)) is None
    with pytest.raises(Conflict, match="assigned to somebody else"):
        actions.claim(room, exams.person(3), item_id=1)
    assert actions_next.take_next(room, exams.person(2)) == 1
    with pytest.raises(Conflict, match="cannot be assigned"):
        actions_next.assign(room, actor, item_id=1, person_key="person:3")
    with pytest.raises(NotFound, match="no person"):
        actions_next.assign(room, actor, item_id=1, person_key="person:99")
    with pytest.raises(NotFound, match="no worklist item"):
        actions_next.assign(room, actor, item_id=99, person_key="")


def test_a_break_is_enforced_where_the_site_says_so(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    arrived(room, actor, 9, "security")
    arrived(room, actor, 1)
    two = exams.person(2)
    actions_levels.set_break(room, actor, industry="security", rule=BreakRule(1200, 600, "enforced"))
    for _ in range(4):
        assert actions_next.take_next(room, two, industry="security") is not None
        clock.advance(300)
    with pytest.raises(Conflict, match="your break is due"):
        actions_next.take_next(room, two, industry="security")
    assert row_of(room, actions_next.take_next(room, two))["industry"] == "ndt"
    clock.advance(600)
    assert actions_next.take_next(room, two, industry="security") is not None


def test_late_exams_are_told_step_by_step_until_somebody_knows(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    chain = (Step(0, "lead"), Step(300, "administrator"), Step(900, "administrator"))
    level = Level(3, 600, 120, 0, chain)
    actions_levels.set_level(room, actor, industry="ndt", urgency="routine", level=level)
    arrived(room, actor, 1)
    steps = []
    for seconds in (470, 20, 100, 20, 280, 30):
        clock.advance(seconds)
        tend(room)
        tend(room)
        with room.database.read() as connection:
            steps.append([row["step"] for row in actions_levels.queries.notices(connection, is_open=False)])
    assert steps == [[], [0], [0], [1, 0], [1, 0], [2, 1, 0]]
    assert row_of(room, 1)["priority"] == 1
    with room.database.read() as connection:
        first = actions_levels.queries.notices(connection, is_open=True)[0]
    with pytest.raises(WrongUsage, match="say what is done"):
        actions_levels.acknowledge_late(room, actor, notice_id=first["id"], words="")
    actions_levels.acknowledge_late(room, actor, notice_id=first["id"], words="Anna reads it now")
    with pytest.raises(Conflict, match="was acknowledged"):
        actions_levels.acknowledge_late(room, actor, notice_id=first["id"], words="Again")
    clock.advance(900)
    tend(room)
    with room.database.read() as connection:
        assert actions_levels.queries.notices(connection, is_open=True) == []
        assert len(actions_levels.queries.notices(connection, is_open=False)) == 3


def test_an_order_makes_its_exam_urgent(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    (exam_pk,) = arrived(room, actor, 1, "medical")
    with room.database.write() as connection:
        connection.execute(sa.delete(item))
        uid = connection.scalar(sa.text("SELECT uid FROM exam"))
        row = exams._row(ordered_step, industry="medical", state="started", study_uid=uid, priority="STAT")
        connection.execute(sa.insert(ordered_step).values(row))
    exams.add_image(room, actor, exam_pk=exam_pk, sha256="a" * 64)
    with room.database.read() as connection:
        found = queries.item_of_exam(connection, exam_pk, exams.person(1))
    assert (found["urgency"], found["priority"]) == ("stat", 1)
    assert found["due_at"] == "2026-03-02T12:30:00.000000Z"


def test_an_exam_that_comes_back_is_promised_anew(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    (exam_pk,) = arrived(room, actor, 1)
    actions.close(room, actor, exam_pk=exam_pk, decision="accept")
    clock.advance(10 * 86_400)
    exams.add_image(room, actor, exam_pk=exam_pk, sha256="b" * 64)
    with room.database.read() as connection:
        found = queries.item_of_exam(connection, exam_pk, exams.person(1))
    assert found["state"] == "waiting" and found["due_at"] > found["queued_at"] > "2026-03-12"
