"""The tiles of one plane in one file: where each begins, then their bytes, the overview first.

The numbers at the beginning are little-endian and of 64 bits: how many tiles, then where each begins, then where the
last ends. The size of the image says which tile is which (:func:`kerma.science.imaging.pyramid.places`).
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from kerma.errors import Altered

_NUMBER = struct.Struct("<Q")
_SPAN = struct.Struct("<QQ")


def write(out: BinaryIO, tiles: Sequence[bytes]) -> None:
    """Write the tiles of a plane, and see them safe on the disk: a name must never stand for half a file."""
    first = _NUMBER.size * (len(tiles) + 2)
    begins = list(itertools.accumulate((len(tile) for tile in tiles), initial=first))
    out.write(struct.pack(f"<{len(begins) + 1}Q", len(tiles), *begins))
    out.writelines(tiles)
    out.flush()
    os.fsync(out.fileno())


def read(path: Path, number: int, count: int) -> bytes:
    """Return one tile, counted from 0, of a file that holds so many.

    Raises
    ------
    FileNotFoundError
        The file has been removed meanwhile.
    Altered
        It holds something else.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        head = os.pread(file, _NUMBER.size, 0)
        span = os.pread(file, _SPAN.size, _NUMBER.size * (1 + number))
        if head != _NUMBER.pack(count) or len(span) < _SPAN.size:
            raise Altered(f"the copy {path.name} does not hold {count} tiles")
        begin, end = _SPAN.unpack(span)
        content = os.pread(file, end - begin, begin) if begin < end <= os.fstat(file).st_size else b""
    finally:
        os.close(file)
    if not content:
        raise Altered(f"the copy {path.name} is cut short")
    return content
