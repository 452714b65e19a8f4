"""Image to TIFF: every grey depth as it is, losslessly, so that reading back gives identical pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerma.science.imaging.image import Image

_MM_PER_CM = 10.0


def write(image: Image) -> bytes:
    """Write stored values and spacing as TIFF (deflate, one page per plane); BigTIFF when 4 GiB would not do.

    Integer and floating-point pixels of 8 to 64 bits are kept bit for bit. The resolution tags carry the spacing
    when it is known; the description says what it was measured against.
    """
    import tifffile

    spacing = image.spacing
    options: dict[str, object] = {}
    if spacing.row_mm is not None and spacing.column_mm is not None:
        options["resolution"] = (_MM_PER_CM / spacing.column_mm, _MM_PER_CM / spacing.row_mm)
        options["resolutionunit"] = "CENTIMETER"
    photometric = "rgb" if image.is_colour else "miniswhite" if image.grey.is_inverse else "minisblack"
    out = io.BytesIO()
    with tifffile.TiffWriter(out, bigtiff=image.pixels.nbytes > 0xF0000000) as writer:
        for plane in image.pixels:
            writer.write(
                plane,
                photometric=photometric,
                compression="zlib",
                predictor=plane.dtype.kind in "iu",
                description=f"spacing: {spacing.label}",
                software="Kerma",
                metadata=None,
                contiguous=False,
                **options,
            )
    return out.getvalue()
