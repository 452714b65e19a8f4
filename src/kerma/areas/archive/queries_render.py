"""Showing an image as a PNG: read in the guarded reader, greyscale chain, kept in a cache that may be deleted."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import retrieve_cache
from kerma.areas.archive.queries_pixels import read_image
from kerma.errors import NotFound, Unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image, Window

VERSION = 2
"""Goes into the key of the cache: raise it when the picture of the same image changes."""
PNG_EFFORT = 1
RECENT_BYTES = 256 << 20
"""Pixels of decoded images kept at hand; the last one always is, however large."""
_recent: OrderedDict[tuple[str, str], Image] = OrderedDict()
_recent_lock = threading.Lock()


@dataclass(frozen=True)
class Rendering:
    """What to show: a plane, the window (None: the image's own), inverted or not, and the longest side in pixels.

    An enhancement chain, in its canonical form, stands in place of window and inversion.
    """

    plane: int = 0
    center: float | None = None
    width: float | None = None
    invert: bool = False
    longest: int | None = None
    chain: str = ""


@dataclass(frozen=True)
class Picture:
    """A PNG, the window it was made with (empty for colour), and a tag that changes with its content."""

    png: bytes
    window: tuple[float, float] | tuple[()]
    tag: str


def rendering(*, chain: str = "", **asked: Any) -> Rendering:
    """Return how a picture is asked for; an enhancement chain is written in its one way, so that it has one name.

    Raises
    ------
    WrongUsage
        The chain is none.
    """
    if not chain:
        return Rendering(**asked)
    from kerma.science.imaging import enhance

    return Rendering(**asked, chain=enhance.parse(chain).canonical())


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
    path = retrieve_cache.find(kernel, row["sha256"], tag)
    if path is None:
        made = _made(*_needed(kernel, row, rendering), tag)
        head = " ".join(map(repr, made.window)).encode("ascii") + b"\n"
        retrieve_cache.keep(kernel, row["sha256"], tag, lambda out: out.write(head + made.png))
        return made
    return _decoded(path.read_bytes(), tag)


def _needed(kernel: Kernel, row: dict[str, Any], rendering: Rendering) -> tuple[Image, Rendering]:
    """Return the image to show; of a chain that needs both energies, the two that lie in files of their own as one."""
    from kerma.areas.archive import queries_energies
    from kerma.science.imaging import enhance

    if rendering.chain and queries_energies.may_stand_beside(row):
        needs_both = any(one.step.planes == "energies" for one in enhance.parse(rendering.chain).steps)
        found = queries_energies.joined(kernel, row) if needs_both else None
        if found is not None:
            return found[0], replace(rendering, plane=[pk for pk, _ in found[1]].index(row["id"]))
    return decoded(kernel, row), rendering


def forget() -> None:
    """Let go of the decoded images at hand, because some of them have been deleted."""
    with _recent_lock:
        _recent.clear()


def decoded(kernel: Kernel, row: dict[str, Any]) -> Image:
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

    if not 0 <= rendering.plane < image.planes:
        raise NotFound(f"the image has the planes 0 to {image.planes - 1}, not {rendering.plane}")
    shown, window = _enhanced(image, rendering) if rendering.chain else _displayed(image, rendering)
    if rendering.longest is not None and max(shown.shape[:2]) > rendering.longest:
        scale = rendering.longest / max(shown.shape[:2])
        rows, columns = (max(1, round(side * scale)) for side in shown.shape[:2])
        shown = cv2.resize(shown, (columns, rows), interpolation=cv2.INTER_AREA)
    if rendering.invert:
        shown = 255 - shown
    if shown.ndim == 3:
        shown = shown[..., ::-1]  # OpenCV writes blue first
    _, png = cv2.imencode(".png", shown, [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])
    return Picture(png.tobytes(), () if window is None else (window.center, window.width), tag)


def _displayed(image: Image, rendering: Rendering) -> tuple[NDArray[np.uint8], Window | None]:
    from kerma.science.imaging.greyscale import display

    window = _window(image, rendering)
    return display(image, rendering.plane, window if rendering.center is not None else None), window


def _enhanced(image: Image, rendering: Rendering) -> tuple[NDArray[np.uint8], Window | None]:
    from kerma.science.imaging import enhance

    chain = enhance.parse(rendering.chain)
    shown = enhance.run(image, rendering.plane, chain)
    has_own_colours = bool(chain.steps) and chain.steps[-1].step.kind == "colour"
    return shown, None if has_own_colours else chain.window or _window(image, rendering)


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


def _decoded(kept: bytes, tag: str) -> Picture:
    head, _, png = kept.partition(b"\n")
    window = tuple(float(part) for part in head.split())
    return Picture(png, (window[0], window[1]) if window else (), tag)
