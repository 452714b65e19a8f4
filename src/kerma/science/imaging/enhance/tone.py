"""Tone steps: each pixel by itself, along a curve that never falls.

The curves over attenuation take A = -ln(value / blank), so they are for values that rise with dose, and give values
from ``blank``, where nothing attenuates, to ``dark``. The picture keeps its sense and its window, and a stronger beam
(value, blank and dark alike) changes nothing but the unit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerma.science.imaging.enhance.step import Floats, Level, Parameters, Planes, Setting, Statistics, Step

DEEPEST = 12.0
"""Attenuation beyond which nothing is told apart: one photon in 160 000 gets through."""
LOW = Setting("low", "signed", "value that stays where it is at the dark end")
HIGH = Setting("high", "signed", "value that stays where it is at the bright end")
BLANK = Setting("blank", "number", "value where nothing lies in the beam")
DARK = Setting("dark", "signed", "value that the greatest attenuation becomes")
OPEN = 0.95
"""A default takes what is brighter than this share of blank as the open beam, beside the object."""
SMALLEST_SHARE = 0.02
"""Share of the picture below which an object is not told from the open beam."""


def gamma(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return low + (high - low) · share^gamma, where share is how far a value lies from low to high, never below 0."""
    low, span = np.float32(p["low"]), np.float32(p["high"] - p["low"])
    share = np.maximum((planes[0] - low) / span, np.float32(0))
    found: Floats = low + span * share ** np.float32(p["gamma"])
    return found


