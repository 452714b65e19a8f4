"""Threat projection from arrival to result: what readers are told, what is counted, and what stays as it was."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.areas.custody.packages import ERRAND

import tips
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.custody.evidence_package import export
from kerma.areas.proficiency import actions, projecting, queries, rules
from kerma.areas.proficiency.model import tip_exam, tip_plan
from kerma.areas.review.model import decision
from kerma.areas.review.model_reading import reading
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Action, Kernel
from tips import SOFTWARE, Tunnel

PEOPLE = (("reader", "Reader One", "analyst"), ("other", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"))


@pytest.fixture
def tunnel(kernel: Kernel, quick_hashes: None) -> Iterator[Tunnel]:
    yield tips.tunnel(kernel, *PEOPLE)
    tips.unwire()


def ready(tunnel: Tunnel, *, is_projected: bool = True) -> Tunnel:
    tunnel.scan()
    tunnel.prepare()
    if not is_projected:
        tunnel.flip(is_projected=False)
    return tunnel


def open_it(tunnel: Tunnel, name: str) -> Any:
    return tunnel.client(name).get(f"/api/v1/exams/{tunnel.exam_pk}")


def post(tunnel: Tunnel, name: str, code: str) -> Any:
    return tunnel.client(name).post(f"/api/v1/exams/{tunnel.exam_pk}/decisions", json={"decision": code})


def count(tunnel: Tunnel, table: sa.Table) -> int:
    with tunnel.kernel.database.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


@pytest.mark.parametrize(("code", "result", "word"), [("clear", "miss", "Missed"), ("refer", "hit", "found")])
def test_an_answer_to_a_threat_is_told_and_decides_nothing(tunnel: Tunnel, code: str, result: str, word: str) -> None:
    """The exam stays on the list, the real bag is shown, and the decision on it is one like any other."""
    ready(tunnel)
    open_it(tunnel, "reader")
    got = post(tunnel, "reader", code)
    assert (got.status_code, got.json()["was_projected"], got.json()["decisions"]) == (201, True, [])
    assert got.json()["state"] != "closed"
    assert count(tunnel, decision) == count(tunnel, reading) == 0
    told = tunnel.client("reader").get(f"/api/v1/exams/{tunnel.exam_pk}/projection").json()["told"]
    assert told["result"] == result
    assert word in told["words"]
    assert "kitchen knife" in told["words"]
    assert told["places"][0]["box"] == tunnel.row()["places"][0]["box"]
    assert tunnel.client("other").get(f"/api/v1/exams/{tunnel.exam_pk}/projection").json()["told"] is None
    assert tunnel.client("reader").get(f"/api/v1/images/{tunnel.image_pk}/file").status_code == 200
    open_it(tunnel, "reader")
    again = post(tunnel, "reader", "clear").json()
    assert (again["was_projected"], len(again["decisions"]), again["state"]) == (False, 1, "closed")
    (kept,) = tunnel.answers()
    assert (kept["result"], kept["category"], kept["person"]) == (result, "sharp", tunnel.actors["reader"].key)


def test_the_bag_is_opened_again_before_it_is_decided(tunnel: Tunnel) -> None:
    """Neither the one who answered nor another who had it open decides on pixels that are gone."""
    ready(tunnel)
    for name in ("reader", "other"):
        open_it(tunnel, name)
    post(tunnel, "reader", "clear")
    for name in ("other", "reader"):
        assert post(tunnel, name, "clear").status_code == 409
    assert count(tunnel, decision) == 0
    open_it(tunnel, "other")
    assert post(tunnel, "other", "clear").json()["was_projected"] is False


@pytest.mark.parametrize(("code", "result"), [("clear", "cleared"), ("refer", "alarm")])
def test_a_decision_without_a_threat_counts_once_and_holds(tunnel: Tunnel, code: str, result: str) -> None:
    ready(tunnel, is_projected=False)
    open_it(tunnel, "reader")
    assert post(tunnel, "reader", code).json()["was_projected"] is False
    assert [one["result"] for one in tunnel.answers()] == [result]
    assert count(tunnel, decision) == 1


def test_who_sees_the_images_as_they_came_decides_and_is_not_tested(tunnel: Tunnel) -> None:
    ready(tunnel)
    open_it(tunnel, "lead")
    assert post(tunnel, "lead", "clear").json()["was_projected"] is False
    assert tunnel.answers() == []
    assert tunnel.row()["state"] == "ended"


def test_an_exam_waits_off_the_list_until_it_is_ready(tunnel: Tunnel) -> None:
    tunnel.scan()
    assert tunnel.client("reader").get("/api/v1/worklist").json()["items"] == []
    asked = {"industry": "security"}
    assert tunnel.client("reader").post("/api/v1/worklist/next", json=asked).json()["item"] is None
    assert len(tunnel.client("lead").get("/api/v1/worklist").json()["items"]) == 1
    tunnel.prepare()
    assert len(tunnel.client("reader").get("/api/v1/worklist").json()["items"]) == 1
    taken = tunnel.client("reader").post("/api/v1/worklist/next", json=asked).json()["item"]
    assert taken["exam_pk"] == tunnel.exam_pk


def test_whatever_fails_the_bag_is_read_as_it_came(tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel.scan()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(projecting, "made_of", broken)
    tunnel.prepare()
    assert (tunnel.row()["state"], tunnel.row()["is_projected"]) == ("open", False)
    assert "the disk is full" in tunnel.row()["why_not"]
    address = f"/api/v1/images/{tunnel.image_pk}/rendered.png"
    assert tunnel.client("reader").get(address).content == tunnel.client("lead").get(address).content


def test_a_copy_that_was_removed_is_made_again_alike(tunnel: Tunnel) -> None:
    ready(tunnel)
    before = projecting.patches(tunnel.kernel, tunnel.row())
    tunnel.flip(is_projected=True)
    after = projecting.patches(tunnel.kernel, tunnel.row())
    assert before.keys() == after.keys()
    assert all((before[key] == after[key]).all() for key in before)


def test_an_exam_that_is_read_in_a_way_of_its_own_is_not_tested(tunnel: Tunnel) -> None:
    from kerma.areas.review import actions_reading

    ready(tunnel)
    assert not tunnel.sight("reader").originals
    lead = tunnel.actors["lead"]
    for algorithm, mode in (("concurrent", "double"), ("concurrent", "blind"), ("second-reader", "open")):
        actions_reading.set_policy(tunnel.kernel, lead, industry="security", algorithm=algorithm, reading=mode)
        assert tunnel.sight("reader").originals
    actions_reading.set_policy(tunnel.kernel, lead, industry="security", algorithm="off", reading="open")
    assert not tunnel.sight("reader").originals


def test_nothing_of_a_threat_is_evidence(tunnel: Tunnel, tmp_path: Path) -> None:
    """The package of an exam on which somebody was tested is that of the bag: no word or digest of the threat."""
    ready(tunnel)
    tunnel.analyse()
    open_it(tunnel, "reader")
    post(tunnel, "reader", "refer")
    open_it(tunnel, "reader")
    assert post(tunnel, "reader", "clear").json()["state"] == "closed"
    export(tunnel.kernel, SOFTWARE, exam_pk=tunnel.exam_pk, out=tmp_path / "bag.zip", errand=ERRAND)
    with zipfile.ZipFile(tmp_path / "bag.zip") as package:
        files = {name: package.read(name) for name in package.namelist()}
    for word in (b"kitchen", b"knife", b"proficiency", b"answer_sha256", tunnel.row()["nonce"].encode()):
        assert [name for name, data in files.items() if word in data] == [], word
    held = {row["sha256"] for row in tunnel.images()}
    assert held <= {hashlib.sha256(data).hexdigest() for data in files.values()}
    assert sum(b'"review.decide"' in data for name, data in files.items() if "ledger" in name) == 1


def test_other_industries_and_exams_from_before_the_plan_are_untouched(tunnel: Tunnel) -> None:
    from films import film

    stored = tunnel.arrive(film())
    with tunnel.kernel.database.read() as connection:
        assert queries.exam_under_plan(connection, stored.exam_pk) is None
    tunnel.plan(is_ended=True)
    exam_pk = tunnel.scan(4)
    with tunnel.kernel.database.read() as connection:
        assert queries.exam_under_plan(connection, exam_pk) is None


def test_an_ended_plan_lets_go_of_what_waits(tunnel: Tunnel) -> None:
    ready(tunnel)
    tunnel.plan(is_ended=True)
    assert tunnel.sight("reader").originals
    open_it(tunnel, "reader")
    assert post(tunnel, "reader", "clear").json()["was_projected"] is False
    assert tunnel.answers() == []


def test_a_deleted_exam_leaves_the_answer_and_nothing_else(tunnel: Tunnel) -> None:
    ready(tunnel)
    open_it(tunnel, "reader")
    post(tunnel, "reader", "clear")
    event = ExamDeleted(tunnel.exam_pk, "", ())
    Action("test.delete", lambda act: actions.on_exam_deleted(act, event))(tunnel.kernel, SOFTWARE)
    assert count(tunnel, tip_exam) == 0
    assert [one["tip_exam_id"] for one in tunnel.answers()] == [None]


def test_plans_are_set_by_who_may_and_their_key_is_told_to_nobody(tunnel: Tunnel) -> None:
    reader, lead = tunnel.client("reader"), tunnel.client("lead")
    for address in ("/api/v1/tip/plans", "/api/v1/tip/threats", "/api/v1/tip/results"):
        assert reader.get(address).status_code == 403
        assert lead.get(address).status_code == 200
    given = {"station": "LANE-2", "share_permille": 50, "categories": {"sharp": 3}}
    plans = lead.post("/api/v1/tip/plans", json=given).json()
    assert [one["station"] for one in plans] == ["", "LANE-2"]
    with tunnel.kernel.database.read() as connection:
        secrets = list(connection.scalars(sa.select(tip_plan.c.secret)))
    for address in ("/api/v1/tip/plans", "/api/v1/tip/threats", "/api/v1/tip/results"):
        assert not any(secret in lead.get(address).text for secret in secrets)
    assert lead.post("/api/v1/tip/plans", json=given | {"categories": {"firearm": 1}}).status_code == 400  # none there
    assert lead.post("/api/v1/tip/plans", json=given | {"categories": {"cheese": 1}}).status_code == 400
    tunnel.scan()
    tried = lead.post("/api/v1/tip/plans/dry-run", json=given | {"station": "", "share_permille": 1000}).json()
    assert tried == {"exams": 1, "projected": 1}


def test_the_library_grows_and_shrinks(tunnel: Tunnel) -> None:
    lead = tunnel.client("lead")
    grown = lead.post("/api/v1/tip/threats", json={"name": "folding-knife", "count": 2, "seed": 5}).json()
    assert (grown["least_images"], grown["least_articles"]) == (1000, 250)  # Regulation (EU) 185/2010, 11.4.1
    mine = [one for one in grown["threats"] if one["name"] == "folding-knife"]
    assert [one["seed"] for one in mine] == [5, 6]
    assert mine[0]["turn_deg"] != mine[1]["turn_deg"]
    assert tunnel.library("folding-knife") == 1  # seed 1 is new
    assert tunnel.library("folding-knife") == 0
    assert lead.get(f"/api/v1/tip/threats/{mine[0]['id']}/picture.png").content.startswith(b"\x89PNG")
    left = lead.post(f"/api/v1/tip/threats/{mine[0]['id']}/retire").json()["threats"]
    assert [one["retired_at"] != "" for one in left if one["id"] == mine[0]["id"]] == [True]
    assert lead.post(f"/api/v1/tip/threats/{mine[0]['id']}/retire").status_code == 404
    with pytest.raises(NotFound):
        tunnel.library("teddy-bear")
    with pytest.raises(NotAllowed):
        tips.adding.added(tunnel.kernel, tunnel.actors["reader"], name="folding-knife", count=1, seed=9)


def test_results_are_rates_with_their_intervals(tunnel: Tunnel) -> None:
    ready(tunnel)
    open_it(tunnel, "reader")
    post(tunnel, "reader", "refer")
    rows = tunnel.client("lead").get("/api/v1/tip/results").json()
    assert [row["person_name"] for row in rows] == ["", "Reader One"]
    assert rows[1]["hits"] == rows[0]["hits"] == rules.share(1, 1)
    assert rows[1]["is_too_few"]
    assert rows[1]["d_a"] is None  # nothing is known of alarms


def test_plans_that_make_no_sense_are_refused() -> None:
    good = {"station": " LANE-1 ", "share_permille": 20, "categories": {"sharp": 1}, "is_ended": False}
    assert rules.checked_plan(good)["station"] == "LANE-1"
    for wrong in (
        {"share_permille": 0},
        {"share_permille": 1001},
        {"categories": {"everyday": 1}},
        {"categories": {"sharp": 0}},
    ):
        with pytest.raises(WrongUsage):
            rules.checked_plan(good | wrong)


def test_a_conflict_names_no_threat(tunnel: Tunnel) -> None:
    ready(tunnel)
    open_it(tunnel, "other")
    open_it(tunnel, "reader")
    post(tunnel, "reader", "clear")
    with pytest.raises(Conflict) as refused:
        tunnel.decide("other", "clear")
    assert "knife" not in str(refused.value)
