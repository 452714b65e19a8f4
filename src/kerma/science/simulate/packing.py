"""Packing without collisions: every article comes to rest on what lies below it, in a box with a map of heights.

Every article is taken for the cuboid it fits in, lying on one of its sides and turned about the vertical. The map
holds, for every cell of the floor, how high things stand there; an article rests on the highest cell below it, so no
two cuboids can overlap. Of many places tried, the one is taken where its top comes lowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.arithmetic import sin_cos_deg
from kerma.science.simulate.document import Point

Field = NDArray[np.float64]
CELL_MM = 4.0
GAP_MM = 0.5
"""Room left round every article, and below it."""
TRIES = 90
FLAT, ON_SIDE, ON_END = (0.0, 0.0, 0.0), (90.0, 0.0, 0.0), (0.0, 90.0, 0.0)
SIDES = (FLAT, ON_SIDE, ON_END)
"""Turns about x and y that lay an article on another side."""


@dataclass(frozen=True)
class Place:
    """Where an article lies: its middle, its turn, and the half sizes of its cuboid before the turn about z."""

    at_mm: Point
    turn_deg: Point
    half_mm: Point


@dataclass
class Room:
    """A box to be packed: ``half_mm`` of its inside about the origin, and how high things stand in every cell.

    ``corner_mm`` rounds the corners of its floor plan.
    """

    half_mm: Point
    corner_mm: float = 0.0
    heights: Field = field(init=False)

    def __post_init__(self) -> None:
        x, y = self.centres()
        far_x = np.maximum(np.abs(x)[None, :] - (self.half_mm[0] - self.corner_mm), 0.0)
        far_y = np.maximum(np.abs(y)[:, None] - (self.half_mm[1] - self.corner_mm), 0.0)
        beyond = far_x**2 + far_y**2 > max(self.corner_mm - CELL_MM, 0.0) ** 2 if self.corner_mm > 0 else False
        self.heights = np.where(beyond, self.half_mm[2], -self.half_mm[2]) + np.zeros((y.size, x.size))

    def centres(self) -> tuple[Field, Field]:
        """Return the middles of the cells along x and along y; the cells lie wholly inside."""
        counts = [int(2.0 * half / CELL_MM) for half in self.half_mm[:2]]
        x, y = (np.arange(count, dtype=np.float64) * CELL_MM for count in counts)
        return x - x.mean(), y - y.mean()

    def put(
        self, half_mm: Point, random: np.random.Generator, *, sides: Sequence[Point] = (FLAT,), turns: str = "any"
    ) -> Place | None:
        """Lay an article of these half sizes down; None where it finds no room.

        ``turns`` is *any* angle, or *square* with the walls.
        """
        best: tuple[float, Place, tuple[slice, slice], NDArray[np.bool_]] | None = None
        for _ in range(TRIES):
            side = sides[int(random.integers(0, len(sides)))]
            half = _laid(half_mm, side)
            angle = 90.0 * int(random.integers(0, 4)) if turns == "square" else _turn(random)
            spot = self._spot(half, angle, random)
            if spot is None:
                continue
            at, window, cells = spot
            rest = float(self.heights[window][cells].max()) + GAP_MM
            top = rest + 2.0 * half[2]
            if top <= self.half_mm[2] and (best is None or top < best[0]):
                place = Place((at[0], at[1], round(rest + half[2], 3)), (side[0], side[1], angle), half)
                best = top, place, window, cells
        if best is None:
            return None
        top, place, window, cells = best
        self.heights[window][cells] = top
        return place

    def full(self) -> float:
        """Return which share of the room lies below what has been packed."""
        filled = self.heights + self.half_mm[2]
        return float(filled.mean() / (2.0 * self.half_mm[2]))

    def _spot(
        self, half: Point, angle_deg: float, random: np.random.Generator
    ) -> tuple[tuple[float, float], tuple[slice, slice], NDArray[np.bool_]] | None:
        """Return a random place in x and y where the footprint lies inside, and the cells below it."""
        sine, cosine = sin_cos_deg(angle_deg)
        reach = (
            abs(cosine) * half[0] + abs(sine) * half[1] + GAP_MM, abs(sine) * half[0] + abs(cosine) * half[1] + GAP_MM
        )  # fmt: skip
        free = [edge - far for edge, far in zip(self.half_mm, reach, strict=False)]
        if min(free) < 0:
            return None
        at = tuple(round(float(random.uniform(-each, each)), 3) for each in free)
        x, y = self.centres()
        columns, rows = (_within(line, place, far) for line, place, far in zip((x, y), at, reach, strict=True))
        away_x, away_y = x[columns][None, :] - at[0], y[rows][:, None] - at[1]
        edge = GAP_MM + 0.5 * CELL_MM * (abs(sine) + abs(cosine))
        along = np.abs(cosine * away_x + sine * away_y) <= half[0] + edge
        across = np.abs(cosine * away_y - sine * away_x) <= half[1] + edge
        return (at[0], at[1]), (rows, columns), along & across


def _turn(random: np.random.Generator) -> float:
    """Return an angle: things in bags lie mostly along the walls."""
    loose = 14.0 if random.random() < 0.7 else 45.0
    return round(90.0 * int(random.integers(0, 4)) + float(random.uniform(-loose, loose)), 2)


def _laid(half: Point, side: Point) -> Point:
    """Return the half sizes as they stand after a thing was laid on that side."""
    x, y, z = half
    if side == ON_SIDE:
        return x, z, y
    return (z, y, x) if side == ON_END else (x, y, z)


def _within(line: Field, place: float, far: float) -> slice:
    """Return the cells that any part of the footprint can touch."""
    near = np.flatnonzero(np.abs(line - place) <= far + CELL_MM)
    return slice(int(near[0]), int(near[-1]) + 1)
