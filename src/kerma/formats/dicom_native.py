"""Grey DICOM images shown frame by frame: one look-up for each pixel cell, and nothing else of the file touched.

No codec runs here and nothing of the file is believed that :mod:`kerma.formats.dicom_header` has not checked, so this
needs no guarded reader. The cells of compressed frames must be decoded there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.formats.dicom_file import open_file
from kerma.formats.dicom_frames import FrameMap, frame_map
from kerma.formats.dicom_header import PixelLayout, pixel_layout
from kerma.formats.dicom_pixels import stored_values
from kerma.science.imaging.image import Image


@dataclass(frozen=True)
class GreyCells:
    """An image that is looked up: ``every`` has one row with the stored value of every pixel cell there can be."""

    every: Image
    layout: PixelLayout
    frames: FrameMap

    @property
    def is_plain(self) -> bool:
        """Whether the cells lie in the file as they are."""
        return self.frames.has_plain_frames

    def cells(self, plane: int) -> NDArray[Any]:
        """Return the pixel cells of a plane (row, column) where they lie in the file."""
        start, length = self.frames.places(plane)[0]
        return self.shaped(self.frames.data[start : start + length])

    def shaped(self, content: bytes | memoryview) -> NDArray[Any]:
        """Return the little-endian cells of one frame as (row, column)."""
        layout = self.layout
        cells = np.frombuffer(content, f"<u{layout.bits_allocated // 8}", layout.rows * layout.columns)
        return cells.reshape(layout.rows, layout.columns)

    def stored(self, cells: NDArray[Any]) -> Image:
        """Return the Image of one plane with its stored values, for what must be measured on it."""
        return replace(self.every, pixels=stored_values(cells[None], replace(self.layout, planes=1)))


def grey_cells(data: bytes | memoryview) -> GreyCells | None:
    """Return a grey image of 8 or 16 bits, ready to be shown frame by frame; None for any other."""
    from kerma.formats.dicom import image_of
    from kerma.formats.dicom_header import header_of

    file = open_file(data)
    layout = pixel_layout(file)
    is_plain = layout is not None and layout.samples == 1 and layout.bits_allocated in (8, 16)
    if layout is None or not is_plain or file.syntax.is_deflated or not layout.photometric.startswith("MONOCHROME"):
        return None
    frames = frame_map(file, layout)
    if frames.is_native and (not frames.has_plain_frames or layout.planes * layout.plane_bytes > frames.native_bytes):
        return None
    every = np.arange(1 << layout.bits_allocated).astype(f"u{layout.bits_allocated // 8}")[None, None]
    values = stored_values(every, replace(layout, planes=1))
    return GreyCells(image_of(file, header_of(file, b""), layout, values), layout, frames)
