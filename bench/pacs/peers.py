"""The servers that are measured: Orthanc as Debian ships it, and Kerma, each in a fresh folder on free ports."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ORTHANC = "/usr/sbin/Orthanc"
PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
KERMA = Path(sys.executable).parent / "kerma"
STARTS_WITHIN_S = 60.0
SAMPLED_EVERY_S = 0.05
SETTLES_S = 4.0
"""What a server still does after it has said that it is ready is not measured."""
ORTHANC_SETTINGS = {
    "Name": "peer",
    "DicomAet": "ORTHANC",
    "RemoteAccessAllowed": False,
    "AuthenticationEnabled": False,
    "DicomCheckCalledAet": False,
    "DicomAlwaysAllowStore": True,
    "DicomAlwaysAllowFind": True,
    "DicomAlwaysAllowGet": True,
    "SyncStorageArea": True,
    "StoreMD5ForAttachments": True,
    "HttpThreadsCount": 50,
    "Plugins": [PLUGIN],
    "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
}
"""Its defaults, with the DICOMweb plugin alone: more plugins make it slower, which would be no fair peer."""


@dataclass
class Server:
    """A running server, and what it has cost so far."""

    name: str
    title: str
    """Its AE title."""
    dicom_port: int
    http_port: int
    process: psutil.Process
    headers: dict[str, str] = field(default_factory=dict)
    peak_mb: float = 0.0

    def cpu_s(self) -> float:
        """Return the CPU seconds of the server and its children so far."""
        return sum(_cpu_s(process) for process in self._all())

    def watch(self, ends: threading.Event) -> None:
        """Note the largest resident memory until told to end; pages shared by its processes are counted once each."""
        while not ends.wait(SAMPLED_EVERY_S):
            self.peak_mb = max(self.peak_mb, sum(_rss_mb(process) for process in self._all()))

    def _all(self) -> list[psutil.Process]:
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def _rss_mb(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 1e6
    except psutil.NoSuchProcess:
        return 0.0


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


@contextmanager
def orthanc(folder: Path, *, is_best_case: bool) -> Iterator[Server]:
    """Start Orthanc in a folder; its best case has Nagle's algorithm switched off by the environment."""
    folder.mkdir(parents=True, exist_ok=True)
    ports = {"HttpPort": free_port(), "DicomPort": free_port()}
    places = {"StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "index")}
    settings = folder / "orthanc.json"
    settings.write_text(json.dumps(ORTHANC_SETTINGS | ports | places))
    environment = network(is_best_case)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([ORTHANC, str(settings)], env=environment, stdout=log, stderr=log)
    server = Server("orthanc", "ORTHANC", ports["DicomPort"], ports["HttpPort"], psutil.Process(process.pid))
    with _running(process, server):
        _wait(f"http://127.0.0.1:{server.http_port}/system", {})
        time.sleep(SETTLES_S)
        yield server


@contextmanager
def kerma(home: Path, *, database_url: str = "") -> Iterator[Server]:
    """Start Kerma in a home (which may hold an index already), with a token for its web door."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "KERMA_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    environment |= {"KERMA_DICOM_TRUST": "loopback", "KERMA_DICOM_PORT": "0"}
    if database_url:
        environment["KERMA_DATABASE_URL"] = database_url
    making = [str(KERMA), "token", "create", "bench", "--role", "administrator"]
    made = subprocess.run(making, env=environment, capture_output=True, text=True, check=True)
    headers = {"Authorization": f"Bearer {made.stdout.split()[-1]}"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(KERMA), "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    server = Server("kerma", "KERMA", 0, 0, psutil.Process(process.pid), headers)
    with _running(process, server):
        server.http_port, server.dicom_port = _ports(process)
        time.sleep(SETTLES_S)
        yield server


def _ports(process: subprocess.Popen[str]) -> tuple[int, int]:
    """Read both ports from what the server says when it is ready."""
    assert process.stdout is not None
    said: list[str] = []
    while len(said) < 2:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("kerma serve ended before it was ready; its log is in its home")
        said += re.findall(r":(\d+)\s*$", line)
    return int(said[0]), int(said[1])


@contextmanager
def _running(process: subprocess.Popen, server: Server) -> Iterator[None]:
    ends = threading.Event()
    watcher = threading.Thread(target=server.watch, args=(ends,), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ends.set()
        watcher.join()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def network(is_best_case: bool) -> dict[str, str]:
    """Return the environment of a DCMTK program: as shipped, or with Nagle's algorithm off."""
    return {**os.environ, **({"TCP_NODELAY": "1"} if is_best_case else {})}


def _wait(address: str, headers: dict[str, str]) -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=5):
                return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
