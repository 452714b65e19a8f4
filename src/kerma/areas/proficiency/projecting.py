"""The pixels that readers see of an exam under a plan: the images as they came, with what is projected laid over them.

Nothing of it is kept as an image: a patch of new values is a copy that can be made again, from the threat, its places
and the number its noise is drawn from. Exams of a plan into which nothing is projected go through the same doors.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from kerma.areas.archive import retrieve_cache, tiles_ahead, tiles_source
from kerma.areas.archive.queries import images_of_exam
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.proficiency import queries, rules
from kerma.areas.proficiency.model import PREPARING, tip_exam
from kerma.errors import KermaError, NotFound, Withheld, WrongUsage
from kerma.kernel import apart
from kerma.kernel.sight import WHOLE
from kerma.science.simulate.threat_exam import Projection, projection
from kerma.science.simulate.threat_insertion import Spot

if TYPE_CHECKING:
    from kerma.areas.archive.tiles_source import Source
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image

    Patches = dict[str, NDArray[Any]]
    """New values by ``image/plane``, and the first row and column of each by ``image/plane/at``."""

DUTY = "show"
TRIES = 6
"""Threats that are tried in one exam before nothing is projected into it."""
MOST_IMAGES = 16
AHEAD_S = 20.0


@dataclass(frozen=True)
class Made:
    """What was put into an exam: the threat, where it stands view by view, and how real it looks."""

    threat_id: int
    places: list[dict[str, Any]]
    realism: float | None


def shown(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of images of exams under a plan with the pixels made for reading (``kernel.projection``).

    Raises
    ------
    Withheld
        They are being made.
    """
    wanted = {row["exam_pk"] for row in rows}
    statement = sa.select(tip_exam).where(tip_exam.c.exam_pk.in_(wanted), queries.UNDECIDED)
    under = {row["exam_pk"]: dict(row) for row in connection.execute(statement).mappings()}
    if any(row["state"] == PREPARING for row in under.values()):
        raise Withheld("the images of this exam are being made ready: they are shown in a few seconds")
    return [made_for_reading(row, under[row["exam_pk"]]) if row["exam_pk"] in under else row for row in rows]


def made_for_reading(row: dict[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an image with a source of its own; its name is the same whatever is projected."""
    if row["kind"] != "image":
        return row
    name = hashlib.sha256(f"{under['nonce']}:{row['id']}".encode()).hexdigest()

    def source(kernel: Kernel) -> Source:
        plain = tiles_source.source_of(kernel, row)
        found = patches(kernel, under) if under["threat_id"] is not None else {}
        # Looked up in either case and laid over in one, so that neither takes longer.
        return _patched(plain, found if under["is_projected"] else {}, row["id"])

    return {**row, "sidecar_sha256": name, "source": source}


def _patched(plain: Source, found: Patches, image_pk: int) -> Source:
    def stored(plane: int) -> NDArray[Any]:
        values = plain.stored(plane)
        window = found.get(f"{image_pk}/{plane}")
        if window is None:
            return values
        top, left = (int(each) for each in found[f"{image_pk}/{plane}/at"])
        changed = values.copy()
        changed[top : top + window.shape[0], left : left + window.shape[1]] = window
        return changed

    first = stored(0)[np.newaxis]  # what a description looks at stands for all planes
    return replace(plain, image=replace(plain.image, pixels=first), stored=stored)


def patches(kernel: Kernel, under: Mapping[str, Any]) -> Patches:
    """Return the new values of an exam's images, from their copy or made again."""
    rows = _images(kernel, under["exam_pk"])
    if not rows:
        raise NotFound(f"there is no exam {under['exam_pk']}")
    path = retrieve_cache.find(kernel, rows[0]["sha256"], _name(under))
    if path is not None:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            return {key: kept[key] for key in kept.files}
    with kernel.database.read() as connection:
        threat = queries.threat_by_id(connection, under["threat_id"])
    assert threat is not None
    spots = [Spot(place["row"], place["column"]) for place in under["places"]]
    found = _put(kernel, [_read(kernel, row) for row in rows], threat, under, spots)
    return keep(kernel, rows, under, found)


def keep(kernel: Kernel, rows: Sequence[Mapping[str, Any]], under: Mapping[str, Any], found: Projection) -> Patches:
    """Keep new values as a copy beside those of the exam's first image, with which it goes; returns them by image."""
    made: Patches = {}
    for change in found.changes:
        key = f"{rows[change.image]['id']}/{change.plane}"
        made |= {key: change.values, f"{key}/at": np.array([change.row, change.column])}
    out = io.BytesIO()
    np.savez_compressed(out, **made)  # type: ignore[arg-type]
    retrieve_cache.keep(kernel, rows[0]["sha256"], _name(under), lambda file: file.write(out.getvalue()))
    return made


def made_of(kernel: Kernel, under: Mapping[str, Any], plan: Mapping[str, Any]) -> Made:
    """Put a threat into an exam and keep what changes.

    It is done to every exam of a plan, drawn or not, so that none takes longer than another.

    Raises
    ------
    KermaError
        Nothing can be projected into it; the message says why.
    """
    rows = _images(kernel, under["exam_pk"])
    if not 1 <= len(rows) <= MOST_IMAGES:
        raise WrongUsage(f"a threat is projected into exams of 1 to {MOST_IMAGES} images; this one has {len(rows)}")
    images = [_read(kernel, row) for row in rows]
    with kernel.database.read() as connection:
        library = queries.threats(connection)
    why: KermaError = WrongUsage("the library has no threat of a category that the plan names")
    for threat in rules.ordered(plan["secret"], rows[0]["exam_uid"], library, plan["categories"])[:TRIES]:
        try:
            found = _put(kernel, images, threat, under, ())
        except WrongUsage as error:
            why = error
            continue
        keep(kernel, rows, under, found)
        places = [
            {
                "image_pks": [rows[at]["id"] for at in one.images], "row": one.spot.row, "column": one.spot.column,
                "box": [one.box.row, one.box.column, one.box.height, one.box.width],
            }
            for one in found.places
        ]  # fmt: skip
        return Made(threat["id"], places, found.realism)
    raise why


def make_ahead(kernel: Kernel, under: Mapping[str, Any]) -> None:
    """Describe the images and make their tiles, so that all exams of a plan open at once, and equally soon."""
    rows = [made_for_reading(row, under) for row in _images(kernel, under["exam_pk"])]
    tiles_ahead.make_ahead(kernel, rows, time.monotonic() + AHEAD_S)


def _put(
    kernel: Kernel, images: Sequence[Image], threat: Mapping[str, Any], under: Mapping[str, Any], spots: Sequence[Spot]
) -> Projection:
    seed = int(under["nonce"][:12], 16)
    return apart.run(_projection, images, kernel.blobs.get(threat["views_sha256"]), seed, spots)


def _projection(images: Sequence[Image], threat: bytes, seed: int, spots: Sequence[Spot]) -> Projection:
    """Project; runs apart."""
    return projection(images, threat, seed=seed, spots=spots)


def _name(under: Mapping[str, Any]) -> str:
    return retrieve_cache.name_of("projection", under["nonce"])


def _images(kernel: Kernel, exam_pk: int) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        return [row for row in images_of_exam(connection, exam_pk, WHOLE) if row["kind"] == "image"]


def _read(kernel: Kernel, row: dict[str, Any]) -> Image:
    return read_image(kernel, row, duty=DUTY)
