"""dicomweb-client, the field's own Python client, as library and command: search, retrieve, store."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from archives import Peer
from films import film, uid

STUDY = uid(6501)
COMMAND = Path(sys.executable).parent / "dicomweb_client"


@pytest.fixture(scope="module")
def client(kerma: Peer):
    web = pytest.importorskip("dicomweb_client")
    return web.DICOMwebClient(url=kerma.web, headers=kerma.headers)


@pytest.fixture(scope="module")
def stored(client) -> list[pydicom.Dataset]:
    """Two films, stored by the library."""
    files = [film(exam=6501, image=65010 + number, PatientID="CLIENT-1") for number in range(2)]
    datasets = [pydicom.dcmread(io.BytesIO(data)) for data in files]
    answer = client.store_instances(datasets)
    assert len(answer.ReferencedSOPSequence) == 2
    return datasets


def place(one: pydicom.Dataset) -> tuple[str, str, str]:
    return str(one.StudyInstanceUID), str(one.SeriesInstanceUID), str(one.SOPInstanceUID)


def test_the_library_searches_at_every_level(client, stored: list[pydicom.Dataset]) -> None:
    studies = client.search_for_studies(search_filters={"PatientID": "CLIENT-1"}, fields=["StudyDescription"])
    assert [one["0020000D"]["Value"][0] for one in studies] == [STUDY]
    assert len(client.search_for_series(study_instance_uid=STUDY)) == 1
    assert len(client.search_for_instances(study_instance_uid=STUDY)) == 2


def test_the_library_retrieves_what_it_stored(client, stored: list[pydicom.Dataset]) -> None:
    got = client.retrieve_study(STUDY)
    assert {place(one): one.PixelData for one in got} == {place(one): one.PixelData for one in stored}
    one = stored[0]
    assert list(client.retrieve_instance(*place(one))) == list(one)


def test_the_library_retrieves_metadata_frames_and_bulk_data(client, stored: list[pydicom.Dataset]) -> None:
    one = stored[0]
    metadata = client.retrieve_instance_metadata(*place(one))
    assert pydicom.Dataset.from_json(metadata, lambda *_: b"").PatientID == "CLIENT-1"
    assert client.retrieve_instance_frames(*place(one), frame_numbers=[1]) == [one.PixelData]
    assert client.retrieve_bulkdata(metadata["7FE00010"]["BulkDataURI"])[0][: len(one.PixelData)] == one.PixelData


def test_the_library_retrieves_rendered_images(client, stored: list[pydicom.Dataset]) -> None:
    from PIL import Image

    shown = client.retrieve_instance_rendered(*place(stored[0]), media_types=("image/png",))
    assert Image.open(io.BytesIO(shown)).size == (stored[0].Columns, stored[0].Rows)


def test_the_library_walks_through_pages(client, stored: list[pydicom.Dataset]) -> None:
    together = [
        one["00080018"]["Value"][0]
        for offset in range(2)
        for one in client.search_for_instances(study_instance_uid=STUDY, limit=1, offset=offset)
    ]
    assert sorted(together) == sorted(str(one.SOPInstanceUID) for one in stored)


def test_the_command_searches(kerma: Peer, stored: list[pydicom.Dataset]) -> None:
    words = [
        COMMAND,
        "--url",
        kerma.web,
        "--bearer-token",
        kerma.token,
        "search",
        "studies",
        "--filter",
        "PatientID=CLIENT-1",
    ]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [one["0020000D"]["Value"][0] for one in json.loads(done.stdout)] == [STUDY]
