"""Orthanc as a peer, both ways: it pushes to us and we to it, it fetches from us, and C-MOVE between three nodes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pydicom
import pytest

import archives
from archives import Peer
from films import film, uid


def files(number: int, count: int = 2) -> list[bytes]:
    """Return films of an exam of a test's own."""
    return [
        film(exam=number, series=number * 10, image=number * 100 + one, PatientID=f"ORTHANC-{number}")
        for one in range(count)
    ]


def study_of(number: int) -> str:
    return str(pydicom.dcmread(io.BytesIO(files(number, 1)[0])).StudyInstanceUID)


def put(orthanc: Peer, number: int) -> str:
    """Give Orthanc an exam over its own REST; returns its number for the study."""
    for data in files(number):
        httpx.post(f"{orthanc.address}/instances", content=data, timeout=60).raise_for_status()
    query = {"Level": "Study", "Query": {"StudyInstanceUID": study_of(number)}}
    return str(httpx.post(f"{orthanc.address}/tools/find", json=query, timeout=60).json()[0])


def send_to(peer: Peer, number: int) -> None:
    """Give an archive an exam over STOW-RS."""
    from kerma.areas.exchange.conformance.multipart import compose

    body, content_type = compose([("application/dicom", data) for data in files(number)], "application/dicom")
    answer = httpx.post(
        f"{peer.web}/studies", content=body, headers={**peer.headers, "Content-Type": content_type}, timeout=60
    )
    assert answer.status_code == 200, answer.text


def instances(peer: Peer, number: int) -> set[str]:
    """Return the UIDs of an exam's instances, as QIDO finds them."""
    with peer.http(peer.web) as web:
        answer = web.get(f"/studies/{study_of(number)}/instances")
    found = answer.json() if answer.status_code == 200 else []
    return {one["00080018"]["Value"][0] for one in found}


def expected(number: int) -> set[str]:
    return {str(pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID) for data in files(number)}


def wait_for(holds: Callable[[], bool], wait_s: float = 60.0) -> bool:
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.2)
    return False


def test_orthanc_pushes_to_us_over_c_store(kerma: Peer, orthanc: Peer) -> None:
    study = put(orthanc, 501)
    httpx.post(f"{orthanc.address}/modalities/kerma/store", content=study, timeout=60).raise_for_status()
    assert instances(kerma, 501) == expected(501)


def test_orthanc_verifies_us(orthanc: Peer) -> None:
    assert httpx.post(f"{orthanc.address}/modalities/kerma/echo", json={}, timeout=60).status_code == 200


def test_orthanc_finds_and_retrieves_from_us(kerma: Peer, orthanc: Peer) -> None:
    """Orthanc asks with C-FIND, then has it sent with C-MOVE to itself."""
    send_to(kerma, 502)
    asked = {"Level": "Study", "Query": {"StudyInstanceUID": study_of(502)}}
    told = httpx.post(f"{orthanc.address}/modalities/kerma/query", json=asked, timeout=60).json()
    answers = httpx.get(f"{orthanc.address}{told['Path']}/answers", timeout=60).json()
    assert answers == ["0"]
    retrieved = httpx.post(f"{orthanc.address}{told['Path']}/retrieve", content="ORTHANC", timeout=60)
    assert retrieved.status_code == 200, retrieved.text
    assert wait_for(lambda: instances(orthanc, 502) == expected(502))


def test_we_send_to_orthanc(kerma: Peer, orthanc: Peer) -> None:
    send_to(kerma, 503)
    kerma.command("send", study_of(503), "ORTHANC")
    assert wait_for(lambda: instances(orthanc, 503) == expected(503))


def test_what_went_through_orthanc_comes_back_with_the_same_pixels(kerma: Peer, orthanc: Peer) -> None:
    send_to(kerma, 504)
    kerma.command("send", study_of(504), "ORTHANC")
    assert wait_for(lambda: instances(orthanc, 504) == expected(504))
    original = pydicom.dcmread(io.BytesIO(files(504, 1)[0]))
    path = (
        f"/studies/{original.StudyInstanceUID}/series/{original.SeriesInstanceUID}/instances/{original.SOPInstanceUID}"
    )
    found = httpx.get(
        f"{orthanc.web}{path}/frames/1", headers={"Accept": 'multipart/related; type="application/octet-stream"'}
    )
    assert original.PixelData in found.content


def test_orthanc_asks_us_for_storage_commitment(kerma: Peer, orthanc: Peer) -> None:
    study = put(orthanc, 505)
    httpx.post(f"{orthanc.address}/modalities/kerma/store", content=study, timeout=60).raise_for_status()
    uids = sorted(expected(505))
    asked = {"DicomInstances": [["1.2.840.10008.5.1.4.1.1.1.1", one] for one in [*uids, uid(5, 0, 5)]]}
    told = httpx.post(f"{orthanc.address}/modalities/kerma/storage-commitment", json=asked, timeout=60).json()

    def report() -> dict:
        return httpx.get(f"{orthanc.address}{told['Path']}", timeout=60).json()

    assert wait_for(lambda: report()["Status"] != "Pending"), report()
    assert report()["Status"] == "Failure"
    assert sorted(one["SOPInstanceUID"] for one in report()["Success"]) == uids
    failures = report()["Failures"]
    assert [one["SOPInstanceUID"] for one in failures] == [uid(5, 0, 5)]
    assert failures[0]["FailureReason"] == 0x0112


def test_c_move_between_three_nodes(kerma: Peer, orthanc: Peer, ports: dict[str, int], tmp_path: Path) -> None:
    """The first Orthanc tells Kerma to send an exam to the second."""
    send_to(kerma, 506)
    with archives.orthanc(tmp_path / "second", {}, DicomAet="ORTHANC2", DicomPort=ports["ORTHANC2"]) as second:
        asked = {"Level": "Study", "Resources": [{"StudyInstanceUID": study_of(506)}], "TargetAet": "ORTHANC2"}
        answer = httpx.post(f"{orthanc.address}/modalities/kerma/move", json=asked, timeout=60)
        assert answer.status_code == 200, answer.text
        assert wait_for(lambda: instances(second, 506) == expected(506))


@pytest.mark.parametrize("number", [507])
def test_we_fetch_from_orthanc(kerma: Peer, orthanc: Peer, number: int) -> None:
    """``kerma fetch`` asks a node with C-MOVE or C-GET for an exam."""
    put(orthanc, number)
    kerma.command("fetch", "ORTHANC", study_of(number))
    assert wait_for(lambda: instances(kerma, number) == expected(number))
