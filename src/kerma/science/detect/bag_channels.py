"""What the bag detector sees of a picture: how much attenuates, its detail, and which kind of material it is.

Raw dual energy, a vendor's pseudo-colours and plain grey all give the same five channels: attenuation from both
energies, from brightness or from grey; material from the ratio of both energies or from hue, and none from grey. The
same function makes the channels in training and at work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect.learned_input import LINEAR_MEANINGS, Band, Grey, banded
from kerma.science.imaging.image import Image

BANDS = (Band(0.7, 2.5, 32, 1), Band(2.0, 8.0, 64, 1))
"""Fine detail and outlines, in pixels of the picture as the network sees it."""
CHANNELS = 3 + len(BANDS)
"""Attenuation, the bands, and two of material."""
HIGHEST = 3.5
FLOOR = 0.012
"""Detail below this share of what attenuates most is taken for noise: open air is to look empty."""
SOLID_QUANTILE, MOST_SHARE = 0.98, 1.3
CONTENT_SHARE = 0.04
"""What attenuates less than this share of the most is open air."""
BORDER_SHARE = 0.03
OPEN_QUANTILE = 0.995
FAINTEST = 1e-4
RATIO_HIGH_FROM, RATIO_HIGH_TO = 0.12, 1.6
"""High-energy attenuations between which the lowest ratio of a picture is looked for."""
ORGANIC_QUANTILE, ORGANIC_RATIO = 0.15, 1.17
METAL_RATIO = 2.0
"""Ratios of the low to the high attenuation: polyethylene and clothes 1.15 to 1.2, aluminium 1.6 to 1.9, iron above."""
SURE_FROM = 0.10
"""High-energy attenuation from which the ratio says something."""
HUES_DEG = (0.0, 22.0, 45.0, 65.0, 100.0, 150.0, 195.0, 225.0, 260.0)
KINDS = (0.0, 0.0, 0.05, 0.22, 0.45, 0.55, 0.8, 1.0, 1.0)
"""From hue to kind, 0 organic (orange) over inorganic (green) to 1 metal (blue)."""
LAST_HUE_DEG, FIRST_HUE_DEG = 285.0, 330.0
"""Hues between these (magenta) are marks of the screen, no material."""
PUREST = 0.45
DARKEST = 0.22


@dataclass(frozen=True)
class Reading:
    """What a picture says, each (row, column): ``attenuation`` from 0, and kind 0 to 1 with how sure it is, 0 to 1."""

    attenuation: Grey
    kind: Grey
    sure: Grey


def reading_of(image: Image, *, plane: int = 0) -> Reading:
    """Return what an image says: of both energies where it has them, else of its colours, else of one grey plane."""
    if image.is_colour:
        return from_colours(image.pixels[plane])
    names = [str(name).lower() for name in image.plane_labels]
    if "low" in names and "high" in names:
        return from_energies(image.pixels[names.index("low")], image.pixels[names.index("high")])
    stored = image.pixels[plane].astype(np.float32)
    is_linear = image.meaning in LINEAR_MEANINGS
    return from_grey(stored, rises_with_dose=image.rises_with_dose, is_linear=is_linear)


def from_energies(low: NDArray[Any], high: NDArray[Any]) -> Reading:
    """Return what stored values of low and high energy say; both rise with dose, open beam somewhere in the picture."""
    import cv2

    thickness = []
    for plane in (low, high):
        values = plane.astype(np.float32)
        open_beam = max(float(np.quantile(values[::2, ::2], OPEN_QUANTILE)), 1e-6)
        thickness.append(-np.log(np.maximum(values / open_beam, FAINTEST)))
    smooth_low, smooth_high = (cv2.blur(each, (3, 3)) for each in thickness)
    ratio = smooth_low / np.maximum(smooth_high, 0.02)
    inner = ratio[(smooth_high > RATIO_HIGH_FROM) & (smooth_high < RATIO_HIGH_TO)]
    least = float(np.quantile(inner, ORGANIC_QUANTILE)) if inner.size > 50 else ORGANIC_RATIO
    # The scanner's own spectra are unknown: what is lightest in a bag is taken for organic.
    share = (ratio / max(least, 0.5) - 1.0) / (METAL_RATIO / ORGANIC_RATIO - 1.0)
    kind = np.clip(share, 0.0, 1.0).astype(np.float32)
    sure = np.clip(smooth_high / SURE_FROM, 0.0, 1.0).astype(np.float32)
    return Reading(np.maximum(thickness[1], 0.0).astype(np.float32), kind, sure)


def from_colours(colours: NDArray[Any]) -> Reading:
    """Return what a pseudo-coloured picture (row, column, 3) of 8 or 16 bits says."""
    import cv2

    largest = float(np.iinfo(colours.dtype).max) if np.issubdtype(colours.dtype, np.integer) else 1.0
    share = colours[..., :3].astype(np.float32) / np.float32(largest)
    bright = share.mean(axis=2)
    parts: Grey = np.asarray(cv2.cvtColor(cv2.blur(share, (3, 3)), cv2.COLOR_RGB2HSV), dtype=np.float32)
    hue, pure, value = parts[..., 0], parts[..., 1], parts[..., 2]
    kind: Grey = np.interp(hue, HUES_DEG, KINDS).astype(np.float32)
    kind = np.where(hue >= FIRST_HUE_DEG, np.float32(0.0), kind)
    is_mark = (hue > LAST_HUE_DEG) & (hue < FIRST_HUE_DEG)
    known: Grey = (np.clip(pure / PUREST, 0.0, 1.0) * np.clip(value / DARKEST, 0.0, 1.0)).astype(np.float32)
    sure: Grey = np.where(is_mark, np.float32(0.0), known)
    return Reading(_from_open(bright, rises_with_dose=None), kind, sure)


def from_grey(grey: Grey, *, rises_with_dose: bool | None, is_linear: bool) -> Reading:
    """Return what one grey plane says: attenuation alone, nothing of the material."""
    nothing = np.zeros_like(grey, dtype=np.float32)
    if is_linear and rises_with_dose:
        open_beam = max(float(np.quantile(grey[::2, ::2], OPEN_QUANTILE)), 1e-6)
        values = -np.log(np.maximum(grey / np.float32(open_beam), FAINTEST))
        return Reading(np.maximum(values, 0.0).astype(np.float32), nothing, nothing)
    return Reading(_from_open(grey, rises_with_dose=rises_with_dose), nothing, nothing)


def _from_open(grey: Grey, *, rises_with_dose: bool | None) -> Grey:
    """Return how far values are from those of the open beam; where nobody says, the border of the picture is open."""
    rows, columns = grey.shape
    deep, wide = max(1, int(rows * BORDER_SHARE)), max(1, int(columns * BORDER_SHARE))
    sides = (grey[:deep], grey[-deep:], grey[:, :wide], grey[:, -wide:])
    border = np.concatenate([side.ravel() for side in sides])
    low, high = float(grey.min()), float(grey.max())
    middle = float(np.median(border))
    rises = middle > 0.5 * (low + high) if rises_with_dose is None else rises_with_dose
    few, many = (float(value) for value in np.quantile(grey[::2, ::2], (0.1, 0.9)))
    thick = (max(middle, many) - grey) if rises else (grey - min(middle, few))
    found: Grey = (np.maximum(thick, 0.0) / max(high - low, 1e-12)).astype(np.float32)
    return found


def most_of(attenuation: Grey) -> float:
    """Return what the solid parts of a picture attenuate: it stands for 1."""
    top = float(attenuation.max(initial=0.0))
    content = attenuation[attenuation > CONTENT_SHARE * top]
    return float(np.quantile(content, SOLID_QUANTILE)) if content.size else 0.0


def extent_px(attenuation: Grey) -> float:
    """Return the longer side of what lies in the picture, in pixels.

    Raises
    ------
    WrongUsage
        Nothing in the picture attenuates.
    """
    rows, columns = (_reach(attenuation, axis) for axis in (1, 0))
    if rows is None or columns is None:
        raise WrongUsage("nothing attenuates in this picture: there is no bag in it")
    return max(rows[1] - rows[0], columns[1] - columns[0])


def content_rows(reading: Reading) -> tuple[float, float]:
    """Return the first row of what lies in a picture and the one behind the last; all rows where nothing does."""
    return _reach(reading.attenuation, 1) or (0.0, float(reading.attenuation.shape[0]))


def _reach(attenuation: Grey, axis: int) -> tuple[float, float] | None:
    """Return from where to where something lies along rows (1) or columns (0); None where nothing does."""
    most = most_of(attenuation)
    solid = attenuation > max(CONTENT_SHARE * most, 1e-9)
    found = np.flatnonzero(solid.mean(axis=axis) > 0.02)
    return (float(found[0]), float(found[-1] + 1)) if most > 0 and found.size else None


def shrunk(reading: Reading, scale: float) -> Reading:
    """Return a reading of another size."""
    import cv2

    rows, columns = reading.attenuation.shape
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    parts = (reading.attenuation, reading.kind, reading.sure)
    return Reading(*(cv2.resize(each, size, interpolation=how) for each in parts))


def channels_of(reading: Reading, *, most: float | None = None) -> Grey:
    """Return the channels (channel, row, column), each within ±3.5: attenuation, two bands, and material.

    Material is a direction: organic (2, 0), inorganic (0, 2), metal (-2, 0), and (0, 0) where nothing is known.
    ``most`` is what the solid parts attenuate, where the picture is part of a larger one.
    """
    solid = max(most_of(reading.attenuation) if most is None else most, 1e-9)
    share = np.clip(reading.attenuation / np.float32(solid), 0.0, MOST_SHARE).astype(np.float32)
    bands = [banded(share, None, band, FLOOR) for band in BANDS]
    turn = np.float32(np.pi) * reading.kind
    material = (2.0 * reading.sure * np.cos(turn), 2.0 * reading.sure * np.sin(turn))
    found: Grey = np.stack([share * np.float32(HIGHEST / MOST_SHARE), *bands, *material]).astype(np.float32)
    return found
