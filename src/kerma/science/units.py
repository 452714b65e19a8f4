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
}
"""From the last word of a key to its unit."""

_WORDS = {"snr": "SNR", "cnr": "CNR", "srb": "SRb", "mtf": "MTF", "iqi": "IQI", "n": "N"}


def unit_of(name: str) -> Unit:
    """Return the unit that a key such as ``length_mm`` ends in; :data:`ONE` for a pure number."""
    words = name.split("_")
    return UNITS.get(words[-1], ONE) if len(words) > 1 else ONE


def words_of(name: str) -> str:
    """Return a key as words without its unit: ``length_mm`` is "length", ``saturated_share`` "saturated share"."""
    words = name.split("_")
    if len(words) > 1 and words[-1] in UNITS and words[-1] != "share":
        words = words[:-1]
    return " ".join(_WORDS.get(word, word) for word in words)
