"""Steps that mark something in colour over the grey picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerma.science.imaging.enhance.step import Floats, Level, Parameters, Planes, Setting, Statistics, Step

HUES = {"amber": (1.0, 0.62, 0.0), "cyan": (0.0, 0.78, 0.9), "magenta": (0.95, 0.2, 0.75)}
"""Told apart with every common colour vision, from each other and from grey."""
DIMMEST = np.float32(0.35)
"""A marked pixel is never darker than this, or a mark on black would not be seen."""


def density_highlight(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return the grey picture (black to white over the values given), values within the band in one colour."""
    values = planes[0]
    span = np.float32(p["white"] - p["black"]) or np.float32(1)
    grey = np.clip((values - np.float32(p["black"])) / span, 0, 1)[..., None]
    hue = np.array(HUES[p["colour"]], np.float32)
    marked = hue * (DIMMEST + (np.float32(1) - DIMMEST) * grey)
    within = (values >= np.float32(p["from_value"])) & (values <= np.float32(p["to_value"]))
    found: Floats = np.where(within[..., None], marked, grey).astype(np.float32)
    return found


def _defaults(found: Statistics) -> dict[str, Any]:
    black, white = (found.high, found.low) if found.is_inverse else (found.low, found.high)
    return {
        "from_value": found.quantile(0.02), "to_value": found.quantile(0.12), "black": black, "white": white,
        "colour": "amber",
    }  # fmt: skip


STEPS = (
    Step(
        "density_highlight", 1, "Density highlight", "Marks one band of values in colour, wherever it is.", "colour",
        (Setting("from_value", "signed", "least value marked"), Setting("to_value", "signed", "greatest value marked"),
         Setting("black", "signed", "value shown black"), Setting("white", "signed", "value shown white"),
         Setting("colour", "choice", "colour of the mark", default="amber", choices=tuple(HUES))),
        density_highlight, _defaults, rising=(("from_value", "to_value"),),
    ),
)  # fmt: skip
