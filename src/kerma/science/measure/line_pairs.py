"""Modulation of a line-pair gauge over its frequencies, and the frequencies where 20 % and 5 % are left."""

from __future__ import annotations

import numpy as np

from kerma.science.imaging.image import Image
from kerma.science.measure import profiles
from kerma.science.measure.duplex_model import Array
from kerma.science.measure.region import Region
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "2"
PERIODS = 2
"""A group is read over so many whole periods (gauges have three or more lines): harmonics and level fall out."""
LEAST_STRENGTH = 8.0
"""The coarsest group's amplitude must be so many standard deviations of noise."""
SEEN = 3.0
LARGEST_RISE = 1.15
"""Modulation falls with frequency; noise may raise it by this factor and no more."""
LEAST_EXPLAINED = 0.6
LEAST_GROUPS = 3
COARSE_GROUPS = 2
STEEPEST, LOSS_ERROR = 4.0, 0.03
"""The logarithm of a blur's modulation goes with the square of frequency (Gaussian), with no more than this power."""
LEAST_OF_STEP = 0.6
"""Even a sine, lines all but blurred away, has pi / 4 of the fundamental that its own height stands for."""


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, frequencies: str | None = None
) -> Measurement | NotMeasurable:
    """Return the modulation at each frequency of a stepped line-pair gauge, and lp/mm at 20 % and 5 %.

    ``frequencies`` in lp/mm, coarsest first, such as 1,1.6,2.5; the groups stand in order along the region, lines
    upright or level. Modulation is the amplitude of the fundamental, relative to that of the coarsest group as if it
    were not blurred (4 / pi of half the step between line and gap).
    """
    inputs: dict[str, Value] = {
        "plane": plane, "region": list(region.as_json()) if region else None, "frequencies": frequencies,
    }  # fmt: skip
    chosen = _chosen(frequencies)
    if chosen is None:
        return _refused("say which frequencies the gauge has in lp/mm, at least two, such as 1,1.6,2.5", inputs)
    if image.spacing.row_mm is None or image.spacing.column_mm is None:
        return _refused("the pixel spacing is not known: give it as spacing_mm", inputs)
    grey = profiles.grey_of(image, plane, region)
    if isinstance(grey, str):
        return _refused(grey, inputs)
    if min(grey.shape) < 8 or np.nanstd(grey) == 0:
        return _refused("the region is too small or of one value: there is no gauge", inputs)
    field, slope, _ = profiles.ways(grey, image.spacing.row_mm, image.spacing.column_mm)[0]
    rows = profiles.extent(field, slope)
    if rows[1] - rows[0] < 3:
        return _refused("lines were not found: there is no line-pair gauge", inputs)
    profile = profiles.profile_across(field, slope, rows)
    return _read(profile, chosen, inputs)


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("line_pairs", VERSION, reason, inputs)


def _chosen(words: str | None) -> list[float] | None:
    try:
        found = sorted({float(word) for word in (words or "").split(",")})
    except ValueError:
        return None
    return found if len(found) > 1 and found[0] > 0 and np.isfinite(found).all() else None


