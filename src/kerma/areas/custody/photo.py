"""Photos of seals and things, and drawn signatures: kept as they came once they have shown that they are pictures."""

from __future__ import annotations

import io
import warnings
from typing import Any

from kerma.errors import Hostile, TooLarge, Unreadable

MOST_BYTES = 20_000_000
MOST_PIXELS = 80_000_000
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def check(data: bytes) -> str:
    """Return the media type of a photo, after it was read to its last pixel.

    Runs apart from the server: a picture that ends its reader ends nothing else.

    Raises
    ------
    Unreadable
        It is no JPEG, PNG or WebP picture, or it is cut off.
    Hostile
        It would unfold to more pixels than any camera makes.
    TooLarge
        More than 20 MB.
    """
    return _read(data)[1]


def small(data: bytes, side_px: int) -> bytes:
    """Return a photo as a JPEG no larger than a square of this side, upright, for a printed page."""
    picture, _ = _read(data)
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(picture)
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A") if upright.mode in ("RGBA", "LA") else None)
    flat.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    flat.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _read(data: bytes) -> tuple[Any, str]:
    from PIL import Image

    if len(data) > MOST_BYTES:
        raise TooLarge(f"the photo has {len(data) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are kept")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=list(TYPES))
            if picture.width * picture.height > MOST_PIXELS:
                size = f"{picture.width} × {picture.height} pixels"
                raise Hostile(f"the photo says it has {size}; at most {MOST_PIXELS // 1_000_000} million are read")
            kind = picture.format or ""
            picture.load()
    except Hostile:
        raise
    except Image.DecompressionBombError as error:
        raise Hostile("the photo would unfold to more pixels than any camera makes") from error
    except Exception as error:
        raise Unreadable("this is no JPEG, PNG or WebP picture, or it is cut off: take the photo again") from error
    return picture, TYPES[kind]
