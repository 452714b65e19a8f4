"""Measurements of images: a registry of names, imported only when asked for.

Each measurement is a module with ``VERSION`` and ``measure(image, **options) -> Measurement | NotMeasurable``; a few
need several images (flat fields and dark frames, a first and a later one) and take them in order. It changes nothing in
its input. :func:`run` is the one way to call it: it checks the options and turns down images on
which nothing can be measured.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kerma.errors import WrongUsage
from kerma.science.options import Option, parse_all

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
        Option("ugy_per_stored", "number", "air kerma at the detector (RQA5) per stored value, in microgray"),
        Option("target", "number", "target exposure index; default the one stored in the image"),
        Option("line", "choice", "the straight line of an MTF: edge or slit; default edge", choices=("edge", "slit")),
        Option("block_px", "whole", "side of the blocks in pixels; default a twelfth of the shorter side"),
        Option("frame_time_s", "number", "time from one frame to the next in seconds"),
        Option("shutdown_plane", "whole", "plane of the darks that is the first frame after the beam went off"),
        Option("air_kerma_ugy", "number", "air kerma of the flat frames at the detector in uGy"),
        Option("beam_quality", "choice", "beam quality; default RQA5", choices=("RQA3", "RQA5", "RQA7", "RQA9")),
        Option("edition", "choice", "edition of IEC 62220-1; default 2015", choices=("2003", "2015")),
        Option("magnification", "number", "source-detector over source-object distance"),
        Option(
            "domain", "choice", "values in which dips are read; default auto", choices=("auto", "grey", "attenuation")
        ),
        Option("wires", "text", "wires of the gauge: such as W10-W16 (ISO 19232-1), or set A or B (ASTM E747)"),
        Option("holes", "text", "holes of the gauge: H5-H10, 1T,2T,4T, or diameters in mm such as 0.5,1,2"),
        Option("plaque_mm", "number", "thickness of the plaque with the holes in mm"),
        Option("thickness_mm", "number", "thickness of the part in mm"),
        Option("recess_percent", "number", "depth of the recess in percent of the thickness beside it"),
        Option("frequencies", "text", "frequencies of the line-pair groups in lp/mm, such as 1,1.6,2.5"),
        Option(
            "shape", "choice", "what is measured; default distance", choices=("distance", "angle", "circle", "area")
        ),
        Option("points", "text", "row,column;row,column…: ends, corners, or centre and a point of a circle"),
        Option("snap_px", "nonnegative", "how far ends go to the strongest edge; default 0, the points themselves"),
        Option("known_points", "text", "the two ends row,column;row,column of a length that is known"),
        Option("known_mm", "number", "the known length"),
        Option("source_object_mm", "number", "distance from source to object; default the image's own"),
        Option("source_detector_mm", "number", "distance from source to detector; default the image's own"),
        Option("outer_diameter_mm", "number", "outer diameter of the pipe"),
        Option("attenuation_1_cm", "number", "effective attenuation coefficient of the part's material"),
        Option("steps", "text", "calibration steps: row,column,height,width=mm;row,column,height,width=mm…"),
        Option("light_field", "region", "where the light field was: row,column,height,width in pixels"),
        Option(
            "transport", "choice", "how the plate moved through the reader; default down the rows",
            choices=("down", "across"),
        ),
        Option("baseline", "text", "an earlier set: its JSON, or quantity=value,quantity=value"),
        Option("object", "choice", "the test object; default ctp", choices=("ctp",)),
        Option("spacing_mm", "number", "distance between pixel centres in mm, in place of the image's own"),
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
    image_names: tuple[str, ...] = ("image",)
    """What it measures on, in order. Several frames of one kind are the planes of one image."""

    @property
    def options(self) -> tuple[Option, ...]:
        """The options it takes; whatever is measured on pixels can be told their distance."""
        names = (*self.option_names, "spacing_mm") if self.needs_pixels else self.option_names
        return tuple(OPTIONS[name] for name in names)

    def load(self) -> ModuleType:
        """Import the module ``kerma.science.measure.<name>``."""
        return importlib.import_module(f"{__name__}.{self.name}")

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form of the row."""
        options = [option.as_json() for option in self.options]
        return {"name": self.name, "summary": self.summary, "images": list(self.image_names), "options": options}


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("statistics", "Mean, spread, extremes and percentiles of the grey values", ("plane", "region")),
        Measure("saturation", "Share of pixels clipped at the highest and lowest value", ("plane", "region")),
        Measure("snr", "Signal-to-noise ratio, line-median and whole-region estimator", ("plane", "region")),
        Measure("snr_n", "SNR normalized to 88.6 um basic spatial resolution", ("plane", "region", "srb_um")),
        Measure("cnr", "Contrast-to-noise ratio of a region against background", ("plane", "region", "background")),
        Measure("duplex", "Basic spatial resolution from a duplex wire gauge", ("plane", "region", "domain")),
        Measure("wire_iqi", "Thinnest wire of a wire IQI that is seen", ("plane", "region", "wires")),
        Measure(
            "hole_iqi",
            "Smallest hole of a step-hole IQI or plaque that is seen",
            ("plane", "region", "holes", "plaque_mm", "thickness_mm"),
        ),
        Measure(
            "contrast_sensitivity",
            "Thickness change whose contrast equals the noise",
            ("plane", "region", "background", "recess_percent"),
        ),
        Measure("line_pairs", "Modulation of a line-pair gauge", ("plane", "region", "frequencies")),
        Measure("line_profile", "Grey values along a line", ("plane", "start", "end", "width_px")),
        Measure("mtf", "Modulation transfer function across a tilted edge or slit", ("plane", "region", "line")),
        Measure("nps", "Noise power spectrum of a uniform exposure, radial and along both axes", ("region",)),
        Measure(
            "dqe",
            "Detective quantum efficiency and noise-equivalent quanta",
            ("region", "air_kerma_ugy", "beam_quality", "edition"),
            image_names=("edge", "flats"),
        ),
        Measure("uniformity", "Shading and steps between blocks of a flat exposure", ("plane", "region", "block_px")),
        Measure(
            "lag",
            "Residual signal after the beam has gone off",
            ("region", "frame_time_s"),
            image_names=("frames", "darks"),
        ),
        Measure(
            "ghosting",
            "Burn-in: change of response where a strong exposure fell",
            ("region", "background"),
            image_names=("before", "after"),
        ),
        Measure(
            "drift",
            "Drift of offset and gain between two sets of frames",
            (),
            image_names=("first_darks", "first_flats", "later_darks", "later_flats"),
        ),
        Measure(
            "flat_field",
            "Unevenness before and after correction for offset and gain",
            ("plane", "region"),
            image_names=("image", "flats", "darks"),
        ),
        Measure(
            "bad_pixels",
            "Bad pixels by class and clusters that cannot be corrected (ASTM E2597)",
            ("shutdown_plane",),
            image_names=("flats", "darks"),
        ),
        Measure(
            "focal_spot",
            "Size of the focal spot from an edge or slit under magnification and in contact",
            ("magnification", "region", "line"),
            image_names=("magnified", "contact"),
        ),
        Measure(
            "dimension",
            "Distance, angle, circle or area, with the source of the scale",
            (
                "plane", "shape", "points", "snap_px", "width_px", "known_points", "known_mm", "source_object_mm",
                "source_detector_mm",
            ),  # fmt: skip
        ),
        Measure(
            "wall_thickness",
            "Wall of a pipe by the tangential technique (EN 16407-1)",
            ("plane", "region", "outer_diameter_mm", "source_object_mm", "source_detector_mm"),
        ),
        Measure(
            "corrosion_depth",
            "Depth and extent of local wall loss by the double-wall technique (EN 16407-2)",
            ("plane", "region", "background", "attenuation_1_cm", "steps"),
        ),
        Measure("collimation", "Edges, size, tilt and centre of the radiation field", ("plane", "light_field")),
        Measure("artefacts", "Dead lines, bands, seams, spots, scratches, grid lines, clipping", ("plane", "region")),
        Measure(
            "erasure",
            "Residual image of a storage phosphor plate after erasure (ASTM E2445)",
            ("region", "background"),
            image_names=("exposed", "erased"),
        ),
        Measure("jitter", "Laser jitter at a straight edge (ASTM E2445)", ("plane", "region", "transport")),
        Measure("slippage", "Slippage of the transport at ruled lines (ASTM E2445)", ("plane", "region", "transport")),
        Measure("shading", "Shading and banding of a CR reader (ASTM E2445)", ("plane", "region", "transport")),
        Measure(
            "stability_set",
            "Long-term stability set of a detector against its baseline (ASTM E2737)",
            ("baseline",),
            image_names=("phantom", "after", "frames", "darks"),
        ),
        Measure("test_object", "Test object of a security system, found and scored test by test", ("object",)),
        Measure("exposure_index", "Exposure index and its deviation from the target",
                ("plane", "region", "ugy_per_stored", "target"), needs_pixels=False),
    )
}
"""What can be measured, by name; one line each."""


