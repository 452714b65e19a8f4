"""Killed at random moments, a chain has every entry that was acknowledged, whole, and goes on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from custodies import Custody
from kerma.kernel.clock import HeldClock

CHILD = Path(__file__).with_name("custody_child.py")
KILLS = 2
SEED = 20_261_125


def test_a_chain_survives_being_killed(custody: Custody, clock: HeldClock) -> None:
    settings = custody.kernel.settings
    environment = os.environ | {"KERMA_HOME": str(settings.home), "KERMA_DATABASE_URL": settings.database_url}
    item, moments = custody.collect().item, random.Random(SEED)
    command = [sys.executable, str(CHILD), item, custody.anna.id]
    for _ in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        acknowledged = [process.stdout.readline() for _ in range(moments.randint(2, 12))]
        threading.Timer(moments.random() * 0.05, process.kill).start()
        acknowledged += [line for line in process.stdout if line.endswith("\n")]
        process.wait()
        process.stdout.close()
        chain = custody.chain(item)
        assert [fault for fault in chain.faults if fault.severity == "breach"] == []
        numbers = [row["number"] for row in chain.rows]
        assert numbers == list(range(1, len(numbers) + 1))
        assert int(acknowledged[-1]) <= len(numbers) <= int(acknowledged[-1]) + 1
        assert chain.item["entry_count"] == len(numbers)
    clock.advance((datetime.now(UTC) - clock.now()).total_seconds())  # the children had the time of day
    custody.step("seal", item, seal_number="S-1")
