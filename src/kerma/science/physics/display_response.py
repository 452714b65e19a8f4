"""What a photometer says of a display: luminance, ratio, and how far its steps are from the GSDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.gsdf import jnd_index, luminance_cd_m2
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
LIMITS = "aapm_tg_270/limits"
FEWEST = 5
"""Fewer levels say too little about the course between them."""
MOST = 256
CATEGORIES = tuple(row["category"] for row in table(LIMITS).rows)


def limits_of(category: str) -> dict[str, Any]:
    """Return the limits of a category of displays, numbers as numbers.

    Raises
    ------
    WrongUsage
        There is no such category.
    """
    for row in table(LIMITS).rows:
        if row["category"] == category:
            return {name: value if name in ("category", "words") else float(value) for name, value in row.items()}
    raise WrongUsage(f"there is no category of displays '{category}'; there are {', '.join(CATEGORIES)}")


def response(
    luminances_cd_m2: Sequence[float], *, ambient_cd_m2: float = 0.0, category: str = "diagnostic"
) -> Measurement:
    """Compare the luminances of equally spaced grey levels with the GSDF between the same ends.

    Parameters
    ----------
    luminances_cd_m2 : of levels from black to white, equally spaced (18 as a rule), measured without room light
    ambient_cd_m2 : what the room adds by reflection; it is added to every level
    category : a row of ``aapm_tg_270/limits``

    Raises
    ------
    WrongUsage
        Fewer than five levels, a luminance that falls, or one outside the range of the function.

    Notes
    -----
    Of each step: contrast dL / mean L per JND, against that of the GSDF with its JNDs spread evenly over the steps.
    The deviation is the largest relative difference of a step, in percent (AAPM TG-18, 4.3.3; TG-270).
    """
    levels = np.asarray(luminances_cd_m2, dtype=np.float64) + ambient_cd_m2
    if not FEWEST <= levels.size <= MOST:
        raise WrongUsage(f"{levels.size} levels: give the luminance of {FEWEST} to {MOST} equally spaced grey levels")
    if not np.all(np.isfinite(levels)) or np.any(np.diff(levels) <= 0):
        raise WrongUsage("the luminance must rise from level to level: check the order, and readings typed wrong")
    ends = jnd_index(levels[[0, -1]])
    wanted = luminance_cd_m2(np.clip(np.linspace(ends[0], ends[1], levels.size), 1.0, 1023.0))
    step_jnd = (ends[1] - ends[0]) / (levels.size - 1)
    differences = _contrasts(levels) / _contrasts(wanted) - 1.0
    worst = int(np.argmax(np.abs(differences)))
    values: dict[str, Any] = {
        "luminance_min_cd_m2": float(levels[0]),
        "luminance_max_cd_m2": float(levels[-1]),
        "luminance_ratio": float(levels[-1] / levels[0]),
        "gsdf_deviation_percent": float(100.0 * abs(differences[worst])),
        "worst_step": worst + 1,
        "jnd_per_step": float(step_jnd),
        "deviations_percent": [float(100.0 * one) for one in differences],
        "wanted_cd_m2": [float(one) for one in wanted],
    }
    limits = limits_of(category)
    return Measurement(
        "display-response",
        VERSION,
        {**values, "outcome": _outcome(values, limits)},
        "contrast per JND of each step against the GSDF",
        {
            "luminances_cd_m2": [float(one) for one in luminances_cd_m2],
            "ambient_cd_m2": ambient_cd_m2,
            "category": category,
        },
        source=Citation.of(table(LIMITS)),
        warnings=_warnings(values, limits),
    )


def _contrasts(levels: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(2.0 * np.diff(levels) / (levels[1:] + levels[:-1]))


def _warnings(values: dict[str, Any], limits: dict[str, Any]) -> tuple[str, ...]:
    """Say in words what is beyond its limit."""
    found = []
    if values["luminance_max_cd_m2"] < limits["luminance_max_cd_m2"]:
        found.append(
            f"white has {values['luminance_max_cd_m2']:.0f} cd/m²; {limits['luminance_max_cd_m2']:.0f} are asked"
        )
    if not limits["luminance_ratio_min"] <= values["luminance_ratio"] <= limits["luminance_ratio_max"]:
        asked = f"{limits['luminance_ratio_min']:.0f} to {limits['luminance_ratio_max']:.0f}"
        found.append(f"white is {values['luminance_ratio']:.0f} times black; {asked} is asked")
    if values["gsdf_deviation_percent"] > limits["gsdf_deviation_percent"]:
        worst = f"{values['gsdf_deviation_percent']:.1f} % at step {values['worst_step']}"
        found.append(f"contrast is {worst} from the GSDF; at most {limits['gsdf_deviation_percent']:.0f} % is allowed")
    return tuple(found)


def _outcome(values: dict[str, Any], limits: dict[str, Any]) -> str:
    return "fail" if _warnings(values, limits) else "pass"


def calculate(*, luminances: str, ambient_cd_m2: float = 0.0, category: str = "diagnostic") -> Measurement:
    """Return the response of a display from its photometer readings as text."""
    try:
        readings = [float(part) for part in luminances.replace(";", ",").split(",") if part.strip()]
    except ValueError as error:
        raise WrongUsage("luminances are numbers in cd/m² with commas between them, black first") from error
    return response(readings, ambient_cd_m2=ambient_cd_m2, category=category)


CALCULATIONS = (
    Calculation(
        "display-response",
        "How far a display is from the standard grey scale, from photometer readings",
        (
            Option(
                "luminances", "text", "readings in cd/m² of equally spaced grey levels, black first", is_required=True
            ),
            Option("ambient_cd_m2", "nonnegative", "luminance that the room adds", default=0.0),
            Option("category", "choice", "what the display is used for", default="diagnostic", choices=CATEGORIES),
        ),
        calculate,
    ),
)
