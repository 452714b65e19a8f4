"""Metadata of images: the same by another reader, from the bytes and from the document of the series."""

from __future__ import annotations

import io
import json
from typing import Any

import pydicom
import sqlalchemy as sa

from films import Archive, film, uid
from kerma.areas.archive import documents, jobs
from kerma.areas.archive.model import series_document
from kerma.areas.archive.queries_find import images_at
from kerma.kernel.action import Kernel


def rows_of(kernel: Kernel, **uids: list[str]) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        return images_at(connection, **uids)


def test_metadata_are_those_of_the_file_without_its_pixels(archive: Archive, kernel: Kernel) -> None:
    sent = film(PatientName="Yamada^Tarou=山田^太郎", SpecificCharacterSet="ISO_IR 192")
    archive.ingest(sent)
    (text,) = documents.metadata_of(kernel, rows_of(kernel, exam_uids=[uid(1)]))
    found = json.loads(text)
    expected = pydicom.dcmread(io.BytesIO(sent)).to_json_dict(bulk_data_threshold=256, bulk_data_element_handler=str)
    pixels = found.pop("7FE00010")
    expected.pop("7FE00010")
    assert found == expected
    assert pixels["BulkDataURI"].endswith(f"/instances/{uid(1, 1, 1)}/bulkdata/7FE00010")
    assert pixels["vr"] == "OW"


def test_a_described_series_is_read_at_once_and_says_the_same(archive: Archive, kernel: Kernel) -> None:
    for number in range(1, 4):
        archive.ingest(film(image=number))
    rows = rows_of(kernel, exam_uids=[uid(1)])
    before = list(documents.metadata_of(kernel, rows))
    jobs.describe_series(kernel, series_pk=rows[0]["series_pk"])
    assert set(documents.lines_of(kernel, rows[0]["series_pk"])) == {row["id"] for row in rows}
    assert list(documents.metadata_of(kernel, rows)) == before
    assert list(documents.metadata_of(kernel, rows[1:2])) == before[1:2]


def test_what_came_after_the_document_is_read_from_its_bytes(archive: Archive, kernel: Kernel) -> None:
    archive.ingest(film(image=1))
    (row,) = rows_of(kernel, exam_uids=[uid(1)])
    jobs.describe_series(kernel, series_pk=row["series_pk"])
    archive.ingest(film(image=2))
    found = [json.loads(text) for text in documents.metadata_of(kernel, rows_of(kernel, exam_uids=[uid(1)]))]
    assert [one["00200013"]["Value"] for one in found] == [[1], [2]]


def test_describing_again_changes_nothing_but_a_new_image_makes_a_new_version(archive: Archive, kernel: Kernel) -> None:
    archive.ingest(film(image=1))
    (row,) = rows_of(kernel, exam_uids=[uid(1)])
    for _ in range(2):
        jobs.describe_series(kernel, series_pk=row["series_pk"])
    assert [one["details"]["version"] for one in archive.records("archive.describe")] == [1]
    archive.ingest(film(image=2))
    jobs.describe_series(kernel, series_pk=row["series_pk"])
    (kept,) = archive.rows(sa.select(series_document.c.version, series_document.c.image_count))
    assert kept == {"version": 2, "image_count": 2}


def test_a_file_that_is_not_dicom_is_described_by_the_index(archive: Archive, kernel: Kernel) -> None:
    import tifffile

    buffer = io.BytesIO()
    import numpy as np

    tifffile.imwrite(buffer, np.full((8, 9), 5, np.uint16))
    archive.ingest(buffer.getvalue(), "weld.tif", industry="ndt")
    with kernel.database.read() as connection:
        from kerma.areas.archive.model import image

        image_uid = connection.scalar(sa.select(image.c.uid))
    (text,) = documents.metadata_of(kernel, rows_of(kernel, image_uids=[image_uid]))
    found = json.loads(text)
    assert (found["00280010"]["Value"], found["00280011"]["Value"]) == ([8], [9])
    assert list(found) == sorted(found)
