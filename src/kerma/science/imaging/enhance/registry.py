"""Which steps there are: those of each module, by name and version."""

from __future__ import annotations

from typing import Any

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance import (
    detail,
    highlight,
    local,
    material_steps,
    noise,
    opacity_alarm,
    subtraction,
    tone,
)
from kerma.science.imaging.enhance.step import Parameters, Statistics, Step

MODULES = (tone, local, detail, noise, highlight, material_steps, subtraction, opacity_alarm)
"""Every module of steps, in the order a list shows them; each has its ``STEPS``."""
STEPS: dict[tuple[str, int], Step] = {(step.name, step.version): step for module in MODULES for step in module.STEPS}
"""Every step in every version: a chain that was recorded once can always be run again."""
_VERSIONS: dict[str, list[int]] = {}
for _name, _version in STEPS:
    _VERSIONS[_name] = sorted([*_VERSIONS.get(_name, []), _version])


def latest() -> tuple[Step, ...]:
    """Return the newest version of each step, in the order a list shows them."""
    return tuple(step for key, step in STEPS.items() if key[1] == _VERSIONS[key[0]][-1])


def step_of(name: Any, version: Any = None) -> Step:
    """Return a step; without a version the newest.

    Raises
    ------
    WrongUsage
        There is no such step or version; the message says which there are.
    """
    if not isinstance(name, str) or name not in _VERSIONS:
        raise WrongUsage(f"there is no enhancement '{name!s:.40}'; there are {', '.join(_VERSIONS)}")
    found = _VERSIONS[name][-1] if version is None else version
    if isinstance(found, bool) or found not in _VERSIONS[name]:
        known = " and ".join(str(each) for each in _VERSIONS[name])
        raise WrongUsage(f"the enhancement '{name}' has no version {found!s:.20}; this program knows {known}")
    return STEPS[name, int(found)]


def parameters_of(step: Step, given: Any) -> dict[str, Any]:
    """Return every setting of a step, checked; one that is not given has its default, if that is no image's matter.

    Raises
    ------
    WrongUsage
        An unknown, missing, wrong or out-of-range value.
    """
    if not isinstance(given, dict):
        raise WrongUsage(f"the parameters of '{step.name}' are an object of its settings, not {given!r:.60}")
    known = {setting.name: setting for setting in step.settings}
    unknown = sorted(str(name) for name in set(given) - set(known))
    if unknown:
        raise WrongUsage(f"'{step.name}' has no setting '{unknown[0]:.40}'; it has {', '.join(known)}")
    found = {}
    for name, setting in known.items():
        value = given.get(name, setting.default)
        if value is None:
            raise WrongUsage(f"'{step.name}' needs '{name}': {setting.meaning}; it depends on the image, so say it")
        found[name] = setting.checked(value, step.name)
    for lesser, greater in step.rising:
        if not found[lesser] < found[greater]:
            told = f"'{step.name}' needs '{lesser}' below '{greater}'"
            raise WrongUsage(f"{told}; they are {found[lesser]:g} and {found[greater]:g}")
    return found


def switched_on(step: Step, found: Statistics, chosen: Parameters | None = None) -> dict[str, Any]:
    """Return the parameters with which a step is switched on for an image, some of them chosen."""
    return parameters_of(step, {**step.defaults(found), **(chosen or {})})
