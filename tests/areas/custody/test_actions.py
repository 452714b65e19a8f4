"""Chains of custody in the database: what is written, what is refused, and that nothing is ever changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from custodies import NOON, POLICE, SIGNED, Custody
from films import Archive, film, uid
from kerma.areas.archive import actions_keeping
from kerma.areas.custody import actions
from kerma.areas.custody.actions import ItemTold, PartyTold, Told
from kerma.areas.custody.model import custody_entry, custody_item, custody_party
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity import service


def test_a_whole_life_of_an_item(custody: Custody, clock: HeldClock) -> None:
    item = custody.collect(place="Lane 4").item
    custody.step("seal", item, seal_number="S-100")
    custody.step("hand_over", item, receiver=custody.ben.key)
    assert custody.chain(item).standing.holder == custody.anna.key
    custody.step("accept", item, custody.ben, seal_number="S-100")
    custody.step("store", item, custody.ben, place="Evidence room 2, shelf 4")
    clock.advance(3600)
    custody.step("take_out", item, custody.ben, text="for the laboratory")
    custody.step("unseal", item, custody.ben, seal_number="S-100", text="to measure the blade")
    custody.step("examine", item, custody.ben, text="blade 82 mm")
    custody.step("seal", item, custody.ben, seal_number="S-101")
    custody.step("hand_over", item, custody.ben, party=POLICE, signature="J. Novák")
    out = custody.chain(item)
    assert (out.standing.state, out.names[out.standing.holder]) == ("out", "Jana Novák, Police, airport unit")
    custody.step("return", item, custody.lead, party=POLICE, signature="J. Novák")
    custody.step("release", item, custody.lead, text="to the owner", signature="x",
                 party=PartyTold("Owner", document="passport 1"))  # fmt: skip
    done = custody.chain(item)
    assert done.standing.state == "released"
    assert done.faults == []
    assert [row["number"] for row in done.rows] == list(range(1, 14))


def test_the_ledger_has_every_entry_by_digest_and_no_name(custody: Custody, actor: Actor) -> None:
    item = custody.collect(place="Lane 4", party=POLICE, signature="J. Novák").item
    custody.step("seal", item, seal_number="S-100", text="blue bag of Mr Smith")
    records = [one for one in Archive(custody.kernel, actor).records() if one["action"].startswith("custody.")]
    rows = custody.chain(item).rows
    assert [one["details"]["digest"] for one in records] == [row["digest"] for row in rows]
    written = str(records)
    for secret in ("Novák", "4711", "Smith", "Police", "Lane", "knife"):
        assert secret not in written


def test_an_entry_changed_in_the_database_is_found(custody: Custody) -> None:
    item = custody.collect().item
    custody.step("seal", item, seal_number="S-100")
    with custody.kernel.database.write() as connection:
        connection.execute(custody_entry.update().where(custody_entry.c.number == 2).values(seal_number="S-999"))
    assert [(fault.code, fault.numbers) for fault in custody.chain(item).faults] == [("altered", (2,))]


def test_an_entry_taken_away_at_the_end_is_found(custody: Custody) -> None:
    item = custody.collect().item
    custody.step("seal", item, seal_number="S-100")
    with custody.kernel.database.write() as connection:
        connection.execute(custody_entry.delete().where(custody_entry.c.number == 2))
    assert [(fault.code, fault.numbers) for fault in custody.chain(item).faults] == [("entry-missing", (2,))]


def test_a_step_that_cannot_follow_is_refused_in_words(custody: Custody) -> None:
    item = custody.collect().item
    for verb, told, words in (
        ("seal", {}, "state the seal's number"),
        ("unseal", {"seal_number": "S", "text": "t"}, "not under seal"),
        ("accept", {}, "the item is held"),
        ("store", {}, "state the place"),
        ("take_out", {"text": "t"}, "the item is held"),
        ("examine", {}, "state what was done"),
        ("return", {"text": "t"}, "the item is held"),
    ):
        with pytest.raises(Conflict, match=words):
            custody.step(verb, item, **told)
    assert len(custody.chain(item).rows) == 1


def test_only_the_holder_acts_and_only_the_receiver_accepts(custody: Custody) -> None:
    item = custody.collect().item
    with pytest.raises(Conflict, match="only who holds the item"):
        custody.step("seal", item, custody.ben, seal_number="S-1")
    custody.step("hand_over", item, receiver=custody.ben.key)
    with pytest.raises(Conflict, match="only whom it was handed over to"):
        custody.step("accept", item, custody.lead)
    with pytest.raises(Conflict, match="only whom it was handed over to"):
        custody.step("accept", item)


def test_two_who_accept_the_same_hand_over(custody: Custody) -> None:
    item = custody.collect().item
    custody.step("hand_over", item, receiver=custody.ben.key)
    outcomes = at_once(*[lambda: custody.step("accept", item, custody.ben)] * 2)
    assert sorted(outcomes) == ["Conflict", "done"]
    assert len(custody.chain(item).rows) == 3


def test_two_who_take_a_stored_item_out(custody: Custody) -> None:
    item = custody.collect().item
    custody.step("store", item, place="Room 2")
    outcomes = at_once(
        lambda: custody.step("take_out", item, custody.ben, text="laboratory"),
        lambda: custody.step("take_out", item, custody.lead, text="court"),
    )
    assert sorted(outcomes) == ["Conflict", "done"]
    chain = custody.chain(item)
    assert chain.standing.holder in (custody.ben.key, custody.lead.key)
    assert chain.faults == []


def test_accepting_and_taking_back_at_the_same_moment(custody: Custody) -> None:
    item = custody.collect().item
    custody.step("hand_over", item, receiver=custody.ben.key)
    outcomes = at_once(
        lambda: custody.step("accept", item, custody.ben), lambda: custody.step("withdraw", item, reason="wrong bag")
    )
    assert sorted(outcomes) == ["Conflict", "done"]
    assert custody.chain(item).standing.holder in (custody.anna.key, custody.ben.key)


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Make calls at the same moment; returns ``done`` or the error's class for each."""
    outcomes: list[str] = []
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        gate.wait()
        try:
            call()
        except KermaError as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append("done")

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_lead_takes_over_from_who_is_not_there_and_it_shows(custody: Custody) -> None:
    item = custody.collect().item
    with pytest.raises(NotAllowed):
        custody.step("take_over", item, custody.ben, reason="Anna is ill")
    custody.step("hand_over", item, receiver=custody.ben.key)
    custody.step("take_over", item, custody.lead, reason="both are ill")
    chain = custody.chain(item)
    assert (chain.standing.state, chain.standing.holder) == ("held", custody.lead.key)
    assert [fault.code for fault in chain.faults] == ["not-signed"]


