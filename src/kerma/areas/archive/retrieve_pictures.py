"""Pictures of stored images: the whole grey-scale chain, cut, scaled and encoded; made once and kept as copies.

What lies in its file as plain grey pixels is looked up where it lies; everything else is decoded in the guarded
reader, of several frames only the one. Both give exactly what :func:`kerma.science.imaging.greyscale.display` gives.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from kerma.areas.archive import (
    queries_render,
    retrieve,
    retrieve_cache,
    retrieve_frames,
    retrieve_objects,
    rules_rendering,
)
from kerma.areas.archive.retrieve_frames import mapped
from kerma.areas.archive.rules_media import EXPLICIT, JPEG, PNG
from kerma.areas.archive.rules_rendering import Look, Shown, Viewport
from kerma.errors import NotFound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.formats.dicom_native import GreyCells
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Window

    Picture = NDArray[np.uint8]
    """Display values (row, column), or (row, column, colour)."""

OVERVIEW_SHARE = 4
"""An overview is a quarter of the image each way ..."""
OVERVIEW_PX = 512
"""... but its longest side is never made smaller than this."""
PNG_EFFORT = 1
AT_HAND = 64
"""Images whose headers stay read, and tables that stay made."""
WINDOWS_AT_HAND = 4096

_windows: dict[tuple[Path, int], Window] = {}
"""Windows measured on planes that bring none."""


def picture(kernel: Kernel, row: dict[str, Any], frame: int, look: Look, media_type: str) -> Path:
    """Return one frame, counted from 1, as a JPEG or PNG file.

    Raises
    ------
    NotFound
        The object has no pixels, or no such frame.
    Unreadable
        Its pixels cannot be decoded.
    """
    name = retrieve_cache.name_of("picture", row["sidecar_sha256"], frame, look, media_type)
    found = retrieve_cache.find(kernel, row["sha256"], name)
    if found is not None:
        return found
    size = rules_rendering.shown(*_size(row, frame), look.viewport)

    def make(out: BinaryIO) -> None:
        whole = _displayed(kernel, row, frame - 1, look.window)
        out.write(encoded(_fitted(whole, size), media_type, look.quality))

    return retrieve_cache.keep(kernel, row["sha256"], name, make)


def thumbnail(kernel: Kernel, row: dict[str, Any], frame: int, viewport: Viewport, media_type: str) -> Path:
    """Return one frame, counted from 1, made small from its overview."""
    name = retrieve_cache.name_of("thumbnail", row["sidecar_sha256"], frame, viewport, media_type)
    found = retrieve_cache.find(kernel, row["sha256"], name)
    if found is not None:
        return found
    _size(row, frame)

    def make(out: BinaryIO) -> None:
        small = overview(kernel, row, frame)
        size = rules_rendering.shown(*small.shape[:2], replace(viewport, may_grow=False))
        out.write(encoded(_fitted(small, size), media_type, rules_rendering.QUALITY))

    return retrieve_cache.keep(kernel, row["sha256"], name, make)


def overview(kernel: Kernel, row: dict[str, Any], frame: int) -> Picture:
    """Return one frame, counted from 1, at a quarter of its size, from its copy when there is one."""
    import numpy as np

    name = retrieve_cache.name_of("overview", row["sidecar_sha256"], frame)
    path = retrieve_cache.find(kernel, row["sha256"], name)
    if path is None:
        path = retrieve_cache.keep(kernel, row["sha256"], name, lambda out: _write_overview(out, kernel, row, frame))
    head, _, values = path.read_bytes().partition(b"\n")
    shape = [int(side) for side in head.split()]
    small: Picture = np.frombuffer(values, np.uint8).reshape(shape)
    return small


def encoded(shown: Picture, media_type: str, quality: int) -> bytes:
    """Return display values as a JPEG or PNG."""
    import cv2

    if shown.ndim == 3:
        shown = shown[..., ::-1]  # OpenCV writes blue first
    kinds = {
        JPEG: (".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality]),
        PNG: (".png", [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT]),
    }
    suffix, options = kinds[media_type]
    _, content = cv2.imencode(suffix, shown, options)
    return bytes(content.data)


def middle_frame(row: dict[str, Any]) -> int:
    """Return the frame that stands for an image of several."""
    return (row["planes"] or 1) // 2 + 1


def forget() -> None:
    """Close the files that are still mapped, because some of them have been deleted."""
    _grey.cache_clear()
    _table.cache_clear()
    _windows.clear()
    queries_render.forget()


def _size(row: dict[str, Any], frame: int) -> tuple[int, int]:
    if row["kind"] != "image":
        raise NotFound(f"instance {row['uid']} is an object without pixels: there is nothing to show")
    if not 1 <= frame <= row["planes"]:
        raise NotFound(f"the image has the frames 1 to {row['planes']}, not {frame}")
    return row["rows"], row["columns"]


def _displayed(kernel: Kernel, row: dict[str, Any], plane: int, window: Window | None) -> Picture:
    """Return display values of a whole plane; of several compressed frames only the one is decoded."""
    from kerma.science.imaging.greyscale import display

    if retrieve.is_as_it_is(row):
        path = retrieve_objects.stored_file(kernel, row)
        grey = _grey(path)
        if grey is not None and grey.is_plain:
            return _looked_up(path, plane, grey.cells(plane), window)
        if grey is not None and row["planes"] > 1:
            return _looked_up(path, plane, grey.shaped(mapped(_frame_file(kernel, row, plane))), window)
    with retrieve_objects.turn():
        shown: Picture = display(queries_render.decoded(kernel, row), plane, window)
    return shown


def _frame_file(kernel: Kernel, row: dict[str, Any], plane: int) -> Path:
    return retrieve_frames.encoded(kernel, row, EXPLICIT, plane + 1)


@functools.lru_cache(maxsize=AT_HAND)
def _grey(path: Path) -> GreyCells | None:
    from kerma.formats.dicom_native import grey_cells

    return grey_cells(mapped(path))


@functools.lru_cache(maxsize=AT_HAND)
def _table(path: Path, window: Window | None) -> Picture:
    """Return the display value of every pixel cell there can be."""
    from kerma.science.imaging.greyscale import display

    grey = _grey(path)
    assert grey is not None
    table: Picture = display(grey.every, 0, window)[0]
    return table


def _looked_up(path: Path, plane: int, cells: NDArray[Any], window: Window | None) -> Picture:
    """Return the table's value for each cell; OpenCV is four times as fast where it takes tables of 16 bits."""
    import cv2

    if window is None:
        window = _own_window(path, plane, cells)
    table = _table(path, window)
    try:
        return cv2.LUT(cells, table)  # type: ignore[return-value]
    except cv2.error:  # before OpenCV 5
        return table.take(cells)


