"""Small pictures for the tests of forensic checks: smooth objects with structure, exposed with noise of their own."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

SIDE = 320


def thing(seed: int) -> NDArray[np.float32]:
    """Return the transmitted intensity of an object with structure of several sizes."""
    rng = np.random.default_rng(seed)
    parts = [
        cv2.GaussianBlur(rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32), (0, 0), sigma) * sigma * weight
        for sigma, weight in ((30, 9_000), (10, 4_000), (4, 900))
    ]
    return np.asarray(np.clip(25_000 + sum(parts), 3_000, 60_000), dtype=np.float32)


def exposed(object_: NDArray[np.float32], seed: int) -> NDArray[np.uint16]:
    """Return one exposure: Poisson noise, a little blurred as a detector does."""
    rng = np.random.default_rng(seed + 10_000)
    noise = rng.normal(0, 1, object_.shape) * np.sqrt(object_) * 3.0
    return np.clip(object_ + cv2.GaussianBlur(noise, (0, 0), 0.5), 0, 65_535).astype(np.uint16)


def picture(seed: int) -> NDArray[np.uint16]:
    """Return an object and its exposure of one seed."""
    return exposed(thing(seed), seed)


def pasted(plane: NDArray[np.uint16], side: int = 48) -> NDArray[np.uint16]:
    """Return a plane with the square at row 30, column 40 copied to row 200, column 170."""
    changed = plane.copy()
    changed[200 : 200 + side, 170 : 170 + side] = plane[30 : 30 + side, 40 : 40 + side]
    return changed


def to_8_bit(plane: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return a plane windowed to 8 bit."""
    low, high = np.percentile(plane, (0.5, 99.5))
    return np.clip((plane.astype(float) - low) / (high - low) * 255, 0, 255).round().astype(np.uint8)


def jpeg(plane: NDArray[np.uint8], quality: int) -> bytes:
    """Return a plane as a JPEG file."""
    file = io.BytesIO()
    Picture.fromarray(plane).save(file, "JPEG", quality=quality)
    return file.getvalue()


def opened(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a file."""
    return np.asarray(Picture.open(io.BytesIO(data)))


def png(plane: NDArray[np.generic], **text: str) -> bytes:
    """Return a plane as a PNG file with text chunks."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in text.items():
        info.add_text(key, value)
    file = io.BytesIO()
    Picture.fromarray(plane).save(file, "PNG", pnginfo=info)
    return file.getvalue()
