"""The DICOM network door as a process: beside ``kerma serve``, alone, killed, and with a small memory."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import callers
import servers
from callers import Client
from films import film, uid
from kerma.areas.archive import actions
from kerma.areas.archive.model import image
from kerma.doors import dimse_pdu as pdu
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.blobs import Blobs
from kerma.kernel.settings import Settings

KERMA = Path(sys.executable).parent / "kerma"
STORESCU = "/usr/bin/storescu"
ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"])
PEAK_MB = 300


def environment(settings: Settings) -> dict[str, str]:
    told = {"KERMA_HOME": str(settings.home), "KERMA_DATABASE_URL": settings.database_url}
    return os.environ | told | {"KERMA_DICOM_TRUST": "loopback", "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def running(settings: Settings, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run ``kerma dicom`` on a free port."""
    process = subprocess.Popen(
        [str(KERMA), "dicom", "--dicom-port", "0", *words],
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("DICOM network: AE KERMA at 127.0.0.1:"), line
    try:
        yield process, int(line.rsplit(":", 1)[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.timeout(120)
def test_killed_while_others_send_it_has_all_that_it_acknowledged(
    kernel: Kernel, actor: Actor, settings: Settings, tmp_path: Path
) -> None:
    """``storescu`` says of each object whether it was acknowledged; after a kill each of these is there, whole."""
    folder = tmp_path / "films"
    folder.mkdir()
    files = {}
    for number in range(120):
        data = film(exam=1 + number // 10, image=1 + number, side=96, AccessionNumber=f"A{number // 10}")
        path = folder / f"{number:03d}.dcm"
        path.write_bytes(data)
        files[str(path)] = (uid(1 + number // 10, 1, 1 + number), callers.data_set_of(data))
    rng = random.Random(20_261_125)
    acknowledged: set[str] = set()
    for kills in range(3):
        with running(settings) as (process, port):
            words = [STORESCU, "-v", "-aec", "KERMA", "127.0.0.1", str(port), *files]
            sender = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert sender.stdout is not None
            killed_after, current = rng.randrange(5, 60), ""
            for line in sender.stdout:
                if "Sending file: " in line:
                    current = line.split("Sending file: ", 1)[1].strip()
                if "Received Store Response (Success)" in line:
                    acknowledged.add(files[current][0])
                    killed_after -= 1
                    if not killed_after and kills < 2:
                        process.kill()
            sender.wait(timeout=60)
        Blobs(settings.blobs_url)  # what a restart does first: sweep what the dead writer left
        report = actions.check(kernel, actor)
        assert report.is_unaltered, report.as_json()
        with kernel.database.read() as connection:
            kept = dict(connection.execute(sa.select(image.c.uid, image.c.sha256)).all())
        assert acknowledged <= set(kept)
        whole = dict(files.values())
        for name, sha256 in kept.items():
            assert callers.data_set_of(kernel.blobs.get(sha256)) == whole[name]
    assert len(acknowledged) == len(files)


@ONE_DATABASE
def test_eight_peers_with_large_objects_stay_below_the_memory_limit(settings: Settings, tmp_path: Path) -> None:
    large = film(side=2240)
    with running(settings) as (process, port):
        senders = []
        for number in range(8):
            folder = tmp_path / str(number)
            folder.mkdir()
            for image_number in range(3):
                data = large.replace(uid(1, 1, 1).encode(), uid(1, 1, 1).encode()[:-1] + b"%d" % (number + 2 & 7))
                (folder / f"{image_number}.dcm").write_bytes(data)
            senders.append(subprocess.Popen([STORESCU, "-aec", "KERMA", "+sd", "127.0.0.1", str(port), str(folder)]))
        assert [sender.wait(timeout=200) for sender in senders] == [0] * 8
        status = Path(f"/proc/{process.pid}/status").read_text()
    peak_kb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    assert peak_kb / 1024 < PEAK_MB


@ONE_DATABASE
def test_it_ends_in_good_order_and_soon(settings: Settings) -> None:
    with running(settings) as (process, port), Client(port) as idle:
        idle.ask()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert idle.answer()[0] == pdu.ABORT


def _port_of(server: servers.Server) -> int:
    line = server.process.stdout.readline()
    assert line.startswith("DICOM network: AE KERMA at 127.0.0.1:"), line
    return int(line.rsplit(":", 1)[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError, AssertionError), Client(port, timeout_s=60) as client:
        client.ask()
        return True
    return False


def _is_refused(port: int, within_s: float = 60.0) -> bool:
    """Return whether nobody listens any more, soon."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) != 0:
                return True
        time.sleep(0.1)
    return False


@pytest.fixture
def trusting_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERMA_DICOM_TRUST", "loopback")
    return tmp_path / "served"


def _child_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        if b"--inherited" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise AssertionError("the server has no network child")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_it_runs_beside_the_server_and_ends_with_it(trusting_home: Path, ending: signal.Signals) -> None:
    server = servers.start(trusting_home)
    try:
        port = _port_of(server)
        assert _answers(port)
    finally:
        server.process.send_signal(ending)
        server.process.wait(timeout=60)
    assert _is_refused(port)


def test_a_killed_door_is_started_again_on_the_same_port(trusting_home: Path) -> None:
    server = servers.start(trusting_home)
    try:
        port = _port_of(server)
        assert _answers(port)
        os.kill(_child_of(server.process.pid), signal.SIGKILL)
        end_s = time.monotonic() + 60
        while not _answers(port):
            assert time.monotonic() < end_s
    finally:
        servers.end(server)


@ONE_DATABASE
def test_a_port_in_use_is_told(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [str(KERMA), "dicom", "--dicom-port", str(port)],
            env=environment(settings),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ran.returncode == 2 and f"port {port} cannot be listened on" in ran.stderr
