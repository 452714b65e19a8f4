"""Colour tables a grey picture is shown through: 256 colours each, by name."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.enhance import colour_tables

Table = NDArray[np.uint8]
"""Red, green and blue of each grey level, shape (256, 3)."""
TABLES = {table.name: functools.cache(table.make) for table in colour_tables.TABLES}
"""What makes each table, by name; "grey" needs none."""


def names() -> tuple[str, ...]:
    """Return the names of all tables, grey first."""
    return ("grey", *TABLES)


def coloured(grey: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return a picture of grey levels in colours, shape (row, column, 3); "grey" stays as it is."""
    return grey if name == "grey" else np.asarray(TABLES[name]())[grey]
