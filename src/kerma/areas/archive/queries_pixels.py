"""The pixels of a stored image: its bytes from the blobs, decoded in the guarded reader."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image


def read_image(kernel: Kernel, row: dict[str, Any], *, duty: str) -> Image:
    """Return the Image of one row of the table ``image``.

    Parameters
    ----------
    duty : "show", "analyse" or "report": each has a reader of its own, so that a large or bad file in an analysis
        never keeps a person waiting for the next picture

    Raises
    ------
    Unreadable, Hostile, TooLarge
        The file cannot be decoded within the limits.
    """
    if "source" in row:  # pixels made for reading, or of other images, in place of the file's
        made: Image = row["source"](kernel).whole()
        return made
    sidecar = kernel.blobs.get(row["sidecar_sha256"]) if row["sidecar_sha256"] else None
    return reader(duty).read(kernel.blobs.get(row["sha256"]), row["file_name"], sidecar)


@functools.cache
def reader(duty: str) -> GuardedReader:
    """Return the duty's reader; it lives as long as the process, since starting one costs more than most images."""
    from kerma.formats.guard import GuardedReader

    return GuardedReader()
