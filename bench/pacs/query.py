"""QIDO-RS: the 50 newest exams of a large index, asked by somebody signed in, beside the peer at its own largest index.

The peer is filled with real objects until building it takes too long; Kerma's index is filled as so many arrivals
would have (``bench.index_fill``). The peer's answer does not depend on who asks: it knows no persons.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import index_fill
from bench.pacs import corpus, peers
from bench.pacs.web import Client

PEER_EXAMS = 6_000
LOADERS = 4
REQUESTS = 300
SIZES = (100_000, 1_000_000)
NEWEST = "/dicom-web/studies?limit=50"
FIGURE_P95_MS = 15.0
FIGURE_RATIO = 20.0
FIGURE_GROWTH = 2.0


def run(sizes: Sequence[int] = SIZES) -> list[dict[str, Any]]:
    """Measure the peer, then Kerma at each size."""
    with tempfile.TemporaryDirectory(prefix="kerma-bench-") as place:
        with peers.orthanc(Path(place) / "orthanc", is_best_case=True) as peer:
            _load(peer, PEER_EXAMS)
            peer_ms = _times_ms(peer, 40)
        own_ms = {}
        for exams in sizes:
            home = Path(place) / f"kerma-{exams}"
            index_fill.fill_home(home, exams=exams)
            with peers.kerma(home) as server:
                own_ms[exams] = _times_ms(server, REQUESTS)
    return [_line(exams, times, peer_ms, own_ms[sizes[0]]) for exams, times in own_ms.items()]


def _line(exams: int, times_ms: list[float], peer_ms: list[float], first_ms: list[float]) -> dict[str, Any]:
    own, peer, first = (statistics.median(found) for found in (times_ms, peer_ms, first_ms))
    p95_ms = sorted(times_ms)[int(len(times_ms) * 0.95)]
    line = {
        "what": "QIDO-RS, 50 newest, signed in",
        "exams": exams,
        "kerma_ms": round(own, 2),
        "kerma_p95_ms": round(p95_ms, 2),
        "figure_p95_ms": FIGURE_P95_MS,
        "orthanc_exams": PEER_EXAMS,
        "orthanc_ms": round(peer, 2),
        "ratio": round(peer / own, 1),
        "figure": FIGURE_RATIO,
        "growth_from_smallest": round(own / first, 2),
        "figure_growth": FIGURE_GROWTH,
        "reached": p95_ms <= FIGURE_P95_MS and peer / own >= FIGURE_RATIO and own / first <= FIGURE_GROWTH,
    }
    print(f"bench-pacs: {line}", file=sys.stderr, flush=True)
    return line


def _load(peer: peers.Server, exams: int) -> None:
    """Fill the peer with exams of one tiny image each, over its own fastest way in."""
    threads = [threading.Thread(target=_load_part, args=(peer, range(part, exams, LOADERS))) for part in range(LOADERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _load_part(peer: peers.Server, numbers: range) -> None:
    client = Client(peer)
    for number in numbers:
        status, _ = client.ask("POST", "/instances", corpus.image(number, corpus.TINY, per_exam=1))
        if status != 200:
            raise RuntimeError(f"the peer answered {status} to an upload")
    client.close()


def _times_ms(server: peers.Server, requests: int) -> list[float]:
    client = Client(server)
    times_ms = []
    for number in range(requests + 10):
        begun = time.perf_counter()
        status, size_bytes = client.ask("GET", NEWEST, Accept="application/dicom+json")
        if number >= 10:
            times_ms.append((time.perf_counter() - begun) * 1000)
        if status != 200 or size_bytes < 10_000:
            raise RuntimeError(f"{server.name} answered {status} with {size_bytes} bytes instead of 50 exams")
    client.close()
    return times_ms
