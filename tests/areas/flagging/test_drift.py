"""Drift at a machine: found where it is planted, seldom told where there is none, cleared by a person alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import exams
import readings
from kerma.areas.flagging import actions_drift, queries_drift, rules_drift
from kerma.areas.flagging.actions_run import record_runs
from kerma.areas.flagging.jobs_drift import look_for_drift
from kerma.areas.flagging.model import model_drift
from kerma.areas.flagging.queries_models import suspended
from kerma.areas.flagging.queries_run import suspension, taken
from kerma.errors import Conflict, NotAllowed, WrongUsage
from kerma.kernel import alarms
from kerma.kernel.action import Kernel
from kerma.kernel.clock import HeldClock
from looking_models import TESTER, add_model, rows_of

MIDDLES = {"brightness": 0.4, "contrast": 0.6, "noise": 0.02, "fineness": 0.8, "highest_score": 0.5}


def runs(generator: np.random.Generator, count: int, shift: float = 0.0) -> list[dict[str, Any]]:
    """Return runs whose features scatter by a tenth of their middle, ``shift`` of that away from it."""
    rows = []
    for _ in range(count):
        features = {name: middle * (1 + 0.1 * (generator.normal() + shift)) for name, middle in MIDDLES.items()}
        rows.append({"features": features, "image_sha256": generator.bytes(32).hex(), "findings": [], "threshold": 0.2})
    return rows


def test_a_shift_is_found_and_named_and_none_where_there_is_none() -> None:
    generator = np.random.default_rng(7)
    same = rules_drift.verdict(runs(generator, 150), 0)
    assert same["signals"] == []
    assert (same["images_before"], same["images_now"], same["known"]) == (100, 50, 150)
    far = rules_drift.verdict([*runs(generator, 100), *runs(generator, 50, 1.5)], 0)
    assert any(one.startswith("all together") for one in far["signals"])
    assert {one.split(":")[0] for one in far["signals"]} >= set(MIDDLES)


def test_a_slow_drift_is_seen_in_the_order_of_the_images() -> None:
    generator = np.random.default_rng(8)
    slowly = [run for step in range(30) for run in runs(generator, 5, step * 0.05)]
    found = rules_drift.verdict(slowly, 0)
    assert any("the order of the images" in one for one in found["signals"])


def test_a_comparison_waits_for_enough_new_images() -> None:
    assert [rules_drift.is_due(*counts) for counts in ((149, 0), (150, 0), (199, 150), (200, 150))] == [
        False, True, False, True,
    ]  # fmt: skip


@pytest.fixture
def room(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> tuple[Kernel, int, int]:
    monkeypatch.setattr(rules_drift, "QUANTITIES", ("noise", "highest_score"))  # five take as long as five times one
    exam_pk = exams.arrive(kernel, TESTER, industry="ndt", subject_id="W-1")
    return kernel, add_model(kernel), exam_pk


def keep(room: tuple[Kernel, int, int], rows: list[dict[str, Any]], machine: str = "Acme 7") -> None:
    kernel, model_id, exam_pk = room
    of = {"model_id": model_id, "machine": machine, "mode": "active", "score": 0.5}
    record_runs(kernel, TESTER, exam_pk=exam_pk, runs=[row | of for row in rows])


def test_a_drift_suspends_and_alarms_once_and_a_person_clears_it(room: tuple[Kernel, int, int]) -> None:
    kernel, model_id, _ = room
    generator = np.random.default_rng(9)
    keep(room, runs(generator, 100))
    keep(room, runs(generator, 60), "Other")
    look_for_drift(kernel)
    assert rows_of(kernel, model_drift) == []
    keep(room, runs(generator, 50, 1.5))
    for _ in range(2):
        look_for_drift(kernel)
    (row,) = rows_of(kernel, model_drift)
    assert (row["machine"], row["suspended"], row["verdict"]["images_now"]) == ("Acme 7", True, 50)
    with kernel.database.read() as connection:
        (alarm,) = alarms.alarms(connection)
        assert suspended(connection, model_id, "Other") is None
    assert (alarm["kind"], alarm["thing"]) == ("model-drift", f"model {model_id} at Acme 7")
    (here,) = taken(kernel, industry="ndt", state="active", machine="Acme 7", images=())
    assert here.learned.suspended == suspension(row)
    person = exams.person(4)
    with pytest.raises(WrongUsage, match="say why"):
        actions_drift.clear_drift(kernel, person, drift_id=row["id"], reason=" ")
    with pytest.raises(NotAllowed, match="only a person"):
        actions_drift.clear_drift(kernel, TESTER, drift_id=row["id"], reason="fine")
    analyst = replace(person, permissions=readings.granted(kernel, "analyst"))
    with pytest.raises(NotAllowed):
        actions_drift.clear_drift(kernel, analyst, drift_id=row["id"], reason="fine")
    actions_drift.clear_drift(kernel, person, drift_id=row["id"], reason="new detector, evaluated again")
    with pytest.raises(Conflict, match="any more"):
        actions_drift.clear_drift(kernel, person, drift_id=row["id"], reason="again")
    with kernel.database.read() as connection:
        assert alarms.alarms(connection) == []
        assert suspended(connection, model_id, "Acme 7") is None


def test_after_it_is_cleared_later_images_are_the_baseline(room: tuple[Kernel, int, int]) -> None:
    kernel, _, _ = room
    generator = np.random.default_rng(10)
    keep(room, runs(generator, 100))
    keep(room, runs(generator, 50, 1.5))
    look_for_drift(kernel)
    (row,) = rows_of(kernel, model_drift)
    actions_drift.clear_drift(kernel, exams.person(4), drift_id=row["id"], reason="so it is now")
    assert isinstance(kernel.clock, HeldClock)
    kernel.clock.advance(60)
    with kernel.database.read() as connection:
        (stream,) = queries_drift.streams(connection)
    assert (stream.runs, stream.last_checked) == (0, 0)
    keep(room, runs(generator, 150, 1.5))
    look_for_drift(kernel)
    newest = rows_of(kernel, model_drift)[-1]
    assert (newest["suspended"], newest["verdict"]["signals"], newest["verdict"]["known"]) == (False, [], 150)
    with kernel.database.read() as connection:
        (stream,) = queries_drift.streams(connection)
    assert stream.last_checked == 150


def test_drift_is_listed_and_cleared_over_http(kernel: Kernel, quick_hashes: None) -> None:
    made = readings.room(kernel, ("lead", "Lead Three", "lead"), ("one", "Reader One", "analyst"))
    model_id = add_model(kernel)
    verdict = {"signals": ["noise: MMD p 0.0005"], "known": 150}
    drift_id = actions_drift.record_drift(kernel, TESTER, model_id=model_id, machine="Acme 7", verdict=verdict)
    path, clear = f"/api/v1/models/{model_id}/drift", f"/api/v1/models/drift/{drift_id}/clear"
    (told,) = made.client("one").get(path).json()
    assert (told["suspended"], told["signals"], told["cleared_at"]) == (True, verdict["signals"], "")
    assert made.client("one").post(clear, json={"reason": "fine"}).status_code == 403
    assert made.client("lead").post(clear, json={"reason": "calibrated anew"}).status_code == 204
    (told,) = made.client("lead").get(path).json()
    assert (told["cleared_by_name"], told["cleared_reason"]) == ("Lead Three", "calibrated anew")
