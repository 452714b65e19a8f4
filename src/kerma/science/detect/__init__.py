"""Detectors: a registry of names, imported only when asked for; all return the same Finding.

Each detector is a module with ``VERSION`` and ``detect(image, **options) -> tuple[Finding, ...]``; it changes nothing
in its input. :func:`detect` is the one way to call it. What cannot be computed is refused with the reason, or is a
finding of its own; an empty answer always means that it was looked for and not found.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from kerma.errors import WrongUsage
from kerma.science.options import Option, parse

if TYPE_CHECKING:
    from kerma.science.imaging.image import Image
    from kerma.science.results import Finding

OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("plane", "whole", "plane of the image (frame, energy or view), counted from 0"),
        Option("threshold", "number", "standard deviations a response must reach; small_flaws: default 5"),
        Option("transmission", "number", "highest transmission (or share of the grey range) that counts as opaque"),
        Option("area_mm2", "number", "smallest area in mm2 that alarms"),
        Option("area_px", "number", "smallest area in pixels that alarms, where there is no scale"),
        Option("reference", "reference", "the reference of good parts to compare with"),
        Option("contrast_percent", "number", "least share of the signal that a foreign object takes"),
        Option("testing_class", "choice", "testing class whose least SNR is asked for", choices=("A", "B")),
        Option("window", "text", "only this window of effective numbers, such as organic-bulk"),
        Option("declared", "text", "declared goods, such as paper, or a chapter of the Harmonized System"),
        Option("depth_mm", "number", "depth of the load along the beam in mm"),
        Option("end_point_mev", "number", "end point of the accelerator in MeV"),
    )
}
"""Every option of a detector, by name."""


Kind = Literal["search", "energies", "reference", "declaration", "quality"]
"""What it takes: one picture to *search*, both *energies*, a *reference* of good parts, a *declaration* of goods; or it
judges the picture's own *quality*. Only a search may stand in an industry's plan: it runs on any picture."""


@dataclass(frozen=True)
class Detector:
    """One entry of the registry."""

    name: str
    summary: str
    option_names: tuple[str, ...]
    passes_over: frozenset[str]
    """Modalities it is not made for: an exam's analysis does not run it there, and says so."""
    kind: Kind = "search"
    required: tuple[str, ...] = ()
    """The options without which nothing can be computed."""

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
        Detector(
            "golden_part", "What differs from several good parts", ("plane", "reference", "threshold"), CROSS_SECTIONS,
            "reference", ("reference",),
        ),
        Detector(
            "foreign_object", "What is in the beam and not in good parts",
            ("plane", "reference", "contrast_percent", "area_mm2", "area_px"), CROSS_SECTIONS, "reference",
            ("reference",),
        ),
        Detector(
            "completeness", "Named features of good parts that are missing", ("plane", "reference"), CROSS_SECTIONS,
            "reference", ("reference",),
        ),
        Detector(
            "z_window", "Alarm on effective atomic number, areal density and area of dual-energy scans", ("window",),
            CROSS_SECTIONS, "energies",
        ),
        Detector(
            "image_quality_gate", "Do not read, shoot again: noisy, clipped, empty, wrong view, blurred",
            ("plane", "reference", "testing_class"), CROSS_SECTIONS, "quality",
        ),
        Detector(
            "manifest", "Cargo that cannot be what was declared", ("declared", "depth_mm", "end_point_mev"),
            CROSS_SECTIONS, "declaration", ("declared",),
        ),
    )
}  # fmt: skip
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
    for option in entry.required:
        if option not in given:
            raise WrongUsage(f"detector '{name}' needs the option '{option}': {OPTIONS[option].meaning}")
    reason = refusal(image)
    if reason:
        raise WrongUsage(f"detector '{name}' cannot look at this image: {reason}")
    values = {key: parse(OPTIONS[key], value) for key, value in given.items()}
    if values.get("plane", 0) >= image.planes:
        raise WrongUsage(f"plane {values['plane']} does not exist: the image has {image.planes}, counted from 0")
    findings: tuple[Finding, ...] = entry.load().detect(image, **values)
    return findings
