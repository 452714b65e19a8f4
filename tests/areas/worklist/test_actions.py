import json
import threading

import pytest
import sqlalchemy as sa

import exams
from kerma.areas.worklist import actions, queries
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.model import item
from kerma.errors import Conflict, NotAllowed, NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record


@pytest.fixture
def listening(kernel: Kernel) -> Kernel:
    return exams.subscribed(kernel, on_exam_arrived)


def row(kernel: Kernel, exam_pk: int) -> dict:
    with kernel.database.read() as connection:
        return queries.item_of_exam(connection, exam_pk, exams.person(1))


def ledger(kernel: Kernel) -> list[dict]:
    with kernel.database.read() as connection:
        bodies = connection.scalars(sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index))
        return [json.loads(body) for body in bodies]


def test_an_exam_is_queued_once_however_many_images_come(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=("a" * 64, "b" * 64))
    exams.add_image(listening, actor, exam_pk=exam_pk, sha256="c" * 64)
    with listening.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(item)) == 1
    assert row(listening, exam_pk)["state"] == "waiting"
    assert ledger(listening)[-1]["action"] == "test.add_image"


def test_the_ledger_record_of_the_arrival_names_the_item(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1")
    assert ledger(listening)[-1]["details"]["item_id"] == row(listening, exam_pk)["item_id"]


def test_of_many_claims_at_once_exactly_one_holds(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="security", subject_id="BAG-1")
    item_id = row(listening, exam_pk)["item_id"]
    holders, refused, ready = [], [], threading.Barrier(8)

    def claim(number: int) -> None:
        ready.wait()
        try:
            actions.claim(listening, exams.person(number), item_id=item_id)
            holders.append(f"person:{number}")
        except Conflict:
            refused.append(number)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(holders) == 1
    assert len(refused) == 7
    assert row(listening, exam_pk)["claimed_by"] == holders[0]
    claims = [record for record in ledger(listening) if record["action"] == "worklist.claim"]
    assert [record["actor"] for record in claims] == holders


def test_claim_again_by_the_holder_changes_nothing(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1")
    item_id = row(listening, exam_pk)["item_id"]
    actions.claim(listening, actor, item_id=item_id)
    before = row(listening, exam_pk)
    actions.claim(listening, actor, item_id=item_id)
    assert row(listening, exam_pk) == before


def test_only_the_holder_releases_and_only_a_lead_frees(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1")
    item_id = row(listening, exam_pk)["item_id"]
    actions.claim(listening, exams.person(1), item_id=item_id)
    with pytest.raises(Conflict, match="not held by you"):
        actions.release(listening, exams.person(2), item_id=item_id)
    with pytest.raises(NotAllowed):
        actions.free(listening, exams.person(2, "worklist.claim", "worklist.release"), item_id=item_id)
    actions.free(listening, exams.person(2), item_id=item_id)
    assert row(listening, exam_pk)["state"] == "waiting"
    actions.claim(listening, exams.person(3), item_id=item_id)
    actions.release(listening, exams.person(3), item_id=item_id)
    assert row(listening, exam_pk)["claimed_by"] == ""


def test_a_closed_item_cannot_be_claimed_and_returns_when_more_images_come(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=("a" * 64,))
    actions.close(listening, actor, exam_pk=exam_pk, decision="accept")
    with pytest.raises(Conflict, match="is closed"):
        actions.claim(listening, actor, item_id=row(listening, exam_pk)["item_id"])
    exams.add_image(listening, actor, exam_pk=exam_pk, sha256="b" * 64)
    assert row(listening, exam_pk)["state"] == "waiting"
    assert row(listening, exam_pk)["decision"] == ""


def test_what_another_person_holds_cannot_be_closed(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1")
    actions.claim(listening, exams.person(5), item_id=row(listening, exam_pk)["item_id"])
    with pytest.raises(Conflict, match="held by someone else"):
        actions.close(listening, exams.person(6), exam_pk=exam_pk, decision="accept")
    assert row(listening, exam_pk)["state"] == "claimed"


def test_a_proposal_moves_the_item_up(listening: Kernel, actor: Actor) -> None:
    exam_pk = exams.arrive(listening, actor, industry="security", subject_id="BAG-1")
    before = row(listening, exam_pk)
    actions.rank(listening, actor, exam_pk=exam_pk, decision_proposed="suspect")
    after = row(listening, exam_pk)
    assert (after["priority"], after["due_at"]) < (before["priority"], before["due_at"])
    assert after["decision_proposed"] == "suspect"


@pytest.mark.parametrize("act", [actions.claim, actions.release, actions.free])
def test_an_unknown_item_is_named(listening: Kernel, actor: Actor, act: object) -> None:
    with pytest.raises(NotFound, match="no worklist item 77"):
        act(listening, actor, item_id=77)
