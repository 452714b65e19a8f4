"""C-STORE: how many objects a second DCMTK's sender gets acknowledged, beside the peer.

Every row has both servers in fresh folders with the same files, in turns. "as shipped" leaves Nagle's algorithm on at
both ends as Debian's programs do; "best case" switches it off for the sender and the peer (``TCP_NODELAY=1``).
Kerma acknowledges after file, index row and ledger record are flushed; Orthanc flushes the file (SyncStorageArea).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.pacs import corpus, peers

STORESCU = "/usr/bin/storescu"
ROUNDS = 3


@dataclass(frozen=True)
class Row:
    """One line of the table, with the ratio it is to reach (0: told, no figure set)."""

    size: tuple[int, int]
    objects: int
    associations: int
    is_best_case: bool
    figure: float


ROWS = (
    Row(corpus.SMALL, 120, 1, False, 5.0),
    Row(corpus.SMALL, 240, 4, False, 3.0),
    Row(corpus.SMALL, 320, 8, False, 0.0),
    Row(corpus.SMALL, 240, 1, True, 1.2),
    Row(corpus.SMALL, 480, 4, True, 1.2),
    Row(corpus.SMALL, 480, 8, True, 1.2),
    Row(corpus.LARGE, 16, 1, False, 0.0),
    Row(corpus.LARGE, 32, 4, False, 0.0),
    Row(corpus.LARGE, 32, 1, True, 1.2),
    Row(corpus.LARGE, 48, 4, True, 1.2),
    Row(corpus.LARGE, 48, 8, True, 1.2),
)


def run(rows: Sequence[Row] = ROWS, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure every row."""
    measured = []
    for row in rows:
        with tempfile.TemporaryDirectory(prefix="kerma-bench-") as place:
            measured.append(measure(row, Path(place), rounds))
        print(f"bench-pacs: {measured[-1]}", file=sys.stderr, flush=True)
    return measured


def measure(row: Row, place: Path, rounds: int) -> dict[str, Any]:
    """Measure one row, both servers in turns."""
    sent = corpus.folders(place / "films", row.objects, row.size, row.associations)
    rates: dict[str, list[float]] = {"orthanc": [], "kerma": []}
    costs: dict[str, list[float]] = {"orthanc": [], "kerma": []}
    peak_mb = {"orthanc": 0.0, "kerma": 0.0}
    for turn in range(rounds):
        for name in sorted(rates, reverse=bool(turn % 2)):
            os.sync()
            with _start(name, place / f"{name}-{turn}", row.is_best_case) as server:
                before_s = server.cpu_s()
                rates[name].append(row.objects / send(server, sent, row.is_best_case))
                costs[name].append((server.cpu_s() - before_s) / row.objects * 1000)
            peak_mb[name] = max(peak_mb[name], server.peak_mb)
    best = {name: statistics.median(found) for name, found in rates.items()}
    ratio = best["kerma"] / best["orthanc"]
    return {
        "what": "C-STORE",
        "object_mb": round(row.size[0] * row.size[1] * 2 / 1e6, 2),
        "associations": row.associations,
        "network": "best case of the peer" if row.is_best_case else "as shipped",
        "orthanc_per_s": round(best["orthanc"], 1),
        "kerma_per_s": round(best["kerma"], 1),
        "orthanc_cpu_ms": round(statistics.median(costs["orthanc"]), 2),
        "kerma_cpu_ms": round(statistics.median(costs["kerma"]), 2),
        "orthanc_peak_mb": round(peak_mb["orthanc"]),
        "kerma_peak_mb": round(peak_mb["kerma"]),
        "ratio": round(ratio, 2),
        "figure": row.figure or None,
        "reached": ratio >= row.figure if row.figure else None,
    }


def _start(name: str, folder: Path, is_best_case: bool) -> AbstractContextManager[peers.Server]:
    return peers.orthanc(folder, is_best_case=is_best_case) if name == "orthanc" else peers.kerma(folder)


def send(server: peers.Server, sent: Sequence[Path], is_best_case: bool) -> float:
    """Send one folder over each association at the same time; return the seconds until all is acknowledged."""
    begun = time.perf_counter()
    senders = [
        subprocess.Popen(
            [STORESCU, "-aec", server.title, "+sd", "127.0.0.1", str(server.dicom_port), str(folder)],
            env=peers.network(is_best_case),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for folder in sent
    ]
    said = [sender.communicate()[0].decode() for sender in senders]
    spent_s = time.perf_counter() - begun
    failed = [words for sender, words in zip(senders, said, strict=True) if sender.returncode]
    if failed:
        raise RuntimeError(f"{server.name} did not take everything: {failed[0][:500]}")
    return spent_s
