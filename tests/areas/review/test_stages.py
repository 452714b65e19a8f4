"""An exam goes through the stages of its flow: one decision each, by somebody else each time, with the skill."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

import exams
from kerma.app import set_conflicts
from kerma.areas.review import actions, queries
from kerma.areas.review.model import decision
from kerma.areas.worklist import actions_flow, actions_levels, actions_next
from kerma.areas.worklist import queries as worklist
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.rules_flow import shipped
from kerma.areas.worklist.rules_next import Reader
from kerma.errors import Conflict
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity_model import person
from kerma.kernel.sight import WHOLE


@pytest.fixture
def yard(kernel: Kernel, actor: Actor) -> Kernel:
    made = exams.subscribed(kernel, on_exam_arrived)
    set_conflicts()
    with made.database.write() as connection:
        for number in range(1, 8):
            row = {"login": f"p{number}", "login_folded": f"p{number}", "name": f"P {number}", "created_at": exams.AT}
            connection.execute(sa.insert(person).values(row))
    actions_flow.set_flow(made, actor, industry="ndt", name="levels", stages=shipped()["ndt", "levels"])
    for number, skill in ((3, "RT-2"), (4, "RT-2"), (5, "RT-3")):
        actions_levels.set_reader(made, actor, person_key=f"person:{number}", profile=Reader(skills=(skill,)))
    return made


def stands(kernel: Kernel, exam_pk: int) -> tuple[str, str]:
    with kernel.database.read() as connection:
        row = worklist.item_of_exam(connection, exam_pk, exams.person(1))
    return row["state"], row["stage"]


def latest(kernel: Kernel, exam_pk: int) -> int | None:
    with kernel.database.read() as connection:
        rows = queries.decisions(connection, exam_pk, WHOLE)
    return rows[0]["id"] if rows else None


def decide(kernel: Kernel, number: int, exam_pk: int, code: str) -> None:
    seen = latest(kernel, exam_pk)
    actions.decide(kernel, exams.person(number), exam_pk=exam_pk, decision_code=code, supersedes=seen)


def test_a_weld_goes_from_reader_to_level_three(yard: Kernel, actor: Actor, clock: HeldClock) -> None:
    exam_pk = exams.arrive(yard, actor, industry="ndt", subject_id="W-1")
    assert stands(yard, exam_pk) == ("waiting", "reader")
    decide(yard, 2, exam_pk, "reject")
    assert stands(yard, exam_pk) == ("waiting", "level-2")
    with pytest.raises(Conflict, match="Level II is for those with the skill 'RT-2'"):
        decide(yard, 6, exam_pk, "accept")
    with pytest.raises(Conflict, match="Level II is for those"):
        decide(yard, 2, exam_pk, "accept")
    clock.advance(5)
    decide(yard, 3, exam_pk, "reject")
    assert stands(yard, exam_pk) == ("waiting", "level-3")
    decide(yard, 5, exam_pk, "accept")
    assert stands(yard, exam_pk) == ("closed", "level-3")
    with yard.database.read() as connection:
        rows = connection.execute(sa.select(decision.c.stage, decision.c.decision).order_by(decision.c.level)).all()
    assert [tuple(row) for row in rows] == [("reader", "reject"), ("level-2", "reject"), ("level-3", "accept")]


def test_nobody_decides_two_stages_of_one_round(yard: Kernel, actor: Actor, clock: HeldClock) -> None:
    exam_pk = exams.arrive(yard, actor, industry="ndt", subject_id="W-1")
    decide(yard, 3, exam_pk, "accept")
    with pytest.raises(Conflict, match="at an earlier stage"):
        decide(yard, 3, exam_pk, "accept")
    decide(yard, 4, exam_pk, "accept")
    assert stands(yard, exam_pk)[0] == "closed"
    clock.advance(60)
    exams.add_image(yard, actor, exam_pk=exam_pk, sha256="a" * 64)
    assert stands(yard, exam_pk) == ("waiting", "reader")
    decide(yard, 4, exam_pk, "reject")
    assert stands(yard, exam_pk) == ("waiting", "level-2")


def test_images_that_come_between_two_stages_begin_the_round_again(
    yard: Kernel, actor: Actor, clock: HeldClock
) -> None:
    exam_pk = exams.arrive(yard, actor, industry="ndt", subject_id="W-1")
    decide(yard, 3, exam_pk, "accept")
    assert stands(yard, exam_pk) == ("waiting", "level-2")
    clock.advance(5)
    exams.add_image(yard, actor, exam_pk=exam_pk, sha256="a" * 64)
    assert stands(yard, exam_pk) == ("waiting", "reader")
    decide(yard, 3, exam_pk, "reject")
    assert stands(yard, exam_pk) == ("waiting", "level-2")


def test_the_next_exam_is_one_of_a_stage_that_fits(yard: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(yard, actor, industry="ndt", subject_id="W-1")
    decide(yard, 3, exam_pk, "accept")
    assert actions_next.take_next(yard, exams.person(2)) is None
    assert actions_next.take_next(yard, exams.person(3)) is None
    assert actions_next.take_next(yard, exams.person(4)) is not None


def test_of_many_decisions_at_once_one_counts_at_each_stage(yard: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(yard, actor, industry="ndt", subject_id="W-1")
    done, refused, ready = [], [], threading.Barrier(6)

    def attempt(number: int) -> None:
        ready.wait()
        try:
            actions.decide(yard, exams.person(number), exam_pk=exam_pk, decision_code="accept", supersedes=None)
            done.append(number)
        except Conflict:
            refused.append(number)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), len(refused)) == (1, 5)
    assert stands(yard, exam_pk) == ("waiting", "level-2")


def test_without_a_flow_an_exam_is_decided_once(yard: Kernel, actor: Actor) -> None:
    flow = shipped()["ndt", "levels"]
    waiting = exams.arrive(yard, actor, industry="ndt", subject_id="W-1")
    actions_flow.set_flow(yard, actor, industry="ndt", name="levels", stages=flow, is_ended=True)
    exam_pk = exams.arrive(yard, actor, industry="ndt", subject_id="W-2")
    decide(yard, 2, exam_pk, "accept")
    assert stands(yard, exam_pk) == ("closed", "")
    decide(yard, 2, waiting, "accept")
    assert stands(yard, waiting)[0] == "closed"
