"""Pictures of bags to learn from: packed bags, and the same bags again with more threats projected into them.

Rendering a bag costs seconds, projecting a threat into its picture a tenth of one: each rendered bag serves several
pictures. The threat stands at one place in space, as in ``tip-bag``, so its outline is exact in every view.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Point, Scene
from kerma.science.simulate.line_scanner import OPEN_STORED
from kerma.science.simulate.packing import SIDES
from kerma.science.simulate.scene import SIMULATOR_VERSION, SimulatedImage
from kerma.science.simulate.scenes.baggage import Load, exposed, loaded, scene_of
from kerma.science.simulate.scenes.tip_bag import detectability_of, scan_of, scanner_of, threat_map
from kerma.science.simulate.things import Kind, threat_kinds
from kerma.science.simulate.threat_projection import Scan, Scanner, ThreatMap, projected
from kerma.train.examples import Example, Flaw, seed_of
from kerma.train.tasks import Task

SIZE_PX = 320
"""Side of the pictures: about 1.8 mm per pixel for a cabin bag."""
PROJECTIONS = 5
"""Further pictures of each view, with threats projected into it."""
MOST_PROJECTED = 2
LARGEST_SHARE = 1.6
"""A threat longer than this share of half the room is not tried."""
CLUTTER = ("low", "medium", "medium", "high")
SEED_OF_PLACES = 977


@dataclass(frozen=True)
class Ground:
    """A packed bag in the scanner, and its pictures."""

    load: Load
    scene: Scene
    scanner: Scanner
    views: tuple[SimulatedImage, ...]


def bag_examples(labels: Sequence[str], seed: int, *, bags: Sequence[str], projections: int) -> tuple[Example, ...]:
    """Return the pictures of one bag: its views as packed, then each view with threats projected into it.

    Parameters
    ----------
    labels : the threats that are learned; any other threat is neither found nor background
    seed : the same seed gives the same pictures on any machine
    bags : kinds of bags, one of which is drawn
    projections : how many further pictures of each view are made
    """
    random = np.random.default_rng([seed, SEED_OF_PLACES])
    name = bags[int(random.integers(len(bags)))]
    # Half of the bags hold one or two threats among their things; all of them when nothing is projected.
    count = int(random.integers(1, 3)) if projections == 0 or random.random() < 0.5 else 0
    if projections == 0 and random.random() < 0.15:
        count = 0
    load = _loaded(name, seed, count, str(random.choice(CLUTTER)))
    scene, tunnel = scene_of(name, load, seed, size_px=SIZE_PX, labels="threats")
    views = exposed(name, load, seed, size_px=SIZE_PX, labels="threats")
    ground = Ground(load, scene, scanner_of(tunnel), views)
    packed = [_packed_flaws(view, labels) for view in views]
    found = [_example(scan_of(view), flaws, name) for view, flaws in zip(views, packed, strict=True)]
    for _ in range(projections):
        found += _with_projected(ground, packed, labels, random)
    return tuple(found)


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


def _example(scan: Scan, flaws: tuple[Flaw, ...], name: str) -> Example:
    planes = [np.clip(np.rint(plane * OPEN_STORED), 0, 65535).astype(np.uint16) for plane in (scan.low, scan.high)]
    return Example(np.stack(planes), True, True, flaws, name)


def _with_projected(
    ground: Ground, packed: Sequence[tuple[Flaw, ...]], labels: Sequence[str], random: np.random.Generator
) -> list[Example]:
    """Return every view of a bag with the same one or two threats projected into it."""
    scans = [scan_of(view) for view in ground.views]
    added: list[list[Flaw]] = [[] for _ in scans]
    for _ in range(int(random.integers(1, MOST_PROJECTED + 1))):
        kind = _drawn(labels, random)
        for number, threat in enumerate(_placed(kind, ground, random)):
            before = scans[number]
            scans[number] = projected(before, threat, ground.scanner, seed=int(random.integers(2**31)))
            flaw = _flaw(threat, labels.index(kind.name), detectability_of(before, scans[number]))
            added[number] += [flaw] if flaw is not None else []
    return [
        _example(scan, (*before, *new), ground.scene.name)
        for scan, before, new in zip(scans, packed, added, strict=True)
    ]


def _drawn(labels: Sequence[str], random: np.random.Generator) -> Kind:
    """Draw a threat; rare ones as often as others, so that each is learned."""
    chosen = [kind for kind in threat_kinds() if kind.name in labels]
    return chosen[int(random.integers(len(chosen)))]


def _placed(kind: Kind, ground: Ground, random: np.random.Generator) -> list[ThreatMap]:
    """Return a threat in every view, somewhere in the room, on one of its sides and turned about the vertical."""
    article = kind.draw(random)
    side = SIDES[0] if random.random() < 0.6 else SIDES[int(random.integers(len(SIDES)))]
    turn = (side[0], side[1], round(float(random.uniform(0.0, 360.0)), 2))
    room = ground.load.container.room.half_mm
    half = article.half_mm
    if max(half) > LARGEST_SHARE * max(room):
        return []
    at: Point = _somewhere(half, side, room, random)
    things = article.placed("projected", at, turn, is_labelled=False)
    found = []
    for number in range(len(ground.views)):
        try:
            found.append(threat_map(things, ground.scene, number, ground.scanner))
        except WrongUsage:
            return []
    return found


def _somewhere(half: Point, side: Point, room: Point, random: np.random.Generator) -> Point:
    """Return a place in the room; a threat longer than the room stands in its middle."""
    high = {SIDES[0]: half[2], SIDES[1]: half[1], SIDES[2]: half[0]}[side]
    reach = (max(half) * 0.8, max(half) * 0.8, high)
    free = [max(0.0, edge - far) for edge, far in zip(room, reach, strict=True)]
    x, y, z = (round(float(random.uniform(-each, each)), 2) for each in free)
    return (x, y, z)


def _flaw(threat: ThreatMap, label: int, detectability: float) -> Flaw | None:
    """Return the truth of a projected threat: all pixels that anything of it covers."""
    where: NDArray[Any] = threat.outline
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not rows.size:
        return None
    inner = where[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    return Flaw(label, detectability, int(rows[0]), int(columns[0]), inner)


def kept_bag(task: Task, part: str, run_seed: int, number: int, *, folder: Path) -> tuple[Example, ...]:
    """Return the pictures of one bag of a part from the folder, or simulate them and keep them there."""
    labels = task.labels
    seed = seed_of(run_seed, part, number)
    path = folder / f"bag-{SIMULATOR_VERSION}-{seed}.npz"
    if path.is_file():
        return _loaded_bag(path, labels)
    bags = [made.scene for made in (task.shifted if part == "shifted" else task.scenes)]
    made = bag_examples(labels, seed, bags=bags, projections=PROJECTIONS if part == "train" else 0)
    words = [
        {
            "scene": one.scene,
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
        found.append(Example(planes, True, True, tuple(flaws), told["scene"]))
    return tuple(found)
