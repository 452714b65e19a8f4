"""The technique sheet: what ISO 17636-1, ISO 17636-2 or ASME V asks of one radiograph, line by line with its clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics import technique_asme, technique_iso
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.indicators import SIDES
from kerma.science.physics.source_distance import CLASSES, FACTORS, GEOMETRY
from kerma.science.physics.technique_lines import DETECTORS, Line, Shot
from kerma.science.physics.tube_voltage import MATERIAL
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
SHEETS: dict[str, Callable[[Shot], tuple[Line, ...]]] = {"iso": technique_iso.lines, "asme": technique_asme.lines}
"""Whose sheet, and the function that writes it."""


def technique_sheet(shot: Shot, *, standard: str = "iso") -> tuple[Line, ...]:
    """Return every line of the technique sheet of one radiograph.

    Raises
    ------
    WrongUsage
        Something is missing, such as the outer diameter of a pipe, or does not fit together.
    OutsideTable
        The standard has no row for it, such as a source that is not permitted through this thickness.
    """
    if standard not in SHEETS:
        raise WrongUsage(f"standard must be {' or '.join(SHEETS)}; '{standard}' is not")
    return SHEETS[standard](shot)


def calculate(*, standard: str = "iso", class_: str = "B", **given: Any) -> Measurement:
    """Return the sheet: its lines, the same by name, and a warning for each line that the given values break."""
    shot = Shot(testing_class=class_, **given)
    lines = technique_sheet(shot, standard=standard)
    values: dict[str, Any] = {line.key: line.value for line in lines}
    values["is_kept"] = not any(line.outcome == "broken" for line in lines)
    values["lines"] = [line.as_json() for line in lines]
    warnings = tuple(
        f"{line.line}: {line.comparison()} ({line.clause})" + (f"; {line.note}" if line.note else "")
        for line in lines
        if line.outcome == "broken"
    )
    inputs = {key: value for key, value in asdict(shot).items() if value is not None}
    inputs["class"] = inputs.pop("testing_class")
    cited = table(technique_asme.LIMITS if standard == "asme" else FACTORS)
    source = Citation(f"{cited.title}", cited.edition, "each line names its own", cited.name, cited.status)
    method = "each line from its table; a line is kept or broken where the value to compare is given"
    return Measurement(
        "technique", VERSION, values, method, inputs | {"standard": standard}, source=source, warnings=warnings
    )


CALCULATIONS = (
    Calculation(
        "technique", "The technique sheet of ISO 17636-1, -2 or ASME V for one radiograph.",
        (
            MATERIAL,
            Option("thickness_mm", "number", "nominal wall thickness t", is_required=True),
            Option("class", "choice", "testing class of ISO 17636", default="B", choices=CLASSES),
            Option("source", "text", "xray or a nuclide such as Ir-192", is_required=True),
            Option("focal_spot_mm", "number", "size d of the focal spot or gamma source", is_required=True),
            Option("object_detector_mm", "number", "b, source side to detector; else from the wall"),
            Option("source_detector_mm", "number", "from the source to the detector, as planned"),
            GEOMETRY,
            Option("outer_diameter_mm", "number", "of a pipe"),
            Option("detector", "choice", "what takes the image", default="dda", choices=DETECTORS),
            Option("indicator_side", "choice", "where the indicators stand", choices=SIDES),
            Option("tube_voltage_kv", "number", "of the X-ray tube, as planned"),
            Option("srb_um", "number", "basic spatial resolution of the detector, to compare"),
            Option("snr_n", "number", "normalized SNR as measured, to compare"),
            Option("density", "number", "optical density of the film, to compare"),
            Option("weld_width_mm", "number", "width of the weld, for elliptical images"),
            Option("gap_mm", "nonnegative", "from the object to the detector", default=0.0),
            Option("detector_diagonal_mm", "number", "diagonal of the detector"),
            Option("penetrated_thickness_mm", "number", "w, where it is not t or 2 t"),
            Option("exposures", "whole", "number of exposures of a girth weld, as planned"),
            Option("standard", "choice", "whose sheet", default="iso", choices=tuple(SHEETS)),
        ),
        calculate,
    ),
)  # fmt: skip
