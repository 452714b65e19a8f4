"""How long `kerma verify` takes for a ledger export of a million records, and what it takes to make one."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kerma.kernel import clock as clocks
from kerma.kernel.clock import SystemClock
from kerma.kernel.database import Database, metadata
from kerma.kernel.ledger import Ledger, Signer
from kerma.kernel.ledger_export import export_ledger

FIGURE_S = 30.0
RECORDS = 1_000_000
CHECK = """
import sys, time
from pathlib import Path
from kerma.kernel.verify import Trust, verify
if __name__ == "__main__":
    begin = time.perf_counter()
    answer = verify(Path(sys.argv[1]), Trust(key=sys.argv[2]))
    print(time.perf_counter() - begin, answer.is_unaltered, answer.facts["records"],
          [int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""


def record(number: int, at: str) -> dict[str, object]:
    """Return a record as an ingest writes it."""
    return {
        "action": "archive.ingest",
        "actor": "node:3",
        "at": at,
        "details": {
            "exam": number // 40,
            "image_uid": f"1.2.826.0.1.3680043.8.498.{number:039d}",
            "outcome": "stored",
            "sha256": f"{number:064x}",
            "size_bytes": 8_388_608 + number,
        },
        "outcome": "done",
    }


def fill(ledger: Ledger, database: Database, records: int, per_checkpoint: int) -> float:
    """Append records at a pace that gives one checkpoint for each ``per_checkpoint``; return seconds."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    begin = time.perf_counter()
    for first in range(0, records, per_checkpoint * 64):
        with database.write() as connection:
            for group in range(first, min(first + per_checkpoint * 64, records), per_checkpoint):
                at = clocks.text(start + timedelta(seconds=group // per_checkpoint))
                last = min(group + per_checkpoint, records)
                ledger.append(connection, [record(number, at) for number in range(group, last)])
    return time.perf_counter() - begin


def single_append_ms(ledger: Ledger, database: Database, count: int = 2_000) -> float:
    """Return the time one append of one record adds to a transaction."""
    at = clocks.text(SystemClock().now())
    with database.write() as connection:
        ledger.append(connection, [record(0, at)])
        begin = time.perf_counter()
        for number in range(count):
            ledger.append(connection, [record(number, at)])
        return (time.perf_counter() - begin) / count * 1000


def run(records: int = RECORDS, per_checkpoint: int = 150) -> dict[str, object]:
    """Fill a ledger, export it, and check the export in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = Database(f"sqlite:///{home}/kerma.db")
        metadata.create_all(database.engine)
        ledger = Ledger(Signer.load(home / "keys"))
        fill_s = fill(ledger, database, records, per_checkpoint)
        begin = time.perf_counter()
        export = export_ledger(ledger, database, home / "ledger.export")
        export_s = time.perf_counter() - begin
        command = [sys.executable, "-c", CHECK, str(export.path), export.vkey]
        verify_s, unaltered, seen, peak_mb = subprocess.check_output(command, text=True).split()
        size_mb = export.path.stat().st_size / 1e6
        append_ms = single_append_ms(ledger, database)
        database.close()
    return {
        "records": int(seen),
        "checkpoints": export.checkpoints,
        "export_size_mb": round(size_mb, 1),
        "fill_s": round(fill_s, 2),
        "export_s": round(export_s, 2),
        "verify_s": round(float(verify_s), 2),
        "verify_peak_mb": round(float(peak_mb), 1),
        "figure_s": FIGURE_S,
        "reached": unaltered == "True" and float(verify_s) <= FIGURE_S,
        "append_ms": round(append_ms, 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--per-checkpoint", type=int, default=150)
    options = parser.parse_args()
    print(json.dumps({"verify": run(options.records, options.per_checkpoint)}))
