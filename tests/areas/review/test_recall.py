"""Recalls: earlier exams of a welder, batch or owner go back on the list, each once, and their progress is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import judgements
import readings
from films import film
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.review import actions, actions_recall, rules_recall
from kerma.areas.review.evidence_spec import parts
from kerma.areas.review.model_recall import recall, recall_exam
from kerma.areas.review.rules_recall import Lot, Progress
from kerma.areas.worklist.model import item
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"))
WELDER = Lot("welder", "W7")


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def weld(room: Room, exam: int, decision: str = "accept", *, day: str = "20260301", welder: str = "W7") -> int:
    """Take in, analyse and decide a weld of a welder."""
    data = film(exam=exam, StudyDate=day, PatientID=f"S-{exam}")
    stored = ingest(room.kernel, service("test", "*"), source=Arrival(data, "weld.dcm", industry="ndt"))
    document = judgements.document(judgements.image(stored.sha256)) | {"technique": {"welder": welder}}
    judgements.analysed(room.kernel, service("test", "*"), stored.exam_pk, document)
    if decision:
        decide(room, stored.exam_pk, decision)
    return stored.exam_pk


def decide(room: Room, exam_pk: int, code: str, supersedes: int | None = None) -> int:
    about = {"exam_pk": exam_pk, "decision_code": code, "reason": "seen", "supersedes": supersedes}
    return actions.decide(room.kernel, room.actors["one"], **about)


def recalled(room: Room, expected: int, lot: Lot = WELDER, name: str = "lead", **more: Any) -> int:
    told = {"lot": lot, "reason": "the electrodes were wet", "expected": expected} | more
    return actions_recall.recall_exams(room.kernel, room.actors[name], **told)


def states(room: Room) -> dict[int, str]:
    with room.kernel.database.read() as connection:
        return {row.exam_pk: row.state for row in connection.execute(sa.select(item.c.exam_pk, item.c.state))}


def rows(room: Room, listed: sa.Table) -> list[dict[str, Any]]:
    with room.kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(listed)).mappings()]


@pytest.mark.parametrize(
    ("lot", "word"),
    [
        (Lot("mood", "x"), "gathers no exams"),
        (Lot("welder", " "), "is empty"),
        (Lot("welder", "x" * 129), "letters"),
        (Lot("welder", "W7", "2026-02-30"), "is no day"),
        (Lot("welder", "W7", "20260201"), "is no day"),
        (Lot("welder", "W7", "2026-03-02", "2026-03-01"), "before the first"),
    ],
)
def test_what_is_no_lot_is_told(lot: Lot, word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        rules_recall.checked_lot(lot)


def test_progress_counts_what_was_decided_anew_and_otherwise() -> None:
    def row(decision_id: int, now_id: int, now: str, awaits: str = "") -> dict[str, Any]:
        return {"decision_id": decision_id, "before": "accept", "now_id": now_id, "now": now, "awaits": awaits}

    assert rules_recall.progress([]) == Progress(0, 0, 0)
    assert rules_recall.progress([row(1, 1, "accept"), row(2, 5, "accept"), row(3, 6, "reject")]) == Progress(3, 2, 1)
    assert rules_recall.progress([row(1, 5, "reject", "level-2")]) == Progress(1, 0, 0)


def test_decided_exams_go_back_on_the_list_once_and_are_read_again(room: Room) -> None:
    first, second, undecided, other = weld(room, 5), weld(room, 6), weld(room, 7, ""), weld(room, 8, welder="W8")
    assert (states(room)[first], states(room)[other]) == ("closed", "closed")
    with pytest.raises(NotAllowed):
        recalled(room, 2, name="one")
    with pytest.raises(Conflict, match="there are 2 exams"):
        recalled(room, 3)
    with pytest.raises(NotFound):
        recalled(room, 2, exam_pk=999)
    number = recalled(room, 2, exam_pk=undecided)
    now = states(room)
    assert [now[one] for one in (first, second, undecided, other)] == ["waiting", "waiting", "waiting", "closed"]
    with pytest.raises(Conflict, match="there are 0 exams"):
        recalled(room, 2)
    kept = rows(room, recall_exam)
    assert [(row["recall_id"], row["exam_pk"]) for row in kept] == [(number, first), (number, second)]
    before = {row["exam_pk"]: row["decision_id"] for row in kept}
    decide(room, first, "accept", before[first])
    decide(room, second, "reject", before[second])
    lead = room.client("lead")
    shown = lead.get(f"/api/v1/recalls/{number}").json()
    assert (shown["recalled"], shown["read_again"], shown["changed"], shown["exam_pk"]) == (2, 2, 1, undecided)
    assert [(one["before"], one["now"], one["is_read_again"]) for one in shown["exams"]] == [
        ("accept", "accept", True), ("accept", "reject", True),
    ]  # fmt: skip
    # What was decided anew can be recalled again: by another recall, on another decision.
    assert recalled(room, 2) == number + 1
    assert "data/decisions/recalls.json" in [one.path for one in parts(room.kernel, first)]


def test_a_recall_takes_the_days_it_is_told(room: Room) -> None:
    early = weld(room, 5, day="20260110")
    weld(room, 6, day="20260220")
    recalled(room, 1, Lot("welder", "W7", "2026-01-01", "2026-01-31"))
    assert [row["exam_pk"] for row in rows(room, recall_exam)] == [early]
    found = room.client("one").get("/api/v1/lots?kind=welder&value=W7&since=2026-02-20&until=2026-02-20").json()
    assert (len(found["exams"]), found["to_recall"], found["exams"][0]["day"]) == (1, 1, "2026-02-20")


def test_of_two_recalls_at_the_same_moment_one_has_the_exams(room: Room) -> None:
    for exam in (5, 6, 7):
        weld(room, exam)
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def run() -> None:
        barrier.wait()
        try:
            recalled(room, 3)
            outcomes.append("done")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    assert (len(rows(room, recall)), len(rows(room, recall_exam))) == (1, 3)


def test_a_recall_over_http(room: Room) -> None:
    one, lead = room.client("one"), room.client("lead")
    exam_pk = weld(room, 5)
    found = one.get("/api/v1/lots?kind=welder&value=W7").json()
    assert [(row["exam_pk"], row["decision"], row["is_recalled"]) for row in found["exams"]] == [
        (exam_pk, "accept", False)
    ]
    new = {"kind": "welder", "value": "W7", "reason": "wet electrodes", "expected": 1}
    assert one.post("/api/v1/recalls", json=new).status_code == 403
    assert lead.post("/api/v1/recalls", json=new | {"kind": "mood"}).status_code == 400
    made = lead.post("/api/v1/recalls", json=new)
    assert made.status_code == 201, made.text
    assert lead.post("/api/v1/recalls", json=new).status_code == 409
    assert one.get("/api/v1/lots?kind=welder&value=W7").json()["to_recall"] == 0
    (told,) = one.get(f"/api/v1/exams/{exam_pk}/recalls").json()
    assert (told["reason"], told["by_name"], told["read_again"]) == ("wet electrodes", "Lead Three", 0)
    assert [row["id"] for row in one.get("/api/v1/recalls").json()] == [made.json()["id"]]
    assert one.get("/api/v1/recalls/999").status_code == 404
    assert one.get("/api/v1/lots?kind=welder&value=").status_code == 400


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_recall_of_what_a_blind_reader_has_not_read_is_not_told(room: Room) -> None:
    exam_pk = weld(room, 5)
    room.policy("concurrent", "blind")
    number = recalled(room, 1)
    two = room.client("two")
    assert two.get(f"/api/v1/recalls/{number}").status_code == 404
    assert two.get("/api/v1/recalls").json() == two.get(f"/api/v1/exams/{exam_pk}/recalls").json() == []
    assert two.get("/api/v1/lots?kind=welder&value=W7").json()["exams"] == []
    found = readings.answers(room, "two")
    assert [address for address, one in found.items() if one.holds("the electrodes were wet")] == []
    assert room.client("lead").get(f"/api/v1/recalls/{number}").json()["recalled"] == 1
