"""From a seed to one example: a simulated radiograph with the box and mask of every flaw, kept in a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.simulate import ready_scene
from kerma.science.simulate.scene import SIMULATOR_VERSION
from kerma.train.tasks import Made, Task, drawn

SEEDS_EACH = 10_000_000
"""Seeds of training, calibration, test and shifted test never meet: each part has so many of its own."""
PARTS = ("train", "calibrate", "test", "shifted")


@dataclass(frozen=True)
class Flaw:
    """One flaw of an example: which label, how well it can be seen, and its pixels from (``row``, ``column``)."""

    label: int
    """Its place in the labels of the task; -1 is something that is no flaw of this task."""
    detectability: float
    row: int
    column: int
    mask: NDArray[np.bool_]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """First row and column, and those behind the last."""
        rows, columns = self.mask.shape
        return (float(self.row), float(self.column), float(self.row + rows), float(self.column + columns))


@dataclass(frozen=True)
class Example:
    """A radiograph and its flaws."""

    pixels: NDArray[Any]
    """(row, column) stored values."""
    rises_with_dose: bool
    is_linear: bool
    flaws: tuple[Flaw, ...]
    scene: str
    pixel_mm: float = 0.0
    """Size of a pixel in the middle of a bag; 0 where nothing is laid into the picture."""

    def as_image(self) -> Image:
        """Return the radiograph as a detector meets it; what the simulator knows of its scale is left out."""
        return Image(
            pixels=self.pixels[None], bits=8 * self.pixels.dtype.itemsize,
            meaning="raw" if self.is_linear else "for-presentation", rises_with_dose=self.rises_with_dose,
        )  # fmt: skip


def seed_of(run_seed: int, part: str, number: int) -> int:
    """Return the seed of one example of a part."""
    return (run_seed * len(PARTS) + PARTS.index(part)) * SEEDS_EACH + number


def example(task: Task, part: str, run_seed: int, number: int) -> Example:
    """Simulate one example; the same arguments give the same one on any machine."""
    seed = seed_of(run_seed, part, number)
    scenes: Sequence[Made] = task.shifted if part == "shifted" else task.scenes
    scene, options = drawn(np.random.default_rng(seed), scenes, task.flaws)
    picture = ready_scene(scene).build(seed, **options)[0]
    flaws = []
    for finding, mask in zip(picture.findings, picture.masks, strict=True):
        label = task.labels.index(finding.label) if finding.label in task.labels else -1
        detectability = float(finding.measurements.get("detectability", 0.0))
        flaws.append(Flaw(label, detectability, mask.row, mask.column, mask.pixels))
    image = picture.image
    rises = image.rises_with_dose is not False
    return Example(image.pixels[0], rises, image.meaning in ("raw", "for-processing") and rises, tuple(flaws), scene)


def kept_example(task: Task, part: str, run_seed: int, number: int, *, folder: Path) -> Example:
    """Return an example from the folder, or simulate it and keep it there."""
    path = folder / f"{task.name}-{SIMULATOR_VERSION}-{seed_of(run_seed, part, number)}.npz"
    if path.is_file():
        return _loaded(path)
    made = example(task, part, run_seed, number)
    words = {
        "rises_with_dose": made.rises_with_dose, "is_linear": made.is_linear, "scene": made.scene,
        "flaws": [[flaw.label, flaw.detectability, flaw.row, flaw.column, *flaw.mask.shape] for flaw in made.flaws],
    }  # fmt: skip
    packed = [np.packbits(flaw.mask) for flaw in made.flaws]
    masks = np.concatenate(packed) if packed else np.zeros(0, np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    # Two processes may make the same one at the same time: each writes a file of its own, and the last one stays.
    unfinished = path.with_suffix(f".{os.getpid()}.part.npz")
    np.savez(unfinished, pixels=made.pixels, masks=masks, words=np.array(json.dumps(words)))
    unfinished.replace(path)
    return made


def _loaded(path: Path) -> Example:
    with np.load(path) as stored:
        words, pixels, masks = json.loads(str(stored["words"])), stored["pixels"], stored["masks"]
    flaws, first = [], 0
    for label, detectability, row, column, rows, columns in words["flaws"]:
        last = first + -(-rows * columns // 8)
        mask = np.unpackbits(masks[first:last], count=rows * columns).astype(bool).reshape(rows, columns)
        flaws.append(Flaw(label, detectability, row, column, mask))
        first = last
    return Example(pixels, words["rises_with_dose"], words["is_linear"], tuple(flaws), words["scene"])


def with_pixels(one: Example, pixels: NDArray[Any], *, rises_with_dose: bool) -> Example:
    """Return the example with other stored values, that are no longer proportional to dose."""
    return replace(one, pixels=pixels, rises_with_dose=rises_with_dose, is_linear=False)
