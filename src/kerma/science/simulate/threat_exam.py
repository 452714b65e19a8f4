"""A threat put into all images of an exam: the energies of a view are found together, each view gets the threat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.energy_pairs import views_of
from kerma.science.imaging.image import Image
from kerma.science.results import Box
from kerma.science.simulate.threat_insertion import Spot, bag_of, found_spots, inserted
from kerma.science.simulate.threat_library import unpacked


@dataclass(frozen=True)
class Change:
    """New stored values of a window of one plane of one image, by its place among those of the exam."""

    image: int
    plane: int
    row: int
    column: int
    values: NDArray[Any]


@dataclass(frozen=True)
class ViewPlace:
    """Where the threat is in one view: of which images of the exam the view is made, its spot and its box in pixels."""

    images: tuple[int, ...]
    spot: Spot
    box: Box


@dataclass(frozen=True)
class Projection:
    """A threat in an exam: what changes, where it is, and the least realism of its views (None: too small to judge)."""

    changes: tuple[Change, ...]
    places: tuple[ViewPlace, ...]
    realism: float | None


def projection(images: Sequence[Image], threat: bytes, *, seed: int, spots: Sequence[Spot] = ()) -> Projection:
    """Put a threat into the images of an exam.

    Parameters
    ----------
    images : in reading order
    threat : as the library keeps it
    seed : of its place, where no spots are given, and of its noise
    spots : where it stood when it was put there before, view by view

    Raises
    ------
    WrongUsage
        Too little is known of a picture, or the threat finds no room.
    """
    views, maps = views_of(images), unpacked(threat)
    bags = [bag_of(view.image) for view in views]
    if not spots:
        spots, fits = found_spots(bags, maps, random=np.random.default_rng(seed))
    else:
        fits = (None,) * len(spots)  # type: ignore[assignment]
    changes: list[Change] = []
    places, scores = [], []
    for number, (view, bag, spot, fit) in enumerate(zip(views, bags, spots, fits, strict=True)):
        patch = inserted(bag, maps[number % len(maps)], spot, fit=fit, seed=seed + number)
        for plane, values in patch.planes.items():
            image, own_plane = (view.parts[plane], 0) if view.is_joined else (view.parts[0], plane)
            changes.append(Change(image, own_plane, patch.row, patch.column, values))
        places.append(ViewPlace(tuple(dict.fromkeys(view.parts)), spot, patch.box))
        scores += [patch.realism.score] if patch.realism else []
    return Projection(tuple(changes), tuple(places), min(scores) if scores else None)
