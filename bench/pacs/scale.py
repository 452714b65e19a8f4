"""Flatness: the rate of C-STORE with 1,000,000 images in the index beside that with 1,000, on both databases."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import index_fill
from bench.pacs import corpus, peers
from bench.pacs.store import send

IMAGES = (1_000, 1_000_000)
PER_EXAM = 10
OBJECTS = 240
ASSOCIATIONS = 4
ROUNDS = 5
FIGURE = 0.9


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure SQLite, then PostgreSQL where it can be started."""
    return [measure("sqlite", rounds), measure("postgresql", rounds)]


def measure(database: str, rounds: int) -> dict[str, Any]:
    """Send the same number of new objects to a small and to a large index in turns."""
    rates: dict[int, list[float]] = {images: [] for images in IMAGES}
    with tempfile.TemporaryDirectory(prefix="kerma-bench-") as folder, ExitStack() as parts:
        place = Path(folder)
        servers = {}
        for images in IMAGES:
            home = place / f"{images}"
            url = "" if database == "sqlite" else parts.enter_context(index_fill.postgresql(place / f"pg-{images}"))
            index_fill.fill_home(home, exams=images // PER_EXAM, images_per_exam=PER_EXAM, database_url=url)
            servers[images] = parts.enter_context(peers.kerma(home, database_url=url))
        for turn in range(rounds):
            for images in sorted(servers, reverse=bool(turn % 2)):
                sent = _films(place / f"films-{turn}-{images}", turn)
                os.sync()
                rates[images].append(OBJECTS / send(servers[images], sent, is_best_case=True))
    medians = {images: statistics.median(found) for images, found in rates.items()}
    small, large = IMAGES
    line = {
        "what": f"C-STORE, flat on {database}",
        "kerma_per_s_at_1000": round(medians[small], 1),
        "kerma_per_s_at_1000000": round(medians[large], 1),
        "ratio": round(medians[large] / medians[small], 3),
        "figure": FIGURE,
        "reached": medians[large] >= FIGURE * medians[small],
    }
    print(f"bench-pacs: {line}", file=sys.stderr, flush=True)
    return line


def _films(place: Path, turn: int) -> list[Path]:
    """Write a turn's objects for each sender: no object comes twice to a server."""
    made = [place / f"sender-{part}" for part in range(ASSOCIATIONS)]
    for part, folder in enumerate(made):
        folder.mkdir(parents=True)
        first = 1_000_000 * part
        for number in range(first, first + OBJECTS // ASSOCIATIONS):
            (folder / f"{number:08d}.dcm").write_bytes(corpus.image(number, corpus.SMALL, run=100 + turn))
    return made
