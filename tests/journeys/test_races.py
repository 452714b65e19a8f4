"""Two hundred readers, processes of their own and a real server: of each exam one decision a level, whoever clicks."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import crowd
from effort import times
from kerma.areas.review.model import decision
from kerma.areas.worklist.model import CLOSED, item
from kerma.kernel.database import Database

PROCESSES = 8
READERS = times(200, 400)
EXAMS = times(16, 120)
TRIES = times(1, 6)
CHILD = Path(__file__).with_name("readers_child.py")


@pytest.mark.timeout(900)
def test_of_each_exam_one_decision_a_level_whoever_races_for_it(database_url: str, tmp_path: Path) -> None:
    place = crowd.environment(tmp_path / "home", database_url)
    site = crowd.site(place, readers=READERS, waiting=EXAMS, decided_twice=True)
    server, address = crowd.serve(place)
    try:
        answers = race(site, address)
    finally:
        crowd.end(server)
    assert {one["reader"] for one in answers} == {reader.key for reader in site.readers}
    assert {one["status"] for one in answers} == {200, 201, 409}, Counter(one["status"] for one in answers)
    lost = [one for one in answers if one["status"] == 409]
    assert lost and all(len(one["detail"]) > 20 for one in lost)

    database = Database(database_url)
    with database.read() as connection:
        rows = connection.execute(sa.select(decision)).all()
        states = set(connection.scalars(sa.select(item.c.state)))
    database.close()
    by_level = Counter((row.exam_pk, row.level, row.stage) for row in rows)
    levels = [(pk, level, stage) for pk in site.exams for level, stage in ((1, "first"), (2, "second"))]
    assert by_level == Counter(levels) and states == {CLOSED}
    assert len({(row.exam_pk, row.by) for row in rows}) == len(rows), "somebody decided an exam twice"

    accepted = {(one["reader"], one["key"]): one["decision"] for one in answers if one["status"] == 201}
    assert sorted(accepted.values()) == sorted(row.id for row in rows), "what was answered is not what is kept"
    assert {(row.by, row.request_key) for row in rows} == set(accepted)
    demand_ledger(crowd.ledger(place, tmp_path), {row.id for row in rows})


def race(site: crowd.Site, address: str) -> list[dict[str, Any]]:
    """Let every process of readers begin at one moment; returns each answer that anybody had."""
    common = {"address": address, "items": site.items, "exams": site.exams, "tries": TRIES}
    begins_at = time.time() + 4.0
    children = []
    for number in range(PROCESSES):
        readers = [(one.key, one.token) for one in site.readers[number::PROCESSES]]
        child = subprocess.Popen([sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdin is not None
        json.dump({**common, "readers": readers, "begins_at": begins_at, "seed": 1000 * number}, child.stdin)
        child.stdin.close()
        children.append(child)
    told = [child.stdout.read() for child in children if child.stdout is not None]
    assert [child.wait(timeout=60) for child in children] == [0] * PROCESSES
    return [answer for text in told for answer in json.loads(text)]


def demand_ledger(records: list[str], decisions: set[int]) -> None:
    """The ledger has each decision once, and tells of no exam that two held at one time."""
    holder: dict[int, str] = {}
    decided: list[int] = []
    for record in map(json.loads, records):
        if record["outcome"] != "done":
            continue
        details, by = record["details"], record["actor"]
        if record["action"] == "review.decide" and "known" not in details:
            decided.append(details["decision_id"])
        elif record["action"] in ("worklist.claim", "worklist.next") and "item_id" in details:
            assert holder.setdefault(details["item_id"], by) == by, f"item {details['item_id']} was held by two"
        elif record["action"] == "worklist.close":
            assert holder.pop(details["item_id"], by) == by, "somebody decided what another one held"
    assert len(decided) == len(decisions) and set(decided) == decisions and holder == {}
