"""Where several decide one after another, only what the last of them says opens, closes, or counts as read again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import judgements
import readings
from films import film
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.review import (
    actions,
    actions_discrepancy,
    actions_nonconformance,
    actions_recall,
    queries,
    queries_recall,
    rules_recall,
)
from kerma.areas.review.model_nonconformance import nonconformance
from kerma.areas.review.rules_discrepancy import Seen
from kerma.areas.review.rules_recall import Lot, Progress
from kerma.areas.worklist import actions_flow, actions_levels
from kerma.areas.worklist.model import item
from kerma.areas.worklist.rules_flow import shipped
from kerma.areas.worklist.rules_next import Reader
from kerma.errors import Conflict
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service
from kerma.kernel.sight import WHOLE
from readings import Room

PEOPLE = (
    ("reader", "Reader One", "analyst"), ("second", "Level Two", "analyst"), ("third", "Level Three", "analyst"),
    ("lead", "Lead Four", "lead"), ("chief", "Lead Five", "lead"),
)  # fmt: skip
SKILLS = {"second": "RT-2", "third": "RT-3"}
WELDER = Lot("welder", "W7")


@pytest.fixture
def yard(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    """Welds are read by a reader, then by Level II, and by Level III where these reject."""
    kept = list(sight.RULES)
    made = readings.room(kernel, *PEOPLE)
    flow = {"industry": "ndt", "name": "levels", "stages": shipped()["ndt", "levels"]}
    actions_flow.set_flow(made.kernel, service("test", "*"), **flow)
    for name, skill in SKILLS.items():
        about = {"person_key": made.actors[name].key, "profile": Reader(skills=(skill,))}
        actions_levels.set_reader(made.kernel, service("test", "*"), **about)
    made.exam_pk = weld(made, 20)
    yield made
    sight.RULES[:] = kept


def weld(room: Room, exam: int, **attributes: Any) -> int:
    stored = ingest(
        room.kernel, service("test", "*"), source=Arrival(film(exam=exam, **attributes), "weld.dcm", industry="ndt")
    )
    document = judgements.document(judgements.image(stored.sha256)) | {"technique": {"welder": "W7"}}
    judgements.analysed(room.kernel, service("test", "*"), stored.exam_pk, document)
    return stored.exam_pk


def decide(room: Room, name: str, code: str, exam_pk: int = 0) -> None:
    key = exam_pk or room.exam_pk
    with room.kernel.database.read() as connection:
        made = queries.decisions(connection, key, WHOLE)
    about = {"exam_pk": key, "decision_code": code, "reason": "seen", "supersedes": made[0]["id"] if made else None}
    actions.decide(room.kernel, room.actors[name], **about)


def stands(room: Room) -> tuple[str, str]:
    with room.kernel.database.read() as connection:
        found = sa.select(item.c.state, item.c.stage).where(item.c.exam_pk == room.exam_pk)
        return tuple(connection.execute(found).one())  # type: ignore[return-value]


def through(room: Room, *codes: str, exam_pk: int = 0) -> None:
    """Have every stage decide."""
    for name, code in zip(("reader", "second", "third"), codes, strict=False):
        decide(room, name, code, exam_pk)


def opened(room: Room) -> list[dict[str, Any]]:
    with room.kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(nonconformance)).mappings()]


def test_a_rejection_opens_a_nonconformance_when_nobody_decides_after_it(yard: Room) -> None:
    actions_nonconformance.set_nonconformances(yard.kernel, yard.actors["lead"], is_automatic=True)
    decide(yard, "reader", "reject")
    assert stands(yard) == ("waiting", "level-2") and opened(yard) == []
    with pytest.raises(Conflict, match="does not reject"):
        about = {"exam_pk": yard.exam_pk, "description": "pores"}
        actions_nonconformance.open_nonconformance(yard.kernel, yard.actors["reader"], **about)
    assert not yard.client("reader").get(f"/api/v1/exams/{yard.exam_pk}/nonconformances").json()["may_open"]
    decide(yard, "second", "reject")
    assert stands(yard) == ("waiting", "level-3") and opened(yard) == []
    decide(yard, "third", "reject")
    assert stands(yard) == ("closed", "level-3")
    (row,) = opened(yard)
    assert row["opened_by"] == yard.actors["third"].key


def test_it_is_closed_when_the_last_stage_accepts_the_exam_after_it(yard: Room) -> None:
    through(yard, "reject", "reject", "reject")
    about = {"exam_pk": yard.exam_pk, "description": "pores"}
    number = actions_nonconformance.open_nonconformance(yard.kernel, yard.actors["reader"], **about)
    one = {"nonconformance_id": number, "disposition": "repair"}
    actions_nonconformance.propose_disposition(yard.kernel, yard.actors["reader"], reason="grind it", **one)
    actions_nonconformance.decide_disposition(yard.kernel, yard.actors["lead"], **one)
    after = weld(yard, 21)
    linked = {"nonconformance_id": number, "exam_pk": after}
    actions_nonconformance.link_follow_up(yard.kernel, yard.actors["reader"], **linked)
    decide(yard, "reader", "accept", after)
    with pytest.raises(Conflict, match="not accepted"):
        actions_nonconformance.close_nonconformance(yard.kernel, yard.actors["lead"], nonconformance_id=number)
    address = f"/api/v1/nonconformances/{number}"
    assert yard.client("lead").get(address).json()["later_exams"][0]["decision"] == ""
    decide(yard, "second", "accept", after)
    actions_nonconformance.close_nonconformance(yard.kernel, yard.actors["lead"], nonconformance_id=number)
    assert opened(yard)[0]["state"] == "closed"


def test_a_recalled_exam_begins_at_the_first_stage_and_counts_when_it_is_through(yard: Room) -> None:
    def progress() -> Progress:
        with yard.kernel.database.read() as connection:
            found = queries_recall.recall_by_id(connection, yard.actors["lead"], recall_id)
        assert found is not None
        return rules_recall.progress(found["exams"])

    told = {"lot": WELDER, "reason": "the electrodes were wet"}
    decide(yard, "reader", "accept")
    with pytest.raises(Conflict, match="0 exams to recall"):  # Level II has still to decide it
        actions_recall.recall_exams(yard.kernel, yard.actors["lead"], expected=1, **told)
    decide(yard, "second", "accept")
    recall_id = actions_recall.recall_exams(yard.kernel, yard.actors["lead"], expected=1, **told)
    assert stands(yard) == ("waiting", "reader") and progress() == Progress(1, 0, 0)
    decide(yard, "reader", "reject")
    assert progress() == Progress(1, 0, 0)
    assert yard.client("lead").get(f"/api/v1/recalls/{recall_id}").json()["exams"][0]["is_read_again"] is False
    decide(yard, "second", "reject")
    assert progress() == Progress(1, 0, 0)
    decide(yard, "third", "accept")
    assert progress() == Progress(1, 1, 0)


def test_a_discrepancy_is_closed_when_the_exam_is_through_all_its_stages_again(yard: Room) -> None:
    through(yard, "accept", "accept")
    seen = Seen("rejectable", "a crack")
    number = actions_discrepancy.record_discrepancy(yard.kernel, yard.actors["third"], exam_pk=yard.exam_pk, seen=seen)
    answer = {"discrepancy_id": number, "agrees": True, "remedy": "read-again"}
    actions_discrepancy.answer_discrepancy(yard.kernel, yard.actors["second"], **answer)
    assert stands(yard) == ("waiting", "reader")
    through(yard, "reject", "reject")
    with pytest.raises(Conflict, match="not read again"):
        actions_discrepancy.close_discrepancy(yard.kernel, yard.actors["lead"], discrepancy_id=number)
    decide(yard, "third", "reject")
    closed = actions_discrepancy.close_discrepancy(yard.kernel, yard.actors["lead"], discrepancy_id=number)
    assert closed == "changed"