def _read(profile: profiles.Profile, frequencies: list[float], inputs: dict[str, Value]) -> Measurement | NotMeasurable:
    step = max(profile.step_mm / 2, 1 / frequencies[-1] / 40)
    grid = np.arange(profile.position_mm[0], profile.position_mm[-1], step)
    value = np.interp(grid, profile.position_mm, profile.grey)
    value = value - value.mean()
    lengths = [max(4, round(PERIODS / one / step)) for one in frequencies]
    if sum(lengths) > grid.size:
        return _refused("the region is too short for groups of all these frequencies", inputs)
    amplitudes = [_amplitudes(value, grid, one, length) for one, length in zip(frequencies, lengths, strict=True)]
    places = max((_placed(amplitudes, lengths, way) for way in (1, -1)), key=lambda one: one[0])[1]
    read = [
        _fundamental(value, step, frequency, (place, length))
        for frequency, place, length in zip(frequencies, places, lengths, strict=True)
    ]
    found, parts, bent = (np.array(one) for one in zip(*read, strict=True))
    # Blur drowns a fine group's wave in its hump; the coarsest groups are waves all through, an edge is not.
    parts[:COARSE_GROUPS] += bent[:COARSE_GROUPS]
    sample = np.median(profile.pixels) * np.array(lengths) * step / profile.step_mm
    noise = profile.noise * np.sqrt(2 / sample)
    half = _half_step(value, places[0], lengths[0])
    if found[0] < LEAST_STRENGTH * noise[0] or half <= 0:
        return _refused("the coarsest group does not rise above the noise: there is no line-pair gauge", inputs)
    relative, spread = found / (4 / np.pi * half), noise / (4 / np.pi * half)
    if relative[0] < LEAST_OF_STEP:
        return _refused("the coarsest group is no wave of lines and gaps: there is no line-pair gauge", inputs)
    # The fundamental holds 81 % of a square wave's variance and more of a blurred one's; noise holds none.
    is_wave = found**2 / 2 > LEAST_EXPLAINED * (parts - noise**2 * np.array(lengths) / 2)
    is_wave &= found > SEEN * noise
    is_wave[1:] &= relative[1:] <= LARGEST_RISE * relative[:-1] + SEEN * spread[1:]
    is_wave[1:] &= relative[1:] > _steepest(np.array(frequencies), relative) - SEEN * spread[1:]
    seen = int(np.argmin(is_wave)) if not is_wave.all() else len(frequencies)
    if seen < LEAST_GROUPS:
        return _refused("groups that lose modulation one by one were not found: there is no line-pair gauge", inputs)
    frequencies, relative, spread = frequencies[:seen], relative[:seen], spread[:seen]
    rule = {row["quantity"]: float(row["value"]) for row in table("kerma_iqi/line_pairs")}
    values: dict[str, Value] = {
        "frequencies_lp_mm": list(frequencies),
        "modulations_percent": [round(100 * float(one), 3) for one in relative],
        "modulation_uncertainties_percent": [round(100 * float(one), 3) for one in spread],
    }
    uncertainties: dict[str, float] = {}
    for percent in (rule["upper_percent"], rule["lower_percent"]):
        crossing = _crossing(np.array(frequencies), relative, percent / 100)
        values[f"frequency_at_{percent:g}_percent_lp_mm"] = crossing and crossing[0]
        if crossing:
            uncertainties[f"frequency_at_{percent:g}_percent_lp_mm"] = crossing[1] * float(spread.max())
    return Measurement(
        "line_pairs", VERSION, values,
        method="fundamental of each group over two periods, over the coarsest group's step; linear between",
        inputs=inputs, uncertainties=uncertainties, source=Citation.of(table("kerma_iqi/line_pairs")),
        warnings=() if len(uncertainties) > 1 else ("the modulation does not fall through both limits in this gauge",),
    )  # fmt: skip


def _steepest(frequencies: Array, relative: Array) -> Array:
    """Return the least modulation of each group that the one before it allows: blur takes no frequency by surprise."""
    loss = -np.log(np.clip(relative[:-1] - LOSS_ERROR, 1e-3, 1.0 - LOSS_ERROR))
    result: Array = np.exp(-loss * (frequencies[1:] / frequencies[:-1]) ** STEEPEST)
    return result


