"""Pilots: what is agreed first decides, readers meet no mark, and another person than who began it signs it off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import exams
import readings
from kerma.areas.flagging import actions_models, actions_pilot, pilot_report, pilots
from kerma.areas.flagging import jobs as flagging
from kerma.areas.flagging.actions_feedback import keep_feedback
from kerma.areas.flagging.model_pilot import pilot_exam
from kerma.areas.flagging.queries_models import model_of
from kerma.areas.flagging.rules_pilot import Terms, exam_of, result_of
from kerma.areas.review import jobs as review
from kerma.areas.review.actions_judge import Given, judge_exam
from kerma.areas.review.rules_findings import Added, Changes
from kerma.errors import Conflict, NotAllowed, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.science.observer import proportion
from looking_models import TESTER, add_model, arrive, rows_of, set_threshold

AGREED = {"planned_exams": 10, "least_sensitivity": 0.8, "most_false_per_exam": 1.0}
TERMS = Terms(10, 0.8, 1.0, ("Acme 7",))


def mark(box: tuple[float, ...], finding_id: str = "") -> dict[str, Any]:
    return {"id": finding_id, "label": "crack", "box": list(box), "plane": 0, "score": 0.5}


def run(*marks: dict[str, Any]) -> dict[str, Any]:
    return {"model_id": 1, "image_sha256": "ab", "machine": "Acme 7", "findings": list(marks)}


def answer(kind: str, finding: dict[str, Any], at: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"model_id": 1, "image_sha256": "ab", "answer": kind, "finding": finding, "mark": at}


def test_an_exam_counts_findings_once_and_every_mark_elsewhere_as_false() -> None:
    one, two, far = mark((1, 1, 4, 4)), mark((2, 2, 4, 4)), mark((50, 50, 4, 4))
    seen, overlooked = mark((1, 1, 5, 5), "1"), mark((90, 90, 5, 5), "2")
    answers = [answer("accepted", seen, one), answer("accepted", seen, two), answer("missed", overlooked)]
    counted = exam_of([run(one, two, far)], answers)
    assert {key: counted[key] for key in ("found", "missed", "false_marks")} == {
        "found": 1, "missed": 1, "false_marks": 1,
    }  # fmt: skip
    assert [(each["kind"], each["box"][0]) for each in counted["disagreements"]] == [("missed", 90), ("false", 50)]
    nothing = exam_of([run()], [])
    assert (nothing["found"], nothing["missed"], nothing["false_marks"], nothing["disagreements"]) == (0, 0, 0, [])


def exam(number: int, found: int, missed: int, false_marks: int) -> dict[str, Any]:
    counts = {"found": found, "missed": missed, "false_marks": false_marks}
    return {"exam_pk": number, "machine": f"M{number % 2}", "disagreements": [], **counts}


def test_figures_and_intervals_are_those_of_the_counts() -> None:
    several = [exam(number, 1, int(number < 8), number % 3) for number in range(60)]
    result = result_of(AGREED, several)
    assert result["sensitivity"] == pytest.approx(60 / 68)
    assert result["false_per_exam"] == pytest.approx(sum(number % 3 for number in range(60)) / 60)
    for got, exact in zip(result["sensitivity_interval"], proportion.interval(60, 68), strict=True):
        assert got == pytest.approx(exact, abs=0.04)  # one finding in most exams: nearly independent
    assert [row["exams"] for row in result["by_machine"]] == [30, 30]
    perfect = result_of(AGREED, [exam(number, 1, 0, 0) for number in range(20)])
    assert perfect["sensitivity_interval"][0] == pytest.approx(proportion.interval(20, 20)[0])
    assert perfect["false_per_exam_interval"] == [0.0, pytest.approx(3.689 / 20, abs=1e-3)]


@pytest.mark.parametrize(
    ("several", "why"),
    [
        ([exam(number, 1, 0, 1) for number in range(10)], []),
        ([exam(number, 1, 0, 1) for number in range(9)], ["9 of 10 planned exams"]),
        ([exam(number, 1, 1, 0) for number in range(10)], ["sensitivity 0.500 is below 0.8"]),
        ([exam(number, 1, 0, 2) for number in range(10)], ["2.00 false marks per exam are above 1"]),
        ([exam(number, 0, 0, 0) for number in range(10)], ["readers have found nothing"]),
        ([], ["0 of 10 planned exams", "readers have found nothing"]),
    ],
)
def test_reached_is_what_was_agreed_and_nothing_less(several: list[dict[str, Any]], why: list[str]) -> None:
    result = result_of(AGREED, several)
    assert result["reached"] is (why == [])
    assert [told.startswith(said) for told, said in zip(result["why"], why, strict=True)] == [True] * len(why)
    assert not result["is_sure"]


def decided(kernel: Kernel, model_id: int, number: int, machine: str = "Acme 7") -> None:
    """Have an exam decided in which the model marked the one finding, and one place more in every second exam."""
    exam_pk = exams.arrive(kernel, TESTER, industry="ndt", subject_id=f"W-{number}")
    seen = mark((1, 1, 4, 4))
    found = [{**run(seen, *([mark((60, 60, 4, 4))] if number % 2 else [])), "model_id": model_id, "machine": machine}]
    keep_feedback(
        kernel, TESTER, exam_pk=exam_pk, runs=found,
        rows=[{**answer("accepted", mark((1, 1, 5, 5), "1"), seen), "model_id": model_id, "reason": "",
               "reader": "person:1", "reader_first": True}],
    )  # fmt: skip


def test_a_pilot_is_signed_off_by_another_person_and_its_model_approved_on_it(kernel: Kernel) -> None:
    model_id = add_model(kernel, state="candidate")
    began, other = exams.person(1), exams.person(2)
    with pytest.raises(Conflict, match="into shadow first"):
        actions_pilot.begin_pilot(kernel, began, model_id=model_id, terms=TERMS, reason="new")
    actions_models.shadow_model(kernel, began, model_id=model_id, reason="try it")
    for wrong in (replace(TERMS, planned_exams=3), replace(TERMS, least_sensitivity=0.0)):
        with pytest.raises(WrongUsage):
            actions_pilot.begin_pilot(kernel, began, model_id=model_id, terms=wrong, reason="new")
    number = actions_pilot.begin_pilot(kernel, began, model_id=model_id, terms=TERMS, reason="new film line")
    with pytest.raises(Conflict, match="under way"):
        actions_pilot.begin_pilot(kernel, other, model_id=model_id, terms=TERMS, reason="again")
    for exam_number in range(9):
        decided(kernel, model_id, exam_number)
    decided(kernel, model_id, 99, machine="Other")
    with pytest.raises(Conflict, match="9 of 10 planned exams"):
        actions_pilot.sign_off(kernel, other, pilot_id=number, reason="fine")
    decided(kernel, model_id, 10)
    with pytest.raises(WrongUsage, match="signed off"):
        actions_models.activate_model(kernel, other, model_id=model_id, reason="good", pilot_id=number)
    with pytest.raises(NotAllowed, match="another person"):
        actions_pilot.sign_off(kernel, began, pilot_id=number, reason="fine")
    with pytest.raises(NotAllowed, match="only a person"):
        actions_pilot.sign_off(kernel, TESTER, pilot_id=number, reason="fine")
    actions_pilot.sign_off(kernel, other, pilot_id=number, reason="reached")
    with pytest.raises(Conflict, match="was signed off"):
        actions_pilot.give_up_pilot(kernel, other, pilot_id=number, reason="late")
    decided(kernel, model_id, 11)
    with kernel.database.read() as connection:
        one = pilots.pilot_by_id(connection, number)
        result = pilots.result(connection, one)
    assert (result["exams"], result["found"], result["false_marks"]) == (10, 10, 4)
    actions_models.activate_model(kernel, other, model_id=model_id, reason="good", pilot_id=number)
    with kernel.database.read() as connection:
        assert model_of(connection, model_id).state == "active"
    page = pilot_report.report(one, result, {began.key: "First <Person>", other.key: "Second"})
    assert "First &lt;Person&gt;" in page and "are reached" in page and "Acme 7" in page


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[readings.Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, ("one", "Reader One", "analyst"), ("lead", "Lead Three", "lead"))
    sight.RULES[:] = kept


def test_readers_decide_and_the_pilot_counts_and_only_leads_see_it(room: readings.Room) -> None:
    kernel = room.kernel
    model_id = add_model(kernel, state="shadow")
    set_threshold(kernel, model_id, "", 0.01)
    lead, one = room.client("lead"), room.client("one")
    given = {"planned_exams": 10, "least_sensitivity": 0.9, "most_false_per_exam": 2, "reason": "try"}
    (begun,) = lead.post(f"/api/v1/models/{model_id}/pilots", json=given).json()
    stored = arrive(kernel, spacing_mm=0.1)
    review.analyse_exam(kernel, exam_pk=stored.exam_pk)
    flagging.look_in_shadow(kernel, exam_pk=stored.exam_pk)
    room.exam_pk, room.sha256 = stored.exam_pk, stored.sha256
    crack = Added(stored.sha256, "crack", (125.0, 132.0, 8.0, 18.0))
    unseen = Added(stored.sha256, "crack", (230.0, 3.0, 6.0, 9.0))
    changes = Changes(added=(crack, unseen))
    judge_exam(kernel, room.actors["one"], exam_pk=stored.exam_pk, given=Given(changes=changes))
    room.decide("one", reason="seen")
    (row,) = rows_of(kernel, pilot_exam)
    assert (row["found"], row["missed"]) == (1, 1)
    assert row["false_marks"] > 0
    path = f"/api/v1/models/pilots/{begun['id']}"
    told = lead.get(path).json()
    assert (told["result"]["exams"], told["result"]["sensitivity"], told["begun_by_name"]) == (1, 0.5, "Lead Three")
    assert "not reached" in lead.get(f"{path}/report.html").text
    assert [one.get(each).status_code for each in (path, f"{path}/report.html")] == [403, 403]
    assert lead.post(f"{path}/sign-off", json={"reason": "mine"}).status_code == 403
    assert lead.post(f"{path}/give-up", json={"reason": "too few films"}).status_code == 204
