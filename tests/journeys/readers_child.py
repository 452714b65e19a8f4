"""A process full of readers who race for the same exams; told on stdin what to do, it tells each answer on stdout."""

from __future__ import annotations

import json
import random
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx

AT_ONCE = 5
TRUST = ssl.create_default_context()  # once: each client would read all authorities of the system anew


class Racer:
    """One reader: claims, decides with a double click, and asks again as if the answer had been lost."""

    def __init__(self, told: dict[str, Any], reader: list[str], seed: int) -> None:
        (self.key, token), address = reader, told["address"]
        self.client = httpx.Client(
            base_url=address, headers={"Origin": address}, cookies={"kerma": token}, timeout=60, verify=TRUST
        )
        self.dice = random.Random(seed)
        self.items, self.exams = told["items"], told["exams"]
        self.numbers = count()
        self.answers: list[dict[str, Any]] = []

    def race(self, tries: int) -> list[dict[str, Any]]:
        """Go for some exams that everybody goes for; then for whatever is handed out, until nothing is left."""
        for place in self.dice.sample(range(len(self.items)), tries):
            is_rude = self.dice.random() < 0.25  # decides without a claim
            if is_rude or self.ask("claim", f"/api/v1/worklist/{self.items[place]}/claim", {}).status_code == 200:
                self.decide(self.exams[place])
        while handed := self.ask("next", "/api/v1/worklist/next", {}).json()["item"]:
            self.decide(handed["exam_pk"])
        return self.answers

    def decide(self, exam_pk: int) -> None:
        """Decide by two clicks at once, and once more; all of it is one decision."""
        key = f"{self.key}-{next(self.numbers)}"
        page = self.client.get(f"/api/v1/exams/{exam_pk}/analysis").json()
        seen = page["decisions"]
        if page["state"] == "closed" or any(one["by"] == self.key for one in seen):
            return  # what is closed may be decided anew by who has seen that; nobody here wants to
        body = {"decision": "accept", "supersedes": seen[0]["id"] if seen else None}
        path = f"/api/v1/exams/{exam_pk}/decisions"
        with ThreadPoolExecutor(2) as fingers:
            for clicked in [fingers.submit(self.ask, "decide", path, body, key) for _ in range(2)]:
                clicked.result()
        if self.dice.random() < 0.3:
            self.ask("decide", path, body, key)

    def ask(self, what: str, path: str, body: dict[str, Any], key: str = "") -> httpx.Response:
        answer = self.client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        said = answer.json()
        own = [one["id"] for one in said.get("decisions", []) if one["by"] == self.key]
        kept = {"reader": self.key, "what": what, "key": key, "status": answer.status_code, "path": path}
        self.answers.append(kept | {"decision": own[0] if own else None, "detail": said.get("detail", "")})
        return answer


def main() -> None:
    told = json.load(sys.stdin)
    racers = [Racer(told, reader, told["seed"] + number) for number, reader in enumerate(told["readers"])]
    time.sleep(max(0.0, told["begins_at"] - time.time()))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda racer: racer.race(told["tries"]), racers))
    json.dump([answer for answers in found for answer in answers], sys.stdout)


if __name__ == "__main__":
    main()
