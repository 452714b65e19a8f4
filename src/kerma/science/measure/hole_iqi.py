"""The smallest hole of a step-hole IQI or a plaque that a picture shows, read by a visibility statistic."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.measure import profiles
from kerma.science.measure.duplex_model import Array
from kerma.science.measure.region import Region
from kerma.science.measure.wire_iqi import limits
from kerma.science.physics.hole_indicators import equivalent_sensitivity_percent, hole_of_plaque_mm
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "2"
LEAST_HOLES = 2
"""A gauge is believed when its largest holes, so many, are both seen."""
FLATNESS = 0.4
"""A hole's middle may differ from the rest of it by this share of its contrast: it is flat inside, a blob is not."""
ROUNDEST, ROUND = 0.3, 0.5
"""Weakest contrast against a quarter of the ring, as a share of that against the ring: to look at it, to be one."""
GAP, RING = 1.15, 1.6
"""The background of a hole is a ring of its own area from and up to so many radii."""
ROW_SHARE = 0.45
"""Two holes of a step lie off the row by less than this share of the distance of two steps."""
QUARTERS = np.arange(4) * np.pi / 2
FINEST_PX = 5.0
QUIET_PERCENT, QUIET_SHARE = 25, 3.138
"""Noise is read where it is quiet, off the edges: a quarter of normal noise lies within a 3.138th of its deviation."""
NOISE_HOLES, SMALLEST_BLOCK_PX = 15.0, 32.0
"""Noise is that of a block of so many radii, but not less than so many pixels, down and across."""
ROW_TOLERANCE = 0.8
"""Holes lie in a row to within this many diameters of the largest."""


