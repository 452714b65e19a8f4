"""`kerma jobs`: what was given up is listed and can be tried again."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from kerma.kernel import jobs, service_commands
from kerma.kernel.action import Kernel
from kerma.kernel.jobs_model import job_request

GIVEN_UP = {
    "name": "test.given_up", "key": "7", "arguments": {}, "state": "parked", "attempts": 3,
    "requested_at": "2026-03-01T10:00:00.000000Z", "due_at": "2026-03-01T10:00:00.000000Z", "error": "OSError: no room",
}  # fmt: skip


class Wired:
    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def kernel(self) -> Kernel:
        return self._kernel


@pytest.fixture
def run(kernel: Kernel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(jobs.JOBS, "test.given_up", jobs.Job("test.given_up", lambda kernel: None, 3))
    cli = typer.Typer()
    service_commands.register(cli)
    return lambda *words: CliRunner().invoke(cli, words, obj=Wired(kernel))


def test_a_job_that_was_given_up_is_listed_and_tried_again(run, kernel: Kernel) -> None:
    assert run("jobs", "list").stdout == "none was given up\n"
    with kernel.database.write() as connection:
        number = connection.execute(sa.insert(job_request).values(GIVEN_UP).returning(job_request.c.id)).scalar_one()
    assert "test.given_up 7, 3 attempts: OSError: no room" in run("jobs", "list").stdout
    (row,) = json.loads(run("jobs", "list", "--json").stdout)["given_up"]
    assert (row["id"], row["error"]) == (number, "OSError: no room")
    assert run("jobs", "retry", str(number)).exit_code == 0
    assert run("jobs", "list").stdout == "none was given up\n"
    with kernel.database.read() as connection:
        assert jobs.open_count(connection) == 1
    assert "was given up" in str(run("jobs", "retry", str(number)).exception)
