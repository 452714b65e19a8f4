"""A value for every pixel: how far from good pictures, or how likely a flaw, for models that tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect import learned
from kerma.science.detect.anomaly import Anomaly
from kerma.science.detect.bag_channels import reading_of
from kerma.science.detect.learned import Network
from kerma.science.detect.learned_bag import ZOOMS, BagNetwork
from kerma.science.detect.learned_marks import STRIDE, Tile
from kerma.science.detect.reference_model import PartModel
from kerma.science.detect.subtraction import difference, least_z, strongest_z
from kerma.science.imaging.image import Image

Grey = NDArray[np.float32]


def score_map(image: Image, network: Network, *, plane: int = 0) -> Grey:
    """Return values (row, column) from 0 to 1 of a plane: higher where something is amiss.

    Of an anomaly model the score that each place would have; of good parts |z| / (|z| + limit); of a network that
    outlines flaws the share it gives each pixel of being part of any, the highest of all its looks.

    Raises
    ------
    WrongUsage
        The model gives boxes or classes alone.
    """
    if isinstance(network, Anomaly):
        return np.clip(network.heat(image, plane=plane)[0], 0.0, 1.0)
    if isinstance(network, PartModel):
        found = difference(image, network.reference, plane)
        strongest = strongest_z(found, (image.rows, image.columns))
        return np.asarray(strongest / (strongest + np.float32(least_z(found))), dtype=np.float32)
    if not isinstance(network, BagNetwork) and type(network) is not Network:
        raise WrongUsage(f"'{network.card['name']}' gives no value for every pixel: regions cannot be compared with it")
    return _highest(image, _looks(image, network, plane))


def _looks(image: Image, network: Network, plane: int) -> Iterator[tuple[Grey, Tile]]:
    """Yield the mask of every tile at every size that an image is looked at."""
    if isinstance(network, BagNetwork):
        reading = reading_of(image, plane=plane)
        for zoom in ZOOMS:
            yield from ((mask, tile) for _, _, mask, tile in network.answers_at(reading, zoom))
        return
    side = min(image.rows, image.columns)
    known = image.rises_with_dose
    for rises in (False, True) if known is None else (known,):
        shown = replace(image, rises_with_dose=rises)
        for scale, least_px, below_px in learned.SCALES:
            if least_px <= side < below_px:
                answers = learned.answers_at(shown, network, plane, scale)
                yield from ((mask, tile) for _, _, mask, tile in answers)


def _highest(image: Image, looks: Iterator[tuple[Grey, Tile]]) -> Grey:
    """Return the highest share of all tiles at every pixel of an image."""
    import cv2

    whole = np.zeros((image.rows, image.columns), dtype=np.float32)
    for mask, tile in looks:
        side = STRIDE / tile.scale
        # The middle of the first cell, and cells of ``side`` pixels from there.
        down, across = (corner / tile.scale + side / 2 - 0.5 for corner in tile.corner)
        matrix = np.array([[side, 0.0, across], [0.0, side, down]])
        size = (image.columns, image.rows)
        np.maximum(whole, cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_LINEAR), out=whole)
    return np.clip(whole, 0.0, 1.0)
