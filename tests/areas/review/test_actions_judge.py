"""People judge exams: each time a new version over what was seen, with one pack, and never two at once."""

import json
import threading

import pytest
import sqlalchemy as sa

import exams
import judgements as made
from judgements import SHA
from kerma.areas.archive.model import ExamArrived
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.review import actions, actions_deletion, actions_judge, actions_packs, queries
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.model import ExamJudged, analysis, decision
from kerma.areas.review.model_judge import judgement
from kerma.areas.review.rules_findings import Added, Changes
from kerma.areas.review.rules_judge import Asked
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist.queries import item_of_exam
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Action, Actor, Kernel
from kerma.kernel.identity import service
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.sight import WHOLE

YARD = "yard"
NONE = Changes()
CRACK = Added(SHA, "crack", (5.0, 5.0, 4.0, 40.0), {"length_mm": 4.0}, note="seen with Ms Smith")


class Heard(list):
    def __call__(self, act: object, event: object) -> None:
        self.append(event)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def listening(kernel: Kernel, heard: Heard) -> Kernel:
    subscriptions = {ExamArrived: (worklist.on_exam_arrived,), ExamJudged: (heard,)}
    return Kernel(**{**kernel.__dict__, "subscriptions": subscriptions})


@pytest.fixture
def exam_pk(listening: Kernel, actor: Actor) -> int:
    """An inspection with a pore of 1 mm and one of 3 mm, and a site's pack that allows 2 mm."""
    arrived = exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=(SHA,))
    found = made.image(SHA, made.finding(1, diameter_mm=1.0), made.finding(2, diameter_mm=3.0))
    made.analysed(listening, actor, arrived, made.document(found))
    actions_packs.add_pack(listening, actor, name=YARD, text=made.pack())
    return arrived


def judged(kernel: Kernel, actor: Actor, exam_pk: int, changes: Changes = NONE, **given: object) -> int:
    return actions_judge.judge_exam(
        kernel, actor, exam_pk=exam_pk, given=Given(changes, **{"pack": YARD, "asked": Asked()} | given)
    )


def rows(kernel: Kernel, table: sa.Table) -> list[dict]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def current(kernel: Kernel, exam_pk: int) -> queries.Current:
    with kernel.database.read() as connection:
        return queries.current(connection, exam_pk, WHOLE)


def outcomes(kernel: Kernel, exam_pk: int) -> dict[str, str]:
    return {one["rule"]: one["outcome"] for one in current(kernel, exam_pk).document["verdicts"]}


def test_until_a_person_judges_the_software_alone_has_spoken(listening: Kernel, exam_pk: int) -> None:
    known = current(listening, exam_pk)
    assert known.judgement_id is None
    assert "judgement" not in known.document


def test_the_pack_a_person_chooses_judges_and_moves_the_item(
    listening: Kernel, actor: Actor, exam_pk: int, heard: Heard
) -> None:
    first = judged(listening, actor, exam_pk)
    assert outcomes(listening, exam_pk) == {"pores": "fail", "cracks": "pass"}
    known = current(listening, exam_pk)
    assert known.judgement_id == first
    assert known.document["decision_proposed"] == "reject"
    told = known.document["judgement"]
    assert (told["version"], told["by"], told["pack"]["name"], told["pack"]["version"]) == (1, actor.key, YARD, 1)
    with listening.database.read() as connection:
        assert item_of_exam(connection, exam_pk, exams.person(1))["decision_proposed"] == "reject"
    assert heard == [ExamJudged(exam_pk, first)]


