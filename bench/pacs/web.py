"""DICOMweb: storing and retrieving, beside the peer's DICOMweb plugin; one keep-alive connection for each client."""

from __future__ import annotations

import http.client
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.pacs import corpus, peers

BOUNDARY = "kerma-bench"
READ_BYTES = 1 << 20
ROUNDS = 3
WARMING = 3
"""Requests that are not measured, so that neither server is measured while it loads its parts."""
ANY_SYNTAX = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class Client:
    """One keep-alive connection."""

    def __init__(self, server: peers.Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=120)
        self._headers = server.headers
        self._buffer = bytearray(READ_BYTES)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, int]:
        """Send one request and read its whole answer; return status and bytes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, self._headers | named)
        answer = self._connection.getresponse()
        size_bytes = 0
        while read := answer.readinto(self._buffer):
            size_bytes += read
        return answer.status, size_bytes

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def body_of(images: Sequence[bytes]) -> bytes:
    """Return the multipart body of a store request."""
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(head + one + b"\r\n" for one in images) + f"--{BOUNDARY}--\r\n".encode()


STOW = {"Content_Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'}


@dataclass(frozen=True)
class Stow:
    """One line of the table of storing."""

    size: tuple[int, int]
    per_request: int
    requests: int


STOWS = (Stow(corpus.SMALL, 1, 120), Stow(corpus.SMALL, 10, 20), Stow(corpus.LARGE, 1, 24))


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure storing and retrieving."""
    return [*(_stow(row, rounds) for row in STOWS), *_retrieve(rounds)]


def _stow(row: Stow, rounds: int) -> dict[str, Any]:
    bodies = [
        body_of([corpus.image(request * row.per_request + part, row.size) for part in range(row.per_request)])
        for request in range(row.requests + WARMING)
    ]
    rates: dict[str, list[float]] = {"orthanc": [], "kerma": []}
    with tempfile.TemporaryDirectory(prefix="kerma-bench-") as place:
        for turn in range(rounds):
            for name in sorted(rates, reverse=bool(turn % 2)):
                with _start(name, Path(place) / f"{name}-{turn}") as server:
                    client = Client(server)
                    for body in bodies[:WARMING]:
                        _expect(client.ask("POST", "/dicom-web/studies", body, Accept="application/dicom+json", **STOW))
                    begun = time.perf_counter()
                    for body in bodies[WARMING:]:
                        _expect(client.ask("POST", "/dicom-web/studies", body, Accept="application/dicom+json", **STOW))
                    rates[name].append(row.requests * row.per_request / (time.perf_counter() - begun))
                    client.close()
    what = f"STOW-RS {row.size[0] * row.size[1] * 2 / 1e6:.2f} MB x {row.per_request}"
    return compared(what, rates, figure=2.0, is_rate=True)


def _expect(answer: tuple[int, int]) -> None:
    if answer[0] not in (200, 206):
        raise RuntimeError(f"the answer was {answer[0]}, which measures nothing")


def compared(what: str, found: dict[str, list[float]], *, figure: float, is_rate: bool) -> dict[str, Any]:
    """Return one line: medians of both and their ratio, above 1 when Kerma is better."""
    medians = {name: statistics.median(values) for name, values in found.items()}
    ratio = medians["kerma"] / medians["orthanc"] if is_rate else medians["orthanc"] / medians["kerma"]
    unit = "per_s" if is_rate else "ms"
    line = {
        "what": what,
        f"orthanc_{unit}": round(medians["orthanc"], 2),
        f"kerma_{unit}": round(medians["kerma"], 2),
        "ratio": round(ratio, 2),
        "figure": figure or None,
        "reached": ratio >= figure if figure else None,
    }
    print(f"bench-pacs: {line}", file=sys.stderr, flush=True)
    return line


def _start(name: str, folder: Path) -> Any:
    return peers.orthanc(folder, is_best_case=True) if name == "orthanc" else peers.kerma(folder)


def _retrieve(rounds: int) -> list[dict[str, Any]]:
    """Retrieve images that both servers hold, in turns."""
    with (
        tempfile.TemporaryDirectory(prefix="kerma-bench-") as place,
        _start("orthanc", Path(place) / "orthanc") as peer,
        _start("kerma", Path(place) / "kerma") as own,
    ):
        for server in (peer, own):
            _load(server)
        time.sleep(5)  # what either does after an arrival (overviews, analyses) is over
        return [_asked((peer, own), rounds, *row) for row in _questions()]


