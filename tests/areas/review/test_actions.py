import json
import threading

import pytest
import sqlalchemy as sa

import exams
from kerma.areas.archive.model import ExamArrived
from kerma.areas.review import actions, queries, rules
from kerma.areas.review.model import ExamAnalysed, ExamDecided, analysis, decision
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist.queries import item_of_exam
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.sight import WHOLE

SHA = "a" * 64
DIGEST = rules.images_digest([SHA])
DOCUMENT = {"decision_proposed": "reject", "images": [], "verdicts": []}


class Heard(list):
    def __call__(self, act: object, event: object) -> None:
        self.append(event)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def listening(kernel: Kernel, heard: Heard) -> Kernel:
    subscriptions = {ExamArrived: (worklist.on_exam_arrived,), ExamAnalysed: (heard,), ExamDecided: (heard,)}
    return Kernel(**{**kernel.__dict__, "subscriptions": subscriptions})


@pytest.fixture
def exam_pk(listening: Kernel, actor: Actor) -> int:
    return exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=(SHA,))


def analyse(kernel: Kernel, actor: Actor, exam_pk: int) -> int | None:
    return actions.record_analysis(kernel, actor, exam_pk=exam_pk, images_digest=DIGEST, document=DOCUMENT)


def rows(kernel: Kernel, table: sa.Table) -> list[dict]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def item(kernel: Kernel, exam_pk: int) -> dict:
    with kernel.database.read() as connection:
        return item_of_exam(connection, exam_pk, exams.person(1))


def test_the_same_images_are_analysed_once(listening: Kernel, actor: Actor, exam_pk: int, heard: Heard) -> None:
    first = analyse(listening, actor, exam_pk)
    assert analyse(listening, actor, exam_pk) == first
    assert len(rows(listening, analysis)) == 1
    assert heard == [ExamAnalysed(exam_pk, first)]


def test_two_workers_at_once_make_one_analysis(listening: Kernel, actor: Actor, exam_pk: int, heard: Heard) -> None:
    ready, found = threading.Barrier(4), []

    def work() -> None:
        ready.wait()
        found.append(analyse(listening, actor, exam_pk))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4
    assert len(rows(listening, analysis)) == 1
    assert len(heard) == 1


def test_an_analysis_of_fewer_images_than_the_exam_has_is_dropped(
    listening: Kernel, actor: Actor, exam_pk: int, heard: Heard
) -> None:
    exams.add_image(listening, actor, exam_pk=exam_pk, sha256="b" * 64)
    assert analyse(listening, actor, exam_pk) is None
    assert rows(listening, analysis) == []
    assert heard == []


def test_the_proposal_moves_the_item(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    before = item(listening, exam_pk)
    analyse(listening, actor, exam_pk)
    after = item(listening, exam_pk)
    assert after["decision_proposed"] == "reject"
    assert after["priority"] < before["priority"]


def test_a_decision_closes_the_item_and_names_what_was_on_screen(
    listening: Kernel, actor: Actor, exam_pk: int, heard: Heard
) -> None:
    analysed = analyse(listening, actor, exam_pk)
    decided = actions.decide(listening, actor, exam_pk=exam_pk, decision_code="reject")
    assert item(listening, exam_pk)["state"] == "closed"
    assert item(listening, exam_pk)["decision"] == "reject"
    only = rows(listening, decision)[0]
    assert (only["analysis_id"], only["by"], only["level"]) == (analysed, actor.key, 1)
    assert heard[-1] == ExamDecided(exam_pk, decided)


def test_a_later_decision_supersedes_and_never_overwrites(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    first = actions.decide(listening, actor, exam_pk=exam_pk, decision_code="accept")
    before = rows(listening, decision)
    second = actions.decide(
        listening, exams.person(9), exam_pk=exam_pk, decision_code="reject", reason="crack", supersedes=first
    )
    assert rows(listening, decision)[0] == before[0]
    with listening.database.read() as connection:
        newest, older = queries.decisions(connection, exam_pk, WHOLE)
    assert (newest["id"], newest["level"], older["id"]) == (second, 2, first)
    assert item(listening, exam_pk)["decision"] == "reject"


def test_a_decision_made_meanwhile_is_not_overlooked(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    actions.decide(listening, exams.person(5), exam_pk=exam_pk, decision_code="accept")
    with pytest.raises(Conflict, match="decided this exam meanwhile"):
        actions.decide(listening, actor, exam_pk=exam_pk, decision_code="reject")
    assert len(rows(listening, decision)) == 1


def test_two_people_at_once_make_one_decision(listening: Kernel, exam_pk: int) -> None:
    ready, made, refused = threading.Barrier(4), [], []

    def work(number: int) -> None:
        ready.wait()
        try:
            made.append(actions.decide(listening, exams.person(number), exam_pk=exam_pk, decision_code="accept"))
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(refused) == 3
    assert len(rows(listening, decision)) == 1


def test_a_decision_asked_for_again_under_its_key_is_made_once(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    common = {"exam_pk": exam_pk, "request_key": "a-7"}
    made = actions.decide(listening, actor, decision_code="accept", **common)
    assert actions.decide(listening, actor, decision_code="accept", **common) == made
    with pytest.raises(Conflict, match="used for another decision"):
        actions.decide(listening, actor, decision_code="reject", **common)
    with pytest.raises(Conflict, match="decided this exam meanwhile"):  # the key of somebody else is another key
        actions.decide(listening, exams.person(9), decision_code="accept", **common)
    second = actions.decide(listening, exams.person(9), decision_code="reject", supersedes=made, **common)
    assert [row["id"] for row in rows(listening, decision)] == [made, second]
    with listening.database.read() as connection:
        bodies = [json.loads(body) for body in connection.scalars(sa.select(ledger_record.c.body))]
    told = [one["details"] for one in bodies if one["action"] == "review.decide"]
    assert [(one["decision_id"], "known" in one) for one in told] == [(made, False), (made, True), (second, False)]


def test_what_another_person_holds_cannot_be_decided(listening: Kernel, exam_pk: int) -> None:
    worklist.claim(listening, exams.person(5), item_id=item(listening, exam_pk)["item_id"])
    with pytest.raises(Conflict, match="held by someone else"):
        actions.decide(listening, exams.person(6), exam_pk=exam_pk, decision_code="accept")
    assert rows(listening, decision) == []
    actions.decide(listening, exams.person(5), exam_pk=exam_pk, decision_code="accept")


def test_the_ledger_holds_the_hash_of_the_reason_not_its_words(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    actions.decide(listening, actor, exam_pk=exam_pk, decision_code="accept", reason=" Seen with Ms Smith ")
    with listening.database.read() as connection:
        bodies = list(connection.scalars(sa.select(ledger_record.c.body)))
    assert not any("Smith" in body for body in bodies)
    decided = next(body for body in map(json.loads, bodies) if body["action"] == "review.decide")
    assert decided["details"]["reason_sha256"] == rules.text_digest("Seen with Ms Smith")
    assert rows(listening, decision)[0]["reason"] == "Seen with Ms Smith"


def test_refusals_leave_nothing_behind(listening: Kernel, exam_pk: int, stranger: Actor, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        actions.decide(listening, stranger, exam_pk=exam_pk, decision_code="accept")
    with pytest.raises(WrongUsage):
        actions.decide(listening, actor, exam_pk=exam_pk, decision_code="clear")
    with pytest.raises(NotFound):
        actions.decide(listening, actor, exam_pk=exam_pk + 1, decision_code="accept")
    assert rows(listening, decision) == []
    assert item(listening, exam_pk)["state"] == "waiting"
