"""``kerma serve`` as a process of its own, for tests that talk to it as a browser does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

KERMA = Path(sys.executable).parent / "kerma"


@dataclass
class Server:
    process: subprocess.Popen
    address: str
    login: str
    password: str

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.address, headers={"Origin": self.address}, timeout=20) as client:
            answer = client.post("/api/v1/session", json={"login": self.login, "password": self.password})
            assert answer.status_code == 201, answer.text
            yield client


def start(home: Path, *options: str) -> Server:
    environment = {**os.environ, "KERMA_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [str(KERMA), "serve", "--port", "0", *options], env=environment, stdout=subprocess.PIPE, text=True
    )
    ready = process.stdout.readline()
    assert ready.startswith("Kerma is ready at http://127.0.0.1:"), ready
    words = process.stdout.readline().split() if "--demo" in options else ["", "", "", "", ""]
    return Server(process, ready.split()[-1], words[2], words[4])


def end(server: Server) -> float:
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=20)
    return time.monotonic() - begun
