"""Many lanes, one pool: an exam finds its lane and timer, the lane gets one answer, by a person or at the time-out."""

from __future__ import annotations

import json
import threading

import pytest
import sqlalchemy as sa

import exams
import lanes
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.review import actions, actions_lanes, jobs_lanes, queries, rules_search
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist import actions_lanes as set_up
from kerma.areas.worklist import actions_next
from kerma.areas.worklist.model import screen_time
from kerma.areas.worklist.queries import item_of_exam
from kerma.areas.worklist.rules_lanes import Lane
from kerma.errors import Conflict, NotFound
from kerma.kernel.action import Action, Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.jobs_model import job_request
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.sight import WHOLE

REFER = "review.refer_overdue"


@pytest.fixture
def matrix(kernel: Kernel, actor: Actor) -> Kernel:
    made = lanes.matrix(kernel)
    lanes.set_lane(made, actor)
    return made


def row_of(kernel: Kernel, exam_pk: int) -> dict:
    with kernel.database.read() as connection:
        return item_of_exam(connection, exam_pk, exams.person(1))


def decisions(kernel: Kernel, exam_pk: int) -> list[dict]:
    with kernel.database.read() as connection:
        return queries.decisions(connection, exam_pk, WHOLE)


def timers(kernel: Kernel) -> list[tuple[dict, str]]:
    with kernel.database.read() as connection:
        found = connection.execute(sa.select(job_request).where(job_request.c.name == REFER).order_by(job_request.c.id))
        return [(row.arguments, row.due_at) for row in found]


def run(kernel: Kernel, exam_pk: int) -> None:
    jobs_lanes.refer(kernel, exam_pk=exam_pk)


def test_an_exam_of_a_lane_is_due_with_its_belt_timer_and_decided_in_time_its_lane_is_told(
    matrix: Kernel, actor: Actor, clock: HeldClock
) -> None:
    bag = lanes.bag(matrix, actor)
    assert row_of(matrix, bag)["due_at"] == "2026-03-02T12:00:10.000000Z"
    assert timers(matrix) == [({"exam_pk": bag}, "2026-03-02T12:00:10.000000Z")]
    document = {"decision_proposed": "refer", "images": [], "verdicts": []}
    with matrix.database.read() as connection:
        digest = queries.images_digest_of(connection, bag)
    actions.record_analysis(matrix, actor, exam_pk=bag, images_digest=digest, document=document)
    assert row_of(matrix, bag)["due_at"] == "2026-03-02T12:00:10.000000Z"
    two = exams.person(2)
    assert actions_next.take_next(matrix, two) == row_of(matrix, bag)["item_id"]
    clock.advance(4)
    actions.decide(matrix, two, exam_pk=bag, decision_code="clear", reason="Nothing in it")
    (only,) = lanes.told(matrix)
    assert (only["number"], only["does"], only["decision"], only["how"]) == (1, "clear", "clear", "decided")
    clock.advance(60)
    run(matrix, bag)
    assert len(lanes.told(matrix)) == len(decisions(matrix, bag)) == 1


def test_other_machines_industries_and_ended_lanes_have_no_timer(matrix: Kernel, actor: Actor) -> None:
    others = [lanes.bag(matrix, actor, "XR-9"), lanes.bag(matrix, actor, industry="ndt")]
    one = lanes.bag(matrix, actor)
    gone = Lane(name="lane-1", machine="LANE-1", pool="north", running_s=10, stopped_s=0, at_time_out="refer")
    set_up.set_lane(matrix, actor, one=gone, is_ended=True)
    others.append(lanes.bag(matrix, actor))
    assert [lanes.timed(matrix, pk) for pk in others] == [None] * 3
    assert [pk for arguments, _ in timers(matrix) for pk in arguments.values()] == [one]


def test_nobody_in_time_software_refers_whoever_holds_the_exam(matrix: Kernel, actor: Actor, clock: HeldClock) -> None:
    bag, two = lanes.bag(matrix, actor), exams.person(2)
    actions_next.take_next(matrix, two)
    clock.advance(9.5)
    run(matrix, bag)
    assert decisions(matrix, bag) == [] and lanes.told(matrix) == []
    clock.advance(0.5)
    run(matrix, bag)
    run(matrix, bag)
    (made,) = decisions(matrix, bag)
    assert (made["by"], made["decision"], made["level"]) == ("service:belt", "refer", 1)
    assert rules_search.reason_of(made["reason"]) == "TIMEOUT"
    assert [(one["does"], one["how"]) for one in lanes.told(matrix)] == [("divert", "timed-out")]
    row = row_of(matrix, bag)
    assert (row["state"], row["decision"], row["claimed_by"]) == ("closed", "refer", "")
    with pytest.raises(Conflict, match="somebody has decided this exam meanwhile"):
        actions.decide(matrix, two, exam_pk=bag, decision_code="clear", reason="late")
    actions.decide(matrix, two, exam_pk=bag, decision_code="clear", reason="Seen after all", supersedes=made["id"])
    assert [one["level"] for one in decisions(matrix, bag)] == [2, 1]
    assert len(lanes.told(matrix)) == 1
    with matrix.database.read() as connection:
        bodies = connection.scalars(sa.select(ledger_record.c.body)).all()
    (record,) = [one for one in map(json.loads, bodies) if one["action"] == REFER]
    assert record["details"] | {"exam_pk": bag, "decision": "refer", "lane": "lane-1"} == record["details"]


