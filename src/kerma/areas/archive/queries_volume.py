"""The volumes of an exam: where the slices of each series lie, and a small copy to show first; made once and kept."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from kerma.areas.archive import queries_render, retrieve, retrieve_cache, retrieve_frames, retrieve_objects, tiles
from kerma.areas.archive.queries_pixels import reader
from kerma.areas.archive.rules_media import EXPLICIT
from kerma.errors import KermaError, NotFound, Unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.formats.dicom_places import Places
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image
    from kerma.science.imaging.volume import Pile, VolumeGeometry
    from kerma.science.imaging.volume_overview import Overview

VERSION = 1
"""Goes into the name of what is kept: raise it when the same slices would make another volume."""
_STACKED = frozenset(["CT"])
"""Modalities whose series are told about although they make no volume."""
_DARKEST_SHARE, _BRIGHTEST_SHARE = 0.005, 0.995
_SAMPLED = (0.25, 0.5, 0.75)
_FRAMES_AT_ONCE = 32
_OVERVIEW_HEAD_BYTES = 16
Rows = Sequence[dict[str, Any]]
Slices = Sequence[tuple[dict[str, Any], int]]
"""Planes of images, in the order of their places."""


def volumes(kernel: Kernel, rows: Rows) -> list[dict[str, Any]]:
    """Return what each series of an exam makes of its slices; series of single projections are left out.

    Parameters
    ----------
    rows : the images of an exam, as :func:`queries.images_of_exam` returns them
    """
    found: list[dict[str, Any]] = []
    for series_pk, members in itertools.groupby(_in_space(rows), key=lambda row: int(row["series_pk"])):
        images = list(members)
        if sum(row["planes"] or 0 for row in images) > 1:
            found += [{"series_pk": series_pk, **_series(images[0]), **one} for one in _series_volumes(kernel, images)]
    return found


def overview_file(kernel: Kernel, rows: Rows, series_pk: int, part: int) -> tuple[bytes, str]:
    """Return a volume's overview and its tag: base and step (float64), then voxels (uint16; slice, row, column).

    All numbers are little endian. It is made when it is asked for first.

    Raises
    ------
    NotFound
        The series has no such volume.
    Unreadable, Hostile, TooLarge
        A slice cannot be decoded.
    """
    images = [row for row in _in_space(rows) if row["series_pk"] == series_pk]
    listed = _series_volumes(kernel, images) if images else []
    if not 0 <= part < len(listed) or not listed[part]["is_volume"]:
        raise NotFound(f"series {series_pk} has no volume {part}")
    name, sha256 = _name(images, part), images[0]["sha256"]

    def write(out: BinaryIO) -> None:
        made = _overview(kernel, images, listed[part])
        out.write(np.array([made.base, made.step], "<f8").tobytes())
        out.write(made.voxels.astype("<u2").tobytes())

    path = retrieve_cache.find(kernel, sha256, name)
    if path is None:
        import numpy as np

        path = retrieve_cache.keep(kernel, sha256, name, write)
    content = path.read_bytes()
    tiles.forget_if_deleted(kernel, images[0])
    return content, name


def _in_space(rows: Rows) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == "image" and retrieve.is_dicom(row)]


def _name(images: Rows, part: int | str) -> str:
    return retrieve_cache.name_of("volume", VERSION, part, [(row["id"], row["sha256"]) for row in images])


def _series(row: dict[str, Any]) -> dict[str, Any]:
    words = {"series_uid": "series_uid", "number": "series_number", "description": "series_description"}
    return {name: row[column] for name, column in words.items()} | {"modality": row["modality"]}


def _series_volumes(kernel: Kernel, images: Rows) -> list[dict[str, Any]]:
    name, sha256 = _name(images, "document"), images[0]["sha256"]
    path = retrieve_cache.find(kernel, sha256, name)
    if path is not None:
        kept: list[dict[str, Any]] = json.loads(path.read_bytes())
        return kept
    made = list(_made(kernel, images))
    text = json.dumps(made, separators=(",", ":")).encode("ascii")
    retrieve_cache.keep(kernel, sha256, name, lambda out: out.write(text))
    tiles.forget_if_deleted(kernel, images[0])
    return made


def _made(kernel: Kernel, images: Rows) -> Iterator[dict[str, Any]]:
    """Yield the volumes of a series."""
    from kerma.formats.dicom_places import places_of
    from kerma.science.imaging.volume import piles

    places: list[Places] = []
    warnings: list[str] = []
    for row in images:
        try:
            places.append(places_of(retrieve_frames.mapped(retrieve_objects.stored_file(kernel, row))))
        except KermaError as error:
            return (yield from _none(images, f"{row['file_name']} cannot be read: {error}"))
        warnings += places[-1].warnings
    where = [
        (row, number, plane)
        for row, place in zip(images, places, strict=True)
        for number, plane in enumerate(place.planes)
        if plane is not None
    ]
    if not where:
        return (yield from _none(images, "the slices do not say where they lie in space"))
    if not all(place.is_scaled_alike for place in places):
        return (yield from _none(images, "the frames are scaled differently from each other"))
    if len({place.frame_of_reference for place in places}) > 1:
        warnings.append("the slices name different frames of reference: the subject may have moved between them")
    missing = sum(len(place.planes) for place in places) - len(where)
    if missing:
        warnings.append(f"{missing} of the planes do not say where they lie and are left out")
    tilt_deg = places[0].tilt_deg
    for part, pile in enumerate(piles([plane for _, _, plane in where], tilt_deg)):
        yield _volume(kernel, images, [(row, number) for row, number, _ in where], (part, pile), warnings)


def _none(images: Rows, reason: str) -> Iterator[dict[str, Any]]:
    if images[0]["modality"] in _STACKED:
        yield {"part": 0, "is_volume": False, "reasons": [reason], "warnings": []}


def _volume(
    kernel: Kernel, images: Rows, slices: Slices, found: tuple[int, Pile], warnings: list[str]
) -> dict[str, Any]:
    part, pile = found
    words = [*dict.fromkeys([*warnings, *pile.warnings])]
    document = {"part": part, "is_volume": False, "reasons": list(pile.reasons), "warnings": words}
    geometry = pile.geometry
    if geometry is None:
        return document
    ordered = [slices[number] for number in geometry.order]
    try:
        grey = _grey(kernel, ordered)
    except KermaError as error:
        return document | {"reasons": [f"a slice cannot be read: {error}"]}
    return document | {
        "is_volume": True,
        "geometry": _geometry(geometry),
        "slices": [{"image_pk": row["id"], "plane": number} for row, number in ordered],
        "overview": _told(geometry, images, part),
        **grey,
    }


def _geometry(geometry: VolumeGeometry) -> dict[str, Any]:
    affine = geometry.affine()
    return {
        "rows": geometry.rows,
        "columns": geometry.columns,
        "row_mm": geometry.row_mm,
        "column_mm": geometry.column_mm,
        "origin_mm": geometry.origin_mm.tolist(),
        "along_row": geometry.along_row.tolist(),
        "along_column": geometry.along_column.tolist(),
        "distances_mm": geometry.distances_mm.tolist(),
        "offsets_mm": geometry.offsets_mm.tolist(),
        "tilt_deg": geometry.tilt_deg,
        "is_even": geometry.is_even,
        "affine": None if affine is None else affine.tolist(),
    }


def _told(geometry: VolumeGeometry, images: Rows, part: int) -> dict[str, Any]:
    from kerma.science.imaging.volume_overview import block_of, chosen_slices

    count, rows, columns = geometry.shape
    chosen, block = chosen_slices(count), block_of(rows, columns)
    small = -(-rows // block), -(-columns // block)
    address = f"/api/v1/exams/{images[0]['exam_pk']}/volumes/{images[0]['series_pk']}/{part}/overview"
    return {
        "address": f"{address}?tag={_name(images, part)[:16]}",
        "slices": list(chosen),
        "rows": small[0],
        "columns": small[1],
        "block": block,
        "size_bytes": _OVERVIEW_HEAD_BYTES + len(chosen) * small[0] * small[1] * 2,
    }


def _grey(kernel: Kernel, ordered: Slices) -> dict[str, Any]:
    """Return how values are to be shown: unit, a window to begin with, the range met in three of the slices."""
    import numpy as np

    from kerma.science.imaging.image import Window

    sampled = [ordered[round(share * (len(ordered) - 1))] for share in _SAMPLED]
    planes = list(_planes(kernel, sampled))
    image = planes[0][0]
    values = np.concatenate([plane[np.isfinite(plane)] for _, plane in planes])
    shares = (0.0, _DARKEST_SHARE, _BRIGHTEST_SHARE, 1.0)
    low, darkest, brightest, high = np.quantile(values, shares).tolist() if values.size else (0.0, 0.0, 0.0, 1.0)
    own = image.grey.windows[0] if image.grey.windows else None
    shown = own or Window((darkest + brightest) / 2, max(brightest - darkest, 1e-6), "LINEAR_EXACT")
    return {
        "unit": "HU" if image.meaning == "ct-number" and not image.grey.unit else _known(image.grey.unit),
        "meaning": image.meaning,
        "is_inverse": image.grey.is_inverse,
        "window": {"center": shown.center, "width": shown.width, "function": shown.function},
        "range": {"low": low, "high": high},
    }


def _known(unit: str) -> str:
    """Return a unit that says something: some machines write that they know none."""
    return "" if unit.lower() in ("unknown", "us", "unspecified") else unit


def _overview(kernel: Kernel, images: Rows, document: dict[str, Any]) -> Overview:
    from kerma.science.imaging.volume_overview import overview_of, reduced

    by_pk = {row["id"]: row for row in images}
    told = document["overview"]
    chosen = [document["slices"][number] for number in told["slices"]]
    planes = _planes(kernel, [(by_pk[one["image_pk"]], one["plane"]) for one in chosen])
    return overview_of((reduced(values, told["block"]) for _, values in planes), tuple(told["slices"]), told["block"])


def _planes(kernel: Kernel, slices: Slices) -> Iterator[tuple[Image, NDArray[np.float64]]]:
    """Yield planes after the modality transform, NaN where they carry no data."""
    import numpy as np

    from kerma.science.imaging.greyscale import modality_values

    for image, stored in _stored(kernel, slices):
        if image.is_colour:
            raise Unreadable("a colour image has no values to make planes of")
        values = modality_values(image.grey, stored)
        yield image, values if image.padding_value is None else np.where(stored == image.padding_value, np.nan, values)


def _stored(kernel: Kernel, slices: Slices) -> Iterator[tuple[Image, NDArray[Any]]]:
    """Yield the stored values of planes; of compressed frames only those asked for are decoded, several at a time."""
    from kerma.formats.dicom_native import grey_cells

    for _, members in itertools.groupby(slices, key=lambda one: int(one[0]["id"])):
        wanted = list(members)
        row = wanted[0][0]
        path = retrieve_objects.stored_file(kernel, row)
        grey = grey_cells(retrieve_frames.mapped(path))
        if grey is None or (row["planes"] == 1 and not grey.is_plain):
            image = queries_render.decoded(kernel, row)
            yield from ((image, image.pixels[number]) for _, number in wanted)
        elif grey.is_plain:
            yield from ((grey.every, grey.stored(grey.cells(number)).pixels[0]) for _, number in wanted)
        else:
            for start in range(0, len(wanted), _FRAMES_AT_ONCE):
                numbers = tuple(number + 1 for _, number in wanted[start : start + _FRAMES_AT_ONCE])
                for content in reader("show").frames(path, EXPLICIT, numbers):
                    yield grey.every, grey.stored(grey.shaped(content)).pixels[0]
