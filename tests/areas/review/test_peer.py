"""Peer review at work: decisions are taken, claimed once, reviewed by nobody who is a party, and taught from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import readings
from films import film
from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.review import actions_peer, actions_peer_learning, queries_peer
from kerma.areas.review.model_peer import peer_answer, peer_case, peer_conclusion, peer_learning, peer_plan, peer_reason
from kerma.areas.worklist import queries as list_queries
from kerma.areas.worklist.queries import Search
from kerma.errors import Conflict, NotAllowed, NotFound, Withheld, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Action, Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record
from readings import Room

PEOPLE = (
    ("author", "Author One", "analyst"), ("peer", "Peer Two", "reviewer"), ("lead", "Lead Three", "lead"),
    ("other", "Other Four", "analyst"),
)  # fmt: skip
PLAN = {
    "industry": "ndt", "exam_class": "", "kind": "random", "person": "", "share_permille": 1000, "first_count": 0,
    "is_blinded": True, "hides_reviewer": False, "due_days": 7, "is_ended": False,
}  # fmt: skip


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def plan(room: Room, **change: Any) -> int:
    return actions_peer.set_plan(room.kernel, room.actors["lead"], given=PLAN | change)


def rows(room: Room, table: sa.Table) -> list[dict]:
    with room.kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def details(room: Room) -> list[dict]:
    with room.kernel.database.read() as connection:
        bodies = connection.scalars(sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index))
        return [json.loads(body) for body in bodies]


def shown(room: Room, name: str, view: str = "open") -> list[int]:
    with room.kernel.database.read() as connection:
        return [row["id"] for row in queries_peer.cases_for(connection, room.actors[name], view)]


def case(room: Room, **change: Any) -> int:
    """Have the author decide under a plan, and return the case."""
    plan(room, **change)
    room.decide("author", reason="sound")
    (found,) = rows(room, peer_case)
    return found["id"]


def claim(room: Room, name: str, case_id: int) -> None:
    actions_peer.claim(room.kernel, room.actors[name], case_id=case_id)


def conclude(room: Room, name: str, case_id: int, conclusion: str = "reject") -> None:
    actions_peer.conclude(room.kernel, room.actors[name], case_id=case_id, conclusion=conclusion, words="a crack")


def score(room: Room, name: str, case_id: int, code: str = "agreed", words: str = "") -> int:
    return actions_peer.score(room.kernel, room.actors[name], case_id=case_id, code=code, words=words)


def test_from_a_decision_to_what_was_learnt(room: Room) -> None:
    case_id = case(room)
    assert (shown(room, "author"), shown(room, "peer")) == ([], [case_id])
    claim(room, "peer", case_id)
    assert not room.sight("peer").people
    with pytest.raises(Conflict, match="what you would have decided"):
        score(room, "peer", case_id)
    conclude(room, "peer", case_id, "accept")
    with pytest.raises(Conflict, match="recorded already"):
        conclude(room, "peer", case_id)
    with pytest.raises(WrongUsage, match="what was missed"):
        score(room, "peer", case_id, "false-call")
    assert not room.sight("peer").people
    review_id = score(room, "peer", case_id, "false-call", "a scratch on the film")
    assert room.sight("peer").people
    (item,) = rows(room, peer_learning)
    assert (item["person"], item["done_at"]) == (room.actors["author"].key, "")
    assert item["what"].endswith("a scratch on the film")
    act, author, lead = room.kernel, room.actors["author"], room.actors["lead"]
    with pytest.raises(NotAllowed):
        actions_peer_learning.answer(act, room.actors["other"], review_id=review_id)
    actions_peer_learning.answer(act, author, review_id=review_id, words="thank you")
    with pytest.raises(Conflict, match="answered"):
        actions_peer_learning.answer(act, author, review_id=review_id)
    with pytest.raises(Conflict, match="not done yet"):
        actions_peer_learning.see(act, lead, learning_id=item["id"])
    with pytest.raises(WrongUsage):
        actions_peer_learning.finish(act, author, learning_id=item["id"], words=" ")
    with pytest.raises(NotAllowed):
        actions_peer_learning.finish(act, room.actors["other"], learning_id=item["id"], words="read it")
    actions_peer_learning.finish(act, author, learning_id=item["id"], words="looked at ten scratches")
    actions_peer_learning.see(act, lead, learning_id=item["id"])
    (item,) = rows(room, peer_learning)
    assert (item["done_words"], item["seen_by"]) == ("looked at ten scratches", lead.key)
    with pytest.raises(Conflict, match="seen already"):
        actions_peer_learning.see(act, lead, learning_id=item["id"])


def test_an_agreement_teaches_nothing_and_is_fed_back_all_the_same(room: Room) -> None:
    case_id = case(room)
    claim(room, "peer", case_id)
    conclude(room, "peer", case_id)
    score(room, "peer", case_id)
    assert rows(room, peer_learning) == []
    with room.kernel.database.read() as connection:
        (told,) = queries_peer.feedback(connection, room.actors["author"])
        assert queries_peer.feedback(connection, room.actors["other"]) == []
    assert (told["score"], told["agrees"], told["was_blinded"], told["had_opened"]) == ("agreed", True, True, False)


def test_words_are_in_the_rows_and_only_their_digest_in_the_ledger(room: Room) -> None:
    case_id = case(room)
    claim(room, "peer", case_id)
    conclude(room, "peer", case_id, "accept")
    review_id = score(room, "peer", case_id, "sized", "Jane Doe wrote this")
    actions_peer_learning.answer(room.kernel, room.actors["author"], review_id=review_id, words="Jane again")
    text = json.dumps(details(room))
    assert "Jane" not in text
    assert "a crack" not in text
    assert [rows(room, table)[0]["words"] for table in (peer_conclusion, peer_answer)] == ["a crack", "Jane again"]
    told = [one["action"] for one in details(room) if one["action"].split(".")[1].endswith(("_review", "_feedback"))]
    assert told == ["review.open_review", "review.claim_review", "review.conclude_review", "review.score_review",
                    "review.answer_feedback"]  # fmt: skip


@pytest.mark.parametrize("how", ["decided", "read", "judged"])
def test_a_party_of_the_exam_reviews_nothing_of_it(room: Room, how: str) -> None:
    if how == "judged":
        room.judge("other")
    if how == "read":
        room.policy("second-reader", "open")
        room.first("other")
        room.first("author")
    case_id = case(room)
    if how == "decided":
        room.decide("other", "accept", "repaired")
    both = replace(room.actors["other"], permissions=room.actors["peer"].permissions)
    with pytest.raises(Conflict, match="nobody reviews their own work"):
        actions_peer.claim(room.kernel, both, case_id=case_id)
    with room.kernel.database.read() as connection:
        assert case_id not in [row["id"] for row in queries_peer.cases_for(connection, both, "open")]


def test_of_many_claims_at_once_exactly_one_holds(room: Room) -> None:
    case_id = case(room)
    held, refused, ready = [], [], threading.Barrier(8)

    def try_it(number: int) -> None:
        ready.wait()
        try:
            reviewer = Actor("person", str(number), "Peer", room.actors["peer"].permissions)
            actions_peer.claim(room.kernel, reviewer, case_id=case_id)
            held.append(f"person:{number}")
        except Conflict:
            refused.append(number)

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(100, 108)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 7)
    assert rows(room, peer_case)[0]["reviewer"] == held[0]


def test_a_case_given_back_goes_to_somebody_else(room: Room) -> None:
    case_id = case(room)
    claim(room, "peer", case_id)
    claim(room, "peer", case_id)
    with pytest.raises(Conflict, match="not open any more"):
        claim(room, "lead", case_id)
    actions_peer.give_back(room.kernel, room.actors["peer"], case_id=case_id)
    with pytest.raises(Conflict, match="gave this case back"):
        claim(room, "peer", case_id)
    assert (shown(room, "peer"), shown(room, "lead")) == ([], [case_id])
    claim(room, "lead", case_id)
    conclude(room, "lead", case_id)
    with pytest.raises(Conflict, match="recorded already"):
        actions_peer.give_back(room.kernel, room.actors["lead"], case_id=case_id)


def test_who_may_see_everything_is_blind_too_while_they_review(room: Room) -> None:
    case_id = case(room)
    assert room.sight("lead").people
    open_exam(room.kernel, room.actors["lead"], exam_pk=room.exam_pk, purpose="review")
    claim(room, "lead", case_id)
    assert not room.sight("lead").people
    assert room.sight("peer").people
    with pytest.raises(Withheld):
        open_exam(room.kernel, room.actors["lead"], exam_pk=room.exam_pk, purpose="export")
    with room.kernel.database.read() as connection:
        closed = list_queries.items(connection, Search(view="closed"), room.actors["lead"]).rows
        counts = list_queries.counts(connection, room.actors["lead"])
    assert (closed, counts) == ([], {})
    assert rows(room, peer_case)[0]["had_opened"]
    conclude(room, "lead", case_id)
    assert not rows(room, peer_conclusion)[0]["was_blinded"]
    actions_peer.withdraw(room.kernel, room.actors["lead"], case_id=case_id, reason="on holiday")
    assert room.sight("lead").people


def test_one_who_reviews_an_exam_changes_nothing_in_it(room: Room) -> None:
    case_id = case(room)
    claim(room, "lead", case_id)
    with pytest.raises(Conflict, match="record your review before you decide"):
        room.decide("lead", "accept")
    with pytest.raises(Conflict, match="record your review before you record findings"):
        room.judge("lead")
    with pytest.raises(NotAllowed, match="marks are not kept"):
        readings.another_reads(room, "lead")
    conclude(room, "lead", case_id)
    score(room, "lead", case_id)
    room.decide("lead", "accept", "sound after all")
    assert len(rows(room, peer_case)) == 2
    assert shown(room, "lead") == []


def test_an_open_review_hides_nothing_and_does_not_count_as_blind(room: Room) -> None:
    case_id = case(room, is_blinded=False)
    claim(room, "peer", case_id)
    assert room.sight("peer").people
    conclude(room, "peer", case_id)
    assert not rows(room, peer_conclusion)[0]["was_blinded"]


def test_the_newest_plan_holds_until_it_ends_and_two_plans_make_one_case(room: Room) -> None:
    plan(room, share_permille=1)
    plan(room, kind="disagreement")
    plan(room)
    room.decide("author", "accept", "a scratch only")
    (found,) = rows(room, peer_case)
    kinds = [row["kind"] for row in rows(room, peer_reason) if row["case_id"] == found["id"]]
    assert sorted(kinds) == ["disagreement", "random"]
    plan(room, is_ended=True)
    room.decide("other", "reject")
    assert len(rows(room, peer_case)) == 1
    seeds = [row["seed"] for row in rows(room, peer_plan)]
    assert len(set(seeds)) == 4
    assert all(seed in json.dumps(details(room)) for seed in seeds)


def test_the_first_decisions_of_a_new_person_are_taken(room: Room) -> None:
    plan(room, kind="new-person", first_count=2)
    for code in ("accept", "reject", "accept"):
        room.decide("author", code, "seen")
    room.decide("other", "reject")
    people = [row["person"] for row in rows(room, peer_case)]
    assert people == [room.actors[name].key for name in ("author", "author", "other")]


def test_a_plan_for_no_industry_is_refused_and_a_reader_sets_none(room: Room) -> None:
    with pytest.raises(WrongUsage, match="no industry 'food'"):
        plan(room, industry="food")
    with pytest.raises(NotAllowed):
        actions_peer.set_plan(room.kernel, room.actors["author"], given=PLAN)
    with pytest.raises(NotFound):
        claim(room, "peer", 99)


def test_further_images_do_not_lift_the_blindness(room: Room) -> None:
    case_id = case(room)
    claim(room, "peer", case_id)
    room.arrive(film(image=2), "second.dcm")
    assert not room.sight("peer").people


def test_when_an_exam_is_deleted_what_waits_is_withdrawn_and_what_was_reviewed_stays(room: Room) -> None:
    case_id = case(room)
    claim(room, "peer", case_id)
    delete = Action("test.delete", lambda act, event: actions_peer.on_exam_deleted(act, event))
    delete(room.kernel, Actor("service", "test", "Test", frozenset("*")), ExamDeleted(room.exam_pk, "", ()))
    (found,) = rows(room, peer_case)
    assert (found["state"], found["reviewer"], found["withdrawn_why"]) == ("withdrawn", "", actions_peer.EXAM_GONE)
    with pytest.raises(Conflict, match="withdrawn already"):
        actions_peer.withdraw(room.kernel, room.actors["lead"], case_id=case_id, reason="again")
    with pytest.raises(WrongUsage):
        actions_peer.withdraw(room.kernel, room.actors["lead"], case_id=case_id, reason=" ")


def test_nobody_stops_the_review_of_their_own_decision(room: Room) -> None:
    plan(room)
    room.decide("lead")
    (found,) = rows(room, peer_case)
    with pytest.raises(NotFound):
        actions_peer.withdraw(room.kernel, room.actors["lead"], case_id=found["id"], reason="no need")
    with pytest.raises(NotAllowed):
        actions_peer.withdraw(room.kernel, room.actors["peer"], case_id=found["id"], reason="no need")
    assert rows(room, peer_case)[0]["state"] == "open"