def test_what_is_dismissed_is_not_judged_and_stays_to_be_seen(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    judged(listening, actor, exam_pk, Changes(dismissed={"2": "dust on the film"}))
    assert outcomes(listening, exam_pk) == {"pores": "pass", "cracks": "pass"}
    known = current(listening, exam_pk).document
    assert known["decision_proposed"] == "none"
    assert known["decision_reason"].startswith("Image quality was not judged")
    assert known["images"][0]["findings"][1]["dismissed"]["reason"] == "dust on the film"


def test_each_judgement_builds_on_the_one_before_and_leaves_it_as_it_was(
    listening: Kernel, actor: Actor, exam_pk: int
) -> None:
    first = judged(listening, actor, exam_pk, Changes([CRACK]), asked=Asked({"thickness_mm": 12.0}))
    before = rows(listening, judgement)
    second = judged(
        listening, actor, exam_pk, Changes(dismissed={"3": "shadow"}), pack=None, asked=None, supersedes=first
    )
    assert rows(listening, judgement)[0] == before[0]
    known = current(listening, exam_pk).document
    assert known["judgement"]["id"] == second
    assert known["judgement"]["version"] == 2
    assert (known["judgement"]["pack"]["name"], known["judgement"]["conditions"]) == (YARD, {"thickness_mm": 12.0})
    assert outcomes(listening, exam_pk)["cracks"] == "pass"


def test_two_people_at_once_make_one_judgement(listening: Kernel, exam_pk: int, heard: Heard) -> None:
    ready, kept, refused = threading.Barrier(4), [], []

    def work(number: int) -> None:
        ready.wait()
        try:
            kept.append(judged(listening, exams.person(number), exam_pk))
        except Conflict as error:
            refused.append(str(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(kept), len(refused)) == (1, 3)
    assert len(rows(listening, judgement)) == len(heard) == 1


def test_a_judgement_that_was_not_seen_is_not_overlooked(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    first = judged(listening, actor, exam_pk)
    with pytest.raises(Conflict, match="judged this exam meanwhile"):
        judged(listening, actor, exam_pk)
    with pytest.raises(Conflict, match="judged this exam meanwhile"):
        actions.decide(listening, actor, exam_pk=exam_pk, decision_code="reject")
    decided = actions.decide(listening, actor, exam_pk=exam_pk, decision_code="reject", judgement_id=first)
    assert [(row["id"], row["judgement_id"]) for row in rows(listening, decision)] == [(decided, first)]


def test_departing_from_what_the_judgement_proposes_needs_a_reason(
    listening: Kernel, actor: Actor, exam_pk: int
) -> None:
    first = judged(listening, actor, exam_pk)
    with pytest.raises(WrongUsage, match="proposes 'Reject'"):
        actions.decide(listening, actor, exam_pk=exam_pk, decision_code="accept", judgement_id=first)


def test_what_another_person_holds_cannot_be_judged(listening: Kernel, exam_pk: int) -> None:
    with listening.database.read() as connection:
        item_id = item_of_exam(connection, exam_pk, exams.person(1))["item_id"]
    worklist.claim(listening, exams.person(5), item_id=item_id)
    with pytest.raises(Conflict, match="held by someone else"):
        judged(listening, exams.person(6), exam_pk)
    judged(listening, exams.person(5), exam_pk)


def test_a_judgement_worked_out_from_what_has_changed_is_refused(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    given = Given(pack=YARD, asked=Asked())
    by_pack = actions_judge.prepare(listening, actor, exam_pk=exam_pk, given=given)
    actions_packs.add_pack(listening, actor, name=YARD, text=made.pack(limit=9.0))
    with pytest.raises(Conflict, match="pack 'yard'"):
        actions_judge.keep_judgement(listening, actor, exam_pk=exam_pk, prepared=by_pack, given=given)
    by_images = actions_judge.prepare(listening, actor, exam_pk=exam_pk, given=given)
    exams.add_image(listening, actor, exam_pk=exam_pk, sha256="b" * 64)
    with pytest.raises(Conflict, match="further images"):
        actions_judge.keep_judgement(listening, actor, exam_pk=exam_pk, prepared=by_images, given=given)
    assert rows(listening, judgement) == []


def test_after_further_images_nothing_is_proposed_until_a_person_judges_anew(
    listening: Kernel, actor: Actor, exam_pk: int
) -> None:
    first = judged(listening, actor, exam_pk, Changes([CRACK], dismissed={"1": "dust", "2": "dust"}))
    exams.add_image(listening, actor, exam_pk=exam_pk, sha256="b" * 64)
    both = (made.image(SHA, made.finding(1, diameter_mm=1.0)), made.image("b" * 64, made.finding(2, diameter_mm=1.0)))
    made.analysed(listening, actor, exam_pk, made.document(*both))
    known = current(listening, exam_pk)
    assert known.judgement_id is None
    assert known.document["decision_proposed"] == "none"
    assert "judge it again" in known.document["decision_reason"]
    assert [one["id"] for one in known.document["images"][0]["findings"]] == ["1", "3"]
    second = judged(listening, actor, exam_pk, pack=None, supersedes=first)
    assert current(listening, exam_pk).judgement_id == second
    assert outcomes(listening, exam_pk) == {"pores": "pass", "cracks": "fail"}


def test_the_ledger_names_pack_and_outcomes_but_no_words_of_a_person(
    listening: Kernel, actor: Actor, exam_pk: int
) -> None:
    judged(listening, actor, exam_pk, Changes([CRACK], dismissed={"1": "said Ms Smith"}), reason="as Ms Smith says")
    with listening.database.read() as connection:
        bodies = list(connection.scalars(sa.select(ledger_record.c.body)))
    assert not any("Smith" in body for body in bodies)
    details = next(one for one in map(json.loads, bodies) if one["action"] == "review.judge")["details"]
    assert (details["pack"], details["pack_status"], details["outcomes"]) == (YARD, "own", {"fail": 2})
    assert details["findings"] == {"standing": 2, "dismissed": 1}
    assert len(details["document_sha256"]) == len(details["pack_sha256"]) == 64


def test_what_may_not_or_makes_no_sense_leaves_nothing_behind(
    listening: Kernel, actor: Actor, stranger: Actor, exam_pk: int
) -> None:
    with pytest.raises(NotAllowed):
        judged(listening, stranger, exam_pk)
    with pytest.raises(NotAllowed, match="only a person"):
        judged(listening, service("robot", "*"), exam_pk)
    with pytest.raises(NotFound, match="no exam"):
        judged(listening, actor, exam_pk + 1)
    with pytest.raises(NotFound, match="no-such-pack"):
        judged(listening, actor, exam_pk, pack="no-such-pack")
    with pytest.raises(WrongUsage, match="thickness_mm is -3.0 mm"):
        judged(listening, actor, exam_pk, asked=Asked({"thickness_mm": -3.0}))
    with pytest.raises(WrongUsage, match="4001 letters"):
        judged(listening, actor, exam_pk, reason="x" * 4001)
    assert rows(listening, judgement) == []


def test_before_the_analysis_there_is_nothing_to_judge(listening: Kernel, actor: Actor) -> None:
    waiting = exams.arrive(listening, actor, industry="ndt", subject_id="W-2", sha256s=("c" * 64,))
    with pytest.raises(Conflict, match="still being analysed"):
        judged(listening, actor, waiting, pack="")


def test_a_deleted_exam_takes_its_judgements_along_but_not_what_a_decision_rests_on(
    listening: Kernel, actor: Actor, exam_pk: int
) -> None:
    first = judged(listening, actor, exam_pk)
    actions.decide(listening, actor, exam_pk=exam_pk, decision_code="reject", judgement_id=first)
    judged(listening, actor, exam_pk, supersedes=first)
    delete = Action("test.delete", lambda act, event: actions_deletion.on_exam_deleted(act, event))
    delete(listening, actor, ExamDeleted(exam_pk, "1.2", ()))
    assert [row["id"] for row in rows(listening, judgement)] == [first]
    assert len(rows(listening, analysis)) == 1
