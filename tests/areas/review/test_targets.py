"""Pace, refused images and reading time: measured per person, told with an interval, and never as a call to hurry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import readings
from films import film
from kerma.areas.review import actions, actions_targets, rules_targets
from kerma.areas.review.model import decision
from kerma.areas.review.model_target import reading_target
from kerma.areas.review.rules_targets import MEASURES, Read, Target, fitting, hours_read, stands, words_of
from kerma.errors import NotAllowed, WrongUsage
from kerma.industries import INDUSTRIES
from kerma.kernel import clock, sight
from kerma.kernel.action import Kernel
from kerma.standards import table
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"))
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
USUAL = Target("ndt", "", "", "exams-per-hour", 8.0, 20.0)


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def read(at_min: float, took_min: float | None = None, decided: str = "accept") -> Read:
    at = BEGUN + timedelta(minutes=at_min)
    return Read(None if took_min is None else at - timedelta(minutes=took_min), at, decided)


def steadily(count: int, every_min: float, took_min: float = 2, refused: int = 0) -> list[Read]:
    codes = ["reshoot"] * refused + ["accept"] * (count - refused)
    return [read(every_min * number, took_min, code) for number, code in enumerate(codes, start=1)]


@pytest.mark.parametrize(
    ("target", "word"),
    [
        (replace(USUAL, measure="beauty"), "is not measured"), (replace(USUAL, low=20.0), "a larger one"),
        (replace(USUAL, low=-1.0), "a larger one"), (replace(USUAL, high=float("inf")), "a larger one"),
        (replace(USUAL, high=float("nan")), "a larger one"), (replace(USUAL, site="x" * 65), "letters"),
        (Target("ndt", "", "", "retake-share", 0.1, 5.0), "a share from 0 to 1"),
    ],
)  # fmt: skip
def test_a_range_that_makes_no_sense_is_told(target: Target, word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        rules_targets.checked_target(target)


def test_time_counts_while_an_exam_is_open_and_in_short_pauses() -> None:
    assert hours_read([]) == 0 and hours_read([read(0)]) == 0
    assert hours_read([read(0, 6)]) == pytest.approx(0.1)
    assert hours_read([read(0, 6), read(20, 6)]) == pytest.approx(26 / 60)  # a pause of 14 minutes
    assert hours_read([read(0, 6), read(30, 6)]) == pytest.approx(12 / 60)  # one of 24 minutes
    assert hours_read([read(0, 30), read(0, 6), read(-2, 6)]) == pytest.approx(0.5)  # open at the same time
    assert hours_read([read(0, 600)]) == pytest.approx(1)  # left open overnight
    assert hours_read([read(0), read(10), read(40)]) == pytest.approx(10 / 60)  # when they were opened is not known


def test_what_is_set_for_site_and_role_goes_before_what_is_set_for_all() -> None:
    of_site, of_role = replace(USUAL, site="yard", low=1.0), replace(USUAL, role="analyst", low=2.0)
    of_both = replace(USUAL, site="yard", role="analyst", low=3.0)
    every = [of_both, of_role, USUAL, of_site]
    asked = ((("yard",), ("analyst",), 3.0), (("yard",), (), 1.0), ((), ("analyst", "lead"), 2.0), ((), (), 8.0))
    for sites, roles, low in asked:
        assert fitting(every, sites, roles)["exams-per-hour"].low == low
    assert fitting([of_both], ("dock",), ("analyst",)) == {}


def test_a_person_is_outside_only_where_the_whole_interval_is() -> None:
    for value, interval, standing in (
        (10, (8, 12), "within"), (5, (4, 7.9), "below"), (5, (4, 8.1), "perhaps"), (25, (21, 30), "above"),
        (25, (19, 30), "perhaps"), (None, None, "too-few"), (10, None, "too-few"),
    ):  # fmt: skip
        assert stands(value, interval, 30, USUAL) == standing
    assert stands(5, (4, 6), 29, USUAL) == "too-few" and stands(5, (4, 6), 99, None) == "no-target"


def test_every_standing_has_words_and_none_asks_for_speed() -> None:
    for measure in MEASURES:
        for standing in ("below", "within", "above", "perhaps", "too-few", "no-target"):
            assert words_of(measure, standing).endswith(".")
    told = " ".join(row["words"] for row in table("kerma_review/target_words")).lower()
    assert not any(word in told for word in ("faster", "quicker", "hurry", "slow", "catch up", "rank", "best", "worst"))
    assert "careful reading is no fault" in words_of("exams-per-hour", "below")
    assert "careful reading is no fault" in words_of("reading-minutes", "above")


def test_decisions_that_refuse_images_are_decisions_of_their_industry() -> None:
    for name, industry in INDUSTRIES.items():
        assert rules_targets.retakes(name) <= set(industry.decisions)
    assert rules_targets.retakes("ndt") == {"reshoot"}


def test_the_figures_of_a_person() -> None:
    reads = steadily(60, 5, took_min=2, refused=6)
    targets = {"exams-per-hour": USUAL, "retake-share": Target("ndt", "", "", "retake-share", 0.0, 0.02)}
    pace, retakes, minutes = rules_targets.figures("ndt", reads, targets)
    hours = (59 * 5 + 2) / 60
    assert pace["value"] == pytest.approx(60 / hours) and pace["stands"] == "within" and pace["count"] == 60
    assert pace["interval"][0] < pace["value"] < pace["interval"][1]
    assert retakes["value"] == pytest.approx(0.1) and retakes["stands"] == "above"
    assert (minutes["value"], minutes["interval"], minutes["stands"]) == (2, (2, 2), "no-target")
    assert [one["month"] for one in pace["months"]] == ["2026-03"]
    longer = [*reads, *[replace(one, decided_at=one.decided_at + timedelta(days=40), opened_at=None) for one in reads]]
    later = rules_targets.figures("ndt", longer, {})[0]["months"]
    assert [(one["month"], one["count"]) for one in later] == [("2026-03", 60), ("2026-04", 60)]
    assert rules_targets.figures("security", reads, {})[1]["value"] is None  # no decision there refuses images
    assert [one["value"] for one in rules_targets.figures("ndt", [], {})] == [None, None, None]


def decided(room: Room, name: str, count: int, every_min: float) -> None:
    """Have a person decide exams, and let the moments of the decisions lie some minutes apart, the last one now."""
    numbers = []
    for _ in range(count):
        number = len(numbers) + 100 * (1 + list(room.actors).index(name))
        exam_pk = room.arrive(film(exam=number)).exam_pk
        about = {"exam_pk": exam_pk, "decision_code": "accept", "reason": "seen"}
        numbers.append(actions.decide(room.kernel, room.actors[name], **about))
    now = room.kernel.clock.now()
    with room.kernel.database.write() as connection:
        for back, number in enumerate(reversed(numbers)):
            at = clock.text(now - timedelta(minutes=every_min * back))
            connection.execute(sa.update(decision).where(decision.c.id == number).values(at=at))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_reader_sees_their_own_figures_and_a_lead_everybodys(room: Room) -> None:
    decided(room, "one", 40, 2.0)
    decided(room, "two", 3, 2.0)
    lead, one = room.client("lead"), room.client("one")
    target = {"industry": "ndt", "measure": "exams-per-hour", "low": 8, "high": 20}
    assert one.post("/api/v1/peer/targets", json=target).status_code == 403
    assert lead.post("/api/v1/peer/targets", json=target | {"high": 2}).status_code == 400
    assert lead.post("/api/v1/peer/targets", json=target | {"industry": "baking"}).status_code == 400
    assert lead.post("/api/v1/peer/targets", json=target | {"measure": "beauty"}).status_code == 422
    of_role = target | {"role": "analyst", "low": 5, "high": 9}
    assert [row["low"] for row in lead.post("/api/v1/peer/targets", json=target).json()] == [8]
    assert len(lead.post("/api/v1/peer/targets", json=of_role).json()) == 2
    assert one.get("/api/v1/peer/throughput?industry=ndt").status_code == 403
    mine = one.get("/api/v1/peer/throughput/mine?industry=ndt").json()
    (person,) = mine["people"]
    pace = person["measures"][0]
    assert person["person_name"] == "Reader One" and person["agreement"]["of"] == 0
    assert (pace["low"], pace["high"], pace["stands"], pace["count"]) == (5, 9, "above", 40)
    assert pace["value"] == pytest.approx(40 / (78 / 60), rel=1e-3)
    assert "Take the time that an exam needs" in pace["words"]
    every = lead.get("/api/v1/peer/throughput?industry=ndt&days=30").json()["people"]
    assert [row["person_name"] for row in every] == ["Reader One", "Reader Two"]
    assert [row["measures"][0]["stands"] for row in every] == ["above", "too-few"]
    assert lead.get("/api/v1/peer/throughput?industry=medical").json()["people"] == []
    assert lead.get("/api/v1/peer/throughput?industry=baking").status_code == 404
    ended = lead.post("/api/v1/peer/targets", json=of_role | {"is_ended": True}).json()
    assert [row["role"] for row in ended] == [""]
    after = one.get("/api/v1/peer/throughput/mine?industry=ndt").json()["people"][0]["measures"][0]
    assert (after["low"], after["high"], after["stands"]) == (8, 20, "above")


def test_a_target_is_kept_and_its_range_is_in_no_record(room: Room) -> None:
    with pytest.raises(NotAllowed):
        actions_targets.set_target(room.kernel, room.actors["one"], target=USUAL)
    given = replace(USUAL, site=" yard ", low=7.25)
    actions_targets.set_target(room.kernel, room.actors["lead"], target=given)
    with room.kernel.database.read() as connection:
        row = connection.execute(sa.select(reading_target)).mappings().one()
    assert (row["site"], row["low"], row["is_ended"]) == ("yard", 7.25, False)
    with pytest.raises(sa.exc.IntegrityError), room.kernel.database.write() as connection:
        values: dict[str, Any] = {name: row[name] for name in row if name != "id"} | {"high": 1.0}
        connection.execute(sa.insert(reading_target).values(values))
