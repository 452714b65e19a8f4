"""What a site usually judges by, beyond its industry's plan: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kerma.errors import WrongUsage
from kerma.science.judge.disposition import PLACES, REGIMES
from kerma.science.judge.quality_ndt import STANDARDS
from kerma.standards import table

PACK = "pack"
NDT: Mapping[str, Collection[str]] = {"technique_standard": STANDARDS, "testing_class": ("A", "B")}
GATE = {"picture_gate": ("on", "off")}
WINDOWS = tuple(row["window"] for row in table("kerma_findings/z_windows"))
SETTINGS: Mapping[str, Mapping[str, Collection[str]]] = {
    "ndt": {PACK: (), **NDT, **GATE},
    "security": {"regime": REGIMES, "place": PLACES, **GATE, "number_windows": (*WINDOWS, "all")},
    "medical": {},
}
"""What may be set for each industry, and the words there are; a pack is looked for among those in force."""


def checked(industry: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that were filled in, once each makes sense; which packs there are is not looked at.

    Raises
    ------
    WrongUsage
        The industry has no such setting, or the word is none of those there are; the message lists them.
    """
    known = SETTINGS.get(industry, {})
    filled = {name: value.strip() for name, value in values.items() if value.strip()}
    for name, value in filled.items():
        if name not in known:
            every = ", ".join(known) or "nothing"
            raise WrongUsage(f"'{name[:64]}' cannot be set for '{industry[:32]}'; what can be set: {every}")
        if known[name] and value not in known[name]:
            raise WrongUsage(f"{name} is '{value[:64]}'; it is {' or '.join(known[name])}")
    return filled
