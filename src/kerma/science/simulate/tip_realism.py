"""How real a projected threat looks: five parts from 0 to 1, and their geometric mean.

- *physics*: what came through against what must, channel by channel, in units of the noise
- *noise*: fine noise inside the threat against what the number of photons asks for
- *edges*: how sharp the inserted edges are against the sharpest of the bag itself
- *opacity*: how much of the threat can be seen through at all
- *placement*: inside the bag, and not through dense things

The picture alone is judged, so a threat that someone else has put in can be judged as well, such as one multiplied in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.dual_energy import limit
from kerma.science.simulate.threat_placement import Fit, setting
from kerma.science.simulate.threat_projection import Scan, Scanner, ThreatMap, effect, window_of

Field = NDArray[np.float64]
SMOOTHED_PX, BLOCK_PX, MARGIN_PX = 3, 5, 12
CALIBRATED = 0.01
"""How well a scanner is taken to be calibrated: a misfit of 1 % costs nothing."""
SHARPEST_PERCENT = 90.0
REACH_PX = 4
LEAST_PIXELS = 25
RIDGE = 0.98
LEAST_STEP = 0.25
"""An edge lower than this in attenuation tells nothing of sharpness."""


@dataclass(frozen=True)
class Realism:
    """The five parts and their geometric mean ``score``; ``bias_sigma`` is the misfit of the physics in noise units."""

    physics: float
    noise: float
    edges: float
    opacity: float
    placement: float
    bias_sigma: float

    @property
    def score(self) -> float:
        """The geometric mean: one part at 0 makes it 0."""
        parts = (self.physics, self.noise, self.edges, self.opacity, self.placement)
        return float(math.prod(parts) ** (1.0 / len(parts)))

    def as_json(self) -> dict[str, float]:
        """Return the parts and the score, rounded."""
        parts = ("score", "physics", "noise", "edges", "opacity", "placement", "bias_sigma")
        return {name: round(getattr(self, name), 4) for name in parts}


def realism_of(bag: Scan, fused: Scan, threat: ThreatMap, scanner: Scanner, fit: Fit) -> Realism:
    """Return how real a threat looks in a picture of a bag.

    Parameters
    ----------
    bag, fused : the picture before and after
    threat : on the grid of the bag
    fit : how it lies there (:func:`kerma.science.simulate.threat_placement.fit_of`)

    Raises
    ------
    WrongUsage
        The threat covers too few pixels to be judged.
    """
    core = _core(threat)
    if np.count_nonzero(core) < LEAST_PIXELS:
        raise WrongUsage(f"a threat of fewer than {LEAST_PIXELS} pixels cannot be judged")
    window = window_of(threat.outline, MARGIN_PX)
    before, after = (Scan(each.low[window], each.high[window]) for each in (bag, fused))
    maps = {name: values[window] for name, values in threat.thickness_mm.items()}
    own = ThreatMap(maps, threat.pixel_mm, threat.blur_px)
    bias, ratio = _residuals(before, after, own, scanner, core[window])
    sharp = _sharpness(bag, fused, threat)
    opaque = fused.high[core] < limit("least_transmission")
    through = math.exp(-2.0 * max(0.0, fit.dense - setting("most_dense_share")))
    return Realism(
        math.exp(-max(0.0, bias - 1.0)), math.exp(-abs(math.log(max(ratio, 1e-6)))), sharp,
        1.0 - float(opaque.mean()), (1.0 - fit.outside) * through, bias,
    )  # fmt: skip


def _core(threat: ThreatMap) -> NDArray[np.bool_]:
    """Return the threat without its rim, where blur mixes it with the bag."""
    from scipy.ndimage import binary_erosion

    core: NDArray[np.bool_] = binary_erosion(threat.outline, iterations=2)
    return core if np.count_nonzero(core) >= LEAST_PIXELS else threat.outline


def _residuals(
    bag: Scan, fused: Scan, threat: ThreatMap, scanner: Scanner, core: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the misfit of smoothed attenuations in their noise, and the noise found over the noise there must be."""
    from scipy.ndimage import uniform_filter

    shares, missing = effect(bag, threat, scanner, side=SMOOTHED_PX)
    there = _variance(bag, scanner)
    biases, ratios = [], []
    pairs = ((bag.low * shares[0], fused.low), (bag.high * shares[1], fused.high))
    for channel, (must, seen) in enumerate(pairs):
        judged = core & (must > limit("least_transmission"))
        if np.count_nonzero(judged) < LEAST_PIXELS:
            continue
        difference = np.where(judged, np.log(np.maximum(seen, 1e-9) / np.maximum(must, 1e-9)), 0.0)
        share = np.maximum(uniform_filter(judged.astype(np.float64), BLOCK_PX), 1e-9)
        mean = uniform_filter(difference, BLOCK_PX) / share
        whole = there[channel][judged] + missing[channel][judged]
        biases.append(float(np.sqrt(np.mean(mean[judged] ** 2 / (whole + CALIBRATED**2)))))
        fine = (difference - mean)[judged]
        found = there[channel][judged] + fine**2
        ratios.append(float(np.sqrt(np.mean(found / whole))))
    return (max(biases), float(np.prod(ratios) ** (1.0 / len(ratios)))) if biases else (0.0, 1.0)


def _variance(bag: Scan, scanner: Scanner) -> tuple[Field, Field]:
    """Return about the relative variance of both channels of the bag: that of as many photons as came through."""
    low, high = (
        1.0 / (np.maximum(plane, 1e-6) * snr**2)
        for plane, snr in zip((bag.low, bag.high), scanner.open_snr, strict=True)
    )
    return low, high


def _sharpness(bag: Scan, fused: Scan, threat: ThreatMap) -> float:
    """Return how well the widths of the inserted and of the bag's own edges agree; 1 where there is nothing to tell."""
    inserted = -np.log(np.maximum(fused.high, 1e-6) / np.maximum(bag.high, 1e-6))
    near = np.zeros(bag.high.shape, dtype=bool)
    rows, columns = (np.flatnonzero(threat.outline.any(axis=axis)) for axis in (1, 0))
    near[
        max(0, rows[0] - REACH_PX) : rows[-1] + REACH_PX + 1, max(0, columns[0] - REACH_PX) : columns[-1] + REACH_PX + 1
    ] = True  # fmt: skip
    widths = edge_width(inserted, near), edge_width(bag.attenuations()[1], np.ones_like(near))
    if not all(np.isfinite(widths)):
        return 1.0
    ratio = widths[0] / widths[1]
    low, high = setting("sharpness_low"), setting("sharpness_high")
    return float(min(1.0, ratio / low, high / ratio))


def edge_width(a: Field, where: NDArray[np.bool_]) -> float:
    """Return the width in pixels (standard deviation) of the sharpest edges of a picture; NaN without edges."""
    from scipy.ndimage import maximum_filter, minimum_filter

    slope = np.hypot(*np.gradient(a))
    step = maximum_filter(a, 2 * REACH_PX + 1) - minimum_filter(a, 2 * REACH_PX + 1)
    edges = where & (step > LEAST_STEP) & (slope >= RIDGE * maximum_filter(slope, 3))
    if np.count_nonzero(edges) < LEAST_PIXELS:
        return float("nan")
    steepness = slope[edges] / step[edges]
    return float(1.0 / (np.percentile(steepness, SHARPEST_PERCENT) * math.sqrt(2.0 * math.pi)))
