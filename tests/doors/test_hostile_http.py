"""Hostile requests over a real connection: refused within a second, flat in memory, and the server goes on."""

from __future__ import annotations

import gzip
import io
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pydicom
import pytest
import uvicorn
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session

from films import Archive, film, uid
from kerma.areas.archive import routes_stow
from kerma.areas.archive.model import image, quarantine
from kerma.areas.people.actions import create_token
from kerma.doors import limits, limits_head
from kerma.doors.web import create_app, routers_of_areas
from kerma.kernel.action import Actor, Kernel
from stow import parts

WITHIN_S = 15.0
GROWN_MB = 60
LIMIT_BYTES = 1 << 20
STUDIES = "/dicom-web/studies"
MULTIPART = 'multipart/related; type="application/dicom"; boundary=XX'


@pytest.fixture
def backend() -> str:
    """These tests are about connections, not about databases."""
    return "sqlite"


@dataclass
class Door:
    port: int
    token: str

    def head(self, path: str, *headers: str, method: str = "POST") -> bytes:
        always = ("Host: 127.0.0.1", f"Authorization: Bearer {self.token}")
        return "\r\n".join((f"{method} {path} HTTP/1.1", *always, *headers, "", "")).encode()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def ask(self, head: bytes, body: Iterable[bytes] = ()) -> tuple[int, bytes]:
        """Send as much as the server takes, and return status and answer."""
        with closing(self.connect()) as connection:
            sender = threading.Thread(target=self._send, args=(connection, head, body), daemon=True)
            sender.start()
            answer = self.answer(connection)
        sender.join(60)
        return answer

    @staticmethod
    def _send(connection: socket.socket, head: bytes, body: Iterable[bytes]) -> None:
        try:
            connection.sendall(head)
            for piece in body:
                connection.sendall(piece)
        except OSError:
            pass  # the server has heard enough

    @staticmethod
    def answer(connection: socket.socket) -> tuple[int, bytes]:
        """Return status and body of the next answer."""
        file = connection.makefile("rb")
        status = int(file.readline().split()[1])
        length = 0
        while line := file.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, file.read(length)


@pytest.fixture
def archive(kernel: Kernel, actor: Actor) -> Archive:
    return Archive(kernel, actor)


