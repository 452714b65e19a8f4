"""What ``kerma train`` and ``python -m kerma.train`` share: the defaults, what is refused, and what is printed."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from kerma.errors import WrongUsage

MINUTES, SEED = 8.0, 1
IMAGES, IMAGES_OF = 12000, {"bag": 120}
"""How many are simulated where nobody says: bags are few, for each is filled anew for every picture."""
CHEST = "chest"
LOG = "training.log"
"""Beside the weights: what was told, line by line, also where the training is a job of a worker."""
NEEDED = ("torch", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Places:
    """Where results go, where simulated images are kept for the next run (default: in there), and real images lie."""

    out: Path
    cache: Path | None = None
    data: Path | None = None
    resumes: bool = False
    """Whether the same training goes on where it was stopped, by its checkpoint in ``out``."""
    begin: Path | None = None
    """Exported weights of the same detector to begin with; chance where none are given."""


def trained(
    task: str, *, seed: int, minutes: float, images: int, places: Places, workers: int | None
) -> dict[str, Any]:
    """Train a task and return its card; progress goes to standard error and to ``training.log`` beside the weights.

    Raises
    ------
    WrongUsage
        An unknown task, a time too short, no data where some are needed, or PyTorch is not installed.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise WrongUsage(f"training needs {', '.join(missing)}: install it with  pip install 'kerma[train]'")
    demand(minutes, images, workers)
    places.out.mkdir(parents=True, exist_ok=True)
    tell = partial(_tell, places.out / LOG)
    if task == CHEST:
        return _chest(seed, minutes, places, tell)
    from kerma.train.loop import Order, train
    from kerma.train.tasks import task_of

    # One core is left for the network itself.
    many = workers or max(1, (os.cpu_count() or 2) - 1)
    cache = places.cache or places.out / "images"
    order = Order(
        task_of(task), seed, minutes, many, images, places.out, cache, places.resumes, begins_with=places.begin
    )  # fmt: skip
    return train(order, tell)


def images_of(task: str) -> int:
    """Return how many images a task simulates at most, where nobody says."""
    return IMAGES_OF.get(task, IMAGES)


def demand(minutes: float, images: int, workers: int | None) -> None:
    """Refuse a training of no time, of no images, or by nobody (WrongUsage)."""
    if minutes < 1.0 or images < 1 or (workers is not None and workers < 1):
        raise WrongUsage("give at least 1 minute, 1 image and 1 worker")


def _chest(seed: int, minutes: float, places: Places, tell: Callable[[str], None]) -> dict[str, Any]:
    from kerma.train import chest

    if places.data is None:
        raise WrongUsage("training chest learns from real images: give --data pneumoniamnist.npz (MedMNIST)")
    if places.begin is not None:
        raise WrongUsage("chest begins from chance: leave --begin away")
    return chest.train(chest.Order(seed, minutes, places.out, places.data), tell)


def _tell(log: Path, line: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
