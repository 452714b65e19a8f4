"""What to do about a failed rule: words from a table, and the changed parameter computed from the case."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.physics.digital_exposure import distance_factor, snr_factor
from kerma.science.physics.exposure_index import DEFINITIONS
from kerma.science.physics.film_exposure import DENSITY, density_factor
from kerma.science.physics.table_rows import quantity
from kerma.science.results import Citation, Verdict
from kerma.standards import table

ACTIONS = "kerma_corrective/actions"
EXPOSURES = {"exposure_mas": "mAs", "exposure_time_ms": "ms", "exposure_time_s": "s", "exposure_time_min": "min"}
"""What an exposure may be known as: key of the technique, and the unit it is said in."""
Conditions = Mapping[str, float | str]
Parameters = dict[str, float]


@dataclass(frozen=True)
class Recommendation:
    """What to do about one verdict: ``parameters`` hold the computed values, their keys end in their unit."""

    code: str
    text: str
    who: str = ""
    follows: str = ""
    parameters: Parameters = field(default_factory=dict)
    source: Citation | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "code": self.code, "text": self.text, "who": self.who, "follows": self.follows,
            "parameters": dict(self.parameters), "source": self.source.as_json() if self.source else None,
        }  # fmt: skip


def recommend(verdict: Verdict, conditions: Conditions) -> Recommendation:
    """Return what to do about a verdict that failed; nothing for one that passed.

    Parameters
    ----------
    verdict : with its ``corrective`` code, limit and measured value
    conditions : the technique as it was, as far as it is known: exposure_mas, exposure_time_ms, focal_spot_mm,
        source_detector_mm, object_detector_mm (or source_object_mm), srb_um, film_gradient

    A value that the conditions do not give is left out of the text with its sentence: nothing is made up. Where the
    rule's own row says what to do (``action``), those words hold.

    Raises
    ------
    WrongUsage
        The verdict names a code that the table does not have.
    """
    if not verdict.corrective:
        return Recommendation("none", verdict.action)
    row = action_row(verdict.corrective)
    computed = COMPUTED[row["computes"]](verdict, conditions) if row["computes"] else {}
    shown = {**_facts(verdict), **{name: _shown(value) for name, value in computed.items()}}
    shown["exposure_words"] = _exposure_words(computed.get("exposure_factor"), conditions)
    text = verdict.action or _filled(row["words"], shown)
    return Recommendation(
        verdict.corrective, text, row["who"], row["follows"], computed, Citation.of(table(ACTIONS), row["code"])
    )


def advised(verdicts: Iterable[Verdict], conditions: Conditions) -> tuple[Verdict, ...]:
    """Return the verdicts, each that failed with its corrective action in words."""
    return tuple(
        replace(verdict, action=recommend(verdict, conditions).text) if verdict.corrective else verdict
        for verdict in verdicts
    )


def action_row(code: str) -> dict[str, str]:
    """Return the row of a corrective action.

    Raises
    ------
    WrongUsage
        No such code; the message lists them.
    """
    rows = {row["code"]: row for row in table(ACTIONS)}
    if code not in rows:
        raise WrongUsage(f"there is no corrective action '{code}'; there are {', '.join(rows)}")
    return rows[code]


def magnification_for(*, srb_um: float, focal_spot_mm: float, wanted_um: float) -> float | None:
    """Return the least magnification at which the image's SRb is the one wanted, by the square rule; None for none.

    Solves ((d (v-1))^2 + (2 s)^2) = (2 L v)^2 for v from 1, with d the focal spot, s the detector's SRb and L the SRb
    wanted at the object; a focal spot that is too large leaves no such v.
    """
    d, s, wanted = focal_spot_mm, 2 * srb_um / 1000, 2 * wanted_um / 1000
    square, linear, constant = d**2 - wanted**2, -2 * d**2, d**2 + s**2
    if abs(square) < 1e-12 * d**2:
        roots = [constant / -linear]
    else:
        under = linear**2 - 4 * square * constant
        if under < 0:
            return None
        roots = [(-linear + sign * math.sqrt(under)) / (2 * square) for sign in (1, -1)]
    above = [root for root in roots if root >= 1]
    return min(above) if above else None


def _for_snr(verdict: Verdict, conditions: Conditions) -> Parameters:
    if not verdict.measured or not verdict.limit:
        return {}
    return _exposed(snr_factor(verdict.measured, target_snr_n=verdict.limit), conditions)


def _for_density(verdict: Verdict, conditions: Conditions) -> Parameters:
    if verdict.measured is None or verdict.limit is None:
        return {}
    gradient = _number(conditions, "film_gradient") or quantity(DENSITY, "film_gradient")
    factor = density_factor(verdict.limit, reference_density=verdict.measured, film_gradient=gradient)
    return {**_exposed(factor, conditions), "film_gradient": gradient}


def _for_deviation(verdict: Verdict, conditions: Conditions) -> Parameters:
    if verdict.measured is None:
        return {}
    return _exposed(10 ** (-verdict.measured / quantity(DEFINITIONS, "deviation_factor")), conditions)


def _for_distance(verdict: Verdict, conditions: Conditions) -> Parameters:
    """Return the distance, and as the other way the focal spot, that bring the verdict to its limit.

    What is judged is f itself (at least), or an unsharpness d b / f (at most): either way f grows by the same share.
    """
    if not verdict.measured or not verdict.limit:
        return {}
    share = verdict.limit / verdict.measured
    share = share if verdict.asked == "at least" else 1 / share
    found: Parameters = {}
    spot, whole = _number(conditions, "focal_spot_mm"), _number(conditions, "source_detector_mm")
    b, object_mm = _number(conditions, "object_detector_mm"), _number(conditions, "source_object_mm")
    if b is None and whole is not None and object_mm is not None:
        b = whole - object_mm
    if spot is not None:
        found["focal_spot_mm"] = spot / share
    if whole is not None and b is not None and 0 <= b < whole:
        needed = (whole - b) * share + b
        found["source_detector_mm"] = needed
        found |= _exposed(distance_factor(whole, target_distance_mm=needed), conditions)
    return found


def _for_resolution(verdict: Verdict, conditions: Conditions) -> Parameters:
    spot, srb = _number(conditions, "focal_spot_mm"), _number(conditions, "srb_um") or verdict.measured
    if spot is None or not srb or not verdict.limit:
        return {}
    found = magnification_for(srb_um=srb, focal_spot_mm=spot, wanted_um=verdict.limit)
    return {} if found is None else {"magnification": found}


COMPUTED: Mapping[str, Callable[[Verdict, Conditions], Parameters]] = {
    "snr": _for_snr, "density": _for_density, "deviation": _for_deviation, "distance": _for_distance,
    "resolution": _for_resolution,
}  # fmt: skip
"""What a row of the table may have computed, by its column ``computes``."""


def _exposed(factor: float, conditions: Conditions) -> Parameters:
    """Return the factor, and every exposure that is known times the factor."""
    known = {key: value for key in EXPOSURES if (value := _number(conditions, key)) is not None}
    return {"exposure_factor": factor, **{key: value * factor for key, value in known.items()}}


def _exposure_words(factor: float | None, conditions: Conditions) -> str:
    if factor is None:
        return ""
    changes = [
        f"{_shown(value * factor)} {unit} in place of {_shown(value)} {unit}"
        for key, unit in EXPOSURES.items()
        if (value := _number(conditions, key)) is not None
    ]
    return f"{', or '.join(changes)}." if changes else ""


def _facts(verdict: Verdict) -> dict[str, str]:
    values = {"limit": verdict.limit, "measured": verdict.measured}
    return {name: _shown(value) for name, value in values.items() if value is not None}


def _filled(words: str, shown: Mapping[str, str]) -> str:
    """Return the sentences of a text that can be filled in whole."""
    sentences = re.split(r"(?<=\.) ", words)
    kept = [one for one in sentences if all(name in shown for name in re.findall(r"\{(\w+)\}", one))]
    filled = (re.sub(r"\{(\w+)\}", lambda found: shown[found[1]], one) for one in kept)
    return " ".join(one for one in filled if one.strip())


def _number(conditions: Conditions, key: str) -> float | None:
    value = conditions.get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else None


def _shown(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
