"""What a reviewer must not know before their review is recorded leaves by no door, whatever they may see otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import readings
from kerma.areas.review import actions_peer
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from readings import BY_OTHERS, OF_RESULT, Answer, Room

AUTHOR = BY_OTHERS[0]
PEOPLE = (("other", AUTHOR, "analyst"), ("lead", "Lead Three", "lead"), ("peer", "Peer Two", "reviewer"))
WHO_WORKS_HERE = ("/api/v1/custody/people", "/api/v1/people", "/api/v1/colleagues")
"""Lists of everybody, whatever they did."""
PLAN = {
    "industry": "ndt", "exam_class": "", "kind": "random", "person": "", "share_permille": 1000, "first_count": 0,
    "is_blinded": True, "hides_reviewer": True, "due_days": 7, "is_ended": False,
}  # fmt: skip


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def leaks(found: dict[str, Answer], *needles: str) -> list[str]:
    return [
        f"{address}: {needle}: {one.body[:300]!r}"
        for address, one in found.items()
        for needle in needles
        if needle not in address and one.holds(needle) and not address.startswith(WHO_WORKS_HERE)
    ]


def _differs(before: Answer, after: Answer) -> bool:
    """Return whether an answer is another one; the ledger grows, and an error of the server has a number of its own."""
    if before.address == "/api/v1/evidence" or before.status == after.status == 500:
        return False
    return (before.status, before.body) != (after.status, after.body)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["lead", "peer"])
def test_a_reviewer_meets_neither_words_nor_name_before_the_review_is_recorded(room: Room, name: str) -> None:
    actions_peer.set_plan(room.kernel, room.actors["lead"], given=PLAN)
    readings.another_reads(room, "other")
    room.decide("other", reason=BY_OTHERS[3])
    room.report()
    room.result()
    client = room.client(name)
    (waiting,) = client.get("/api/v1/peer/cases").json()
    assert (waiting["exam_pk"], waiting["subject_id"], waiting["reasons"], waiting["original"]) == (None, "", [], None)
    assert leaks(readings.answers(room, name), AUTHOR)  # it would be found: nothing is hidden before the claim
    case = f"/api/v1/peer/cases/{waiting['id']}"
    assert client.post(f"{case}/claim").json()["exam_pk"] == room.exam_pk
    assert leaks(readings.answers(room, name), *BY_OTHERS, *OF_RESULT) == []
    original = client.post(f"{case}/conclusion", json={"conclusion": "accept"}).json()["original"]
    assert (original["decision"], original["reason"], original["by_name"]) == ("reject", BY_OTHERS[3], "")
    assert BY_OTHERS[1] in [finding["note"] for finding in original["findings"]]
    assert leaks(readings.answers(room, name), AUTHOR) == []
    done = client.post(f"{case}/score", json={"score": "sized", "words": "smaller"}).json()
    assert done["original"]["by_name"] == AUTHOR
    assert leaks(readings.answers(room, name), AUTHOR)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_is_reviewed_learns_of_it_when_it_is_done_and_not_by_whom(room: Room) -> None:
    room.decide("other", reason="sound")
    before = readings.answers(room, "other")
    actions_peer.set_plan(room.kernel, room.actors["lead"], given=PLAN | {"share_permille": 1})
    actions_peer.set_plan(room.kernel, room.actors["lead"], given=PLAN)
    room.decide("other", "accept", "looked again")
    decided = readings.answers(room, "other")
    peer = room.client("peer")
    (waiting,) = peer.get("/api/v1/peer/cases").json()
    case = f"/api/v1/peer/cases/{waiting['id']}"
    peer.post(f"{case}/claim")
    peer.post(f"{case}/conclusion", json={"conclusion": "reject", "words": "needleconclusion"})
    claimed = readings.answers(room, "other")
    assert [one for one in before if _differs(decided[one], claimed[one])] == []
    peer.post(f"{case}/score", json={"score": "missed-rejectable", "words": "needlescore"})
    after = readings.answers(room, "other")
    assert leaks(after, "Peer Two") == []
    told = [address for address, one in after.items() if one.holds("needlescore")]
    assert told == ["/api/v1/inbox", "/api/v1/peer/feedback", "/api/v1/peer/learning"]
