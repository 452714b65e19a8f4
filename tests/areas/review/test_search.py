"""Secondary screening: ordered on a decision, done by exactly one, kept in its history, told to the first reader."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

import judgements
import readings
from films import film
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.custody import actions as custody
from kerma.areas.review import actions_search, rules_search
from kerma.areas.review.evidence_talk import parts
from kerma.areas.review.model_search import search_order, search_photo, search_step
from kerma.areas.review.rules_search import Order, Outcome
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.formats.dicos_tdr import ABORT_REASONS
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service
from kerma.science.observer.proportion import interval
from kerma.standards import table
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Searcher Two", "analyst"), ("lead", "Lead Three", "lead"))


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    """A room with a bag: one image of 16 x 16 pixels with one finding."""
    kept = list(sight.RULES)
    made = readings.room(kernel, *PEOPLE)
    stored = ingest(made.kernel, service("test", "*"), source=Arrival(film(exam=5), "bag.dcm", industry="security"))
    made.exam_pk, made.image_pk, made.sha256 = stored.exam_pk, stored.image_pk, stored.sha256
    found = judgements.finding(1, "bladed_item") | {"box": [2.0, 3.0, 4.0, 5.0]}
    document = judgements.document(judgements.image(made.sha256, found)) | {"decision_proposed": "suspect"}
    judgements.analysed(made.kernel, service("test", "*"), made.exam_pk, document)
    yield made
    sight.RULES[:] = kept


def rows(kernel: Kernel, listed: sa.Table) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(listed).order_by(listed.c.id)).mappings()]


def decide(room: Room, code: str = "suspect", reason: str = "", name: str = "one") -> int:
    return room.decide(name, code, reason)


def order(room: Room, name: str = "one", **given: Any) -> int:
    wanted = Order(**({"places": [{"finding_id": "1"}]} | given))
    return actions_search.order_search(room.kernel, room.actors[name], exam_pk=room.exam_pk, order=wanted)


def end(room: Room, number: int, name: str = "two", **told: Any) -> None:
    given = {"outcome": "prohibited", "category": "sharp", "words": "a kitchen knife"} | told
    actions_search.end_search(room.kernel, room.actors[name], order_id=number, told=Outcome(**given))


def start(room: Room, number: int, name: str = "two") -> None:
    actions_search.start_search(room.kernel, room.actors[name], order_id=number)


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[SHIELDED] a dark block", "SHIELDED"),
        ("  [TIMEOUT]", "TIMEOUT"),
        ("[NONSENSE] x", ""),
        ("SHIELDED", ""),
        ("", ""),
    ],
)
def test_a_reason_is_read_from_the_beginning_of_a_decision(text: str, code: str) -> None:
    assert rules_search.reason_of(text) == code


def test_the_reasons_to_abort_are_those_of_the_reports_that_kerma_writes() -> None:
    listed = [row["reason"] for row in table(rules_search.REASONS) if row["kind"] == "abort"]
    assert tuple(listed) == ABORT_REASONS


def test_no_step_that_comes_with_kerma_has_a_figure() -> None:
    for row in table(rules_search.HANDLING):
        assert not any(letter.isdigit() for letter in row["text"]), row["text"]
    card = rules_search.card("explosive", None)
    assert (card.call, card.cordon, card.version) == ("", "", 0) and len(card.missing) == 2


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"methods": []}, "one method"),
        ({"methods": ["divining"]}, "no method"),
        ({"suspicion": "aura"}, "no suspicion"),
        ({"reason": "WHY"}, "no reason"),
        ({"places": [{"finding_id": "9"}]}, "no finding"),
        ({"places": [{"image_sha256": "0" * 64}]}, "no image"),
        ({"instruction": "x" * 4001}, "letters"),
    ],
)
def test_an_order_that_makes_no_sense_is_told(room: Room, given: dict[str, Any], word: str) -> None:
    decide(room)
    with pytest.raises(WrongUsage, match=word):
        order(room, **given)
    assert rows(room.kernel, search_order) == []


def test_a_search_is_ordered_on_ones_own_decision_that_asks_for_one_and_once_at_a_time(room: Room) -> None:
    with pytest.raises(Conflict, match="asks for no search"):
        order(room)
    decide(room, "clear", "nothing")
    with pytest.raises(Conflict, match="asks for no search"):
        order(room)
    decide(room, "refer", "[CLUTTER] too much of it")
    with pytest.raises(NotAllowed):
        order(room, "two")
    number = order(room, places=[{"finding_id": "1"}, {"image_sha256": room.sha256, "plane": 0, "box": [0, 0, 2, 2]}])
    with pytest.raises(Conflict, match="open already"):
        order(room)
    (row,) = rows(room.kernel, search_order)
    assert (row["reason"], row["reader"], row["state"]) == ("CLUTTER", room.actors["one"].key, "ordered")
    assert row["places"][0]["box"] == [2.0, 3.0, 4.0, 5.0] and row["places"][0]["label"] == "bladed_item"
    actions_search.cancel_search(room.kernel, room.actors["one"], order_id=number, reason="taken back")
    assert order(room) == number + 1


def test_a_decision_orders_by_itself_where_the_site_wants_it(room: Room) -> None:
    decide(room)
    assert rows(room.kernel, search_order) == []
    actions_search.set_searches(room.kernel, room.actors["lead"], is_automatic=True)
    decide(room, reason="[SHIELDED] a block", name="one")
    (row,) = rows(room.kernel, search_order)
    assert (row["reason"], row["instruction"], len(row["places"])) == ("SHIELDED", "[SHIELDED] a block", 1)
    decide(room, reason="again")
    assert len(rows(room.kernel, search_order)) == 1
    decide(room, "clear", "looked again")
    assert [one["state"] for one in rows(room.kernel, search_order)] == ["canceled"]
    actions_search.set_searches(room.kernel, room.actors["lead"], is_automatic=False)
    decide(room, reason="again")
    assert len(rows(room.kernel, search_order)) == 1


def test_a_search_that_is_under_way_goes_on_when_the_decision_changes(room: Room) -> None:
    decide(room)
    number = order(room)
    start(room, number)
    decide(room, "clear", "looked again")
    end(room, number, outcome="nothing", category="", words="")
    assert rows(room.kernel, search_order)[0]["state"] == "done"


def test_of_many_who_start_at_the_same_moment_one_has_it(room: Room) -> None:
    decide(room)
    number = order(room)
    outcomes: list[str] = []
    barrier = threading.Barrier(3)

    def run(name: str) -> None:
        barrier.wait()
        try:
            start(room, number, name)
            outcomes.append(name)
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two", "lead")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 2
    assert [one["kind"] for one in rows(room.kernel, search_step)] == ["ordered", "started"]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"outcome": "magic"}, "no outcome"),
        ({"category": ""}, "which category"),
        ({"category": "spoons"}, "no category"),
        ({"outcome": "nothing"}, "only a prohibited item"),
        ({"outcome": "explosive", "category": "", "words": " "}, "is empty"),
    ],
)
def test_an_outcome_that_makes_no_sense_is_told(room: Room, told: dict[str, Any], word: str) -> None:
    decide(room)
    number = order(room)
    start(room, number)
    with pytest.raises(WrongUsage, match=word):
        end(room, number, **told)
    with pytest.raises(NotFound, match="photo"):
        end(room, number, photos=["0" * 64])
    with pytest.raises((NotFound, WrongUsage)):
        end(room, number, custody_number="C-2026-000999-X")
    assert rows(room.kernel, search_order)[0]["state"] == "started"


def test_the_outcome_is_kept_with_its_photos_and_told_to_the_first_reader(room: Room) -> None:
    decide(room)
    number = order(room)
    with pytest.raises(Conflict, match="start it first"):
        end(room, number)
    start(room, number)
    with pytest.raises(Conflict, match="not in your hands"):
        end(room, number, "lead")
    kept = room.kernel.blobs.put(photo())
    end(room, number, photos=[kept, kept])
    with pytest.raises(Conflict):
        end(room, number)
    with pytest.raises(Conflict):
        actions_search.cancel_search(room.kernel, room.actors["two"], order_id=number, reason="late")
    assert [one["sha256"] for one in rows(room.kernel, search_photo)] == [kept]
    steps = rows(room.kernel, search_step)
    assert [(one["kind"], one["by"]) for one in steps] == [
        ("ordered", room.actors["one"].key), ("started", room.actors["two"].key), ("done", room.actors["two"].key),
    ]  # fmt: skip
    entry = room.client("one").get("/api/v1/inbox").json()["entries"][0]
    assert (entry["kind"], entry["words"]) == ("feedback", "Prohibited item found. a kitchen knife")
    names = [one.path for one in parts(room.kernel, room.exam_pk)]
    assert names[:2] == ["data/decisions/searches.json", "data/decisions/search-steps.json"]
    assert names[2:] == [f"data/decisions/photos/{kept}"]


def test_a_custody_record_is_linked_when_it_exists(room: Room) -> None:
    decide(room)
    number = order(room)
    start(room, number)
    end(room, number)
    told = custody.ItemTold("object", "a knife", exam_pk=room.exam_pk)
    item = custody.collect(
        room.kernel, room.actors["two"], item=told, told=custody.Told(confirmed_at="2026-03-02T12:00:00.000000Z")
    ).item
    actions_search.link_custody(room.kernel, room.actors["two"], order_id=number, custody_number=item.lower())
    assert rows(room.kernel, search_order)[0]["custody_number"] == item
    with pytest.raises(Conflict):
        actions_search.link_custody(room.kernel, room.actors["two"], order_id=number, custody_number=item)


def test_what_became_of_referrals_is_a_share_with_its_exact_interval(room: Room) -> None:
    for outcome, category, words in (
        ("prohibited", "sharp", "a knife"), ("nothing", "", ""), ("refused", "", "no"), ("nothing", "", ""),
    ):  # fmt: skip
        decide(room, reason="seen")
        number = order(room)
        start(room, number)
        end(room, number, outcome=outcome, category=category, words=words)
    found = room.client("one").get("/api/v1/searches/referrals").json()
    low, high = interval(1, 3)
    assert found["share"] == {"found": 1, "searched": 3, "low": low, "high": high}
    assert [one["outcome"] for one in found["orders"]] == ["nothing", "refused", "nothing", "prohibited"]
    none = room.client("two").get("/api/v1/searches/referrals").json()
    assert (none["orders"], none["share"]["low"]) == ([], None)


def test_the_sites_own_rule_stands_before_what_comes_with_kerma(room: Room) -> None:
    lead = room.client("lead")
    first = next(one for one in lead.get("/api/v1/handling").json() if one["suspicion"] == "weapon")
    assert first["version"] == 0 and first["missing"]
    rule = {"steps": "Stop.\n\n Call. ", "call": "Supervisor 4711", "cordon": "", "source": "Site programme 7.2"}
    assert room.client("one").put("/api/v1/handling/weapon", json=rule).status_code == 403
    after = lead.put("/api/v1/handling/weapon", json=rule).json()
    own = next(one for one in after if one["suspicion"] == "weapon")
    assert (own["steps"], own["call"], own["version"]) == (["Stop.", "Call."], "Supervisor 4711", 1)
    assert len(own["missing"]) == 1 and "how far to keep away" in own["missing"][0]
    assert lead.put("/api/v1/handling/weapon", json=rule | {"source": " "}).status_code == 400
    assert lead.put("/api/v1/handling/aura", json=rule).status_code == 400
    again = lead.put("/api/v1/handling/weapon", json=rule | {"cordon": "as the police say"}).json()
    assert next(one for one in again if one["suspicion"] == "weapon")["version"] == 2


def test_a_search_over_http(room: Room) -> None:
    one, two = room.client("one"), room.client("two")
    address = f"/api/v1/exams/{room.exam_pk}/searches"
    assert one.get(address).json() == {"orders": [], "may_order": False, "reason": ""}
    decide(room, reason="[SHIELDED] dark")
    assert one.get(address).json()["may_order"] and not two.get(address).json()["may_order"]
    words = one.get("/api/v1/searches/words").json()
    assert words["decisions"] == ["suspect", "refer"] and not words["is_automatic"]
    new = {"suspicion": "weapon", "methods": ["manual", "etd"], "places": [{"finding_id": "1"}], "instruction": "left"}
    made = one.post(address, json=new)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["reason_words"], told["method_words"][1]) == (
        "The X-rays do not pass through",
        "Explosive trace detection",
    )
    assert (told["places"][0]["box"], told["images"][0]["image_pk"]) == ([2.0, 3.0, 4.0, 5.0], room.image_pk)
    assert told["card"]["missing"] and told["may_cancel"]
    search = f"/api/v1/searches/{told['id']}"
    assert [row["id"] for row in two.get("/api/v1/searches").json()["orders"]] == [told["id"]]
    pdf = two.get(f"{search}/sheet.pdf")
    assert pdf.status_code == 200 and pdf.content[:5] == b"%PDF-"
    assert two.post(f"{search}/start").json()["is_mine"]
    assert one.post(f"{search}/start").status_code == 409
    sent = two.post("/api/v1/searches/photos", files={"photo": ("a.jpg", photo())})
    assert sent.status_code == 201, sent.text
    assert two.post("/api/v1/searches/photos", files={"photo": ("a.jpg", b"no picture")}).status_code == 415
    outcome = {"outcome": "explosive", "words": "wires", "photos": [sent.json()["sha256"]]}
    assert two.post(f"{search}/end", json=outcome).json()["state"] == "done"
    shown = two.get(f"{search}/photos/{sent.json()['sha256']}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert two.get(f"{search}/photos/{'0' * 64}").status_code == 404
    assert two.get("/api/v1/searches").json()["orders"] == []
    assert [row["outcome"] for row in two.get("/api/v1/searches?view=ended").json()["orders"]] == ["explosive"]
    assert [step["by_name"] for step in one.get(search).json()["steps"]] == [
        "Reader One",
        "Searcher Two",
        "Searcher Two",
    ]
    assert two.get("/api/v1/searches/999").status_code == 404
    assert one.put("/api/v1/searches/setting", json={"is_automatic": True}).status_code == 403
    assert room.client("lead").put("/api/v1/searches/setting", json={"is_automatic": True}).status_code == 200


def test_a_blind_reader_meets_no_search(room: Room) -> None:
    lead = room.actors["lead"]
    readings.actions_reading.set_policy(
        room.kernel, lead, industry="security", algorithm="concurrent", reading="blind", exam_class=""
    )
    decide(room)
    number = order(room)
    two = room.client("two")
    assert two.get("/api/v1/searches").json()["orders"] == []
    assert two.get(f"/api/v1/searches/{number}").status_code == 404
    assert two.post(f"/api/v1/searches/{number}/start").status_code == 404
    assert two.get(f"/api/v1/exams/{room.exam_pk}/searches").json() == {"orders": [], "may_order": False, "reason": ""}
    assert room.client("lead").get(f"/api/v1/searches/{number}").status_code == 200


def test_what_software_marked_is_left_out_where_software_is_hidden(room: Room) -> None:
    decide(room)
    number = order(room)
    lead = room.actors["lead"]
    readings.actions_reading.set_policy(
        room.kernel, lead, industry="security", algorithm="off", reading="open", exam_class=""
    )
    shown = room.client("two").get(f"/api/v1/searches/{number}").json()
    assert shown["places"] == [] and "bladed" not in json.dumps(shown)
    assert b"bladed" not in room.client("two").get(f"/api/v1/searches/{number}/sheet.pdf").content
