"""``kerma serve`` as a process of its own: what it prints, that it ends, and that news reach a browser."""

import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import KERMA, Server, end, start

ENDS_S = 60.0
"""Two seconds on a quiet machine; one that is busy with other tests may take its time, but does not go on for ever."""
MADE_S = 200.0
"""The first exams of the demonstration are there in seconds on a quiet machine."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    started = start(home, "--demo")
    yield started
    if started.process.poll() is None:
        end(started)


def test_the_login_is_random_kept_for_the_owner_only_and_hashed(server: Server, home: Path) -> None:
    kept = home / "demo-login.txt"
    assert kept.read_text().split() == [server.login, server.password]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(server.password) >= 15
    assert not any(server.password.encode() in file.read_bytes() for file in home.glob("kerma.db*"))


def test_news_of_a_claim_reach_a_browser_and_carry_ids_only(server: Server) -> None:
    with server.client() as client:
        items: list = []
        until = time.monotonic() + MADE_S
        while not items and time.monotonic() < until:
            items = client.get("/api/v1/worklist").json()["items"]
            time.sleep(0.2)
        assert items, "the demonstration set did not come"
        item_id = items[0]["item_id"]
        with client.stream("GET", "/api/v1/news", timeout=200) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert stream.headers["x-accel-buffering"] == "no"
            lines = stream.iter_lines()
            client.post(f"/api/v1/worklist/{item_id}/claim").raise_for_status()
            for line in lines:
                piece = json.loads(line[5:]) if line.startswith("data:") else {}
                if piece.get("action") == "worklist.claim":
                    assert piece == {"action": "worklist.claim", "item_id": item_id}
                    break


def test_it_ends_soon_while_a_browser_listens(server: Server) -> None:
    with server.client() as client, client.stream("GET", "/api/v1/news") as stream:
        assert stream.status_code == 200
        assert end(server) < ENDS_S
    assert server.process.returncode == 0


def test_a_second_start_tells_the_same_login_and_makes_nothing_twice(home: Path, server: Server) -> None:
    again = start(home, "--demo")
    try:
        assert (again.login, again.password) == (server.login, server.password)
        with again.client() as client:
            subjects: list = []
            until = time.monotonic() + MADE_S
            while len(subjects) < 8 and time.monotonic() < until:
                subjects = [item["subject_id"] for item in client.get("/api/v1/worklist").json()["items"]]
                time.sleep(0.2)
        assert len(subjects) == len(set(subjects)) >= 8
    finally:
        end(again)


def test_a_home_in_use_never_gets_a_demonstration_account(tmp_path: Path) -> None:
    environment = {**os.environ, "KERMA_HOME": str(tmp_path)}
    subprocess.run(
        [str(KERMA), "user", "add", "anna", "--name", "Anna Real"],
        env=environment, input="blue giraffe 41 crossing\n", text=True, check=True, capture_output=True,
    )
    refused = subprocess.run(
        [str(KERMA), "serve", "--demo", "--port", "0"], env=environment, capture_output=True, text=True, timeout=120
    )
    assert refused.returncode == 3
    assert "without --demo" in refused.stderr
    assert not (tmp_path / "demo-login.txt").exists()


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [str(KERMA), "serve", "--port", str(port)],
            env={**os.environ, "KERMA_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=120,
        )
    assert refused.returncode == 2
    assert refused.stderr.strip().splitlines() == [
        f"kerma: 127.0.0.1 port {port} cannot be listened on: Address already in use; choose another with --port"
    ]


def test_a_watched_folder_is_taken_in(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    server = start(tmp_path / "home", "--watch", str(inbox))
    try:
        until = time.monotonic() + MADE_S
        while not (inbox / "ndt").is_dir() and time.monotonic() < until:
            time.sleep(0.1)
        assert (inbox / "ndt").is_dir()
    finally:
        assert end(server) < ENDS_S
