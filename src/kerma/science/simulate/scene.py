"""A simulated picture with the truth about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.results import By, Finding

Field = NDArray[np.float64]
SIMULATOR_VERSION = "2"
BY = By("algorithm", "simulator", SIMULATOR_VERSION)


@dataclass(frozen=True)
class Mask:
    """The pixels of one finding: a window of the picture that starts at (``row``, ``column``)."""

    row: int
    column: int
    pixels: NDArray[np.bool_]

    def over(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the mask of the whole picture."""
        whole = np.zeros(shape, dtype=bool)
        rows, columns = self.pixels.shape
        whole[self.row : self.row + rows, self.column : self.column + columns] = self.pixels
        return whole


@dataclass(frozen=True)
class SimulatedImage:
    """A picture with the truth about it.

    ``labels`` has shape (row, column): 0 is sound, n marks the pixels of the n-th finding. ``truth`` holds what was
    set (beam, SNR, blur, thickness) and is what ``truth.json`` prints beside the findings. ``thickness_mm`` maps
    materials to how much of each a pixel sees, shape (row, column), where the scene keeps them. Scenes of the document
    also have ``masks``, one per finding, whole where two overlap (``labels`` has the later one there); ``expected``,
    the stored values (plane, row, column) without noise and faults; and ``bad_pixels``: 0 good, 1 dead, 2 hot, 3 weak,
    4 noisy.
    """

    image: Image
    findings: tuple[Finding, ...]
    labels: NDArray[np.uint16]
    truth: Mapping[str, Any] = field(default_factory=dict)
    thickness_mm: Mapping[str, Field] = field(default_factory=dict)
    masks: tuple[Mask, ...] = ()
    expected: Field | None = None
    bad_pixels: NDArray[np.uint8] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form of the truth; the findings have the form of DESIGN 7."""
        return {**self.truth, "findings": [finding.as_json() for finding in self.findings]}
