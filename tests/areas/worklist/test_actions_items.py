"""Exams get their item by rules: at their arrival, by an order, a score, an earlier exam, or drawn after a decision."""

from __future__ import annotations

import json
import threading

import pytest
import sqlalchemy as sa

import exams
import item_rules
import lanes
import worklists
from item_rules import Scores, again, come, items_of, unread_of
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.worklist import (
    actions,
    actions_flow,
    actions_levels,
    actions_next,
    actions_orders,
    actions_rules,
    actions_ups,
    queries_flow,
    rules_flow,
)
from kerma.areas.worklist.actions_deletion import on_exam_deleted
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.queries_items import facts_of, rules_in_force
from kerma.areas.worklist.rules_items import CHECK, HAND, Rule, is_drawn
from kerma.areas.worklist.rules_next import Reader
from kerma.areas.worklist.ups_requests import Create
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Action, Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity_model import person
from kerma.kernel.ledger_tables import ledger_record


@pytest.fixture
def scores() -> Scores:
    return item_rules.scored()


@pytest.fixture
def room(kernel: Kernel, scores: Scores) -> Kernel:
    return item_rules.listening(kernel)


def setting(kernel: Kernel, actor: Actor, *rules: Rule) -> int:
    return actions_rules.set_rules(kernel, actor, rules=rules)


def last_record(kernel: Kernel) -> dict:
    with kernel.database.read() as connection:
        newest = sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index.desc()).limit(1)
        return json.loads(connection.scalars(newest).one())


def test_without_rules_of_its_own_a_site_reads_every_exam(room: Kernel, actor: Actor) -> None:
    for industry in ("security", "ndt", "medical"):
        exam_pk = come(room, actor, industry=industry, institution="Hôpital Nord")
        (row,) = items_of(room, exam_pk)
        assert (row["rule"], row["trigger"], row["state"], row["stage"]) == ("every exam", "exam", "waiting", "")
        assert (row["site"], row["site_folded"], row["skill"]) == ("Hôpital Nord", "hopital nord", "")
        assert unread_of(room, exam_pk) == []
        assert "rules_id" not in last_record(room)["details"]


def test_a_set_of_rules_is_kept_with_who_and_when_and_stands_in_the_ledger(room: Kernel, actor: Actor) -> None:
    rules_id = setting(room, actor, Rule("all of ndt", industry="ndt"))
    record = last_record(room)
    assert (record["action"], record["actor"]) == ("worklist.set_rules", actor.key)
    assert record["details"]["row_id"] == rules_id and record["details"]["rules"][0]["name"] == "all of ndt"
    exam_pk = come(room, actor, industry="ndt")
    details = last_record(room)["details"]
    assert (details["rules_id"], details["rule"], details["item_id"]) == (rules_id, 1, items_of(room, exam_pk)[0]["id"])


def test_what_no_rule_takes_is_read_by_nobody_and_told(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("no scouts", makes=False, kind="*scout*"), Rule("ct", modality="CT"))
    scout = come(room, actor, industry="medical", modality="CT", description="Scout view")
    film = come(room, actor, industry="medical", modality="DX")
    taken = come(room, actor, industry="medical", modality="CT")
    assert [row["rule"] for row in unread_of(room, scout)] == ["no scouts"] and items_of(room, scout) == []
    assert [row["rule"] for row in unread_of(room, film)] == [""] and items_of(room, film) == []
    assert unread_of(room, taken) == [] and items_of(room, taken)[0]["rule"] == "ct"
    again(room, actor, exam_pk=film)
    assert len(unread_of(room, film)) == 1 and items_of(room, film) == []


def test_a_lead_puts_on_the_list_what_nobody_reads(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("ct", modality="CT"))
    left = [come(room, actor, industry="medical") for _ in range(2)]
    there = come(room, actor, industry="medical", modality="CT")
    assert actions.take_on(room, actor, exam_pks=[*left, there, left[0]]) == 2
    assert [items_of(room, one)[0]["trigger"] for one in left] == [HAND, HAND]
    assert [unread_of(room, one) for one in left] == [[], []] and len(items_of(room, there)) == 1
    with pytest.raises(NotFound, match="no exam 999"):
        actions.take_on(room, actor, exam_pks=[999])


