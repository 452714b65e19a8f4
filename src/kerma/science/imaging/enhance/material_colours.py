"""The colours of security screening: hue from the effective atomic number, brightness from how much gets through.

Organic is orange, mixed and light metal green, metal blue; what hardly lets anything through is black. Hues change
smoothly round the borders of the classes, so that a number a little over a border does not jump at the eye. What cannot
be told is grey.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import WrongUsage

Floats = NDArray[np.float32]
Nodes = tuple[tuple[float, tuple[int, int, int]], ...]
SCREENING: Nodes = (
    (5.0, (255, 150, 40)), (8.5, (255, 128, 0)), (10.0, (214, 150, 10)), (11.5, (70, 170, 50)), (15.0, (20, 150, 70)),
    (18.0, (20, 120, 140)), (21.0, (30, 70, 210)), (34.0, (20, 40, 190)),
)  # fmt: skip
SIX: Nodes = (
    (6.3, (255, 96, 40)), (6.7, (255, 140, 0)), (8.1, (255, 140, 0)), (8.5, (205, 170, 0)), (10.2, (205, 170, 0)),
    (10.8, (60, 170, 40)), (14.0, (60, 170, 40)), (15.0, (0, 150, 150)), (19.0, (0, 150, 150)), (21.0, (40, 80, 225)),
    (26.5, (40, 80, 225)), (28.5, (110, 50, 200)),
)  # fmt: skip
"""Six kinds told apart: light and heavier organic, the way to inorganic, light metal, mixed, metal, heavy metal."""
COLOUR_BLIND: Nodes = (
    (5.0, (245, 170, 20)), (8.5, (235, 150, 0)), (10.0, (225, 150, 60)), (11.5, (205, 110, 175)),
    (15.0, (195, 90, 170)), (18.0, (120, 90, 190)), (21.0, (0, 95, 200)), (34.0, (0, 75, 180)),
)  # fmt: skip
"""Amber, purple, blue: kinds that stay apart for eyes that do not tell red from green."""
PALETTES: dict[str, Nodes] = {"screening": SCREENING, "six": SIX, "colour-blind": COLOUR_BLIND}
UNDECIDED = (110, 110, 110)
WANTED = (230, 0, 140)
"""The colour of what was asked for by its number."""
BLACK_AT = 4.6
"""High-energy attenuation from which a pixel is black: 1 % gets through."""
TONE = 0.55
"""Exponent of the brightness: thin layers are drawn out."""
MIDDLE = 0.42
"""Darkness at which a colour is its purest; below it goes to white, above to black."""


def hues(number: Floats, palette: str) -> Floats:
    """Return the colours 0 to 1 of half-transparent materials by their number, shape (row, column, 3)."""
    nodes = PALETTES[palette]
    at = [each for each, _ in nodes]
    parts = [np.interp(number, at, [colour[part] for _, colour in nodes]) for part in range(3)]
    return (np.stack(parts, axis=-1) / 255.0).astype(np.float32)


def grey() -> Floats:
    """Return the colour 0 to 1 of what cannot be told."""
    return (np.array(UNDECIDED) / 255.0).astype(np.float32)


def toned(attenuation: Floats, hue: Floats, black_at: float = BLACK_AT) -> Floats:
    """Return colours 0 to 1: a hue made paler where much gets through, darker where little does, black at last."""
    depth = np.clip(attenuation / np.float32(black_at), 0.0, 1.0).astype(np.float32)
    dark = depth ** np.float32(TONE)
    light = np.clip(dark / np.float32(MIDDLE), 0.0, 1.0)[..., None]
    deep = np.clip((dark - np.float32(MIDDLE)) / np.float32(1.0 - MIDDLE), 0.0, 1.0)[..., None]
    one = np.float32(1.0)
    found: Floats = ((one - light) + hue * light) * (one - deep)
    return found


def pseudo_colour(attenuation: ArrayLike, number: ArrayLike) -> NDArray[np.uint8]:
    """Return the picture in colour, shape (row, column, 3), 8 bit.

    Parameters
    ----------
    attenuation : -ln of the transmission of the high energy, shape (row, column); infinite where nothing passes
    number : effective atomic number, 0 or NaN where it cannot be told

    Raises
    ------
    WrongUsage
        The two are not of one shape.
    """
    seen, z = np.asarray(attenuation, dtype=np.float32), np.nan_to_num(np.asarray(number, dtype=np.float32))
    if seen.shape != z.shape or seen.ndim != 2:
        raise WrongUsage(f"attenuation {seen.shape} and number {z.shape} must be two pictures of one shape")
    hue = np.where((z > 0)[..., None], hues(z, "screening"), grey())
    colour = toned(np.nan_to_num(seen, nan=0.0, posinf=BLACK_AT), hue)
    shown: NDArray[np.uint8] = np.rint(255.0 * colour).astype(np.uint8)
    return shown
