"""A training is asked for as jobs: each image is simulated once, whoever is killed, and progress is counted."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kerma.areas.flagging import jobs_train
from kerma.areas.flagging.actions_train import LEARN_JOB, SIMULATE_JOB, Training, order_training
from kerma.errors import NotAllowed, WrongUsage
from kerma.kernel import jobs
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service
from kerma.kernel.jobs_model import job_request
from kerma.train.examples import example
from kerma.train.families import FAMILIES, family_of
from kerma.train.tasks import task_of

CLI = service("cli", order_training.name)


def training(tmp_path: Path, **more: Any) -> Training:
    return replace(Training("bag", 1, 2.0, 45, 1, str(tmp_path / "images"), str(tmp_path / "out")), **more)


def test_a_training_is_asked_for_as_shards_that_hold_every_number_once(kernel: Kernel, tmp_path: Path) -> None:
    asked = order_training(kernel, CLI, training=training(tmp_path))
    order_training(kernel, CLI, training=training(tmp_path))
    with kernel.database.read() as connection:
        rows = connection.execute(sa.select(job_request.c.name, job_request.c.arguments)).all()
        counted = {row["name"]: row for row in jobs.progress(connection)}
    told = [row.arguments for row in rows if row.name == SIMULATE_JOB]
    assert len(told) == asked["shards"] == counted[SIMULATE_JOB]["waiting"], "asked for twice, there once"
    numbers: dict[str, list[int]] = {}
    for one in told:
        numbers.setdefault(one["part"], []).extend(range(*one["numbers"]))
    wanted = dict(FAMILIES["bag"].held_out) | {"train": 45}
    assert {part: sorted(found) for part, found in numbers.items()} == {
        part: list(range(count)) for part, count in wanted.items()
    }
    assert counted[LEARN_JOB] == {"name": LEARN_JOB, "waiting": 1, "running": 0, "done": 0, "given_up": 0}


def test_a_shard_that_was_half_done_when_its_process_died_is_finished_and_nothing_made_twice(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def slow(task: Any, part: str, seed: int, number: int) -> Any:
        if len(made) == 1 and number == 1:
            made.append(-1)
            raise SystemExit("killed")
        made.append(number)
        return example(task_of("casting"), part, seed, 3)

    monkeypatch.setattr("kerma.train.examples.example", slow)
    told = {"task": "weld", "seed": 1, "part": "test", "numbers": [0, 3], "folder": str(tmp_path)}
    with pytest.raises(SystemExit):
        jobs_train.simulate(kernel, **told)
    jobs_train.simulate(kernel, **told)
    jobs_train.simulate(kernel, **told)
    assert made == [0, -1, 1, 2]
    task = task_of("weld")
    assert len(family_of(task).examples(task, "test", 1, 2, tmp_path)) == 1


def test_a_worker_without_pytorch_says_what_to_install_and_touches_nothing(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else real(name))
    with pytest.raises(WrongUsage, match=r"training needs torch.*pip install 'kerma\[train\]'"):
        jobs_train.learn(kernel, training=asdict(training(tmp_path)))
    assert not (tmp_path / "out").exists()


def test_the_job_that_learns_goes_on_and_begins_and_writes_where_it_was_told(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("kerma.train.asking.trained", lambda task, **given: asked.update(given, task=task))
    jobs_train.learn(kernel, training=asdict(training(tmp_path, begin="/models/bag.onnx")))
    places = asked["places"]
    assert (asked["task"], asked["images"], places.resumes) == ("bag", 45, True)
    assert (places.out, places.cache, places.begin) == (tmp_path / "out", tmp_path / "images", Path("/models/bag.onnx"))
    jobs_train.learn(kernel, training=asdict(training(tmp_path)))
    assert asked["places"].begin is None


def test_only_who_may_asks_for_a_training_of_a_task_that_there_is(kernel: Kernel, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="weld, casting, bag"):
        order_training(kernel, CLI, training=training(tmp_path, task="sandwich"))
    with pytest.raises(NotAllowed):
        order_training(kernel, replace(CLI, permissions=frozenset({"archive.view"})), training=training(tmp_path))
