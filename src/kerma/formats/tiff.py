"""TIFF and BigTIFF files: 8 to 64 bits, integer and float, strips and tiles, pages as planes (TIFF 6.0)."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.header import check_size
from kerma.formats.plain import Plain, spacing_from_resolution
from kerma.formats.sidecar import Sidecar
from kerma.formats.tiff_scan import Page, TiffStructure
from kerma.science.imaging.image import Spacing, SpacingSource

_SOURCES: tuple[SpacingSource, ...] = ("detector", "calibrated", "geometry", "none")
_KINDS = {1: "u", 2: "i", 3: "f"}
_MM_PER_UNIT = {2: 25.4, 3: 10.0}
# How our own writer says in the description what the spacing was measured against.
_SPACING_LABELS = {f"spacing: {Spacing(1.0, 1.0, source).label}": source for source in _SOURCES}
_DATE_TIME = re.compile(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})")


def look(data: bytes | memoryview, notes: Sidecar | None) -> Plain:
    """Walk the pages of a TIFF and return what it says of itself.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        Cut short, circular, or sizes its strips cannot hold.
    """
    structure = TiffStructure(data)
    numbers = image_pages(structure.pages)
    pages = [structure.pages[number] for number in numbers]
    first = pages[0]
    for page in pages:
        _check_page(page, len(data))
    rows, columns = first.number(257), first.number(256)
    spacing, warnings = _spacing(first)
    left_out = len(structure.pages) - len(pages)
    if left_out:
        warnings += (f"{left_out} pages of another size (previews, labels) were left out",)
    moment = _DATE_TIME.fullmatch(first.text(306))
    names = {"manufacturer": 271, "model": 272, "software": 305}
    labels = tuple(page.text(285) for page in pages)
    description = first.text(270)
    own_source = _SPACING_LABELS.get(description) if first.text(305) == "Kerma" else None
    if own_source:
        description = ""
        spacing = replace(spacing, source=own_source) if spacing.is_known else Spacing()
    return Plain(
        rows,
        columns,
        len(pages),
        max(first.number(258, 1), 8) if first.number(258, 1) in (1, 2, 4) else first.number(258, 1),
        spacing=spacing,
        is_inverse=first.number(262, 1) == 0,
        description=description if description.isprintable() and not description.startswith(("{", "<")) else "",
        acquired_at=f"{moment[1]}-{moment[2]}-{moment[3]}T{moment[4]}" if moment else "",
        machine=tuple((name, text) for name, tag in names.items() if (text := first.text(tag)) and text.isprintable()),
        plane_labels=labels if len(pages) > 1 and all(labels) else (),
        warnings=warnings,
    )


def decode(data: bytes | memoryview, plain: Plain, notes: Sidecar | None) -> NDArray[Any]:
    """Return (plane, row, column) or (plane, row, column, sample)."""
    structure = TiffStructure(data)
    numbers = image_pages(structure.pages)
    if all(_is_simple(structure.pages[number]) for number in numbers):
        return np.stack([_simple(data, structure.order, structure.pages[number]) for number in numbers])
    return _decode_with_tifffile(data, numbers, plain)


def image_pages(pages: list[Page]) -> list[int]:
    """Return the numbers of the pages that are planes of the image: those like the first full-resolution one."""
    full = [number for number, page in enumerate(pages) if not page.number(254) & 1] or [0]
    like = _likeness(pages[full[0]])
    return [number for number in full if _likeness(pages[number]) == like]


def _likeness(page: Page) -> tuple[int, ...]:
    return page.number(256), page.number(257), page.number(258, 1), page.number(277, 1), page.number(339, 1)


def _check_page(page: Page, file_bytes: int) -> None:
    samples, bits, compression = page.number(277, 1), page.number(258, 1), page.number(259, 1)
    if samples not in (1, 2, 3, 4) or not 1 <= bits <= 64:
        raise Unreadable(f"a TIFF page of {samples} samples with {bits} bits is no image Kerma reads")
    is_tiled = bool(page.numbers(324))
    starts, lengths = (page.numbers(324), page.numbers(325)) if is_tiled else (page.numbers(273), page.numbers(279))
    if not starts or len(starts) != len(lengths):
        raise Unreadable("a TIFF page does not say where its pixels are")
    for start, length in zip(starts, lengths, strict=True):
        if start + length > file_bytes:
            raise Unreadable(
                f"pixels of the TIFF lie at bytes {start} to {start + length}, but the file has {file_bytes}: it is "
                "cut short or its offsets lie; fetch it again"
            )
    is_compressed = compression != 1
    check_size(
        rows=page.number(257),
        columns=page.number(256),
        bytes_per_pixel=samples * bits / 8,
        stored_bytes=sum(lengths),
        is_compressed=is_compressed,
    )


def _is_simple(page: Page) -> bool:
    """Whether the page is uncompressed strips of whole numbers of bytes, which need no library."""
    return (
        page.number(259, 1) == 1
        and not page.numbers(324)
        and page.number(258, 1) in (8, 16, 32, 64)
        and page.number(339, 1) in _KINDS
        and not (page.number(277, 1) > 1 and page.number(284, 1) == 2)
        and page.number(262, 1) in (0, 1, 2)
        and (page.number(339, 1) != 3 or page.number(258) >= 16)
    )


def _simple(data: bytes | memoryview, order: str, page: Page) -> NDArray[Any]:
    rows, columns, samples = page.number(257), page.number(256), page.number(277, 1)
    dtype = np.dtype(f"{order}{_KINDS[page.number(339, 1)]}{page.number(258) // 8}")
    starts, lengths = page.numbers(273), page.numbers(279)
    needed = rows * columns * samples
    if all(start + length == after for start, length, after in zip(starts, lengths, starts[1:], strict=False)):
        values = np.frombuffer(data, dtype, needed, starts[0])
    else:
        joined = b"".join(bytes(data[start : start + length]) for start, length in zip(starts, lengths, strict=True))
        values = np.frombuffer(joined, dtype, needed)
    values = values.astype(dtype.newbyteorder("="), copy=False)
    return values.reshape((rows, columns) if samples == 1 else (rows, columns, samples))


def _decode_with_tifffile(data: bytes | memoryview, numbers: list[int], plain: Plain) -> NDArray[Any]:
    import tifffile

    planes = []
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            for number in numbers:
                page = file.pages[number]
                pixels = page.asarray(maxworkers=1)
                planes.append(np.moveaxis(pixels, 0, -1) if page.planarconfig == 2 and pixels.ndim == 3 else pixels)
    # Whatever a decoder of hostile bytes raises is a damaged file.
    except Exception as error:
        raise Unreadable(f"the TIFF is damaged or compressed in a way Kerma does not read: {error}") from error
    if any(plane.shape[:2] != (plain.rows, plain.columns) for plane in planes):
        raise Unreadable("the TIFF holds another number of pixels than its header promises")
    stack = np.stack(planes)
    return stack.astype(np.uint8) * 255 if stack.dtype == bool else stack


def _spacing(page: Page) -> tuple[Spacing, tuple[str, ...]]:
    columns_per_unit, rows_per_unit = page.tags.get(282), page.tags.get(283)
    mm = _MM_PER_UNIT.get(page.number(296, 2))
    if not columns_per_unit or not rows_per_unit or mm is None:
        return Spacing(), ()
    return spacing_from_resolution(float(rows_per_unit[0]) / mm, float(columns_per_unit[0]) / mm)
