"""The least distance from source to object, and to detector, of ISO 17636 and of ASME V."""

from __future__ import annotations

import math
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.table_rows import positive, quantity, row_at
from kerma.science.physics.unsharpness import FOCAL_SPOT
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
FACTORS = "iso_17636-1/source_distance"
REDUCTIONS = "iso_17636-1/distance_reductions"
ASME_LIMITS = "asme_v/unsharpness"
TECHNIQUE = "iso_17636-2/technique"
GEOMETRIES = tuple(row["geometry"] for row in table(REDUCTIONS))
CLASSES = tuple(row["testing_class"] for row in table(FACTORS))


def min_source_distance_mm(
    *, focal_spot_mm: float, object_detector_mm: float, testing_class: str, thickness_mm: float | None = None,
    is_planar: bool = False,
) -> float:  # fmt: skip
    """Return f_min = k d b^(2/3), k 7.5 in class A and 15 in class B (ISO 17636, 7.6).

    With the wall thickness t, b below 1.2 t counts as t; a planar detector farther away than that, on a single
    image of a wall, takes f* = f_min(t) (b/t)^(1/3). Without it, b counts as it is.
    """
    row = row_at(FACTORS, testing_class=testing_class)
    scale = float(row["distance_factor"]) * positive("focal-spot-mm", focal_spot_mm)
    b = positive("object-detector-mm", object_detector_mm)
    if thickness_mm is None:
        return scale * math.cbrt(b) ** 2
    t = positive("thickness-mm", thickness_mm)
    if b < float(row["close_factor"]) * t:
        return scale * math.cbrt(t) ** 2
    if is_planar and b > float(row["close_factor"]) * t:
        return scale * math.cbrt(t * b)
    return scale * math.cbrt(b) ** 2


def object_detector_mm(
    *, thickness_mm: float, testing_class: str, gap_mm: float = 0.0, geometry: str = "single-wall",
    outer_diameter_mm: float | None = None, is_planar: bool = True,
) -> float:  # fmt: skip
    """Return b where it is not measured: gap plus the wall, which an oblique ray lengthens to 1.2 t (A), 1.1 t (B).

    Double-wall double-image techniques take the outer diameter; a central source, or a detector that follows the
    wall, the wall itself. ``gap_mm`` counts from the object's near side to the detector (b_ed + b_gap).
    """
    if geometry in ("double-wall-elliptical", "double-wall-superimposed"):
        if outer_diameter_mm is None:
            raise WrongUsage("a double-wall technique needs outer-diameter-mm")
        return outer_diameter_mm + gap_mm
    if geometry == "panoramic" or not is_planar:
        return gap_mm + thickness_mm
    return gap_mm + float(row_at(FACTORS, testing_class=testing_class)["wall_factor"]) * thickness_mm


def edge_gap_mm(*, outer_diameter_mm: float, exposures: int) -> float:
    """Return how far a planar detector stands off a pipe at the edge of its section: (1 - cos(pi/N)) r."""
    if exposures < 1:
        raise WrongUsage(f"exposures must be 1 or more; {exposures} is not")
    return (1 - math.cos(math.pi / exposures)) * positive("outer-diameter-mm", outer_diameter_mm) / 2


def min_source_detector_mm(
    *, source_object_mm: float, object_detector_mm: float, detector_diagonal_mm: float | None = None
) -> float:
    """Return the least source-to-detector distance: f + b, and 1.4 times the detector's diagonal (40 degree beam)."""
    diagonal = quantity(TECHNIQUE, "detector_diagonal_factor") * (detector_diagonal_mm or 0.0)
    return max(source_object_mm + object_detector_mm, diagonal)


def reduced_distance_mm(distance_mm: float, *, geometry: str) -> float:
    """Return the least distance that an agreed reduction allows: 20 % for double wall, 50 % for a central source."""
    percent = float(row_at(REDUCTIONS, geometry=geometry)["reduction_percent"])
    return distance_mm * (1 - percent / 100)


def asme_unsharpness_limit_mm(thickness_mm: float) -> float:
    """Return the largest geometric unsharpness of ASME V, T-274.2."""
    return float(row_at(ASME_LIMITS, thickness_mm=thickness_mm)["unsharpness_mm"])


def asme_source_distance_mm(*, focal_spot_mm: float, object_detector_mm: float, thickness_mm: float) -> float:
    """Return the source-to-object distance at which the limit of ASME V, T-274.2, is just kept: d b / U_G."""
    return focal_spot_mm * object_detector_mm / asme_unsharpness_limit_mm(thickness_mm)


def calculate(
    *, focal_spot_mm: float, object_detector_mm: float, class_: str | None = None, thickness_mm: float | None = None,
    **given: Any,
) -> Measurement:  # fmt: skip
    """Return the least source-to-object and source-to-detector distance by ISO 17636 or ASME V."""
    inputs: dict[str, Any] = {"focal_spot_mm": focal_spot_mm, "object_detector_mm": object_detector_mm}
    inputs |= {"class": class_, "thickness_mm": thickness_mm, **given}
    if given["standard"] == "asme":
        if thickness_mm is None:
            raise WrongUsage("ASME V limits the unsharpness by thickness: give thickness-mm")
        f = asme_source_distance_mm(
            focal_spot_mm=focal_spot_mm, object_detector_mm=object_detector_mm, thickness_mm=thickness_mm
        )
        values = {"distance_mm": f, "unsharpness_limit_mm": asme_unsharpness_limit_mm(thickness_mm)}
        cited = Citation.of(table(ASME_LIMITS))
    else:
        if class_ is None:
            raise WrongUsage("ISO 17636 needs the testing class: class A or B")
        f = min_source_distance_mm(
            focal_spot_mm=focal_spot_mm, object_detector_mm=object_detector_mm, testing_class=class_,
            thickness_mm=thickness_mm, is_planar=given["detector"] == "planar",
        )  # fmt: skip
        values = {"distance_mm": f, "reduced_distance_mm": reduced_distance_mm(f, geometry=given["geometry"])}
        cited = Citation.of(table(FACTORS))
    values["source_detector_mm"] = min_source_detector_mm(
        source_object_mm=f,
        object_detector_mm=object_detector_mm,
        detector_diagonal_mm=given.get("detector_diagonal_mm"),
    )
    kept = {key: value for key, value in inputs.items() if value is not None}
    return Measurement("min-source-distance", VERSION, values, "least source-to-object distance", kept, source=cited)


CLASS = Option("class", "choice", "testing class", choices=CLASSES)
GEOMETRY = Option("geometry", "choice", "how the source stands to the walls", default="single-wall", choices=GEOMETRIES)

CALCULATIONS = (
    Calculation(
        "min-source-distance", "Least distance from source to object by ISO 17636 (class A, B) or ASME V.",
        (
            FOCAL_SPOT,
            Option("object_detector_mm", "number", "b, from the source side to the detector", is_required=True),
            CLASS,
            Option("thickness_mm", "number", "wall thickness t: b below 1.2 t then counts as t"),
            Option("detector", "choice", "planar: f* where b > 1.2 t", default="curved", choices=("curved", "planar")),
            GEOMETRY,
            Option("detector_diagonal_mm", "number", "diagonal of the detector"),
            Option("standard", "choice", "whose rule", default="iso", choices=("iso", "asme")),
        ),
        calculate,
    ),
)  # fmt: skip
