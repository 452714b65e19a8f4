"""Pictures that no shipped model has seen: held-out simulated ones with their truth, and real ones without any."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerma.science.detect import detect, learned
from kerma.science.imaging.image import Image
from kerma.science.observer.cases import Case
from kerma.science.results import Box, By, Finding

REAL = Path(__file__).parents[2] / "shared" / "data"
SEED = 90_001
"""Of pictures that neither training, nor the card of any model, has seen."""
WORKERS = 2
WEAK = 4.0
"""Standard deviations from which the matched filter's marks are counted: far below its own threshold in use."""
DISGUISED = 0.8
"""How often and how strongly pictures are worn: as in the card's test."""
BY = By("algorithm", "simulator")
SMALLEST_PX = 128


@dataclass(frozen=True)
class Asked:
    """One held-out number of a task, to be made and marked."""

    task: str
    part: str
    number: int
    folder: Path
    model: Path


@functools.cache
def _network(model: Path) -> Any:
    """Return a network that looks with one thread: every process has one."""
    card = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    return learned.load(model.read_bytes(), card, threads=1)


def both(asked: Asked) -> list[tuple[Case, Case | None]]:
    """Return the cases of one number: the network's marks, and the matched filter's on the same radiograph.

    All pictures of a number show one thing (the views of a bag): they are one group.
    """
    from kerma.errors import KermaError
    from kerma.train.tasks import task_of

    task = task_of(asked.task)
    rng = np.random.default_rng([SEED, asked.number])
    try:
        shown = _shown(task, asked, rng)
    except (KermaError, ValueError, ArithmeticError):
        return []  # a scene whose things cannot be packed
    found: list[tuple[Case, Case | None]] = []
    for view, (one, image) in enumerate(shown):
        truths, ignored = _truths(task, one)
        marks = _network(asked.model).look(image, threshold=0.0).findings
        group = f"{asked.part}-{asked.number}"
        case = Case(f"{group}-{view}", group, truths, marks, ignored)
        is_radiograph = not getattr(task, "family", "")
        classic = replace(case, marks=detect("small_flaws", image, threshold=WEAK)) if is_radiograph else None
        found.append((case, classic))
    return found


def _shown(task: Any, asked: Asked, rng: np.random.Generator) -> list[tuple[Any, Image]]:
    """Return the examples of a number, each as a digitiser or a vendor's console would show it."""
    if getattr(task, "family", ""):
        from kerma.train.families import family_of

        family = family_of(task)
        made = family.examples(task, asked.part, SEED, asked.number, asked.folder)
        return [(one, family.judged(one, asked.part, rng)) for one in made]
    from kerma.train.digitising import disguised
    from kerma.train.examples import example

    one = example(task, asked.part, SEED, asked.number)
    return [(one, disguised(one, rng, strength=DISGUISED).as_image())]


def _truths(task: Any, one: Any) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return what is to be found in an example, and what counts neither way: too faint, or cut off by the edge."""
    from kerma.train.views import FAINTEST

    truths: list[Finding] = []
    ignored: list[Finding] = []
    for number, flaw in enumerate(one.flaws):
        top, left, bottom, right = flaw.box
        label = task.labels[flaw.label] if flaw.label >= 0 else ""
        found = Finding(f"T{number}", "", label, Box(top, left, bottom - top, right - left), BY)
        (truths if label and flaw.detectability >= FAINTEST else ignored).append(found)
    return tuple(truths), tuple(ignored)


def cases_of(task: str, part: str, count: int, until_s: float) -> list[tuple[Case, Case | None]]:
    """Return the cases of a part, as many as are made in time, in an order that does not depend on it."""
    found: list[tuple[Case, Case | None]] = []
    with tempfile.TemporaryDirectory() as folder:
        model = learned.MODELS / f"{task}.onnx"
        asked = [Asked(task, part, number, Path(folder), model) for number in range(count)]
        workers = multiprocessing.get_context("spawn").Pool(min(WORKERS, os.cpu_count() or 1))
        try:
            answers = workers.imap(both, asked)
            for _ in asked:
                found += answers.next(timeout=max(0.05, until_s - time.monotonic()))
        except multiprocessing.TimeoutError:
            print(f"bench: {task}, {part}: {len(found)} of {count} in time", file=sys.stderr, flush=True)
        finally:
            workers.terminate()
    return found


def real_pictures(most: int) -> list[tuple[str, Image]]:
    """Return radiographs at hand that show no weld, casting or bag; none where the folder is not there."""
    from kerma import formats
    from kerma.errors import KermaError

    files = sorted(REAL.glob("cxr_hannover/*.png"))[:most]
    for folder in ("dicom_dx_highdicom", "dicom_cr_mg_fodicom", "dicom_rtimage"):
        files += sorted(path for path in (REAL / folder).glob("*") if path.suffix != ".md")[: max(1, most // 8)]
    found = []
    for path in files:
        try:
            image = formats.read(path.read_bytes(), path.name)
        except (KermaError, OSError):
            continue
        if min(image.rows, image.columns) >= SMALLEST_PX:
            found.append((path.name, image))
    return found


def picture(rows: int, columns: int) -> Image:
    """Return a made-up radiograph: slow background, spots and noise."""
    rng = np.random.default_rng(1)
    down, across = np.mgrid[:rows, :columns].astype(np.float32)
    values = 30_000 + 8_000 * np.sin(down / 90) * np.cos(across / 170)
    for _ in range(40):
        row, column, width = rng.uniform(0, rows), rng.uniform(0, columns), rng.uniform(2, 9)
        values -= 5_000 * np.exp(-((down - row) ** 2 + (across - column) ** 2) / (2 * width**2))
    values += rng.normal(0, 250, values.shape)
    stored = np.clip(np.rint(values), 1, 65_535).astype(np.uint16)
    return Image(stored[None], 16, meaning="raw", rises_with_dose=True)
