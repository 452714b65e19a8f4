"""The checks of one plane, and of two pictures against each other, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.forensics.clone import copied_exactly, copied_noise
from kerma.science.forensics.compression import double_compression, jpeg_grid
from kerma.science.forensics.trace import Trace

SIDE_MAX = 4096
"""Of a larger plane the middle is checked: a trace of a whole picture is there too, a copied region may not be."""


def checks(plane: NDArray[np.generic], jpeg_steps: Sequence[int] = ()) -> list[Trace]:
    """Return the traces that one plane carries by itself.

    Parameters
    ----------
    plane : shape (row, column); a colour picture has no noise of X-rays of its own and is not checked
    jpeg_steps : the steps of the file's own JPEG compression, row by row; then the grid is no trace but told
    """
    if plane.ndim != 2 or plane.size == 0:
        return []
    middle = _middle(plane)
    pressed = double_compression(middle, jpeg_steps) if jpeg_steps else jpeg_grid(middle)
    return (
        [pressed, copied_exactly(middle), copied_noise(middle)]
        if middle is plane
        else [pressed, *_moved(middle, plane)]
    )


def _middle(plane: NDArray[np.generic]) -> NDArray[np.generic]:
    # whole blocks are left out at the beginning, so that a grid of JPEG keeps its phase
    top, left = (max(0, length - SIDE_MAX) // 16 * 8 for length in plane.shape)
    whole = max(plane.shape) <= SIDE_MAX
    return plane if whole else plane[top : top + SIDE_MAX, left : left + SIDE_MAX]


def _moved(middle: NDArray[np.generic], plane: NDArray[np.generic]) -> list[Trace]:
    """Return the traces of copying in the middle of a plane, their regions counted in the whole plane."""
    from dataclasses import replace

    top, left = (max(0, length - SIDE_MAX) // 16 * 8 for length in plane.shape)
    return [
        replace(
            found,
            words=f"{found.words} Only the middle {middle.shape[0]} × {middle.shape[1]} pixels were looked at.",
            regions=tuple(replace(box, row=box.row + top, column=box.column + left) for box in found.regions),
        )
        for found in (copied_exactly(middle), copied_noise(middle))
    ]
