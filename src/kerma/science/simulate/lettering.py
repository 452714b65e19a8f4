"""Lead letters and wires: what lies on the part to mark the picture and to prove its quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.science.simulate.flaws import Field

GLYPHS = {
    "0": "10-01-05-16-36-45-41-30-10", "1": "05-26-20 00-40", "2": "05-16-36-45-44-00-40",
    "3": "06-46-23-33-42-41-30-10-01", "4": "30-36-02-42", "5": "46-06-03-33-42-41-30-10-01",
    "6": "46-26-03-01-10-30-41-42-33-03", "7": "06-46-10", "8": "13-04-05-16-36-45-44-33-13-02-01-10-30-41-42-33",
    "9": "00-20-43-45-36-16-05-04-13-43", "A": "00-26-40 12-32", "B": "00-06-36-45-44-33-03 33-42-41-30-00",
    "C": "45-36-16-05-01-10-30-41", "D": "00-06-26-44-42-20-00", "E": "40-00-06-46 03-33", "F": "00-06-46 03-33",
    "G": "45-36-16-05-01-10-30-41-43-23", "H": "00-06 40-46 03-43", "I": "20-26", "J": "36-31-20-10-01",
    "K": "00-06 46-02 13-40", "L": "06-00-40", "M": "00-06-23-46-40", "N": "00-06-40-46",
    "O": "10-01-05-16-36-45-41-30-10", "P": "00-06-36-45-44-33-03", "Q": "10-01-05-16-36-45-41-30-10 22-40",
    "R": "00-06-36-45-44-33-03 23-40", "S": "45-36-16-05-04-13-33-42-41-30-10-01", "T": "06-46 26-20",
    "U": "06-01-10-30-41-46", "V": "06-20-46", "W": "06-10-24-30-46", "X": "00-46 06-40", "Y": "06-23-46 23-20",
    "Z": "06-46-00-40", "-": "03-43", ".": "20-20",
}
"""Letters as strokes on a grid 4 wide and 6 high: each point is column and height, the origin at the lower left."""
GRID_HEIGHT = 6
WIRE_SAMPLES = 32
"""Samples within a pixel across a wire, so that a wire of half a pixel keeps its cross-section."""


def lead_letters(field: Field, text: str, *, row_px: int, column_px: int, height_px: int, thickness_mm: float) -> None:
    """Lay letters of lead into a thickness map, their lower left corner at (row, column)."""
    cell = height_px / GRID_HEIGHT
    for position, letter in enumerate(text):
        left = column_px + position * 6.2 * cell
        for points in GLYPHS.get(letter, "").split():
            corners = [(row_px - int(at[1]) * cell, left + int(at[0]) * cell) for at in points.split("-")]
            for start, end in zip(corners, corners[1:], strict=False):
                _bar(field, start, end, width_px=1.15 * cell, thickness_mm=thickness_mm)


def _bar(
    field: Field, start: tuple[float, float], end: tuple[float, float], *, width_px: float, thickness_mm: float
) -> None:
    """Lay a bar with round ends; its edge is one pixel soft."""
    reach = width_px / 2 + 1
    rows = slice(max(0, int(min(start[0], end[0]) - reach)), int(max(start[0], end[0]) + reach) + 1)
    columns = slice(max(0, int(min(start[1], end[1]) - reach)), int(max(start[1], end[1]) + reach) + 1)
    row, column = np.mgrid[rows, columns]
    step = np.subtract(end, start)
    along = ((row - start[0]) * step[0] + (column - start[1]) * step[1]) / max(float(step @ step), 1e-9)
    along = np.clip(along, 0.0, 1.0)
    away = np.hypot(row - start[0] - along * step[0], column - start[1] - along * step[1])
    part = field[rows, columns]
    inside = np.clip(width_px / 2 + 0.5 - away, 0.0, 1.0) * thickness_mm
    np.maximum(part, inside[: part.shape[0], : part.shape[1]], out=part)


def lead_arrow(field: Field, *, row_px: int, column_px: int, size_px: int, thickness_mm: float) -> None:
    """Lay a lead arrow that points down to the weld."""
    row, column = np.mgrid[row_px - size_px : row_px + 1, column_px - size_px : column_px + size_px + 1]
    half = (row_px - row) * 0.5
    inside = np.clip(half + 0.5 - np.abs(column - column_px), 0.0, 1.0) * thickness_mm
    part = field[row_px - size_px : row_px + 1, column_px - size_px : column_px + size_px + 1]
    np.maximum(part, inside, out=part)


def wires(
    field: Field,
    diameters_mm: Sequence[float],
    *,
    rows_px: tuple[int, int],
    first_column_px: float,
    pitch_px: float,
    pixel_mm: float,
) -> list[float]:
    """Lay wires down the rows into a thickness map, one every ``pitch_px``; return the columns of their middles."""
    middles = [first_column_px + number * pitch_px for number in range(len(diameters_mm))]
    for middle, diameter in zip(middles, diameters_mm, strict=True):
        first = int(middle - diameter / pixel_mm) - 2
        count = int(2 * diameter / pixel_mm) + 5
        fine = (first + (np.arange(count * WIRE_SAMPLES) + 0.5) / WIRE_SAMPLES - middle) * pixel_mm
        chord = 2.0 * np.sqrt(np.maximum(0.0, (diameter / 2) ** 2 - fine**2))
        field[rows_px[0] : rows_px[1], first : first + count] += chord.reshape(count, WIRE_SAMPLES).mean(axis=1)
    return middles