def log(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return blank - (blank - dark) · A / deepest: equal layers make equal steps."""
    return _shown(p, _attenuation(planes[0], p) / np.float32(p["deepest_attenuation"]))


def high_penetration(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Expand the attenuations ``from`` to ``to`` over most of the grey scale; all that is thinner shares the rest."""
    return _bent(planes[0], p, p["from_attenuation"], p["to_attenuation"], p["rest_share"])


def low_penetration(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Expand the attenuations 0 to ``to`` over most of the grey scale; all that is thicker shares the rest."""
    return _bent(planes[0], p, p["to_attenuation"], p["deepest_attenuation"], 1.0 - p["rest_share"])


def variable_absorption(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Spread the attenuations within ``width`` about ``center`` over the whole grey scale."""
    width = np.float32(p["width_attenuation"])
    start = np.float32(p["center_attenuation"] - p["width_attenuation"] / 2)
    return _shown(p, np.maximum((_attenuation(planes[0], p) - start) / width, np.float32(0)))


def _attenuation(values: Floats, p: Parameters) -> Floats:
    """Return -ln(value / blank); brighter than blank is below 0, and nothing is beyond the deepest there is."""
    share = values / np.float32(p["blank"])
    found: Floats = -np.log(np.maximum(share, np.float32(math.exp(-DEEPEST))))
    return found


def _bent(values: Floats, p: Parameters, bend: float, end: float, share: float) -> Floats:
    """Return the curve of two straight lines: to ``share`` at the attenuation ``bend``, and to 1 at ``end``."""
    attenuation = _attenuation(values, p)
    first = attenuation * np.float32(share / bend)
    second = np.float32(share) + (attenuation - np.float32(bend)) * np.float32((1 - share) / (end - bend))
    return _shown(p, np.where(attenuation < np.float32(bend), first, second))


def _shown(p: Parameters, darkness: Floats) -> Floats:
    """Return ``blank`` where darkness is 0 and ``dark`` where it is 1 or more."""
    blank, dark = np.float32(p["blank"]), np.float32(p["dark"])
    found: Floats = blank - (blank - dark) * np.minimum(darkness, np.float32(1))
    return found


def _gamma_defaults(found: Statistics) -> dict[str, Any]:
    return {"gamma": 0.6, "low": found.low, "high": found.high}


def _ends(found: Statistics) -> dict[str, Any]:
    """Return the values that attenuation is counted from and that the deepest becomes: those the window ends at."""
    blank = found.high if found.high > 0 else 1.0
    return {"blank": blank, "dark": min(max(found.low, 0.0), 0.9 * blank)}


def _seen(found: Statistics, share: float) -> float:
    """Return the attenuation that a share of the object's pixels lies below: those not in the open beam."""
    blank = _ends(found)["blank"]
    least, most = 0.0, 1.0
    for _ in range(20):
        middle = (least + most) / 2
        least, most = (middle, most) if found.quantile(middle) < OPEN * blank else (least, middle)
    value = found.quantile(least * (1 - share)) if least > SMALLEST_SHARE else found.quantile(1 - share)
    return min(max(math.log(blank / max(value, blank * math.exp(-DEEPEST))), 0.05), DEEPEST)


def _deepest(found: Statistics) -> float:
    blank = _ends(found)["blank"]
    return min(max(math.log(blank / max(found.low, blank * math.exp(-DEEPEST))), 0.3), DEEPEST)


def _log_defaults(found: Statistics) -> dict[str, Any]:
    return {**_ends(found), "deepest_attenuation": _deepest(found)}


def _high_defaults(found: Statistics) -> dict[str, Any]:
    deepest = _deepest(found)
    start = min(_seen(found, 0.7), 0.8 * deepest)
    return {**_ends(found), "from_attenuation": start, "to_attenuation": deepest, "rest_share": 0.2}


def _low_defaults(found: Statistics) -> dict[str, Any]:
    deepest = _deepest(found)
    end = min(_seen(found, 0.5), 0.8 * deepest)
    return {**_ends(found), "to_attenuation": end, "deepest_attenuation": deepest, "rest_share": 0.2}


def _variable_defaults(found: Statistics) -> dict[str, Any]:
    deepest = _deepest(found)
    center = min(max(_seen(found, 0.5), deepest / 6), deepest)
    return {**_ends(found), "center_attenuation": center, "width_attenuation": deepest / 3}


def _attenuation_setting(name: str, meaning: str) -> Setting:
    return Setting(name, "number", meaning, least=0.01, most=DEEPEST, slider=0.05)


_DEEPEST = _attenuation_setting("deepest_attenuation", "attenuation -ln(value/blank) that becomes black")
_REST = Setting("rest_share", "number", "share of the grey scale left for all other thicknesses", default=0.2,
                least=0.01, most=0.9, slider=0.01)  # fmt: skip

STEPS = (
    Step(
        "gamma", 1, "Gamma", "Draws out low values (exponent below 1) or high ones (above 1).", "tone",
        (Setting("gamma", "number", "exponent; below 1 draws out low values", default=0.6, least=0.1, most=10,
                 slider=0.05), LOW, HIGH),
        gamma, _gamma_defaults, rising=(("low", "high"),),
    ),
    Step(
        "log", 1, "Attenuation (log)", "Equal layers make equal grey steps: shows what dense parts hide.", "tone",
        (BLANK, DARK, _DEEPEST),
        log, _log_defaults, rising=(("dark", "blank"),),
    ),
    Step(
        "high_penetration", 1, "High penetration", "Draws out what lies in and behind dense parts.", "tone",
        (BLANK, DARK, _attenuation_setting("from_attenuation", "attenuation from which the grey scale is drawn out"),
         _attenuation_setting("to_attenuation", "attenuation that becomes black"), _REST),
        high_penetration, _high_defaults,
        rising=(("dark", "blank"), ("from_attenuation", "to_attenuation")),
    ),
    Step(
        "low_penetration", 1, "Low penetration", "Draws out thin and light parts: foils, powders, plastics.", "tone",
        (BLANK, DARK, _attenuation_setting("to_attenuation", "attenuation up to which the grey scale is drawn out"),
         _DEEPEST, _REST),
        low_penetration, _low_defaults,
        rising=(("dark", "blank"), ("to_attenuation", "deepest_attenuation")),
    ),
    Step(
        "variable_absorption", 1, "Variable absorption", "Shows one range of thickness at a time; move it to sweep.",
        "tone",
        (BLANK, DARK, Setting("center_attenuation", "nonnegative", "middle of the attenuations shown", most=DEEPEST,
                        slider=0.05),
         _attenuation_setting("width_attenuation", "width of the range shown")),
        variable_absorption, _variable_defaults, rising=(("dark", "blank"),),
    ),
)  # fmt: skip
