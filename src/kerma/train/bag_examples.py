"""Pictures of packed bags, to learn from and to be judged by: both views, with the outline of every threat in them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.simulate.scene import SIMULATOR_VERSION, SimulatedImage
from kerma.science.simulate.scenes.baggage import Load, exposed, loaded, scene_of
from kerma.train.examples import Example, Flaw, seed_of
from kerma.train.tasks import Task

SIZE_PX = 320
"""Side of the pictures: about 1.8 mm per pixel for a cabin bag."""
EMPTY_SHARE = 0.15
"""So many bags hold no threat."""
CLUTTER = ("low", "medium", "medium", "high")
SEED_OF_PLACES = 977


def bag_examples(labels: Sequence[str], seed: int, *, bags: Sequence[str]) -> tuple[Example, ...]:
    """Return the views of one packed bag; most hold one or two threats among their things.

    Parameters
    ----------
    labels : the threats that are learned; any other threat is neither found nor background
    seed : the same seed gives the same pictures on any machine
    bags : kinds of bags, one of which is drawn
    """
    random = np.random.default_rng([seed, SEED_OF_PLACES])
    name = bags[int(random.integers(len(bags)))]
    count = int(random.integers(1, 3))
    if random.random() < EMPTY_SHARE:
        count = 0
    load = _loaded(name, seed, count, str(random.choice(CLUTTER)))
    _, tunnel = scene_of(name, load, seed, size_px=SIZE_PX, labels="threats")
    views = exposed(name, load, seed, size_px=SIZE_PX, labels="threats")
    return tuple(_example(view, labels, name, tunnel.fan()[1]) for view in views)


def _loaded(name: str, seed: int, count: int, clutter: str) -> Load:
    """Return a packed bag; with fewer threats where not all find room."""
    for fewer in range(count, 0, -1):
        try:
            return loaded(name, seed, threat="any", count=fewer, clutter=clutter)
        except WrongUsage:
            continue
    return loaded(name, seed, threat="none", clutter=clutter)


def _packed_flaws(view: SimulatedImage, labels: Sequence[str]) -> tuple[Flaw, ...]:
    return tuple(
        Flaw(
            _place(finding.label, labels), float(finding.measurements.get("detectability", 0.0)), mask.row, mask.column,
            mask.pixels,
        )
        for finding, mask in zip(view.findings, view.masks, strict=True)
    )  # fmt: skip


def _place(label: str, labels: Sequence[str]) -> int:
    return labels.index(label) if label in labels else -1


def _example(view: SimulatedImage, labels: Sequence[str], name: str, pixel_mm: float) -> Example:
    return Example(view.image.pixels[:2], True, True, _packed_flaws(view, labels), name, pixel_mm)


def kept_bag(task: Task, part: str, run_seed: int, number: int, *, folder: Path) -> tuple[Example, ...]:
    """Return the pictures of one bag of a part from the folder, or simulate them and keep them there."""
    labels = task.labels
    seed = seed_of(run_seed, part, number)
    path = folder / f"packed-{SIMULATOR_VERSION}-{seed}.npz"
    if path.is_file():
        return _loaded_bag(path, labels)
    bags = [made.scene for made in (task.shifted if part == "shifted" else task.scenes)]
    made = bag_examples(labels, seed, bags=bags)
    words = [
        {
            "scene": one.scene, "pixel_mm": one.pixel_mm,
            "flaws": [
                [labels[flaw.label] if flaw.label >= 0 else "", flaw.detectability, flaw.row, flaw.column,
                 *flaw.mask.shape]
                for flaw in one.flaws
            ],
        }
        for one in made
    ]  # fmt: skip
    packed = [np.packbits(flaw.mask) for one in made for flaw in one.flaws]
    folder.mkdir(parents=True, exist_ok=True)
    # Two processes may make the same one at the same time: each writes a file of its own, and the last one stays.
    unfinished = path.with_suffix(f".{os.getpid()}.part.npz")
    np.savez(
        unfinished, pixels=np.stack([one.pixels for one in made]), words=np.array(json.dumps(words)),
        masks=np.concatenate(packed) if packed else np.zeros(0, np.uint8),
    )  # fmt: skip
    unfinished.replace(path)
    return made


def _loaded_bag(path: Path, labels: Sequence[str]) -> tuple[Example, ...]:
    with np.load(path) as stored:
        words, pixels, masks = json.loads(str(stored["words"])), stored["pixels"], stored["masks"]
    found, first = [], 0
    for told, planes in zip(words, pixels, strict=True):
        flaws = []
        for label, detectability, row, column, rows, columns in told["flaws"]:
            last = first + -(-rows * columns // 8)
            mask = np.unpackbits(masks[first:last], count=rows * columns).astype(bool).reshape(rows, columns)
            flaws.append(Flaw(_place(label, labels), detectability, row, column, mask))
            first = last
        found.append(Example(planes, True, True, tuple(flaws), told["scene"], told["pixel_mm"]))
    return tuple(found)
