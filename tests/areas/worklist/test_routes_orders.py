"""Orders and reconciliation over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

import films
import worklists
from kerma.areas.worklist import actions_perform
from kerma.areas.worklist.actions_orders import on_exam_arrived
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.routes_orders import router
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record
from worklists import ROOT

ORDER = {"industry": "ndt", "subject_id": "PART-7", "station_ae": "XRAY1", "modality": "DX"}


@pytest.fixture
def page(browser):
    made = browser(router)
    made.sign_in("lead")
    return made


def report(kernel: Kernel, actor: Actor, uid: str = f"{ROOT}.9", **fields: Any) -> None:
    document = document_of(worklists.performed(worklists.order(**fields)))
    actions_perform.perform(kernel, actor, report=actions_perform.Begin(uid, document))


def test_an_inspection_order_gets_its_numbers_and_shows_weld_and_drawing(page) -> None:
    details = {"WeldNumber": "W-12", "DrawingNumber": "D-100"}
    made = page.http.post("/api/v1/orders", json={**ORDER, "details": details, "comments": "root run"})
    assert made.status_code == 201, made.text
    order = made.json()
    assert (order["accession"], order["step_id"]) == (f"A{order['order_id']:09d}", f"S{order['order_id']}")
    assert order["study_uid"].startswith("2.25.")
    assert order["start_date"] == "20260302"
    listed = page.http.get("/api/v1/orders", params={"text": "part-7"}).json()["orders"]
    assert [one["order_id"] for one in listed] == [order["order_id"]]
    assert page.http.get("/api/v1/orders", params={"state": "completed"}).json()["orders"] == []


def test_every_industry_orders(page) -> None:
    for industry in ("security", "ndt", "medical"):
        assert page.http.post("/api/v1/orders", json={**ORDER, "industry": industry}).status_code == 201


def test_an_order_that_lacks_something_says_all_of_it(page) -> None:
    wrong = {**ORDER, "industry": "naval", "sex": "X", "start_date": "soon", "study_uid": "1.2.x"}
    answer = page.http.post("/api/v1/orders", json=wrong)
    assert answer.status_code == 400
    assert all(f"'{name}'" in answer.json()["detail"] for name in ("industry", "sex", "start_date", "study_uid"))
    assert page.http.post("/api/v1/orders", json={**ORDER, "priority": "SOON"}).status_code == 422


def test_the_same_step_is_not_ordered_twice(page) -> None:
    named = {**ORDER, "accession": "A-1", "requested_id": "R-1", "step_id": "S-1"}
    assert page.http.post("/api/v1/orders", json=named).status_code == 201
    again = page.http.post("/api/v1/orders", json=named)
    assert (again.status_code, "ordered already" in again.json()["detail"]) == (409, True)


def test_an_order_is_canceled_with_a_reason_and_once(page) -> None:
    number = page.http.post("/api/v1/orders", json=ORDER).json()["order_id"]
    canceled = page.http.post(f"/api/v1/orders/{number}/cancel", json={"reason": "part scrapped"})
    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
    assert page.http.post(f"/api/v1/orders/{number}/cancel", json={"reason": "again"}).status_code == 409
    assert page.http.post("/api/v1/orders/404/cancel", json={"reason": "none"}).status_code == 404
    assert page.http.post(f"/api/v1/orders/{number}/cancel", json={"reason": ""}).status_code == 422


def test_a_report_that_fits_no_order_waits_for_a_person_who_matches_it(page, kernel: Kernel, actor: Actor) -> None:
    number = page.http.post("/api/v1/orders", json=ORDER).json()["order_id"]
    report(kernel, actor)
    (waiting,) = page.http.get("/api/v1/performed").json()["performed"]
    assert (waiting["matching"], waiting["reasons"][0]["code"]) == ("unmatched", "no-order")
    matched = page.http.post(f"/api/v1/performed/{waiting['performed_id']}/match", json={"order_ids": [number]})
    assert (matched.json()["matching"], matched.json()["decided_by_name"]) == ("by-person", "Test Person")
    assert page.http.get("/api/v1/orders", params={"state": "started"}).json()["orders"][0]["order_id"] == number
    assert page.http.get("/api/v1/performed").json()["performed"] == []
    assert len(page.http.get("/api/v1/performed", params={"show": "all"}).json()["performed"]) == 1
    again = page.http.post(f"/api/v1/performed/{waiting['performed_id']}/dismiss", json={"reason": "test"})
    assert again.status_code == 409


def test_a_contradicting_report_names_its_suspects_and_changes_no_order(page, kernel: Kernel, actor: Actor) -> None:
    placed = page.http.post("/api/v1/orders", json={**ORDER, "accession": "A-9", "step_id": "SPS-1"}).json()
    report(kernel, actor)
    (waiting,) = page.http.get("/api/v1/performed").json()["performed"]
    assert waiting["matching"] == "contradicting"
    assert waiting["suspect_order_ids"] == [placed["order_id"]]
    assert {one["code"] for one in waiting["reasons"]} == {"other-subject", "other-study"}
    assert page.http.get("/api/v1/orders", params={"state": "scheduled"}).json()["orders"] != []
    path = f"/api/v1/performed/{waiting['performed_id']}"
    dismissed = page.http.post(f"{path}/dismiss", json={"reason": "phantom test"}).json()
    assert (dismissed["matching"], dismissed["dismiss_reason"]) == ("dismissed", "phantom test")
    assert page.http.post("/api/v1/performed/404/match", json={"order_ids": [placed["order_id"]]}).status_code == 404
    assert page.http.post(f"{path}/match", json={"order_ids": [404]}).status_code == 404


def test_an_exam_shows_what_was_announced_and_what_arrived(page, kernel: Kernel, actor: Actor) -> None:
    films.Archive(kernel, actor).ingest(films.film(StudyInstanceUID=f"{ROOT}.1", SOPInstanceUID=f"{ROOT}.3"))
    report(kernel, actor)
    ended = document_of(worklists.ended(images=(f"{ROOT}.3", f"{ROOT}.4")))
    actions_perform.perform(kernel, actor, report=actions_perform.Change(f"{ROOT}.9", ended))
    (row,) = page.http.get("/api/v1/performed").json()["performed"]
    assert (row["announced_count"], row["stored_count"]) == (2, 1)
    one = page.http.get(f"/api/v1/performed/{row['performed_id']}").json()
    assert [missing["image_uid"] for missing in one["missing"]] == [f"{ROOT}.4"]


def test_images_of_a_machine_that_reports_nothing_take_the_step_off_its_list(
    page, kernel: Kernel, actor: Actor
) -> None:
    from kerma.areas.archive.model import ExamArrived

    uid = page.http.post("/api/v1/orders", json={**ORDER, "industry": "medical"}).json()["study_uid"]
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    films.Archive(listening, actor).ingest(films.film(StudyInstanceUID=uid))
    (row,) = page.http.get("/api/v1/orders").json()["orders"]
    assert (row["state"], row["image_count"]) == ("started", 1)


def test_an_analyst_sees_but_does_not_reconcile_and_no_name_is_in_the_ledger(browser, kernel: Kernel) -> None:
    analyst = browser(router)
    analyst.sign_in("analyst")
    made = analyst.http.post("/api/v1/orders", json={**ORDER, "name": "Dupont^Zoé"})
    assert made.status_code == 201
    assert analyst.http.get("/api/v1/performed").status_code == 200
    assert analyst.http.post("/api/v1/performed/1/dismiss", json={"reason": "no"}).status_code == 403
    with kernel.database.read() as connection:
        bodies = connection.scalars(sa.select(ledger_record.c.body)).all()
    assert any(json.loads(body)["action"] == "worklist.order" for body in bodies)
    assert not any("Dupont" in body or "PART-7" in body for body in bodies)
