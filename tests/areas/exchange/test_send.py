"""Sending to real peers: what arrives is what was stored, byte for byte, and what was done is said."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import sqlalchemy as sa
import tifffile
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, RLELossless

from dcmtk import free_port, storescp
from films import Archive, film, uid
from formats.dciodvfy import errors_of
from kerma.areas.archive.model import image
from kerma.areas.archive.queries_find import images_at
from kerma.areas.archive.retrieve_objects import object_file
from kerma.areas.exchange import actions, convert, queries
from kerma.areas.exchange.actions import NodeGiven
from kerma.areas.exchange.send import Errand, Outcome, _pieces, send_images
from kerma.kernel.action import Actor, Kernel


@pytest.fixture
def backend() -> str:
    """What goes over the wire is the same whatever the database: it is tried on one."""
    return "sqlite"


def listed(kernel: Kernel, actor: Actor, port: int, **given: Any) -> dict[str, Any]:
    actions.add_node(kernel, actor, given=NodeGiven(**{"ae_title": "PEER", "host": "127.0.0.1", "port": port} | given))
    with kernel.database.read() as connection:
        return queries.known_node(connection, "PEER")


def send(archive: Archive, node: dict[str, Any], exam_uid: str, **options: Any) -> Outcome:
    with archive.kernel.database.read() as connection:
        rows = images_at(connection, exam_uids=[exam_uid])
    return send_images(archive.kernel, node, rows, Errand(archive.actor), **options)


def received(folder: Path) -> dict[str, Path]:
    found = [path for path in folder.iterdir() if path.name != "peer.log"]
    return {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in found}


def pixels() -> np.ndarray[Any, Any]:
    return np.arange(4096, dtype=np.uint16).reshape(64, 64)


def tiff(pages: int = 1, **options: Any) -> bytes:
    target = io.BytesIO()
    planes = pixels() if pages == 1 else np.stack([pixels() + page for page in range(pages)])
    tifffile.imwrite(target, planes, photometric="minisblack", **options)
    return target.getvalue()


def png(values: np.ndarray[Any, Any]) -> bytes:
    return bytes(imagecodecs.png_encode(values))


def data_set(data: bytes) -> bytes:
    return b"".join(convert.data_set([data]))


def test_images_arrive_byte_for_byte(archive: Archive, tmp_path: Path) -> None:
    films = [film(image=number, side=side) for number, side in ((1, 16), (2, 300), (3, 17))]
    for data in films:
        archive.ingest(data)
    seen: list[str] = []
    with storescp(tmp_path / "in", "+B") as port:
        node = listed(archive.kernel, archive.actor, port)
        outcome = send(archive, node, uid(1), on_progress=lambda sent: seen.append(sent.image["uid"]))
    assert (outcome.sent_count, outcome.failed, outcome.error) == (3, [], "")
    assert seen == [uid(1, 1, number) for number in (1, 2, 3)]
    arrived = received(tmp_path / "in")
    for number, data in enumerate(films, start=1):
        assert data_set(arrived[uid(1, 1, number)].read_bytes()) == data_set(data)
    (record,) = archive.records("archive.export")
    assert record["details"]["to"] == f"node:{node['id']}"
    assert record["details"]["image_count"] == 3


def compressed(number: int, syntax: str) -> bytes:
    """Return a film of which the pixels are compressed."""
    data = dcmread(io.BytesIO(film(image=number, side=64)))
    if syntax == JPEGBaseline8Bit:
        data = dcmread(
            io.BytesIO(film(image=number, side=64, BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=bytes(64 * 64)))
        )
        frame = imagecodecs.jpeg8_encode(data.pixel_array, level=80)
        data.PixelData = encapsulate([frame])
        data["PixelData"].VR = "OB"
        data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    else:
        data.compress(RLELossless, generate_instance_uid=False)
    target = io.BytesIO()
    data.save_as(target)
    return target.getvalue()


def test_a_node_that_takes_only_native_bytes_gets_the_same_values(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(compressed(1, RLELossless))
    archive.ingest(compressed(2, JPEGBaseline8Bit))
    with storescp(tmp_path / "in", "+B", "+xi") as port:
        outcome = send(archive, listed(archive.kernel, archive.actor, port), uid(1))
    assert (outcome.sent_count, outcome.converted_count) == (1, 1)
    (refused,) = outcome.failed
    assert refused.image["uid"] == uid(1, 1, 2)
    assert "lossy" in refused.words
    arrived = dcmread(received(tmp_path / "in")[uid(1, 1, 1)])
    assert arrived.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert np.array_equal(arrived.pixel_array, dcmread(io.BytesIO(film(image=1, side=64))).pixel_array)
    assert str(arrived.PatientName) == "Dupont^Zoé"


def test_one_that_cannot_be_decoded_does_not_stop_the_others(archive: Archive, tmp_path: Path) -> None:
    whole = compressed(1, RLELossless)
    data = dcmread(io.BytesIO(whole))
    data.PixelData = encapsulate([b"\xff" * 100])
    target = io.BytesIO()
    data.save_as(target)
    archive.ingest(target.getvalue())
    archive.ingest(compressed(2, RLELossless))
    with storescp(tmp_path / "in", "+xi") as port:
        outcome = send(archive, listed(archive.kernel, archive.actor, port), uid(1))
    assert (outcome.sent_count, outcome.error) == (1, "")
    assert [sent.image["uid"] for sent in outcome.failed] == [uid(1, 1, 1)]
    assert "cannot be decoded" in outcome.failed[0].words
    assert set(received(tmp_path / "in")) == {uid(1, 1, 2)}


PLAIN = {
    "weld.tif": tiff,
    "seam.png": lambda: png(np.arange(256, dtype=np.uint8).reshape(16, 16)),
    "colour.png": lambda: png(np.arange(768, dtype=np.uint8).reshape(16, 16, 3)),
    "pages.tif": lambda: tiff(pages=3),
}


def test_what_is_no_dicom_object_goes_as_the_one_that_dicomweb_makes(archive: Archive, tmp_path: Path) -> None:
    with storescp(tmp_path / "in", "+B") as port:
        node = listed(archive.kernel, archive.actor, port)
        for name, make in PLAIN.items():
            stored = archive.ingest(make(), name, industry="ndt")
            outcome = send(archive, node, stored.exam_uid)
            assert (outcome.sent_count, outcome.made_count, outcome.failed, outcome.error) == (1, 1, [], "")
            with archive.kernel.database.read() as connection:
                (row,) = images_at(connection, exam_uids=[stored.exam_uid])
            path = received(tmp_path / "in")[row["uid"]]
            arrived = dcmread(path)
            assert (arrived.StudyInstanceUID, arrived.SeriesInstanceUID) == (row["exam_uid"], row["series_uid"])
            assert errors_of(path) == []
            assert data_set(path.read_bytes()) == data_set(object_file(archive.kernel, row).read_bytes())
    assert np.array_equal(dcmread(received(tmp_path / "in")[first_uid(archive)]).pixel_array, pixels())
    assert len(archive.records("archive.export")) == len(PLAIN)


def first_uid(archive: Archive) -> str:
    """Return the UID of the image that was stored first."""
    return str(archive.rows(sa.select(image.c.uid).order_by(image.c.id))[0]["uid"])


def test_an_image_of_which_no_object_can_be_made_is_told_in_words(archive: Archive, tmp_path: Path) -> None:
    stored = archive.ingest(tiff(compression="zlib"), "weld.tif", industry="ndt")
    with archive.kernel.database.read() as connection:
        (row,) = images_at(connection, exam_uids=[stored.exam_uid])
    path = archive.kernel.blobs.local_path(row["sha256"])
    assert path is not None
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[: len(whole) // 2])  # as a disk that fails would leave it
    with storescp(tmp_path / "in") as port:
        outcome = send(archive, listed(archive.kernel, archive.actor, port), stored.exam_uid)
    assert (outcome.sent_count, outcome.error) == (0, "")
    assert "no DICOM object can be made of it" in outcome.failed[0].words


@pytest.mark.parametrize(
    ("given", "words"),
    [({}, "is not listening on port"), ({"host": "nowhere.invalid"}, "unknown host name")],
)
def test_a_node_that_is_not_there_is_told_in_words(archive: Archive, given: dict[str, Any], words: str) -> None:
    archive.ingest(film())
    outcome = send(archive, listed(archive.kernel, archive.actor, free_port(), **given), uid(1))
    assert outcome.sent_count == 0
    assert words in outcome.error
    assert archive.records("archive.export") == []


def test_a_node_that_refuses_is_told_in_words(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(film())
    with storescp(tmp_path / "in", "--refuse") as port:
        outcome = send(archive, listed(archive.kernel, archive.actor, port), uid(1))
    assert "refused the association" in outcome.error


def test_a_node_that_aborts_in_the_middle_is_told_and_nothing_hangs(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(film(side=1500))
    with storescp(tmp_path / "in", "--abort-during") as port:
        outcome = send(archive, listed(archive.kernel, archive.actor, port), uid(1))
    assert outcome.sent_count == 0
    assert "ended the association" in outcome.error


@pytest.mark.parametrize("size", [1, 5, 16, 17, 1000])
def test_pieces_are_the_content_and_none_but_the_last_is_short(size: int) -> None:
    content = bytes(range(256)) * 3
    chunks = [content[:1], content[1:1], content[1:700], content[700:]]
    pieces = list(_pieces(chunks, size))
    assert b"".join(piece for piece, _ in pieces) == content
    assert [is_last for _, is_last in pieces] == [False] * (len(pieces) - 1) + [True]
    assert all(len(piece) == size for piece, is_last in pieces if not is_last)
    assert 0 < len(pieces[-1][0]) <= size
