"""The stored pixels of an image plane by plane: of several planes only those that are asked for are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import queries_render, retrieve, retrieve_objects
from kerma.areas.archive.queries_pixels import reader
from kerma.areas.archive.retrieve_frames import mapped
from kerma.areas.archive.rules_media import EXPLICIT
from kerma.errors import NotFound, Unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image


@dataclass(frozen=True)
class Source:
    """An image whose planes are fetched one at a time.

    ``image`` says all about it, but its pixels are of the right type only: the planes come from ``stored``.
    """

    image: Image
    planes: int
    rows: int
    columns: int
    stored: Callable[[int], NDArray[Any]]
    """Gives a plane (row, column) of stored values, or (row, column, 3) of colour."""

    def alone(self, plane: int) -> Image:
        """Return the image with only this plane."""
        return replace(self.image, pixels=self.stored(plane)[None])

    def whole(self) -> Image:
        """Return the image with all its planes."""
        import numpy as np

        return replace(self.image, pixels=np.stack([self.stored(plane) for plane in range(self.planes)]))


def demand_pixels(row: dict[str, Any], plane: int = 0) -> None:
    """Refuse what cannot be shown.

    Raises
    ------
    Unreadable
        The object has no pixels.
    NotFound
        The image has no such plane.
    """
    if row["kind"] != "image":
        raise Unreadable(f"this object ({row['sop_class_name'] or row['sop_class_uid']}) has no pixels to show")
    planes = row["planes"] or 1
    if not 0 <= plane < planes:
        raise NotFound(f"the image has the planes 0 to {planes - 1}, not {plane}")


def source_of(kernel: Kernel, row: dict[str, Any]) -> Source:
    """Return the pixels of a stored image, ready to be fetched.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        It has none, or they cannot be decoded.
    TooManyRequests
        Too many wait for the guarded reader already.
    """
    demand_pixels(row)
    if "source" in row:  # a picture made of stored ones brings its own
        made: Source = row["source"](kernel)
        return made
    return _plain(kernel, row) or _whole(kernel, row)


def _plain(kernel: Kernel, row: dict[str, Any]) -> Source | None:
    """Return a grey image whose planes lie in its file, or are decoded one by one; None for any other."""
    from kerma.formats.dicom_native import grey_cells

    if not retrieve.is_as_it_is(row):
        return None
    path = retrieve_objects.stored_file(kernel, row)
    grey = grey_cells(mapped(path))
    if grey is None or not (grey.is_plain or grey.layout.planes > 1):
        return None

    def stored(plane: int) -> NDArray[Any]:
        if grey.is_plain:
            cells = grey.cells(plane)
        else:
            with retrieve_objects.turn():
                (content,) = reader(retrieve_objects.DUTY).frames(path, EXPLICIT, (plane + 1,))
            cells = grey.shaped(content)
        values: NDArray[Any] = grey.stored(cells).pixels[0]
        return values

    return Source(grey.every, grey.layout.planes, grey.layout.rows, grey.layout.columns, stored)


def _whole(kernel: Kernel, row: dict[str, Any]) -> Source:
    with retrieve_objects.turn():
        image = queries_render.decoded(kernel, row)
    return Source(image, image.planes, image.rows, image.columns, lambda plane: image.pixels[plane])
