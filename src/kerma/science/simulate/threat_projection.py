"""Threat image projection: a threat put into the dual-energy picture of a bag as if it had been in the bag.

Multiplying the two pictures is wrong: behind steel the beam is harder, and a threat weakens it less than in air. So
the bag's two attenuations are turned into thicknesses of two basis materials, the threat's materials are added, and
both are projected through the spectra again. The bag's noise is already there; only that of the missing photons is
added.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.dual_energy import BASIS, Calibration, calibrate, decompose
from kerma.science.physics.spectral_channel import Beam, Channel
from kerma.science.simulate.response import blurred, white_share

Field = NDArray[np.float64]
Mask = NDArray[np.bool_]
CHUNK_RAYS = 20_000
SMOOTHED_PX = 3
"""Side of the median that the bag's thicknesses are read from: noise is not to be told from material."""
LEAST_MM = 1e-6
OPAQUE_ATTENUATION = 9.5
"""A threat that lets through less than this says is taken for as much of the heavier basis material."""
FAINTEST = 1e-5
"""A transmission below this says no more than that nothing came through."""


@dataclass(frozen=True)
class Scanner:
    """What both energies of a scanner are: their beams, their calibration, noise and sharpness.

    ``open_snr`` is the signal-to-noise ratio of a pixel of the open beam, ``blur_px`` the standard deviation of the
    blur in pixels, ``pixel_mm`` the size of a pixel at the bag.
    """

    beams: tuple[Beam, Beam]
    calibration: Calibration
    open_snr: tuple[float, float]
    pixel_mm: float
    blur_px: float = 0.0

    @classmethod
    def of(
        cls, low: Beam, high: Beam, *, open_snr: tuple[float, float], pixel_mm: float, blur_px: float = 0.0,
        basis: tuple[str, str] = BASIS,
    ) -> Scanner:  # fmt: skip
        """Calibrate two beams.

        Raises
        ------
        WrongUsage
            A size, ratio or blur that makes no sense, or beams that do not tell the basis materials apart.
        """
        if not (pixel_mm > 0 and min(open_snr) > 0 and blur_px >= 0):
            raise WrongUsage(
                f"a scanner has pixels above 0 mm, signal-to-noise ratios above 0 and a blur from 0 px; given are "
                f"{pixel_mm:g} mm, {open_snr[0]:g} and {open_snr[1]:g}, {blur_px:g} px"
            )
        return cls((low, high), calibrate(low, high, basis=basis), open_snr, pixel_mm, blur_px)


@dataclass(frozen=True)
class Scan:
    """A picture of two energies: transmissions of shape (row, column), open beam 1."""

    low: Field
    high: Field

    def __post_init__(self) -> None:
        if self.low.shape != self.high.shape or self.low.ndim != 2 or not self.low.size:
            raise WrongUsage(f"low {self.low.shape} and high {self.high.shape} must be two pictures of one shape")

    def attenuations(self) -> tuple[Field, Field]:
        """Return -ln of both; what is below :data:`FAINTEST` stays there, no value is NaN."""
        low, high = (-np.log(np.maximum(each, FAINTEST)) for each in (self.low, self.high))
        return low, high


