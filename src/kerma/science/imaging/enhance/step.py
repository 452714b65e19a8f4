"""What an enhancement step is: a name and version, its settings with their limits, and the reference of what it does.

A step takes modality values as float32 and gives values of the same scale back, so that the window of the image still
fits. Lengths are pixels of the full picture (level 0). A step also runs on a picture made smaller: ``Level.scale`` says
how many pixels of the full picture make one of it, and lengths are divided by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science import options
from kerma.science.options import Option

if TYPE_CHECKING:
    from kerma.science.imaging.enhance.energies import Energies

Floats = NDArray[np.float32]
Planes = tuple[Floats, ...]
"""The values of one plane (row, column); of a step of energies the low and the high one."""
Parameters = Mapping[str, Any]
"""The value of every setting of a step, by name."""
Kind = Literal["tone", "area", "colour"]
GREATEST = 1e12
"""No number is further from 0: 32-bit reals still have room for its square."""


@dataclass(frozen=True)
class Setting(Option):
    """An option of a step, with the least and the most it may be and the step of a slider."""

    least: float | None = None
    most: float | None = None
    slider: float | None = None
    """Step of a slider; None where a number has to be typed because its range is that of the image."""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: what a form needs to ask for a value."""
        more = {"least": self.least, "most": self.most, "slider": self.slider}
        return {**super().as_json(), **more, "is_required": self.default is None}

    def checked(self, given: Any, whose: str) -> Any:
        """Return a value of this setting.

        Raises
        ------
        WrongUsage
            The value is of another kind or out of range; the message says what it may be.
        """
        if isinstance(given, (bool, dict)) or (
            self.kind != "text" and isinstance(given, str) != (self.kind == "choice")
        ):
            raise WrongUsage(f"'{self.name}' of '{whose}' ({self.meaning}) must be {self._wanted()}, not {given!r:.60}")
        value = options.parse(self, given)
        if isinstance(value, (int, float)) and abs(value) > GREATEST:
            raise WrongUsage(f"'{self.name}' of '{whose}' is {value:g}: numbers go to {GREATEST:g} at most")
        if isinstance(value, (int, float)) and not self._is_within(value):
            raise WrongUsage(f"'{self.name}' of '{whose}' ({self.meaning}) must be {self._wanted()}, not {value:g}")
        return value

    def _is_within(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def _wanted(self) -> str:
        if self.choices:
            return " or ".join(self.choices)
        limits = [f"from {self.least:g}"] if self.least is not None else []
        limits += [f"up to {self.most:g}"] if self.most is not None else []
        return " ".join([options.KINDS[self.kind], *limits])


@dataclass(frozen=True)
class Level:
    """Where a step runs: how coarse the picture is, and the table made for it beforehand."""

    scale: float = 1.0
    table: Floats | None = None


@dataclass(frozen=True)
class Statistics:
    """What is known of the modality values of a plane; ``low`` and ``high`` hold the middle 99 %."""

    low: float
    high: float
    min: float
    max: float
    quantile: Callable[[float], float]
    """The value that a share (0 to 1) of the pixels lies below."""
    is_inverse: bool = False
    """Whether the lowest value is shown white."""
    energies: Energies | None = None
    """What is known of the two energies, where the image has them."""


@dataclass(frozen=True)
class Step:
    """One enhancement in one version. A changed step gets a new version; the old one stays and can still be run."""

    name: str
    version: int
    label: str
    purpose: str
    """What it is good for, in one sentence to the analyst."""
    kind: Kind
    settings: tuple[Setting, ...]
    run: Callable[[Planes, Parameters, Level], Floats]
    """Values (row, column), or (row, column, 3) from 0 to 1 of a step of kind *colour*."""
    defaults: Callable[[Statistics], dict[str, Any]]
    """Every setting, found from the image where it depends on it."""
    table: Callable[[Floats, Parameters, float], Floats] | None = None
    """From a whole coarse picture (not-a-number where there is no data), the parameters and the scale of that picture:
    what the step must know of the image as a whole."""
    planes: Literal["one", "energies"] = "one"
    industries: tuple[str, ...] = ("security", "ndt", "medical")
    rising: tuple[tuple[str, str], ...] = ()
    """Pairs of settings of which the first must be below the second."""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: what a form needs."""
        return {
            "name": self.name,
            "version": self.version,
            "label": self.label,
            "purpose": self.purpose,
            "kind": self.kind,
            "planes": self.planes,
            "industries": list(self.industries),
            "settings": [setting.as_json() for setting in self.settings],
        }
