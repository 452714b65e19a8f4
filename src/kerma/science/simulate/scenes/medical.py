"""The ready scenes of medical radiography, as rows: name, what it shows, builder, options, who tells its truth."""

from __future__ import annotations

from collections.abc import Iterator

from kerma.science.options import Option
from kerma.science.simulate.scenes.ndt import Row

SIZE = Option("size_px", "whole", "rows and columns of the picture; the field of view stays", default=1024)
PIXELS = Option("size_px", "whole", "rows and columns of the picture; the pixel stays", default=1024)
MAS = Option("exposure_mas", "number", "tube load; default the scene's own")
NOISE = Option("noise", "choice", "with noise, or as it is expected", choices=("yes", "no"), default="yes")
SCATTER = Option("scatter_ratio", "nonnegative", "scattered over primary radiation", default=0.0)
FINDINGS = Option(
    "findings", "text", "what is found: none, random, or words with commas such as nodule,coin", default="random"
)
EXPOSURE = Option(
    "exposure", "choice", "dose at the detector", choices=("random", "normal", "under", "over"), default="random"
)
POLARITY = Option(
    "polarity", "choice", "how it asks to be shown; monochrome1 is lowest white",
    choices=("random", "monochrome1", "monochrome2"), default="random",
)  # fmt: skip
POSITIONING = Option(
    "positioning", "choice", "how the patient stands", choices=("random", "good", "rotated", "cut-off", "tilted"),
    default="random",
)  # fmt: skip
GRID = Option("grid", "choice", "anti-scatter grid", choices=("yes", "no"), default="yes")
LATERALITY = Option("laterality", "choice", "which hand", choices=("random", "right", "left"), default="random")


def kilovolts(default: float) -> Option:
    """Return the option of the tube voltage with its default."""
    return Option("tube_voltage_kv", "number", "tube voltage", default=default)


ROWS = (
    Row("chest", "chest from the back: an anatomical phantom, another for every seed, with findings", "chest:build",
        (SIZE, FINDINGS, EXPOSURE, POSITIONING, GRID, POLARITY), "chest:truth"),
    Row("hand", "hand of 27 bones, another for every seed, with fractures and things in it", "hand:build",
        (SIZE, FINDINGS, EXPOSURE, LATERALITY, POLARITY), "hand:truth"),
    Row("phantom-step", "step wedge of PMMA, aluminium or copper", "medical_phantoms:step",
        (SIZE, kilovolts(70.0), MAS, NOISE, SCATTER,
         Option("material", "choice", "of the wedge", choices=("aluminium", "copper", "pmma"), default="aluminium"),
         Option("steps", "whole", "how many, 2 to 12", default=8), Option("step_mm", "number", "rise of a step")),
        "medical_truth:step"),
    Row("phantom-contrast-detail", "15 x 15 cells of holes, with the curve an ideal observer reads",
        "medical_phantoms:contrast_detail",
        (SIZE, kilovolts(70.0), MAS, NOISE, SCATTER,
         Option("pmma_mm", "nonnegative", "more PMMA before the plate", default=50.0)),
        "medical_truth:contrast_detail"),
    Row("phantom-edge", "opaque edge in the beam RQA5 with its exact MTF", "medical_phantoms:edge",
        (PIXELS, MAS, NOISE,
         Option("material", "choice", "of the edge", choices=("tungsten", "lead"), default="tungsten"),
         Option("tilt_deg", "signed", "turn against the pixels; default drawn"),
         Option("blur_mm", "nonnegative", "standard deviation of the detector's blur; default the receptor's")),
        "medical_truth:edge"),
    Row("phantom-uniform", "even field of exact exposure index, in RQA5 or behind a plate", "medical_phantoms:uniform",
        (PIXELS, MAS, NOISE,
         Option("plate", "choice", "RQA5 is aluminium at the tube", choices=("RQA5", "pmma", "aluminium"),
                default="RQA5"),
         Option("thickness_mm", "number", "of the plate of PMMA or aluminium"), kilovolts(70.0)),
        "medical_truth:uniform"),
    Row("phantom-breast", "breast of PMMA with fibres, specks and masses", "medical_phantoms:breast",
        (SIZE, MAS, NOISE, Option("target", "choice", "anode", choices=("Mo", "Rh", "W"), default="Mo"),
         kilovolts(28.0), Option("thickness_mm", "number", "PMMA of the breast", default=40.0)),
        "gauge_truth:part"),
)  # fmt: skip
"""Every medical scene."""


def rows() -> Iterator[tuple[str, str, str, str, tuple[Option, ...], str]]:
    """Yield name, industry, summary, function, options and truth as the registry of scenes has them."""
    for row in ROWS:
        yield row.name, "medical", row.summary, f"scenes.{row.function}", row.options, f"scenes.{row.truth}"
