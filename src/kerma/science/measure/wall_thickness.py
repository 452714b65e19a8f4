"""Wall thickness of a pipe by the tangential technique: a model of its chords fitted to profiles across the wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import linearity_warnings
from kerma.science.measure.profiles import grey_of
from kerma.science.measure.region import Region
from kerma.science.measure.tangential_model import Wall, fitted_wall
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
SLICES = 12
"""Places along the axis at which the wall is read; each is the mean of all rows there."""
SMALLEST_PX = 24
MOST_SAMPLES = 400
GIVEN_UP_AFTER = 2
"""Where the first places along the axis show no wall, none is looked for."""


@dataclass(frozen=True)
class Across:
    """Mean profiles across the pipe (slice, sample), places in mm at the detector from the middle of the region."""

    profiles: Floats
    noises: Floats
    places_mm: Floats
    is_turned: bool


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, outer_diameter_mm: float | None = None,
    source_object_mm: float | None = None, source_detector_mm: float | None = None,
) -> Measurement | NotMeasurable:  # fmt: skip
    """Return the thickness of the wall that the beam touches tangentially, along the region (EN 16407-1).

    The region reaches from open beam, over the outer edge, past the inner edge; its sides run along the pipe (to about
    5 degrees). ``outer_diameter_mm`` is that of the pipe. With both distances (to the axis, to the detector; the
    image's technique where not given) magnification and the tangential geometry of a point source are corrected; the
    central ray then meets the axis. Without, rays are parallel and the spacing must hold at the axis.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "region": list(region.as_json()) if region else None, "outer_diameter_mm": outer_diameter_mm,
    }  # fmt: skip
    if outer_diameter_mm is None:
        return _refused("give outer_diameter_mm, the outer diameter of the pipe", inputs)
    row_mm, column_mm = image.spacing.row_mm, image.spacing.column_mm
    if row_mm is None or column_mm is None:
        return _refused("the pixel spacing is not known: give it as spacing_mm", inputs)
    distances = _distances(image, source_object_mm, source_detector_mm)
    if isinstance(distances, str):
        return _refused(distances, inputs)
    at_detector, ratio = distances
    inputs |= {"source_object_mm": at_detector, "magnification": ratio, "spacing_source": image.spacing.label}
    grey = grey_of(image, plane, region)
    if isinstance(grey, str):
        return _refused(grey, inputs)
    if min(grey.shape) < SMALLEST_PX or np.nanstd(grey) == 0 or not np.isfinite(grey).all():
        return _refused("the region is too small, of one value, or holds pixels without data: there is no wall", inputs)
    # Spacing at the detector is brought to the plane of the axis.
    shrink = 1 / ratio if image.spacing.source == "detector" else 1.0
    across = _across(grey if image.rises_with_dose is not False else -grey, row_mm * shrink, column_mm * shrink)
    if at_detector is not None and at_detector <= outer_diameter_mm / 2:
        return _refused("the source lies inside the pipe: the tangential technique needs it outside", inputs)
    walls: list[Wall | str] = []
    for profile, noise in zip(across.profiles, across.noises, strict=True):
        walls.append(fitted_wall(across.places_mm, profile, float(noise), outer_diameter_mm / 2, at_detector))
        if len(walls) == GIVEN_UP_AFTER and not any(isinstance(wall, Wall) for wall in walls):
            break
    found = [wall for wall in walls if isinstance(wall, Wall)]
    if len(found) < max(2, SLICES // 2):
        reason = next((wall for wall in walls if isinstance(wall, str)), "no wall is seen")
        return _refused(reason, inputs)
    return _result(image, found, across.is_turned, inputs)


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("wall_thickness", VERSION, reason, inputs)


def _distances(image: Image, object_mm: float | None, detector_mm: float | None) -> tuple[float | None, float] | str:
    """Return the distance from source to axis (None: parallel rays) and the magnification."""
    known = [
        given if given is not None else image.technique.get(key)
        for given, key in ((object_mm, "source_object_mm"), (detector_mm, "source_detector_mm"))
    ]
    if any(not isinstance(value, int | float) or value <= 0 for value in known):
        if image.spacing.source == "detector":
            return "the spacing is that of the detector: give source_object_mm and source_detector_mm, or spacing_mm"
        return None, 1.0
    near, far = (float(str(value)) for value in known)
    return (near, far / near) if far > near else "source_detector_mm must exceed source_object_mm"


def _across(grey: Floats, row_mm: float, column_mm: float) -> Across:
    """Return mean profiles across the wall: the way to lie is that whose means change most."""
    is_turned = bool(grey.mean(axis=1).std() > grey.mean(axis=0).std())
    field = grey.T if is_turned else grey
    step = row_mm if is_turned else column_mm
    # Fine pictures are averaged to what a profile needs; the blur found then holds a box of that width.
    side = max(1, field.shape[1] // MOST_SAMPLES)
    field = field[:, : field.shape[1] // side * side].reshape(field.shape[0], -1, side).mean(axis=2)
    step *= side
    parts = np.array_split(field, min(SLICES, field.shape[0] // 2), axis=0)
    profiles = np.array([part.mean(axis=0) for part in parts])
    # Noise from differences of neighbours along the wall, so that the wall itself counts nothing.
    noises = np.array([np.diff(part, axis=0).std() / 2**0.5 / len(part) ** 0.5 for part in parts])
    places = (np.arange(field.shape[1]) - (field.shape[1] - 1) / 2) * step
    return Across(profiles, noises, places, is_turned)


def _result(image: Image, walls: list[Wall], is_turned: bool, inputs: dict[str, Value]) -> Measurement:
    thickness = np.array([wall.thickness_mm for wall in walls])
    errors = np.array([wall.error_mm for wall in walls])
    rule = {row["quantity"]: float(row["value"]) for row in table("en_16407-1/tangential")}
    thinnest = int(np.argmin(thickness))
    warnings = list(linearity_warnings(image))
    if np.median([wall.contrast_to_noise for wall in walls]) < rule["penetration_snr"]:
        warnings.append("hardly any radiation gets through at the inner edge: use more energy or another technique")
    if len(walls) < SLICES:
        warnings.append(f"the wall is read at {len(walls)} places along the region only")
    values: dict[str, Value] = {
        "wall_min_mm": float(thickness[thinnest]),
        "wall_mean_mm": float(thickness.mean()),
        "wall_max_mm": float(thickness.max()),
        "wall_spread_mm": float(thickness.std(ddof=1)),
        "unsharpness_mm": float(np.median([wall.unsharpness_mm for wall in walls])),
        "attenuation_1_cm": float(np.median([wall.attenuation_1_mm for wall in walls])) * 10,
        "walls_mm": [round(float(one), 4) for one in thickness],
        "outer_edge_mm": [round(wall.outer_edge_mm, 4) for wall in walls],
        "pipe_lies": "level" if is_turned else "upright",
    }
    mean_error = float(np.sqrt((errors**2).sum())) / len(walls)
    return Measurement(
        "wall_thickness", VERSION, values,
        method="chords of a pipe, attenuation with hardening, Gaussian blur, fitted to mean profiles across the wall",
        inputs=inputs,
        uncertainties={"wall_min_mm": float(errors[thinnest]), "wall_mean_mm": mean_error},
        source=Citation.of(table("en_16407-1/tangential")),
        warnings=tuple(warnings),
    )  # fmt: skip