def _amplitudes(value: Array, grid: Array, frequency: float, length: int) -> Array:
    """Return the amplitude of one frequency in a window of whole periods at each place."""
    from scipy.signal import fftconvolve

    wave = np.exp(-2j * np.pi * frequency * (np.arange(length) - length / 2) * (grid[1] - grid[0]))
    # Whole periods only to within a sample: what is left of the level is taken off.
    wave -= wave.mean()
    found: Array = 2 * np.abs(fftconvolve(value, wave / length, mode="same"))
    # Where an edge and no wave stands, the frequency holds little of the variance: such places count less.
    mean, square = (fftconvolve(one, np.ones(length) / length, mode="same") for one in (value, value**2))
    share = found**2 / 2 / np.maximum(square - mean**2, 1e-12 * float(np.var(value)) + 1e-300)
    found = found * np.minimum(share, 1.0)
    found[: length // 2] = found[found.size - length // 2 :] = 0
    return found


def _fundamental(value: Array, step: float, frequency: float, window: tuple[int, int]) -> tuple[float, float, float]:
    """Return the amplitude of one frequency in a window, its variance without the background, and the background's.

    Blurred lines stand on a hump as wide as their group: the parabola takes it off. Of windows up to half a period
    aside the one that the wave explains best is taken, so that the window does not hang over the group's end.
    """
    place, length = window
    best = (-1.0, 0.0, 0.0, 0.0)
    for offset in np.linspace(-0.5, 0.5, 9) / frequency / step:
        part = _part(value, place + round(offset), length)
        if part.size < length:
            continue
        at = np.linspace(-1, 1, part.size)
        phase = 2 * np.pi * frequency * step * np.arange(part.size)
        design = np.stack([np.cos(phase), np.sin(phase), np.ones_like(at), at, at**2], axis=1)
        solution = np.linalg.lstsq(design, part, rcond=None)[0]
        wave = design[:, :2] @ solution[:2]
        rest = float(((part - design @ solution) ** 2).sum())
        bent = _moved(design, solution)
        explained = float(wave @ wave) / max(float(wave @ wave) + rest + bent, 1e-300)
        variance = (float(((wave - wave.mean()) ** 2).sum()) + rest) / part.size
        best = max(best, (explained, float(np.hypot(*solution[:2])), variance, bent / part.size))
    return best[1:]


def _moved(design: Array, solution: Array) -> float:
    """Return the energy of what the background is bent and tilted by."""
    bent = design[:, 3:] @ solution[3:]
    return float(((bent - bent.mean()) ** 2).sum())


def _placed(amplitudes: list[Array], lengths: list[int], way: int) -> tuple[float, list[int]]:
    """Return the places, in order along the region, where the amplitudes together are largest."""
    count = amplitudes[0].size
    total = np.zeros(count)
    before: list[Array] = []
    for number, amplitude in enumerate(amplitudes):
        gained = np.zeros(count)
        origin = np.zeros(count)
        if number:
            lag = (lengths[number] + lengths[number - 1]) // 2
            peak = np.maximum.accumulate(total)
            place = np.maximum.accumulate(np.where(total == peak, np.arange(count), 0))
            gained = np.full(count, -np.inf)
            gained[lag:] = peak[: count - lag]
            origin[lag:] = place[: count - lag]
        total = amplitude[::way] + gained
        before.append(origin)
    at = int(np.argmax(total))
    best = float(total[at])
    places = []
    for origin in reversed(before):
        places.append(at if way == 1 else count - 1 - at)
        at = int(origin[at])
    return best, places[::-1]


def _part(value: Array, place: int, length: int) -> Array:
    return value[max(0, place - length // 2) : place + length // 2 + 1]


def _half_step(value: Array, place: int, length: int) -> float:
    """Return half the step between the lines and gaps of the coarsest group, at their middles."""
    part = _part(value, place, length)
    low, high = np.percentile(part, (4, 96))
    return float(high - low) / 2


def _crossing(frequencies: Array, modulation: Array, level: float) -> tuple[float, float] | None:
    """Return where the modulation first falls to a level, and by how much that moves per unit of modulation."""
    below = np.flatnonzero(modulation < level)
    if below.size == 0 or below[0] == 0:
        return None
    last, first = int(below[0]) - 1, int(below[0])
    slope = (frequencies[first] - frequencies[last]) / (modulation[first] - modulation[last])
    return float(frequencies[last] + (level - modulation[last]) * slope), abs(float(slope))