@dataclass(frozen=True)
class Hole:
    """A hole looked for: its diameter, where it lies, its contrast and detectability."""

    diameter_mm: float
    row: int
    column: int
    contrast: float
    detectability: float
    flatness: float
    roundness: float


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, holes: str | None = None,
    plaque_mm: float | None = None, thickness_mm: float | None = None,
) -> Measurement | NotMeasurable:  # fmt: skip
    """Return the smallest hole seen and the detectability of each (ISO 19232-2, ASTM E1025).

    ``region`` holds the gauge and little else; ``holes`` says which it has: H5-H10, diameters in mm such as 0.5,1,2, or
    1T,2T,4T with ``plaque_mm``. With ``plaque_mm`` and ``thickness_mm`` of the part the equivalent penetrameter
    sensitivity of the smallest hole seen follows.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "region": list(region.as_json()) if region else None, "holes": holes,
        "plaque_mm": plaque_mm, "thickness_mm": thickness_mm,
    }  # fmt: skip
    if holes is None or region is None:
        return _refused("say where the gauge is (region) and its holes: H5-H10, 1T,2T,4T or 0.5,1,2 (mm)", inputs)
    chosen = _chosen(holes, plaque_mm)
    if isinstance(chosen, str):
        return _refused(chosen, inputs)
    spacing = image.spacing
    if spacing.row_mm is None or spacing.column_mm is None:
        return _refused("the pixel spacing is not known: give it as spacing_mm", inputs)
    inputs |= {"row_mm": spacing.row_mm, "column_mm": spacing.column_mm}
    grey = profiles.grey_of(image, plane, region)
    if isinstance(grey, str):
        return _refused(grey, inputs)
    if np.nanstd(grey) == 0:
        return _refused("all pixels have the same value: there is no gauge", inputs)
    grey = np.where(np.isfinite(grey), grey, np.nanmedian(grey))
    counts = _counts(chosen)
    found = find(grey, (spacing.row_mm, spacing.column_mm), [width for _, width in chosen], counts)
    if isinstance(found, str):
        return _refused(found, inputs)
    return _result(found, [name for name, _ in chosen], counts, inputs)


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("hole_iqi", VERSION, reason, inputs)


def _chosen(words: str, plaque_mm: float | None) -> list[tuple[str, float]] | str:
    """Return names and diameters of the holes, largest first, or why they are not known."""
    diameters = {row["hole"]: float(row["diameter_mm"]) for row in table("iso_19232-2/step_holes")}
    listed = list(diameters)
    ends = re.fullmatch(r"\s*(H\d+)\s*-\s*(H\d+)\s*", words, re.IGNORECASE)
    found: list[tuple[str, float]] = []
    if ends and ends[1].upper() in diameters and ends[2].upper() in diameters:
        first, last = sorted((listed.index(ends[1].upper()), listed.index(ends[2].upper())))
        found = [(name, diameters[name]) for name in listed[first : last + 1]]
    for word in words.upper().split(",") if not ends else ():
        number = re.fullmatch(r"\s*(\d+(?:\.\d+)?|[124]T)\s*", word)
        if number is None:
            break
        if not number[1].endswith("T"):
            found.append((number[1], float(number[1])))
        elif plaque_mm is None:
            return "holes in T need the thickness of the plaque: give it as plaque_mm"
        else:
            found.append((number[1], hole_of_plaque_mm(number[1], plaque_mm=plaque_mm)))
    if len(found) < LEAST_HOLES or min(width for _, width in found) <= 0:
        return f"'{words}' names no holes: write such as H5-H10, 1T,2T,4T, or diameters in mm such as 0.5,1,2"
    return sorted(found, key=lambda hole: -hole[1])


def _counts(chosen: list[tuple[str, float]]) -> list[int]:
    """Return how many holes of each diameter there are: thin steps of ISO 19232-2 have two, of which both count."""
    rule = {row["quantity"]: float(row["value"]) for row in table("iso_19232-2/steps")}
    return [2 if name.startswith("H") and width < rule["two_holes_below_mm"] else 1 for name, width in chosen]


def find(
    grey: Array, spacing_mm: tuple[float, float], diameters_mm: list[float], counts: list[int]
) -> list[Hole] | str:
    """Look for holes of each diameter, the largest first, where the filter of its shape answers most.

    Of a step with two holes both must be seen: the weaker one stands for the step.
    """
    holes: list[Hole] = []
    middles: list[Array] = []
    before = _Before([], 0.0, None, 0.0)
    for diameter, count in zip(diameters_mm, counts, strict=True):
        radius = np.array([diameter / 2 / step for step in spacing_mm])
        if min(radius) < 0.5:
            return f"a hole of {diameter:g} mm is smaller than a pixel"
        if (2 * RING * radius >= np.array(grey.shape)).any():
            return f"the region is too small for a hole of {diameter:g} mm and what lies around it"
        answers = _answers(grey, radius)
        found: list[Hole] = []
        for _ in range(count):
            hole = _strongest(grey, answers, before, diameter)
            if hole is None:
                return "the region is too small for all its holes"
            found.append(hole)
            taken = [*before.taken, (hole.row, hole.column, radius)]
            before = replace(before, taken=taken, sign=before.sign or float(np.sign(hole.contrast)))
        holes.append(min(found, key=lambda one: one.detectability))
        middles.append(np.mean([(one.row, one.column) for one in found], axis=0))
        if len(middles) >= LEAST_HOLES and before.row is None:
            direction = middles[-1] - middles[0]
            normal = np.array([-direction[1], direction[0]]) / max(float(np.hypot(*direction)), 1e-9)
            wide = 2 * float(max(before.taken[0][2])) + ROW_SHARE * float(np.hypot(*direction))
            before = replace(before, row=(middles[0], normal), half_width=wide)
    return _doubt(holes, counts, grey, spacing_mm) or holes


@dataclass(frozen=True)
class _Before:
    """What the holes found before say of the next: places taken with radii, polarity, and the row they lie in."""

    taken: list[tuple[int, int, Array]]
    sign: float
    row: tuple[Array, Array] | None
    """A place in the row and the direction across it, in pixels."""
    half_width: float


@dataclass(frozen=True)
class _Answers:
    """Contrast of a disk against its ring at each place of a picture averaged over ``bin_px`` pixels a side."""

    contrast: Array
    strength: Array
    """Contrast in standard deviations."""
    weakest: Array
    """The weakest contrast against a quarter of the ring, as a share of the contrast: 1 for a hole, 0 on an edge."""
    bin_px: int
    radius: Array
    """In pixels of the picture itself."""


def _strongest(grey: Array, answers: _Answers, before: _Before, diameter_mm: float) -> Hole | None:
    """Return the hole at the largest round contrast off the places taken; without one, at the largest contrast."""
    step, sign = answers.bin_px, before.sign
    free: NDArray[np.bool_] = np.zeros(answers.strength.shape, bool)
    edge = np.ceil(RING * answers.radius / step).astype(int)
    free[edge[0] : free.shape[0] - edge[0], edge[1] : free.shape[1] - edge[1]] = True
    rows = np.arange(free.shape[0]) * step + (step - 1) / 2
    columns = np.arange(free.shape[1]) * step + (step - 1) / 2
    for row, column, radius in before.taken:
        reach = np.maximum(1.1 * (radius + answers.radius), 1.5)
        free &= ((rows[:, None] - row) / reach[0]) ** 2 + ((columns - column) / reach[1]) ** 2 >= 1
    if before.row is not None:
        (start, normal) = before.row
        offset = (rows[:, None] - start[0]) * normal[0] + (columns - start[1]) * normal[1]
        free &= np.abs(offset) <= before.half_width
    if not free.any():
        return None
    # Noise is all but the same everywhere, edges are not: the largest contrast is the hole, not the largest strength.
    depth = answers.contrast * sign if sign else np.abs(answers.contrast)
    depth = np.where(free, depth, -np.inf)
    is_round = free & (answers.weakest > ROUNDEST)
    at = np.unravel_index(int(np.argmax(np.where(is_round, depth, -np.inf) if is_round.any() else depth)), depth.shape)
    row, column = int(rows[at[0]]), int(columns[at[1]])
    contrast = float(answers.contrast[at])
    flatness = _inner(grey, (row, column), answers.radius) / contrast if contrast and min(answers.radius) > 2 else 0.0
    detectability = float(answers.strength[at]) * (sign or float(np.sign(contrast)))
    return Hole(diameter_mm, row, column, contrast, detectability, flatness, float(answers.weakest[at]))


def _inner(grey: Array, at: tuple[int, int], radius: Array) -> float:
    """Return the middle of a disk less its outer part: 0 for a drilled hole, which is flat inside."""
    reach = np.ceil(radius).astype(int)
    top, left = (max(0, one - size) for one, size in zip(at, reach, strict=True))
    part = grey[top : at[0] + reach[0] + 1, left : at[1] + reach[1] + 1]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    distance = np.hypot((rows + top - at[0]) / radius[0], (columns + left - at[1]) / radius[1])
    middle, outer = part[distance <= 0.5], part[(distance > 0.5) & (distance <= 0.8)]
    return float(middle.mean() - outer.mean()) if middle.size and outer.size else 0.0


def _answers(grey: Array, radius: Array) -> _Answers:
    """Return the contrast of a disk against the ring around it at each place, and the contrast in standard deviations.

    The noise is the spread of the same contrasts in the surroundings, so noise that hangs together and edges count.
    Pictures of large holes are averaged first: FINEST_PX pixels to a radius are enough.
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    step = max(1, int(min(radius) / FINEST_PX))
    height, width = grey.shape[0] // step, grey.shape[1] // step
    size = (height, width)
    coarse = grey[: height * step, : width * step].reshape(height, step, width, step).mean(axis=(1, 3))
    radius_bins = radius / step
    reach = np.ceil(RING * radius_bins).astype(int)
    down, right = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    down, right = down / radius_bins[0], right / radius_bins[1]
    distance, angle = np.hypot(down, right), np.arctan2(down, right)
    disk, ring = distance <= 1, (distance > GAP) & (distance <= RING)
    ring = ring if ring.any() else distance > 1
    quarters = [ring & (np.abs(np.angle(np.exp(1j * (angle - turn)))) < np.pi / 4 + 1e-9) for turn in QUARTERS]
    shape = [next_fast_len(one + 2 * int(edge), real=True) for one, edge in zip(size, reach, strict=True)]
    spectrum = rfft2(coarse - coarse.mean(), shape)

    def against(around: NDArray[np.bool_]) -> Array:
        kernel = disk / disk.sum() - around / around.sum()
        # Kernels are turned by half a turn: a correlation, not a convolution.
        whole = irfft2(spectrum * rfft2(kernel[::-1, ::-1], shape), shape)
        result: Array = whole[reach[0] : reach[0] + size[0], reach[1] : reach[1] + size[1]]
        return result

    contrast = against(ring)
    sides = np.array([against(one) for one in quarters if one.any()])
    floor = 1e-9 * float(np.ptp(grey)) + 1e-12
    weakest = (sides * np.sign(contrast)).min(axis=0) / np.maximum(np.abs(contrast), floor)
    noise = np.maximum(_local_noise(np.abs(contrast), NOISE_HOLES * float(radius_bins.max())), floor)
    return _Answers(contrast, contrast / noise, weakest, step, radius)


