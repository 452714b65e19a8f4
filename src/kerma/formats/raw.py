"""Raw pixels described by a sidecar: rows, columns, type, and nothing else in the file but an optional head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.header import check_size
from kerma.formats.plain import Plain
from kerma.formats.sidecar import Sidecar


def look(data: bytes | memoryview, notes: Sidecar | None) -> Plain:
    """Compare the description with the length of the file.

    Raises
    ------
    Unreadable
        The file is shorter or longer than described.
    """
    assert notes is not None
    rows, columns, planes = notes.get("rows"), notes.get("columns"), notes.get("planes") or 1
    width = np.dtype(notes.get("type")).itemsize
    stored = max(len(data) - (notes.get("offset_bytes") or 0), 0)
    check_size(
        rows=rows, columns=columns, planes=planes, bytes_per_pixel=width, stored_bytes=stored, is_compressed=False
    )
    needed = rows * columns * planes * width
    if stored != needed:
        raise Unreadable(
            f"the description needs {needed} bytes of pixels but the file holds {stored}: correct rows, columns, "
            "planes, type or offset_bytes"
        )
    return Plain(rows, columns, planes, 8 * width)


def decode(data: bytes | memoryview, plain: Plain, notes: Sidecar | None) -> NDArray[Any]:
    """Return (plane, row, column)."""
    assert notes is not None
    order = ">" if notes.get("byte_order") == "big" else "<"
    dtype = np.dtype(notes.get("type")).newbyteorder(order)
    values = np.frombuffer(data, dtype, plain.planes * plain.rows * plain.columns, notes.get("offset_bytes") or 0)
    return values.astype(dtype.newbyteorder("="), copy=False).reshape(plain.planes, plain.rows, plain.columns)