@dataclass(frozen=True)
class ThreatMap:
    """A threat as a scanner sees it: thickness in mm of each of its materials, shape (row, column).

    ``pixel_mm`` is the size of its pixels at the place it is shown for; ``blur_px`` how blurred the maps are already.
    """

    thickness_mm: Mapping[str, Field]
    pixel_mm: float
    blur_px: float = 0.0

    def __post_init__(self) -> None:
        shapes = {values.shape for values in self.thickness_mm.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 2:
            raise WrongUsage("a threat is one or more maps of thickness (row, column), all of one shape")

    @property
    def outline(self) -> Mask:
        """True where anything of the threat lies."""
        there = np.zeros(next(iter(self.thickness_mm.values())).shape, dtype=bool)
        for values in self.thickness_mm.values():
            there |= np.abs(values) > LEAST_MM
        return there


def threat_from_scan(scan: Scan, scanner: Scanner) -> ThreatMap:
    """Return the threat that a picture of it alone shows, in the scanner's basis materials; the background is 0.

    Lead and other metals with an absorption edge inside the beam have no place in two basis materials: behind a bag
    their low energy comes out some percent wrong. Give the materials themselves where they are known.
    """
    low, high = scan.attenuations()
    found = decompose(scanner.calibration, low, high, open_snr=scanner.open_snr).thickness_mm
    heaviest = np.array([0.0, *scanner.calibration.high.thickness(np.array([OPAQUE_ATTENUATION]), 1)])
    lost = ~np.isfinite(found).all(axis=-1)
    found[lost] = np.where((high > OPAQUE_ATTENUATION)[..., None], heaviest, 0.0)[lost]
    there = high > 3.0 / scanner.open_snr[1]
    maps = {name: np.where(there, found[..., n], 0.0) for n, name in enumerate(scanner.calibration.basis)}
    return ThreatMap(maps, scanner.pixel_mm, scanner.blur_px)


def placed(
    threat: ThreatMap, shape: tuple[int, int], scanner: Scanner, *, at: tuple[float, float], turn_deg: float = 0.0
) -> ThreatMap:
    """Return the threat on the bag's grid: its middle ``at`` (row, column), turned, its pixels those of the bag.

    Thickness along the ray stays as it is; what falls outside the picture is cut off.
    """
    from scipy.ndimage import affine_transform, gaussian_filter

    angle, scale = np.deg2rad(turn_deg), scanner.pixel_mm / threat.pixel_mm
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(next(iter(threat.thickness_mm.values())).shape) - 1) / 2.0
    fine = max(0.0, 0.5 * (scale - 1.0))
    maps = {}
    for name, values in threat.thickness_mm.items():
        smooth = gaussian_filter(values, fine) if fine > 0 else values
        moved = affine_transform(smooth, turn, middle - turn @ np.array(at), output_shape=shape, order=1)
        maps[name] = moved
    return ThreatMap(maps, scanner.pixel_mm, threat.blur_px / scale)


def projected(scan: Scan, threat: ThreatMap, scanner: Scanner, *, seed: int | None, smoothed_px: int = 0) -> Scan:
    """Return the picture of the bag with the threat in it.

    Parameters
    ----------
    scan : the bag
    threat : on the grid of the bag (:func:`placed`)
    scanner : what took the picture of the bag
    seed : of the noise that is added; None adds none
    smoothed_px : side of the median the bag's thicknesses are read from; 0 means :data:`SMOOTHED_PX` with noise and
        none without
    """
    shape = next(iter(threat.thickness_mm.values())).shape
    if shape != scan.low.shape:
        raise WrongUsage(f"the threat's map {shape} is not on the bag's grid {scan.low.shape}; place it first")
    where = threat.outline
    if not where.any():
        return scan
    side = smoothed_px or (SMOOTHED_PX if seed is not None else 1)
    factors, missing = effect(scan, threat, scanner, side=side)
    planes = []
    for channel, bag in enumerate((scan.low, scan.high)):
        plane = bag * factors[channel]
        if seed is not None:
            noise = _white((seed, channel), bag.shape, scanner.blur_px)
            plane = plane * (1.0 + np.sqrt(missing[channel]) * noise)
        planes.append(np.maximum(plane, 0.0))
    return Scan(planes[0], planes[1])


def effect(scan: Scan, threat: ThreatMap, scanner: Scanner, *, side: int = 1) -> tuple[Field, Field]:
    """Return what the threat does to both channels, shape (channel, row, column), as sharp as the scanner sees it.

    First the share of the bag's signal that is left, then the variance, relative to the square of the signal, that
    quantum noise lacks. Where nothing comes through the bag the share is 1: nothing can be told.
    """
    sharp, missing = _sharp_effect(scan, threat, scanner, side)
    sigma = float(np.sqrt(max(0.0, scanner.blur_px**2 - threat.blur_px**2)))
    if sigma <= 0:
        return sharp, missing
    share = np.stack([blurred(each, sigma) for each in sharp])
    absolute = np.stack([blurred(lack * each**2, sigma) for lack, each in zip(missing, sharp, strict=True)])
    return share, absolute / np.maximum(share, FAINTEST) ** 2


