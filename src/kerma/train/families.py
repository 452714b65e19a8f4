"""What differs between families of detectors: how pictures are made, what the network sees, how they are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerma.science.detect import bag_channels, learned_input
from kerma.science.detect.learned_bag import EXTENT_PX
from kerma.science.imaging.image import Image
from kerma.train import views
from kerma.train.bag_examples import kept_bag
from kerma.train.bag_layers import filled
from kerma.train.bag_views import VIEW_PX as BAG_VIEW_PX
from kerma.train.bag_views import bag_view, seen_as
from kerma.train.digitising import disguised
from kerma.train.examples import Example, kept_example
from kerma.train.tasks import Task, task_of

DISGUISED_SHARE = 0.8


@dataclass(frozen=True)
class Family:
    """One family."""

    examples: Callable[[Task, str, int, int, Path], tuple[Example, ...]]
    """Task, part, seed of the run, number and folder to the pictures of one number, all of one thing."""
    view: Callable[[Example, np.random.Generator], views.View]
    judged: Callable[[Example, str, np.random.Generator], Image]
    """A held-out picture of a part as the trained network is to meet it."""
    channels: int
    bands: tuple[learned_input.Band, ...]
    view_px: int
    views_each: int
    """Views of an example when it has just been made."""
    held_out: tuple[tuple[str, int], ...]
    """Parts that are kept back, and how many numbers of each ..."""
    full_images: int
    """... where at least so many are simulated to learn from, and fewer where it is fewer."""
    widths: tuple[int, int, int, int]
    pyramid: int
    is_fine: bool
    """Whether the network begins at every second pixel, not at patches of four."""
    most_reserve_s: float
    """What is kept of the time for export and evaluation, at most."""
    shard: int
    """How many numbers one durable job simulates: a minute or two of one core."""


def _radiographs(task: Task, part: str, seed: int, number: int, folder: Path) -> tuple[Example, ...]:
    return (kept_example(task, part, seed, number, folder=folder),)


def _bags(task: Task, part: str, seed: int, number: int, folder: Path) -> tuple[Example, ...]:
    return kept_bag(task, part, seed, number, folder=folder)


def _filled(one: Example, rng: np.random.Generator) -> views.View:
    return bag_view(filled(one, task_of("bag").labels, rng), rng)


def _digitised(one: Example, part: str, rng: np.random.Generator) -> Image:
    return disguised(one, rng, strength=DISGUISED_SHARE).as_image()


FAMILIES: Mapping[str, Family] = {
    "": Family(
        _radiographs, views.view, _digitised, learned_input.CHANNELS, learned_input.BANDS, views.VIEW_PX, 4,
        (("calibrate", 160), ("test", 300), ("shifted", 160)), 4000, (32, 72, 144, 160), 48, True, 70.0, 50,
    ),
    "bag": Family(
        _bags, _filled, seen_as, bag_channels.CHANNELS, bag_channels.BANDS, BAG_VIEW_PX, 16,
        (("calibrate", 24), ("test", 40), ("shifted", 24)), 40, (32, 64, 128, 192), 32, False, 300.0, 20,
    ),
}  # fmt: skip


def family_of(task: Task) -> Family:
    """Return the family of a task."""
    return FAMILIES[task.family]


def card_input(task: Task, tile_px: int) -> dict[str, Any]:
    """Return what a card says of the input of a task's networks."""
    family = family_of(task)
    told: dict[str, Any] = {
        "channels": family.channels, "tile_px": tile_px, "stride": views.STRIDE,
        "bands_px": [[band.small_px, band.large_px] for band in family.bands],
    }  # fmt: skip
    return told | ({"family": task.family, "extent_px": EXTENT_PX} if task.family else {})
