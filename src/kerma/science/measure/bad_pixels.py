"""Bad pixels of a detector by class, and the clusters of them that cannot be corrected, from flat and dark frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.frame_statistics import Surroundings, frame_mean, frame_spread, typical
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Mask = NDArray[np.bool_]
CHANCE_SHARE = 1e-4
"""More chance members of a class than this share of the pixels are worth a word."""


@dataclass(frozen=True)
class BadPixels:
    """One mask (row, column) per class; None where the frames cannot tell. A pixel may be noisy and of another class.

    Of dead, over, under and nonuniform a pixel belongs to the first that fits. ``bad_neighbourhood`` are pixels that
    would be good but for their neighbours, which are all bad.
    """

    dead: Mask
    over: Mask
    under: Mask
    nonuniform: Mask
    noisy: Mask | None
    persistent: Mask | None
    bad_neighbourhood: Mask
    padding: Mask | None
    """Pixels that hold no data and are no part of the detector."""

    @property
    def bad(self) -> Mask:
        """Every bad pixel."""
        masks = (self.dead, self.over, self.under, self.nonuniform, self.noisy, self.persistent, self.bad_neighbourhood)
        return np.asarray(np.logical_or.reduce([mask for mask in masks if mask is not None]))


@dataclass(frozen=True)
class Clusters:
    """Connected bad pixels: how many clusters, relevant ones, kernel pixels and lines."""

    clusters: int
    relevant: int
    kernel_pixels: int
    largest_px: int
    lines: int


def measure(flats: Image, darks: Image, *, shutdown_plane: int | None = None) -> Measurement | NotMeasurable:
    """Count bad pixels from flat frames and dark frames, each the planes of one image.

    Flats less darks give the response of each pixel, which is compared with the median around it; the scatter over
    the darks gives its noise. For the class *nonuniform* the flats should be corrected for gain, as the published
    method asks; of raw frames it counts the pixels' own spread of gain. ``shutdown_plane`` names the plane of the
    darks that is the first frame after the beam went off, for the class *persistent*. Classes of ASTM E2597.
    """
    inputs: dict[str, Value] = {
        "flat_frames": flats.planes,
        "dark_frames": darks.planes,
        "shutdown_plane": shutdown_plane,
    }
    found = classify(flats, darks, shutdown_plane=shutdown_plane)
    if isinstance(found, str):
        return NotMeasurable("bad_pixels", VERSION, found, inputs)
    groups = clusters(found)
    total = int(np.count_nonzero(found.bad))
    pixels = found.bad.size - (int(np.count_nonzero(found.padding)) if found.padding is not None else 0)
    values: dict[str, Value] = {
        **{
            name: None if (mask := getattr(found, name)) is None else int(np.count_nonzero(mask))
            for name in ("dead", "over", "under", "noisy", "nonuniform", "persistent", "bad_neighbourhood")
        },
        "lines": groups.lines,
        "clusters": groups.clusters,
        "relevant_clusters": groups.relevant,
        "cluster_kernel_pixels": groups.kernel_pixels,
        "largest_cluster_px": groups.largest_px,
        "total": total,
        "pixels": pixels,
        "total_percent": 100 * total / pixels,
    }
    return Measurement(
        "bad_pixels",
        VERSION,
        values,
        method="mean of flats less mean of darks against the median around each pixel; standard deviation over darks "
        "against the median of all; clusters by side or corner",
        inputs=inputs,
        source=Citation.of(table("astm_e2597/bad_pixels")),
        warnings=_warnings(flats, darks, found),
    )


def limits() -> dict[str, float]:
    """Return the published limits by name."""
    return {row["quantity"]: float(row["value"]) for row in table("astm_e2597/bad_pixels")}


def classify(flats: Image, darks: Image, *, shutdown_plane: int | None = None) -> BadPixels | str:
    """Return the mask of each class of bad pixels, or why the frames cannot tell.

    Raises
    ------
    WrongUsage
        ``shutdown_plane`` is no plane of the darks.
    """
    limit = limits()
    if (flats.rows, flats.columns) != (darks.rows, darks.columns):
        return (
            f"flats of {flats.rows} x {flats.columns} and darks of {darks.rows} x {darks.columns} pixels do not match"
        )
    after, quiet = _after_shutdown(darks, shutdown_plane)
    if quiet.shape[0] == 0:
        return "beside the first frame after the beam went off a dark frame is needed"
    offset = frame_mean(quiet)
    response = _response(flats, offset)
    padding = _padding(flats)
    known = np.isfinite(response) if padding is None else np.isfinite(response) & ~padding
    if not known.any():
        return "no pixel has a value in every frame"
    everywhere = bool(known.all())
    level = typical(response if everywhere else response[known])
    reason = _unsuited(flats, level)
    if reason:
        return reason
    filled = np.where(known, response, level).astype(np.float32)
    dead = (~known | (filled <= limit["dead_share"] * level)) & (True if padding is None else ~padding)
    wide = Surroundings(filled, int(limit["response_window_px"]))
    over = wide.above(limit["over_factor"]) & ~dead
    under = wide.below(limit["under_factor"]) & ~dead
    near = Surroundings(filled, int(limit["uniformity_window_px"]))
    share = limit["uniformity_percent"] / 100
    nonuniform = (near.above(1 + share) | near.below(1 - share)) & ~(dead | over | under)
    noisy = persistent = None
    spread = frame_spread(quiet) if quiet.shape[0] > 1 else None
    if spread is not None:
        middle = typical(spread if everywhere else spread[known])
        noisy = known & (spread > limit["noise_factor"] * middle)
        persistent = (
            None if after is None else _persistent(after - offset, known, limit, limit["noise_factor"] * middle)
        )
    found = BadPixels(dead, over, under, nonuniform, noisy, persistent, np.zeros_like(dead), padding)
    return BadPixels(dead, over, under, nonuniform, noisy, persistent, _surrounded(found.bad), padding)


def clusters(found: BadPixels) -> Clusters:
    """Count clusters: bad pixels connected by a side or corner; relevant ones hold a kernel pixel.

    A kernel pixel is a bad pixel of a cluster with fewer than five good pixels among its eight neighbours; what lies
    beyond the border of the detector is not good. A line is a row or column of more than ten bad pixels without a
    break, half of which at least have a good pixel at one side.
    """
    import cv2

    bad = found.bad
    count, label, facts, _ = cv2.connectedComponentsWithStats(bad.astype(np.uint8), connectivity=8)
    sizes = facts[:, cv2.CC_STAT_AREA]
    sizes[0] = 0
    good = ~bad if found.padding is None else ~bad & ~found.padding
    kernel = bad & (sizes[label] > 1) & (_neighbours(good) < limits()["fewest_good_neighbours"])
    relevant = np.unique(label[kernel])
    return Clusters(
        clusters=int(np.count_nonzero(sizes > 1)),
        relevant=int(relevant.size),
        kernel_pixels=int(np.count_nonzero(kernel)),
        largest_px=int(sizes.max(initial=0)) if count > 1 else 0,
        lines=_lines(bad) + _lines(bad.T),
    )


def _after_shutdown(darks: Image, shutdown_plane: int | None) -> tuple[NDArray[np.float64] | None, NDArray[np.generic]]:
    from kerma.errors import WrongUsage

    if shutdown_plane is None:
        return None, darks.pixels
    if shutdown_plane >= darks.planes:
        raise WrongUsage(
            f"shutdown_plane {shutdown_plane} does not exist: there are {darks.planes} dark frames, from 0"
        )
    return darks.pixels[shutdown_plane].astype(np.float64), np.delete(darks.pixels, shutdown_plane, axis=0)


def _response(flats: Image, offset: NDArray[np.float64]) -> NDArray[np.float64]:
    sign = -1.0 if flats.rises_with_dose is False else 1.0
    return sign * (frame_mean(flats.pixels) - offset)


def _padding(flats: Image) -> Mask | None:
    if flats.padding_value is None:
        return None
    mask = has_data(flats)
    if mask is None:
        return None
    padded = np.asarray(flats.pixels[0] == flats.padding_value)
    return padded if padded.any() else None


def _unsuited(flats: Image, level: float) -> str:
    if level <= 0:
        return "the flats are no brighter than the darks: give flats first and darks second, and check the polarity"
    if np.issubdtype(flats.pixels.dtype, np.integer):
        ceiling = min(2**flats.bits - 1, int(np.iinfo(flats.pixels.dtype).max))
        if np.median(flats.pixels[:, ::5, ::5]) >= ceiling:
            return f"the flats are saturated at {ceiling}: expose at 75 % of the detector's range or a little above"
    return ""


def _persistent(residue: NDArray[np.float64], known: Mask, limit: dict[str, float], least: float) -> Mask:
    """Return pixels whose residual signal is over twice the median around it, and stands out of the noise."""
    filled = np.where(known, residue, np.median(residue[known])).astype(np.float32)
    candidate = known & (filled > least)
    row, column = np.nonzero(candidate)
    around = Surroundings(filled, int(limit["uniformity_window_px"])).median_at(row, column)
    values = filled[row, column]
    found = np.zeros_like(known)
    found[row, column] = (values > limit["persistence_factor"] * around) & (values - around > least)
    return found


def _neighbours(mask: Mask) -> NDArray[np.uint8]:
    """Return how many of the eight neighbours are in a mask; beyond the border none is."""
    import cv2

    ring = np.ones((3, 3), np.float32)
    ring[1, 1] = 0
    counted: NDArray[np.uint8] = cv2.filter2D(mask.astype(np.uint8), -1, ring, borderType=cv2.BORDER_CONSTANT)
    return counted


def _surrounded(bad: Mask) -> Mask:
    present = _neighbours(np.ones_like(bad))
    return np.asarray(~bad & (present > 0) & (_neighbours(bad) == present))


def _lines(bad: Mask) -> int:
    """Count runs along rows that are long enough and are no part of a wider patch."""
    least = limits()["line_longer_than_px"]
    rows = np.flatnonzero(np.count_nonzero(bad, axis=1) > least)
    if rows.size == 0:
        return 0
    padded = np.pad(bad, 1)
    good_beside = (~padded[:-2, 1:-1] | ~padded[2:, 1:-1])[rows]
    edges = np.diff(np.pad(bad[rows], ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[1]
    beside = np.pad(np.cumsum(good_beside & bad[rows], axis=1), ((0, 0), (1, 0)))
    length = last - first
    share = (beside[row, last] - beside[row, first]) / length
    return int(np.count_nonzero((length > least) & (share >= 0.5)))


def _warnings(flats: Image, darks: Image, found: BadPixels) -> tuple[str, ...]:
    from math import erfc, sqrt

    limit = limits()
    warnings = []
    if darks.planes < limit["fewest_dark_frames"]:
        warnings.append(
            f"{darks.planes} dark frames were given, the standard asks for {limit['fewest_dark_frames']:g}: "
            + ("the noise of a pixel cannot be told from one frame" if found.noisy is None else "noise is uncertain")
        )
    if flats.planes > 1:
        inner = flats.pixels[:, ::5, ::5].astype(np.float64)
        # The median of a chi-square of k degrees of freedom is k (1 - 2 / 9k)^3.
        median = (1 - 2 / (9 * (flats.planes - 1))) ** 3
        spread = sqrt(float(np.nanmedian(inner.var(axis=0, ddof=1))) / median / flats.planes)
        level = float(np.nanmedian(inner)) - float(np.nanmedian(darks.pixels[:, ::5, ::5]))
        chance = erfc(limit["uniformity_percent"] / 100 * level / max(spread, 1e-300) / sqrt(2))
        if chance > CHANCE_SHARE:
            warnings.append(
                f"noise alone makes about {chance * found.bad.size:.0f} pixels nonuniform: average more flat frames"
            )
    else:
        warnings.append("one flat frame was given: its noise counts as nonuniformity; average several")
    return tuple(warnings)
