"""The ready scenes of non-destructive testing, as rows: name, what it shows, builder, options, who tells its truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kerma.science.options import Option


class Row(NamedTuple):
    """One scene; ``function`` and ``truth`` are ``module:function`` of this package."""

    name: str
    summary: str
    function: str
    options: tuple[Option, ...]
    truth: str


SIZE = Option("size_px", "whole", "rows and columns of the picture; the field of view stays", default=512)
WIDTH = Option("size_px", "whole", "columns of the picture; default 1024")
SNR = Option("snr", "nonnegative", "signal-to-noise ratio behind the plate; 0 is no noise", default=200.0)
BLUR = Option("blur_px", "nonnegative", "standard deviation of the detector's blur in pixels", default=0.6)
PITCH = Option("pitch_mm", "number", "pixel pitch of the detector")
TILT = Option("tilt_deg", "signed", "turn in the plane of the picture; default drawn")
FLAWS = Option("flaws", "text", "random, none, or words with commas, such as crack,slag", default="random")
SOURCE = Option("source", "choice", "what shines", choices=("random", "xray", "Ir-192", "Se-75"), default="random")
LOOK = Option("look", "choice", "digital detector, or film", choices=("digital", "film"), default="digital")
WALL = Option("thickness_mm", "number", "wall thickness; default drawn")
DIAMETER = Option("diameter_mm", "number", "outer diameter of the pipe; default drawn")
PLATE = Option("thickness_mm", "number", "thickness of the plate under the gauge", default=10.0)
METALS = ("steel", "aluminium", "copper", "titanium")
MATERIAL = Option("material", "choice", "plate and gauge", choices=METALS, default="steel")
ANY_MATERIAL = Option("material", "text", "material of the part", default="steel")
WELDED = Option("material", "choice", "what is welded", choices=("random", "steel", "aluminium"), default="random")
DIFFICULTY = Option(
    "difficulty",
    "choice",
    "how hard the flaws are to see",
    choices=("random", "easy", "medium", "hard"),
    default="random",
)


def kilovolts(default: float) -> Option:
    """Return the option of the tube voltage with its default."""
    return Option("tube_voltage_kv", "number", "tube voltage", default=default)


def one_of(name: str, meaning: str, *choices: str) -> Option:
    """Return an option whose default is to draw."""
    return Option(name, "choice", meaning, choices=("random", *choices), default="random")


BENCH = (SIZE, SNR, BLUR)
PART = (SIZE, FLAWS, DIFFICULTY)
ROWS = (
    Row("weld-plate", "butt weld in plate, 9 kinds of flaw, lead letters, wire indicator", "weld_plate:build",
        (*PART, WALL, WELDED, SOURCE, LOOK), "gauge_truth:part"),
    Row("weld-pipe", "girth weld in pipe: one wall, both walls as an ellipse, or the tangent", "weld_pipe:build",
        (*PART, WALL, DIAMETER, SOURCE, LOOK,
         one_of("technique", "how it is exposed", "single-wall", "double-wall-elliptic", "tangential")),
        "gauge_truth:part"),
    Row("film-weld", "butt weld on digitised film: 8 bits, grain, scratches, dust", "film_weld:build",
        (*PART, WALL, WELDED, SOURCE, one_of("artefacts", "what handling left on the film", "none")),
        "gauge_truth:part"),
    Row("casting-aluminium", "aluminium casting: gas, shrinkage, inclusions, cracks, core shift", "castings:aluminium",
        (*PART, WALL, LOOK), "gauge_truth:part"),
    Row("casting-steel", "steel casting: gas, shrinkage, inclusions, cracks, core shift", "castings:steel",
        (*PART, WALL, SOURCE, LOOK), "gauge_truth:part"),
    Row("composite", "laminate or honeycomb sandwich: delamination, porosity, foreign objects, water",
        "composite:build", (*PART, one_of("construction", "what is built", "laminate", "sandwich")),
        "gauge_truth:part"),
    Row("corrosion", "corroded plate with step wedge, pipe through both walls, or at its tangent", "corrosion:build",
        (*PART, WALL, DIAMETER, SOURCE, one_of("technique", "how it is exposed", "plate", "pipe", "tangential")),
        "gauge_truth:part"),
    Row("wire-iqi", "seven wires on a plate, each with its exact place and visibility", "gauge_scenes:wire_iqi",
        (*BENCH, kilovolts(160.0), PLATE, MATERIAL, TILT,
         Option("first_wire", "choice", "first of the seven wires", choices=("W1", "W6", "W10", "W13"), default="W10"),
         Option("length_mm", "number", "length of the wires", default=25.0)), "gauge_truth:wires"),
    Row("hole-iqi", "step holes or a plaque on a plate, each hole with its exact place", "gauge_scenes:hole_iqi",
        (*BENCH, kilovolts(160.0), PLATE, MATERIAL, TILT,
         Option("first_hole", "choice", "first of the six steps", choices=("H1", "H5", "H9", "H13"), default="H5"),
         Option("plaque_mm", "number", "a plaque of this thickness in place of the steps")), "gauge_truth:holes"),
    Row("duplex", "duplex wire gauge with its exact dips and basic spatial resolution", "gauge_scenes:duplex",
        (WIDTH, SNR, PITCH,
         Option("blur_px", "nonnegative", "standard deviation of the blur in pixels; exact from 0.8", default=1.0),
         TILT, kilovolts(90.0),
         Option("pairs", "whole", "how many pairs, 5 to 15", default=13),
         Option("gap_mm", "number", "free space between pairs", default=2.6),
         one_of("order", "which pair comes first, the widest or the finest", "first", "last"),
         one_of("way", "how the wires run", "upright", "level")), "gauge_truth:duplex"),
    Row("line-pairs", "bars of lead foil with the exact MTF at each frequency", "pattern_scenes:line_pairs",
        (*BENCH, PITCH, TILT, kilovolts(70.0)), "gauge_truth:bars"),
    Row("edge", "tungsten edge with its exact MTF", "pattern_scenes:edge",
        (*BENCH, PITCH, TILT, kilovolts(160.0)), "gauge_truth:straight"),
    Row("slit", "narrow slit in tungsten with its exact MTF", "pattern_scenes:slit",
        (*BENCH, PITCH, TILT, kilovolts(160.0), Option("width_mm", "number", "width of the slit", default=0.05)),
        "gauge_truth:straight"),
    Row("wedge", "step wedge with exact mean and SNR of every step", "pattern_scenes:wedge",
        (*BENCH, kilovolts(160.0), ANY_MATERIAL, Option("steps", "whole", "how many steps, 2 to 12", default=8),
         Option("step_mm", "number", "rise of a step", default=2.0)), "gauge_truth:steps"),
    Row("flat", "even plate, or the open beam, of exact SNR", "pattern_scenes:flat",
        (*BENCH, kilovolts(160.0), ANY_MATERIAL,
         Option("thickness_mm", "nonnegative", "thickness of the plate; 0 is the open beam", default=10.0),
         Option("fixed_pattern_percent", "nonnegative", "gain that differs from pixel to pixel", default=0.0)),
        "gauge_truth:even"),
    Row("flats-darks", "frames with and without beam, with planted bad pixels and lag", "flats_darks:build",
        (Option("size_px", "whole", "rows and columns; default 256"),
         Option("flat_frames", "whole", "how many frames with beam", default=16),
         Option("dark_frames", "whole", "how many frames without", default=32),
         Option("lag_percent", "nonnegative", "what stays of the beam in the first dark frame", default=0.0),
         Option("bad_pixels", "whole", "how many of each class", default=12)), ""),
)  # fmt: skip
"""Every NDT scene."""


def rows() -> Iterator[tuple[str, str, str, str, tuple[Option, ...], str]]:
    """Yield name, industry, summary, function, options and truth as the registry of scenes has them."""
    for row in ROWS:
        truth = f"scenes.{row.truth}" if row.truth else ""
        yield row.name, "ndt", row.summary, f"scenes.{row.function}", row.options, truth
