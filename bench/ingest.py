"""How many files of 0.5 MB a second are ingested, durable and recorded, and whether a large index slows it down.

Two archives stand side by side: one small, one whose index and ledger were filled beforehand. They take turns with
the same files, so that a busy disk hits both alike; the figure is the ratio of their medians.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from kerma.areas.archive import actions, model, rules, rules_documents
from kerma.areas.archive.model import Arrival
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service

FIGURE_PER_S = 150.0
FIGURE_RATIO = 0.9
SIDE = 512
FILES = 2_000
TURNS = 8
LARGE = 200_000
IMAGES_PER_EXAM = 4
ROOT = "1.2.826.0.1.3680043.9.7433"
AT = "2026-03-02T12:00:00.000000Z"
OPERATOR = service("bench", "archive.ingest")


def films(folder: Path, numbers: range) -> list[Path]:
    """Write films of SIDE x SIDE noisy 16-bit pixels, IMAGES_PER_EXAM to an exam, each with a subject of its own."""
    rng = np.random.default_rng(numbers.start)
    written = []
    for number in numbers:
        pixels = rng.integers(0, 4096, (SIDE, SIDE), np.uint16).tobytes()
        path = folder / f"{number:06d}.dcm"
        path.write_bytes(_film(number, pixels))
        written.append(path)
    return written


def _film(number: int, pixels: bytes) -> bytes:
    exam, image = divmod(number, IMAGES_PER_EXAM)
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = ComputedRadiographyImageStorage, f"{ROOT}.{exam}.1.{image}"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{ROOT}.{exam}", f"{ROOT}.{exam}.1"
    data.PatientName, data.PatientID, data.PatientSex = f"Film^{exam}", f"P{exam}", "O"
    data.StudyDate, data.StudyTime, data.AccessionNumber = "20260301", "101530", f"A{exam}"
    data.Modality, data.SeriesNumber, data.InstanceNumber = "CR", 1, image + 1
    data.Rows = data.Columns = SIDE
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelData = 16, 12, 11, pixels
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    FileDataset(buffer, data, preamble=bytes(128), file_meta=meta).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def open_archive(home: Path) -> Kernel:
    """Open a kernel as the product does, with everybody who listens to arrivals, in a home of its own."""
    from kerma.app import open_kernel
    from kerma.kernel.settings import Settings

    home.mkdir()
    return open_kernel(Settings.load({"KERMA_HOME": str(home)}))


def fill(kernel: Kernel, images: int) -> None:
    """Fill index and ledger as so many arrivals would have; their bytes are not needed to measure the index."""
    first = 10_000_000
    for start in range(0, images, 10_000):
        numbers = range(first + start, first + min(start + 10_000, images))
        with kernel.database.write() as connection:
            exams = [number // IMAGES_PER_EXAM for number in numbers[::IMAGES_PER_EXAM]]
            connection.execute(sa.insert(model.subject), [_subject(exam) for exam in exams])
            connection.execute(sa.insert(model.exam), [_exam(exam) for exam in exams])
            connection.execute(sa.insert(model.series), [_series(exam) for exam in exams])
            connection.execute(sa.insert(model.image), [_image(number) for number in numbers])
            kernel.ledger.append(connection, [_record(number) for number in numbers])


def _empty(table: sa.Table) -> dict[str, Any]:
    columns = (column for column in table.columns if not column.nullable and not column.primary_key)
    return {column.name: column.type.python_type() for column in columns}


def _subject(exam: int) -> dict[str, Any]:
    name = f"Film^{exam}"
    own = {"id": exam, "key": f"{exam:036d}", "industry": "medical", "subject_id": f"P{exam}", "created_at": AT}
    return _empty(model.subject) | own | {"name": name, "name_folded": rules.fold(name), "sex": "O"}


def _exam(exam: int) -> dict[str, Any]:
    own = {
        "id": exam, "uid": f"{ROOT}.{exam}", "subject_pk": exam, "industry": "medical", "accession": f"A{exam}",
        "exam_date": "2026-03-01", "exam_time": "10:15:30", "modalities": "CR", "series_count": 1,
        "image_count": IMAGES_PER_EXAM, "received_at": AT, "last_received_at": AT,
    }  # fmt: skip
    row = _empty(model.exam) | own
    row["document"] = rules_documents.study_document(_subject(exam) | row)
    return row


def _series(exam: int) -> dict[str, Any]:
    own = {"id": exam, "exam_pk": exam, "uid": f"{ROOT}.{exam}.1", "modality": "CR", "number": 1, "received_at": AT}
    return _empty(model.series) | own | {"image_count": IMAGES_PER_EXAM}


def _image(number: int) -> dict[str, Any]:
    exam, image = divmod(number, IMAGES_PER_EXAM)
    own = {
        "id": number, "uid": f"{ROOT}.{exam}.1.{image}", "series_pk": exam, "exam_pk": exam, "kind": "image",
        "sop_class_uid": ComputedRadiographyImageStorage, "transfer_syntax_uid": ExplicitVRLittleEndian,
        "format": "DICOM", "rows": SIDE, "columns": SIDE, "planes": 1, "bits": 12, "sha256": f"{number:064x}",
        "size_bytes": SIDE * SIDE * 2, "file_name": f"{number}.dcm", "received_at": AT, "number": image + 1,
    }  # fmt: skip
    return _empty(model.image) | own


def _record(number: int) -> dict[str, Any]:
    exam, image = divmod(number, IMAGES_PER_EXAM)
    details = {
        "door": "cli", "exam_pk": exam, "image_pk": number, "image_uid": f"{ROOT}.{exam}.1.{image}",
        "industry": "medical", "result": "stored", "sha256": f"{number:064x}", "size_bytes": str(SIDE * SIDE * 2),
    }  # fmt: skip
    return {"action": "archive.ingest", "actor": "service:cli", "at": AT, "details": details, "outcome": "done"}


def ingest(kernel: Kernel, paths: Sequence[Path]) -> tuple[float, float]:
    """Ingest files; return seconds and CPU seconds."""
    sources = (Arrival(path, path.name, "medical") for path in paths)
    begin, begin_cpu = time.perf_counter(), time.process_time()
    outcomes = [result.outcome for result in actions.ingest_many(kernel, OPERATOR, sources)]
    spent = time.perf_counter() - begin, time.process_time() - begin_cpu
    if set(outcomes) != {"stored"}:
        raise RuntimeError(f"expected every file to be stored, got {set(outcomes)}")
    return spent


def turns(small: Kernel, large: Kernel, paths: Sequence[Path]) -> Iterator[dict[str, tuple[float, float]]]:
    """Let both archives take the same files in turns, each first as often as the other."""
    size = len(paths) // TURNS
    for turn in range(TURNS):
        part = paths[turn * size : (turn + 1) * size]
        order = [("small", small), ("large", large)]
        yield {name: ingest(kernel, part) for name, kernel in (order if turn % 2 else order[::-1])}


def run(files: int = FILES, large: int = LARGE) -> dict[str, object]:
    """Measure both figures."""
    with tempfile.TemporaryDirectory(prefix="kerma-bench-") as folder:
        source = Path(folder) / "films"
        source.mkdir()
        paths = films(source, range(2 * files))
        small_archive, large_archive = open_archive(Path(folder) / "small"), open_archive(Path(folder) / "large")
        fill(large_archive, large)
        os.sync()
        seconds, cpu_s = ingest(small_archive, paths[:files])
        measured = list(turns(small_archive, large_archive, paths[files:]))
        per_turn = files // TURNS
        rates = {name: statistics.median(per_turn / turn[name][0] for turn in measured) for name in ("small", "large")}
        cpu = {name: statistics.median(turn[name][1] / per_turn for turn in measured) for name in ("small", "large")}
        small_archive.database.close()
        large_archive.database.close()
    return {
        "files": files,
        "file_size_mb": round(SIDE * SIDE * 2 / 1e6, 2),
        "rate_per_s": round(files / seconds, 1),
        "figure_rate_per_s": FIGURE_PER_S,
        "cpu_ms_per_file": round(cpu_s / files * 1000, 2),
        "images_in_large_index": large,
        "rate_small_per_s": round(rates["small"], 1),
        "rate_large_per_s": round(rates["large"], 1),
        "ratio_large_to_small": round(rates["large"] / rates["small"], 3),
        "ratio_of_cpu_time": round(cpu["small"] / cpu["large"], 3),
        "figure_ratio": FIGURE_RATIO,
        "reached": files / seconds >= FIGURE_PER_S and rates["large"] >= FIGURE_RATIO * rates["small"],
    }


def main() -> None:
    """Run with the sizes given and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--large", type=int, default=LARGE)
    chosen = parser.parse_args()
    json.dump(run(chosen.files, chosen.large), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
