"""Tiles made after arrival, so that an image that nobody has opened yet opens at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import tiles, tiles_pixels
from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)

PLANES_MAX = 4
"""Of an image with more planes only the first and the middle one are made: where readers begin."""


def make_ahead(kernel: Kernel, rows: Sequence[dict[str, Any]], until_s: float) -> None:
    """Describe images and make their tiles in this order until the time (``time.monotonic``) is over."""
    for row in rows:
        try:
            if time.monotonic() < until_s:
                tiles_pixels.pixels(kernel, row)
            for plane in planes_ahead(row["planes"] or 1):
                if time.monotonic() < until_s:
                    tiles.make(kernel, row, plane)
        except KermaError as error:
            log.info("image %d has no tiles: %s", row["id"], error)


def planes_ahead(planes: int) -> list[int]:
    """Return the planes of an image that are made before anybody asks."""
    return list(range(planes)) if planes <= PLANES_MAX else [0, planes // 2]
