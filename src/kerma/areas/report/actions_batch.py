"""All that changes batches: asking for many reports in one go, and noting what became of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.report import queries_batch
from kerma.areas.report.model import report_batch, report_batch_row
from kerma.errors import NotFound, WrongUsage
from kerma.kernel import jobs
from kerma.kernel.action import Act, action

BATCH = "report.batch"
"""The job that lays a batch out, some reports at a time."""
MOST_EXAMS = 20_000
WAITING, DONE, REFUSED = "waiting", "done", "refused"


@dataclass(frozen=True)
class Settled:
    """What became of one exam of a batch: its report, or why there is none."""

    exam_pk: int
    report_id: int | None
    reason: str = ""


@action("report.batch")
def ask(act: Act, *, exam_pks: Sequence[int], template: str, language: str, as_job: bool = True) -> int:
    """Ask for the reports of many exams in one go; returns the batch's id.

    Parameters
    ----------
    as_job : whether the server lays them out; otherwise who asks does it
    """
    wanted = list(dict.fromkeys(exam_pks))
    if not wanted or len(wanted) > MOST_EXAMS:
        raise WrongUsage(f"a batch has 1 to {MOST_EXAMS} exams, this one would have {len(wanted)}")
    there = {row for start in range(0, len(wanted), 500) for row in _known(act, wanted[start : start + 500])}
    missing = [one for one in wanted if one not in there]
    if missing:
        raise NotFound(f"there is no exam {missing[0]}")
    values = {
        "asked_by": act.actor.key, "asked_at": act.at_text, "template": template, "language": language,
        "total": len(wanted),
    }  # fmt: skip
    made = sa.insert(report_batch).values(values).returning(report_batch.c.id)
    batch_id = int(act.connection.execute(made).scalar_one())
    rows = [{"batch_id": batch_id, "exam_pk": one, "state": WAITING} for one in wanted]
    act.connection.execute(sa.insert(report_batch_row), rows)
    act.record(batch_id=batch_id, exams=len(wanted), template=template, language=language)
    if as_job:
        jobs.request(act, BATCH, key=str(batch_id), arguments={"batch_id": batch_id})
    return batch_id


@action("report.take_batch")
def take(act: Act, *, batch_id: int) -> list[dict[str, Any]]:
    """Take the reports of a batch away in one file: its rows with the PDFs as they are now, by number of the exam.

    Raises
    ------
    NotFound
        The person asked for no such batch.
    """
    found = queries_batch.batch_by_id(act.connection, batch_id)
    if found is None or found["asked_by"] != act.actor.key:
        raise NotFound(f"there is no batch {batch_id} of yours")
    rows = queries_batch.reports_of(act.connection, batch_id, act.actor)
    listed = "\n".join(row["pdf_sha256"] for row in rows)
    act.record(batch_id=batch_id, reports=len(rows), list_sha256=hashlib.sha256(listed.encode()).hexdigest())
    return rows


@action("report.settle_batch")
def settle(act: Act, *, batch_id: int, settled: Settled, go_on: bool) -> None:
    """Note what became of one exam of a batch; with ``go_on`` ask for the next run of its job."""
    row = sa.and_(report_batch_row.c.batch_id == batch_id, report_batch_row.c.exam_pk == settled.exam_pk)
    state = REFUSED if settled.report_id is None else DONE
    values = {"state": state, "report_id": settled.report_id, "reason": settled.reason}
    act.connection.execute(sa.update(report_batch_row).where(row).values(values))
    act.record(batch_id=batch_id, exam_pk=settled.exam_pk, report_id=settled.report_id, state=state)
    if go_on:
        jobs.request(act, BATCH, key=str(batch_id), arguments={"batch_id": batch_id})


def _known(act: Act, exam_pks: Sequence[int]) -> list[int]:
    return list(act.connection.scalars(sa.select(exam.c.id).where(exam.c.id.in_(exam_pks))))
