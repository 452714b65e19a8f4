"""What can be trained: the labels, the scenes they are learned from, and the scenes that are kept back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.simulate.scenes.casting_flaws import CAST_FLAWS
from kerma.science.simulate.scenes.weld_flaws import FLAWS as WELD_FLAWS
from kerma.science.simulate.things import threat_kinds

Options = dict[str, str | float | int]


@dataclass(frozen=True)
class Made:
    """One kind of scene and how it is asked for."""

    scene: str
    weight: float
    looks: tuple[str, ...] = ()
    """Values of the option ``look``; empty where the scene has none."""
    thickness_mm: tuple[float, float] | None = None
    materials: tuple[str, ...] = ()
    most_flaws: int = 0
    """How many flaws are asked for at most; 0 leaves the scene without any."""
    sizes_px: tuple[int, ...] = (512, 512, 640, 768)


@dataclass(frozen=True)
class Task:
    """One detector: its name, labels, and the scenes of training and of the shifted test."""

    name: str
    labels: tuple[str, ...]
    flaws: tuple[str, ...]
    """The words by which the scenes are asked for flaws."""
    scenes: tuple[Made, ...]
    shifted: tuple[Made, ...]
    shifted_is: str
    """What the shifted test holds that training never shows, in words for the card."""
    intended_use: str
    family: str = ""
    """How its pictures are made and what the network sees: radiographs where empty, or *bag*."""


_WELD = Task(
    "weld",
    tuple(WELD_FLAWS),
    tuple(WELD_FLAWS),
    (
        Made("film-weld", 5.0, thickness_mm=(4.0, 25.0), materials=("steel",), most_flaws=8),
        Made("film-weld", 1.5, thickness_mm=(4.0, 18.0), materials=("aluminium",), most_flaws=8),
        Made("weld-plate", 2.5, ("digital",), (4.0, 25.0), ("steel",), 8),
        Made("weld-plate", 1.0, ("digital",), (4.0, 18.0), ("aluminium",), 8),
        Made("weld-pipe", 1.5, ("digital", "film"), most_flaws=5),
        Made("wire-iqi", 0.15, sizes_px=(512,)),
        Made("hole-iqi", 0.15, sizes_px=(512,)),
        Made("hand", 0.2, sizes_px=(512,)),
        Made("chest", 0.2, sizes_px=(512,)),
    ),
    (
        Made("film-weld", 1.0, thickness_mm=(22.0, 40.0), materials=("aluminium",), most_flaws=8, sizes_px=(448,)),
        Made("film-weld", 1.0, thickness_mm=(28.0, 45.0), materials=("steel",), most_flaws=8, sizes_px=(896,)),
    ),
    "aluminium of 22 to 40 mm and steel of 28 to 45 mm on film, at other pixel sizes",
    "second look at radiographs of fusion welds, beside or after a person; not for acceptance without a person",
)
_CASTING = Task(
    "casting",
    ("gas", "shrinkage", "inclusion", "crack"),
    tuple(CAST_FLAWS),
    (
        Made("casting-aluminium", 3.0, ("digital", "film"), most_flaws=6),
        Made("casting-steel", 2.0, ("digital", "film"), most_flaws=6),
        Made("wire-iqi", 0.1, sizes_px=(512,)),
        Made("hole-iqi", 0.1, sizes_px=(512,)),
    ),
    (Made("casting-aluminium", 1.0, ("film",), most_flaws=6, sizes_px=(896,)),),
    "aluminium castings on film, at a pixel size that training never shows",
    "second look at radiographs of castings, beside or after a person; not for acceptance without a person",
)
_BAG = Task(
    "bag",
    # Bottles of more than 100 ml are left out: everyday ones look the same, whether they are forbidden is no look.
    tuple(kind.name for kind in threat_kinds() if kind.category != "liquid"),
    (),
    (Made("cabin-bag", 1.0), Made("parcel", 1.0)),
    (Made("hold-bag", 1.0),),
    "suitcases for the hold, a kind of bag that training never shows, in a palette of six colours that it never shows",
    "second look at pictures of baggage, beside or after a screener; never to clear a bag without a person",
    "bag",
)
TASKS: Mapping[str, Task] = {task.name: task for task in (_WELD, _CASTING, _BAG)}
"""Every detector that can be trained, by name."""


def task_of(name: str) -> Task:
    """Return a task by its name.

    Raises
    ------
    WrongUsage
        No such task; the message lists them.
    """
    if name not in TASKS:
        raise WrongUsage(f"'{name}' cannot be trained; there are {', '.join(TASKS)}")
    return TASKS[name]


def drawn(rng: np.random.Generator, scenes: Sequence[Made], flaws: Sequence[str]) -> tuple[str, Options]:
    """Draw a scene and its options."""
    weights = np.array([made.weight for made in scenes])
    made = scenes[int(rng.choice(len(scenes), p=weights / weights.sum()))]
    options: Options = {"size_px": int(rng.choice(made.sizes_px))}
    if made.most_flaws:
        count = 0 if rng.random() < 0.08 else int(rng.integers(1, made.most_flaws + 1))
        options["flaws"] = ",".join(str(word) for word in rng.choice(flaws, count)) or "none"
    if made.looks:
        options["look"] = str(rng.choice(made.looks))
    if made.materials:
        options["material"] = str(rng.choice(made.materials))
    if made.thickness_mm is not None:
        low, high = made.thickness_mm
        options["thickness_mm"] = round(float(low * (high / low) ** rng.random()), 1)
    return made.scene, options
