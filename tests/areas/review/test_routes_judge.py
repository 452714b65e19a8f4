"""Judging and packs over HTTP, as the pages use them."""

import pytest

import exams
import judgements as made
from judgements import SHA
from kerma.areas.archive.model import ExamArrived
from kerma.areas.review.routes import router as review
from kerma.areas.review.routes_judge import router as judging
from kerma.areas.review.routes_packs import router as packs
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.kernel.action import Actor, Kernel

CRACK = {"image_sha256": SHA, "label": "crack", "box": [5, 5, 4, 40], "measurements": {"length_mm": 4.0}}


@pytest.fixture
def page(browser, kernel: Kernel, actor: Actor):
    opened = browser(review, judging, packs)
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    opened.exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=(SHA,))
    found = made.image(SHA, made.finding(1, diameter_mm=1.0), made.finding(2, diameter_mm=3.0))
    made.analysed(listening, actor, opened.exam_pk, made.document(found))
    opened.sign_in("lead")
    return opened


def test_a_person_tries_records_and_decides(page) -> None:
    address = f"/api/v1/exams/{page.exam_pk}"
    begun = page.http.get(f"{address}/judgement").json()
    assert (begun["judgement_id"], begun["pack"], begun["judgements"]) == (None, "french-arrete-1978", [])
    assert page.http.post("/api/v1/packs", json={"name": "yard", "text": made.pack()}).status_code == 201
    asked = {"pack": "yard", "added": [CRACK], "dismissed": {"2": "dust"}, "conditions": {"thickness_mm": 12}}
    tried = page.http.post(f"{address}/judgement/check", json=asked).json()
    assert {one["rule"]: one["outcome"] for one in tried["verdicts"]} == {"pores": "pass", "cracks": "fail"}
    assert page.http.get(f"{address}/judgement").json()["judgements"] == []
    kept = page.http.post(f"{address}/judgement", json=asked)
    assert kept.status_code == 201
    first = kept.json()["judgements"][0]
    assert (first["version"], first["by_name"], first["pack"]["name"]) == (1, "Test Person", "yard")
    shown = page.http.get(f"{address}/analysis").json()
    assert (shown["judgement_id"], shown["decision_proposed"]) == (first["id"], "reject")
    assert page.http.post(f"{address}/judgement", json=asked).status_code == 409
    seen = {"decision": "reject", "judgement_id": first["id"]}
    decided = page.http.post(f"{address}/decisions", json=seen).json()
    assert decided["decisions"][0]["judgement_id"] == first["id"]


def test_findings_alone_are_recorded_with_the_pack_and_conditions_as_they_were(page) -> None:
    address = f"/api/v1/exams/{page.exam_pk}"
    page.http.post("/api/v1/packs", json={"name": "yard", "text": made.pack()})
    asked = {"pack": "yard", "conditions": {"thickness_mm": 12}}
    first = page.http.post(f"{address}/judgement", json=asked).json()["judgement_id"]
    kept = page.http.post(f"{address}/findings", json={"added": [CRACK], "supersedes": first}).json()["judgements"][0]
    assert (kept["version"], kept["pack"]["name"], kept["conditions"]) == (2, "yard", {"thickness_mm": 12})
    listed = page.http.get(f"{address}/findings").json()
    assert [(one["id"], one["image_sha256"], one["by"]["kind"]) for one in listed][-1] == ("3", SHA, "person")


def test_what_makes_no_sense_is_told_and_nothing_kept(page) -> None:
    address = f"/api/v1/exams/{page.exam_pk}/judgement"
    for body, status in (
        ({"pack": "none-such"}, 404),
        ({"conditions": {"thickness_mm": "thick"}}, 400),
        ({"conditions": {"colour": "red"}}, 400),
        ({"conditions": {"facts": "joint butt"}}, 400),
        ({"quality": {"wires": 14}}, 400),
        ({"added": [{**CRACK, "box": [0, 0, 1]}]}, 422),
        ({"added": [{**CRACK, "by": "somebody else"}]}, 422),
        ({"added": [{**CRACK, "label": "crakc"}]}, 400),
        ({"verdicts": []}, 422),
    ):
        assert page.http.post(address, json=body).status_code == status, body
    assert page.http.post("/api/v1/exams/4711/judgement", json={}).status_code == 404
    assert page.http.get("/api/v1/exams/4711/judgement").status_code == 404
    assert page.http.get("/api/v1/finding-words/nowhere").status_code == 404
    assert page.http.get(address).json()["judgements"] == []


def test_the_packs_their_sentences_and_a_confirmation(page) -> None:
    listed = {row["name"]: row for row in page.http.get("/api/v1/packs").json()}
    assert (listed["asme-viii-uw-51"]["status"], listed["asme-viii-uw-51"]["is_binding"]) == ("unverified", False)
    assert listed["french-arrete-1978"]["is_binding"]
    read = page.http.get("/api/v1/packs/asme-viii-uw-51").json()
    elongated = [row["curve"] for row in read["rules"] if row["rule"] == "largest elongated indication"]
    assert elongated[1] == [[19.0, pytest.approx(19 / 3)], [57.0, 19.0]]
    stated = {"sha256": read["sha256"], "edition": "ASME VIII-1:2017", "statement": "They agree."}
    confirmed = page.http.post("/api/v1/packs/asme-viii-uw-51/confirmation", json=stated).json()
    assert (confirmed["status"], confirmed["confirmations"][0]["by_name"]) == ("confirmed", "Test Person")
    taken = page.http.delete("/api/v1/packs/asme-viii-uw-51/confirmation").json()
    assert (taken["status"], taken["confirmations"][0]["is_in_force"]) == ("unverified", False)


def test_a_table_with_mistakes_is_told_line_by_line(page) -> None:
    wrong = made.pack().replace("forbidden,crack,", "forbidden,crakc,")
    (mistake,) = page.http.post("/api/v1/packs/check", json={"text": wrong}).json()
    assert (mistake["line"], mistake["column"]) == (8, "labels")
    refused = page.http.post("/api/v1/packs", json={"name": "yard", "text": wrong})
    assert refused.status_code == 400
    assert "line 8" in refused.json()["detail"]
    assert page.http.get("/api/v1/packs/yard").status_code == 404


def test_an_analyst_judges_but_does_not_confirm_and_an_auditor_only_reads(page) -> None:
    address = f"/api/v1/exams/{page.exam_pk}/judgement"
    page.http.delete("/api/v1/session")
    page.sign_in("analyst", login="analyst")
    sha256 = page.http.get("/api/v1/packs/asme-viii-uw-51").json()["sha256"]
    stated = {"sha256": sha256, "edition": "2017", "statement": "They agree."}
    assert page.http.post("/api/v1/packs/asme-viii-uw-51/confirmation", json=stated).status_code == 403
    assert page.http.post("/api/v1/packs", json={"name": "yard", "text": made.pack()}).status_code == 403
    assert page.http.post(address, json={}).status_code == 201
    page.http.delete("/api/v1/session")
    page.sign_in("auditor", login="auditor")
    assert page.http.get(address).status_code == 200
    assert page.http.post(address, json={"supersedes": 1}).status_code == 403
