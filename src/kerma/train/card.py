"""The model card: what a network is, on what it was trained, how well it does, and what it is not for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerma.science.simulate.scene import SIMULATOR_VERSION
from kerma.train.examples import seed_of
from kerma.train.families import card_input
from kerma.train.tasks import Task
from kerma.train.views import FAINTEST

VERSION = "1.0.0"
TILE_PX = 512
LIMITS = (
    "trained on simulated images only: the figures say nothing about real radiographs",
    "accept it on your own radiographs, with findings confirmed by a qualified person, before you rely on it",
    f"flaws of detectability below {FAINTEST:g} were left out of training and of the figures",
    "sizes of outlines are drawn on a grid of 4 pixels: measure what matters by hand",
    "where a file does not say how its values run it is looked at both ways: labels may be those of the other",
)

BAG_LIMITS = (
    "trained on simulated bags only: the figures say nothing about real ones, nor about real threats",
    "accept it on your own pictures, with test pieces and threats confirmed by a person, before you rely on it",
    "liquids are not among its labels: a forbidden bottle looks like an allowed one",
    "in colour pictures material is read from hues as most vendors use them: orange organic, green mixed, blue metal",
    "labels are proposals: what kind of weapon or charge it is, is seen better in the other view or the opened bag",
    "rows of a picture are taken to run along the belt where two views are compared",
)
LIMITS_OF = {"": LIMITS, "bag": BAG_LIMITS}
"""Limits by family."""


@dataclass(frozen=True)
class Run:
    """One training: what it was asked for and what it came to."""

    task: Task
    seed: int
    minutes: float
    images: int
    views: int
    steps: int
    device: str
    begins_with: Path | None = None
    """Exported weights that it began with."""


def card_of(run: Run, sha256: str, parameters: int) -> dict[str, Any]:
    """Return the card of weights whose figures are not known yet."""
    begins, more = run.begins_with, {}
    if begins is not None:
        more = {"begins_with_sha256": hashlib.sha256(begins.read_bytes()).hexdigest()}
    return {
        "name": run.task.name, "version": VERSION, "sha256": sha256, "kind": "detector",
        "labels": list(run.task.labels),
        "input": card_input(run.task, TILE_PX),
        "trained": {
            "on": "simulated images only", "images": run.images, "views": run.views, "steps": run.steps,
            "seed": run.seed, "minutes": round(run.minutes, 2), "device": run.device, "parameters": parameters,
            "scenes": sorted({made.scene for made in run.task.scenes}), "simulator_version": SIMULATOR_VERSION,
            "manifest_sha256": manifest(run.task, run.seed),
            "command": f"kerma train {run.task.name} --seed {run.seed} --minutes {run.minutes:g}"
            + (f" --begin {begins.name}" if begins else ""),
            **more,
        },
        "calibration": {"temperature": 1.0, "shift": 0.0},
        "thresholds": {"operating_point": "not calibrated", "score": 0.3},
        "metrics": {},
        "shifted_is": run.task.shifted_is,
        "intended_use": run.task.intended_use,
        "limits": list(LIMITS_OF[run.task.family]),
    }  # fmt: skip


def manifest(task: Task, seed: int) -> str:
    """Return the SHA-256 of what training images are made from: scenes, options, simulator, first seed."""
    words = {
        "scenes": [made.__dict__ for made in task.scenes],
        "flaws": task.flaws,
        "simulator": SIMULATOR_VERSION,
        "first_seed": seed_of(seed, "train", 0),
    }
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()
