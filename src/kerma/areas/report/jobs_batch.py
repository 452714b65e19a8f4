"""The durable step that lays out a batch: some reports a run, so that other work has its turn in between.

Each report is kept and noted for itself: a process that dies in the middle goes on with the next exam, and an exam
whose report cannot be made is refused with the reason while the others come.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kerma.areas.report import queries_batch
from kerma.areas.report.actions_batch import BATCH, Settled, settle
from kerma.areas.report.jobs import lay_out
from kerma.errors import KermaError
from kerma.kernel import jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)

A_RUN = 20
"""Reports of one run of the job."""
CLERK = service("report-batch", "report.settle_batch")


@jobs.job(BATCH)
def run_batch(kernel: Kernel, *, batch_id: int) -> None:
    """Lay out the next reports of a batch, and ask for the run after this one while exams wait."""
    with kernel.database.read() as connection:
        waiting = queries_batch.rows(connection, batch_id, "waiting", A_RUN + 1)
    now = waiting[:A_RUN]
    for number, row in enumerate(now, start=1):
        step(kernel, batch_id, row["exam_pk"], go_on=number == len(now) < len(waiting))


def step(kernel: Kernel, batch_id: int, exam_pk: int, *, go_on: bool = False) -> Settled:
    """Lay out one report of a batch and note what became of it."""
    with kernel.database.read() as connection:
        batch = queries_batch.batch_by_id(connection, batch_id) or {}
    form = {"template": batch["template"], "language": batch["language"]}
    try:
        settled = Settled(exam_pk, lay_out(kernel, exam_pk, form))
    except Exception as error:  # the other exams must still get theirs; the reason is told, never swallowed
        log.info("batch %d, exam %d: no report", batch_id, exam_pk, exc_info=not isinstance(error, KermaError))
        why = str(error) if isinstance(error, KermaError) else f"unexpected {type(error).__name__}: {error}"
        settled = Settled(exam_pk, None, why[:1000])
    settle(kernel, CLERK, batch_id=batch_id, settled=settled, go_on=go_on)
    return settled
