"""Dual energy: the two log attenuations of a ray, into the thicknesses of two basis materials, and back.

Low and high attenuation are each a concave function of the two thicknesses. The pair is inverted exactly: a table
of curves of equal high attenuation gives the start, Newton's method the rest. The noise of both channels gives each
thickness its uncertainty; where that is too large, or too little or too much lies in the ray, nothing is told.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.spectral_channel import CONVERGED, Beam, Channel, Floats
from kerma.standards import table

LIMITS = "kerma_dual_energy/limits"
BASIS = ("polyethylene", "iron")
GREATEST_ATTENUATION = 10.0
ROWS, COLUMNS = 96, 61
SHARES = np.linspace(-0.25, 1.25, COLUMNS)
"""Places between the first material alone (0) and the second alone (1), with room on both sides for noise."""
STEPS = 30
FARTHEST_MM = 1e5
"""A ray whose thicknesses run beyond this has no solution."""
LEAST_CONTRAST = 1.001
DECIDED, TOO_LITTLE, TOO_MUCH, TOO_NOISY, OUTSIDE, NO_VALUE = range(6)
STATES = ("decided", "too little in the ray", "too little gets through", "too noisy", "no mixture", "no value")
"""What the codes of a state mean."""


@dataclass(frozen=True)
class Calibration:
    """Two channels for two basis materials, with the table that starts the inversion.

    ``start_mm`` of shape (row, column, 2) holds the thicknesses over the root of the high attenuation and
    :data:`SHARES`; ``pure_low`` of shape (2, row) the low attenuation of each material alone.
    """

    basis: tuple[str, str]
    low: Channel
    high: Channel
    greatest_attenuation: float
    pure_low: Floats
    start_mm: Floats

    def project(self, thickness_mm: ArrayLike) -> tuple[Floats, Floats]:
        """Return (A_low, A_high) behind thicknesses of shape (..., 2), exactly through both spectra."""
        rays = np.asarray(thickness_mm, dtype=np.float64)
        flat = rays.reshape(-1, 2)
        low, high = (channel.attenuation(flat).reshape(rays.shape[:-1]) for channel in (self.low, self.high))
        return low, high

    def expand(self, thickness_mm: Floats) -> tuple[tuple[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]:
        """Return attenuation, slopes and variance of both channels for rays of shape (ray, 2)."""
        passed = self.low.passed(thickness_mm)
        low = self.low.summed(*passed)
        return low, self.high.summed(*(passed if self.shares_energies else self.high.passed(thickness_mm)))

    @functools.cached_property
    def shares_energies(self) -> bool:
        """True where both channels have the same energies, as the two layers of one detector do."""
        return np.array_equal(self.low.mu_mm, self.high.mu_mm)


@dataclass(frozen=True)
class Decomposition:
    """Thicknesses in mm and their standard uncertainties, of shape (..., 2), and the state of every ray.

    The errors of the two thicknesses go against each other, so ``covariance_mm2`` is kept, of shape (..., 2, 2). A
    ray that is not decided keeps its best thicknesses, or NaN where there are none.
    """

    thickness_mm: Floats
    uncertainty_mm: Floats
    covariance_mm2: Floats
    state: NDArray[np.uint8]

    @property
    def decided(self) -> NDArray[np.bool_]:
        """True where the thicknesses can be relied on."""
        decided: NDArray[np.bool_] = self.state == DECIDED
        return decided


def limit(name: str) -> float:
    """Return one of Kerma's limits of dual energy."""
    return next(float(row["value"]) for row in table(LIMITS) if row["quantity"] == name)


