"""A training is asked for: jobs that simulate, each some images, and one that learns from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kerma.kernel import jobs
from kerma.kernel.action import Act, action

SIMULATE_JOB, LEARN_JOB = "flagging.simulate", "flagging.learn"


@dataclass(frozen=True)
class Training:
    """What is to be trained, for how long, from how many images, and the folders that all workers share."""

    task: str
    seed: int
    minutes: float
    images: int
    workers: int | None
    folder: str
    """Where simulated images are kept."""
    out: str
    """Where weights, card and checkpoint go."""
    begin: str = ""
    """File of exported weights to begin with; empty: chance."""


@action("flagging.train")
def order_training(act: Act, *, training: Training) -> dict[str, Any]:
    """Ask for the jobs of a training; asked for again, nothing that is there already is simulated twice.

    Returns the SHA-256 of what the images are made from and how many jobs simulate.

    Raises
    ------
    WrongUsage
        There is no such task.
    """
    from kerma.train.card import manifest
    from kerma.train.families import family_of
    from kerma.train.tasks import task_of

    task = task_of(training.task)
    family, sha256 = family_of(task), manifest(task, training.seed)
    shards = [
        (part, first, min(first + family.shard, count))
        for part, count in (*family.held_out, ("train", training.images))
        for first in range(0, count, family.shard)
    ]
    name = f"{task.name}-{sha256[:16]}"
    for part, first, end in shards:
        told = {"task": task.name, "seed": training.seed, "part": part, "numbers": [first, end]}
        jobs.request(act, SIMULATE_JOB, f"{name}-{part}-{first}", told | {"folder": training.folder})
    jobs.request(act, LEARN_JOB, name, {"training": asdict(training)})
    told = {"begin": training.begin} if training.begin else {}
    act.record(
        task=task.name, seed=training.seed, manifest_sha256=sha256, shards=len(shards), out=training.out, **told
    )  # fmt: skip
    return {"task": task.name, "manifest_sha256": sha256, "shards": len(shards), "out": training.out}