def test_a_decision_on_an_exam_that_nobody_was_to_read_stands_on_the_list(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("ct", modality="CT"))
    exam_pk = come(room, actor, industry="medical")
    actions.close(room, actor, exam_pk=exam_pk, decision="normal")
    (row,) = items_of(room, exam_pk)
    assert (row["state"], row["decision"], row["trigger"]) == ("closed", "normal", HAND)
    assert unread_of(room, exam_pk) == []


def test_a_rule_says_how_urgent_which_stage_skill_and_language(room: Kernel, actor: Actor) -> None:
    stages = rules_flow.shipped()["security", "cargo"]
    actions_flow.set_flow(room, actor, industry="security", name="cargo", stages=stages)
    rule = Rule(
        "hub", industry="security", site="hub", urgency="urgent", stage="on-screen", skill="cargo", language="fr"
    )
    setting(room, actor, rule, Rule("rest"))
    exam_pk = come(room, actor, industry="security", institution="HUB")
    (row,) = items_of(room, exam_pk)
    assert (row["urgency"], row["priority"], row["stage"]) == ("urgent", 2, "on-screen")
    assert (row["skill"], row["language"], row["site"]) == ("cargo", "fr", "HUB")
    (rest,) = items_of(room, come(room, actor, industry="security"))
    assert (rest["urgency"], rest["stage"], rest["rule"]) == ("routine", "check-in", "rest")
    with pytest.raises(Conflict, match="skill 'cargo'"):
        actions.claim(room, exams.person(2), item_id=row["id"])


def test_an_exam_that_is_ordered_is_taken_whichever_came_first(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("ordered", "order"))
    order = worklists.order(study_uid="1.2.3.4", priority="STAT", language="de")
    actions_orders.place(room, actor, order=order)
    (row,) = items_of(room, come(room, actor, industry="medical", uid="1.2.3.4"))
    assert (row["urgency"], row["language"], row["trigger"]) == ("stat", "de", "order")
    exam_pk = come(room, actor, industry="medical", uid="1.2.3.5")
    assert items_of(room, exam_pk) == []
    actions_orders.place(room, actor, order=worklists.order(study_uid="1.2.3.5", accession="A-2"))
    assert len(items_of(room, exam_pk)) == 1 and unread_of(room, exam_pk) == []


def test_a_unified_procedure_step_is_an_order_too(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("ordered", "order"))
    exam_pk = come(room, actor, industry="medical", uid="1.2.3.6", subject="P-17")
    assert items_of(room, exam_pk) == []
    asked = worklists.Dataset()
    asked.StudyInstanceUID = "1.2.3.6"
    document = document_of(worklists.workitem(ReferencedRequestSequence=[asked]))
    actions_ups.ups(room, actor, request=Create("1.2.9.1", document))
    assert len(items_of(room, exam_pk)) == 1
    later = worklists.Dataset()
    later.StudyInstanceUID = "1.2.3.7"
    document = document_of(worklists.workitem(ReferencedRequestSequence=[later]))
    actions_ups.ups(room, actor, request=Create("1.2.9.2", document))
    assert items_of(room, come(room, actor, industry="medical", uid="1.2.3.7", subject="P-17"))


def test_an_exam_whose_score_is_reached_is_read_and_others_are_told_as_not(
    room: Kernel, actor: Actor, scores: Scores
) -> None:
    setting(room, actor, Rule("machine", "score", score_at_least="0.35"))
    high, low = (come(room, actor, industry="security") for _ in range(2))
    assert [unread_of(room, one)[0]["asked"] for one in (high, low)] == ["exam", "exam"]
    scores.known = {high: 0.35, low: 0.2}
    for exam_pk, proposed in ((high, "suspect"), (low, "clear")):
        for _ in range(2):
            actions.rank(room, actor, exam_pk=exam_pk, decision_proposed=proposed)
    (row,) = items_of(room, high)
    assert (row["trigger"], row["decision_proposed"], row["priority"]) == ("score", "suspect", 1)
    assert items_of(room, low) == [] and unread_of(room, low)[0]["asked"] == "score"


