"""A calculation: a name, its options, and the function that answers with a Measurement and cites its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.options import Option, parse_all
from kerma.science.results import Measurement


@dataclass(frozen=True)
class Calculation:
    """One entry of the registry; ``name`` is spelled as on the command line, such as ``min-source-distance``."""

    name: str
    summary: str
    options: tuple[Option, ...]
    calculate: Callable[..., Measurement]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form of the row."""
        options = [option.as_json() for option in self.options]
        return {"name": self.name, "summary": self.summary, "options": options}

    def run(self, /, **given: Any) -> Measurement:
        """Calculate with options as values or as text.

        Raises
        ------
        WrongUsage
            As :func:`kerma.science.options.parse_all`, or values beyond the range of numbers on the way.
        """
        values = parse_all(self.options, given, self.name)
        try:
            return self.calculate(**values)
        except ArithmeticError as error:
            told = ", ".join(f"{name} {value}" for name, value in given.items() if value is not None)
            raise WrongUsage(f"'{self.name}' leaves the range of numbers with {told}: check sizes and units") from error