def _own_window(path: Path, plane: int, cells: NDArray[Any]) -> Window | None:
    """Return the window that a plane gets which brings none; None where the image says how it is shown."""
    from kerma.science.imaging.greyscale import default_window

    grey = _grey(path)
    assert grey is not None
    if grey.every.grey.windows or grey.every.grey.voi_luts:
        return None
    found = _windows.get((path, plane)) or default_window(grey.stored(cells))
    if len(_windows) >= WINDOWS_AT_HAND:
        _windows.clear()
    _windows[path, plane] = found
    return found


def _fitted(whole: Picture, size: Shown) -> Picture:
    import cv2
    import numpy as np

    part = whole[size.top : size.bottom, size.left : size.right]
    if part.shape[:2] != (size.rows, size.columns):
        shrinks = size.rows < part.shape[0]
        part = cv2.resize(
            np.ascontiguousarray(part),
            (size.columns, size.rows),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
    if size.is_mirrored:
        part = part[:, ::-1]
    return np.ascontiguousarray(part[::-1] if size.is_upside_down else part)


def _write_overview(out: BinaryIO, kernel: Kernel, row: dict[str, Any], frame: int) -> None:
    whole = _displayed(kernel, row, frame - 1, None)
    longest = max(whole.shape[:2])
    side = min(longest, max(OVERVIEW_PX, longest // OVERVIEW_SHARE))
    small = _fitted(whole, rules_rendering.shown(*whole.shape[:2], Viewport(side, side)))
    out.write(" ".join(map(str, small.shape)).encode("ascii") + b"\n" + small.tobytes())
