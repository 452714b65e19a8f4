"""A process killed (SIGKILL) while it signs, or lays a batch out: nothing is half done, and it can be done again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from tests.areas.report.decided import analysed, decided, records, versions

from kerma.areas.report import actions_batch, jobs_batch, queries_batch
from kerma.areas.report.model import report_signature
from kerma.areas.report.sign import sign
from kerma.areas.report.signature_key import load_key
from kerma.areas.report.signature_verify import verify_pdf
from kerma.kernel.action import Actor, Kernel

CHILD, ROOT = Path(__file__).with_name("dies_here.py"), Path(__file__).parents[3]


def killed(kernel: Kernel, what: str, number: int, before: str) -> None:
    """Run a process until it is before something, then kill it."""
    settings = kernel.settings
    command = [sys.executable, str(CHILD), str(settings.home), settings.database_url, what, str(number), before]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert child.stdout is not None and child.stdout.readline() == "here\n"
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()


def test_killed_while_signing_leaves_a_draft_that_can_be_signed(listening: Kernel, actor: Actor) -> None:
    exam_pk = decided(listening, actor)
    before = versions(listening, exam_pk)
    for moment in ("checking", "keeping", "signature"):
        killed(listening, "sign", exam_pk, moment)
        assert versions(listening, exam_pk) == before and records(listening, "report.sign") == []
        with listening.database.read() as connection:
            assert list(connection.scalars(sa.select(report_signature.c.id))) == []
    sign(listening, actor, exam_pk=exam_pk)
    newest = versions(listening, exam_pk)[0]
    assert newest["state"] == "signed" and len(records(listening, "report.sign")) == 1
    assert verify_pdf(listening.blobs.get(newest["pdf_sha256"])).is_unaltered


def test_killed_in_a_batch_goes_on_where_it_was(listening: Kernel, actor: Actor) -> None:
    load_key(listening.settings.home / "keys", listening.clock.now())  # of this test's day, not of the child's
    exam_pks = [analysed(listening, actor, f"W-{number}") for number in range(4)]
    batch_id = actions_batch.ask(listening, actor, exam_pks=exam_pks, template="", language="en")
    killed(listening, "batch", batch_id, "settling")
    with listening.database.read() as connection:
        found = queries_batch.batch_by_id(connection, batch_id)
    assert (found["done"], found["refused"], found["waiting"]) == (1, 0, 3)
    assert [len(versions(listening, one)) for one in exam_pks] == [1, 1, 0, 0]
    jobs_batch.run_batch(listening, batch_id=batch_id)
    with listening.database.read() as connection:
        found = queries_batch.batch_by_id(connection, batch_id)
    assert (found["done"], found["refused"], found["waiting"]) == (4, 0, 0)
    assert [len(versions(listening, one)) for one in exam_pks] == [1, 1, 1, 1]
