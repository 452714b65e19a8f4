"""Functions of a console by industry: a key, and the enhancement chain it switches on, as a table of the product.

A cell of steps reads ``step setting=value setting=value; step``; what it does not name is found from the image.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kerma.errors import Unusable, WrongUsage
from kerma.science.imaging.enhance import colours
from kerma.science.imaging.enhance.chain import Chain, ChainStep
from kerma.science.imaging.enhance.registry import step_of, switched_on
from kerma.science.imaging.enhance.step import Statistics, Step
from kerma.science.options import parse
from kerma.standards import table

INDUSTRIES = ("security", "ndt", "medical")
MODES = ("toggle", "momentary", "sweep")
"""On until it is pressed again; on while it is held; on, and a setting follows the wheel or runs by itself."""


@dataclass(frozen=True)
class Chosen:
    """A step, and the settings that are chosen beforehand."""

    step: Step
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Function:
    """One function of a console: how it is called and switched, and what it shows."""

    name: str
    label: str
    key: str
    mode: Literal["toggle", "momentary", "sweep"]
    steps: tuple[Chosen, ...]
    negative: bool
    colours: str
    vendor_names: tuple[str, ...]
    """What consoles of other makers call it, as far as is known (unverified)."""
    purpose: str

    @property
    def needs_energies(self) -> bool:
        """Whether it can be shown of an image with both energies only."""
        return any(each.step.planes == "energies" for each in self.steps)

    def chain(self, found: Statistics) -> Chain:
        """Return the whole chain for an image, every number in it.

        Raises
        ------
        WrongUsage
            The image has not what a step needs.
        """
        steps = tuple(ChainStep(each.step, switched_on(each.step, found, each.settings)) for each in self.steps)
        return Chain(steps, None, self.negative, self.colours)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "label": self.label,
            "key": self.key,
            "mode": self.mode,
            "steps": [
                {"name": each.step.name, "version": each.step.version, "parameters": dict(each.settings)}
                for each in self.steps
            ],
            "negative": self.negative,
            "colours": self.colours,
            "vendor_names": list(self.vendor_names),
            "purpose": self.purpose,
            "needs_energies": self.needs_energies,
        }


@functools.cache
def functions(industry: str) -> tuple[Function, ...]:
    """Return the functions of an industry in the order of its console.

    Raises
    ------
    Unusable
        A row of the table names a step, setting, mode or colours that there are not.
    """
    name = f"kerma_console/{industry}_functions"
    return tuple(_function(row, name) for row in table(name))


def _function(row: dict[str, str], where: str) -> Function:
    try:
        steps = tuple(_chosen(part.split()) for part in row["steps"].split(";") if part.strip())
    except WrongUsage as error:
        raise Unusable(f"'{row['function']}' of {where}: {error}") from None
    if row["mode"] not in MODES or row["colours"] not in colours.names() or row["negative"] not in ("yes", "no"):
        raise Unusable(f"'{row['function']}' of {where} has an unknown mode, colours or negative")
    vendors = tuple(word.strip() for word in row["vendor_names"].split(";") if word.strip())
    mode: Any = row["mode"]
    return Function(
        row["function"], row["label"], row["key"], mode, steps, row["negative"] == "yes", row["colours"], vendors,
        row["purpose"],
    )  # fmt: skip


def _chosen(words: list[str]) -> Chosen:
    step = step_of(words[0])
    known = {setting.name: setting for setting in step.settings}
    chosen = {}
    for word in words[1:]:
        name, _, value = word.partition("=")
        if name not in known:
            raise WrongUsage(f"'{step.name}' has no setting '{name}'")
        chosen[name] = known[name].checked(parse(known[name], value), step.name)
    return Chosen(step, chosen)
