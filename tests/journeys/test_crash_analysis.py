"""A server killed at random moments while it analyses: afterwards every exam has one analysis and one report."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from effort import times
from films import film
from kerma.areas.archive.model import exam
from kerma.areas.report.model import report
from kerma.areas.review.model import analysis
from kerma.kernel.database import Database

EXAMS = times(6, 20)
KILLS = times(2, 12)
SEED = 20_261_125
KERMA = str(Path(sys.executable).with_name("kerma"))


@pytest.mark.timeout(600)
def test_every_exam_is_analysed_and_reported_once_whatever_is_killed(database_url: str, tmp_path: Path) -> None:
    environment = os.environ | {"KERMA_HOME": str(tmp_path / "home"), "KERMA_DATABASE_URL": database_url}
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(EXAMS):
        (folder / f"{number:02d}.dcm").write_bytes(film(exam=number + 1, side=96))
    run(environment, "ingest", str(folder), "--industry", "ndt")

    moments = random.Random(SEED)
    database = Database(database_url)
    for _ in range(KILLS):
        serve_and_kill(environment, after_s=moments.uniform(0.05, 1.2))
        assert_nothing_half_done(database)
    server = serve(environment)
    try:
        wait_until_all_is_reported(database)
    finally:
        server.terminate()
        server.wait(timeout=60)
    assert_nothing_half_done(database)
    run(environment, "archive", "check")
    run(environment, "ledger", "export", "--out", str(tmp_path / "ledger.export"))
    run(environment, "verify", str(tmp_path / "ledger.export"))
    text = (tmp_path / "ledger.export").read_text(encoding="utf-8")
    assert text.count('"action":"review.record_analysis"') >= EXAMS
    database.close()


def serve(environment: dict[str, str]) -> subprocess.Popen[str]:
    server = subprocess.Popen([KERMA, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline().startswith("Kerma is ready at ")
    return server


def serve_and_kill(environment: dict[str, str], after_s: float) -> None:
    server = serve(environment)
    time.sleep(after_s)
    server.kill()
    server.wait(timeout=60)


def run(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run([KERMA, *words], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


def assert_nothing_half_done(database: Database) -> None:
    with database.read() as connection:
        analysed = connection.execute(sa.select(analysis.c.exam_pk, analysis.c.images_digest)).all()
        assert len(set(analysed)) == len({exam_pk for exam_pk, _ in analysed}) == len(analysed)
        documents = connection.execute(sa.select(analysis.c.document)).scalars().all()
        assert all(len(document["images"]) == 1 and document["verdicts"] for document in documents)
        reported = connection.execute(sa.select(report.c.analysis_id)).scalars().all()
        assert len(set(reported)) == len(reported)


def wait_until_all_is_reported(database: Database) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with database.read() as connection:
            exams = connection.execute(sa.select(sa.func.count()).select_from(exam)).scalar_one()
            reports = connection.execute(sa.select(sa.func.count()).select_from(report)).scalar_one()
        if reports == exams == EXAMS:
            return
        time.sleep(0.2)
    raise AssertionError(f"{reports} reports on {exams} exams after two minutes")
