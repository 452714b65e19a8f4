"""Weighted log subtraction of the high energy from the low one: what has just that ratio of attenuations disappears."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerma.science.imaging.enhance.energy_rays import MOST_ATTENUATION, MOST_LOW_ATTENUATION, attenuations
from kerma.science.imaging.enhance.material_steps import BLANKS
from kerma.science.imaging.enhance.step import Floats, Level, Parameters, Planes, Setting, Statistics, Step

WEIGHT, GAIN = 1.2, 2.0
BRIGHTEST = -1.0
"""What is over-subtracted is at most e times as bright as the open beam."""


def log_subtraction(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return blank · exp(-gain · (A_low - weight · A_high)), so that nothing is as bright as the open beam.

    A weight of 0 and a gain of 1 give the low energy as it is. Where so little passes that nothing can be told it is
    black, whatever the weight: noise there is no picture.
    """
    low, high = attenuations(planes, p)
    left = np.float32(p["gain"]) * (low - np.float32(p["weight"]) * high)
    left = np.where(low > np.float32(MOST_LOW_ATTENUATION), np.float32(MOST_ATTENUATION), left)
    found: Floats = np.float32(p["blank_low"]) * np.exp(-np.clip(left, BRIGHTEST, MOST_ATTENUATION))
    return found.astype(np.float32)


def _defaults(found: Statistics) -> dict[str, Any]:
    energies = found.energies
    return {} if energies is None else {"blank_low": energies.blank_low, "blank_high": energies.blank_high}


STEPS = (
    Step(
        "log_subtraction", 1, "Weighted subtraction", "Turn the weight until what hides disappears: 1.1 to 1.3 takes "
        "organic matter away, 1.4 to 2 aluminium, more steel.", "tone",
        (*BLANKS,
         Setting("weight", "nonnegative", "how many times the high-energy attenuation is taken off", default=WEIGHT,
                 most=4, slider=0.01),
         Setting("gain", "number", "how much the rest is strengthened", default=GAIN, least=0.1, most=20, slider=0.1)),
        log_subtraction, _defaults, planes="energies",
    ),
)  # fmt: skip
