"""Things that lie in bags, each a few bodies of the right material, by the table of things and their categories.

A thing is drawn flat, by a function of a random generator, and stands here as an article: centred, with a name and half
of its size along each axis.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kerma.errors import NotFound
from kerma.science.physics.effective_number import zeff
from kerma.science.physics.materials import density_of
from kerma.science.simulate.bodies import extent, mass_g, moved, volume_mm3
from kerma.science.simulate.document import Point, Thing
from kerma.standards import table

THINGS, CATEGORIES = "kerma_security/things", "kerma_security/categories"
EVERYDAY = "everyday"
PROHIBITED_FIRST = ("charge", "blade", "wood", "head", "liquid")
"""Parts by which a prohibited article is known, where it has one; otherwise the heaviest part stands for it."""


@dataclass(frozen=True)
class Kind:
    """One row of the table of things."""

    name: str
    category: str
    weight: float
    words: str
    function: str

    def draw(self, generator: np.random.Generator) -> Article:
        """Draw one: centred, lying flat."""
        module, name = self.function.split(":")
        parts = getattr(importlib.import_module(f"{__name__}.{module}"), name)(generator)
        low, high = extent(parts)
        middle = (low + high) / 2.0
        centred = moved(parts, at_mm=(-float(middle[0]), -float(middle[1]), -float(middle[2])))
        half = (high - low) / 2.0
        return Article(self, centred, (float(half[0]), float(half[1]), float(half[2])))


@dataclass(frozen=True)
class Article:
    """A thing ready to be packed: its parts about its own middle, and half its size in mm."""

    kind: Kind
    parts: tuple[Thing, ...]
    half_mm: Point

    @property
    def main(self) -> Thing:
        """The part that stands for the whole: the one it is known by, or the heaviest."""
        named = (part for name in PROHIBITED_FIRST for part in self.parts if part.name == name)
        return next(named, None) or max(self.parts, key=_mass)

    def facts(self) -> dict[str, float | str]:
        """Return mass in g, and material, density and effective number of the part that stands for it."""
        main = self.main
        assert main.material is not None
        density = density_of(main.material) if main.density_g_cm3 is None else main.density_g_cm3
        return {
            "mass_g": round(mass_g(self.parts), 1), "material": main.material, "density_g_cm3": density,
            "zeff": round(zeff(main.material), 2),
        }  # fmt: skip

    def placed(self, name: str, at_mm: Point, turn_deg: Point, *, is_labelled: bool) -> tuple[Thing, ...]:
        """Return the parts of the article where it lies, named ``name/part``; ``is_labelled`` makes them the truth."""
        label, main = (self.kind.name if is_labelled else ""), self.main.name
        sizes = self._sizes() if is_labelled else {}
        return tuple(
            dataclasses.replace(
                part, name=f"{name}/{part.name}", inside=f"{name}/{part.inside}" if part.inside else "",
                label=label, group=name if is_labelled else "", measurements=sizes if part.name == main else {},
            )
            for part in moved(self.parts, at_mm=at_mm, turn_deg=turn_deg)
        )  # fmt: skip

    def _sizes(self) -> dict[str, float]:
        sizes = sorted((2.0 * half for half in self.half_mm), reverse=True)
        facts = {key: value for key, value in self.facts().items() if isinstance(value, float)}
        return facts | dict(
            zip(("length_mm", "width_mm", "height_mm"), (round(size, 2) for size in sizes), strict=True)
        )


def _mass(part: Thing) -> float:
    if part.material is None:
        return 0.0
    density = density_of(part.material) if part.density_g_cm3 is None else part.density_g_cm3
    return volume_mm3(part.shape) * density


def kinds(categories: Iterable[str] = ()) -> tuple[Kind, ...]:
    """Return the things of some categories, of all when none is named, in the order of the table."""
    wanted = frozenset(categories)
    return tuple(
        Kind(row["name"], row["category"], float(row["weight"]), row["words"], row["function"])
        for row in table(THINGS)
        if not wanted or row["category"] in wanted
    )


def threat_kinds() -> tuple[Kind, ...]:
    """Return every thing that is not an everyday one."""
    return tuple(kind for kind in kinds() if kind.category != EVERYDAY)


def kind_of(name: str) -> Kind:
    """Return a thing by its name.

    Raises
    ------
    NotFound
        No such thing; the message lists them.
    """
    found = next((kind for kind in kinds() if kind.name == name), None)
    if found is None:
        raise NotFound(f"there is no thing '{name}'; there are {', '.join(kind.name for kind in kinds())}")
    return found


def category(name: str) -> dict[str, str]:
    """Return the row of a category: its letter in the EU list, its ECAC, ICAO and DICOS words."""
    return dict(next(row for row in table(CATEGORIES) if row["category"] == name))
