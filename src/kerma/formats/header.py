"""What the index needs to know of a file: the Header, the limits that protect the machine, and identifiers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kerma.errors import Hostile, TooLarge, Unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

Format = Literal["DICOM", "DICONDE", "DICOS", "TIFF", "PNG", "JPEG", "RAW"]

PLANE_PIXELS_MAX = 65_535 * 4_096
"""Largest plane: a cargo scanner's line of 4096 elements, as many lines as DICOM can count."""
DECODED_BYTES_MAX = 1 << 30
"""Most bytes an image may take once decompressed; an uncompressed image is as large as its file and may be larger."""
ALWAYS_ALLOWED_BYTES = 64 << 20
"""Below this, a high compression ratio is no threat: a blank 2048 x 2500 image compresses 20 000 times."""
RATIO_MAX = 1_000
"""Above ALWAYS_ALLOWED_BYTES, decoded bytes per stored byte."""
PLANES_MAX = 100_000
"""Most planes of one image."""


@dataclass(frozen=True)
class Header:
    """What a file says about itself, without its pixels being decoded.

    Dates are ``YYYY-MM-DD``, times ``HH:MM:SS[.ffffff]``, ``acquired_at`` is ISO 8601; all are empty where the file is
    silent. ``subject_name`` is as the file has it (DICOM: ``Family^Given``). A file without DICOM identifiers gets
    ones derived from its bytes, so the same bytes always get the same identifiers.
    """

    format: Format
    kind: Literal["image", "object"]
    image_uid: str
    series_uid: str
    exam_uid: str
    sop_class_uid: str = ""
    sop_class_name: str = ""
    transfer_syntax_uid: str = ""
    subject_id: str = ""
    subject_issuer: str = ""
    subject_name: str = ""
    birth_date: str = ""
    sex: str = ""
    accession: str = ""
    exam_date: str = ""
    exam_time: str = ""
    exam_id: str = ""
    exam_description: str = ""
    referring_name: str = ""
    modality: str = ""
    series_number: int | None = None
    series_description: str = ""
    body_part: str = ""
    image_number: int | None = None
    rows: int = 0
    columns: int = 0
    planes: int = 0
    bits: int = 0
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    station: str = ""
    institution: str = ""
    acquired_at: str = ""
    bits_allocated: int = 0
    timezone: str = ""
    series_date: str = ""
    series_time: str = ""
    protocol: str = ""
    laterality: str = ""
    performed_date: str = ""
    performed_time: str = ""
    performed_id: str = ""
    requested_id: str = ""
    scheduled_id: str = ""
    industry_hint: Literal["security", "ndt", "medical", ""] = ""
    warnings: tuple[str, ...] = ()


def uid_of(content: bytes | memoryview) -> str:
    """Return the identifier 2.25.<number> that belongs to these bytes (PS3.5 B.2, RFC 9562 version 8)."""
    digest = bytearray(hashlib.sha256(content).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(digest, 'big')}"


def check_size(
    *, rows: int, columns: int, planes: int = 1, bytes_per_pixel: float, stored_bytes: int, is_compressed: bool
) -> None:
    """Refuse an image by what its header promises, before anything is allocated for it.

    Raises
    ------
    Unreadable
        No rows, columns or planes, or fewer stored bytes than the uncompressed image needs.
    TooLarge
        Beyond the limits of this module.
    Hostile
        The few stored bytes cannot honestly hold so many pixels.
    """
    if rows < 1 or columns < 1 or planes < 1:
        raise Unreadable(f"the image has no pixels: {rows} rows, {columns} columns, {planes} planes")
    size = f"{rows} rows x {columns} columns" + (f" x {planes} planes" if planes > 1 else "")
    needed = int(rows * columns * planes * bytes_per_pixel)
    if not is_compressed and needed > stored_bytes:
        raise Unreadable(
            f"the header promises {size}, {needed} bytes of pixels, but the file holds {stored_bytes}: it is cut short "
            "or its header is wrong; fetch it again from the machine"
        )
    if is_compressed and needed > ALWAYS_ALLOWED_BYTES and needed > RATIO_MAX * max(stored_bytes, 1):
        raise Hostile(
            f"{stored_bytes} compressed bytes claim to hold {size} ({needed} bytes): refused as a decompression bomb"
        )
    if rows * columns > PLANE_PIXELS_MAX or planes > PLANES_MAX:
        raise TooLarge(
            f"{size} is beyond the limit of {PLANE_PIXELS_MAX} pixels a plane and {PLANES_MAX} planes; split the image"
        )
    if is_compressed and needed > DECODED_BYTES_MAX:
        raise TooLarge(f"{size} decompress to {needed} bytes, above the limit of {DECODED_BYTES_MAX}; split the image")


def check_numbers(pixels: NDArray[Any]) -> None:
    """Refuse pixels that are not numbers, on which every measurement would fail silently.

    Raises
    ------
    Unreadable
        Any pixel is NaN or infinite.
    """
    import numpy as np

    if pixels.dtype.kind == "f" and not (is_number := np.isfinite(pixels)).all():
        wrong = pixels.size - int(np.count_nonzero(is_number))
        raise Unreadable(f"{wrong} of {pixels.size} pixels are not numbers (NaN or infinite); export the image again")
