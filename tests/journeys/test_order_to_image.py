"""An order, from the worklist of a machine to its images and the report that it is complete; on a running server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

import films
import servers
import worklists
from worklists import PERFORMED, SOP

PUSH, PULL = "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.3"
DX = "1.2.840.10008.5.1.4.1.1.1.1"


class Site:
    """A running Kerma with its DICOM port, and a token for programs."""

    def __init__(self, server: servers.Server, dicom_port: int, token: str) -> None:
        self.server, self.dicom_port, self.token = server, dicom_port, token
        self.http = httpx.Client(
            base_url=server.address, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("KERMA_DICOM_TRUST", "loopback")
    home = tmp_path / "home"
    made = subprocess.run(
        [str(servers.KERMA), "token", "create", "journey", "--role", "administrator"],
        env={**os.environ, "KERMA_HOME": str(home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    server = servers.start(home)
    try:
        line = server.process.stdout.readline()
        assert "DICOM network" in line, line
        yield Site(server, int(line.rsplit(":", 1)[1]), made.stdout.strip())
    finally:
        servers.end(server)


def test_an_order_becomes_images_and_its_watcher_hears_of_the_work(site: Site, tmp_path: Path) -> None:
    from websockets.sync.client import connect

    order = worklists.order()
    placed = site.http.post("/api/v1/orders", json={key: value for key, value in vars(order).items() if value})
    assert placed.status_code == 201, placed.text
    channel = site.http.post("/dicom-web/workitems/1.2.840.10008.5.1.4.34.5/subscribers/BOARD")
    address = channel.headers["content-location"].replace("http://", "ws://")
    with (
        connect(address, additional_headers={"Authorization": f"Bearer {site.token}"}) as board,
        worklists.association(site.dicom_port, worklists.dimse.WORKLIST, PERFORMED, PUSH, PULL, DX) as machine,
    ):
        asked = dcmread(DicomBytesIO(films.film()), force=True)[:0x00080016]
        asked.PatientID = "P-17"
        asked.StudyInstanceUID = ""
        ((_, found), _) = list(machine.send_c_find(asked, worklists.dimse.WORKLIST))
        assert found.StudyInstanceUID == order.study_uid
        step = f"{worklists.ROOT}.9"
        assert machine.send_n_create(worklists.performed(order), PERFORMED, step)[0].Status == 0
        image = dcmread(DicomBytesIO(films.film(StudyInstanceUID=order.study_uid, SOPInstanceUID=f"{step}.1")))
        image.PatientID, image.AccessionNumber = order.subject_id, order.accession
        assert machine.send_c_store(image).Status == 0
        ended = worklists.ended(images=(f"{step}.1", f"{step}.2"))
        assert machine.send_n_set(ended, PERFORMED, step)[0].Status == 0
        assert machine.send_n_create(worklists.workitem(), SOP, f"{worklists.ROOT}.50")[0].Status == 0
        told = json.loads(board.recv(timeout=60))
    assert (told["00001000"]["Value"], told["00741000"]["Value"]) == ([f"{worklists.ROOT}.50"], ["SCHEDULED"])
    (row,) = site.http.get("/api/v1/performed", params={"show": "all"}).json()["performed"]
    assert (row["matching"], row["announced_count"], row["stored_count"]) == ("matched", 2, 1)
    (listed,) = site.http.get("/api/v1/orders", params={"state": "completed"}).json()["orders"]
    assert (listed["order_id"], listed["image_count"]) == (placed.json()["order_id"], 1)
