"""Service levels, readers, skills, breaks and notices over HTTP: who may, what is refused, what a dry run says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

import exams
from kerma.areas.worklist import actions
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.jobs import tend
from kerma.areas.worklist.routes import router
from kerma.areas.worklist.routes_levels import router as levels
from kerma.areas.worklist.routes_next import router as handing_out
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock

LEVEL = {
    "priority": 2, "due_in_s": 600, "warn_before_s": 60, "claim_expires_s": 0,
    "chain": [{"after_s": 0, "role": "lead"}],
}  # fmt: skip


@pytest.fixture
def page(browser: Any) -> Any:
    return browser(router, levels, handing_out)


def arrived(kernel: Kernel, actor: Actor, industry: str) -> int:
    listening = exams.subscribed(kernel, on_exam_arrived)
    return exams.arrive(listening, actor, industry=industry, subject_id=uuid.uuid4().hex)


def test_a_level_is_tried_set_and_ended(page: Any, kernel: Kernel, actor: Actor, clock: HeldClock) -> None:
    for minutes in (5, 20):
        exam_pk = arrived(kernel, actor, "ndt")
        clock.advance(60 * minutes)
        actions.close(kernel, actor, exam_pk=exam_pk, decision="accept")
    page.sign_in("lead")
    address = "/api/v1/service-levels/ndt/routine"
    tried = page.http.post(f"{address}/try", json=LEVEL).json()
    assert tried == {"exams": 2, "decided": 2, "in_time_now": 2, "in_time_then": 1}
    rows = page.http.put(address, json=LEVEL).json()
    (row,) = [one for one in rows if (one["industry"], one["urgency"]) == ("ndt", "routine")]
    assert row["is_own"] and row["due_in_s"] == 600 and row["set_by_name"] == "Test Person"
    refused = page.http.put(address, json=LEVEL | {"chain": [{"after_s": 0, "role": "king"}]})
    assert refused.status_code == 400 and "no role 'king'" in refused.json()["detail"]
    assert page.http.put("/api/v1/service-levels/zoo/stat", json=LEVEL).status_code == 400
    (row,) = [
        one for one in page.http.delete(address).json() if (one["industry"], one["urgency"]) == ("ndt", "routine")
    ]
    assert not row["is_own"] and row["due_in_s"] == 86_400


def test_an_analyst_sees_what_is_promised_and_sets_nothing(page: Any) -> None:
    page.sign_in("analyst")
    assert len(page.http.get("/api/v1/service-levels").json()) == 9
    assert page.http.get("/api/v1/breaks").status_code == 200
    for method, path, body in (
        ("PUT", "/api/v1/service-levels/ndt/stat", LEVEL),
        ("PUT", "/api/v1/breaks/ndt", {"most_s": 60, "break_s": 60, "mode": "told"}),
        ("POST", "/api/v1/skills", {"industry": "ndt", "skill": "RT-2"}),
        ("PUT", "/api/v1/readers/person:1", {}),
        ("GET", "/api/v1/readers", None),
        ("GET", "/api/v1/late-notices", None),
        ("POST", "/api/v1/late-notices/1/acknowledge", {"words": "x"}),
        ("POST", "/api/v1/worklist/1/assign", {"person": ""}),
    ):
        assert page.http.request(method, path, json=body).status_code == 403, path


def test_next_hold_and_resume_over_http(page: Any, kernel: Kernel, actor: Actor) -> None:
    page.sign_in("analyst")
    assert page.http.post("/api/v1/worklist/next", json={}).json() == {"item": None}
    arrived(kernel, actor, "security")
    item = page.http.post("/api/v1/worklist/next", json={"industry": "security"}).json()["item"]
    assert item["is_mine"] and item["claim_until"] > item["claimed_at"] and item["urgency"] == "routine"
    (time,) = page.http.get("/api/v1/screen-time").json()
    assert (time["industry"], time["mode"], time["is_due"]) == ("security", "told", False)
    address = f"/api/v1/worklist/{item['item_id']}"
    held = page.http.post(f"{address}/hold", json={"until": "2026-03-02T13:00:00Z", "reason": "The belt stands"}).json()
    assert (held["state"], held["held_reason"], held["is_mine"]) == ("held", "The belt stands", False)
    assert page.http.get("/api/v1/worklist").json()["items"][0]["state"] == "held"
    past = page.http.post(f"{address}/hold", json={"until": "2026-03-02T11:00:00Z", "reason": "x"})
    assert past.status_code == 400
    assert page.http.post(f"{address}/resume").json()["state"] == "waiting"
    assert page.http.post(f"{address}/resume").status_code == 409


def test_readers_and_skills_are_set_and_told(page: Any, kernel: Kernel, actor: Actor) -> None:
    number = page.sign_in("lead")
    reader = {"industries": ["ndt"], "modalities": ["DX"], "skills": ["RT-2"], "most_claimed": 3}
    (row,) = page.http.put(f"/api/v1/readers/person:{number}", json=reader).json()
    assert row == reader | {"person": f"person:{number}", "name": "Test Person"}
    assert page.http.put("/api/v1/readers/person:999", json=reader).status_code == 404
    skill = {"industry": "ndt", "modality": "dx", "skill": "RT-2"}
    assert page.http.post("/api/v1/skills", json=skill).json() == [skill | {"modality": "DX"}]
    assert page.http.post("/api/v1/skills/end", json=skill).json() == []


def test_a_late_exam_is_told_until_somebody_says_what_is_done(
    page: Any, kernel: Kernel, actor: Actor, clock: HeldClock
) -> None:
    page.sign_in("lead")
    page.http.put("/api/v1/service-levels/ndt/routine", json=LEVEL)
    exam_pk = arrived(kernel, actor, "ndt")
    clock.advance(601)
    tend(kernel)
    page.sign_in("lead", login="second")
    (notice,) = page.http.get("/api/v1/late-notices").json()
    assert (notice["exam_pk"], notice["step"], notice["role"]) == (exam_pk, 1, "lead")
    address = f"/api/v1/late-notices/{notice['id']}/acknowledge"
    assert page.http.post(address, json={"words": " "}).status_code == 400
    assert page.http.post(address, json={"words": "Read within ten minutes"}).json() == []
    told = page.http.get("/api/v1/late-notices", params={"everything": "true"}).json()
    assert {one["words"] for one in told} == {"Read within ten minutes"}
    assert page.http.post("/api/v1/late-notices/99/acknowledge", json={"words": "x"}).status_code == 404