def _local_noise(size_of_contrast: Array, side: float) -> Array:
    """Return the standard deviation at each place from the quietest quarter of a block about it."""
    count = [max(1, round(one / max(side, SMALLEST_BLOCK_PX))) for one in size_of_contrast.shape]
    rows, columns = (
        np.array_split(np.arange(one), many) for one, many in zip(size_of_contrast.shape, count, strict=True)
    )
    whole = QUIET_SHARE * float(np.percentile(size_of_contrast[::2, ::2], QUIET_PERCENT))
    noise = np.empty_like(size_of_contrast)
    for down in rows:
        for right in columns:
            part = size_of_contrast[down[0] : down[-1] + 1, right[0] : right[-1] + 1]
            quiet = QUIET_SHARE * float(np.percentile(part, QUIET_PERCENT))
            noise[down[0] : down[-1] + 1, right[0] : right[-1] + 1] = max(quiet, 0.5 * whole)
    return noise


def _limit(grey: Array, hole: Hole, spacing_mm: tuple[float, float]) -> float:
    """Return the detectability that counts as seen: Rose's, or what the best of all places reaches by chance."""
    places = grey.size / max(1.0, np.pi / 4 * hole.diameter_mm**2 / spacing_mm[0] / spacing_mm[1])
    return max(limits()["detectability_limit"], 1 + float(np.sqrt(2 * np.log(max(places, 2)))))


