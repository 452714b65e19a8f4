"""Showing an image as a PNG: read in the guarded reader, greyscale chain, kept in a cache that may be deleted."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections import OrderedDict
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries_pixels import read_image
from kerma.errors import NotFound, Unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image, Window

VERSION = 1
"""Goes into the key of the cache: raise it when the picture of the same image changes."""
PNG_EFFORT = 1
RECENT_BYTES = 256 << 20
"""Pixels of decoded images kept at hand; the last one always is, however large."""
_recent: OrderedDict[tuple[str, str], Image] = OrderedDict()
_recent_lock = threading.Lock()


@dataclass(frozen=True)
class Rendering:
    """What to show: a plane, the window (None: the image's own), inverted or not, and the longest side in pixels."""

    plane: int = 0
    center: float | None = None
    width: float | None = None
    invert: bool = False
    longest: int | None = None


@dataclass(frozen=True)
class Picture:
    """A PNG, the window it was made with (empty for colour), and a tag that changes with its content."""

    png: bytes
    window: tuple[float, float] | tuple[()]
    tag: str


def tag_of(row: dict[str, Any], rendering: Rendering) -> str:
    """Return the name of a picture: the same image, shown the same way, has the same name."""
    parts = (VERSION, row["sha256"], row["sidecar_sha256"], *astuple(rendering))
    return hashlib.sha256(repr(parts).encode("utf-8")).hexdigest()


def picture(kernel: Kernel, row: dict[str, Any], rendering: Rendering) -> Picture:
    """Return an image of the archive as a PNG, from the cache when it was shown that way before.

    Raises
    ------
    Unreadable
        The object has no pixels, or they cannot be decoded.
    NotFound
        The image has no such plane.
    """
    if row["kind"] != "image":
        raise Unreadable(f"this object ({row['sop_class_name'] or row['sop_class_uid']}) has no pixels to show")
    tag = tag_of(row, rendering)
    path = kernel.settings.home / "cache" / "rendered" / tag[:2] / tag
    try:
        return _decoded(path.read_bytes(), tag)
    except FileNotFoundError:
        pass
    made = _made(_image(kernel, row), rendering, tag)
    _keep(path, made)
    return made


def _image(kernel: Kernel, row: dict[str, Any]) -> Image:
    """Return the decoded image; the last few are at hand, since a window is mostly moved in many small steps."""
    key = (row["sha256"], row["sidecar_sha256"])
    with _recent_lock:
        if key in _recent:
            _recent.move_to_end(key)
            return _recent[key]
    image = read_image(kernel, row, duty="show")
    with _recent_lock:
        _recent[key] = image
        while len(_recent) > 1 and sum(one.pixels.nbytes for one in _recent.values()) > RECENT_BYTES:
            _recent.popitem(last=False)
    return image


def _made(image: Image, rendering: Rendering, tag: str) -> Picture:
    import cv2

    from kerma.science.imaging.greyscale import display

    if not 0 <= rendering.plane < image.planes:
        raise NotFound(f"the image has the planes 0 to {image.planes - 1}, not {rendering.plane}")
    window = _window(image, rendering)
    shown: NDArray[np.uint8] = display(image, rendering.plane, window if rendering.center is not None else None)
    if rendering.longest is not None and max(shown.shape[:2]) > rendering.longest:
        scale = rendering.longest / max(shown.shape[:2])
        rows, columns = (max(1, round(side * scale)) for side in shown.shape[:2])
        shown = cv2.resize(shown, (columns, rows), interpolation=cv2.INTER_AREA)
    if rendering.invert:
        shown = 255 - shown
    if image.is_colour:
        shown = shown[..., ::-1]  # OpenCV writes blue first
    _, png = cv2.imencode(".png", shown, [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])
    return Picture(png.tobytes(), () if window is None else (window.center, window.width), tag)


def _window(image: Image, rendering: Rendering) -> Window | None:
    """Return the window to show with, or to start from where the image brings a table instead; None for colour."""
    from kerma.science.imaging.greyscale import default_window
    from kerma.science.imaging.image import Window

    if image.is_colour:
        return None
    if rendering.center is not None and rendering.width is not None:
        return Window(rendering.center, rendering.width, "LINEAR_EXACT", "chosen")
    if image.grey.windows and not image.grey.voi_luts:
        return image.grey.windows[0]
    return default_window(image, rendering.plane)


def _keep(path: Path, made: Picture) -> None:
    """Put a picture into the cache in one move; nothing is flushed, for it can be made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    temporary.write_bytes(" ".join(map(repr, made.window)).encode("ascii") + b"\n" + made.png)
    os.replace(temporary, path)  # noqa: PTH105 - replaces atomically on every platform


def _decoded(kept: bytes, tag: str) -> Picture:
    head, _, png = kept.partition(b"\n")
    window = tuple(float(part) for part in head.split())
    return Picture(png, (window[0], window[1]) if window else (), tag)
