"""Declared goods of an exam: given, held against its images, changed and withdrawn, through actions and over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType

import pytest
import sqlalchemy as sa
from tests.science.detect.test_manifest import DEPTH_MM, MEV, cargo

from dual_energy_scans import scan
from exams import arrive
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival, ExamArrived
from kerma.areas.review import actions, actions_judge, queries, queries_declaration, rules
from kerma.areas.review import jobs as review
from kerma.areas.review.actions_declaration import declare, withdraw_declaration
from kerma.areas.review.actions_defaults import set_default
from kerma.areas.review.evidence import parts
from kerma.areas.review.model import analysis
from kerma.areas.review.model_judge import declaration
from kerma.areas.review.routes import router as analyses_router
from kerma.areas.review.routes_declaration import router as declarations_router
from kerma.areas.review.rules_declaration import Given
from kerma.areas.review.rules_judge import Asked
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.model import item
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.jobs_model import job_request
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.sight import WHOLE
from kerma.science.imaging.image import Image

ALUMINIUM = scan(("aluminium", 30.0, (80, 80, 120, 160)))
PAPER = cargo(("water", 48.0, (64, 80, 128, 160)))
PLATE = Given(("aluminium",), 60.0, reference="24DE0042", declarant="Müller & Co")


def kept(kernel: Kernel, actor: Actor, image: Image) -> int:
    """Store a security scan as raw pixels with its description, and analyse it; returns the exam."""
    set_default(kernel, actor, industry="security", values={"picture_gate": "off"})
    beside = {
        "rows": image.rows, "columns": image.columns, "planes": image.planes, "type": "uint16", "meaning": "raw",
        "rises_with_dose": True, "industry": "security", "subject": "CNT-1", "exam": "1",
    } | ({"plane_kind": "energy", "plane_labels": ["low", "high"], "technique": dict(image.technique)}
         if image.planes == 2 else {})  # fmt: skip
    source = Arrival(
        data=image.pixels.astype("<u2").tobytes(), file_name="load.raw", industry="security",
        sidecar=json.dumps(beside).encode(),
    )  # fmt: skip
    stored = ingest(kernel, actor, source=source)
    assert stored.outcome == "stored", stored.reason
    review.analyse_exam(kernel, exam_pk=stored.exam_pk)
    return stored.exam_pk


@pytest.fixture
def listening(kernel: Kernel) -> Kernel:
    subscriptions = MappingProxyType({ExamArrived: (on_exam_arrived, review.on_exam_arrived)})
    return Kernel(**{**kernel.__dict__, "subscriptions": subscriptions})


def known(kernel: Kernel, exam_pk: int) -> dict:
    """Return what is known of an exam once the job that is asked for has run."""
    review.analyse_exam(kernel, exam_pk=exam_pk)
    with kernel.database.read() as connection:
        assert queries.is_current(connection, exam_pk, queries.latest_analysis(connection, exam_pk))
        return queries.current(connection, exam_pk, WHOLE).document


def rows(kernel: Kernel, table: sa.Table) -> list[dict]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def test_a_declaration_is_held_against_the_images_and_contradictions_are_findings(
    listening: Kernel, actor: Actor
) -> None:
    exam_pk = kept(listening, actor, PAPER)
    assert known(listening, exam_pk)["decision_proposed"] == "clear"
    given = Given(("textiles", "2008.11"), DEPTH_MM, MEV)
    first = declare(listening, actor, exam_pk=exam_pk, given=given)
    paper = known(listening, exam_pk)
    assert paper["analysis"]["declared"]["goods"] == ["textiles", "2008.11"]
    # both goods are of light matter, which one energy of an accelerator cannot tell: no agreement, no finding
    assert paper["decision_proposed"] == "none" and paper["images"][0]["findings"] == []
    assert "effective number cannot be told" in paper["decision_reason"]
    declare(listening, actor, exam_pk=exam_pk, given=Given(("vehicles",), 380.0, MEV), supersedes=first)
    dense = known(listening, exam_pk)
    (found,) = dense["images"][0]["findings"]
    assert dense["decision_proposed"] == "suspect"
    assert (found["label"], found["code"], found["by"]["name"]) == ("denser-than-declared", "density_g_cm3", "manifest")
    assert found["note"].startswith("density is 1.39 g/cm³; declared goods have 0.05 to 1 g/cm³")
    assert len(rows(listening, analysis)) == 3


def test_the_job_is_asked_for_with_the_declaration_and_does_its_work_once(listening: Kernel, actor: Actor) -> None:
    exam_pk = kept(listening, actor, ALUMINIUM)
    with listening.database.write() as connection:
        connection.execute(sa.delete(job_request))
    declare(listening, actor, exam_pk=exam_pk, given=PLATE)
    (asked,) = rows(listening, job_request)
    assert (asked["name"], asked["arguments"], asked["state"]) == (review.ANALYSE, {"exam_pk": exam_pk}, "waiting")
    with listening.database.read() as connection:
        assert not queries.is_current(connection, exam_pk, queries.latest_analysis(connection, exam_pk))
    document = known(listening, exam_pk)
    assert document["decision_proposed"] == "clear"
    assert {one["answer"] for one in document["images"][0]["declared"]} == {"agrees"}
    known(listening, exam_pk)
    assert [row["declaration_id"] is None for row in rows(listening, analysis)] == [True, False]


def test_every_version_stays_and_the_ledger_names_nobody(listening: Kernel, actor: Actor) -> None:
    exam_pk = kept(listening, actor, ALUMINIUM)
    first = declare(listening, actor, exam_pk=exam_pk, given=PLATE)
    second = declare(
        listening, actor, exam_pk=exam_pk, given=replace(PLATE, goods=("Steel", " steel")), supersedes=first
    )
    third = withdraw_declaration(listening, actor, exam_pk=exam_pk, reason="wrong container", supersedes=second)
    told = rows(listening, declaration)
    assert [(row["id"], row["version"], row["is_withdrawn"]) for row in told] == [
        (first, 1, False), (second, 2, False), (third, 3, True),
    ]  # fmt: skip
    assert told[1]["document"] == {
        "goods": ["steel"], "depth_mm": 60.0, "end_point_mev": None, "reference": "24DE0042",
        "declarant": "Müller & Co",
    }  # fmt: skip
    assert {row["by"] for row in told} == {actor.key} and all(row["at"] for row in told)
    ledger = json.dumps([dict(row) for row in rows_of_ledger(listening)], default=str, ensure_ascii=False)
    assert "review.declare" in ledger and "review.withdraw_declaration" in ledger and '"steel"' in ledger
    assert rules.document_digest(told[1]["document"]) in ledger
    assert not [word for word in ("Müller", "24DE0042", "wrong container") if word in ledger]
    paths = {part.path: part for part in parts(listening, exam_pk)}
    assert "data/findings/declarations.json" in paths


def rows_of_ledger(kernel: Kernel) -> list[dict]:
    with kernel.database.read() as connection:
        return [json.loads(row) for row in connection.scalars(sa.select(ledger_record.c.body))]


def test_a_withdrawn_declaration_is_held_against_nothing(listening: Kernel, actor: Actor) -> None:
    exam_pk = kept(listening, actor, ALUMINIUM)
    before = known(listening, exam_pk)
    declared = declare(listening, actor, exam_pk=exam_pk, given=Given(("textiles",), 60.0))
    assert known(listening, exam_pk)["decision_proposed"] == "suspect"
    withdraw_declaration(listening, actor, exam_pk=exam_pk, reason="of another load", supersedes=declared)
    after = known(listening, exam_pk)
    assert after == before and "declared" not in after["images"][0]
    with pytest.raises(NotFound, match="nothing is declared"):
        newest = rows(listening, declaration)[-1]["id"]
        withdraw_declaration(listening, actor, exam_pk=exam_pk, reason="again", supersedes=newest)
    newest = rows(listening, declaration)[-1]["id"]
    declare(listening, actor, exam_pk=exam_pk, given=Given(("textiles",), 60.0), supersedes=newest)
    assert known(listening, exam_pk)["decision_proposed"] == "suspect"


def test_a_judgement_is_out_of_date_once_something_else_is_declared_and_holds_again_when_judged(
    listening: Kernel, actor: Actor
) -> None:
    exam_pk = kept(listening, actor, ALUMINIUM)
    judged = actions_judge.judge_exam(listening, actor, exam_pk=exam_pk, given=looked(None))
    assert known(listening, exam_pk)["decision_proposed"] == "clear"
    declare(listening, actor, exam_pk=exam_pk, given=Given(("aluminium",)))
    outdated = known(listening, exam_pk)
    assert outdated["decision_proposed"] == "none"
    assert outdated["decision_reason"].startswith("What is declared of the load has changed")
    actions_judge.judge_exam(listening, actor, exam_pk=exam_pk, given=looked(judged))
    # a person who looked at every image has seen no density either
    again = known(listening, exam_pk)
    assert again["decision_proposed"] == "none" and "declaration could not be checked" in again["decision_reason"]


def looked(supersedes: int | None) -> actions_judge.Given:
    return actions_judge.Given(asked=Asked(looked_at_all=True), supersedes=supersedes)


def test_nothing_is_judged_or_decided_unseen_over_an_analysis_of_another_declaration(
    listening: Kernel, actor: Actor
) -> None:
    exam_pk = kept(listening, actor, ALUMINIUM)
    given = looked(None)
    prepared = actions_judge.prepare(listening, actor, exam_pk=exam_pk, given=given)
    declare(listening, actor, exam_pk=exam_pk, given=PLATE)
    with pytest.raises(Conflict, match="another declaration"):
        actions_judge.keep_judgement(listening, actor, exam_pk=exam_pk, prepared=prepared, given=given)
    with listening.database.read() as connection:
        digest = queries.images_digest_of(connection, exam_pk)
    late = actions.record_analysis(
        listening, actor, exam_pk=exam_pk, images_digest=digest, document={"decision_proposed": "clear"}
    )
    assert late is None


def test_a_decided_exam_goes_back_on_the_list(listening: Kernel, actor: Actor) -> None:
    exam_pk = kept(listening, actor, ALUMINIUM)
    actions.decide(listening, actor, exam_pk=exam_pk, decision_code="clear")
    assert [row["state"] for row in rows(listening, item)] == ["closed"]
    declare(listening, actor, exam_pk=exam_pk, given=PLATE)
    assert [row["state"] for row in rows(listening, item)] == ["waiting"]
    with listening.database.read() as connection:
        assert len(queries.decisions(connection, exam_pk, WHOLE)) == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Given(()), "0 goods are declared"),
        (Given(("  ",)), "0 goods are declared"),
        (Given(tuple(f"{chapter}" for chapter in range(28, 50))), "22 goods are declared"),
        (Given(("steel", "unicorns")), "nothing is known of 'unicorns'"),
        (Given(("steel",), 0.0), "depth_mm is 0"),
        (Given(("steel",), float("nan")), "depth_mm is nan"),
        (Given(("steel",), 10.0, -9.0), "end_point_mev is -9"),
        (Given(("steel",), 10.0, 9000.0), "at most 50"),
        (Given(("steel",), reference="x" * 201), "reference must be a text of at most 200"),
        (Given(("steel",), declarant="two\nlines"), "declarant must be a text"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_kept(
    listening: Kernel, actor: Actor, given: Given, why: str
) -> None:
    exam_pk = arrive(listening, actor, industry="security", subject_id="CNT-2")
    with pytest.raises(WrongUsage, match=why):
        declare(listening, actor, exam_pk=exam_pk, given=given)
    assert rows(listening, declaration) == []


def test_only_scans_of_security_have_a_load_and_only_what_was_seen_is_superseded(
    listening: Kernel, actor: Actor
) -> None:
    weld = arrive(listening, actor, industry="ndt", subject_id="W-1")
    with pytest.raises(WrongUsage, match="only a security exam"):
        declare(listening, actor, exam_pk=weld, given=PLATE)
    with pytest.raises(NotFound):
        declare(listening, actor, exam_pk=weld + 1000, given=PLATE)
    exam_pk = arrive(listening, actor, industry="security", subject_id="CNT-3")
    first = declare(listening, actor, exam_pk=exam_pk, given=PLATE)
    for seen in (None, first + 1):
        with pytest.raises(Conflict, match="declared something of this exam meanwhile"):
            declare(listening, actor, exam_pk=exam_pk, given=Given(("steel",)), supersedes=seen)
    with pytest.raises(Conflict, match="declared already, as version 1"):
        declare(listening, actor, exam_pk=exam_pk, given=PLATE, supersedes=first)
    with pytest.raises(WrongUsage, match="why the declaration is withdrawn"):
        withdraw_declaration(listening, actor, exam_pk=exam_pk, reason="  ", supersedes=first)
    stranger = replace(actor, permissions=("archive.view",))
    with pytest.raises(NotAllowed):
        declare(listening, stranger, exam_pk=exam_pk, given=Given(("steel",)), supersedes=first)
    with listening.database.read() as connection:
        assert [row["id"] for row in queries_declaration.declarations(connection, exam_pk)] == [first]


def test_over_http_a_declaration_is_given_read_and_withdrawn(browser, kernel: Kernel, actor: Actor) -> None:
    page = browser(analyses_router, declarations_router)
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    exam_pk = kept(listening, actor, ALUMINIUM)
    page.sign_in("analyst")
    address = f"/api/v1/exams/{exam_pk}/declaration"
    assert page.http.get(address).json() == {"exam_pk": exam_pk, "in_force": None, "newest_id": None, "versions": []}
    goods = {row["goods"]: row["chapters"] for row in page.http.get("/api/v1/declarable-goods").json()}
    assert goods["steel"] == "72-73" and len(goods) == 14
    asked = {"goods": ["textiles"], "depth_mm": 60, "reference": "24DE0042", "declarant": "Carrier Ltd"}
    given = page.http.post(address, json=asked)
    assert given.status_code == 201
    now = given.json()["in_force"]
    assert (now["version"], now["goods"], now["by_name"]) == (1, ["textiles"], "Test Person")
    assert (now["reference"], now["declarant"], now["depth_mm"]) == ("24DE0042", "Carrier Ltd", 60.0)
    assert page.http.get(f"/api/v1/exams/{exam_pk}/analysis").json()["is_current"] is False
    review.analyse_exam(kernel, exam_pk=exam_pk)
    shown = page.http.get(f"/api/v1/exams/{exam_pk}/analysis").json()
    assert (shown["is_current"], shown["decision_proposed"]) == (True, "suspect")
    notes = [one["note"] for one in shown["document"]["images"][0]["findings"]]
    assert any("declared goods have 5 to 9" in note for note in notes)
    refused = {
        400: {"goods": ["unicorns"], "supersedes": now["id"]},
        409: {"goods": ["steel"]},
        422: {"goods": ["steel"], "weight_kg": 3},
    }
    for status, body in refused.items():
        assert page.http.post(address, json=body).status_code == status
    gone = page.http.post(f"{address}/withdrawal", json={"reason": "other container", "supersedes": now["id"]})
    assert gone.status_code == 201
    told = gone.json()
    assert told["in_force"] is None and [one["is_withdrawn"] for one in told["versions"]] == [True, False]
    assert told["versions"][0]["reason"] == "other container" and told["newest_id"] == told["versions"][0]["id"]
    assert page.http.get("/api/v1/exams/999999/declaration").status_code == 404


def test_who_may_only_look_declares_nothing(browser, kernel: Kernel, actor: Actor) -> None:
    page = browser(declarations_router)
    exam_pk = arrive(kernel, actor, industry="security", subject_id="CNT-4")
    page.sign_in("auditor")
    assert page.http.post(f"/api/v1/exams/{exam_pk}/declaration", json={"goods": ["steel"]}).status_code == 403
