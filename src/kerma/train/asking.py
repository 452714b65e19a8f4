"""What ``kerma train`` and ``python -m kerma.train`` share: the defaults, what is refused, and what is printed."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerma.errors import WrongUsage

MINUTES, IMAGES, SEED = 8.0, 12000, 1
CHEST = "chest"
NEEDED = ("torch", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Places:
    """Where results go, where simulated images are kept for the next run (default: in there), and real images lie."""

    out: Path
    cache: Path | None = None
    data: Path | None = None
    resumes: bool = False
    """Whether the same training goes on where it was stopped, by its checkpoint in ``out``."""


def trained(
    task: str, *, seed: int, minutes: float, images: int, places: Places, workers: int | None
) -> dict[str, Any]:
    """Train a task and return its card; progress goes to standard error.

    Raises
    ------
    WrongUsage
        An unknown task, a time too short, no data where some are needed, or PyTorch is not installed.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise WrongUsage(f"training needs {', '.join(missing)}: install it with  pip install 'kerma[train]'")
    demand(minutes, images, workers)
    if task == CHEST:
        return _chest(seed, minutes, places)
    from kerma.train.loop import Order, train
    from kerma.train.tasks import task_of

    # One core is left for the network itself.
    many = workers or max(1, (os.cpu_count() or 2) - 1)
    cache = places.cache or places.out / "images"
    return train(Order(task_of(task), seed, minutes, many, images, places.out, cache, places.resumes), _tell)


def demand(minutes: float, images: int, workers: int | None) -> None:
    """Refuse a training of no time, of no images, or by nobody (WrongUsage)."""
    if minutes < 1.0 or images < 1 or (workers is not None and workers < 1):
        raise WrongUsage("give at least 1 minute, 1 image and 1 worker")


def _chest(seed: int, minutes: float, places: Places) -> dict[str, Any]:
    from kerma.train import chest

    if places.data is None:
        raise WrongUsage("training chest learns from real images: give --data pneumoniamnist.npz (MedMNIST)")
    return chest.train(chest.Order(seed, minutes, places.out, places.data), _tell)


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
