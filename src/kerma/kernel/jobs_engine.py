"""The workflow engine (DBOS) as the runner sees it: one workflow, a queue for each lane, nothing sent anywhere.

DBOS is one per process. The executor id is the worker's name and the application version never changes, so that a
process started again takes up what its predecessor left (DBOS 3.4 gives each new version and name work of its own).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kerma.errors import Conflict
from kerma.kernel.jobs_registry import HEAVY, PROMPT

if TYPE_CHECKING:
    from datetime import datetime

    from kerma.kernel.database import Database
    from kerma.kernel.settings import Settings

PROMPT_THREADS = 4
"""They wait for others most of their time."""
POLL_S = 0.25
VERSION = "1"
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
FORGOTTEN_AT_ONCE = 1000
MOST_RECOVERIES = 1_000_000
"""The runner counts attempts itself; the engine must not give up before."""

Run = Callable[[int, str], None]

_workflow: Callable[[int, str], None] | None = None
_run: Run | None = None


def start(settings: Settings, database: Database, run: Run) -> None:
    """Start the engine; ``run(request_id, workflow_id)`` is called in its threads.

    Raises
    ------
    Conflict
        The engine runs already in this process.
    """
    from dbos import DBOS

    global _run
    if _run is not None:
        raise Conflict("jobs run already in this process; stop that runner first")
    _declare()
    _run = run
    try:
        DBOS(
            config={
                "name": "kerma",
                "system_database_url": _url(settings, database),
                "executor_id": settings.worker_name,
                "application_version": VERSION,
                "log_level": "ERROR",
                "enable_otlp": False,
                "use_listen_notify": False,
            }
        )
        DBOS.launch()
        for lane, threads in ((HEAVY, settings.job_threads), (PROMPT, PROMPT_THREADS)):
            DBOS.register_queue(
                lane, worker_concurrency=threads, polling_interval_sec=POLL_S, on_conflict="always_update"
            )
    except BaseException:
        stop()
        raise


def stop() -> None:
    """Stop the engine; a workflow under way goes on in its thread, and is taken up again if the process ends."""
    from dbos import DBOS

    global _run
    # a workflow claimed in this moment cannot begin any more: no error, it is taken up at the next start
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    DBOS.destroy()
    _run = None


def enqueue(request_id: int, workflow_id: str, lane: str) -> None:
    """Hand one request over to a lane; again with the same workflow id changes nothing."""
    from dbos import DBOS, SetWorkflowID

    if _workflow is None:
        raise Conflict("the engine was not started")
    with SetWorkflowID(workflow_id):
        DBOS.enqueue_workflow(lane, _workflow, request_id, workflow_id)


def statuses(workflow_ids: Sequence[str]) -> dict[str, str]:
    """Return the engine's word on each workflow that it knows."""
    from dbos import DBOS

    if not workflow_ids:
        return {}
    found = DBOS.list_workflows(workflow_ids=list(workflow_ids), load_input=False, load_output=False)
    return {status.workflow_id: status.status for status in found}


def other_workers(own: str) -> set[str]:
    """Return the names of other workers that have workflows under way."""
    from dbos import DBOS

    found = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    return {status.executor_id for status in found if status.executor_id} - {own}


def adopt(worker: str) -> None:
    """Take over what a dead worker had under way."""
    from dbos import DBOS

    DBOS._recover_pending_workflows([worker])


def forget(before: datetime) -> None:
    """Delete what the engine keeps about workflows that were made before this moment and have ended."""
    from dbos import DBOS

    found = DBOS.list_workflows(
        status=list(ENDED), end_time=before.isoformat(), limit=FORGOTTEN_AT_ONCE, load_input=False, load_output=False
    )
    DBOS.delete_workflows([status.workflow_id for status in found])


def _declare() -> None:
    """Register the one workflow, once per process."""
    from dbos import DBOS

    global _workflow
    if _workflow is not None:
        return

    def kerma_job(request_id: int, workflow_id: str) -> None:
        if _run is not None:
            _run(request_id, workflow_id)

    _workflow = DBOS.workflow(name="kerma_job", max_recovery_attempts=MOST_RECOVERIES)(kerma_job)


def _url(settings: Settings, database: Database) -> str:
    if not database.is_sqlite:
        return database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    path = settings.home / "jobs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    return f"sqlite:///{path}"