def _load(server: peers.Server) -> None:
    client = Client(server)
    for number in range(8):
        for run, size in ((1, corpus.LARGE), (2, corpus.SMALL)):
            body = body_of([corpus.image(number, size, per_exam=1, run=run)])
            _expect(client.ask("POST", "/dicom-web/studies", body, Accept="application/dicom+json", **STOW))
    client.close()


def _path(run: int, number: int, tail: str = "") -> str:
    exam = f"{corpus.ROOT}.{run}.{number}"
    return f"/dicom-web/studies/{exam}/series/{exam}.1/instances/{exam}.1.0{tail}"


Question = tuple[str, Callable[[int], str], dict[str, str], int, float]


def _questions() -> list[Question]:
    """Return each question: name, path by number, headers, clients at once, figure (0: told, no figure is set)."""
    dicom = {"Accept": ANY_SYNTAX}
    frame = {"Accept": 'multipart/related; type="application/octet-stream"'}
    jpeg = {"Accept": "image/jpeg"}
    return [
        ("WADO-RS 10 MB, 1 client", lambda number: _path(1, number), dicom, 1, 2.0),
        ("WADO-RS 10 MB, 4 clients", lambda number: _path(1, number), dicom, 4, 2.0),
        ("WADO-RS 0.52 MB, 1 client", lambda number: _path(2, number), dicom, 1, 0.0),
        ("WADO-RS 0.52 MB, 4 clients", lambda number: _path(2, number), dicom, 4, 0.0),
        ("frame 1 of 10 MB", lambda number: _path(1, number, "/frames/1"), frame, 1, 2.0),
        ("rendered of 10 MB, JPEG", lambda number: _path(1, number, "/rendered"), jpeg, 1, 2.0),
        ("rendered at 256 x 256", lambda number: _path(1, number, "/rendered?viewport=256,256"), jpeg, 1, 2.0),
        ("metadata of a series", lambda number: _path(2, number).split("/instances")[0] + "/metadata", {}, 1, 0.0),
    ]


def _asked(servers: Sequence[peers.Server], rounds: int, *question: Any) -> dict[str, Any]:
    what, path, headers, clients, figure = question
    found: dict[str, list[float]] = {server.name: [] for server in servers}
    for turn in range(rounds + 1):
        for server in servers if turn % 2 else servers[::-1]:
            ms = _together(server, path, headers, clients)
            if turn:  # the first round fills caches of both
                found[server.name].append(ms)
    return compared(what, found, figure=figure, is_rate=False)


def _together(server: peers.Server, path: Callable[[int], str], headers: dict[str, str], clients: int) -> float:
    """Return the mean milliseconds for one answer while several clients ask."""
    requests = 24
    begun = time.perf_counter()
    threads = [threading.Thread(target=_client, args=(server, path, headers, requests)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - begun) / (requests * clients) * 1000


def _client(server: peers.Server, path: Callable[[int], str], headers: dict[str, str], requests: int) -> None:
    client = Client(server)
    for number in range(requests):
        _expect(client.ask("GET", path(number % 8), **headers))
    client.close()


def thumbnails() -> dict[str, Any]:
    """Measure the time of a thumbnail of a known image; the peer (Orthanc 1.10 with DICOMweb 1.7) offers none."""
    with tempfile.TemporaryDirectory(prefix="kerma-bench-") as place, peers.kerma(Path(place) / "kerma") as server:
        _load(server)
        time.sleep(5)
        client = Client(server)
        times_ms = []
        for number in range(200):
            begun = time.perf_counter()
            _expect(client.ask("GET", _path(1, number % 8, "/thumbnail"), Accept="image/jpeg"))
            times_ms.append((time.perf_counter() - begun) * 1000)
        client.close()
    median_ms = statistics.median(times_ms)
    line = {
        "what": "thumbnail of a known 10 MB image, as the client sees it",
        "orthanc_ms": "not offered",
        "kerma_ms": round(median_ms, 2),
        "kerma_p95_ms": round(sorted(times_ms)[189], 2),
        "figure_ms": 2.0,
        "reached": median_ms <= 2.0,
    }
    print(f"bench-pacs: {line}", file=sys.stderr, flush=True)
    return line
