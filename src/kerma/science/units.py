"""The unit at the end of a quantity's name: how it is printed, and its UCUM code.

Every key of a measurement ends in its unit (``length_mm``, ``area_mm2``); a key that ends in none of these is a
pure number (``snr``, ``cnr``).
"""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """One unit: the form for paper and screen, and the code of the Unified Code for Units of Measure."""

    shown: str
    ucum: str


ONE = Unit("", "1")
"""The unit of a pure number."""

UNITS: dict[str, Unit] = {
    "mm": Unit("mm", "mm"),
    "mm2": Unit("mm²", "mm2"),
    "mm3": Unit("mm³", "mm3"),
    "um": Unit("µm", "um"),
    "cm": Unit("cm", "cm"),
    "m": Unit("m", "m"),
    "px": Unit("px", "{pixels}"),
    "stored": Unit("stored", "1"),
    "rescaled": Unit("rescaled", "1"),
    "percent": Unit("%", "%"),
    "share": Unit("", "1"),
    "db": Unit("dB", "dB"),
    "g": Unit("g", "g"),
    "kv": Unit("kV", "kV"),
    "kev": Unit("keV", "keV"),
    "ma": Unit("mA", "mA"),
    "mas": Unit("mAs", "mA.s"),
    "ms": Unit("ms", "ms"),
    "s": Unit("s", "s"),
    "deg": Unit("°", "deg"),
    "hu": Unit("HU", "[hnsf'U]"),
    "usv": Unit("µSv", "uSv"),
    "mgy": Unit("mGy", "mGy"),
    "ugy": Unit("µGy", "uGy"),
    "d": Unit("d", "d"),
    "minutes": Unit("min", "min"),
    "months": Unit("months", "mo"),
    "years": Unit("years", "a"),
    "usv_h": Unit("µSv/h", "uSv/h"),
    "mr_h": Unit("mR/h", "mR/h"),
    "dgy_cm2": Unit("dGy\u2009cm²", "dGy.cm2"),
    "mm_al": Unit("mm Al", "mm"),
    "1_cm": Unit("1/cm", "cm-1"),
    "g_cm2": Unit("g/cm²", "g/cm2"),
    "cm2_g": Unit("cm²/g", "cm2/g"),
    "g_cm3": Unit("g/cm³", "g/cm3"),
    "mol_cm3": Unit("mol/cm³", "mol/cm3"),
    "mgy_week": Unit("mGy/week", "mGy/wk"),
    "ugy_mas": Unit("µGy/mAs", "uGy/(mA.s)"),
    "ugy_mas_1m": Unit("µGy/mAs at 1 m", "uGy/(mA.s)"),
    "mm2_ugy": Unit("1/(mm² µGy)", "mm-2.uGy-1"),
    "cm2_mas": Unit("1/(cm² mAs)", "cm-2/(mA.s)"),
    "cd_m2": Unit("cd/m²", "cd/m2"),
    "gy_cm2": Unit("Gy cm²", "Gy.cm2"),
    "px2": Unit("px²", "{pixels}2"),
    "stored2": Unit("stored²", "1"),
    "stored2_mm2": Unit("stored² mm²", "mm2"),
    "stored2_px2": Unit("stored² px²", "{pixels}2"),
    "per_mm2": Unit("1/mm²", "/mm2"),
    "lp_px": Unit("lp/px", "{line_pairs}/{pixels}"),
    "lp_mm": Unit("lp/mm", "{line_pairs}/mm"),
}
"""From the end of a key, one to three words, to its unit; the longest that fits counts."""

LONGEST_WORDS = 3
"""Most words of a unit."""
_WORDS = {"snr": "SNR", "cnr": "CNR", "srb": "SRb", "mtf": "MTF", "iqi": "IQI", "n": "N"}


def unit_of(name: str) -> Unit:
    """Return the unit that a key such as ``length_mm`` ends in; :data:`ONE` for a pure number."""
    return UNITS.get(_ending(name), ONE)


def words_of(name: str) -> str:
    """Return a key as words without its unit: ``length_mm`` is "length", ``saturated_share`` "saturated share"."""
    ending = _ending(name)
    words = (name if ending in ("", "share") else name.removesuffix(f"_{ending}")).split("_")
    return " ".join(_WORDS.get(word, word) for word in words)


def _ending(name: str) -> str:
    """Return the end of a name that is a unit; empty where none is, or where nothing but the unit stands."""
    words = name.split("_")
    for length in range(min(LONGEST_WORDS, len(words) - 1), 0, -1):
        ending = "_".join(words[-length:])
        if ending in UNITS:
            return ending
    return ""
