"""The lookup from two attenuations to the effective atomic number, as a small grid that a shader can read.

The ratio of low to high attenuation falls with thickness, so one ratio says nothing: the number is looked up over the
high attenuation *and* the ratio. Rows of the grid go with the root of the high attenuation, columns with the root of
the ratio's share of the way from the lightest to the heaviest element, so that light elements get most columns.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import NotFound
from kerma.standards import table, text_of

Floats = NDArray[np.float32]
LOOKUPS = "kerma_dual_energy/lookups"
DEFAULT = "dual-layer-160kv"
"""What is used of a machine of which nothing is known."""
ROWS, COLUMNS = 40, 48
LIGHTEST = 3
"""Atomic number of the lightest element."""
GREATEST = 8.0
"""High attenuation of the last row."""


@dataclass(frozen=True)
class NumberLookup:
    """A grid of effective atomic numbers with its name and the SHA-256 of the table it was made from.

    ``grid`` has shape (:data:`ROWS`, 2 + :data:`COLUMNS`): the ratio of the lightest and of the heaviest element, then
    the numbers. Row *i* stands at a high attenuation of ``GREATEST·(i/(ROWS-1))²``, column *j* at a share of
    ``(j/(COLUMNS-1))²``.
    """

    name: str
    words: str
    sha256: str
    grid: Floats
    areal: Floats
    """Areal density in g/cm² per high attenuation, of the same rows, and of the elements in their order."""

    @property
    def table(self) -> Floats:
        """What a shader reads: the grid, then the areal densities, each row by row."""
        return np.concatenate([self.grid.ravel(), self.areal.ravel()])

    def areal_densities(self, a_high: Floats, number: Floats) -> Floats:
        """Return the areal density in g/cm² of the element (or what lies between two) that has this number.

        Hydrogen has more electrons for its mass: water comes out a ninth too heavy, polyethylene a fifth.
        """
        row, part = self._row(a_high)
        place = np.clip(number - np.float32(LIGHTEST), 0.0, np.float32(self.areal.shape[1] - 1)).astype(np.float32)
        element = np.minimum(np.floor(place).astype(np.int32), self.areal.shape[1] - 2)
        share = place - element.astype(np.float32)
        left, right = (
            self.areal[row, at] + (self.areal[row + 1, at] - self.areal[row, at]) * part
            for at in (element, element + 1)
        )
        found: Floats = ((left + (right - left) * share) * a_high).astype(np.float32)
        return found

    def numbers(self, a_high: Floats, ratio: Floats) -> tuple[Floats, Floats]:
        """Return the number of every ray and its slope over the ratio; a ratio beyond the elements gets the nearest.

        Parameters
        ----------
        a_high, ratio : high attenuation, and low over high attenuation, of one shape; finite
        """
        row, part = self._row(a_high)
        lightest, heaviest = (self._along(row, part, column) for column in (0, 1))
        width = heaviest - lightest
        across = np.sqrt(np.clip((ratio - lightest) / width, 0.0, 1.0)) * np.float32(COLUMNS - 1)
        column = np.minimum(np.floor(across).astype(np.int32), COLUMNS - 2)
        left, right = self._along(row, part, column + 2), self._along(row, part, column + 3)
        number = left + (right - left) * (across - column.astype(np.float32))
        # The share of a column's edges goes with the square of its place.
        step = (2 * column + 1).astype(np.float32) / np.float32((COLUMNS - 1) ** 2) * width
        return number, (right - left) / step

    @staticmethod
    def _row(a_high: Floats) -> tuple[NDArray[np.int32], Floats]:
        down = np.sqrt(np.clip(a_high / np.float32(GREATEST), 0.0, 1.0)) * np.float32(ROWS - 1)
        row = np.minimum(np.floor(down).astype(np.int32), ROWS - 2)
        part: Floats = down - row.astype(np.float32)
        return row, part

    def _along(self, row: NDArray[np.int32], part: Floats, column: NDArray[np.int32] | int) -> Floats:
        upper, lower = self.grid[row, column], self.grid[row + 1, column]
        value: Floats = upper + (lower - upper) * part
        return value


@functools.cache
def number_lookup(name: str) -> NumberLookup:
    """Return a lookup of the table of lookups.

    Raises
    ------
    NotFound
        No lookup of that name.
    """
    row = next((row for row in table(LOOKUPS) if row["lookup"] == name), None)
    if row is None:
        known = ", ".join(row["lookup"] for row in table(LOOKUPS))
        raise NotFound(f"there is no dual-energy lookup '{name}'; there are: {known}")
    curves = f"kerma_dual_energy/{row['curves']}"
    digest = hashlib.sha256(text_of(curves).encode()).hexdigest()
    return NumberLookup(name, row["words"], digest, *_grids(curves))


@functools.cache
def edition() -> str:
    """Return a name that changes when any lookup does: what was found with one lookup does not hold with another."""
    digests = "".join(number_lookup(row["lookup"]).sha256 for row in table(LOOKUPS))
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def for_voltage(tube_voltage_kv: float | None) -> tuple[str, ...]:
    """Return the names of the lookups that fit a tube voltage; of an unknown voltage, those round the usual 160 kV."""
    kv = 160.0 if tube_voltage_kv is None else tube_voltage_kv
    return tuple(
        row["lookup"] for row in table(LOOKUPS) if float(row["least_voltage_kv"]) <= kv <= float(row["most_voltage_kv"])
    )


def _grids(curves: str) -> tuple[Floats, Floats]:
    """Return the grid of numbers and that of areal densities of a table of curves."""
    rows = table(curves).rows
    numbers = np.array([float(key[1:]) for key in rows[0] if key.startswith("r")])
    attenuation = np.array([float(row["a_high"]) for row in rows])
    places = np.linspace(0.0, 1.0, ROWS)

    def at(kind: str) -> NDArray[np.float64]:
        values = np.array([[float(value) for key, value in row.items() if key.startswith(kind)] for row in rows])
        return np.stack([np.interp(places, np.sqrt(attenuation / GREATEST), curve) for curve in values.T], axis=-1)

    shares = np.linspace(0.0, 1.0, COLUMNS) ** 2
    grid = np.empty((ROWS, 2 + COLUMNS), dtype=np.float32)
    for place, curve in enumerate(at("r")):
        grid[place, :2] = curve[0], curve[-1]
        grid[place, 2:] = np.interp(curve[0] + shares * (curve[-1] - curve[0]), curve, numbers)
    return grid, at("m").astype(np.float32)
