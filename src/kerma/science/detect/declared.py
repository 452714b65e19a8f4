"""Declared goods: what a load is said to be, and the limits between which the figures of such goods lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.standards import table

GOODS = "kerma_findings/manifest_goods"
SEPARATOR = ","
Span = tuple[float, float]


@dataclass(frozen=True)
class Declared:
    """What a load is declared as: goods or chapters of the Harmonized System, depth of the load, and the machine."""

    goods: tuple[str, ...]
    depth_mm: float | None = None
    """Depth of the load along the beam; without it no density can be told."""
    end_point_mev: float | None = None
    """Of the accelerator whose energy the most penetrating plane shows; None for two energies of a tube."""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"goods": list(self.goods), "depth_mm": self.depth_mm, "end_point_mev": self.end_point_mev}


@dataclass(frozen=True)
class Limits:
    """Between what the figures of declared goods lie; of several goods the hull that takes them all in."""

    z: Span
    density_g_cm3: Span
    most_variation: float


def split(declared: str) -> tuple[str, ...]:
    """Return the goods of a text in which commas part them."""
    return tuple(word.strip() for word in declared.split(SEPARATOR) if word.strip())


def goods_of(declared: str) -> Mapping[str, str]:
    """Return the row of declared goods, by its name, or a chapter or code of the Harmonized System.

    Raises
    ------
    WrongUsage
        Nothing is known of such goods: they cannot be held against an image.
    """
    word = declared.strip().lower()
    chapter = word.replace(".", "").replace(" ", "")
    for row in table(GOODS):
        first, _, last = row["hs_chapters"].partition("-")
        is_chapter = chapter.isdecimal() and int(first) <= int(chapter[:2]) <= int(last or first)
        if word == row["goods"] or is_chapter:
            return row
    names = ", ".join(row["goods"] for row in table(GOODS))
    raise WrongUsage(
        f"nothing is known of '{declared[:64]}', so it cannot be held against an image; known are {names}, and "
        "chapters or codes of the Harmonized System that these take in"
    )


def limits_of(goods: Sequence[str]) -> Limits:
    """Return the limits of a load of these goods, one or several of them in any shares.

    A figure of several goods may lie anywhere between the least and the most of any of them. Goods of different
    density beside each other make a load less even than each is: the greatest unevenness that shares of two densities
    can give is added to that of the goods themselves.

    Raises
    ------
    WrongUsage
        No goods, or nothing is known of one of them.
    """
    if not goods:
        raise WrongUsage("no goods are declared: name at least one")
    rows = [goods_of(one) for one in goods]
    densities = [(float(row["density_from_g_cm3"]), float(row["density_to_g_cm3"])) for row in rows]
    middles = [(least + most) / 2 for least, most in densities]
    within = max(float(row["most_variation"]) for row in rows)
    return Limits(
        (min(float(row["z_from"]) for row in rows), max(float(row["z_to"]) for row in rows)),
        (min(least for least, _ in densities), max(most for _, most in densities)),
        math.hypot(within, _variation_between(min(middles), max(middles))),
    )


def _variation_between(light: float, dense: float) -> float:
    """Return the greatest standard deviation over the mean that two densities can have, whatever their shares."""
    return (dense - light) / (2 * math.sqrt(dense * light))
