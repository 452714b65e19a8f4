"""A server killed again and again while people decide: no decision is lost, none is made twice."""

from __future__ import annotations

import json
import random
import ssl
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

import crowd
from effort import times
from kerma.areas.review.model import decision
from kerma.areas.review.model_reading import reading
from kerma.areas.worklist.model import CLOSED, item
from kerma.kernel.database import Database

EXAMS = times(150, 1000)
KILLS = times(3, 12)
READERS = 6
SEED = 20_261_126
PATIENCE_S = 60.0
TRUST = ssl.create_default_context()


@dataclass
class Desk:
    """Where readers find the server of the moment, and what they were answered."""

    address: str = ""
    answered: dict[int, int] = field(default_factory=dict)
    """By exam, the decision that was acknowledged."""
    repeats: int = 0
    """Requests that were sent again, for nothing had come back."""
    refused: list[str] = field(default_factory=list)

    def read(self, reader: crowd.Reader, exam_pks: list[int]) -> None:
        """Decide some exams, each under a key of its own, asking again until there is an answer."""
        for exam_pk in exam_pks:
            until = time.monotonic() + PATIENCE_S
            while exam_pk not in self.answered and time.monotonic() < until:
                self.ask(reader, exam_pk)

    def ask(self, reader: crowd.Reader, exam_pk: int) -> None:
        address = self.address
        head = {"Origin": address, "Idempotency-Key": f"exam-{exam_pk}"}
        cookies = {"kerma": reader.token}
        try:
            with httpx.Client(base_url=address, headers=head, cookies=cookies, timeout=20, verify=TRUST) as client:
                answer = client.post(f"/api/v1/exams/{exam_pk}/decisions", json={"decision": "accept"})
        except httpx.TransportError:
            self.repeats += 1
            time.sleep(0.05)
            return
        if answer.status_code != 201:
            self.refused.append(f"{answer.status_code} {answer.text}")
            time.sleep(0.2)
            return
        (made,) = answer.json()["decisions"]
        assert made["by"] == reader.key
        self.answered[exam_pk] = made["id"]


@pytest.mark.timeout(900)
def test_no_decision_is_lost_or_made_twice_whatever_is_killed(database_url: str, tmp_path: Path) -> None:
    place = crowd.environment(tmp_path / "home", database_url)
    site = crowd.site(place, readers=READERS, waiting=EXAMS)
    desk = Desk()
    server = serve(place, desk)
    threads = [
        threading.Thread(target=desk.read, args=(reader, site.exams[number::READERS]))
        for number, reader in enumerate(site.readers)
    ]
    for thread in threads:
        thread.start()
    moments = random.Random(SEED)
    for number in range(1, KILLS + 1):
        wait_for(desk, int(EXAMS * (number - moments.random() / 2) / KILLS))
        crowd.kill(server)
        server = serve(place, desk)
    for thread in threads:
        thread.join()
    crowd.end(server)
    assert desk.refused == []

    database = Database(database_url)
    with database.read() as connection:
        rows = connection.execute(sa.select(decision.c.exam_pk, decision.c.id)).all()
        reads = Counter(connection.scalars(sa.select(reading.c.decision_id)))
        states = Counter(connection.scalars(sa.select(item.c.state)))
    database.close()
    assert dict(map(tuple, rows)) == desk.answered and len(rows) == EXAMS, "a decision is lost, doubled or another one"
    assert reads == Counter(row.id for row in rows) and states == {CLOSED: EXAMS}
    records = [json.loads(one) for one in crowd.ledger(place, tmp_path)]
    told = [one["details"] for one in records if one["action"] == "review.decide"]
    made = Counter(one["decision_id"] for one in told if "known" not in one)
    assert made == Counter(row.id for row in rows), "the ledger tells of other decisions"
    known = sum("known" in one for one in told)
    print(f"{EXAMS} decisions, {KILLS} kills, {desk.repeats} requests sent again, {known} of them had been kept")


def serve(place: dict[str, str], desk: Desk) -> subprocess.Popen[str]:
    server, desk.address = crowd.serve(place)
    return server


def wait_for(desk: Desk, answers: int) -> None:
    until = time.monotonic() + 4 * PATIENCE_S
    while len(desk.answered) < answers:
        assert time.monotonic() < until, f"{len(desk.answered)} of {answers} decisions; refused: {desk.refused[:3]}"
        time.sleep(0.005)