def test_a_score_makes_an_exam_more_urgent_never_less(room: Kernel, actor: Actor, scores: Scores) -> None:
    rule = Rule("sure", "score", score_at_least="0.9", urgency="stat", skill="threats")
    setting(room, actor, Rule("all"), rule)
    exam_pk = come(room, actor, industry="ndt")
    before = items_of(room, exam_pk)[0]
    scores.known = {exam_pk: 0.95}
    actions.rank(room, actor, exam_pk=exam_pk, decision_proposed="accept")
    (row,) = items_of(room, exam_pk)
    assert (before["priority"], row["priority"], row["skill"]) == (3, 1, "threats") and row["due_at"] < before["due_at"]
    # who must not know what is proposed sees the exam where it stood, and as urgent as it was
    assert (row["plain_priority"], row["plain_due_at"], row["urgency"]) == (3, before["due_at"], "routine")
    scores.known = {exam_pk: 0.1}
    actions.rank(room, actor, exam_pk=exam_pk, decision_proposed="accept")
    assert items_of(room, exam_pk)[0]["priority"] == 3


def test_an_exam_whose_subject_has_shown_something_before_is_read(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("with findings before", "prior"), Rule("first of all", part="*-A"))
    first = come(room, actor, industry="ndt", subject="PIPE-A")
    actions.close(room, actor, exam_pk=first, decision="reject")
    other = come(room, actor, industry="ndt", subject="PIPE-B")
    assert items_of(room, other) == []
    actions.close(room, actor, exam_pk=other, decision="accept")
    assert items_of(room, come(room, actor, industry="ndt", subject="PIPE-B")) == []
    (row,) = items_of(room, come(room, actor, industry="ndt", subject="PIPE-A"))
    assert row["trigger"] == "prior"


def test_a_share_of_what_is_decided_is_looked_at_again_by_somebody_else(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("all"), Rule("again", "quality", outcome="accept", share_permille=1000))
    reader, other = exams.person(2), exams.person(3)
    exam_pk = come(room, actor, industry="ndt")
    actions.close(room, reader, exam_pk=exam_pk, decision="accept")
    (row,) = items_of(room, exam_pk)
    assert (row["state"], row["stage"], row["rule"]) == ("waiting", CHECK, "again")
    with room.database.read() as connection:
        assert queries_flow.awaited_stage(connection, exam_pk) == ""  # its report waits for nothing
    with pytest.raises(Conflict, match="somebody else takes it"):
        actions.claim(room, reader, item_id=row["id"])
    assert actions_next.take_next(room, reader) is None
    actions.close(room, reader, exam_pk=exam_pk, decision="reject")  # they correct themselves: the look still comes
    assert items_of(room, exam_pk)[0]["state"] == "waiting"
    assert actions_next.take_next(room, other) == row["id"]
    actions.close(room, other, exam_pk=exam_pk, decision="accept")
    assert items_of(room, exam_pk)[0]["state"] == "closed"


def test_only_what_is_drawn_is_looked_at_again_and_the_draw_can_be_done_again(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("all"), Rule("third", "quality", share_permille=333))
    left = [come(room, actor, industry="ndt") for _ in range(30)]
    for exam_pk in left:
        actions.close(room, actor, exam_pk=exam_pk, decision="accept")
    states = [items_of(room, exam_pk)[0]["state"] for exam_pk in left]
    assert 2 <= states.count("waiting") <= 20  # of a binomial with 30 and a third, outside once in 100,000
    with room.database.read() as connection:
        chosen = rules_in_force(connection)
        facts = facts_of(connection, left, chosen.rules)
    drawn = [is_drawn(chosen.rules[1], facts[exam_pk].exam_uid, chosen.seed) for exam_pk in left]
    assert drawn == [state == "waiting" for state in states]