def test_a_belt_that_stops_has_a_second_timer_and_one_without_limit_waits_for_a_person(
    matrix: Kernel, actor: Actor, clock: HeldClock
) -> None:
    lanes.set_lane(matrix, actor, at_time_out="stop")
    lanes.set_lane(matrix, actor, "lane-2", at_time_out="stop", stopped_s=0)
    bag, patient = lanes.bag(matrix, actor), lanes.bag(matrix, actor, "LANE-2")
    clock.advance(10)
    for pk in (bag, patient, bag, patient):
        run(matrix, pk)
    for name in ("lane-1", "lane-2"):
        assert [one["does"] for one in lanes.told(matrix, name)] == ["hold"]
    assert timers(matrix)[-1] == ({"exam_pk": bag}, "2026-03-02T12:00:55.000000Z")
    clock.advance(45)
    for pk in (bag, patient):
        run(matrix, pk)
    assert [one["does"] for one in lanes.told(matrix)] == ["hold", "divert"]
    assert decisions(matrix, patient) == []
    clock.advance(3600)
    run(matrix, patient)
    actions.decide(matrix, exams.person(3), exam_pk=patient, decision_code="suspect", reason="A blade")
    assert [(one["number"], one["does"]) for one in lanes.told(matrix, "lane-2")] == [(1, "hold"), (2, "divert")]


def test_a_person_and_the_time_out_at_the_same_moment_make_one_decision(
    matrix: Kernel, actor: Actor, clock: HeldClock
) -> None:
    people = 0
    for _ in range(12):
        bag = lanes.bag(matrix, actor)
        clock.advance(10)
        start, refused = threading.Barrier(3), []

        def decide(pk: int = bag, start: threading.Barrier = start, refused: list = refused) -> None:
            start.wait()
            try:
                actions.decide(matrix, exams.person(2), exam_pk=pk, decision_code="clear", reason="Nothing in it")
            except Conflict as error:
                refused.append(error)

        def time_out(pk: int = bag, start: threading.Barrier = start) -> None:
            start.wait()
            run(matrix, pk)

        threads = [threading.Thread(target=one) for one in (decide, time_out, time_out)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (made,) = decisions(matrix, bag)
        is_person = made["by"] == "person:2"
        assert len(refused) == (0 if is_person else 1)
        people += is_person
        last = lanes.told(matrix)[-1]
        assert (last["does"], last["how"]) == (("clear", "decided") if is_person else ("divert", "timed-out"))
    assert [one["number"] for one in lanes.told(matrix)] == list(range(1, 13))
    with matrix.database.read() as connection:
        assert people == sum(one["how"] == "decided" for one in lanes.told(matrix))
        assert set(connection.scalars(sa.select(screen_time.c.person))) <= {"person:2", "service:belt"}


def test_lanes_answered_at_once_are_numbered_without_gaps(matrix: Kernel, actor: Actor) -> None:
    bags = [lanes.bag(matrix, actor) for _ in range(16)]
    seen: list[int] = []
    done = threading.Event()

    def read_as_the_lane_does() -> None:
        while len(seen) < len(bags) and not done.wait(0.001):
            seen.extend(one["number"] for one in lanes.told(matrix, after=seen[-1] if seen else 0))

    def decide(number: int) -> None:
        for pk in bags[number::4]:
            actions.decide(matrix, exams.person(number + 1), exam_pk=pk, decision_code="clear", reason="Nothing in it")

    reader = threading.Thread(target=read_as_the_lane_does)
    threads = [threading.Thread(target=decide, args=(number,)) for number in range(4)]
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    reader.join(20)
    done.set()
    assert seen == list(range(1, 17))


def test_who_is_in_a_pool_is_handed_its_lanes_and_who_is_in_none_is_handed_all(matrix: Kernel, actor: Actor) -> None:
    lanes.set_lane(matrix, actor, "lane-2", pool="south")
    north, south, plain = lanes.bag(matrix, actor), lanes.bag(matrix, actor, "LANE-2"), lanes.bag(matrix, actor, "XR-9")
    set_up.set_pool_member(matrix, actor, person_key="person:2", pool="south")
    two, three = exams.person(2), exams.person(3)
    assert actions_next.take_next(matrix, two) == row_of(matrix, south)["item_id"]
    assert actions_next.take_next(matrix, two) is None
    handed = [actions_next.take_next(matrix, three) for _ in range(3)]
    assert handed == [row_of(matrix, north)["item_id"], row_of(matrix, plain)["item_id"], None]
    worklist.release(matrix, three, item_id=handed[0])
    set_up.set_pool_member(matrix, actor, person_key="person:2", pool="south", is_ended=True)
    assert actions_next.take_next(matrix, two) == handed[0]
    with pytest.raises(NotFound, match="no person"):
        set_up.set_pool_member(matrix, actor, person_key="person:99", pool="south")


def test_a_machine_is_one_lane(matrix: Kernel, actor: Actor) -> None:
    with pytest.raises(Conflict, match="lane lane-1 is this machine already"):
        lanes.set_lane(matrix, actor, "lane-9", machine="lane-1")
    with pytest.raises(NotFound, match="no exam 99"):
        actions_lanes.refer_overdue(matrix, actor, exam_pk=99)


def test_the_numbers_of_a_deleted_exam_stay_taken(matrix: Kernel, actor: Actor) -> None:
    bags = [lanes.bag(matrix, actor) for _ in range(2)]
    for pk in bags:
        actions.decide(matrix, actor, exam_pk=pk, decision_code="clear", reason="Nothing in it")
    gone = Action("test.gone", lambda act: set_up.on_exam_deleted(act, ExamDeleted(bags[1], "", ())))
    gone(matrix, actor)
    assert [one["number"] for one in lanes.told(matrix)] == [1]
    actions.decide(matrix, actor, exam_pk=lanes.bag(matrix, actor), decision_code="clear", reason="Nothing in it")
    assert [one["number"] for one in lanes.told(matrix)] == [1, 3]
