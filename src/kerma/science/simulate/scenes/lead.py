"""Lead on the part: letters, numbers and arrows that name the film and mark the place."""

from __future__ import annotations

from kerma.science.simulate.document import Point, Prism, Stroke, Thing
from kerma.science.simulate.lettering import GLYPHS, GRID_HEIGHT
from kerma.science.simulate.scenes.placing import moved, turned

ADVANCE = 6.0
THICK = 0.55
"""Half the breadth of a letter's bar, in cells of its grid."""


def letters(name: str, text: str, *, at_mm: Point, height_mm: float, turn_deg: float = 0.0) -> tuple[Thing, ...]:
    """Return lead letters whose first one stands with its lower left corner at ``at_mm``."""
    cell = height_mm / GRID_HEIGHT
    things: list[Thing] = []
    for position, letter in enumerate(text):
        for part, points in enumerate(GLYPHS.get(letter, "").split()):
            corners = [((position * ADVANCE + int(at[0])) * cell, -int(at[1]) * cell, 0.0) for at in points.split("-")]
            path = corners[:1] if len(set(corners)) == 1 else corners
            bar = Stroke(tuple((round(x, 4), round(y, 4), z) for x, y, z in path), round(THICK * cell, 4))
            things.append(Thing(f"{name}-{position + 1}-{part + 1}", bar, "lead"))
    return moved(turned(things, (0.0, 0.0, turn_deg)), at_mm)


def width_mm(text: str, height_mm: float) -> float:
    """Return how wide a text is."""
    return (len(text) * ADVANCE - 2.0) * height_mm / GRID_HEIGHT


def arrow(name: str, *, at_mm: Point, size_mm: float, turn_deg: float = 0.0) -> Thing:
    """Return a lead arrow head whose tip is at ``at_mm``, pointing down the rows."""
    outline = ((0.0, 0.0), (0.5 * size_mm, -size_mm), (0.0, -0.7 * size_mm), (-0.5 * size_mm, -size_mm))
    return Thing(name, Prism(outline, 1.2), "lead", at_mm, (0.0, 0.0, turn_deg))