def test_destruction_takes_two_persons_and_no_hold(custody: Custody, actor: Actor) -> None:
    item = custody.collect(custody.lead).item
    second = Actor("person", "99", "Second Lead", custody.lead.permissions)
    custody.step("ask_destruction", item, custody.lead, reason="released by the prosecutor")
    with pytest.raises(Conflict, match="a second person"):
        custody.step("destroy", item, custody.lead, text="shredded")
    hold = actions_keeping.hold(custody.kernel, actor, target="item", thing=item, reason="court, file 12")
    with pytest.raises(NotAllowed, match="court, file 12"):
        custody.step("destroy", item, second, text="shredded")
    actions_keeping.request_lift(custody.kernel, custody.lead, hold_id=hold, reason="case closed")
    actions_keeping.lift(custody.kernel, second, hold_id=hold)
    custody.step("destroy", item, second, text="shredded")
    chain = custody.chain(item)
    assert (chain.standing.state, chain.standing.holder, chain.faults) == ("destroyed", "", [])
    with pytest.raises(Conflict, match="destroyed"):
        custody.step("seal", item, custody.lead, seal_number="S-1")


def test_an_analyst_can_neither_release_nor_destroy(custody: Custody) -> None:
    item = custody.collect().item
    for verb in ("release", "ask_destruction", "destroy", "withdraw_destruction"):
        with pytest.raises(NotAllowed):
            custody.step(verb, item, text="x", reason="x")


def test_programs_keep_no_chain(custody: Custody) -> None:
    with pytest.raises(NotAllowed, match="by persons who have signed in"):
        custody.collect(service("cli", "*"))


def test_what_is_signed_needs_the_password_again(custody: Custody) -> None:
    with pytest.raises(WrongUsage, match="state your password again"):
        actions.collect(custody.kernel, custody.anna, item=ItemTold("bag", "a bag"), told=Told())


def test_a_person_without_an_account_signs_and_shows_a_document(custody: Custody) -> None:
    item = custody.collect().item
    for party, signature, words in (
        (PartyTold(" "), "x", "name the person"),
        (PartyTold("Jana", document="card"), "", "the other side signs"),
        (PartyTold("Jana"), "x", "identity document"),
    ):
        with pytest.raises(WrongUsage, match=words):
            custody.step("hand_over", item, party=party, signature=signature)
    with custody.kernel.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(custody_party)) == 0


