"""Image to PNG: 8 or 16 bits, one plane, losslessly, so that reading back gives identical pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.errors import WrongUsage

if TYPE_CHECKING:
    from kerma.science.imaging.image import Image


def write(image: Image) -> bytes:
    """Write the stored values of a single-plane image as PNG.

    Raises
    ------
    WrongUsage
        More than one plane, or pixels that are not unsigned integers of 8 or 16 bits: PNG cannot hold them.
    """
    import imagecodecs

    if image.planes != 1:
        raise WrongUsage(f"PNG holds one plane, this image has {image.planes}: write it as TIFF")
    pixels = image.pixels[0]
    if pixels.dtype not in (np.uint8, np.uint16):
        raise WrongUsage(f"PNG holds unsigned integers of 8 or 16 bits, these pixels are {pixels.dtype}: write TIFF")
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))
