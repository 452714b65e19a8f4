"""Three hundred lanes, one pool of readers, on a clock that runs faster: how long bags wait, and if all lanes alike.

Real actions on a real database (SQLite): bags arrive, the software proposes, the next one is handed out, a person
decides. Only the time between is imagined. Reading times are log-normal; one bag in twenty is proposed as suspect.
"""

from __future__ import annotations

import heapq
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

LANES, BAGS_PER_HOUR, READERS = 300, 240, 120
MINUTES = 6
READ_S, SPREAD = 5.6, 0.45
"""Median and spread of the time a reader looks at a bag: together they take 19.4 of the 20 bags that come a second."""
SUSPECT_SHARE = 0.05
TEND_S = 15.0
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def run() -> dict[str, Any]:
    """Play some minutes and return waits in seconds, the share decided in time, and fairness between lanes."""
    with tempfile.TemporaryDirectory(prefix="kerma-bench-") as folder:
        begun = time.perf_counter()
        played = _Hall(Path(folder)).play()
        took_s = time.perf_counter() - begun
    return played | {"played_min": MINUTES, "took_s": round(took_s, 1), "times_faster": round(60 * MINUTES / took_s, 1)}


class _Hall:
    """Lanes, readers and the kernel between them."""

    def __init__(self, home: Path) -> None:
        from kerma.app import open_kernel
        from kerma.areas.archive.model import ExamArrived
        from kerma.areas.worklist.actions import on_exam_arrived
        from kerma.kernel.action import Actor
        from kerma.kernel.clock import HeldClock
        from kerma.kernel.settings import Settings

        self.clock = HeldClock(START)
        opened = open_kernel(Settings.load({"KERMA_HOME": str(home)}))
        opened.ledger.clock = self.clock
        self.kernel = replace(opened, clock=self.clock, subscriptions={ExamArrived: (on_exam_arrived,)})
        self.readers = [
            Actor("person", str(number), f"R {number}", frozenset({"*"})) for number in range(1, READERS + 1)
        ]
        self.software = Actor("service", "bench", "bench", frozenset({"*"}))
        self.dice = np.random.default_rng(1)
        self.idle = list(range(READERS))
        self.arrived: dict[int, tuple[int, float, bool]] = {}
        self.waits: dict[int, list[float]] = defaultdict(list)
        self.urgent_waits: list[float] = []
        self.in_time = self.decided = self.twice = 0
        self.now_s = 0.0

    def play(self) -> dict[str, Any]:
        """Play the minutes; what is still waiting at the end is counted as such."""
        order = count()
        events: list[tuple[float, int, str, Any]] = []
        gap_s = 3600 / BAGS_PER_HOUR
        for lane in range(LANES):
            heapq.heappush(events, (float(self.dice.uniform(0, gap_s)), next(order), "bag", lane))
        heapq.heappush(events, (TEND_S, next(order), "tend", None))
        while events and events[0][0] < 60 * MINUTES:
            at, _, kind, what = heapq.heappop(events)
            self.clock.advance(at - self.now_s)
            self.now_s = at
            for later, named, about in getattr(self, f"_{kind}")(what):
                heapq.heappush(events, (at + later, next(order), named, about))
            for later, about in self._hand_out():
                heapq.heappush(events, (at + later, next(order), "decided", about))
        return self._told()

    def _bag(self, lane: int) -> list[tuple[float, str, Any]]:
        from tests import exams

        from kerma.areas.worklist import actions

        exam_pk = exams.arrive(self.kernel, self.software, industry="security", subject_id=f"{lane}-{self.now_s:.3f}")
        is_suspect = bool(self.dice.random() < SUSPECT_SHARE)
        proposed = "suspect" if is_suspect else "clear"
        actions.rank(self.kernel, self.software, exam_pk=exam_pk, decision_proposed=proposed)
        self.arrived[exam_pk] = (lane, self.now_s, is_suspect)
        gap_s = 3600 / BAGS_PER_HOUR
        return [(float(self.dice.uniform(0.5, 1.5)) * gap_s, "bag", lane)]

    def _tend(self, _: None) -> list[tuple[float, str, Any]]:
        from kerma.areas.worklist.jobs import tend

        tend(self.kernel)
        print(f"lanes: {self.now_s / 60:.1f} of {MINUTES} min, {self.decided} decided", file=sys.stderr, flush=True)
        return [(TEND_S, "tend", None)]

    def _hand_out(self) -> list[tuple[float, Any]]:
        from kerma.areas.worklist import queries
        from kerma.areas.worklist.actions_next import take_next

        begun = []
        while self.idle:
            number = self.idle[0]
            found = take_next(self.kernel, self.readers[number])
            if found is None:
                break
            self.idle.pop(0)
            with self.kernel.database.read() as connection:
                row = queries.item_by_id(connection, found, self.readers[number])
            assert row is not None
            lane, at, is_suspect = self.arrived[row["exam_pk"]]
            (self.urgent_waits if is_suspect else self.waits[lane]).append(self.now_s - at)
            begun.append((float(self.dice.lognormal(np.log(READ_S), SPREAD)), (number, row["exam_pk"], row["due_at"])))
        return begun

    def _decided(self, what: tuple[int, int, str]) -> list[tuple[float, str, Any]]:
        from kerma.areas.review.actions import decide
        from kerma.kernel import clock

        number, exam_pk, due_at = what
        decide(self.kernel, self.readers[number], exam_pk=exam_pk, decision_code="clear")
        self.decided += 1
        self.in_time += clock.text(self.clock.now()) <= due_at
        self.idle.append(number)
        return []

    def _told(self) -> dict[str, Any]:
        waits = np.array([one for lane in self.waits.values() for one in lane])
        means = np.array([float(np.mean(one)) for one in self.waits.values()])
        fairness = float(means.sum() ** 2 / (len(means) * (means**2).sum())) if means.any() else 1.0
        return {
            "bags": len(self.arrived), "decided": self.decided, "still_waiting": len(self.arrived) - self.decided,
            "wait_p50_s": round(float(np.percentile(waits, 50)), 1),
            "wait_p95_s": round(float(np.percentile(waits, 95)), 1),
            "suspect_wait_p95_s": round(float(np.percentile(self.urgent_waits, 95)), 1),
            "in_time_share": round(self.in_time / self.decided, 4), "fairness_of_lanes_jain": round(fairness, 3),
        }  # fmt: skip