def test_further_images_bring_a_decided_exam_back_as_the_rules_are_now(room: Kernel, actor: Actor) -> None:
    exam_pk = come(room, actor, industry="ndt")
    actions.close(room, actor, exam_pk=exam_pk, decision="accept")
    setting(room, actor, Rule("welds", industry="ndt", skill="RT-2", urgency="urgent"))
    again(room, actor, exam_pk=exam_pk)
    (row,) = items_of(room, exam_pk)
    assert (row["state"], row["skill"], row["urgency"]) == ("waiting", "RT-2", "urgent")
    actions.close(room, actor, exam_pk=exam_pk, decision="accept")
    setting(room, actor, Rule("nothing", makes=False))
    again(room, actor, exam_pk=exam_pk)
    assert items_of(room, exam_pk)[0]["state"] == "waiting"  # what was read is read again, whatever the rules are now


def test_rules_are_replaced_only_by_who_has_seen_them(room: Kernel, actor: Actor) -> None:
    first = actions_rules.set_rules(room, actor, rules=(Rule("a"),), seen=0)
    with pytest.raises(Conflict, match="meanwhile"):
        actions_rules.set_rules(room, actor, rules=(Rule("b"),), seen=0)
    actions_rules.end_rules(room, actor, seen=first)
    (row,) = items_of(room, come(room, actor, industry="ndt"))
    assert row["rule"] == "every exam"


def test_rules_that_could_not_be_are_refused_as_a_whole(room: Kernel, actor: Actor, clock: HeldClock) -> None:
    with pytest.raises(WrongUsage, match="rule 2 'b': there is no industry 'zoo'"):
        setting(room, actor, Rule("a"), Rule("b", industry="zoo"))
    clock.advance(1)
    assert items_of(room, come(room, actor, industry="ndt"))[0]["rule"] == "every exam"


def test_a_reader_with_the_skill_is_handed_what_a_rule_asks(room: Kernel, actor: Actor) -> None:
    with room.database.write() as connection:
        row = {"id": 8, "login": "p8", "login_folded": "p8", "name": "P 8", "created_at": exams.AT}
        connection.execute(sa.insert(person).values(row))
    setting(room, actor, Rule("all", skill="RT-2"))
    (row,) = items_of(room, come(room, actor, industry="ndt"))
    assert actions_next.take_next(room, exams.person(8)) is None
    actions_levels.set_reader(room, actor, person_key="person:8", profile=Reader(skills=("RT-2",)))
    assert actions_next.take_next(room, exams.person(8)) == row["id"]


def test_of_many_who_put_an_exam_on_the_list_at_once_one_does(room: Kernel, actor: Actor, scores: Scores) -> None:
    setting(room, actor, Rule("machine", "score", score_at_least="0.35"))
    left = [come(room, actor, industry="security") for _ in range(6)]
    scores.known = dict.fromkeys(left, 0.9)
    ready, failed = threading.Barrier(4), []

    def tell(how: int) -> None:
        ready.wait()
        for exam_pk in left:
            try:
                if how == 0:
                    actions.rank(room, actor, exam_pk=exam_pk, decision_proposed="suspect")
                elif how == 1:
                    actions.close(room, actor, exam_pk=exam_pk, decision="refer")
                else:
                    actions.take_on(room, actor, exam_pks=[exam_pk])
            except Exception as error:  # whatever it is, it is a failure
                failed.append(error)

    threads = [threading.Thread(target=tell, args=(how,)) for how in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [(len(items_of(room, one)), unread_of(room, one)) for one in left] == [(1, [])] * len(left)


def test_a_lane_is_a_condition_and_a_site(room: Kernel, actor: Actor) -> None:
    lanes.set_lane(room, actor, "belt-7")
    setting(room, actor, Rule("belts", lane="belt-*"))
    (row,) = items_of(room, come(room, actor, industry="security", station="BELT-7"))
    assert (row["rule"], row["site"]) == ("belts", "belt-7")
    assert items_of(room, come(room, actor, industry="security", station="OTHER")) == []


def test_an_exam_that_is_deleted_is_told_no_more(room: Kernel, actor: Actor) -> None:
    setting(room, actor, Rule("nothing", makes=False))
    exam_pk = come(room, actor, industry="ndt")
    assert len(unread_of(room, exam_pk)) == 1
    Action("test.delete", lambda act: on_exam_deleted(act, ExamDeleted(exam_pk, "1.2.3", ())))(room, actor)
    assert unread_of(room, exam_pk) == []
