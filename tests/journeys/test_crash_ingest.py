"""Killed at random moments, the archive never holds half of anything and never loses what it acknowledged."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from effort import times
from films import film
from kerma.areas.archive import actions
from kerma.areas.archive.model import exam, image, quarantine, series
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.blobs import Blobs
from kerma.kernel.settings import Settings

FILES = 500
KILLS = times(5, 30)
SEED = 20_261_125
CHILD = Path(__file__).with_name("ingest_child.py")


@dataclass(frozen=True)
class Moment:
    """When to kill: so long after so many acknowledgements."""

    acknowledged: int
    further_s: float


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """500 small films in 50 exams, with some broken files and two films that claim the UID of another."""
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(FILES):
        exam_number, series_number, image_number = 1 + number // 10, 1 + number % 2, 1 + number % 10
        data = film(exam=exam_number, series=series_number, image=image_number, AccessionNumber=f"A{exam_number}")
        if number % 100 == 50:
            data = data[:-100]
        if number % 250 == 99:
            data = film(exam=1, series=1, image=1, StudyDescription=f"another {number}")
        (folder / f"{number:03d}.dcm").write_bytes(data)
    return folder


def run_child(settings: Settings, folder: Path, moment: Moment | None) -> tuple[list[list[str]], bool]:
    """Run the child and kill it at a moment. Return its acknowledgements and whether it came to its end."""
    environment = os.environ | {"KERMA_HOME": str(settings.home), "KERMA_DATABASE_URL": settings.database_url}
    process = subprocess.Popen(
        [sys.executable, str(CHILD), str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    lines: list[list[str]] = []
    if moment is not None:
        while len(lines) < moment.acknowledged and (line := process.stdout.readline()):
            lines.append(line.split())
        threading.Timer(moment.further_s, process.kill).start()
    lines += [line.split() for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    finished = bool(lines) and lines[-1] == ["done"]
    assert finished or process.returncode == -9
    return [line for line in lines if line != ["done"]], finished


def rows(kernel: Kernel, statement: sa.Select) -> list[dict]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def assert_whole(kernel: Kernel, actor: Actor, acknowledged: dict[str, tuple[str, str]], folder: Path) -> None:
    """Everything that must hold after any crash."""
    report = actions.check(kernel, actor)
    assert report.is_unaltered, report.as_json()
    images = rows(kernel, sa.select(image))
    apart = rows(kernel, sa.select(quarantine))
    kept = {row["sha256"] for row in images + apart}
    for name, (_, sha256) in acknowledged.items():
        assert sha256 in kept, name
        assert kernel.blobs.get(sha256) == (folder / name).read_bytes()
    assert len({row["uid"] for row in images}) == len({row["sha256"] for row in images}) == len(images)
    for table, key in ((exam, "exam_pk"), (series, "series_pk")):
        counted = {row["id"]: row["image_count"] for row in rows(kernel, sa.select(table))}
        actual = {pk: sum(row[key] == pk for row in images) for pk in counted}
        assert counted == actual
    assert all(row["series_count"] >= 1 and row["document"] for row in rows(kernel, sa.select(exam)))


def moments(acknowledged: dict[str, tuple[str, str]]) -> Iterator[Moment]:
    """Yield when to kill: before or after the next files are durable, now and then among what is there already."""
    rng = random.Random(SEED)
    while True:
        known = len(acknowledged)
        start = rng.choice((rng.randrange(known + 1), known, known + 1, known + 1))
        yield Moment(min(start, FILES - 100), rng.uniform(0.0, 0.05))


@pytest.mark.timeout(900)
def test_killed_again_and_again_nothing_is_half_done_lost_or_twice(
    kernel: Kernel, actor: Actor, settings: Settings, folder: Path
) -> None:
    acknowledged: dict[str, tuple[str, str]] = {}
    kills = 0
    for moment in moments(acknowledged):
        lines, finished = run_child(settings, folder, moment)
        kills += not finished
        for outcome, name, sha256 in lines:
            previous = acknowledged.setdefault(name, (outcome, sha256))
            assert previous[1] == sha256
        Blobs(settings.blobs_url)  # what a restart does first: sweep what the dead writer left
        assert list((settings.home / "blobs" / "temporary").iterdir()) == []
        assert_whole(kernel, actor, acknowledged, folder)
        if kills == KILLS:
            break
    lines, finished = run_child(settings, folder, None)
    assert finished
    acknowledged |= {name: (outcome, sha256) for outcome, name, sha256 in lines}
    assert_whole(kernel, actor, acknowledged, folder)
    assert len(acknowledged) == FILES
    assert len(rows(kernel, sa.select(image))) == FILES - 7
    assert len(rows(kernel, sa.select(quarantine))) == 7
    assert actions.check(kernel, actor).interrupted == []
    expected = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert {sha256 for sha256, _ in kernel.blobs.iterate()} == expected