def run(name: str, /, *images: Image, **options: Any) -> Measurement | NotMeasurable:
    """Make one measurement on one image, or on as many as it names.

    Parameters
    ----------
    name : a name of :data:`MEASURES`
    images : the images in the order of ``Measure.image_names``; they are not changed
    options : options of the measurement, as values or as text; None counts as not given

    Raises
    ------
    WrongUsage
        Unknown measurement or option, too few or many images, or an option that makes no sense for this image.
    """
    entry = MEASURES.get(name)
    if entry is None:
        raise WrongUsage(f"there is no measurement '{name}'; there are {', '.join(MEASURES)}")
    if len(images) != len(entry.image_names):
        raise WrongUsage(f"'{name}' measures on {' and '.join(entry.image_names)}; {len(images)} images were given")
    values = parse_all(entry.options, options, name)
    module = entry.load()
    spacing_mm = values.pop("spacing_mm", None)
    if spacing_mm is not None:
        from kerma.science.imaging.image import Spacing

        images = tuple(replace(image, spacing=Spacing(spacing_mm, spacing_mm, "calibrated")) for image in images)
    if entry.needs_pixels:
        from kerma.science.imaging.values import refusal
        from kerma.science.results import NotMeasurable

        for image in images:
            reason = refusal(image)
            if reason:
                return NotMeasurable(name, module.VERSION, reason)
    for image in images:
        if values.get("plane", 0) >= image.planes:
            raise WrongUsage(f"plane {values['plane']} does not exist: the image has {image.planes}, counted from 0")
    result: Measurement | NotMeasurable = module.measure(*images, **values)
    if spacing_mm is not None:
        result = replace(result, inputs={**result.inputs, "spacing_mm": spacing_mm, "spacing_origin": "given"})
    return result
