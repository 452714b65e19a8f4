"""A threat put into the stored picture of a real bag: what is known of its scanner, a place in every view, new values.

The scanner is known as far as the picture and the table of dual-energy lookups tell it. Stored values change only where
the threat lies and as far as the detector blurs it; everything else stays as it came, bit for bit.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance.energies import Energies, energies_of
from kerma.science.imaging.enhance.number_lookup import LOOKUPS
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image
from kerma.science.physics.dual_layer import layer_beams
from kerma.science.physics.material_lookup import Lookup, calibrate_lookup, effective_numbers
from kerma.science.results import Box
from kerma.science.simulate.line_scanner import BLUR_SHARE
from kerma.science.simulate.threat_placement import (
    Fit,
    Ground,
    attenuation_alone,
    fit_of,
    ground_of,
    on_grid,
    places,
)
from kerma.science.simulate.threat_projection import FAINTEST, Scan, Scanner, ThreatMap, placed, projected, window_of
from kerma.science.simulate.tip_realism import Realism, realism_of
from kerma.standards import table

Mask = NDArray[np.bool_]
TRIES = 40
SAME_ROWS = 3
"""The views of one scan show one thing in the same rows, for they were taken along one belt; within so many."""
NUMBER_PX = 3


@dataclass(frozen=True)
class Bag:
    """The stored picture of a bag of which enough is known to put a threat into it."""

    image: Image
    energies: Energies
    scanner: Scanner
    scan: Scan


@dataclass(frozen=True)
class Spot:
    """Row and column at which the middle of a threat stands in one view."""

    row: int
    column: int


@dataclass(frozen=True)
class Patch:
    """What changes in one view: by plane the new stored values of a window, and where in it anything is new.

    ``box`` is that of the threat in pixels of the whole picture; ``realism`` None where it is too small to be judged.
    """

    row: int
    column: int
    planes: dict[int, NDArray[Any]]
    mask: Mask
    box: Box
    realism: Realism | None


def bag_of(image: Image) -> Bag:
    """Return what is known of a picture of a bag.

    Raises
    ------
    WrongUsage
        It has not both energies as linear signals, no size of its pixels, no lookup that fits, or a table of values.
    """
    energies = energies_of(image)
    if energies is None:
        raise WrongUsage("a threat is projected into pictures of both energies as linear signals; this is none")
    if energies.lookup is None:
        raise WrongUsage(f"the scanner's spectrum is not known: {'; '.join(energies.warnings)}")
    if image.spacing.row_mm is None:
        raise WrongUsage("the size of a pixel is not known, so a threat would have the wrong size")
    if image.grey.modality_lut is not None or not np.issubdtype(image.pixels.dtype, np.integer):
        raise WrongUsage("a threat is projected into whole numbers on a straight scale")
    if energies.z_plane is not None and not image.technique.get("z_effective_per_stored"):
        raise WrongUsage("the picture has effective numbers whose scale it does not say")
    calibrated = _scanner(energies.lookup.name)
    snr = (energies.snr_low, energies.snr_high)
    scanner = replace(calibrated, open_snr=snr, pixel_mm=float(image.spacing.row_mm))
    low, high = (
        np.maximum(modality_values(image.grey, image.pixels[plane]).astype(np.float64) / blank, FAINTEST)
        for plane, blank in ((energies.low_plane, energies.blank_low), (energies.high_plane, energies.blank_high))
    )
    return Bag(image, energies, scanner, Scan(low, high))


def found_spots(
    bags: Sequence[Bag], threat: Sequence[ThreatMap], *, random: np.random.Generator
) -> tuple[tuple[Spot, ...], tuple[Fit, ...]]:
    """Return where the middle of a threat can stand in every view of a bag, in the same rows, and how it fits.

    It can be made out in the first view, as far as the bag allows; in the others it need only lie inside the bag, as
    things do that people pack.

    Parameters
    ----------
    threat : its views; view n of the bag is shown view n of the threat, and again the first after the last

    Raises
    ------
    WrongUsage
        It finds no room that all views share.
    """
    own = [_own(bag, threat[number % len(threat)]) for number, bag in enumerate(bags)]
    alone = [attenuation_alone(one, bag.scanner) for one, bag in zip(own, bags, strict=True)]
    grounds = [ground_of(bag.scan, bag.scanner) for bag in bags]
    grounds[1:] = [_roomy(ground) for ground in grounds[1:]]
    free = [places(ground, one, a) for ground, one, a in zip(grounds, own, alone, strict=True)]
    if not all(len(each) for each in free):
        raise WrongUsage("the threat finds no room in this bag: it is too large or the bag too full")
    for pick in random.permutation(len(free[0]))[:TRIES]:
        row, column = (int(each) for each in free[0][pick])
        spots = [Spot(row, column)]
        for number, bag in enumerate(bags[1:], start=1):
            here = free[number]
            if bag.scan.low.shape[0] == bags[0].scan.low.shape[0]:
                here = here[np.abs(here[:, 0] - row) <= SAME_ROWS]
            if not len(here):
                break
            chosen = here[int(random.integers(len(here)))]
            spots.append(Spot(int(chosen[0]), int(chosen[1])))
        if len(spots) < len(bags):
            continue
        fits = tuple(_fit(*each) for each in zip(bags, grounds, own, spots, strict=True))
        if all(fit.is_plausible for fit in fits):
            return tuple(spots), fits
    raise WrongUsage("the threat finds no room that all views of this bag share")


def inserted(bag: Bag, threat: ThreatMap, spot: Spot, *, fit: Fit | None = None, seed: int | None) -> Patch:
    """Return what changes in the stored picture of a bag when a threat lies at a spot.

    Parameters
    ----------
    fit : how it fits there, for the realism; taken as good where not given
    seed : of the noise of the photons that are missing; None adds none
    """
    there = on_grid(_own(bag, threat), bag.scan.low.shape, (spot.row, spot.column))
    if not there.outline.any():
        raise WrongUsage("nothing of the threat is in the picture")
    fused = projected(bag.scan, there, bag.scanner, seed=seed)
    margin = math.ceil(4.0 * bag.scanner.blur_px) + 1
    window = window_of(there.outline, margin)
    near = _grown(there.outline[window], margin)
    planes = {
        bag.energies.low_plane: _stored(bag, bag.energies.low_plane, fused.low[window], near, window),
        bag.energies.high_plane: _stored(bag, bag.energies.high_plane, fused.high[window], near, window),
    }
    if bag.energies.z_plane is not None:
        planes[bag.energies.z_plane] = _numbers(bag, fused, near, window)
    rows, columns = (np.flatnonzero(there.outline.any(axis=axis)) for axis in (1, 0))
    box = Box(float(rows[0]), float(columns[0]), float(np.ptp(rows) + 1), float(np.ptp(columns) + 1))
    try:
        realism = realism_of(bag.scan, fused, there, bag.scanner, fit or Fit(0.0, 0.0, 0.0, 0.0))
    except WrongUsage:  # too few pixels to be judged
        realism = None
    return Patch(window[0].start, window[1].start, planes, near, box, realism)


def _own(bag: Bag, threat: ThreatMap) -> ThreatMap:
    """Return the threat in pixels of the bag, in a map of its own whose middle is the threat's, as small as it can be.

    The middle stays the middle, so that the same row is the same place in every view.
    """
    diagonal = float(np.hypot(*threat.outline.shape)) * threat.pixel_mm / bag.scanner.pixel_mm
    side = 2 * (int(diagonal) // 2) + 5
    whole = placed(threat, (side, side), bag.scanner, at=((side - 1) / 2.0, (side - 1) / 2.0))
    reach = []
    for axis in (1, 0):
        there = np.flatnonzero(whole.outline.any(axis=axis))
        if not there.size:
            raise WrongUsage("the threat's map is empty")
        reach.append(max(abs(int(there[0]) - side // 2), abs(int(there[-1]) - side // 2)))
    cut = tuple(slice(side // 2 - half, side // 2 + half + 1) for half in reach)
    return ThreatMap({name: values[cut] for name, values in whole.thickness_mm.items()}, whole.pixel_mm, whole.blur_px)


def _roomy(ground: Ground) -> Ground:
    """Return a ground on which a threat may lie behind anything, but not outside."""
    nothing = np.zeros_like(ground.a_high)
    return replace(ground, dense=np.zeros_like(ground.dense), a_high=nothing, used_mm=nothing)


def _fit(bag: Bag, ground: Ground, own: ThreatMap, spot: Spot) -> Fit:
    there = on_grid(own, bag.scan.low.shape, (spot.row, spot.column))
    return fit_of(ground, there, attenuation_alone(there, bag.scanner))


def _stored(
    bag: Bag, plane: int, transmission: NDArray[np.float64], near: Mask, window: tuple[slice, slice]
) -> NDArray[Any]:
    """Return a plane's window of stored values: new where the threat or its blur is, as they came elsewhere."""
    before = bag.image.pixels[plane][window]
    blank = bag.energies.blank_low if plane == bag.energies.low_plane else bag.energies.blank_high
    values = (transmission * blank - bag.image.grey.intercept) / bag.image.grey.slope
    greatest = min(np.iinfo(before.dtype).max, 2**bag.image.bits - 1)
    found: NDArray[Any] = np.where(near, np.clip(np.rint(values), 0, greatest), before).astype(before.dtype)
    return found


