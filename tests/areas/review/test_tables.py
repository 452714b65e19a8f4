"""A Level III confirms tables of image quality as packs are; what they then say binds in judgements and analyses."""

import pytest

import exams
import judgements as made
from judgements import SHA
from kerma.areas.archive.model import ExamArrived
from kerma.areas.review import actions_judge, actions_packs, queries, queries_tables
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.routes_tables import router as tables
from kerma.areas.review.rules_judge import Asked
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import WHOLE

WIRES, DIAMETERS = "iso_17636-2/wires", "iso_19232-1/wires"
EDITIONS = {WIRES: "ISO 17636-2:2022", DIAMETERS: "ISO 19232-1:2013"}
STATEMENT = "Compared row by row; they agree."
READ = {
    "technique_standard": "iso", "testing_class": "B", "source": "x-ray", "focal_spot_mm": 1.0,
    "object_detector_mm": 20.0, "tube_voltage_kv": 120.0, "source_detector_mm": 900.0, "wire": 10,
}  # fmt: skip


def table(kernel: Kernel, name: str) -> queries_tables.PublishedTable:
    with kernel.database.read() as connection:
        return queries_tables.published_table(connection, name)


def confirm(kernel: Kernel, actor: Actor, name: str, **given: str) -> int:
    asked = {"sha256": table(kernel, name).sha256, "edition": table(kernel, name).table.edition, "statement": STATEMENT}
    return actions_packs.confirm_pack(kernel, actor, name=name, **asked | given)


@pytest.fixture
def exam_pk(kernel: Kernel, actor: Actor) -> int:
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    arrived = exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=(SHA,))
    made.analysed(listening, actor, arrived, made.document(made.image(SHA, made.finding(1, diameter_mm=1.0))))
    actions_packs.add_pack(listening, actor, name="yard", text=made.pack())
    return arrived


def wire_seen(kernel: Kernel, actor: Actor, exam_pk: int, supersedes: int | None = None) -> tuple[int, dict]:
    given = Given(pack="yard", asked=Asked({"thickness_mm": 12.0}, READ), supersedes=supersedes)
    number = actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=given)
    with kernel.database.read() as connection:
        document = queries.current(connection, exam_pk, WHOLE).document
    return number, next(one for one in document["quality"] if one["rule"] == "wire seen") | {
        "decision": document["decision_proposed"], "may": document["dispositions"][0]["dispositions"],
    }  # fmt: skip


def test_a_poor_image_advises_until_every_table_under_the_verdict_is_confirmed(
    kernel: Kernel, actor: Actor, exam_pk: int
) -> None:
    first, before = wire_seen(kernel, actor, exam_pk)
    assert (before["outcome"], before["status"], before["decision"]) == ("advisory", "unverified", "none")
    confirm(kernel, actor, WIRES)
    assert (table(kernel, WIRES).status, table(kernel, WIRES).is_binding) == ("confirmed", False)
    second, half = wire_seen(kernel, actor, exam_pk, first)
    assert half["outcome"] == "advisory"
    confirm(kernel, actor, DIAMETERS)
    assert table(kernel, WIRES).is_binding
    third, after = wire_seen(kernel, actor, exam_pk, second)
    assert (after["outcome"], after["status"], after["decision"]) == ("fail", "confirmed", "reshoot")
    assert after["may"] == ["reshoot", "reject"]
    actions_packs.withdraw_confirmation(kernel, actor, name=DIAMETERS)
    assert wire_seen(kernel, actor, exam_pk, third)[1]["outcome"] == "advisory"


def test_what_was_worked_out_before_a_confirmation_is_not_recorded_after_it(
    kernel: Kernel, actor: Actor, exam_pk: int
) -> None:
    given = Given(pack="yard", asked=Asked({"thickness_mm": 12.0}, READ))
    prepared = actions_judge.prepare(kernel, actor, exam_pk=exam_pk, given=given)
    confirm(kernel, actor, WIRES)
    with pytest.raises(Conflict, match="image quality was confirmed"):
        actions_judge.keep_judgement(kernel, actor, exam_pk=exam_pk, prepared=prepared, given=given)


def test_a_table_is_confirmed_once_by_a_person_with_its_own_edition(
    kernel: Kernel, actor: Actor, stranger: Actor
) -> None:
    with pytest.raises(NotAllowed):
        confirm(kernel, stranger, WIRES)
    with pytest.raises(WrongUsage, match="of the edition"):
        confirm(kernel, actor, WIRES, edition="ISO 17636-2:1999")
    with pytest.raises(Conflict, match="not the one you have read"):
        confirm(kernel, actor, WIRES, sha256="0" * 64)
    confirm(kernel, actor, WIRES)
    with pytest.raises(Conflict, match="confirmed already"):
        confirm(kernel, actor, WIRES)
    for name in ("fr_arrete_1978/image_quality", "kerma_decisions/ndt", "../secrets", "a/b"):
        with pytest.raises(NotFound, match="no table"):
            actions_packs.withdraw_confirmation(kernel, actor, name=name)


def test_tables_are_read_confirmed_and_taken_back_over_http(browser) -> None:
    page = browser(tables)
    page.sign_in("lead")
    rows = {row["name"]: row for row in page.http.get("/api/v1/tables").json()}
    assert rows[WIRES]["waits_for"] == [DIAMETERS] and not rows[WIRES]["is_binding"]
    shown = page.http.get(f"/api/v1/tables/{DIAMETERS}").json()
    assert len(shown["rows"]) == shown["row_count"] and len(shown["rows"][0]) == len(shown["columns"])
    body = {"sha256": shown["sha256"], "edition": shown["edition"], "statement": STATEMENT}
    kept = page.http.post(f"/api/v1/tables/{DIAMETERS}/confirmation", json=body)
    assert (kept.status_code, kept.json()["status"]) == (201, "confirmed")
    assert kept.json()["confirmations"][0]["is_in_force"]
    assert page.http.post(f"/api/v1/tables/{DIAMETERS}/confirmation", json=body).status_code == 409
    assert page.http.delete(f"/api/v1/tables/{DIAMETERS}/confirmation").json()["status"] == "unverified"
    assert page.http.get("/api/v1/tables/kerma_quality/ndt").status_code == 404
