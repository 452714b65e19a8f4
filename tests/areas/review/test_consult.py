"""Consults and guests: asked of one, answered once; a guest sees one exam by a link that ends, and nothing else."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

import exams
import readings
from films import film
from kerma.areas.people.actions import disable
from kerma.areas.review import actions_consult, actions_guest, guest_page, guests, queries_consult, rules_consult
from kerma.areas.review.model_consult import consult, guest_link
from kerma.areas.review.rules_consult import Asked, Guest, Leave
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound, TooManyRequests, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity import service
from kerma.kernel.ledger_tables import ledger_record
from readings import BY_OTHERS, BY_SOFTWARE, ORIGIN, Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"))
GUEST = Guest("Ada Guest", "ada@example.org", "Works & Sons")


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def rows(kernel: Kernel, table: sa.Table) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def records(kernel: Kernel, action: str) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        every = [json.loads(text) for text in connection.scalars(sa.select(ledger_record.c.body))]
    return [one for one in every if one["action"] == action]


def ask(room: Room, name: str = "one", **changed: Any) -> int:
    given = {
        "kind": "engineering",
        "question": "Is this a weld?",
        "due_at": room.kernel.clock.now() + timedelta(hours=2),
    }
    asked = Asked(**(given | ({"guest": GUEST} if "colleague" not in changed else {}) | changed))
    return actions_consult.ask_consult(room.kernel, room.actors[name], exam_pk=room.exam_pk, asked=asked)


def admit(room: Room, consult_id: int, **changed: Any) -> actions_guest.Link:
    leave = Leave(**({"hours": 4, "purpose": "to name the part"} | changed))
    return actions_guest.admit_guest(room.kernel, room.actors["one"], consult_id=consult_id, leave=leave)


def outside(room: Room) -> TestClient:
    """Return a browser in which nobody is signed in."""
    room.client("two")
    assert room.application is not None
    return TestClient(room.application, base_url=ORIGIN, headers={"Origin": ORIGIN})


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"kind": "astrology"}, "no kind"),
        ({"question": " "}, "question is empty"),
        ({"guest": None}, "colleague or a guest"),
        ({"guest": Guest(" ")}, "name is empty"),
    ],
)
def test_a_question_that_makes_no_sense_is_told(room: Room, changed: dict[str, Any], word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        ask(room, **changed)
    with pytest.raises(WrongUsage, match="future"):
        ask(room, due_at=room.kernel.clock.now())
    with pytest.raises(NotFound):
        ask(room, colleague="person:999")
    with pytest.raises(WrongUsage, match="yourself"):
        ask(room, colleague=room.actors["one"].key)
    assert rows(room.kernel, consult) == []


def test_a_colleague_answers_once_with_their_name(room: Room) -> None:
    number = ask(room, colleague=room.actors["two"].key)
    with pytest.raises(NotAllowed):
        actions_consult.answer_consult(room.kernel, room.actors["lead"], consult_id=number, answer="no")
    actions_consult.answer_consult(room.kernel, room.actors["two"], consult_id=number, answer=" a weld ")
    with pytest.raises(Conflict):
        actions_consult.answer_consult(room.kernel, room.actors["two"], consult_id=number, answer="no")
    with pytest.raises(Conflict):
        actions_consult.withdraw_consult(room.kernel, room.actors["one"], consult_id=number)
    (row,) = rows(room.kernel, consult)
    assert (row["state"], row["answer"], row["answered_name"]) == ("answered", "a weld", "Reader Two")
    assert "weld" not in str(records(room.kernel, "review.answer_consult"))
    one = room.client("one").get("/api/v1/inbox").json()["entries"]
    assert [(entry["kind"], entry["words"], entry["by_name"]) for entry in one] == [("answer", "a weld", "Reader Two")]
    two = room.client("two").get("/api/v1/inbox").json()["entries"]
    assert [(entry["kind"], entry["words"]) for entry in two] == [("consult", "Is this a weld?")]


def test_of_two_answers_at_the_same_moment_one_counts(room: Room) -> None:
    number = ask(room, colleague=room.actors["two"].key)
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def run(answer: str) -> None:
        start.wait()
        try:
            actions_consult.answer_consult(room.kernel, room.actors["two"], consult_id=number, answer=answer)
            outcomes.append(answer)
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(one,)) for one in ("yes", "no")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 1
    assert rows(room.kernel, consult)[0]["answer"] in outcomes


def test_a_link_is_for_an_open_question_to_a_guest_and_for_hours_that_the_site_allows(room: Room) -> None:
    colleague, guest = ask(room, colleague=room.actors["two"].key), ask(room)
    with pytest.raises(Conflict, match="colleagues sign in"):
        admit(room, colleague)
    for hours in (0, 169):
        with pytest.raises(WrongUsage, match="1 to 168 hours"):
            admit(room, guest, hours=hours)
    with pytest.raises(WrongUsage, match="purpose"):
        admit(room, guest, purpose="")
    leave = Leave(1, "x")
    with pytest.raises(NotAllowed):
        actions_guest.admit_guest(room.kernel, room.actors["two"], consult_id=guest, leave=leave)
    first, second = admit(room, guest), admit(room, guest)
    kept = rows(room.kernel, guest_link)
    assert [bool(row["revoked_at"]) for row in kept] == [True, False]
    assert first.token not in str(kept) + repr(first) and second.token not in str(
        records(room.kernel, "review.admit_guest")
    )
    actions_consult.withdraw_consult(room.kernel, room.actors["one"], consult_id=guest)
    assert all(row["revoked_at"] for row in rows(room.kernel, guest_link))


def test_a_guest_sees_the_question_and_the_images_and_answers_once(room: Room) -> None:
    link = admit(room, ask(room, question="Is <this> a weld?"))
    client, base = outside(room), f"/guest/{link.token}"
    page = client.get(base)
    assert page.status_code == 200
    assert "Is &lt;this&gt; a weld?" in page.text and "Ada Guest, Works &amp; Sons" in page.text
    assert not any(word in page.text for word in (*BY_SOFTWARE, "P-17", "<script"))
    assert page.headers["cache-control"] == "no-store" and "script-src" not in page.headers["content-security-policy"]
    for look in guest_page.LOOKS:
        assert client.get(f"{base}/view/1/0/{look}").status_code == 200
        png = client.get(f"{base}/image/1/0/{look}/screen.png")
        assert (png.status_code, png.content[:4]) == (200, b"\x89PNG")
    for wrong in ("view/2/0/usual", "view/1/9/usual", "view/1/0/odd", "image/9/0/usual/screen.png"):
        assert client.get(f"{base}/{wrong}").status_code == 404
    shown = records(room.kernel, "review.show_guest_image")
    assert {one["actor"] for one in shown} == {f"guest:{link.id}"} and len(shown) == 4
    assert shown[0]["details"] == {"link_id": link.id, "exam_pk": room.exam_pk, "image_pk": room.image_pk, "plane": 0}
    assert len(records(room.kernel, "review.look_as_guest")) == 5
    assert client.post(f"{base}/answer", data={"answer": "  "}).status_code == 400
    kept = client.post(f"{base}/answer", data={"answer": "x" * 5000})
    assert kept.status_code == 400 and "x" * 5000 in kept.text
    answered = client.post(f"{base}/answer", data={"answer": "A weld.\r\nSure."})
    assert answered.status_code == 200 and "A weld.\nSure." in answered.text and "<form" not in answered.text
    assert client.post(f"{base}/answer", data={"answer": "No."}).status_code == 409
    (row,) = rows(room.kernel, consult)
    assert (row["answered_name"], row["answered_by"]) == ("Ada Guest", f"guest:{link.id}")
    entry = room.client("one").get("/api/v1/inbox").json()["entries"][0]
    assert (entry["by_name"], entry["words"]) == ("Ada Guest", "A weld.\nSure.")


def test_findings_and_the_subject_are_shown_where_the_link_says_so(room: Room) -> None:
    readings.another_reads(room, "two")
    number = ask(room)
    bare = outside(room).get(f"/guest/{admit(room, number).token}").text
    full = outside(room).get(f"/guest/{admit(room, number, shows_findings=True, shows_subject=True).token}").text
    for needle in (BY_SOFTWARE[0], BY_OTHERS[2], "P-17", "<rect"):
        assert needle not in bare and needle in full, needle


def test_a_link_shows_no_more_than_its_maker_may_see(room: Room) -> None:
    room.policy("second-reader", "open")
    link = admit(room, ask(room), shows_findings=True)
    before = outside(room).get(f"/guest/{link.token}").text
    room.first("one")
    after = outside(room).get(f"/guest/{link.token}").text
    assert BY_SOFTWARE[0] not in before and BY_SOFTWARE[0] in after


def test_every_link_that_is_no_good_has_the_same_answer(room: Room, clock: HeldClock) -> None:
    number = ask(room)
    revoked = admit(room, number)
    actions_guest.revoke_guest(room.kernel, room.actors["lead"], link_id=revoked.id)
    with pytest.raises(Conflict):
        actions_guest.revoke_guest(room.kernel, room.actors["lead"], link_id=revoked.id)
    expired = admit(room, number, hours=1)
    client = outside(room)
    assert client.get(f"/guest/{expired.token}").status_code == 200
    clock.advance(3600)
    answers = [client.get(f"/guest/{token}") for token in (revoked.token, expired.token, "wrong", "x" * 500, "a%0Ab")]
    assert {(one.status_code, one.text) for one in answers} == {(404, guest_page.refusal(guests.NOT_GOOD))}
    image, post = "image/1/0/usual/screen.png", {"answer": "late"}
    assert client.get(f"/guest/{expired.token}/{image}").status_code == 404
    assert client.post(f"/guest/{expired.token}/answer", data=post).status_code == 404
    assert client.get("/guest/").status_code == 404 and client.get(f"/guest/{expired.token}/more").status_code == 404


def test_a_link_ends_with_the_account_of_its_maker(room: Room) -> None:
    link = admit(room, ask(room))
    disable(room.kernel, service("test", "*"), person_id=int(room.actors["one"].id))
    assert outside(room).get(f"/guest/{link.token}").status_code == 404


def test_guessing_is_slowed_down_and_a_good_link_is_not_counted(room: Room, clock: HeldClock) -> None:
    link, client = admit(room, ask(room)), outside(room)
    clock.advance(120)
    for _ in range(30):
        assert client.get(f"/guest/{link.token}").status_code == 200
    found = [client.get(f"/guest/wrong{number}").status_code for number in range(22)]
    assert found == [404] * 20 + [429] * 2
    slowed = client.get(f"/guest/{link.token}")
    assert slowed.status_code == 429 and int(slowed.headers["retry-after"]) > 0
    clock.advance(61)
    assert client.get(f"/guest/{link.token}").status_code == 200
    with pytest.raises(TooManyRequests):
        for number in range(30):
            try:
                guests.visit(room.kernel, f"w{number}", "192.0.2.1")
            except NotFound:
                continue


def test_no_log_has_the_token(room: Room, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    link = admit(room, ask(room))
    client = outside(room)
    client = TestClient(client.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, raise_server_exceptions=False)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("a surprise")

    monkeypatch.setattr(guest_page, "page", fails)
    with caplog.at_level(logging.DEBUG):
        answer = client.get(f"/guest/{link.token}")
    assert answer.status_code == 500 and link.token not in answer.text
    told = [record.getMessage() for record in caplog.records if record.name.startswith("kerma")]
    assert any("/guest/…" in one for one in told) and not any(link.token in one for one in told)
    assert link.token not in room.client("one").get("/metrics").text


def test_a_link_opens_no_other_door(room: Room) -> None:
    other = room.arrive(film(exam=77), "other.dcm")
    assert other.exam_pk != room.exam_pk
    link = admit(room, ask(room))
    client = outside(room)
    assert client.get(f"/guest/{link.token}").status_code == 200
    assert not client.cookies
    for headers in ({}, {"Cookie": f"kerma={link.token}"}, {"Authorization": f"Bearer {link.token}"}):
        for address in readings.doors(room):
            got = client.get(address, headers=headers)
            assert got.status_code in (401, 404, 422, 406, 405), f"{address}: {got.status_code}"
    assert BY_SOFTWARE[0] not in client.get(f"/guest/{link.token}").text


def test_what_guests_do_is_done_by_guests_alone(room: Room) -> None:
    with pytest.raises(WrongUsage, match="by a guest"):
        actions_guest.answer_as_guest(room.kernel, exams.person(9), answer="mine")
    stranger = Actor("guest", "999", "Nobody", actions_guest.GUEST_ACTIONS)
    with pytest.raises(NotFound):
        actions_guest.look_as_guest(room.kernel, stranger)
    link = admit(room, ask(room))
    guest = Actor("guest", str(link.id), "Ada", actions_guest.GUEST_ACTIONS)
    with pytest.raises(NotAllowed):
        actions_guest.revoke_guest(room.kernel, guest, link_id=link.id)


def test_consults_over_http(room: Room) -> None:
    client = room.client("one")
    words = client.get("/api/v1/consults/words").json()
    assert [one["kind"] for one in words["kinds"]] == list(rules_consult.kinds()) and words["most_hours"] == 168
    due = (room.kernel.clock.now() + timedelta(hours=1)).isoformat()
    new = {"kind": "radiology", "question": "What is it?", "due_at": due, "guest": {"name": "Ada"}}
    made = client.post(f"/api/v1/exams/{room.exam_pk}/consults", json=new)
    assert made.status_code == 201, made.text
    address = f"/api/v1/consults/{made.json()['id']}"
    link = client.post(f"{address}/links", json={"hours": 2, "purpose": "to see"}).json()
    assert link["address"].startswith("/guest/") and link["consult"]["links"][0]["is_good"]
    assert outside(room).get(link["address"]).status_code == 200
    told = client.get(f"/api/v1/exams/{room.exam_pk}/consults").json()["consults"][0]
    assert link["address"].rsplit("/", 1)[1] not in json.dumps(told)
    assert client.post(f"/api/v1/guest-links/{link['id']}/revoke").json()["links"][0]["is_good"] is False
    asked = new | {"guest": None, "colleague": room.actors["two"].key}
    number = client.post(f"/api/v1/exams/{room.exam_pk}/consults", json=asked).json()["id"]
    two = room.client("two")
    assert [one["is_asked_of_me"] for one in two.get("/api/v1/consults").json()["consults"]] == [True]
    assert two.post(f"/api/v1/consults/{number}/answer", json={"answer": "a pore"}).json()["state"] == "answered"
    assert client.post(f"{address}/withdraw").json()["state"] == "withdrawn"
    assert client.post(f"/api/v1/exams/{room.exam_pk}/consults", json=new | {"due_at": "soon"}).status_code == 422
    assert client.post("/api/v1/guest-links/99/revoke").status_code == 404


def test_a_question_to_a_blind_reader_waits_until_their_own_read(room: Room) -> None:
    room.policy("concurrent", "blind")
    number = ask(room, colleague=room.actors["two"].key)
    with room.kernel.database.read() as connection:
        assert queries_consult.consults_of(connection, room.actors["two"]) == []
    with pytest.raises(KermaError):
        actions_consult.answer_consult(room.kernel, room.actors["two"], consult_id=number, answer="x")
    room.decide("two")
    actions_consult.answer_consult(room.kernel, room.actors["two"], consult_id=number, answer="x")
