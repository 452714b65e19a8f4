"""A running site for journeys: people who are signed in and do their work over HTTP alone."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import crowd
from kerma.app import open_kernel
from kerma.kernel import clock
from kerma.kernel.passwords import hash_password
from kerma.kernel.settings import Settings

PATIENCE_S = 90.0
PASSWORD = "blue giraffe 41 crossing"
TRUST = ssl.create_default_context()


class Worker:
    """Somebody at work: what they ask for they get, or they are told why not."""

    def __init__(self, address: str, seat: crowd.Reader, login: str) -> None:
        self.key, self.login = seat.key, login
        head, cookies = {"Origin": address}, {"kerma": seat.token}
        self.http = httpx.Client(base_url=f"{address}/api/v1", headers=head, cookies=cookies, timeout=60, verify=TRUST)

    def get(self, path: str, **asked: Any) -> Any:
        return self._said(self.http.get(path, params=asked))

    def post(self, path: str, body: object = None) -> Any:
        return self._said(self.http.post(path, json=body if body is not None else {}))

    def put(self, path: str, body: object) -> Any:
        return self._said(self.http.put(path, json=body))

    def refused(self, path: str, body: object) -> str:
        """Return why something that one must not do is refused."""
        answer = self.http.post(path, json=body)
        assert answer.status_code in (403, 409), (path, answer.status_code, answer.text)
        return str(answer.json()["detail"])

    def upload(self, data: bytes, industry: str) -> int:
        """Bring one image in; returns its exam."""
        answer = self.http.post("/uploads", files={"files": ("image.dcm", data)}, data={"industry": industry})
        (file,) = self._said(answer)["files"]
        assert file["outcome"] == "stored", file
        return int(file["exam_pk"])

    def analysis(self, exam_pk: int) -> Any:
        return self.get(f"/exams/{exam_pk}/analysis")

    def analysed(self, exam_pk: int) -> Any:
        """Wait until software has looked at an exam; returns its page."""
        return wait_for(lambda: (page := self.analysis(exam_pk))["is_current"] and page)

    def decide(self, exam_pk: int, decision: str, reason: str = "as seen") -> Any:
        """Decide what is on screen; returns the page after it."""
        return self.post(f"/exams/{exam_pk}/decisions", self._decision(exam_pk, decision, reason))

    def may_not_decide(self, exam_pk: int, decision: str) -> str:
        return self.refused(f"/exams/{exam_pk}/decisions", self._decision(exam_pk, decision, "as seen"))

    def inbox(self, kind: str) -> list[Any]:
        return [one for one in self.get("/inbox")["entries"] if one["kind"] == kind]

    def _decision(self, exam_pk: int, decision: str, reason: str) -> dict[str, Any]:
        page = self.analysis(exam_pk)
        supersedes = page["decisions"][0]["id"] if page["decisions"] else None
        body = {"decision": decision, "reason": reason, "supersedes": supersedes}
        return body | {"judgement_id": page["judgement_id"]}

    def _said(self, answer: httpx.Response) -> Any:
        assert answer.is_success, (answer.request.url.path, answer.status_code, answer.text)
        return answer.json() if answer.content else None


@contextmanager
def running(folder: Path, roles: Mapping[str, str]) -> Iterator[dict[str, Worker]]:
    """Run a server; yields its people by their logins. Afterwards the ledger is verified.

    Parameters
    ----------
    roles : by login the role of each person
    """
    place = crowd.environment(folder / "home", f"sqlite:///{folder / 'home' / 'kerma.db'}")
    kernel = open_kernel(Settings.load(dict(place)))
    with kernel.database.write() as connection:
        now = clock.text(kernel.clock.now())
        password = hash_password(PASSWORD)  # once for all of them
        seats = {login: crowd.seat(connection, login, role, now, password) for login, role in roles.items()}
    kernel.database.close()
    server, address = crowd.serve(place)
    try:
        yield {login: Worker(address, seat, login) for login, seat in seats.items()}
    finally:
        crowd.end(server)
    assert crowd.ledger(place, folder)


def wait_for(ask: Callable[[], Any]) -> Any:
    """Ask until the answer is something; returns it."""
    until = time.monotonic() + PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)
    return found
