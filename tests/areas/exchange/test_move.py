"""C-MOVE as other people's programs ask for it: DCMTK's movescu, and pynetdicom where every response counts."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt

from dcmtk import free_port, program, storescp
from films import Archive, film, uid
from kerma.areas.exchange import actions
from network import door

STUDY_ROOT, PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.1.2"


def received(folder: Path) -> set[str]:
    paths = [path for path in folder.iterdir() if path.name != "peer.log"]
    return {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in paths}


@pytest.fixture
def filled(archive: Archive) -> Archive:
    for series, image in ((1, 1), (1, 2), (2, 1)):
        archive.ingest(film(series=series, image=image))
    archive.ingest(film(exam=2, AccessionNumber="A-10"))
    archive.ingest(film(exam=3, PatientID="P-18", PatientName="Other"))
    return archive


@pytest.fixture
def port(filled: Archive, lists: Callable[..., Any]) -> Iterator[int]:
    lists("ASKER", free_port(), services=["find", "move"])
    with door(filled.kernel) as number:
        yield number


def movescu(port: int, *keys: str, to: str = "PEER", root: str = "-S") -> subprocess.CompletedProcess[str]:
    words = [word for key in keys for word in ("-k", key)]
    command = [program("movescu"), "-v", root, "-aet", "ASKER", "-aec", "KERMA", "-aem", to, *words]
    return subprocess.run(
        [*command, "127.0.0.1", str(port)], capture_output=True, text=True, timeout=120, check=False, errors="replace"
    )


@pytest.mark.parametrize(
    ("root", "keys", "expected"),
    [
        ("-S", ("0008,0052=STUDY", f"0020,000d={uid(1)}"), {uid(1, 1, 1), uid(1, 1, 2), uid(1, 2, 1)}),
        ("-S", ("0008,0052=STUDY", f"0020,000d={uid(2)}\\{uid(3)}"), {uid(2, 1, 1), uid(3, 1, 1)}),
        ("-S", ("0008,0052=SERIES", f"0020,000d={uid(1)}", f"0020,000e={uid(1, 1)}"), {uid(1, 1, 1), uid(1, 1, 2)}),
        (
            "-S",
            ("0008,0052=IMAGE", f"0020,000d={uid(1)}", f"0020,000e={uid(1, 1)}", f"0008,0018={uid(1, 1, 2)}"),
            {uid(1, 1, 2)},
        ),
        (
            "-P",
            ("0008,0052=PATIENT", "0010,0020=P-17"),
            {uid(1, 1, 1), uid(1, 1, 2), uid(1, 2, 1), uid(2, 1, 1)},
        ),
        ("-S", ("0008,0052=STUDY", f"0020,000d={uid(9)}"), set()),
    ],
)
def test_every_level_of_both_roots(
    filled: Archive, lists: Any, port: int, tmp_path: Path, root: str, keys: tuple[str, ...], expected: set[str]
) -> None:
    with storescp(tmp_path / "in") as there:
        node = lists("PEER", there)
        answer = movescu(port, *keys, root=root)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert received(tmp_path / "in") == expected
    records = filled.records("archive.export")
    assert sum(record["details"]["image_count"] for record in records) == len(expected)
    assert {record["details"]["to"] for record in records} <= {f"node:{node['id']}"}


def test_what_came_as_a_png_is_moved_as_the_object_that_stands_for_it(
    filled: Archive, lists: Any, port: int, tmp_path: Path
) -> None:
    png = bytes(imagecodecs.png_encode(np.arange(256, dtype=np.uint8).reshape(16, 16)))
    stored = filled.ingest(png, "seam.png", industry="ndt")
    with storescp(tmp_path / "in") as there:
        lists("PEER", there)
        answer = movescu(port, "0008,0052=STUDY", f"0020,000d={stored.exam_uid}")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert received(tmp_path / "in") == {stored.image_uid}


def ask(
    port: int, to: str = "PEER", level: str = "STUDY", cancelled: threading.Event | None = None, **keys: str
) -> list[Any]:
    """Ask with pynetdicom, and cancel after the first response where told to; returns status and identifier of each."""
    entity = AE("ASKER")
    entity.add_requested_context(STUDY_ROOT)
    association = entity.associate("127.0.0.1", port, ae_title="KERMA")
    assert association.is_established
    query = Dataset()
    query.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    answers = []
    for status, identifier in association.send_c_move(query, to, STUDY_ROOT, msg_id=7):
        answers.append((status, identifier))
        if cancelled and len(answers) == 1:
            association.send_c_cancel(7, query_model=STUDY_ROOT)
            cancelled.set()
    association.release()
    return answers


def test_responses_count_down_and_the_association_stays_good(
    filled: Archive, lists: Any, port: int, tmp_path: Path
) -> None:
    with storescp(tmp_path / "in") as there:
        lists("PEER", there)
        answers = ask(port, StudyInstanceUID=uid(1))
    assert [status.Status for status, _ in answers] == [0xFF00, 0xFF00, 0x0000]
    assert [status.NumberOfRemainingSuboperations for status, _ in answers[:2]] == [2, 1]
    last = answers[-1][0]
    assert (last.NumberOfCompletedSuboperations, last.NumberOfFailedSuboperations) == (3, 0)


def test_images_that_are_not_taken_are_listed(filled: Archive, lists: Any, port: int, tmp_path: Path) -> None:
    filled.ingest(film(image=9, SOPClassUID="1.2.826.0.1.3680043.9.7433.99"))
    with storescp(tmp_path / "in") as there:
        lists("PEER", there)
        status, identifier = ask(port, StudyInstanceUID=uid(1))[-1]
    assert status.Status == 0xB000
    assert (status.NumberOfCompletedSuboperations, status.NumberOfFailedSuboperations) == (3, 1)
    assert identifier.FailedSOPInstanceUIDList == uid(1, 1, 9)
    assert "SOP class" in status.ErrorComment


@pytest.mark.parametrize(
    ("expected", "question"),
    [
        (0xA801, {"to": "NOBODY", "StudyInstanceUID": uid(1)}),
        (0xA900, {"level": "ROOM", "StudyInstanceUID": uid(1)}),
        (0xA900, {"level": "SERIES", "StudyInstanceUID": uid(1)}),
    ],
)
def test_what_cannot_be_moved(lists: Any, port: int, expected: int, question: dict[str, str]) -> None:
    lists("PEER", free_port())
    ((status, _),) = ask(port, **question)
    assert status.Status == expected


def test_a_destination_that_is_away(lists: Any, port: int) -> None:
    lists("PEER", free_port())
    ((status, identifier),) = ask(port, StudyInstanceUID=uid(1))
    assert status.Status == 0xA702
    assert status.NumberOfFailedSuboperations == 3
    assert set(identifier.FailedSOPInstanceUIDList) == {uid(1, 1, 1), uid(1, 1, 2), uid(1, 2, 1)}
    assert "not listening" in status.ErrorComment


def test_a_destination_that_is_switched_off_is_unknown(filled: Archive, lists: Any, port: int) -> None:
    node = lists("PEER", free_port())
    actions.change_node(filled.kernel, filled.actor, node_id=node["id"], changes={"state": "off"})
    ((status, _),) = ask(port, StudyInstanceUID=uid(1))
    assert status.Status == 0xA801


def test_cancel_stops_the_sending(filled: Archive, lists: Any, port: int) -> None:
    for image in range(10, 40):
        filled.ingest(film(image=image, side=400))
    came: list[str] = []
    cancelled = threading.Event()

    def slow(event: Any) -> int:
        """Take the first image at once, and the others slowly once the move is cancelled."""
        came.append(str(event.request.AffectedSOPInstanceUID))
        if len(came) > 1:
            assert cancelled.wait(60)
            time.sleep(0.2)
        return 0x0000

    entity = AE("PEER")
    entity.supported_contexts = AllStoragePresentationContexts
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, slow)])
    try:
        lists("PEER", server.socket.getsockname()[1])
        status, _ = ask(port, cancelled=cancelled, StudyInstanceUID=uid(1))[-1]
    finally:
        server.shutdown()
    assert status.Status == 0xFE00
    assert 0 < status.NumberOfRemainingSuboperations < 33
    assert status.NumberOfCompletedSuboperations + status.NumberOfRemainingSuboperations == 33
    assert len(set(came)) == status.NumberOfCompletedSuboperations


def test_a_node_without_the_service_may_not_move(filled: Archive, lists: Any, port: int) -> None:
    lists("FINDER", free_port(), services=["find"])
    entity = AE("FINDER")
    entity.add_requested_context(STUDY_ROOT)
    association = entity.associate("127.0.0.1", port, ae_title="KERMA")
    assert not association.accepted_contexts
