"""What a viewer must know of the two energies of an image: where they are, open beams, noise, and the lookup.

The energies are planes of one image, or images of their own in one series, as DICOS has them.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import tiles_source
from kerma.areas.archive.queries import images_of_exam
from kerma.kernel import projection
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.areas.archive.tiles_source import Source
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.enhance.energies import Energies
    from kerma.science.imaging.image import Image


def of_source(source: Source) -> dict[str, Any] | None:
    """Return the energies of an image that has them as planes, None where it has not both."""
    import numpy as np

    labels = {label.lower() for label in source.image.plane_labels}
    if source.image.plane_kind != "energy" or not {"low", "high"} <= labels:
        return None
    whole = replace(source.image, pixels=np.stack([source.stored(plane) for plane in range(source.planes)]))
    return document(whole, [(None, plane) for plane in range(source.planes)])


def document(image: Image, places: Sequence[tuple[int | None, int]]) -> dict[str, Any] | None:
    """Return the energies of an image as JSON; None where they are no linear signals of both energies.

    Parameters
    ----------
    places : for each plane, which stored image (None: the one asked about) and which of its planes it is
    """
    from kerma.science.imaging.enhance.energies import energies_of

    found = energies_of(image)
    if found is None:
        return None
    low, high = places[found.low_plane], places[found.high_plane]
    z = places[found.z_plane] if found.z_plane is not None else (None, None)
    return {
        "low_image": low[0], "low_plane": low[1], "high_image": high[0], "high_plane": high[1], "z_image": z[0],
        "z_plane": z[1], "blank_low": found.blank_low, "blank_high": found.blank_high, "snr_low": found.snr_low,
        "snr_high": found.snr_high, "lookup": _lookup(found), "calibration": found.calibration,
        "warnings": list(found.warnings),
    }  # fmt: skip


Place = tuple[int, int]
Joined = tuple["Image", list[Place]]
"""An image of all energies of a view, and which stored image and plane each of its planes is."""
SERIES_MOST = 24
"""Images of one series that are looked through for the other energy."""
_KEPT = 256
_pairs: dict[tuple[str, ...], tuple[int, ...]] = {}
"""Which images belong together, by the images of a series: pairing costs a look at all of them."""


def may_stand_beside(row: dict[str, Any]) -> bool:
    """Return whether an image may hold one energy whose other one is an image of its own."""
    return row["format"] == "DICOS" and row["kind"] == "image" and (row["planes"] or 1) == 1


def joined(kernel: Kernel, row: dict[str, Any]) -> Joined | None:
    """Return the energies of an image's view as one image; None where there are not both.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        The pixels of a picture of the series cannot be decoded.
    """
    if not may_stand_beside(row):
        return None
    with kernel.database.read() as connection:
        every = images_of_exam(connection, row["exam_pk"], WHOLE)
        rows = [
            each
            for each in (projection.shown(connection, every) if "source" in row else every)
            if each["series_pk"] == row["series_pk"] and may_stand_beside(each)
            and (each["rows"], each["columns"]) == (row["rows"], row["columns"])
        ]  # fmt: skip
    if not 2 <= len(rows) <= SERIES_MOST:
        return None
    sources = {each["id"]: tiles_source.source_of(kernel, each) for each in rows}
    key = (row["sha256"], *(each["sha256"] for each in rows))
    if key not in _pairs:
        while len(_pairs) >= _KEPT:
            _pairs.pop(next(iter(_pairs)), None)
        _pairs[key] = _paired(row["id"], sources)
    pks = _pairs[key]
    return _together([(pk, sources[pk]) for pk in pks]) if pks else None


def _paired(image_pk: int, sources: Mapping[int, Source]) -> tuple[int, ...]:
    """Return low, high and number picture of one view, paired by their contents; empty where there are not both."""
    import numpy as np

    from kerma.science.imaging.enhance.pairing import numbers_of, same_view

    of: dict[str, list[int]] = {"low": [], "high": [], "z-effective": []}
    for pk, source in sources.items():
        label = source.image.plane_labels[0].lower() if source.image.plane_labels else ""
        of.get(label, []).append(pk)
    values = functools.cache(lambda pk: sources[pk].stored(0).astype(np.float64))
    for low in of["low"]:
        match = same_view(values(low), [values(pk) for pk in of["high"]])
        if match is None:
            continue
        high = of["high"][match]
        number = numbers_of(values(high), [values(pk) for pk in of["z-effective"]])
        pks = (low, high) if number is None else (low, high, of["z-effective"][number])
        if image_pk in pks:
            return pks
    return ()


def _together(sources: Sequence[tuple[int, Source]]) -> Joined:
    import numpy as np

    from kerma.science.imaging.energy_pairs import together

    image = together([replace(source.image, pixels=source.stored(0)[np.newaxis]) for _, source in sources])
    return image, [(pk, 0) for pk, _ in sources]


def beside(kernel: Kernel, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the energies of an image whose other energy is an image of its own; None where there are not both."""
    found = joined(kernel, row)
    return None if found is None else document(found[0], found[1])


def _lookup(found: Energies) -> dict[str, Any] | None:
    lookup = found.lookup
    if lookup is None:
        return None
    rows, width = lookup.grid.shape
    grid = base64.b64encode(lookup.table.astype("<f4").tobytes()).decode("ascii")
    return {
        "name": lookup.name, "words": lookup.words, "sha256": lookup.sha256, "rows": rows, "columns": width - 2,
        "grid": grid,
    }  # fmt: skip
