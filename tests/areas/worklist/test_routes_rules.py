"""Item rules, their dry run, matching and what needs attention, over HTTP: who may, what is refused, what is told."""

from __future__ import annotations

from typing import Any

import pytest

import item_rules
from item_rules import come, items_of
from kerma.areas.worklist import actions
from kerma.areas.worklist.routes_rules import router
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock

A_DAY_S = 86_400


@pytest.fixture
def page(browser: Any) -> Any:
    return browser(router)


@pytest.fixture
def room(kernel: Kernel) -> Kernel:
    item_rules.scored()
    return item_rules.listening(kernel)


def test_rules_are_shown_set_and_ended(page: Any, room: Kernel, actor: Actor) -> None:
    page.sign_in("lead")
    shown = page.http.get("/api/v1/item-rules").json()
    assert (shown["rules_id"], [one["name"] for one in shown["rules"]]) == (0, ["every exam"])
    asked = {"seen": 0, "rules": [{"name": "ct", "modality": "CT"}, {"name": "rest", "makes": False}]}
    kept = page.http.put("/api/v1/item-rules", json=asked).json()
    assert kept["rules_id"] and kept["set_by_name"] == "Test Person" and kept["rules"][1]["makes"] is False
    assert page.http.put("/api/v1/item-rules", json=asked).status_code == 409
    refused = page.http.put("/api/v1/item-rules", json={"rules": [{"name": "x", "industry": "zoo"}]})
    assert refused.status_code == 400 and "rule 1 'x': there is no industry 'zoo'" in refused.json()["detail"]
    assert page.http.put("/api/v1/item-rules", json={"rules": [{"name": "x", "colour": 1}]}).status_code == 422
    assert page.http.delete("/api/v1/item-rules", params={"seen": 0}).status_code == 409
    ended = page.http.delete("/api/v1/item-rules", params={"seen": kept["rules_id"]}).json()
    assert (ended["rules_id"], len(ended["rules"])) == (0, 1)


def test_a_dry_run_counts_and_lists_and_writes_nothing(page: Any, room: Kernel, actor: Actor, clock: HeldClock) -> None:
    old = come(room, actor, industry="medical", modality="CT")
    clock.advance(3 * A_DAY_S)
    ct = come(room, actor, industry="medical", modality="CT", subject="P-1")
    film = come(room, actor, industry="medical", modality="DX", subject="P-2")
    page.sign_in("lead")
    tried = {"days": 2, "rules": [{"name": "ct", "modality": "CT"}, {"name": "again", "trigger": "quality"}]}
    found = page.http.post("/api/v1/item-rules/try", json=tried).json()
    counts = {key: found[key] for key in ("exams", "made", "unread", "sampled", "differs", "is_cut", "by_rule")}
    assert counts == {
        "exams": 2, "made": 1, "unread": 1, "sampled": 0, "differs": 1, "is_cut": False, "by_rule": {"": 1, "ct": 1},
    }  # fmt: skip
    assert [(row["exam_pk"], row["is_made"], row["is_there"]) for row in found["rows"]] == [
        (film, False, True), (ct, True, True),
    ]  # fmt: skip
    assert page.http.get("/api/v1/item-rules").json()["rules_id"] == 0
    assert page.http.get("/api/v1/attention").json()["counts"] == []
    actions.close(room, actor, exam_pk=old, decision="normal")
    whole = page.http.post("/api/v1/item-rules/try", json=tried | {"days": 30}).json()
    assert (whole["exams"], whole["made"], whole["sampled"]) == (3, 2, 1)
    wrong = page.http.post("/api/v1/item-rules/try", json={"rules": [{"name": "x", "trigger": "score"}]})
    assert wrong.status_code == 400 and "which score" in wrong.json()["detail"]


def test_what_nobody_reads_is_told_counted_and_taken_on(page: Any, room: Kernel, actor: Actor) -> None:
    page.sign_in("lead")
    asked = {"rules": [{"name": "no scouts", "makes": False, "kind": "scout"}, {"name": "ct", "modality": "CT"}]}
    page.http.put("/api/v1/item-rules", json=asked)
    scout = come(room, actor, industry="medical", modality="CT", description="scout", subject="P-1")
    film = come(room, actor, industry="ndt", subject="W-1")
    told = page.http.get("/api/v1/attention").json()
    assert told["counts"] == [
        {"industry": "medical", "rule": "no scouts", "exams": 1}, {"industry": "ndt", "rule": "", "exams": 1},
    ]  # fmt: skip
    assert [(row["exam_pk"], row["subject_id"]) for row in told["unread"]] == [(film, "W-1"), (scout, "P-1")]
    only = page.http.get("/api/v1/attention", params={"rule": "no scouts"}).json()
    assert [row["exam_pk"] for row in only["unread"]] == [scout]
    left = page.http.post("/api/v1/attention/take-on", json={"exam_pks": [film]}).json()
    assert [row["exam_pk"] for row in left["unread"]] == [scout] and len(items_of(room, film)) == 1
    assert page.http.post("/api/v1/attention/take-on", json={"exam_pks": [9999]}).status_code == 404


def test_matching_is_set_and_tells_the_sites_there_are(page: Any, room: Kernel, actor: Actor) -> None:
    come(room, actor, industry="medical", institution="Nord")
    page.sign_in("lead")
    first = page.http.get("/api/v1/matching").json()
    assert first["sites"] == ["Nord"] and {row["site"] for row in first["rows"]} == {"ignore"}
    rows = page.http.put("/api/v1/matching/medical", json={"site": "require", "language": "prefer"}).json()["rows"]
    assert [row for row in rows if row["industry"] == "medical"] == [
        {"industry": "medical", "site": "require", "language": "prefer"}
    ]
    assert page.http.put("/api/v1/matching/zoo", json={"site": "ignore", "language": "ignore"}).status_code == 400
    assert page.http.get("/api/v1/attention").json()["stuck"] == []
    number = page.http.get("/api/v1/session").json()["id"]
    page.http.put(f"/api/v1/people/{number}/posting", json={"sites": ["Sud"]})
    (group,) = page.http.get("/api/v1/attention").json()["stuck"]
    assert (group["industry"], group["lacking"], group["exams"]) == ("medical", ["site Nord"], 1)


def test_an_analyst_sees_the_rules_and_sets_nothing(page: Any, room: Kernel) -> None:
    page.sign_in("analyst")
    assert page.http.get("/api/v1/item-rules").status_code == 200
    assert page.http.get("/api/v1/matching").status_code == 200
    rules = {"rules": [{"name": "x"}]}
    refused = [
        page.http.put("/api/v1/item-rules", json=rules),
        page.http.post("/api/v1/item-rules/try", json=rules),
        page.http.delete("/api/v1/item-rules"),
        page.http.get("/api/v1/attention"),
        page.http.post("/api/v1/attention/take-on", json={"exam_pks": [1]}),
        page.http.put("/api/v1/matching/ndt", json={"site": "require", "language": "ignore"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