def _doubt(holes: list[Hole], counts: list[int], grey: Array, spacing_mm: tuple[float, float]) -> str | None:
    seen = [hole for hole in holes if hole.detectability >= _limit(grey, hole, spacing_mm)]
    if holes[:LEAST_HOLES] != seen[:LEAST_HOLES]:
        return f"the {LEAST_HOLES} largest holes are not both seen: there is no gauge, or the exposure is too poor"
    if any(abs(one.flatness) > FLATNESS or one.roundness < ROUND for one in holes[:LEAST_HOLES]):
        return "the spots found are not flat disks of the size given: there is no hole IQI of these holes"
    # Two holes of a step lie on both sides of the row.
    places = np.array([
        (hole.row * spacing_mm[0], hole.column * spacing_mm[1])
        for hole, count in zip(holes, counts, strict=True) if hole in seen and count == 1
    ])  # fmt: skip
    if len(places) > 2:
        centred = places - places.mean(axis=0)
        across = np.linalg.svd(centred, full_matrices=False)[2][1]
        if (np.abs(centred @ across) > ROW_TOLERANCE * holes[0].diameter_mm).any():
            return "the spots found do not lie in a row: there is no hole IQI"
    return None


def _result(holes: list[Hole], names: list[str], counts: list[int], inputs: dict[str, Value]) -> Measurement:
    from scipy.special import ndtr

    limit = limits()["detectability_limit"]
    read = [hole.detectability for hole in holes]
    seen = [value >= limit for value in read]
    last = (seen.index(False) if False in seen else len(seen)) - 1
    sure = [float(ndtr(value - limit)) for value in read]
    values: dict[str, Value] = {
        "smallest_hole": names[last],
        "diameter_mm": holes[last].diameter_mm,
        "confidence": min(sure[last], 1 - sure[last + 1] if last + 1 < len(sure) else 1.0),
        "holes": list(names),
        "holes_per_step": list(counts),
        "diameters_mm": [hole.diameter_mm for hole in holes],
        "detectabilities": [round(value, 3) for value in read],
        "contrasts_stored": [round(hole.contrast, 3) for hole in holes],
        "visible": list(seen),
        "rows_px": [hole.row for hole in holes],
        "columns_px": [hole.column for hole in holes],
    }
    plaque, thickness = inputs["plaque_mm"], inputs["thickness_mm"]
    if isinstance(plaque, float) and isinstance(thickness, float):
        values["eps_percent"] = equivalent_sensitivity_percent(
            hole_mm=holes[last].diameter_mm, plaque_mm=plaque, thickness_mm=thickness
        )
    return Measurement(
        "hole_iqi", VERSION, values,
        method=(
            "mean of a disk of the hole's size less a ring around it, over the spread of the same nearby; "
            f"seen at {limit:g}; equivalent penetrameter sensitivity (100/t) sqrt(T H / 2)"
        ),
        inputs=inputs,
        uncertainties={"detectabilities": 1.0},
        source=Citation.of(table("iso_19232-2/step_holes")),
        warnings=() if last + 1 < len(holes) else ("the smallest hole of the gauge is seen",),
    )  # fmt: skip
