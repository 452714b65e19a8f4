"""An empty bag and how things are laid into it: thickness maps by material, drawn in small windows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kerma.science.simulate.solids import Field

PIXEL_MM = 0.7
ROWS = 700
COLUMNS = 900


@dataclass(frozen=True)
class Spot:
    """A window of the picture with coordinates of its own: mm from the thing's middle, turned with it."""

    row: Field
    column: Field
    window: tuple[slice, slice]
    bag: Bag

    def add(self, material: str, thickness_mm: Field) -> None:
        """Lay a thickness of a material over what is there."""
        self.bag.map_of(material)[self.window] += thickness_mm


@dataclass
class Bag:
    """Thickness maps in mm by material, shape (row, column)."""

    maps: dict[str, Field] = field(default_factory=dict)

    def map_of(self, material: str) -> Field:
        """Return the map of a material, empty at first."""
        if material not in self.maps:
            self.maps[material] = np.zeros((ROWS, COLUMNS))
        return self.maps[material]

    def at(self, center_mm: tuple[float, float], reach_mm: float, turn_deg: float = 0.0) -> Spot:
        """Return the window around a place (row, column in mm from the picture's middle)."""
        middle = [center / PIXEL_MM + (size - 1) / 2 for center, size in zip(center_mm, (ROWS, COLUMNS), strict=True)]
        reach = reach_mm / PIXEL_MM
        window = (
            slice(max(0, int(middle[0] - reach)), min(ROWS, int(middle[0] + reach) + 1)),
            slice(max(0, int(middle[1] - reach)), min(COLUMNS, int(middle[1] + reach) + 1)),
        )
        down = (np.arange(window[0].start, window[0].stop) - middle[0])[:, None] * PIXEL_MM
        right = (np.arange(window[1].start, window[1].stop) - middle[1])[None, :] * PIXEL_MM
        angle = np.deg2rad(turn_deg)
        return Spot(
            down * np.cos(angle) - right * np.sin(angle), down * np.sin(angle) + right * np.cos(angle), window, self
        )
