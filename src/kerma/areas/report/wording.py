"""Numbers and facts as they are printed: units, decimals, thin spaces, true minus, and the industry's words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kerma.areas.report.language import ENGLISH, Language
from kerma.science.units import unit_of, words_of

THIN, MINUS = "\u2009", "\u2212"

TECHNIQUE_WORDS: dict[str, str] = {
    "tube_voltage_kv": "Tube voltage",
    "tube_current_ma": "Tube current",
    "exposure_time_ms": "Exposure time",
    "exposure_mas": "Exposure",
    "source_detector_mm": "Source to detector",
    "source_object_mm": "Source to object",
    "focal_spot_mm": "Focal spot",
    "thickness_mm": "Thickness",
    "material": "Material",
    "exposure_index": "Exposure index",
    "srb_um": "Basic spatial resolution",
    "z_effective_per_stored": "Effective atomic number per",
}
MACHINE_WORDS: dict[str, str] = {
    "manufacturer": "Maker",
    "model": "Model",
    "serial_number": "Serial number",
    "station": "Station",
    "institution": "Institution",
    "software": "Machine software",
}
MEANING_WORDS: dict[str, str] = {
    "raw": "raw detector values",
    "for-processing": "for processing",
    "for-presentation": "for presentation",
    "log": "logarithmic",
    "ct-number": "CT numbers",
    "z-effective": "effective atomic number",
    "unknown": "",
}

PRINTED: dict[str, tuple[str, ...]] = {
    "statistics": ("mean_stored", "standard_deviation_stored", "minimum_stored", "maximum_stored"),
    "saturation": ("saturated_percent",),
    "snr": ("snr", "snr_region"),
    "snr_n": ("snr_n", "srb_um"),
}
"""Which values of a measurement a report prints; of one not named here, all. ``result.json`` has every value."""


def number(value: float, uncertainty: float | None = None, digits: int = 4) -> str:
    """Return a number for paper: decimals by its uncertainty (two digits of it), otherwise four significant digits."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e9 and uncertainty is None):
        return grouped(f"{int(value)}")
    scale = uncertainty if uncertainty else value
    kept = 2 if uncertainty else digits
    decimals = max(0, kept - 1 - math.floor(math.log10(abs(scale)))) if scale else 0
    if decimals > 8:
        return grouped(f"{value:.3e}")
    written = grouped(f"{value:.{decimals}f}")
    return f"{written}{THIN}±{THIN}{uncertainty:.{decimals}f}" if uncertainty else written


def to_uncertainty(value: float, uncertainty: float) -> str:
    """Return a value with the decimals that two digits of its uncertainty have."""
    return fixed(value, max(0, 1 - math.floor(math.log10(abs(uncertainty)))))


def brief(value: float, digits: int = 4) -> str:
    """Return a number to so many significant digits, without an exponent and without trailing zeros."""
    if not value or not math.isfinite(value):
        return "0" if not value else str(value)
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    written = f"{rounded:.{max(0, decimals)}f}"
    return grouped(written.rstrip("0").rstrip(".") if "." in written else written)


def fixed(value: float | None, decimals: int) -> str:
    """Return a number with so many decimals, for a column that lines up on the point; empty where there is none."""
    return "" if value is None else grouped(f"{value:.{decimals}f}")


def grouped(written: str) -> str:
    """Return a written number with a true minus and thin spaces between thousands from five digits on."""
    sign, rest = (MINUS, written[1:]) if written.startswith("-") else ("", written)
    whole, point, fraction = rest.partition(".")
    if whole.isdecimal() and len(whole) > 4:
        whole = THIN.join([whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)][::-1])
    return f"{sign}{whole}{point}{fraction}"


def quantity(name: str, value: Any, say: Language = ENGLISH) -> str:
    """Return a value with its unit, as taken from the end of its name."""
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if not isinstance(value, int | float):
        return say.phrase(str(value))
    unit = unit_of(name).shown
    written = say.number(brief(value, 6))
    return f"{written}{'' if unit == '°' else THIN}{unit}" if unit else written


def capital(words: str) -> str:
    """Return words with a first capital, leaving the others as they are."""
    return words[:1].upper() + words[1:]


def facts(values: Mapping[str, Any], words: Mapping[str, str], say: Language = ENGLISH) -> list[list[str]]:
    """Return [label, value] pairs of what is known, in the order of ``words``, then whatever else there is."""
    known = [(key, values[key]) for key in words if values.get(key) not in (None, "")]
    others = [(key, value) for key, value in values.items() if key not in words and value not in (None, "")]
    return [
        [say.phrase(words.get(key) or capital(words_of(key))), quantity(key, value, say)]
        for key, value in [*known, *others]
        if isinstance(value, str | int | float)
    ]


def measurement_rows(measurements: Sequence[Mapping[str, Any]], say: Language = ENGLISH) -> list[dict[str, str]]:
    """Return the lines of the measurement table: what, value, unit, how; or why it could not be measured."""
    rows = []
    for measurement in measurements:
        if measurement.get("not_measurable"):
            name = say.phrase(capital(words_of(measurement["name"])))
            rows.append({"name": name, "absent": str(measurement["not_measurable"])})
            continue
        rows.extend(_value_rows(measurement, say))
    return rows


def _value_rows(measurement: Mapping[str, Any], say: Language) -> list[dict[str, str]]:
    values = measurement.get("values", {})
    keys = [key for key in PRINTED.get(measurement["name"], tuple(values)) if key in values]
    uncertainties = measurement.get("uncertainties") or {}
    source = measurement.get("source") or {}
    cited = " ".join(str(source[key]) for key in ("standard", "edition") if source.get(key))
    shown = {"stored": say.phrase("stored value"), "rescaled": str(values.get("rescaled_unit") or "")}
    rows: list[dict[str, str]] = []
    for key in keys:
        if not isinstance(values[key], int | float) or isinstance(values[key], bool):
            continue
        unit = unit_of(key).shown
        method = method_of(str(measurement.get("method", "")), key, is_first=not rows)
        rows.append(
            {
                "name": say.phrase(capital(words_of(key))),
                "value": say.number(number(values[key], uncertainties.get(key))),
                "unit": shown.get(unit, unit),
                "method": ". ".join(part for part in (method, "" if rows else cited) if part),
            }
        )
    return rows


def method_of(method: str, key: str, *, is_first: bool) -> str:
    """Return what a measurement's method says of one value.

    A method may name values in brackets after the part that made them: "mean of all (mean, snr); median (median)".
    A method without such brackets belongs to the first value printed.
    """
    named = re.compile(r" ?\(([a-z0-9_]+(?:, [a-z0-9_]+)*)\)")
    parts = method.split("; ")
    own = [part for part in parts if (found := named.search(part)) and key in found[1].split(", ")]
    if not own and any(named.search(part) for part in parts):
        own = [part for part in parts if not named.search(part)] if is_first else []
    elif not own:
        own = parts if is_first else []
    return capital("; ".join(named.sub("", part) for part in own))