def _numbers(bag: Bag, fused: Scan, near: Mask, window: tuple[slice, slice]) -> NDArray[Any]:
    """Return the window of effective numbers, read from the new signals; where none can be told, 0."""
    from scipy.ndimage import uniform_filter

    assert bag.energies.z_plane is not None
    before = bag.image.pixels[bag.energies.z_plane][window]
    a_low, a_high = (
        -np.log(np.maximum(uniform_filter(each[window], NUMBER_PX), FAINTEST)) for each in (fused.low, fused.high)
    )
    snr = tuple(NUMBER_PX * each for each in bag.scanner.open_snr)
    assert bag.energies.lookup is not None
    read = effective_numbers(_curves(bag.energies.lookup.name), a_low, a_high, open_snr=(snr[0], snr[1]))
    scale = float(bag.image.technique["z_effective_per_stored"])
    numbers = np.rint(np.where(read.decided, read.number, 0.0) / scale)
    found: NDArray[Any] = np.where(near, numbers, before).astype(before.dtype)
    return found


def _grown(mask: Mask, by_px: int) -> Mask:
    from scipy.ndimage import binary_dilation

    found: Mask = binary_dilation(mask, iterations=by_px)
    return found


@functools.cache
def _scanner(lookup: str) -> Scanner:
    low, high = layer_beams(_row(lookup))
    return Scanner.of(low, high, open_snr=(1.0, 1.0), pixel_mm=1.0, blur_px=BLUR_SHARE)


@functools.cache
def _curves(lookup: str) -> Lookup:
    return calibrate_lookup(*layer_beams(_row(lookup)))


def _row(lookup: str) -> dict[str, str]:
    return dict(next(row for row in table(LOOKUPS) if row["lookup"] == lookup))
