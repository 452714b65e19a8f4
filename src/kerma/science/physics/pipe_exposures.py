"""How many exposures a girth weld needs: rules for double images, geometry for single images."""

from __future__ import annotations

import math

from kerma.errors import WrongUsage
from kerma.science.physics.source_distance import FACTORS
from kerma.science.physics.table_rows import positive, quantity, row_at

RULES = "iso_17636-1/exposures"


def rule(name: str) -> float:
    """Return one number of the exposure rules."""
    return quantity(RULES, name)


def double_image_exposures(*, thickness_mm: float, outer_diameter_mm: float, is_superimposed: bool = False) -> int:
    """Return the exposures of a double-wall double-image technique: 2, or 3 where t/OD is 0.12 or more."""
    if is_superimposed:
        return int(rule("superimposed_exposures"))
    is_thick = thickness_mm / positive("outer-diameter-mm", outer_diameter_mm) >= rule("elliptical_thick_ratio")
    return int(rule("elliptical_thick_exposures" if is_thick else "elliptical_thin_exposures"))


def is_elliptical_allowed(*, thickness_mm: float, outer_diameter_mm: float, weld_width_mm: float | None) -> bool:
    """Return whether the weld may be opened into an ellipse: OD, wall and weld width small enough."""
    return (
        outer_diameter_mm <= rule("elliptical_highest_diameter_mm")
        and thickness_mm <= rule("elliptical_highest_thickness_mm")
        and (weld_width_mm is None or weld_width_mm <= outer_diameter_mm * rule("elliptical_weld_width_share"))
    )


def elliptical_offset_mm(*, weld_width_mm: float, outer_diameter_mm: float, source_object_mm: float) -> float:
    """Return how far beside the weld the source stands so that both images lie one weld width apart.

    Similar triangles: the wall on the source side, one diameter above the other, moves by offset * OD / f.
    """
    return 2 * weld_width_mm * source_object_mm / outer_diameter_mm


def single_image_exposures(
    *,
    thickness_mm: float,
    outer_diameter_mm: float,
    testing_class: str,
    source_axis_mm: float,
    is_near_wall: bool = False,
) -> int:
    """Return the exposures so that no ray meets more than 1.2 t (class A) or 1.1 t (class B) of the examined wall.

    Parameters
    ----------
    source_axis_mm : from the source to the axis of the pipe; 0 is a panoramic exposure
    is_near_wall : the wall on the source's own side is examined, not the one across the axis

    Validity: exact geometry of a straight pipe, thin source; Annex A prints the same law as charts.
    """
    ray_mm = _farthest_ray_mm(thickness_mm, outer_diameter_mm, testing_class)
    if source_axis_mm <= ray_mm:
        return 1  # the source is so near the axis that every ray is short enough
    at_wall, at_source = math.asin(ray_mm / (outer_diameter_mm / 2)), math.asin(ray_mm / source_axis_mm)
    # Of the triangle of source, axis and wall: half the angle that one exposure covers, seen from the axis.
    covered = abs(at_wall - at_source) if is_near_wall else at_wall + at_source
    if covered == 0:
        raise WrongUsage(f"a source {source_axis_mm:g} mm from the axis touches the wall: move it away")
    return math.ceil(math.pi / covered - 1e-9)


def _farthest_ray_mm(thickness_mm: float, outer_diameter_mm: float, testing_class: str) -> float:
    """Return how far from the axis a ray may pass so that its way through one wall is the allowed multiple of t."""
    outer, inner = outer_diameter_mm / 2, outer_diameter_mm / 2 - thickness_mm
    if not 0 < inner < outer:
        raise WrongUsage(f"a wall of {thickness_mm:g} mm does not fit a pipe of {outer_diameter_mm:g} mm outside")
    longest = float(row_at(FACTORS, testing_class=testing_class)["wall_factor"]) * thickness_mm
    # sqrt(R^2 - p^2) - sqrt(r^2 - p^2) = longest, solved for p; beyond the tangent to the bore nothing is longer.
    half_chord = ((outer**2 - inner**2) / longest + longest) / 2
    return math.sqrt(max(0.0, outer**2 - half_chord**2)) if half_chord >= longest else inner
