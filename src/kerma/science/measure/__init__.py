"""Measurements of one image: a registry of names, imported only when asked for.

Each measurement is a module with ``VERSION`` and ``measure(image, **options) -> Measurement | NotMeasurable``; it
changes nothing in its input. :func:`run` is the one way to call it: it checks the options and turns down images on
which nothing can be measured.
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
    from kerma.science.results import Measurement, NotMeasurable


OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("plane", "whole", "plane of the image (frame, energy or view), counted from 0; default 0"),
        Option("region", "region", "where to measure: row,column,height,width in pixels"),
        Option("background", "region", "what to compare with; default a frame around the region"),
        Option("srb_um", "number", "basic spatial resolution of the image in micrometres (duplex wire)"),
        Option("start", "point", "row,column of the first point; default the middle of the left edge"),
        Option("end", "point", "row,column of the last point; default the middle of the right edge"),
        Option("width_px", "whole", "how many pixels are averaged across the line; default 1"),
        Option("target", "number", "target exposure index; default the one stored in the image"),
    )
}
"""Every option of a measurement, by name."""


@dataclass(frozen=True)
class Measure:
    """One entry of the registry."""

    name: str
    summary: str
    option_names: tuple[str, ...]
    needs_pixels: bool = True
    """False for what is read from the header, so that a colour or empty image is no obstacle."""

    @property
    def options(self) -> tuple[Option, ...]:
        """The options it takes."""
        return tuple(OPTIONS[name] for name in self.option_names)

    def load(self) -> ModuleType:
        """Import the module ``kerma.science.measure.<name>``."""
        return importlib.import_module(f"{__name__}.{self.name}")


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("statistics", "Mean, spread, extremes and percentiles of the grey values", ("plane", "region")),
        Measure("saturation", "Share of pixels clipped at the highest and lowest value", ("plane", "region")),
        Measure("snr", "Signal-to-noise ratio, line-median and whole-region estimator", ("plane", "region")),
        Measure("snr_n", "SNR normalized to 88.6 um basic spatial resolution", ("plane", "region", "srb_um")),
        Measure("cnr", "Contrast-to-noise ratio of a region against background", ("plane", "region", "background")),
        Measure("line_profile", "Grey values along a line", ("plane", "start", "end", "width_px")),
        Measure("exposure_index", "Exposure index and its deviation from the target", ("target",), needs_pixels=False),
    )
}
"""What can be measured, by name; one line each."""


def run(name: str, image: Image, **options: Any) -> Measurement | NotMeasurable:
    """Make one measurement on one image.

    Parameters
    ----------
    name : a name of :data:`MEASURES`
    image : the image; it is not changed
    options : options of the measurement, as values or as text; None counts as not given

    Raises
    ------
    WrongUsage
        Unknown measurement or option, or an option that makes no sense for this image.
    """
    entry = MEASURES.get(name)
    if entry is None:
        raise WrongUsage(f"there is no measurement '{name}'; there are {', '.join(MEASURES)}")
    given = {key: value for key, value in options.items() if value is not None}
    unknown = sorted(set(given) - set(entry.option_names))
    if unknown:
        raise WrongUsage(f"'{name}' has no option '{unknown[0]}'; it takes {', '.join(entry.option_names)}")
    module = entry.load()
    if entry.needs_pixels:
        from kerma.science.imaging.values import refusal
        from kerma.science.results import NotMeasurable

        reason = refusal(image)
        if reason:
            return NotMeasurable(name, module.VERSION, reason)
    values = {key: parse(OPTIONS[key], value) for key, value in given.items()}
    if values.get("plane", 0) >= image.planes:
        raise WrongUsage(f"plane {values['plane']} does not exist: the image has {image.planes}, counted from 0")
    result: Measurement | NotMeasurable = module.measure(image, **values)
    return result
