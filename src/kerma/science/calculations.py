"""Every calculation by its name: what ``kerma calc`` and the HTTP interface can ask.

The modules are imported only when a calculation is asked for.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerma.errors import WrongUsage

if TYPE_CHECKING:
    from kerma.science.physics.calculation import Calculation
    from kerma.science.results import Measurement

PHYSICS = (
    "slab", "effective_number", "dual_layer", "beam_quality", "decay", "boundary", "unsharpness", "source_distance",
    "tube_voltage", "hole_indicators", "indicators", "equivalence", "film_exposure", "digital_exposure",
    "technique", "shielding", "bunker", "exposure_index", "patient_dose", "display_response",
)  # fmt: skip
JUDGE = ("calculation", "quality_calculation", "disposition_calculation", "reference_image_calculation")
MODULES = (*(f"kerma.science.physics.{name}" for name in PHYSICS), *(f"kerma.science.judge.{name}" for name in JUDGE))
"""The modules with ``CALCULATIONS``, in the order they are listed."""


@functools.cache
def calculations() -> Mapping[str, Calculation]:
    """Return every calculation by its name."""
    found: dict[str, Calculation] = {}
    for module in MODULES:
        for calculation in importlib.import_module(module).CALCULATIONS:
            if calculation.name in found:
                raise ValueError(f"two calculations are named '{calculation.name}'")
            found[calculation.name] = calculation
    return found


def run(name: str, **options: Any) -> Measurement:
    """Make one calculation.

    Raises
    ------
    WrongUsage
        Unknown calculation or option, a missing option, or a value that makes no sense.
    """
    known = calculations()
    wanted = name.replace("_", "-")
    if wanted not in known:
        raise WrongUsage(f"there is no calculation '{name}'; there are {', '.join(known)}")
    return known[wanted].run(**options)
