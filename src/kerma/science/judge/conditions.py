"""The conditions under which findings are judged: what the joint is, and where a millimetre comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kerma.science.imaging.image import Spacing

Fact = str | float
NUMBERS = ("thickness_mm", "weld_length_mm", "weld_width_mm", "outside_diameter_mm")
"""What rows may ask by name beside the free facts."""


class NotJudgedError(Exception):
    """A rule cannot be judged; the message says what to give. The engine turns it into a *not-judged* verdict."""


@dataclass(frozen=True)
class Conditions:
    """What a rule may ask about the examined part; None where nobody has said it.

    ``part`` is the kind of part where somebody has said it ("weld", "casting"): rules for another kind are not applied.
    ``axis`` is the direction of the weld in the image: "column" when it runs from left to right.
    ``weld_start_mm`` is where along the weld, from its datum, the image's first column (or row) lies, and
    ``weld_offset_mm`` where across it the other edge lies.
    ``extension_stage`` counts how often the inspection has already been extended (0 at the first examination).
    ``facts`` are further words and numbers that rows ask for in their column ``when``, such as joint = butt.
    """

    thickness_mm: float | None = None
    weld_length_mm: float | None = None
    weld_width_mm: float | None = None
    outside_diameter_mm: float | None = None
    joint_coefficient: float | None = None
    part: str = ""
    spacing: Spacing = Spacing()
    axis: Literal["column", "row"] = "column"
    weld_start_mm: float | None = None
    weld_offset_mm: float = 0.0
    extension_stage: int = 0
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def thickness(self) -> float:
        """Return the thickness in mm, or say that it is missing."""
        return _needed(self.thickness_mm, "the thickness of the part", "thickness_mm")

    def weld_length(self) -> float:
        """Return the length of the weld in mm, or say that it is missing."""
        return _needed(self.weld_length_mm, "the length of the weld", "weld_length_mm")

    def weld_width(self) -> float:
        """Return the width of the weld in mm, or say that it is missing."""
        return _needed(self.weld_width_mm, "the width of the weld", "weld_width_mm")

    def fact(self, name: str) -> Fact | None:
        """Return what is known under a name of a row's column ``when``; None where nobody has said it."""
        number: float | None = getattr(self, name) if name in NUMBERS else None
        return number if number is not None else self.facts.get(name)


def _needed(value: float | None, what: str, name: str) -> float:
    if value is None:
        raise NotJudgedError(f"{what} is not known: give {name}")
    if not value > 0:
        raise NotJudgedError(f"{name} is {value:g} mm, which is no length: give a value above 0 mm")
    return value
