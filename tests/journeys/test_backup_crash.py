"""Backup and restore beside a running server, and killed with kill -9: nothing half looks whole, nothing is lost."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import servers
from effort import times
from films import film

KERMA = str(Path(sys.executable).with_name("kerma"))
SEED = 20_261_125
FILMS = 60
KILLS = times(2, 8)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(FILMS):
        (folder / f"{number:03d}.dcm").write_bytes(film(exam=number + 1, side=128))
    return folder


@pytest.fixture
def environment(tmp_path: Path, database_url: str) -> dict[str, str]:
    return os.environ | {"KERMA_HOME": str(tmp_path / "home"), "KERMA_DATABASE_URL": database_url}


def run(environment: dict[str, str], *words: str, code: int = 0) -> str:
    done = subprocess.run([KERMA, *words], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def killed_after(environment: dict[str, str], seconds: float, *words: str) -> bool:
    """Run a command and kill it; returns whether it had not ended before."""
    process = subprocess.Popen([KERMA, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def restored(tmp_path: Path, empty_database_url: str) -> dict[str, str]:
    home = tmp_path / "restored"
    url = empty_database_url if empty_database_url.startswith("postgresql") else f"sqlite:///{home}/kerma.db"
    return os.environ | {"KERMA_HOME": str(home), "KERMA_DATABASE_URL": url}


def assert_as_it_was(environment: dict[str, str], tmp_path: Path) -> dict:
    report = json.loads(run(environment, "archive", "check", "--json"))
    assert report["is_unaltered"]
    assert report["interrupted"] == []
    export = tmp_path / "restored.export"
    run(environment, "ledger", "export", "--out", str(export))
    assert "UNALTERED" in run(environment, "verify", str(export))
    return report


def hashes(home: Path) -> set[str]:
    return {path.name for path in (home / "blobs" / "blobs").rglob("*") if path.is_file()}


@contextmanager
def ingesting(server: servers.Server, films: Path, token: str) -> Iterator[list[str]]:
    """Upload films to a running server all the while."""
    import httpx

    taken: list[str] = []
    ends = threading.Event()

    def upload() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.address, headers=headers, timeout=30) as client:
            for path in sorted(films.iterdir()):
                if ends.is_set():
                    return
                answer = client.post("/api/v1/uploads", files=[("files", path.open("rb"))], data={"industry": "ndt"})
                assert answer.status_code == 200, answer.text
                taken.append(answer.json()["files"][0]["sha256"])

    thread = threading.Thread(target=upload)
    thread.start()
    try:
        yield taken
    finally:
        ends.set()
        thread.join()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_backup_beside_a_server_that_ingests_restores_into_an_empty_home(
    environment: dict[str, str], films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, home = str(tmp_path / "backups"), Path(environment["KERMA_HOME"])
    token = run(environment, "token", "create", "uploads", "--role", "analyst").split()[-1]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    server = servers.start(home)
    try:
        with ingesting(server, films, token) as taken:
            until = time.monotonic() + 30
            while len(taken) < 5 and time.monotonic() < until:
                time.sleep(0.01)
            before = set(taken)
            made = json.loads(run(environment, "backup", "--out", place, "--with-keys", "--json"))
            reached = len(taken)
    finally:
        servers.end(server)
    assert len(before) >= 5
    assert reached > len(before), "nothing came while the backup ran: the test tested nothing"
    again = os.environ | {
        "KERMA_HOME": str(tmp_path / "restored"), "KERMA_DATABASE_URL": f"sqlite:///{tmp_path}/restored/kerma.db"
    }  # fmt: skip
    told = json.loads(run(again, "restore", "--from", place, "--json"))
    assert (told["ledger_size"], told["blobs"]) == (made["ledger_size"], made["blob_count"])
    assert_as_it_was(again, tmp_path)
    kept = hashes(tmp_path / "restored")
    assert before <= kept
    assert kept <= hashes(home)
    server = servers.start(Path(again["KERMA_HOME"]))
    servers.end(server)


@pytest.mark.timeout(280)
def test_killed_backups_and_restores_leave_nothing_half(
    environment: dict[str, str], films: Path, tmp_path: Path, empty_database_url: str
) -> None:
    place, chance = tmp_path / "backups", random.Random(SEED)
    run(environment, "ingest", str(films), "--industry", "ndt")
    cut, longest_s = 0, 1.6
    while cut < KILLS and longest_s > 0.2:
        was_cut = killed_after(environment, chance.uniform(0.5, 1.0) * longest_s, "backup", "--out", str(place))
        cut += was_cut
        longest_s *= 1.0 if was_cut else 0.7  # on a quick machine a backup is done before
        for manifest in place.glob("backups/*/manifest.note"):
            run(
                environment,
                "restore",
                "--from",
                str(place),
                "--name",
                manifest.parent.name,
                "--accept-older",
                "--check",
            )
    assert cut, "no backup was killed: the test tested nothing"
    _forget_running(environment)
    run(environment, "backup", "--out", str(place), "--with-keys")
    again = restored(tmp_path, empty_database_url)
    for _ in range(KILLS):
        if not killed_after(again, chance.uniform(0.6, 1.2), "restore", "--from", str(place)):
            break
        home = Path(again["KERMA_HOME"])
        if (home / "restoring.json").exists():
            assert "half restored" in run(again, "archive", "check", code=3)
        elif (home / "keys").exists():
            break  # killed after all was done
    else:
        run(again, "restore", "--from", str(place))
    report = assert_as_it_was(again, tmp_path)
    assert report["blobs"] == FILMS
    assert hashes(tmp_path / "restored") == hashes(tmp_path / "home")


def _forget_running(environment: dict[str, str]) -> None:
    """Let the killed backups be found dead at once, instead of two minutes later."""
    import sqlalchemy as sa

    from kerma.kernel.backup_model import backup_run
    from kerma.kernel.database import Database

    database = Database(environment["KERMA_DATABASE_URL"])
    with database.write() as connection:
        connection.execute(sa.update(backup_run).values(alive_at="2026-01-01T00:00:00.000000Z"))
    database.close()
