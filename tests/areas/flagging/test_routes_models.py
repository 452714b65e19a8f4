"""The registry over HTTP: a network is handed in, approved by another person, set to a threshold, retired."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

import registry_models as made
from kerma.areas.flagging import actions_models
from kerma.areas.flagging.routes_models import router
from kerma.doors import limits

WEIGHTS = made.weights()
SHA = sha256(WEIGHTS).hexdigest()
MODELS = "/api/v1/models"
BODY = {"reason": "tried on our own blind set", "evaluation": made.evaluation(SHA).decode()}


@pytest.fixture
def two(browser: Callable[..., Any]) -> tuple[Any, Any]:
    """Browsers of an engineer and of a lead."""
    engineer, lead = browser(router), browser(router)
    engineer.sign_in("engineer", login="engineer")
    lead.sign_in("lead", login="lead")
    return engineer.http, lead.http


def hand_in(http: Any, card: dict | None = None, content: bytes = WEIGHTS, **fields: str) -> Any:
    files = {
        "weights": ("mine.onnx", content),
        "card": ("mine.json", json.dumps(card or made.card()).encode()),
    }
    return http.post(MODELS, files=files, data=fields)


def test_a_brought_network_goes_from_candidate_to_retired(two: tuple[Any, Any]) -> None:
    engineer, lead = two
    answer = hand_in(engineer, industry="ndt")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    number, own = told["id"], f"{MODELS}/{told['id']}"
    assert told["state"] == "candidate" and told["trial"]["is_accepted"] and told["trial"]["is_deterministic"]
    assert told["may_become"] == ["shadow", "active", "retired"] and "another person" in told["why_not_active"]
    assert {one["name"] for one in told["trained"]} >= {"on", "seed", "simulator version"}
    test = next(one for one in told["figures"] if one["name"] == "test")
    assert {"name": "map50", "words": "mAP50", "value": 0.784, "low": 0.757, "high": 0.809} in test["figures"]
    assert test["counts"]["images"] == 300 and test["froc"][2]["sensitivity"] == 0.877
    assert engineer.post(f"{own}/activation", json=BODY).status_code == 403
    assert lead.post(f"{own}/shadow", json={"reason": "a look"}).json()["state"] == "shadow"
    read = lead.post(f"{own}/evaluation", json={"evaluation": BODY["evaluation"]}).json()
    assert read["images"] == 60 and [one["threshold"] for one in read["froc"]] == [0.41, 0.22, 0.08]
    assert read["figures"][0] == {"name": "map50", "words": "mAP50", "value": 0.61, "low": 0.5, "high": 0.71}
    told = lead.post(f"{own}/activation", json=BODY).json()
    assert told["state"] == "active" and told["why_not_active"] == ""
    assert [one["state"] for one in told["history"]] == ["active", "shadow", "candidate"]
    assert told["history"][0]["by_name"] == "Test Person" and told["history"][0]["figures"]["groups"] == 40
    kept = lead.get(f"{own}/evidence/{told['history'][0]['evidence_sha256']}")
    assert kept.content == BODY["evaluation"].encode() and "attachment" in kept.headers["content-disposition"]
    told = lead.post(f"{own}/thresholds", json={
        "evaluation": BODY["evaluation"], "sensitivity": 0.9, "machine": "YXLON 4711"
    }).json()  # fmt: skip
    assert (told["thresholds"][0]["machine"], told["thresholds"][0]["score"]) == ("YXLON 4711", 0.08)
    assert lead.delete(f"{MODELS}/thresholds/{told['thresholds'][0]['id']}").status_code == 204
    assert lead.get(own).json()["thresholds"][0]["withdrawn_by_name"] == "Test Person"
    assert lead.post(f"{own}/retirement", json={"reason": "only a trial"}).json()["state"] == "retired"
    listed = lead.get(MODELS).json()
    assert [one["id"] for one in listed][-1] == number and listed[-1]["state"] == "retired"


def test_what_ships_is_listed_with_the_detectors_without_weights(two: tuple[Any, Any]) -> None:
    _, lead = two
    assert {"weld", "casting"} <= {one["name"] for one in lead.get(MODELS).json() if one["origin"] == "shipped"}
    assert "small_flaws" in {one["name"] for one in lead.get(f"{MODELS}/detectors").json()}


@pytest.mark.parametrize(
    ("card", "content", "status", "says"),
    [
        (made.card(name="Yard"), WEIGHTS, 400, "small letters"),
        (made.card(), WEIGHTS + b"\0", 409, "get the pair again"),
        (made.card(labels=["one"]), WEIGHTS, 415, "was tried and is not taken"),
    ],
)
def test_what_is_no_model_is_refused_with_the_reason(
    two: tuple[Any, Any], card: dict, content: bytes, status: int, says: str
) -> None:
    answer = hand_in(two[1], card, content)
    assert says in answer.json()["detail"] and answer.status_code == status
    assert "yard" not in {one["name"].split("-")[0].lower() for one in two[1].get(MODELS).json()}


def test_a_form_without_both_files_is_refused(two: tuple[Any, Any]) -> None:
    for files in ({"weights": ("mine.onnx", WEIGHTS)}, {"card": ("mine.json", b"{}")}):
        answer = two[1].post(MODELS, files=files)
        assert answer.status_code == 400 and "two files" in answer.json()["detail"]


def test_an_analyst_looks_and_changes_nothing(
    two: tuple[Any, Any], browser: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions_models, "tried", lambda content, card: {"fake": True})
    own = f"{MODELS}/{hand_in(two[1]).json()['id']}"
    analyst = browser(router)
    analyst.sign_in("analyst", login="analyst")
    assert analyst.http.get(own).status_code == 200
    assert hand_in(analyst.http, made.card(version="2.0.0")).status_code == 403
    for path, body in (
        ("shadow", {"reason": "x"}), ("activation", BODY), ("retirement", {"reason": "x"}),
        ("thresholds", {"evaluation": BODY["evaluation"], "sensitivity": 0.5}),
    ):  # fmt: skip
        assert analyst.http.post(f"{own}/{path}", json=body).status_code == 403
    assert analyst.http.get(f"{own}/evidence/{'0' * 64}").status_code == 404
    assert browser(router).http.get(own).status_code == 401


def test_how_much_a_model_and_an_evaluation_may_bring() -> None:
    assert limits.limit_of("POST", MODELS, 10) > 64 << 20
    assert limits.limit_of("POST", f"{MODELS}/7/activation", 10) > limits.BODY_LIMIT_BYTES
    assert limits.limit_of("POST", f"{MODELS}/7/shadow", 10) == limits.BODY_LIMIT_BYTES
    assert limits.limit_of("GET", MODELS, 10) == limits.BODY_LIMIT_BYTES
