"""Active models look at exams with the analysis; those on trial after it, and what they mark reaches no reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import onnx_files
import readings
from kerma import app as wiring
from kerma.areas.flagging import jobs as flagging
from kerma.areas.flagging.actions_run import SHADOW_JOB, record_runs
from kerma.areas.flagging.model import model_drift, model_run
from kerma.areas.review import actions_reading, queries
from kerma.areas.review import jobs as review
from kerma.errors import Conflict, NotAllowed
from kerma.kernel import apart, sight
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.jobs_model import job_request
from kerma.kernel.sight import Sight
from looking_models import AT, TESTER, add_model, arrive, put, rows_of, set_threshold


@pytest.fixture
def wired(kernel: Kernel) -> Iterator[Kernel]:
    kept = list(sight.RULES)
    wiring.set_sight()
    yield replace(kernel, subscriptions=wiring.subscriptions())
    sight.RULES[:] = kept


def document(kernel: Kernel, exam_pk: int, seen: Sight = sight.WHOLE) -> dict[str, Any]:
    with kernel.database.read() as connection:
        known = queries.current(connection, exam_pk, seen)
    assert known is not None
    return known.document


def by_model(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for image in found["images"] for one in image["findings"] if one["by"]["name"] == "weld"]


def jobs_asked(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        return list(connection.scalars(sa.select(job_request.c.name).order_by(job_request.c.id)))


def test_without_a_model_in_use_nothing_changes(wired: Kernel) -> None:
    add_model(wired, state="candidate")
    add_model(wired, version="2.0.0", industry="security")
    stored = arrive(wired)
    review.analyse_exam(wired, exam_pk=stored.exam_pk)
    found = document(wired, stored.exam_pk)
    assert "models" not in found["analysis"]
    assert not by_model(found)
    assert rows_of(wired, model_run) == []
    assert SHADOW_JOB not in jobs_asked(wired)


def test_an_active_model_marks_exams_by_the_threshold_of_the_machine(wired: Kernel) -> None:
    model_id = add_model(wired)
    set_threshold(wired, model_id, "Acme 7", 0.8)
    set_threshold(wired, model_id, "", 0.03)
    here, elsewhere = (
        arrive(wired, number, machine={"station": "Acme", "serial_number": serial})
        for number, serial in ((1, "7"), (2, "8"))
    )
    for one in (here, elsewhere):
        review.analyse_exam(wired, exam_pk=one.exam_pk)
    told, other = (document(wired, one.exam_pk)["analysis"]["models"]["weld 1.0.0"] for one in (here, elsewhere))
    assert (told["threshold"], told["threshold_set_for"]) == (0.8, "Acme 7")
    assert (other["threshold"], other["threshold_set_for"]) == (0.03, "")
    strict, usual = (by_model(document(wired, one.exam_pk)) for one in (here, elsewhere))
    assert len(strict) < len(usual)
    assert all(one["score"] >= 0.8 for one in strict)
    runs = rows_of(wired, model_run)
    assert [(run["machine"], run["mode"], run["threshold"]) for run in runs] == [
        ("Acme 7", "active", 0.8), ("Acme 8", "active", 0.03),
    ]  # fmt: skip
    assert [len(run["findings"]) for run in runs] == [len(strict), len(usual)]
    assert runs[1]["score"] == max(one["score"] for one in usual)
    assert {"brightness", "contrast", "noise", "fineness", "marks"} <= set(runs[0]["features"])


def test_marks_of_a_model_are_hidden_and_shown_as_those_of_detectors(wired: Kernel) -> None:
    add_model(wired)
    stored = arrive(wired)
    review.analyse_exam(wired, exam_pk=stored.exam_pk)
    reader = Actor("person", "5", "Reader", frozenset({"review.first_read"}))
    for algorithm in ("second-reader", "off"):
        actions_reading.set_policy(wired, TESTER, industry="ndt", algorithm=algorithm, reading="open")
        with wired.database.read() as connection:
            now = sight.sight_of(connection, reader, stored.exam_pk)
        hidden = document(wired, stored.exam_pk, now)
        assert not by_model(hidden)
        assert "weld" not in str({key: value for key, value in hidden.items() if key != "images"})
    assert by_model(document(wired, stored.exam_pk))


def test_a_model_that_cannot_run_leaves_a_note_and_the_exam_analysed(
    wired: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_model(wired)
    add_model(wired, name="gone", origin="brought", weights_sha256="ab" * 32, sha256="ab" * 32)
    run = apart.run

    def killed(function: Any, *arguments: Any) -> Any:
        if function.__name__ == "look":
            raise Conflict("the process that ran look was ended from outside; try again")
        return run(function, *arguments)

    monkeypatch.setattr(apart, "run", killed)
    stored = arrive(wired)
    review.analyse_exam(wired, exam_pk=stored.exam_pk)
    found = document(wired, stored.exam_pk)
    assert found["images"][0]["measurements"]
    told = " ".join(found["analysis"]["unsearched"])
    assert "weld 1.0.0 was not run: the process it ran in was ended" in told
    assert "weld 1.0.0 was not run" in " ".join(found["images"][0]["warnings"])
    assert set(found["analysis"]["models"]) == {"gone 1.0.0", "weld 1.0.0"}
    assert rows_of(wired, model_run) == []


def test_a_suspended_guarantee_is_told_in_every_later_analysis(wired: Kernel) -> None:
    model_id = add_model(wired)
    drift = {"model_id": model_id, "machine": "Acme", "verdict": {"signals": ["noise: KS"]}, "by": "x", "at": AT}
    put(wired, model_drift, drift | {"suspended": True}, drift | {"machine": "Other", "suspended": True})
    stored = arrive(wired, machine={"station": "Acme"})
    review.analyse_exam(wired, exam_pk=stored.exam_pk)
    (told,) = [one for one in document(wired, stored.exam_pk)["warnings"] if "miss rate" in one]
    assert told.startswith("weld 1.0.0: its stated miss rate is not held here since 2026-03-01")
    assert "noise: KS" in told


def test_models_on_trial_mark_after_the_analysis_and_no_reader_meets_it(wired: Kernel) -> None:
    model_id = add_model(wired, state="shadow")
    stored = arrive(wired)
    review.analyse_exam(wired, exam_pk=stored.exam_pk)
    before = document(wired, stored.exam_pk)
    assert SHADOW_JOB in jobs_asked(wired)
    for _ in range(2):
        flagging.look_in_shadow(wired, exam_pk=stored.exam_pk)
    (run,) = rows_of(wired, model_run)
    assert (run["model_id"], run["mode"], run["image_sha256"]) == (model_id, "shadow", stored.sha256)
    assert run["findings"]
    assert document(wired, stored.exam_pk) == before
    assert not by_model(before)
    with pytest.raises(NotAllowed):
        record_runs(wired, replace(TESTER, permissions=readings.granted(wired, "lead")), exam_pk=1, runs=[run])


def test_an_exam_deleted_before_its_shadow_leaves_nothing_to_do(wired: Kernel) -> None:
    add_model(wired, state="shadow")
    flagging.look_in_shadow(wired, exam_pk=999)
    assert rows_of(wired, model_run) == []


def test_a_network_of_strangers_looks_in_a_process_of_its_own(wired: Kernel) -> None:
    content, card = onnx_files.mean_classifier()
    address = wired.blobs.put(content)
    more = {"origin": "brought", "weights_sha256": address, "sha256": address, "name": card["name"]}
    add_model(wired, card=card, version=card["version"], **more)
    stored = arrive(wired)
    review.analyse_exam(wired, exam_pk=stored.exam_pk)
    found = document(wired, stored.exam_pk)
    (told,) = found["analysis"]["models"].values()
    assert (told["sha256"], told["threshold"]) == (address, card["thresholds"]["score"])
    (run,) = rows_of(wired, model_run)
    assert told["image_scores"] == [run["score"]]
    assert 0 <= run["score"] <= 1
    assert not [one for one in found["analysis"]["unsearched"] if card["name"] in one]
