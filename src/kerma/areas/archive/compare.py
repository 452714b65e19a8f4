"""One image laid on another, as a picture of its own: to flick between both, or to take one from the other."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import queries_render, retrieve_cache, tiles_source
from kerma.errors import TooLarge, WrongUsage
from kerma.kernel import apart

if TYPE_CHECKING:
    from kerma.areas.archive.tiles_source import Source
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image

VERSION = 1
"""Goes into the name of every copy: raise it when the same two images are laid otherwise."""
MOST_PIXELS = 64_000_000
"""Larger pictures are compared side by side."""


def comparison(row: dict[str, Any], plane: int, other: dict[str, Any], other_plane: int) -> dict[str, Any]:
    """Return the row of the picture that one plane laid on another makes, as the tiles of images take it.

    Raises
    ------
    NotFound, Unreadable
        One of both has no such plane, or no pixels.
    WrongUsage
        It is the same plane of the same image.
    TooLarge
        One of both has more than 64 million pixels.
    """
    for one, number in ((row, plane), (other, other_plane)):
        tiles_source.demand_pixels(one, number)
        if (one["rows"] or 0) * (one["columns"] or 0) > MOST_PIXELS:
            raise TooLarge(f"image {one['id']} is larger than {MOST_PIXELS} pixels: compare it side by side")
    if (row["id"], plane) == (other["id"], other_plane):
        raise WrongUsage("an image is compared with another one, not with itself")
    parts = (VERSION, row["sidecar_sha256"], plane, other["sha256"], other["sidecar_sha256"], other_plane)
    digest = hashlib.sha256(repr(parts).encode("utf-8")).hexdigest()
    made = {**row, "planes": 1, "sidecar_sha256": digest}
    return {**made, "source": lambda kernel: _source(kernel, row, plane, other, other_plane, digest)}


def registration(
    kernel: Kernel, row: dict[str, Any], plane: int, other: dict[str, Any], other_plane: int
) -> dict[str, Any]:
    """Return how the other image lies on this one, found once and kept.

    Returns
    -------
    dict
        ``matrix`` maps (column, row) of this image to those of the other; ``agreement`` 0 to 1; ``sign`` -1 where one
        is a negative of the other.

    Raises
    ------
    WrongUsage
        Both are not alike enough.
    """
    digest = comparison(row, plane, other, other_plane)["sidecar_sha256"]
    return _registration(kernel, row, plane, other, other_plane, digest)


def _registration(
    kernel: Kernel, row: dict[str, Any], plane: int, other: dict[str, Any], other_plane: int, digest: str
) -> dict[str, Any]:
    name = retrieve_cache.name_of("laid", VERSION, digest)
    path = retrieve_cache.find(kernel, row["sha256"], name)
    if path is not None:
        return dict(json.loads(path.read_bytes()))
    one, two = (queries_render.decoded(kernel, each) for each in (row, other))
    found: dict[str, Any] = apart.run(_register, one, plane, two, other_plane)
    retrieve_cache.keep(kernel, row["sha256"], name, lambda out: out.write(json.dumps(found).encode("ascii")))
    return found


def _source(
    kernel: Kernel, row: dict[str, Any], plane: int, other: dict[str, Any], other_plane: int, digest: str
) -> Source:
    found = _registration(kernel, row, plane, other, other_plane, digest)
    one, two = (queries_render.decoded(kernel, each) for each in (row, other))
    made = apart.run(_laid, one, plane, two, other_plane, found)
    return tiles_source.Source(made, 1, made.rows, made.columns, lambda _: made.pixels[0])


def _register(one: Image, plane: int, two: Image, other_plane: int) -> dict[str, Any]:
    """Find the map; runs apart, and hands back plain values."""
    from kerma.science.imaging.registration import register

    found = register(_values(one, plane), _values(two, other_plane))
    return {
        "matrix": [[float(part) for part in line] for line in found.matrix],
        "agreement": found.agreement,
        "sign": found.sign,
    }


def _laid(one: Image, plane: int, two: Image, other_plane: int, found: dict[str, Any]) -> Image:
    """Lay the second on the first; runs apart."""
    import numpy as np

    from kerma.science.imaging.registration import Alignment, laid

    fixed = _values(one, plane)
    alignment = Alignment(np.array(found["matrix"]), found["agreement"], found["sign"])
    values = laid(fixed, _values(two, other_plane), alignment)
    grey = replace(one.grey, slope=1.0, intercept=0.0, modality_lut=None)
    return replace(
        one, pixels=values[None], grey=grey, padding_value=None, plane_kind="frame", plane_labels=(), bits=32,
        warnings=(*one.warnings, "another image laid on this one: not as it came, for comparing only"),
    )  # fmt: skip


def _values(image: Image, plane: int) -> Any:
    """Return the modality values of a plane; padding is not a number."""
    import numpy as np

    from kerma.science.imaging.greyscale import modality_values

    if image.is_colour:
        raise WrongUsage("pictures in colour are compared side by side")
    stored = image.pixels[plane]
    values = modality_values(image.grey, stored).astype(np.float32)
    if image.padding_value is not None:
        values[stored == image.padding_value] = np.nan
    return values
