"""The draws that make one scene of a family: numbers rounded so that the document is the same on any machine."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Drawn = TypeVar("Drawn")
DIGITS = 4
"""Sizes in mm are drawn to a tenth of a micrometre."""


class Dice:
    """A stream of draws of its own for every seed and purpose, so that one option does not change another's draws."""

    def __init__(self, seed: int, purpose: str) -> None:
        self.generator = np.random.default_rng([seed % 2**64, zlib.crc32(purpose.encode())])

    def between(self, low: float, high: float) -> float:
        """Return a number, evenly likely from ``low`` to ``high``."""
        return round(low + (high - low) * float(self.generator.random()), DIGITS)

    def by_ratio(self, low: float, high: float) -> float:
        """Return a number whose logarithm is evenly likely: as many small as large ones."""
        return round(float(low * (high / low) ** self.generator.random()), DIGITS)

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both possible."""
        return int(self.generator.integers(low, high + 1))

    def one_of(self, choices: Sequence[Drawn]) -> Drawn:
        """Return one of the choices."""
        return choices[self.whole(0, len(choices) - 1)]

    def happens(self, share: float) -> bool:
        """Return True in a share of all draws."""
        return bool(self.generator.random() < share)

    def side(self) -> float:
        """Return -1 or 1."""
        return 1.0 if self.happens(0.5) else -1.0

    def line(self, count: int, size: float) -> list[float]:
        """Return a wandering line of mean 0 and standard deviation 1 whose features are ``size`` points wide."""
        from kerma.science.simulate.texture import smooth_line

        return [round(value, DIGITS) for value in smooth_line(self.generator, count, size).tolist()]
