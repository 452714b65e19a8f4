"""Whole archives as processes of their own: Kerma with both of its doors, and Debian's Orthanc."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers import KERMA, end, start

ORTHANC = Path("/usr/sbin/Orthanc")
DICOM_WEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_S = 90.0


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@dataclass
class Peer:
    """An archive that answers on both doors."""

    name: str
    address: str
    dicom_port: int
    home: Path
    token: str = ""
    process: subprocess.Popen | None = None

    @property
    def web(self) -> str:
        """Where DICOMweb is."""
        return f"{self.address}/dicom-web"

    @property
    def dimse(self) -> str:
        """The DICOM network address, as ``kerma conform`` takes it."""
        return f"{self.name}@127.0.0.1:{self.dicom_port}"

    @property
    def headers(self) -> dict[str, str]:
        """What shows who asks."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def http(self, base: str = "") -> httpx.Client:
        """Return a client of its HTTP door."""
        return httpx.Client(base_url=base or self.address, headers=self.headers, timeout=60)

    def command(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run a ``kerma`` command on its home."""
        environment = {**os.environ, "KERMA_HOME": str(self.home)}
        told = [str(KERMA), *map(str, words)]
        done = subprocess.run(told, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done


@contextmanager
def kerma(home: Path) -> Iterator[Peer]:
    """Run Kerma, which trusts this machine, with a token of the role administrator."""
    home.mkdir(parents=True, exist_ok=True)
    peer = Peer("KERMA", "", 0, home)
    peer.token = peer.command("token", "create", "peers", "--role", "administrator").stdout.split()[-1]
    kept = os.environ.get("KERMA_DICOM_TRUST")
    os.environ["KERMA_DICOM_TRUST"] = "loopback"
    try:
        server = start(home)
    finally:
        os.environ.pop("KERMA_DICOM_TRUST") if kept is None else os.environ.update(KERMA_DICOM_TRUST=kept)
    try:
        peer.process = server.process
        told = re.search(r"127\.0\.0\.1:(\d+)", server.process.stdout.readline())
        assert told is not None, "the DICOM network door did not say where it is"
        peer.address, peer.dicom_port = server.address, int(told[1])
        yield peer
    finally:
        end(server)


@contextmanager
def orthanc(home: Path, nodes: dict[str, list[Any]] | None = None, **more: Any) -> Iterator[Peer]:
    """Run Debian's Orthanc with its DICOMweb plugin; skips with the reason where it is not installed."""
    if not ORTHANC.exists() or not DICOM_WEB_PLUGIN.exists():
        pytest.skip("Orthanc or its DICOMweb plugin is not installed: apt-get install orthanc orthanc-dicomweb")
    home.mkdir(parents=True, exist_ok=True)
    http_port, dicom_port = free_port(), free_port()
    always = {f"DicomAlwaysAllow{verb}": True for verb in ("Echo", "Store", "Find", "Get", "Move")}
    settings = {
        "Name": "peer", "StorageDirectory": str(home / "data"), "IndexDirectory": str(home / "data"),
        "HttpPort": http_port, "DicomPort": dicom_port, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False, "DicomCheckCalledAet": False, "Plugins": [str(DICOM_WEB_PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "DicomModalities": nodes or {},
    } | always | more  # fmt: skip
    path = home / "orthanc.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    with (home / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([str(ORTHANC), str(path)], stdout=log, stderr=log)
        peer = Peer("ORTHANC", f"http://127.0.0.1:{http_port}", dicom_port, home, process=process)
        try:
            _wait(peer)
            yield peer
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait(peer: Peer) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            if peer.http().get("/system").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{peer.name} was not there within {START_S:g} s: {(peer.home / 'orthanc.log').read_text()[-500:]}")
