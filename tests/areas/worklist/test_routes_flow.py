"""Decision flows over HTTP: chosen, written, refused, ended."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

import exams
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.routes import router
from kerma.areas.worklist.routes_flow import router as flows
from kerma.kernel.action import Actor, Kernel


@pytest.fixture
def page(browser: Any) -> Any:
    return browser(router, flows)


def of(answer: dict[str, Any], industry: str) -> dict[str, Any]:
    (row,) = [one for one in answer["in_force"] if one["industry"] == industry]
    return row


def test_a_flow_is_chosen_shown_in_the_list_and_ended(page: Any, kernel: Kernel, actor: Actor) -> None:
    page.sign_in("lead")
    told = page.http.get("/api/v1/flows").json()
    assert [one["name"] for one in told["in_force"]] == ["", "", ""]
    (levels,) = [one for one in told["offered"] if one["name"] == "levels"]
    assert [["reader", "accept"], ["level-2", "reject"], ["level-3", "accept"]] in levels["paths"]
    chosen = page.http.put("/api/v1/flows/ndt", json={"name": "levels", "stages": levels["stages"]}).json()
    assert of(chosen, "ndt")["set_by_name"] == "Test Person"
    listening = exams.subscribed(kernel, on_exam_arrived)
    exams.arrive(listening, actor, industry="ndt", subject_id=uuid.uuid4().hex)
    (item,) = page.http.get("/api/v1/worklist").json()["items"]
    assert (item["stage"], item["stage_label"]) == ("reader", "Reader")
    assert of(page.http.delete("/api/v1/flows/ndt").json(), "ndt")["name"] == ""
    assert page.http.delete("/api/v1/flows/ndt").status_code == 404


def test_what_makes_no_sense_or_is_not_theirs_is_refused(page: Any) -> None:
    page.sign_in("analyst")
    stage = {"stage": "only", "label": "Only"}
    assert page.http.put("/api/v1/flows/ndt", json={"name": "mine", "stages": [stage]}).status_code == 403
    page.sign_in("lead", login="second")
    assert page.http.put("/api/v1/flows/ndt", json={"name": "mine", "stages": [stage]}).status_code == 200
    circle = stage | {"next": {"accept": "only"}}
    refused = page.http.put("/api/v1/flows/ndt", json={"name": "mine", "stages": [circle]})
    assert refused.status_code == 400 and "circle" in refused.json()["detail"]
    assert page.http.put("/api/v1/flows/zoo", json={"name": "mine", "stages": [stage]}).status_code == 400
    assert page.http.put("/api/v1/flows/ndt", json={"name": " ", "stages": [stage]}).status_code == 400
    assert page.http.put("/api/v1/flows/ndt", json={"name": "mine", "stages": []}).status_code == 400
