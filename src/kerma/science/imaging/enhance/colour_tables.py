"""The colour tables of the workstation: 256 colours each, from the lowest value shown to the highest.

Ordered tables rise in lightness (CIE L*) from end to end, so that brighter always means more. A signed table is palest
or darkest in its middle, where nothing changed. Bands cut the grey scale into three or six kinds, as consoles of
security do; inside a band the lightness still rises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.uint8]
Floats = NDArray[np.float64]
Kind = Literal["ordered", "signed", "bands"]
SIZE = 256
WHITE = (0.95047, 1.0, 1.08883)
"""CIE XYZ of the white of sRGB (D65)."""
_TO_XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
"""Linear sRGB to CIE XYZ (IEC 61966-2-1)."""
_KNEE = 6.0 / 29.0
# Every eighth colour of viridis, by S. van der Walt, N. Smith and E. Firing (matplotlib), public domain (CC0).
_VIRIDIS = (
    "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d "
    "2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f988b 1fa088 22a785 28ae80 32b67a "
    "3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 d8e219 ece51b fde725"
)  # fmt: skip


@dataclass(frozen=True)
class ColourTable:
    """A colour table: its name, its label, what it is good for, and what makes it."""

    name: str
    label: str
    purpose: str
    kind: Kind
    make: Callable[[], Table]


def lab_of(colours: Table) -> Floats:
    """Return CIE L*, a*, b* of 8-bit sRGB colours of shape (colour, 3)."""
    share = np.asarray(colours, dtype=np.float64) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    relative = linear @ _TO_XYZ.T / np.array(WHITE)
    root = np.where(relative > _KNEE**3, np.cbrt(relative), relative / (3.0 * _KNEE**2) + 4.0 / 29.0)
    x, y, z = root.T
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def _linear_of(lab: Floats) -> Floats:
    """Return linear sRGB of CIE L*, a*, b*; outside 0 to 1 there is no such colour on a screen."""
    y = (lab[:, 0] + 16.0) / 116.0
    root = np.stack([y + lab[:, 1] / 500.0, y, y - lab[:, 2] / 200.0], axis=-1)
    relative = np.where(root > _KNEE, root**3, 3.0 * _KNEE**2 * (root - 4.0 / 29.0))
    found: Floats = relative * np.array(WHITE) @ np.linalg.inv(_TO_XYZ).T
    return found


def _screen(linear: Floats) -> Table:
    kept = np.clip(linear, 0.0, 1.0)
    share = np.where(kept <= 0.0031308, 12.92 * kept, 1.055 * kept ** (1.0 / 2.4) - 0.055)
    return np.rint(255.0 * share).astype(np.uint8)


def _through(*nodes: tuple[float, float, float, float]) -> Table:
    """Return colours between nodes of (place 0 to 1, L*, chroma, hue in degrees), straight in each.

    Where a screen has no colour of so much chroma, it gets the most there is of that lightness and hue.
    """
    at = np.linspace(0.0, 1.0, SIZE)
    places = [node[0] for node in nodes]
    light, chroma, hue = (np.interp(at, places, [node[part] for node in nodes]) for part in (1, 2, 3))
    low, high = np.zeros(SIZE), np.ones(SIZE)
    for _ in range(20):
        share = (low + high) / 2
        linear = _linear_of(_polar(light, share * chroma, hue))
        fits = ((linear >= -1e-6) & (linear <= 1.0 + 1e-6)).all(axis=1)
        low, high = np.where(fits, share, low), np.where(fits, high, share)
    whole = _linear_of(_polar(light, chroma, hue))
    fits = ((whole >= -1e-6) & (whole <= 1.0 + 1e-6)).all(axis=1)
    return _screen(_linear_of(_polar(light, np.where(fits, 1.0, low) * chroma, hue)))


def _polar(light: Floats, chroma: Floats, hue: Floats) -> Floats:
    angle = np.deg2rad(hue)
    return np.stack([light, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)


def _hot_iron() -> Table:
    """Return black, red, yellow, white: each gun opens after the other."""
    level = np.arange(SIZE)
    guns = [np.clip(part, 0, 255) for part in (2 * level, 2 * level - 255, 4 * level - 765)]
    made: Table = np.stack(guns, axis=-1).astype(np.uint8)
    return made


def _viridis() -> Table:
    nodes = np.array([[int(word[part : part + 2], 16) for part in (0, 2, 4)] for word in _VIRIDIS.split()])
    places = np.append(np.arange(0, SIZE, 8), SIZE - 1)
    parts = [np.interp(np.arange(SIZE), places, nodes[:, part]) for part in range(3)]
    made: Table = np.rint(np.stack(parts, axis=-1)).astype(np.uint8)
    return made


def _bands(*bands: tuple[float, float, float, float]) -> Table:
    """Return bands of one hue each: (L* at the dark and at the bright end, chroma, hue in degrees)."""
    edges = np.linspace(0, SIZE, len(bands) + 1).round().astype(int)
    made = [
        _through((0.0, dark, chroma, hue), (1.0, bright, chroma, hue))[
            np.linspace(0, SIZE - 1, edges[number + 1] - edges[number]).round().astype(int)
        ]
        for number, (dark, bright, chroma, hue) in enumerate(bands)
    ]
    return np.concatenate(made)


TABLES = (
    ColourTable("hot-iron", "Hot iron", "black, red, yellow, white: the old table of hot metal", "ordered", _hot_iron),
    ColourTable(
        "heat", "Heat", "black, red, amber, white in even steps of lightness", "ordered",
        lambda: _through((0, 2, 10, 20), (0.35, 36, 75, 33), (0.7, 71, 80, 75), (1, 99, 6, 100)),
    ),
    ColourTable(
        "viridis", "Viridis", "violet, green, yellow: even steps, safe for colour-blind eyes", "ordered", _viridis,
    ),
    ColourTable(
        "blue-orange", "Blue to orange", "dark blue over grey to pale orange: dense and thin stand apart",
        "ordered",
        lambda: _through((0, 6, 40, 280), (0.42, 46, 30, 262), (0.5, 53, 0, 262), (0.5001, 53, 0, 62),
                         (0.62, 65, 45, 62), (0.85, 85, 50, 72), (1, 97, 12, 85)),
    ),
    ColourTable(
        "ice", "Ice", "black, blue, white: gentle on eyes used to the dark", "ordered",
        lambda: _through((0, 2, 8, 275), (0.5, 50, 40, 262), (1, 99, 4, 230)),
    ),
    ColourTable(
        "film", "Film", "warm blue-black as film on a light box", "ordered",
        lambda: _through((0, 2, 3, 260), (0.5, 50, 9, 250), (1, 98, 4, 220)),
    ),
    ColourTable(
        "signed", "Signed", "blue less, red more, pale where nothing changed", "signed",
        lambda: _through((0, 32, 65, 285), (0.5, 97, 0, 285), (0.5001, 97, 0, 33), (1, 32, 75, 33)),
    ),
    ColourTable(
        "signed-dark", "Signed, dark", "blue less, amber more, black where nothing changed: for a dark room", "signed",
        lambda: _through((0, 82, 45, 250), (0.5, 6, 0, 250), (0.5001, 6, 0, 70), (1, 82, 75, 75)),
    ),
    ColourTable(
        "three-colour", "Three colours", "dense blue, middle green, thin orange: by density, not by material", "bands",
        lambda: _bands((8, 36, 60, 285), (46, 66, 45, 155), (70, 97, 65, 72)),
    ),
    ColourTable(
        "six-colour", "Six colours", "six steps of density, each a colour of its own: not by material", "bands",
        lambda: _bands((2, 14, 60, 305), (36, 45, 60, 275), (53, 58, 45, 200), (70, 74, 60, 150), (85, 88, 85, 95),
                       (93, 98, 22, 40)),
    ),
)  # fmt: skip
