"""The served archive under load: what clients read is never held, and what they leave is freed."""

from __future__ import annotations

import contextlib
import hashlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.areas.archive.test_routes_wado import of
from tests.formats import samples

ROWS = COLUMNS = 500
PLANES = 160
MiB = 1 << 20


@dataclass
class Served:
    process: subprocess.Popen
    port: int
    token: str
    content: bytes
    place: str

    @property
    def pid(self) -> int:
        return self.process.pid

    def memory_bytes(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * sum(int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("RssAnon", "RssFile", "RssShmem"))

    def open_files(self) -> int:
        found = 0
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found += "blobs" in str(link.readlink())
        return found

    def maps(self) -> int:
        return Path(f"/proc/{self.pid}/maps").read_text().count("/blobs/")

    @contextmanager
    def asked(self, place: str, accept: str, buffer_bytes: int = 0) -> Iterator[socket.socket]:
        """Ask over a socket of our own, so that the client decides when it reads."""
        host = "127.0.0.1"
        with socket.socket() as connection:
            if buffer_bytes:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            connection.connect((host, self.port))
            connection.settimeout(60)
            head = f"GET {place} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {self.token}\r\n"
            connection.sendall(f"{head}Accept: {accept}\r\nConnection: close\r\n\r\n".encode())
            yield connection


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served")
    planes = np.random.default_rng(1).integers(0, 4096, (1, ROWS, COLUMNS), np.uint16).repeat(PLANES, 0)
    content = samples.dicom(planes, BitsStored=12, Modality="CT")
    path = home / "ct.dcm"
    path.write_bytes(content)
    child = [sys.executable, str(Path(__file__).with_name("web_child.py")), str(home / "kerma"), str(path)]
    with subprocess.Popen(child, stdout=subprocess.PIPE, text=True) as process:
        port, token = process.stdout.readline().split()
        yield Served(process, int(port), token, content, of(content))
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def read_all(connection: socket.socket, pause_s: float = 0.0) -> tuple[bytes, str]:
    """Return the head of an answer and the SHA-256 of its body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    digest = hashlib.sha256(body)
    while chunk := connection.recv(256 << 10):
        digest.update(chunk)
        time.sleep(pause_s)
    return head, digest.hexdigest()


@pytest.mark.parametrize("pause_s", [0.0, 0.002], ids=["fast", "slow"])
def test_clients_get_all_bytes_and_none_is_held(served: Served, pause_s: float) -> None:
    wanted = hashlib.sha256(served.content).hexdigest()
    with served.asked(f"{served.place}/thumbnail", "image/jpeg") as connection:
        read_all(connection)
    before, peak, results, ends = served.memory_bytes(), [0], [], threading.Event()

    def watch() -> None:
        while not ends.wait(0.01):
            peak[0] = max(peak[0], served.memory_bytes())

    def fetch() -> None:
        with served.asked(served.place, "application/dicom", buffer_bytes=256 << 10) as connection:
            results.append(read_all(connection, pause_s)[1])

    watcher = threading.Thread(target=watch)
    clients = [threading.Thread(target=fetch) for _ in range(5)]
    watcher.start()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    ends.set()
    watcher.join()
    assert results == [wanted] * 5
    grown = peak[0] - before
    assert grown < 5 * 6 * MiB, f"{grown / MiB:.0f} MiB for 5 clients of {len(served.content) / MiB:.0f} MiB"


def test_a_client_that_goes_away_frees_everything(served: Served) -> None:
    before = served.open_files(), served.maps()
    for _ in range(10):
        with served.asked(served.place, 'multipart/related; type="application/dicom"', 64 << 10) as connection:
            assert connection.recv(100_000)
    until = time.monotonic() + 60
    while (served.open_files(), served.maps()) > before and time.monotonic() < until:
        time.sleep(0.05)
    assert (served.open_files(), served.maps()) <= before
    with served.asked(served.place, "application/dicom") as connection:
        assert read_all(connection)[1] == hashlib.sha256(served.content).hexdigest()


def test_one_frame_of_many_is_read_alone(served: Served) -> None:
    with served.asked(f"{served.place}/frames/{PLANES}", "application/octet-stream") as connection:
        head, digest = read_all(connection)
    assert f"content-length: {ROWS * COLUMNS * 2}".encode() in head.lower()
    assert digest == hashlib.sha256(served.content[-ROWS * COLUMNS * 2 :]).hexdigest()


def test_the_workstation_of_an_older_time_finds_wado_at_its_place(served: Served) -> None:
    _, _, _, study, _, series, _, image = served.place.split("/")
    place = f"/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={image}&contentType=image/jpeg"
    with served.asked(place, "*/*") as connection:
        head, _ = read_all(connection)
    assert head.startswith(b"HTTP/1.1 200")
    assert b"image/jpeg" in head


def test_a_client_library_of_others_reads_it(served: Served) -> None:
    from dicomweb_client.api import DICOMwebClient

    headers: dict[str, Any] = {"Authorization": f"Bearer {served.token}"}
    client = DICOMwebClient(f"http://127.0.0.1:{served.port}/dicom-web", headers=headers)
    _, _, _, study, _, series, _, image = served.place.split("/")
    (metadata,) = client.retrieve_series_metadata(study, series)
    assert metadata["00080018"]["Value"] == [image]
    first, last = client.retrieve_instance_frames(study, series, image, [1, PLANES])
    assert first == served.content[-ROWS * COLUMNS * 2 * PLANES :][: ROWS * COLUMNS * 2]
    assert last == served.content[-ROWS * COLUMNS * 2 :]
    whole = client.retrieve_instance(study, series, image)
    assert whole.NumberOfFrames == PLANES
    (one,) = client.retrieve_study(study)
    assert one.SOPInstanceUID == image
    assert client.retrieve_instance_rendered(study, series, image, media_types=("image/png",))[:4] == b"\x89PNG"
    assert client.retrieve_series_rendered(study, series, media_types=("image/jpeg",))[:2] == b"\xff\xd8"
    picture = client.retrieve_instance_frames_rendered(study, series, image, [3], media_types=("image/jpeg",))
    assert picture[:2] == b"\xff\xd8"
    squeezed = client.retrieve_instance_frames(
        study, series, image, [2], media_types=(("image/jls", "1.2.840.10008.1.2.4.80"),)
    )
    assert squeezed[0][:2] == b"\xff\xd8"
    pixels = client.retrieve_bulkdata(metadata["7FE00010"]["BulkDataURI"])
    assert sum(map(len, pixels)) == ROWS * COLUMNS * 2 * PLANES