def _sharp_effect(scan: Scan, threat: ThreatMap, scanner: Scanner, side: int) -> tuple[Field, Field]:
    where = threat.outline
    window = window_of(where, side)
    here = Scan(scan.low[window], scan.high[window])
    bag_mm = bag_thickness(here, scanner, side=side, where=where[window])
    names = [*scanner.calibration.basis, *threat.thickness_mm]
    added = np.stack([values[where] for values in threat.thickness_mm.values()], axis=-1)
    factors, missing = np.ones((2, *scan.low.shape)), np.zeros((2, *scan.low.shape))
    known: Mask = np.asarray(np.isfinite(bag_mm).all(axis=1), dtype=bool)
    before = np.concatenate([np.where(known[:, None], bag_mm, 0.0), np.zeros_like(added)], axis=1)
    after = before + np.concatenate([np.zeros_like(bag_mm), added], axis=1)
    for channel, beam in enumerate(scanner.beams):
        model = Channel.of(beam, names)
        change = np.zeros((2, len(before)))
        for begin in range(0, len(before), CHUNK_RAYS):
            part = slice(begin, begin + CHUNK_RAYS)
            (a0, _, v0), (a1, _, v1) = model.expand(before[part]), model.expand(after[part])
            change[:, part] = np.exp(a0 - a1), (v1 - v0) / scanner.open_snr[channel] ** 2
        factors[channel][where] = np.where(known, change[0], 1.0)
        missing[channel][where] = np.where(known, np.maximum(change[1], 0.0), 0.0)
    return factors, missing


def window_of(where: Mask, margin: int) -> tuple[slice, slice]:
    """Return the part of a picture round the True pixels of a mask, with a margin where there is room."""
    rows, columns = (np.flatnonzero(where.any(axis=axis)) for axis in (1, 0))
    first = [max(0, int(line[0]) - margin) for line in (rows, columns)]
    return slice(first[0], int(rows[-1]) + margin + 1), slice(first[1], int(columns[-1]) + margin + 1)


def bag_thickness(scan: Scan, scanner: Scanner, *, side: int = 1, where: Mask | None = None) -> Field:
    """Return the bag's thicknesses of the two basis materials in mm, (row, column, 2), or (pixel, 2) of ``where``.

    NaN where nothing came through; 0 where the pair of attenuations belongs to no mixture, as noise makes it in air.
    """
    from scipy.ndimage import median_filter

    low, high = (median_filter(each, side) if side > 1 else each for each in scan.attenuations())
    if where is not None:
        low, high = low[where], high[where]
    found = decompose(scanner.calibration, low, high, open_snr=scanner.open_snr).thickness_mm
    lost = ~np.isfinite(found).all(axis=-1)
    opaque = lost & (high > OPAQUE_ATTENUATION)
    found[lost] = 0.0
    found[opaque] = np.nan
    return found


def _white(seed: tuple[int, int], shape: tuple[int, int], blur_px: float) -> Field:
    """Return noise of standard deviation 1 that is as coloured as the detector's."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    return blurred(noise, blur_px) / white_share(blur_px) if blur_px > 0 else noise


def multiplied(scan: Scan, threat: ThreatMap, scanner: Scanner) -> Scan:
    """Return the product of both pictures, as simple threat projection makes it: for comparison only."""
    air = Scan(np.ones_like(scan.low), np.ones_like(scan.high))
    alone = projected(air, threat, dataclasses.replace(scanner, blur_px=0.0), seed=None)
    return Scan(scan.low * alone.low, scan.high * alone.high)
