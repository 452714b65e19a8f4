"""Archer's law of broad-beam transmission through a barrier, and the barriers whose coefficients are tabulated."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kerma.errors import NotFound, OutsideTable, WrongUsage
from kerma.standards import table

TABLES = ("ncrp_147/transmission", "aapm_tg_108/transmission")
MM_PER_CM = 10.0


@dataclass(frozen=True)
class Archer:
    """The three coefficients of one beam in one material; ``beta`` may be below zero, ``alpha`` and ``gamma`` not.

    B(x) = ((1 + beta/alpha) exp(alpha gamma x) - beta/alpha)^(-1/gamma)

    Source: Archer, Thornby and Bushong, Health Phys. 44 (1983) 507. Validity: the thicknesses to which the
    coefficients were fitted; beyond, B falls with the slope of a thick barrier.
    """

    alpha_1_mm: float
    beta_1_mm: float
    gamma: float

    def __post_init__(self) -> None:
        if not (self.alpha_1_mm > 0 and self.gamma > 0 and self.beta_1_mm > -self.alpha_1_mm):
            raise WrongUsage(
                f"alpha {self.alpha_1_mm:g}, beta {self.beta_1_mm:g}, gamma {self.gamma:g} are no transmission: "
                "alpha, gamma and alpha + beta must be above 0"
            )

    def transmission(self, thickness_mm: float) -> float:
        """Return the share of air kerma that passes a barrier."""
        if not thickness_mm >= 0:
            raise WrongUsage(f"a barrier cannot be {thickness_mm:g} mm thick")
        ratio = self.beta_1_mm / self.alpha_1_mm
        # Written with the fast exponential taken out, so that a thick barrier does not overflow.
        decay = math.exp(-self.alpha_1_mm * self.gamma * thickness_mm)
        slope = math.exp(-self.alpha_1_mm * thickness_mm)
        # a hair above 1 where rounding is all there is
        return min(1.0, float(slope * (1.0 + ratio - ratio * decay) ** (-1.0 / self.gamma)))

    def thickness_mm(self, transmission: float) -> float:
        """Return the thickness that lets a share through; 0 where the share is 1 or more."""
        if not transmission > 0:
            raise WrongUsage(f"no barrier lets a share of {transmission:g} through; give one above 0")
        if transmission >= 1:
            return 0.0
        ratio = self.beta_1_mm / self.alpha_1_mm
        inside = math.log((transmission**-self.gamma + ratio) / (1.0 + ratio))
        return inside / (self.alpha_1_mm * self.gamma)

    @property
    def tenth_value_mm(self) -> float:
        """The tenth-value layer behind a thick barrier."""
        return math.log(10.0) / self.alpha_1_mm


def barriers() -> list[str]:
    """Return the names of all tabulated barriers."""
    return list(dict.fromkeys(row["barrier"] for name in TABLES for row in table(name)))


def materials_of(barrier: str) -> list[str]:
    """Return the materials whose coefficients are tabulated for a barrier."""
    return [row["material"] for name in TABLES for row in table(name) if row["barrier"] == barrier]


def table_of(barrier: str) -> str:
    """Return the name of the table that holds a barrier."""
    for name in TABLES:
        if any(row["barrier"] == barrier for row in table(name)):
            return name
    raise NotFound(f"there is no barrier '{barrier}'; there are {', '.join(barriers())}")


def coefficients(barrier: str, material: str) -> Archer:
    """Return the coefficients of a barrier in lead or concrete.

    Raises
    ------
    NotFound
        No such barrier; the message lists those there are.
    OutsideTable
        The barrier has no coefficients in this material; none are made up.
    """
    name = table_of(barrier)
    for row in table(name):
        if row["barrier"] == barrier and row["material"] == material:
            if "alpha_1_cm" in row:
                return Archer(
                    float(row["alpha_1_cm"]) / MM_PER_CM, float(row["beta_1_cm"]) / MM_PER_CM, float(row["gamma"])
                )
            return Archer(float(row["alpha_1_mm"]), float(row["beta_1_mm"]), float(row["gamma"]))
    raise OutsideTable(
        f"the coefficients of {barrier} in {material} are not in {name}; there are {', '.join(materials_of(barrier))}"
    )
