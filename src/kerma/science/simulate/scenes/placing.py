"""Things moved and turned together: a flaw into its joint, a joint into the picture, a plate's flaw onto a pipe."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

from kerma.science.simulate.document import ORIGIN, Point, Thing
from kerma.science.simulate.view import Turn, turn_of

DIGITS = 5
UPRIGHT: Turn = turn_of(ORIGIN)


def moved(things: Iterable[Thing], by_mm: Point) -> tuple[Thing, ...]:
    """Return things shifted together."""
    return tuple(
        dataclasses.replace(thing, at_mm=_rounded(tuple(a + b for a, b in zip(thing.at_mm, by_mm, strict=True))))
        for thing in things
    )


def turned(things: Iterable[Thing], turn_deg: Point) -> tuple[Thing, ...]:
    """Return things turned together about the origin: about x, then y, then z."""
    if turn_deg == ORIGIN:
        return tuple(things)
    turn = turn_of(turn_deg)
    return tuple(
        dataclasses.replace(
            thing,
            at_mm=_rounded(_times(turn, thing.at_mm)),
            turn_deg=angles_of(_product(turn, turn_of(thing.turn_deg))),
        )
        for thing in things
    )


def on_pipe(things: Iterable[Thing], radius_mm: float) -> tuple[Thing, ...]:
    """Return things of a flat wall laid round a pipe about y: x becomes the arc at ``radius_mm``, z the radius."""
    laid: list[Thing] = []
    for thing in things:
        x, y, z = thing.at_mm
        angle_deg = math.degrees(x / radius_mm)
        flat = dataclasses.replace(thing, at_mm=(0.0, y, radius_mm + z))
        laid.extend(turned([flat], (0.0, round(angle_deg, DIGITS), 0.0)))
    return tuple(laid)


def angles_of(turn: Turn) -> Point:
    """Return the angles about x, then y, then z of a rotation, in degrees."""
    sine = max(-1.0, min(1.0, -turn[2][0]))
    about_y = math.asin(sine)
    if abs(sine) < 1.0 - 1e-9:
        about_x = math.atan2(turn[2][1], turn[2][2])
        about_z = math.atan2(turn[1][0], turn[0][0])
    else:
        about_x, about_z = 0.0, math.atan2(-turn[0][1], turn[1][1])
    return _rounded((math.degrees(about_x), math.degrees(about_y), math.degrees(about_z)))


def _times(turn: Turn, point: Point) -> Point:
    x, y, z = (row[0] * point[0] + row[1] * point[1] + row[2] * point[2] for row in turn)
    return x, y, z


def _product(a: Turn, b: Turn) -> Turn:
    columns = [_times(a, (b[0][i], b[1][i], b[2][i])) for i in range(3)]
    rows = [(columns[0][i], columns[1][i], columns[2][i]) for i in range(3)]
    return rows[0], rows[1], rows[2]


def _rounded(point: tuple[float, ...]) -> Point:
    x, y, z = (round(value, DIGITS) + 0.0 for value in point)
    return x, y, z