def test_late_entries_need_a_reason_and_take_their_place_in_time(custody: Custody, clock: HeldClock) -> None:
    item = custody.collect().item
    clock.advance(7200)
    custody.step("store", item, place="Room 2")
    earlier = NOON + timedelta(minutes=60)
    with pytest.raises(WrongUsage, match="more than 15 min ago"):
        custody.step("seal", item, seal_number="S-1", happened_at=earlier)
    custody.step("seal", item, seal_number="S-1", happened_at=earlier, reason="no network in the hangar")
    chain = custody.chain(item)
    assert (chain.standing.state, chain.standing.seal_number) == ("stored", "S-1")
    assert {(fault.code, fault.severity) for fault in chain.faults} == {("late", "note"), ("out-of-order", "note")}
    with pytest.raises(WrongUsage, match="future"):
        custody.step("move", item, place="Room 3", happened_at=clock.now() + timedelta(hours=1))
    with pytest.raises(Conflict, match="could not have followed"):  # the storing would not be possible any more
        custody.step("hand_over", item, receiver=custody.ben.key, happened_at=earlier, reason="forgotten")


def test_a_correction_changes_how_an_entry_is_read_and_nothing_else(custody: Custody) -> None:
    item = custody.collect().item
    custody.step("seal", item, seal_number="S-1O0")
    before = custody.chain(item).rows[1]
    actions.correct(
        custody.kernel, custody.anna, item=item, number=2, told=Told(seal_number="S-100", reason="letter O for zero")
    )
    chain = custody.chain(item)
    assert chain.rows[1] == before
    assert chain.standing.seal_number == "S-100"
    actions.correct(custody.kernel, custody.anna, item=item, number=2, told=Told(reason="other item"), is_struck=True)
    assert custody.chain(item).standing.seal_number == ""
    with pytest.raises(WrongUsage, match="is a correction"):
        actions.correct(custody.kernel, custody.anna, item=item, number=3, told=Told(text="x", reason="y"))
    with pytest.raises(WrongUsage, match="where the record begins"):
        actions.correct(custody.kernel, custody.anna, item=item, number=1, told=Told(reason="x"), is_struck=True)
    with pytest.raises(NotFound):
        actions.correct(custody.kernel, custody.anna, item=item, number=99, told=Told(text="x", reason="y"))


def test_a_copy_is_an_item_that_refers_to_its_original(custody: Custody) -> None:
    item = custody.collect().item
    made = actions.copy(custody.kernel, custody.anna, item=item, told=Told(text="disk image"), kind="medium")
    copy = custody.chain(made.copy)
    assert copy.original is not None
    assert copy.original["number"] == item
    assert [one["number"] for one in custody.chain(item).copies] == [made.copy]
    assert copy.standing.holder == custody.anna.key
    with pytest.raises(WrongUsage, match="state your password again"):
        custody.step("hand_over", made.copy, receiver=custody.ben.key, confirmed_at="")
    with pytest.raises(Conflict, match="only who holds"):
        actions.copy(custody.kernel, custody.ben, item=item, told=Told(text="disk image"))
    with custody.kernel.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(custody_item)) == 2


def test_an_image_is_taken_into_custody_with_its_hash(custody: Custody, actor: Actor) -> None:
    stored = Archive(custody.kernel, actor).ingest(film())
    about = ItemTold("image", "Chest film", image_uid=uid(1, 1, 1))
    item = actions.collect(custody.kernel, custody.anna, item=about, told=Told(confirmed_at=SIGNED)).item
    row = custody.chain(item).item
    assert (row["exam_pk"], row["image_sha256"]) == (stored.exam_pk, stored.sha256)
    with pytest.raises(NotFound):
        custody.collect(item=ItemTold("image", "x", image_uid="1.2.3"))
    with pytest.raises(NotFound):
        custody.collect(item=ItemTold("image", "x", exam_pk=stored.exam_pk + 1, image_uid=uid(1, 1, 1)))
    with pytest.raises(WrongUsage, match="which image"):
        custody.collect(item=ItemTold("image", "x"))
    with pytest.raises(WrongUsage, match="which exam"):
        custody.collect(item=ItemTold("exam", "x"))


HOSTILE = "x\x00\u202e<script>alert(1)</script>'; DROP TABLE custody_item; --\ud800" + "ü" * 5000


def test_hostile_texts_are_kept_as_texts(custody: Custody) -> None:
    item = custody.collect(item=ItemTold("bag", HOSTILE, HOSTILE), place=HOSTILE, text=HOSTILE).item
    custody.step("seal", item, seal_number=HOSTILE, reason=HOSTILE)
    row = custody.chain(item)
    assert "<script>" in row.item["description"]
    assert "\x00" not in row.item["description"]
    assert row.faults == []
    for wrong in (
        "",
        "C-2026-0001",
        "C-2026-0001-Z' OR 1=1",
        "..",
        "C-2026-99999999999999999999-X",
        "C-２０２６-0001-K",
    ):
        with pytest.raises(WrongUsage):
            custody.chain(wrong)
