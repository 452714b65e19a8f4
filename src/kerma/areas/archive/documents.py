"""The full metadata of stored images as DICOM JSON: from the series' document where there is one, else from the bytes.

A document is one compressed text per series: the first line a JSON list of the numbers of its images (``image.id``),
then for each image, in that order, one line with its DICOM JSON object (:mod:`kerma.formats.dicom_json`). An image
never changes, so a document that lacks the newest images is still right for the others.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import rules_documents
from kerma.areas.archive.model import exam, image, series, series_document
from kerma.areas.archive.rules import MEDIA_TYPES
from kerma.kernel.action import Kernel

LEVEL = 6
"""Of compression: half of the time of the best, a few percent larger."""
_NOT_DICOM = (
    sa.select(image, series.c.uid.label("series_uid"), series.c.document.label("series_document"))
    .add_columns(exam.c.uid.label("exam_uid"), exam.c.timezone, exam.c.document.label("exam_document"))
    .join_from(image, series, image.c.series_pk == series.c.id)
    .join(exam, image.c.exam_pk == exam.c.id)
    .where(image.c.id == sa.bindparam("image_pk"))
)


def metadata_of(kernel: Kernel, images: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield for each image its whole data set without bulk data: one DICOM JSON object on one line (PS3.18, annex F).

    Binary values longer than 256 bytes and pixel data are a ``BulkDataURI`` below the image's own address,
    ``/dicom-web/studies/…/series/…/instances/…/bulkdata/<tags>``; it has no host: put it in with
    :func:`kerma.areas.archive.rules_documents.addressed`. ``kerma.formats.dicom_json.bulk_element`` finds the bytes of
    such a path again. An image that is no DICOM file is described by what the index knows of it.

    Parameters
    ----------
    images : rows with ``id``, ``uid``, ``series_pk``, ``series_uid``, ``exam_uid``, ``sha256`` and ``format``, as
        ``queries_find.images_at`` returns them; one series is held at a time, so let its images stand together
    """
    for series_pk, rows in groupby(images, key=itemgetter("series_pk")):
        wanted = list(rows)
        known = lines_of(kernel, series_pk) if len(wanted) > 1 or _is_described(kernel, series_pk) else {}
        for row in wanted:
            yield known.get(row["id"]) or text_of(kernel, row)


def text_of(kernel: Kernel, row: Mapping[str, Any]) -> str:
    """Return the metadata of one image, made from its bytes."""
    if row["format"] not in MEDIA_TYPES:
        return _index_text(kernel, row["id"])
    from kerma.formats.dicom_json import metadata_text

    place = rules_documents.image_url(row["exam_uid"], row["series_uid"], row["uid"])
    return metadata_text(_content(kernel, row["sha256"]), place)


def lines_of(kernel: Kernel, series_pk: int) -> dict[int, str]:
    """Return the lines of a series' document by image; empty when it has none."""
    statement = sa.select(series_document.c.document).where(series_document.c.series_pk == series_pk)
    with kernel.database.read() as connection:
        packed = connection.execute(statement).scalar_one_or_none()
    if packed is None:
        return {}
    head, *lines = zlib.decompress(packed).decode("utf-8").split("\n")
    return dict(zip(json.loads(head), lines, strict=True))


def packed(lines: Mapping[int, str]) -> bytes:
    """Return the document of a series: its images' lines by their numbers, compressed."""
    return zlib.compress("\n".join([json.dumps(list(lines)), *lines.values()]).encode("utf-8"), LEVEL)


def _is_described(kernel: Kernel, series_pk: int) -> bool:
    statement = sa.select(series_document.c.series_pk).where(series_document.c.series_pk == series_pk)
    with kernel.database.read() as connection:
        return connection.execute(statement).first() is not None


def _content(kernel: Kernel, sha256: str) -> bytes | memoryview:
    """Return the bytes of a blob, mapped where they lie on this machine: only the header is then read."""
    import mmap

    path = kernel.blobs.local_path(sha256)
    if path is None:
        return kernel.blobs.get(sha256)
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _index_text(kernel: Kernel, image_pk: int) -> str:
    with kernel.database.read() as connection:
        row = connection.execute(_NOT_DICOM, {"image_pk": image_pk}).mappings().one()
    found: dict[str, Any] = {}
    for document in (row["exam_document"], row["series_document"], rules_documents.image_document(row)):
        found |= json.loads(document)
    kept = {tag: value for tag, value in found.items() if tag not in ("00081190", "00080056")}
    return json.dumps(dict(sorted(kept.items())), ensure_ascii=False, separators=(",", ":"))
