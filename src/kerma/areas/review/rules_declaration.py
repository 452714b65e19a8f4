"""What makes a declaration of goods valid: pure. ``science.detect.manifest`` holds images against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.detect.declared import Declared, goods_of

INDUSTRY = "security"
"""Whose exams have a load that somebody declares."""
MOST_GOODS = 20
MAX_WORD_LETTERS = 200
MOST_DEPTH_MM = 100_000.0
MOST_END_POINT_MEV = 50.0


@dataclass(frozen=True)
class Given:
    """What a person gives to declare the load of an exam."""

    goods: tuple[str, ...]
    """Rows of ``kerma_findings/manifest_goods``, or chapters and codes of the Harmonized System."""
    depth_mm: float | None = None
    """Depth of the load along the beam; without it no density can be told."""
    end_point_mev: float | None = None
    """Of the accelerator; None for a tube of two energies."""
    reference: str = ""
    """Number of the declaration, as its papers have it."""
    declarant: str = ""
    """Who declares it: consignor, carrier, customs agent."""


def checked(given: Given) -> Given:
    """Return a declaration with its words trimmed and no goods twice, once every part makes sense.

    Raises
    ------
    WrongUsage
        No goods or too many, goods of which nothing is known, or a number or text that makes no sense.
    """
    goods = tuple(dict.fromkeys(one.strip().lower() for one in given.goods if one.strip()))
    if not 1 <= len(goods) <= MOST_GOODS:
        raise WrongUsage(f"{len(goods)} goods are declared; name 1 to {MOST_GOODS}")
    for one in goods:
        goods_of(one)
    _check_number("depth_mm", given.depth_mm, MOST_DEPTH_MM)
    _check_number("end_point_mev", given.end_point_mev, MOST_END_POINT_MEV)
    words = {"reference": given.reference.strip(), "declarant": given.declarant.strip()}
    for name, word in words.items():
        if len(word) > MAX_WORD_LETTERS or not word.isprintable():
            raise WrongUsage(f"{name} must be a text of at most {MAX_WORD_LETTERS} letters on one line")
    return Given(goods, given.depth_mm, given.end_point_mev, **words)


def document_of(given: Given) -> dict[str, Any]:
    """Return what is kept of a declaration."""
    return {**asdict(given), "goods": list(given.goods)}


def declared_of(document: Mapping[str, Any]) -> Declared:
    """Return what images are held against, from what was kept of a declaration."""
    return Declared(tuple(document["goods"]), document["depth_mm"], document["end_point_mev"])


def _check_number(name: str, value: float | None, most: float) -> None:
    if value is not None and not (math.isfinite(value) and 0 < value <= most):
        raise WrongUsage(f"{name} is {value:g}; give a number above 0 and at most {most:g}, or leave it out")
