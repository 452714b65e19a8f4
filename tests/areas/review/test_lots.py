"""All exams of a welder or lot, and what one rejection asks to be examined next."""

import pytest
import sqlalchemy as sa

import exams
import judgements as made
from kerma.areas.archive.model import ExamArrived
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.review import actions, actions_deletion, actions_judge, queries_lots
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.model_judge import exam_lot
from kerma.areas.review.routes import router as review
from kerma.areas.review.routes_judge import router as judging
from kerma.areas.review.rules_judge import Asked
from kerma.areas.review.rules_lots import belongs_to, next_step, outcome_of, scheme_of
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.kernel.action import Action, Actor, Kernel

PACK = "french-arrete-1978"


def weld(kernel: Kernel, actor: Actor, subject_id: str, sha: str, **technique: object) -> int:
    """Keep an analysed weld of which nothing is marked."""
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id=subject_id, sha256s=(sha * 64,))
    document = made.document(made.image(sha * 64)) | {"technique": technique}
    made.analysed(listening, actor, exam_pk, document)
    return exam_pk


def of(kernel: Kernel, kind: str, value: str) -> list[dict]:
    with kernel.database.read() as connection:
        return queries_lots.exams_of(connection, kind, value, exams.person(1))


def test_what_a_person_says_goes_before_what_the_images_say() -> None:
    technique = {"welder_id": "W7", "batch": " L3 "}
    assert belongs_to(technique, {}) == {"welder": "W7", "lot": "L3"}
    assert belongs_to(technique, {"welder": "W8", "owner": "Yard"}) == {"welder": "W8", "lot": "L3", "owner": "Yard"}
    assert belongs_to({}, {"welder": "  "}) == {}


@pytest.mark.parametrize(
    ("decision", "outcomes", "said"),
    [
        ("accept", ["fail"], "pass"),
        ("reject", ["pass"], "fail"),
        ("reshoot", ["pass"], "not-judged"),
        ("", ["pass", "advisory", "fail"], "fail"),
        ("", ["pass", "advisory"], "advisory-fail"),
        ("", ["pass", "not-judged"], "not-judged"),
        ("", [], "not-judged"),
    ],
)
def test_a_decision_speaks_before_the_verdicts_and_silence_is_open(
    decision: str, outcomes: list[str], said: str
) -> None:
    assert outcome_of(decision, [{"outcome": one} for one in outcomes]) == said


def test_a_pack_without_a_scheme_says_so() -> None:
    assert scheme_of(f"{PACK}-coefficient-0.85") == scheme_of(PACK) == PACK
    assert "no scheme" in next_step([], "aws-d1.1-static")["missing"]
    assert "no pack has no scheme" in next_step([], "")["missing"]


def test_one_rejection_asks_for_more_of_the_same_welder(browser, kernel: Kernel, actor: Actor) -> None:
    first = weld(kernel, actor, "W-1", "a", welder="W7", weld_length_mm=300.0)
    second = weld(kernel, actor, "W-2", "b", welder="W7", weld_length_mm=200.0)
    weld(kernel, actor, "W-3", "c", welder="W9")
    actions.decide(kernel, actor, exam_pk=first, decision_code="reject", reason="crack seen by eye")
    actions.decide(kernel, actor, exam_pk=second, decision_code="accept")
    assert [(row["subject_id"], row["outcome"]) for row in of(kernel, "welder", "W7")] == [
        ("W-2", "pass"),
        ("W-1", "fail"),
    ]
    page = browser(review, judging)
    page.sign_in("analyst")
    (lot,) = page.http.get(f"/api/v1/exams/{second}/lots").json()["lots"]
    assert (lot["kind"], lot["value"], len(lot["exams"])) == ("welder", "W7", 2)
    assert (lot["step"]["is_done"], lot["step"]["length_mm"], lot["step"]["stage"]) == (False, 500.0, 1)
    assert lot["step"]["source"]["clause"].startswith("Annexe III, 11")


def test_where_nobody_has_said_the_welder_it_is_told_and_a_person_can_say_it(
    browser, kernel: Kernel, actor: Actor
) -> None:
    exam_pk = weld(kernel, actor, "W-1", "a")
    page = browser(review, judging)
    page.sign_in("analyst")
    told = page.http.get(f"/api/v1/exams/{exam_pk}/lots").json()
    assert (told["lots"], "neither the images nor a person" in told["missing"]) == ([], True)
    given = Given(pack=PACK, asked=Asked({"welder": "W7", "lot": "L3"}))
    actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=given)
    lots = page.http.get(f"/api/v1/exams/{exam_pk}/lots").json()["lots"]
    assert {one["kind"]: one["value"] for one in lots} == {"welder": "W7", "lot": "L3"}


def test_a_later_analysis_keeps_the_welder_a_person_has_said(kernel: Kernel, actor: Actor) -> None:
    exam_pk = weld(kernel, actor, "W-1", "a", welder="W7")
    given = Given(pack=PACK, asked=Asked({"welder": "W8"}))
    actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=given)
    exams.add_image(kernel, actor, exam_pk=exam_pk, sha256="b" * 64)
    both = made.document(made.image("a" * 64), made.image("b" * 64)) | {"technique": {"welder": "W7"}}
    made.analysed(kernel, actor, exam_pk, both)
    assert [row["exam_pk"] for row in of(kernel, "welder", "W8")] == [exam_pk]
    assert of(kernel, "welder", "W7") == []


def test_a_deleted_exam_belongs_to_no_lot(kernel: Kernel, actor: Actor) -> None:
    exam_pk = weld(kernel, actor, "W-1", "a", welder="W7")
    delete = Action("test.delete", lambda act, event: actions_deletion.on_exam_deleted(act, event))
    delete(kernel, actor, ExamDeleted(exam_pk, "1.2", ()))
    with kernel.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(exam_lot)) == 0