@pytest.fixture
def door(kernel: Kernel, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The whole application behind its real web server, with objects of at most 1 MiB and store requests of 8."""
    monkeypatch.setattr(limits, "STORE_OBJECTS", 8)
    object.__setattr__(kernel.settings, "upload_limit_bytes", LIMIT_BYTES)
    token = create_token(kernel, actor, name="sender", role="administrator")
    app = create_app(kernel, routers_of_areas(), tmp_path / "none")
    config = uvicorn.Config(app, log_level="error", ws="none", http=limits_head.limited_protocol(), lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Door(listening.getsockname()[1], token)
        server.should_exit = True
        thread.join(10)
    if hasattr(app.state, "keeper"):
        app.state.keeper.close()


@pytest.fixture
def flat() -> Iterator[None]:
    """Fail when the process has grown: neither side of these tests may hold what it sends."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    assert (process.memory_info().rss - before) / 1e6 < GROWN_MB


def chunked(piece: bytes) -> Iterator[bytes]:
    """A body without an end."""
    chunk = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    while True:
        yield chunk


def endless(piece: bytes, first: bytes = b"") -> Iterator[bytes]:
    yield from (first,) if first else ()
    yield from chunked(piece)


def bomb() -> bytes:
    return gzip.compress(bytes(64 << 20))


def many_parts() -> Iterator[bytes]:
    group = b"--XX\r\nContent-Type: application/dicom\r\n\r\nx\r\n" * 1_000
    return (group for _ in range(100))


LENGTH_OF_MANY = 100 * len(next(many_parts()))
BOMB = bomb()
PART = b"--XX\r\nContent-Type: application/dicom\r\n\r\n"
FIRST = f"{len(PART):x}\r\n".encode() + PART + b"\r\n"

HOSTILE: dict[str, tuple[str, tuple[str, ...], Callable[[], Iterator[bytes]], tuple[int, ...]]] = {
    "gzip bomb to STOW": (
        STUDIES,
        (f"Content-Type: {MULTIPART}", "Content-Encoding: gzip", f"Content-Length: {len(BOMB)}"),
        lambda: iter((BOMB,)),
        (415,),
    ),
    "gzip bomb to uploads": (
        "/api/v1/uploads",
        ("Content-Type: multipart/form-data; boundary=XX", "Content-Encoding: gzip", f"Content-Length: {len(BOMB)}"),
        lambda: iter((BOMB,)),
        (400,),
    ),
    "gzip bomb as JSON": (
        "/api/v1/session",
        ("Content-Type: application/json", "Content-Encoding: gzip", f"Content-Length: {len(BOMB)}"),
        lambda: iter((BOMB,)),
        (400, 413, 422),
    ),
    "chunked without end, as JSON": (
        "/api/v1/session",
        ("Content-Type: application/json", "Transfer-Encoding: chunked"),
        lambda: endless(b" " * 65_536),
        (413,),
    ),
    "chunked without end, one object": (
        STUDIES,
        (f"Content-Type: {MULTIPART}", "Transfer-Encoding: chunked"),
        lambda: endless(bytes(65_536), FIRST),
        (413,),
    ),
    "chunked without end, no boundary": (
        STUDIES,
        (f"Content-Type: {MULTIPART}", "Transfer-Encoding: chunked"),
        lambda: endless(b"x" * 65_536),
        (400,),
    ),
    "a chunk that claims 4 GB": (
        "/api/v1/session",
        ("Content-Type: application/json", "Transfer-Encoding: chunked"),
        lambda: iter((b"FFFFFFFF\r\n", bytes(2 << 20))),
        (413,),
    ),
    "4 GB announced, as JSON": ("/api/v1/session", ("Content-Length: 4294967296",), lambda: iter(()), (413,)),
    "4 GB announced, as upload": (
        "/api/v1/uploads",
        ("Content-Type: multipart/form-data; boundary=XX", "Content-Length: 4294967296"),
        lambda: iter(()),
        (413,),
    ),
    "4 GB announced, to STOW": (
        STUDIES,
        (f"Content-Type: {MULTIPART}", "Content-Length: 4294967296"),
        lambda: iter(()),
        (413,),
    ),
    "a length of 400 digits": (STUDIES, ("Content-Length: " + "9" * 400,), lambda: iter(()), (400, 413)),
    "100,000 parts": (
        STUDIES,
        (f"Content-Type: {MULTIPART}", f"Content-Length: {LENGTH_OF_MANY}"),
        many_parts,
        (413,),
    ),
    "a boundary of 1 MB": (
        STUDIES,
        ("Content-Type: multipart/related; boundary=" + "x" * (1 << 20), "Content-Length: 0"),
        lambda: iter(()),
        (400, 413, 431),
    ),
    "a boundary of 1 kB": (
        STUDIES,
        ("Content-Type: multipart/related; type=application/dicom; boundary=" + "x" * 1024, "Content-Length: 0"),
        lambda: iter(()),
        (400,),
    ),
    "a part header of 64 kB": (
        STUDIES,
        (f"Content-Type: {MULTIPART}", "Content-Length: 65600"),
        lambda: iter((b"--XX\r\nX-Long: " + b"x" * 65_586,)),
        (413,),
    ),
    "a header of 80 kB": (STUDIES, ("X-Long: " + "x" * 80_000, "Content-Length: 0"), lambda: iter(()), (400, 431)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_are_refused_at_once(door: Door, archive: Archive, flat: None, name: str) -> None:
    path, headers, body, wanted = HOSTILE[name]
    begun = time.monotonic()
    status, answer = door.ask(door.head(path, *headers), body())
    assert time.monotonic() - begun < WITHIN_S
    assert status in wanted, answer
    assert answer, "a refusal says why"
    assert (archive.count(image), archive.count(quarantine)) == (0, 0)
    assert door.ask(door.head("/healthz", method="GET")) == (200, b"alive\n")


def test_headers_without_end_are_cut_off(door: Door, flat: None) -> None:
    head = door.head(STUDIES)[:-2]
    status, _ = door.ask(head, (b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(100_000)))
    assert status == 431


def test_a_head_that_never_ends_is_given_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_head, "HEAD_S", 0.2)
    with closing(door.connect()) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: ")
        assert connection.recv(1) == b""


def test_a_body_that_is_cut_leaves_nothing_half(door: Door, archive: Archive) -> None:
    body = parts(film(), film(image=2))
    for cut in (10, len(body) // 4, len(body) // 2 + 300, len(body) - 3):
        with closing(door.connect()) as connection:
            head = door.head(STUDIES, f"Content-Type: {MULTIPART}", f"Content-Length: {len(body)}")
            connection.sendall(head + body[:cut])
            time.sleep(0.05)
    temporary = archive.kernel.settings.home / "blobs" / "temporary"
    until = time.monotonic() + 60
    while list(temporary.iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not list(temporary.iterdir())
    rows = archive.rows(image.select())
    assert {row["uid"] for row in rows} <= {uid(1, 1, 1), uid(1, 1, 2)}
    assert all(archive.kernel.blobs.check(row["sha256"]) for row in rows)
    assert archive.count(quarantine) == 0


def test_a_sender_that_falls_silent_is_given_up(door: Door, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes_stow, "SILENCE_S", 0.2)
    body = parts(film())
    with closing(door.connect()) as connection:
        head = door.head(STUDIES, f"Content-Type: {MULTIPART}", f"Content-Length: {len(body)}")
        connection.sendall(head + body[:500])
        assert door.answer(connection)[0] == 408
        assert connection.recv(1) == b""
    assert not list((archive.kernel.settings.home / "blobs" / "temporary").iterdir())


def test_nothing_is_sent_before_the_server_agrees(door: Door, archive: Archive) -> None:
    body = parts(film())
    headers = (f"Content-Type: {MULTIPART}", f"Content-Length: {len(body)}", "Expect: 100-continue")
    with closing(door.connect()) as connection:
        connection.sendall(door.head(STUDIES, *headers))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(body)
        assert door.answer(connection)[0] == 200
    stranger = Door(door.port, "kerma_unknown")
    with closing(door.connect()) as connection:
        connection.sendall(stranger.head(STUDIES, *headers))
        assert door.answer(connection)[0] == 401
    assert archive.count(image) == 1


def test_many_senders_of_large_objects_at_once(door: Door, archive: Archive, flat: None) -> None:
    object.__setattr__(archive.kernel.settings, "upload_limit_bytes", 64 << 20)
    large = film(side=1536)

    def send(number: int) -> int:
        named = large.replace(uid(1, 1, 1).encode(), uid(1, 1, number).encode())
        head = door.head(STUDIES, "Content-Type: application/dicom", f"Content-Length: {len(named)}")
        pieces = (named[at : at + 65_536] for at in range(0, len(named), 65_536))
        return door.ask(head, pieces)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(1, 9))) == {200}
    assert archive.count(image) == 8


def test_what_others_wrote_stores_here(door: Door, archive: Archive) -> None:
    session = create_session()
    session.headers["Authorization"] = f"Bearer {door.token}"
    client = DICOMwebClient(f"http://127.0.0.1:{door.port}/dicom-web", session=session)
    found = client.store_instances([pydicom.dcmread(io.BytesIO(film(image=number))) for number in (1, 2)])
    assert [item.ReferencedSOPInstanceUID for item in found.ReferencedSOPSequence] == [uid(1, 1, 1), uid(1, 1, 2)]
    assert archive.count(image) == 2


def test_limits_by_path() -> None:
    assert limits.limit_of("POST", STUDIES, 10) == limits.limit_of("POST", f"{STUDIES}/1.2", 10) == 640
    assert limits.limit_of("POST", f"{STUDIES}/1.2/series", 10) == limits.BODY_LIMIT_BYTES
    assert limits.limit_of("GET", STUDIES, 10) == limits.BODY_LIMIT_BYTES
    assert limits.limit_of("POST", "/api/v1/uploads", 10) == 10 + limits.UPLOAD_FORM_BYTES
