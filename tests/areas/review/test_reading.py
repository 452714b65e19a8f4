"""Reading modes at work: first reads, independent reads, blind decisions, and the record of how an exam was read."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

import readings
from films import film
from kerma.areas.review import actions_read, actions_reading, queries, queries_judge
from kerma.areas.review.model import decision
from kerma.areas.review.model_reading import reading
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist import queries as list_queries
from kerma.areas.worklist.queries import Search
from kerma.doors.news import events_of, told_to
from kerma.errors import Conflict, KermaError, NotAllowed, Withheld, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import service
from kerma.kernel.sight import WHOLE
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"))


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def rows(room: Room, table: sa.Table) -> list[dict]:
    with room.kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def proposal(room: Room, name: str) -> str:
    with room.kernel.database.read() as connection:
        known = queries.current(connection, room.exam_pk, room.sight(name))
    assert known is not None
    return known.document["decision_proposed"]


def listed(room: Room, name: str, view: str = "open") -> list[dict]:
    with room.kernel.database.read() as connection:
        return list_queries.items(connection, Search(view=view), room.actors[name]).rows


def test_a_second_reader_sees_what_software_found_after_their_own_read(room: Room) -> None:
    room.policy("second-reader", "open")
    assert (proposal(room, "one"), listed(room, "one")[0]["decision_proposed"]) == ("none", "")
    with pytest.raises(Conflict, match="your own read first"):
        room.decide("one")
    room.first("one", reading={"functions": [{"name": "negative", "seconds": 2}]})
    assert (proposal(room, "one"), proposal(room, "two")) == ("reject", "none")
    room.decide("one")
    first, decided = rows(room, reading)
    assert (first["kind"], first["conclusion"], first["saw_algorithm"]) == ("first", "no-findings", False)
    assert (decided["kind"], decided["conclusion"], decided["saw_algorithm"]) == ("decision", "reject", True)
    assert first["document_sha256"] != decided["document_sha256"]
    assert {first["algorithm"], decided["algorithm"]} == {"second-reader"}
    assert first["recorded_at"] <= decided["recorded_at"]
    assert first["record"]["functions"] == [{"name": "negative", "seconds": 2.0}]


def test_a_first_read_is_what_the_person_recorded(room: Room) -> None:
    room.policy("second-reader", "open")
    with pytest.raises(Conflict, match="you recorded no finding"):
        room.first("one", no_findings=False)
    room.judge("one")
    with pytest.raises(Conflict, match="you recorded 1 finding"):
        room.first("one", no_findings=True)
    room.judge("two")
    room.first("one", no_findings=False)
    with pytest.raises(Conflict, match="not waiting"):
        room.first("one", no_findings=False)
    # Findings made without software are numbered behind its own once both are shown, and judged anew.
    with room.kernel.database.read() as connection:
        known = queries_judge.known(connection, room.exam_pk, room.sight("one"))
    assert known is not None
    numbers = [one["id"] for image in known.document["images"] for one in image["findings"]]
    assert (len(numbers), len(set(numbers))) == (3, 3)
    assert not known.is_of_this_analysis
    assert "other findings of software" in known.document["decision_reason"]


def test_two_reads_that_agree_decide_the_exam(room: Room) -> None:
    room.policy("concurrent", "double")
    room.judge("one", note="one's")
    with pytest.raises(Conflict, match="read twice"):
        room.decide("one")
    room.independent("one")
    assert rows(room, decision) == []
    assert (listed(room, "one"), len(listed(room, "two")), len(listed(room, "lead"))) == ([], 1, 1)
    with pytest.raises(Conflict, match="recorded already"):
        room.independent("one")
    room.judge("two", note="two's")  # starts from the software's findings, and meets no conflict with one's
    with room.kernel.database.read() as connection:
        (own,) = queries_judge.judgements(connection, room.exam_pk, room.sight("two"))
    assert (own["version"], own["reason"]) == (1, "two's")
    room.independent("two")
    (decided,) = rows(room, decision)
    assert (decided["decision"], decided["by"]) == ("reject", room.actors["two"].key)
    assert [one["kind"] for one in rows(room, reading)] == ["independent", "independent", "decision"]
    assert [one["saw_people"] for one in rows(room, reading)] == [False, False, True]
    with room.kernel.database.read() as connection:
        assert len(queries_judge.judgements(connection, room.exam_pk, room.sight("one"))) == 2
    assert (listed(room, "one"), len(listed(room, "one", "closed"))) == ([], 1)


def test_two_reads_that_differ_are_told_to_both_and_decide_nothing(room: Room) -> None:
    room.policy("concurrent", "double")
    room.independent("one", "reject")
    room.independent("two", "accept", "only a shadow")
    assert rows(room, decision) == []
    for name in ("one", "two"):
        told = room.client(name).get(f"/api/v1/exams/{room.exam_pk}/readings").json()
        assert told["outcome"] == "disagree"
        assert "differ" in told["words"]
        assert [one["conclusion"] for one in told["reads"]] == ["reject", "accept"]
    assert len(listed(room, "one")) == 1
    room.decide("lead", "accept", "looked at both")
    assert len(rows(room, decision)) == 1


def at_once(calls: list[Callable[[], object]]) -> list[BaseException | None]:
    """Make calls at the same moment; returns what each raised."""
    ready, failures = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        ready.wait()
        try:
            calls[number]()
        except KermaError as error:
            failures[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return failures


def test_two_readers_at_once_make_two_reads_and_one_decision(room: Room) -> None:
    room.policy("concurrent", "double")
    calls = [lambda name=name: room.independent(name) for name in ("one", "two", "one", "two")]
    failures = at_once(calls)
    assert sorted(type(one).__name__ for one in failures) == ["Conflict", "Conflict", "NoneType", "NoneType"]
    assert [one["kind"] for one in rows(room, reading)] == ["independent", "independent", "decision"]
    assert len(rows(room, decision)) == 1


def test_a_read_while_the_policy_changes_is_kept_whole_or_refused(room: Room) -> None:
    room.policy("second-reader", "open")
    failures = at_once([lambda: room.policy("off", "open"), lambda: room.first("one")])
    kept = rows(room, reading)
    assert len(kept) == (1 if failures[1] is None else 0)
    assert {one["algorithm"] for one in kept} <= {"second-reader"}
    assert proposal(room, "one") == "none"
    room.policy("concurrent", "open")
    assert proposal(room, "one") == "reject"


def test_a_policy_set_later_hides_what_was_decided_before_from_who_has_not_decided(room: Room) -> None:
    room.decide("one", reason="before")
    room.policy("second-reader", "blind")
    assert room.sight("one").is_whole
    assert not room.sight("two").people
    assert (len(listed(room, "one", "closed")), listed(room, "two", "closed")) == (1, [])
    room.first("two")
    room.decide("two", "accept", "not for me")
    assert [one["level"] for one in rows(room, decision)] == [1, 2]
    room.policy("concurrent", "open", is_ended=True)
    assert room.sight("two").is_whole


def test_images_that_come_later_are_hidden_until_they_are_read_too(room: Room) -> None:
    room.policy("second-reader", "blind")
    room.first("one")
    room.decide("one")
    assert room.sight("one").is_whole
    room.result()
    assert room.sight("one").is_whole  # a report is no image to be read
    room.arrive(film(image=2))
    room.analyse()
    assert not room.sight("one").algorithm
    assert not room.sight("one").people
    room.first("one")
    room.decide("one", reason="again")
    assert room.sight("one").is_whole


def test_who_may_see_everything_makes_no_independent_read(room: Room) -> None:
    room.policy("second-reader", "double")
    both = Actor("person", room.actors["one"].id, "Both", room.actors["one"].permissions | {"review.see_all"})
    for call in (
        lambda: actions_read.first_read(room.kernel, both, exam_pk=room.exam_pk, no_findings=True),
        lambda: actions_read.independent_read(room.kernel, both, exam_pk=room.exam_pk, conclusion="reject"),
    ):
        with pytest.raises(Conflict, match="not independent"):
            call()
    token = Actor("token", "3", "A program", room.actors["one"].permissions)
    with room.kernel.database.read() as connection:
        assert not sight.sight_of(connection, token, room.exam_pk).people
        assert sight.sight_of(connection, Actor("node", "3", "PACS", frozenset()), room.exam_pk) == WHOLE
    with pytest.raises(WrongUsage, match="only a person"):
        actions_read.first_read(room.kernel, token, exam_pk=room.exam_pk, no_findings=True)
    with pytest.raises(NotAllowed):
        actions_reading.set_policy(room.kernel, room.actors["one"], industry="ndt", algorithm="off", reading="open")


def test_nobody_holds_what_two_people_read(room: Room) -> None:
    (item,) = listed(room, "one")
    worklist.claim(room.kernel, room.actors["lead"], item_id=item["item_id"])
    room.policy("concurrent", "double")
    (shown,) = listed(room, "one")
    assert (shown["state"], shown["claimed_by"]) == ("waiting", "")
    worklist.claim(room.kernel, room.actors["one"], item_id=item["item_id"])
    room.judge("one")
    room.independent("one")
    room.independent("two")  # agrees, and closes what somebody held before the policy
    assert len(rows(room, decision)) == 1


def test_a_list_whose_proposals_are_hidden_is_not_sorted_by_them(room: Room) -> None:
    (before,) = listed(room, "one")
    worklist.rank(room.kernel, service("test", "*"), exam_pk=room.exam_pk, decision_proposed="reshoot")
    (urgent,) = listed(room, "one")
    room.policy("second-reader", "open")
    (plain,) = listed(room, "one")
    assert (urgent["priority"], urgent["due_at"]) != (plain["priority"], plain["due_at"])
    assert plain["decision_proposed"] == ""
    room.first("one")
    assert listed(room, "one")[0]["due_at"] == plain["due_at"]
    assert listed(room, "lead")[0]["due_at"] == urgent["due_at"]
    assert before["decision_proposed"] == "reject"


def test_news_of_what_is_hidden_are_told_to_nobody_it_is_hidden_from(room: Room) -> None:
    room.policy("concurrent", "double")
    key = room.actors["two"].key
    names = (
        "review.independent_read",
        "review.judge",
        "archive.view",
        "report.keep",
        "worklist.rank",
        "archive.ingest",
    )
    events = events_of(
        {"action": name, "actor": key, "index": n, "outcome": "done", "details": {"exam_pk": room.exam_pk}}
        for n, name in enumerate(names)
    )
    told = told_to(room.kernel, events, list(room.actors.values()))
    assert [one.piece["action"] for one in told[room.actors["one"].key]] == ["archive.ingest"]
    assert len(told[key]) == len(told[room.actors["lead"].key]) == len(names)
    room.policy("concurrent", "open")
    assert len(told_to(room.kernel, events, list(room.actors.values()))[room.actors["one"].key]) == len(names)


def test_objects_and_evidence_are_withheld_while_something_is_hidden(room: Room) -> None:
    room.policy("second-reader", "open")
    client, at = room.client("one"), f"/api/v1/exams/{room.exam_pk}"
    for address in (f"{at}/objects/sr", f"{at}/evidence", f"{at}/forensics"):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:kerma:error:withheld"), address
    assert client.post(f"{at}/objects/sr/keep").status_code == 403
    room.first("one")
    assert client.get(f"{at}/evidence").status_code == 200
    assert issubclass(Withheld, NotAllowed)


def test_reading_is_recorded_with_the_decision_and_counted(room: Room) -> None:
    client, at = room.client("one"), f"/api/v1/exams/{room.exam_pk}"
    told = {
        "opened_at": "2026-03-02T12:00:00Z", "chains": {room.sha256: {"version": 1, "steps": [], "negative": True}},
        "functions": [{"name": "negative", "seconds": 4.5}, {"name": "organic-only", "seconds": 1}],
    }  # fmt: skip
    given = {"decision": "reject", "reading": told}
    assert client.post(f"{at}/decisions", json=given | {"reading": told | {"more": 1}}).status_code == 422
    wrong = {"functions": [{"name": "negative", "seconds": -1}]}
    assert client.post(f"{at}/decisions", json=given | {"reading": wrong}).status_code == 422
    made = client.post(f"{at}/decisions", json=given)
    assert made.status_code == 201, made.text
    (decided,) = client.get(f"{at}/analysis").json()["decisions"]
    assert decided["reading"]["record"]["functions"] == told["functions"]
    assert decided["reading"]["record"]["chains"][room.sha256]["negative"] is True
    assert (decided["reading"]["algorithm"], decided["reading"]["saw_algorithm"]) == ("concurrent", True)
    assert client.get("/api/v1/readings/functions").status_code == 403
    found = room.client("lead").get("/api/v1/readings/functions?industry=ndt").json()
    assert (found["decisions"], [one["name"] for one in found["functions"]]) == (1, ["negative", "organic-only"])
    assert room.client("lead").get("/api/v1/readings/functions?date_to=2026-03-01").json()["decisions"] == 0


def test_policies_are_set_and_listed_over_http(room: Room) -> None:
    lead = room.client("lead")
    given = {"algorithm": "off", "reading": "open", "exam_class": "ct"}
    listed = lead.put("/api/v1/reading-policies/medical", json=given).json()
    (own,) = [row for row in listed if row["exam_class"]]
    assert (own["exam_class"], own["algorithm"], own["set_by_name"]) == ("CT", "off", "Lead Three")
    assert {row["industry"] for row in listed if not row["exam_class"]} == set(room.kernel.industries)
    ended = lead.put("/api/v1/reading-policies/medical", json=given | {"is_ended": True}).json()
    assert not [row for row in ended if row["exam_class"]]
    assert lead.put("/api/v1/reading-policies/none", json=given).status_code == 400
    assert room.client("one").put("/api/v1/reading-policies/ndt", json=given).status_code == 403


def test_who_looks_past_what_is_hidden_is_on_record(room: Room) -> None:
    room.policy("off", "open")
    for _ in range(2):
        shown = room.client("lead").get(f"/api/v1/exams/{room.exam_pk}/analysis").json()
    assert shown["decision_proposed"] == "reject"
    with room.kernel.database.read() as connection:
        from kerma.kernel.ledger_tables import ledger_record

        bodies = list(connection.scalars(sa.select(ledger_record.c.body)))
    assert sum('"review.see_all"' in body for body in bodies) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
def test_a_reader_killed_in_the_middle_leaves_no_half_read(room: Room, backend: str) -> None:
    if backend != "sqlite":
        pytest.skip("a forked process must not share a server's connection")
    room.policy("concurrent", "double")
    room.independent("one")
    room.kernel.database.engine.dispose()
    child = os.fork()
    if child == 0:  # pragma: no cover - dies before it can report
        actions_read.actions.decide.body = lambda *given, **named: os.kill(os.getpid(), signal.SIGKILL)
        room.independent("two")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert [one["kind"] for one in rows(room, reading)] == ["independent"]
    assert rows(room, decision) == []
    room.independent("two")
    assert len(rows(room, decision)) == 1
