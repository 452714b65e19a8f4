"""Lines of the technique sheet of ASME BPVC Section V, Article 2."""

from __future__ import annotations

from collections.abc import Iterator

from kerma.science.physics import indicators, source_distance, unsharpness
from kerma.science.physics.table_rows import quantity
from kerma.science.physics.technique_lines import Line, Shot, derived, tabled

LIMITS = source_distance.ASME_LIMITS
RULES = "asme_v/pipe_exposures"


def lines(shot: Shot) -> tuple[Line, ...]:
    """Return the lines of the sheet: distance, unsharpness, indicators, exposures, density."""
    return tuple(line for part in (_distance, _indicators, _exposures, _density) for line in part(shot))


def _distance(shot: Shot) -> Iterator[Line]:
    yield derived("penetrated thickness", "penetrated_thickness_mm", shot.w_mm, "mm")
    yield derived("source side to detector b", "object_detector_mm", shot.b_mm, "mm")
    # The limit goes by the thickness that the indicator goes by: one wall.
    limit = source_distance.asme_unsharpness_limit_mm(shot.thickness_mm)
    least = shot.focal_spot_mm * shot.b_mm / limit
    yield tabled(
        "source-to-object distance", "min_source_distance_mm", least, "mm", LIMITS, given=shot.f_mm, asked="at least"
    )
    ug = None
    if shot.source_detector_mm is not None:
        geometry = {"object_detector_mm": shot.b_mm, "source_detector_mm": shot.source_detector_mm}
        ug = unsharpness.geometric_unsharpness_mm(focal_spot_mm=shot.focal_spot_mm, **geometry)
        yield derived("geometric unsharpness", "unsharpness_mm", ug, "mm", clause="d b / f")
        yield derived("magnification", "magnification", unsharpness.magnification(**geometry), "")
    yield tabled(
        "largest geometric unsharpness", "unsharpness_limit_mm", limit, "mm", LIMITS, given=ug, asked="at most"
    )


def _indicators(shot: Shot) -> Iterator[Line]:
    plaque, wire = indicators.asme_indicators(shot.thickness_mm, side=shot.side)
    yield tabled(f"plaque and hole, {shot.side} side", "plaque", plaque.name, "", indicators.ASME)
    yield tabled("hole, diameter", "hole_mm", plaque.diameter_mm, "mm", indicators.ASME)
    yield tabled(f"or wire, {shot.side} side", "wire", wire.name, "", indicators.ASME)
    yield tabled("wire, diameter", "wire_mm", wire.diameter_mm, "mm", indicators.ASME)


def _exposures(shot: Shot) -> Iterator[Line]:
    if not shot.is_double_image or shot.outer_diameter_mm is None:
        return
    yield tabled(
        "largest pipe for a double image", "double_image_diameter_mm", _rule("double_image_highest_diameter_mm"), "mm",
        RULES, clause="T-271.2", given=shot.outer_diameter_mm, asked="at most",
    )  # fmt: skip
    which = "elliptical_exposures" if shot.geometry == "double-wall-elliptical" else "superimposed_exposures"
    yield tabled(
        "exposures of the whole weld", "exposures", int(_rule(which)), "", RULES, clause="T-271.2",
        given=shot.exposures, asked="at least",
    )  # fmt: skip


def _density(shot: Shot) -> Iterator[Line]:
    if shot.detector != "film":
        return
    least = _rule("least_density_gamma" if shot.is_gamma else "least_density_xray")
    for words, key, value, asked in (
        ("least optical density", "density_min", least, "at least"),
        ("highest optical density", "density_max", _rule("highest_density"), "at most"),
    ):
        yield tabled(words, key, value, "", RULES, clause="T-282", given=shot.density, asked=asked)


def _rule(name: str) -> float:
    return quantity(RULES, name)
