"""Detectors: a registry of names, imported only when asked for; all return the same Finding.

Each detector is a module with ``VERSION`` and ``detect(image, **options) -> tuple[Finding, ...]``; it changes nothing
in its input. :func:`detect` is the one way to call it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kerma.errors import WrongUsage
from kerma.science.options import Option, parse

if TYPE_CHECKING:
    from kerma.science.imaging.image import Image
    from kerma.science.results import Finding

OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("plane", "whole", "plane of the image (frame, energy or view), counted from 0"),
        Option("threshold", "number", "local standard deviations a response must reach; default 5"),
        Option("transmission", "number", "highest transmission (or share of the grey range) that counts as opaque"),
        Option("area_mm2", "number", "smallest opaque area in mm2 that alarms"),
        Option("area_px", "number", "smallest opaque area in pixels that alarms, where there is no scale"),
    )
}
"""Every option of a detector, by name."""


@dataclass(frozen=True)
class Detector:
    """One entry of the registry."""

    name: str
    summary: str
    option_names: tuple[str, ...]
    passes_over: frozenset[str]
    """Modalities it is not made for: an exam's analysis does not run it there, and says so."""

    @property
    def options(self) -> tuple[Option, ...]:
        """The options it takes."""
        return tuple(OPTIONS[name] for name in self.option_names)

    def load(self) -> ModuleType:
        """Import the module ``kerma.science.detect.<name>``."""
        return importlib.import_module(f"{__name__}.{self.name}")


CROSS_SECTIONS = frozenset({"CT", "MR", "PT", "NM", "US"})
"""Modalities whose images are no projections of X-rays."""

DETECTORS: Mapping[str, Detector] = {
    detector.name: detector
    for detector in (
        Detector(
            "small_flaws",
            "Pores, inclusions and short cracks: difference of Gaussians over local noise",
            ("plane", "threshold"),
            CROSS_SECTIONS,
        ),
        Detector(
            "opacity",
            "Dark alarm: areas the X-rays do not penetrate",
            ("plane", "transmission", "area_mm2", "area_px"),
            CROSS_SECTIONS,
        ),
    )
}
"""What can look for something, by name; one line each."""


def detect(name: str, image: Image, **options: Any) -> tuple[Finding, ...]:
    """Run one detector on one image.

    Parameters
    ----------
    name : a name of :data:`DETECTORS`
    image : the image; it is not changed
    options : options of the detector; None counts as not given

    Raises
    ------
    WrongUsage
        Unknown detector or option, a plane that does not exist, or an image in which nothing can be looked for.
    """
    from kerma.science.imaging.values import refusal

    entry = DETECTORS.get(name)
    if entry is None:
        raise WrongUsage(f"there is no detector '{name}'; there are {', '.join(DETECTORS)}")
    given = {key: value for key, value in options.items() if value is not None}
    unknown = sorted(set(given) - set(entry.option_names))
    if unknown:
        raise WrongUsage(f"detector '{name}' has no option '{unknown[0]}'; it takes {', '.join(entry.option_names)}")
    reason = refusal(image)
    if reason:
        raise WrongUsage(f"detector '{name}' cannot look at this image: {reason}")
    values = {key: parse(OPTIONS[key], value) for key, value in given.items()}
    if values.get("plane", 0) >= image.planes:
        raise WrongUsage(f"plane {values['plane']} does not exist: the image has {image.planes}, counted from 0")
    findings: tuple[Finding, ...] = entry.load().detect(image, **values)
    return findings
