"""Lanes over HTTP: who sets and sees them, and how the machine of a lane gets each result once, in order."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa

import exams
import lanes
from kerma.areas.people.actions import create_token
from kerma.areas.review import actions, jobs_lanes
from kerma.areas.worklist import actions_next
from kerma.areas.worklist.routes_lanes import router
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.ledger_tables import ledger_record

LANE = {"machine": "LANE-1", "pool": "north", "running_s": 10, "stopped_s": 45, "at_time_out": "refer"}
RESULTS = "/api/v1/lanes/lane-1/results"


@pytest.fixture
def matrix(kernel: Kernel) -> Kernel:
    return lanes.matrix(kernel)


@pytest.fixture
def page(matrix: Kernel, browser: Any) -> Any:
    return browser(router)


def bearer(kernel: Kernel, actor: Actor, role: str = "lane", name: str = "lane-1") -> dict[str, str]:
    return {"Authorization": f"Bearer {create_token(kernel, actor, name=name, role=role)}"}


def cleared(kernel: Kernel, actor: Actor) -> int:
    pk = lanes.bag(kernel, actor)
    actions.decide(kernel, exams.person(2), exam_pk=pk, decision_code="clear", reason="Nothing in it")
    return pk


def test_a_lead_sets_and_ends_lanes_and_pools_and_an_analyst_only_sees_them(page: Any) -> None:
    person = page.sign_in("lead")
    board = page.http.put("/api/v1/lanes/lane-1", json=LANE).json()
    assert [(one["name"], one["waiting"], one["last"]) for one in board["lanes"]] == [("lane-1", 0, None)]
    refused = page.http.put("/api/v1/lanes/lane-2", json=LANE)
    assert refused.status_code == 409 and "lane-1 is this machine already" in refused.json()["detail"]
    assert page.http.put("/api/v1/lanes/lane-2", json=LANE | {"machine": " "}).status_code == 400
    assert page.http.put("/api/v1/lanes/lane-2", json=LANE | {"at_time_out": "clear"}).status_code == 422
    member = f"/api/v1/pools/north/members/person:{person}"
    (pool,) = page.http.put(member).json()["pools"]
    assert pool["members"] == [{"person": f"person:{person}", "name": "Test Person"}] and pool["lanes"] == ["lane-1"]
    assert page.http.put("/api/v1/pools/north/members/person:99").status_code == 404
    assert page.http.delete(member).json()["pools"][0]["members"] == []
    assert page.http.delete("/api/v1/lanes/lane-1").json()["lanes"] == []
    assert page.http.delete("/api/v1/lanes/lane-1").status_code == 404
    page.sign_in("analyst", login="screener")
    assert page.http.get("/api/v1/lanes").status_code == 200
    for method, path in (
        ("PUT", "/api/v1/lanes/lane-1"),
        ("PUT", "/api/v1/pools/north/members/person:1"),
        ("DELETE", "/api/v1/pools/north/members/person:1"),
        ("GET", RESULTS),
    ):
        assert page.http.request(method, path, json=LANE if "lanes" in path else None).status_code == 403, path


def test_the_board_says_what_waits_and_how_fast_lanes_are_answered(
    page: Any, matrix: Kernel, actor: Actor, clock: HeldClock
) -> None:
    lanes.set_lane(matrix, actor)
    for waits_s in (2, 4, 6):
        pk = lanes.bag(matrix, actor)
        clock.advance(waits_s)
        actions.decide(matrix, exams.person(2), exam_pk=pk, decision_code="clear", reason="Nothing in it")
    pk = lanes.bag(matrix, actor)
    clock.advance(10)
    jobs_lanes.refer(matrix, exam_pk=pk)
    for _ in range(2):
        lanes.bag(matrix, actor)
    actions_next.take_next(matrix, exams.person(3))
    clock.advance(3)
    page.sign_in("analyst")
    belt = page.http.get(f"/api/v1/exams/{pk + 1}/lane").json()
    assert (belt["lane"], belt["is_stopped"], belt["at_time_out"]) == ("lane-1", False, "refer")
    assert belt["began_at"] < belt["now"] < belt["answer_by"]
    assert page.http.get(f"/api/v1/exams/{pk}/lane").json() is None
    board = page.http.get("/api/v1/lanes").json()
    (lane,), (pool,) = board["lanes"], board["pools"]
    assert (lane["waiting"], lane["answered"], lane["time_outs"]) == (2, 4, 1)
    assert (lane["p50_s"], lane["p95_s"]) == (4.0, 10.0)
    assert (lane["last"]["does"], lane["last"]["how"]) == ("divert", "timed-out")
    assert lane["oldest_answer_by"] > board["now"] > lane["oldest_began_at"]
    assert (pool["waiting"], pool["active"], pool["oldest_arrived_at"]) == (2, 2, lane["oldest_began_at"])
    clock.advance(3601)
    page.sign_in("analyst", login="later")
    (lane,) = page.http.get("/api/v1/lanes").json()["lanes"]
    assert (lane["answered"], lane["p50_s"], lane["last"]["does"]) == (0, None, "divert")


def test_a_machine_gets_each_result_once_in_order_with_its_token(page: Any, matrix: Kernel, actor: Actor) -> None:
    lanes.set_lane(matrix, actor)
    token = bearer(matrix, actor)
    assert page.http.get(RESULTS, params={"wait_s": 0}).status_code == 401
    engineer = bearer(matrix, actor, "engineer", "lane-1 b")
    assert page.http.get(RESULTS, params={"wait_s": 0}, headers=engineer).status_code == 403
    assert page.http.get("/api/v1/lanes", headers=token).status_code == 403
    assert page.http.get(RESULTS, params={"wait_s": 26}, headers=token).status_code == 422
    assert page.http.get(RESULTS, params={"wait_s": 0}, headers=token).json() == []
    for _ in range(103):
        cleared(matrix, actor)
    got: list[int] = []
    while rows := page.http.get(RESULTS, params={"after": max(got, default=0), "wait_s": 0}, headers=token).json():
        assert {(one["does"], one["decision"], one["how"]) for one in rows} == {("clear", "clear", "decided")}
        assert all(one["subject_id"] and one["exam_uid"] for one in rows)
        got += [one["number"] for one in rows]
    assert got == list(range(1, 104))


def test_a_machine_is_told_nothing_of_another_lane(page: Any, matrix: Kernel, actor: Actor) -> None:
    lanes.set_lane(matrix, actor)
    cleared(matrix, actor)
    for name in ("lane-1", "lane-1 since 2027", "lane-2", "lane-10", "lane", "lane-1b", "LANE-1"):
        token = bearer(matrix, actor, name=name)
        answer = page.http.get(RESULTS, params={"wait_s": 0}, headers=token)
        assert answer.status_code == (200 if name in ("lane-1", "lane-1 since 2027") else 403), name
        assert "BAG" not in answer.text or answer.status_code == 200
        # whether there is such a lane is not told either
        assert page.http.get("/api/v1/lanes/lane-9/results", params={"wait_s": 0}, headers=token).status_code == 403
    administrator = bearer(matrix, actor, "administrator", "control room")
    assert len(page.http.get(RESULTS, params={"wait_s": 0}, headers=administrator).json()) == 1
    unknown = page.http.get("/api/v1/lanes/lane-9/results", params={"wait_s": 0}, headers=administrator)
    assert unknown.status_code == 404
    with matrix.database.read() as connection:
        written = " ".join(connection.scalars(sa.select(ledger_record.c.body)))
    assert "this token is not of lane 'lane-1'" in written


def test_a_request_waits_until_there_is_a_result(page: Any, matrix: Kernel, actor: Actor) -> None:
    lanes.set_lane(matrix, actor)
    token, answers = bearer(matrix, actor), []

    def poll() -> None:
        began = time.monotonic()
        rows = page.http.get(RESULTS, params={"after": 0, "wait_s": 20}, headers=token).json()
        answers.append((rows, time.monotonic() - began))

    machine = threading.Thread(target=poll)
    machine.start()
    time.sleep(0.6)
    assert answers == []
    cleared(matrix, actor)
    machine.join(20)
    ((rows, waited_s),) = answers
    assert [one["number"] for one in rows] == [1] and 0.6 <= waited_s < 15
    began = time.monotonic()
    assert page.http.get(RESULTS, params={"after": 1, "wait_s": 0.5}, headers=token).json() == []
    assert time.monotonic() - began >= 0.5
