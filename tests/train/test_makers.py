"""Worker processes: they make views and the held-out examples, and end when they are told to."""

from __future__ import annotations

import time
from pathlib import Path

from kerma.train.examples import seed_of
from kerma.train.makers import Plan, started


def test_workers_make_views_and_held_out_examples_and_end(tmp_path: Path) -> None:
    makers = started(Plan("weld", 1, 2, (("test", 1),), tmp_path, 1))
    try:
        until = time.monotonic() + 60
        kept: list[str] = []
        seen = 0
        held_out = str(seed_of(1, "test", 0))
        while time.monotonic() < until and not (seen >= 9 and any(held_out in name for name in kept)):
            seen += makers.wait(1.0) is not None
            kept = [path.name for path in tmp_path.glob("*.npz")]
        assert seen >= 9
        assert len([name for name in kept if ".part" not in name]) == 3
        assert makers.made.value == 2
        assert makers.refused.value == 0
    finally:
        makers.end()
    assert not any(process.is_alive() for process in makers.processes) or makers.processes[0].join(5) is None