def calibrate(
    low_beam: Beam, high_beam: Beam, *, basis: tuple[str, str] = BASIS,
    greatest_attenuation: float = GREATEST_ATTENUATION,
) -> Calibration:  # fmt: skip
    """Return the calibration of two beams for two basis materials, the lighter one first.

    Parameters
    ----------
    low_beam, high_beam : beams with their detectors; the first has the lower energies
    basis : two materials that know their density
    greatest_attenuation : the high attenuation up to which rays are inverted

    Raises
    ------
    WrongUsage
        The materials cannot be told apart by these beams, or stand or lie the wrong way round.
    """
    low, high = Channel.of(low_beam, basis), Channel.of(high_beam, basis)
    ratios = (low.mu_mm @ low.signal) / (high.mu_mm @ high.signal)
    if not (ratios[1] > ratios[0] * LEAST_CONTRAST and ratios[1] > LEAST_CONTRAST):
        raise WrongUsage(
            f"{basis[0]} and {basis[1]} cannot be told apart: their ratios of low to high attenuation are "
            f"{ratios[0]:.4g} and {ratios[1]:.4g}; the second must be higher, and the first beam the softer one"
        )
    rows = np.linspace(0.0, 1.0, ROWS) ** 2 * greatest_attenuation
    most = [high.thickness(rows, material) for material in (0, 1)]
    nothing = np.zeros(ROWS)
    pure_low = np.stack([low.attenuation(np.stack(ray, -1)) for ray in ((most[0], nothing), (nothing, most[1]))])
    return Calibration(basis, low, high, greatest_attenuation, pure_low, _start(low, high, rows, most[1], pure_low))


def decompose(
    calibration: Calibration, a_low: ArrayLike, a_high: ArrayLike, *, open_snr: tuple[float, float]
) -> Decomposition:
    """Return the two thicknesses of every ray, with uncertainty, and what cannot be told.

    Parameters
    ----------
    a_low, a_high : log attenuations of one shape; infinite where nothing passed, NaN where there is no value
    open_snr : signal-to-noise ratio per pixel of the open beam, low and high; the quantum noise grows from there
    """
    low, high = np.broadcast_arrays(np.asarray(a_low, np.float64), np.asarray(a_high, np.float64))
    if not (open_snr[0] > 0 and open_snr[1] > 0):
        raise WrongUsage("the signal-to-noise ratios of the open beams must be above 0")
    rays = np.stack([low.ravel(), high.ravel()], axis=-1)
    thickness, share = np.full(rays.shape, np.nan), np.full(rays.shape, np.nan)
    covariance = np.full((len(rays), 2, 2), np.nan)
    usable = np.flatnonzero(np.isfinite(rays).all(axis=1) & (rays[:, 1] <= calibration.greatest_attenuation))
    for part in calibration.low.chunks(usable.size):
        chunk = usable[part]
        thickness[chunk] = _inverted(calibration, rays[chunk])
        covariance[chunk], share[chunk] = _uncertain(calibration, thickness[chunk], open_snr)
    uncertainty = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    state = attenuation_state(rays)
    free = state == DECIDED
    worst = share.max(axis=1)
    state[free & ~(worst <= limit("most_share_uncertainty"))] = TOO_NOISY
    away = (thickness < -limit("outside_sigma") * uncertainty).any(axis=1)
    state[free & (away | ~np.isfinite(worst))] = OUTSIDE
    shape = low.shape
    return Decomposition(
        thickness.reshape(*shape, 2), uncertainty.reshape(*shape, 2), covariance.reshape(*shape, 2, 2),
        state.reshape(shape),
    )  # fmt: skip


def attenuation_state(rays: Floats) -> NDArray[np.uint8]:
    """Return what the attenuations, of shape (ray, 2), forbid by themselves."""
    most = -np.log(limit("least_transmission"))
    state = np.zeros(len(rays), dtype=np.uint8)
    state[(rays < limit("least_attenuation")).any(axis=1)] = TOO_LITTLE
    state[(rays > most).any(axis=1)] = TOO_MUCH
    state[np.isnan(rays).any(axis=1)] = NO_VALUE
    return state


