"""Importing a folder of 50,000 files with ``kerma ingest``: its rate along the way, its memory, and a second run.

The command runs as a user would run it, in a process of its own; files are small, since it is the work for each file
that could grow with their number. A last part kills the import half-way and runs it again.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

FILES = 50_000
STEP = 5_000
SIDE = 160
"""Rows and columns: 51 kB a file."""
IMAGES_PER_EXAM = 4
ROOT = "1.2.826.0.1.3680043.9.7433.6"
FIGURE_RATIO = 0.9
FIGURE_AGAIN = 0.1
KERMA = Path(sys.executable).parent / "kerma"


def films(folder: Path, count: int) -> None:
    """Write films of noise, a thousand to a folder, made by changing a few bytes of one: writing is not measured."""
    data, start = _template()
    for number in range(count):
        exam, place = divmod(number, IMAGES_PER_EXAM)
        film = bytearray(data)
        for mark, text in ((b"9" * 8, f"{exam:08d}"), (b"8" * 8, f"{place:08d}")):
            film = film.replace(mark, text.encode())
        film[start : start + 8] = number.to_bytes(8, "little")
        path = folder / f"{number // 1000:03d}" / f"IM{number:06d}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(film)


def _template() -> tuple[bytes, int]:
    data = Dataset()
    exam, place = "9" * 8, "8" * 8
    data.SOPClassUID, data.SOPInstanceUID = ComputedRadiographyImageStorage, f"{ROOT}.1{exam}.1.1{place}"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{ROOT}.1{exam}", f"{ROOT}.1{exam}.1"
    data.PatientName, data.PatientID, data.PatientSex = f"Film^{exam}", f"P{exam}", "O"
    data.StudyDate, data.StudyTime, data.AccessionNumber = "20260301", "101530", f"A{exam}"
    data.Modality, data.SeriesNumber, data.InstanceNumber = "CR", 1, 1
    data.Rows = data.Columns = SIDE
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.PixelData = np.random.default_rng(1).integers(0, 4096, (SIDE, SIDE), np.uint16).tobytes()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    FileDataset(buffer, data, preamble=bytes(128), file_meta=meta).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue(), len(buffer.getvalue()) - SIDE * SIDE * 2


class Watched:
    """``kerma ingest`` in a process of its own, with the moments at which its spool has seen so many files."""

    def __init__(self, home: Path, folder: Path) -> None:
        environment = os.environ | {"KERMA_HOME": str(home)}
        command = [str(KERMA), "ingest", str(folder), "--json"]
        self.begun_s = time.perf_counter()
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.peak_mb = 0.0
        self.moments: list[tuple[float, int]] = []
        self._database = home / "kerma.db"
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def answer(self) -> dict[str, Any]:
        """Wait for the end and return the document that it printed, without its files."""
        out, _ = self.process.communicate()
        self._thread.join()
        document: dict[str, Any] = json.loads(out)
        del document["files"]
        return document | {"wall_s": time.perf_counter() - self.begun_s}

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.kill()
        self.process.communicate()
        self._thread.join()

    def indexed(self) -> int:
        """Return how many images there are now."""
        import sqlite3

        try:
            with sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10) as database:
                return int(database.execute("SELECT max(id) FROM image").fetchone()[0] or 0)
        except sqlite3.Error:
            return 0

    def _watch(self) -> None:
        running = psutil.Process(self.process.pid)
        while self.process.poll() is None:
            try:
                self.peak_mb = max(self.peak_mb, running.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                return
            self.moments.append((time.perf_counter(), self.indexed()))
            time.sleep(0.1)


def rates(moments: Sequence[tuple[float, int]], step: int) -> list[float]:
    """Return the files per second of each step."""
    found: list[float] = []
    since_s, before = next(((at, count) for at, count in moments if count), (0.0, 0))
    for at, count in moments:
        if count - before >= step:
            found.append(round((count - before) / (at - since_s), 1))
            since_s, before = at, count
    return found


def run(files: int = FILES, step: int = STEP) -> dict[str, object]:
    """Import, import again, and import with a kill in the middle."""
    with tempfile.TemporaryDirectory(prefix="kerma-bench-") as place:
        folder = Path(place) / "disc"
        folder.mkdir()
        films(folder, files)
        os.sync()
        first = Watched(Path(place) / "home", folder)
        whole = first.answer()
        second = Watched(Path(place) / "home", folder)
        again = second.answer()
        killed = Watched(Path(place) / "killed", folder)
        while killed.indexed() < files // 10:
            time.sleep(0.05)
        killed.kill()
        resumed = _resumed(Path(place) / "killed", folder, files)
    along = rates(first.moments, step)
    ratio = along[-1] / along[0]
    return {
        "files": files,
        "file_size_kb": round(SIDE * SIDE * 2 / 1e3, 1),
        "rate_per_s": round(files / whole["seconds"], 1),
        f"rates_per_{step}": along,
        "ratio_last_to_first": round(ratio, 3),
        "figure_ratio": FIGURE_RATIO,
        "peak_mb": round(first.peak_mb),
        "stored": whole["counts"]["stored"],
        "second_run_s": round(again["seconds"], 2),
        "second_run_ratio": round(again["seconds"] / whole["seconds"], 4),
        "figure_second_run_ratio": FIGURE_AGAIN,
        "second_run_skipped": again["counts"]["skipped"],
        "after_kill": resumed,
        "reached": ratio >= FIGURE_RATIO
        and whole["counts"]["stored"] == again["counts"]["skipped"] == files
        and again["seconds"] <= FIGURE_AGAIN * whole["seconds"]
        and resumed["all_there"],
    }


def _resumed(home: Path, folder: Path, files: int) -> dict[str, Any]:
    """Go on after a kill, with only a fifth of the folder: that the rest is stored is shown by the first run."""
    part = folder.parent / "part"
    part.mkdir()
    for number in range(max(1, files // 5_000)):
        (folder / f"{number:03d}").rename(part / f"{number:03d}")
    moved = folder.parent / "kept"
    folder.rename(moved)
    part.rename(folder)
    count = sum(1 for _ in folder.rglob("IM*"))
    counts = Watched(home, folder).answer()["counts"]
    shown = {name: counts[name] for name in ("skipped", "duplicate", "stored")}
    return {**shown, "all_there": sum(shown.values()) == count and counts["quarantined"] == 0}


def main() -> None:
    """Run with the size given and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--step", type=int, default=STEP)
    chosen = parser.parse_args()
    json.dump(run(chosen.files, chosen.step), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
