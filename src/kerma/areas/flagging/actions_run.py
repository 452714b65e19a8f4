"""What models marked on the images of exams is kept, and those on trial are asked to look."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from kerma.areas.flagging.model import SHADOW, model_run
from kerma.areas.flagging.queries_run import has_models
from kerma.areas.flagging.rules_run import Run
from kerma.kernel import jobs
from kerma.kernel.action import Act, action

SHADOW_JOB = "flagging.shadow"


@action("flagging.record_runs")
def record_runs(act: Act, *, exam_pk: int, runs: Sequence[Run]) -> int:
    """Keep what models on trial marked on an exam, shown to nobody who reads it."""
    kept = keep_runs(act, exam_pk, runs)
    act.record(exam_pk=exam_pk, model_ids=sorted({run["model_id"] for run in runs}), runs=kept)
    return kept


def keep_runs(act: Act, exam_pk: int, runs: Sequence[Run]) -> int:
    """Keep what models marked, as a part of the action under way; a second look at an image replaces the first.

    Returns how many rows. The place of an image in the order of looks stays: it is what drift is counted by.
    """
    for run in runs:
        same = (model_run.c.model_id == run["model_id"], model_run.c.image_sha256 == run["image_sha256"])
        seen = {key: run[key] for key in ("mode", "score", "findings", "features", "threshold")}
        updated = act.connection.execute(sa.update(model_run).where(*same).values(seen))
        if not updated.rowcount:
            row = {**run, "exam_pk": exam_pk, "at": act.at_text}
            act.connection.execute(sa.insert(model_run).values(row))
    return len(runs)


def ask_for_shadow(act: Act, exam_pk: int) -> None:
    """Have the models on trial look at an exam, where there are any for its industry."""
    from kerma.areas.archive.queries import exam_by_pk

    found = exam_by_pk(act.connection, exam_pk)
    if found and has_models(act.connection, found["industry"], SHADOW):
        jobs.request(act, SHADOW_JOB, key=str(exam_pk), arguments={"exam_pk": exam_pk})