def _start(low: Channel, high: Channel, rows: Floats, most_second_mm: Floats, pure_low: Floats) -> Floats:
    """Return thicknesses over (row of high attenuation, share), found along each curve of one high attenuation."""
    seconds = most_second_mm[:, None] * np.linspace(-0.4, 1.4, COLUMNS)
    rays = np.stack([np.zeros_like(seconds), seconds], -1).reshape(-1, 2)
    rays = high.completed(np.repeat(rows, COLUMNS), rays, 0)
    seen_low = low.attenuation(rays).reshape(ROWS, COLUMNS)
    start = np.zeros((ROWS, COLUMNS, 2))
    for row in range(1, ROWS):
        share = (seen_low[row] - pure_low[0, row]) / (pure_low[1, row] - pure_low[0, row])
        along = rays.reshape(ROWS, COLUMNS, 2)[row]
        for material in (0, 1):
            start[row, :, material] = np.interp(SHARES, np.maximum.accumulate(share), along[:, material])
    return start


def _first_guess(calibration: Calibration, rays: Floats) -> Floats:
    """Return thicknesses from the table, bilinear in the root of the high attenuation and the share."""
    place = np.sqrt(np.clip(rays[:, 1] / calibration.greatest_attenuation, 0.0, 1.0)) * (ROWS - 1)
    row = np.minimum(place.astype(np.int64), ROWS - 2)
    down = (place - row)[:, None]
    lightest, heaviest = (np.interp(place, np.arange(ROWS), curve) for curve in calibration.pure_low)
    share = (rays[:, 0] - lightest) / np.maximum(heaviest - lightest, CONVERGED)
    across = np.clip((share - SHARES[0]) / (SHARES[1] - SHARES[0]), 0.0, COLUMNS - 1.0)
    column = np.minimum(across.astype(np.int64), COLUMNS - 2)
    over = (across - column)[:, None]
    start = calibration.start_mm
    upper = start[row, column] * (1 - over) + start[row, column + 1] * over
    lower = start[row + 1, column] * (1 - over) + start[row + 1, column + 1] * over
    guess: Floats = upper * (1 - down) + lower * down
    return guess


def _inverted(calibration: Calibration, rays: Floats) -> Floats:
    """Return the exact thicknesses by Newton's method in two unknowns, NaN where it finds none."""
    found = _first_guess(calibration, rays)
    open_ = np.arange(len(rays))
    for _ in range(STEPS):
        low, high = calibration.expand(found[open_])
        miss = rays[open_] - np.stack([low[0], high[0]], -1)
        found[open_] += _solved(low[1], high[1], miss)
        lost = open_[~(np.abs(found[open_]).max(axis=1) < FARTHEST_MM)]
        found[lost] = np.nan
        open_ = open_[~(np.abs(miss).max(axis=1) <= CONVERGED) & ~np.isin(open_, lost)]
        if not open_.size:
            break
    found[open_] = np.nan
    return found


def _solved(low: Floats, high: Floats, miss: Floats) -> Floats:
    """Return the step that closes a miss, by Cramer's rule for every ray."""
    determinant = low[:, 0] * high[:, 1] - low[:, 1] * high[:, 0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        first = (miss[:, 0] * high[:, 1] - low[:, 1] * miss[:, 1]) / determinant
        second = (low[:, 0] * miss[:, 1] - miss[:, 0] * high[:, 0]) / determinant
    return np.stack([first, second], axis=-1)


def _uncertain(calibration: Calibration, thickness_mm: Floats, open_snr: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return the covariance in mm², and the uncertainty of each material's share of the high attenuation."""
    seen = calibration.expand(thickness_mm)
    steps = []
    for each, snr, unit in zip(seen, open_snr, np.eye(2), strict=True):
        noise = np.sqrt(each[2]) / snr
        steps.append(_solved(seen[0][1], seen[1][1], noise[:, None] * unit))
    covariance = steps[0][:, :, None] * steps[0][:, None, :] + steps[1][:, :, None] * steps[1][:, None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)) * seen[1][1] / seen[1][0][:, None]
    return covariance, share
