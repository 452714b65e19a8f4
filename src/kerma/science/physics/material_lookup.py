"""Effective atomic number of a ray from its two attenuations, by curves calibrated for the elements.

The ratio of low to high attenuation falls with thickness, so a ratio alone says nothing: 5 cm of aluminium and 2 cm
of iron have the same. For every element the curve of low over high attenuation is computed through both beams; a
ray's number is read between the two curves it lies between. Beyond the calibrated elements nothing is made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.dual_energy import (
    DECIDED,
    GREATEST_ATTENUATION,
    OUTSIDE,
    TOO_NOISY,
    attenuation_state,
    limit,
)
from kerma.science.physics.materials import symbols
from kerma.science.physics.spectral_channel import Beam, Channel, Floats
from kerma.standards import table

CLASSES = "kerma_dual_energy/classes"
NODES = 240
UNDECIDABLE = "undecidable"


@dataclass(frozen=True)
class Lookup:
    """Low attenuation, and the noise of both, over (element, node of high attenuation), for elements by number."""

    numbers: NDArray[np.int64]
    nodes_high: Floats
    low: Floats
    variance_low: Floats
    variance_high: Floats


@dataclass(frozen=True)
class Numbers:
    """Effective atomic number, its standard uncertainty (NaN where there is none), and the state of every ray."""

    number: Floats
    uncertainty: Floats
    state: NDArray[np.uint8]

    @property
    def decided(self) -> NDArray[np.bool_]:
        """True where the number can be relied on."""
        decided: NDArray[np.bool_] = self.state == DECIDED
        return decided

    def classes(self) -> NDArray[np.str_]:
        """Return organic, mixed or metal by the table of classes, *undecidable* where no number can be told."""
        rows = table(CLASSES).rows
        ends = np.array([float(row["up_to_number"] or "inf") for row in rows])
        names = np.array([row["class"] for row in rows] + [UNDECIDABLE])
        place = np.searchsorted(ends, np.where(self.decided, self.number, np.inf), side="left")
        named: NDArray[np.str_] = names[np.where(self.decided, place, len(rows))]
        return named


def calibrate_lookup(low_beam: Beam, high_beam: Beam) -> Lookup:
    """Return the curves of the elements between the two numbers of the table of limits.

    Raises
    ------
    WrongUsage
        The curves cross: the beams do not separate the elements.
    """
    numbers = np.arange(int(limit("lowest_number")), int(limit("highest_number")) + 1)
    nodes = np.linspace(0.0, 1.0, NODES) ** 2 * GREATEST_ATTENUATION
    curves = [_curve(low_beam, high_beam, symbols()[number - 1], nodes) for number in numbers]
    low, variance_low, variance_high = (np.stack(part) for part in zip(*curves, strict=True))
    if (np.diff(low[:, 1:], axis=0) <= 0).any():
        raise WrongUsage("the two beams do not tell the elements apart: their curves cross; the first must be softer")
    return Lookup(numbers, nodes, low, variance_low, variance_high)


def effective_numbers(lookup: Lookup, a_low: ArrayLike, a_high: ArrayLike, *, open_snr: tuple[float, float]) -> Numbers:
    """Return the effective atomic number of every ray, with uncertainty and what cannot be told.

    Parameters
    ----------
    a_low, a_high : log attenuations of one shape; infinite where nothing passed, NaN where there is no value
    open_snr : signal-to-noise ratio per pixel of the open beam, low and high
    """
    low, high = np.broadcast_arrays(np.asarray(a_low, np.float64), np.asarray(a_high, np.float64))
    rays = np.stack([low.ravel(), high.ravel()], axis=-1)
    state = attenuation_state(rays)
    usable = np.isfinite(rays).all(axis=1) & (rays[:, 1] > 0) & (rays[:, 1] <= GREATEST_ATTENUATION)
    number, uncertainty = np.full(len(rays), np.nan), np.full(len(rays), np.nan)
    number[usable], uncertainty[usable] = _read(lookup, rays[usable], open_snr)
    free = state == DECIDED
    state[free & ~(uncertainty <= limit("most_number_uncertainty"))] = TOO_NOISY
    state[free & np.isnan(number)] = OUTSIDE
    return Numbers(number.reshape(low.shape), uncertainty.reshape(low.shape), state.reshape(low.shape))


def mistaken_for(
    lookup: Lookup, low_beam: Beam, high_beam: Beam, material: str, attenuations_high: Sequence[float]
) -> Floats:
    """Return the number a material would be given at each high attenuation, NaN where it lies outside the curves.

    A material with an absorption edge inside the beam, such as lead, lies on curves of quite other elements: the
    two attenuations are the same, and no method can tell them apart.
    """
    nodes = np.asarray(attenuations_high, dtype=np.float64)
    low, _, _ = _curve(low_beam, high_beam, material, nodes)
    number, _ = _read(lookup, np.stack([low, nodes], axis=-1), (1.0, 1.0))
    return number


def _curve(low_beam: Beam, high_beam: Beam, material: str, nodes: Floats) -> tuple[Floats, Floats, Floats]:
    low, high = Channel.of(low_beam, (material,)), Channel.of(high_beam, (material,))
    thickness = high.thickness(nodes, 0)[:, None]
    seen_low, _, variance_low = low.expand(thickness)
    return seen_low, variance_low, high.expand(thickness)[2]


def _read(lookup: Lookup, rays: Floats, open_snr: tuple[float, float]) -> tuple[Floats, Floats]:
    """Interpolate between the curves on both sides of each ray; outside all of them there is no number."""
    node = np.sqrt(rays[:, 1] / GREATEST_ATTENUATION) * (NODES - 1)
    left = np.clip(node.astype(np.int64), 0, NODES - 2)
    part = node - left
    number = np.full(len(rays), np.nan)
    per_low, slope, noise = (np.full(len(rays), np.nan) for _ in range(3))
    step_high = np.diff(lookup.nodes_high)[left]

    def at(curves: Floats) -> Floats:
        value: Floats = curves[left] * (1 - part) + curves[left + 1] * part
        return value

    below = at(lookup.low[0])
    for index in range(1, len(lookup.numbers)):
        above = at(lookup.low[index])
        here = (rays[:, 0] >= below) & (rays[:, 0] <= above)
        gap = (above - below)[here]
        number[here] = lookup.numbers[index - 1] + (rays[here, 0] - below[here]) / gap
        per_low[here] = 1.0 / gap
        slope[here] = ((lookup.low[index][left + 1] - lookup.low[index][left]) / step_high)[here]
        noise[here] = np.hypot(
            np.sqrt(at(lookup.variance_low[index])[here]) / open_snr[0],
            slope[here] * np.sqrt(at(lookup.variance_high[index])[here]) / open_snr[1],
        )
        below = above
    return number, per_low * noise
