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
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image
from kerma.science.results import Measurement, NotMeasurable


@dataclass(frozen=True)
class Option:
    """One option of a measurement: its name, what kind of value it takes, and what it means."""

    name: str
    kind: str
    """region (row,column,height,width), point (row,column), number (above zero) or whole (0, 1, 2, …)."""
    meaning: str


_OPTIONS = {
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
        return tuple(_OPTIONS[name] for name in self.option_names)

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
    reason = _refusal(image) if entry.needs_pixels else None
    if reason:
        return NotMeasurable(name, module.VERSION, reason)
    values = {key: _value(_OPTIONS[key], value) for key, value in given.items()}
    if values.get("plane", 0) >= image.planes:
        raise WrongUsage(f"plane {values['plane']} does not exist: the image has {image.planes}, counted from 0")
    result: Measurement | NotMeasurable = module.measure(image, **values)
    return result


def _refusal(image: Image) -> str | None:
    from kerma.science.imaging.values import refusal

    return refusal(image)


def _value(option: Option, given: Any) -> Any:
    """Turn text (from a command line or a form) into a value; other values are checked by their kind alone."""
    from kerma.science.measure.region import parse_region

    if option.kind == "region":
        return parse_region(given) if isinstance(given, str) else given
    try:
        if option.kind == "point":
            row, column = given.split(",") if isinstance(given, str) else given
            return float(row), float(column)
        number = float(given)
        if option.kind == "whole" and number == int(number) >= 0:
            return int(number)
        if option.kind == "number" and 0 < number < float("inf"):
            return number
    except (ValueError, TypeError, OverflowError):
        pass
    expected = {"point": "row,column", "whole": "a whole number from 0", "number": "a number above 0"}[option.kind]
    raise WrongUsage(f"option '{option.name}' ({option.meaning}) must be {expected}; '{given}' is not")
