"""Fingerprints of all that arrives, made after it has arrived and whatever else is more urgent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.archive.queries import image_by_pk
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.custody import queries_forensic
from kerma.areas.custody.actions_forensic import keep_fingerprints
from kerma.areas.custody.forensic_look import prints_of
from kerma.errors import KermaError
from kerma.kernel import apart, jobs
from kerma.kernel.identity import service
from kerma.kernel.jobs_model import OPEN, job_request

if TYPE_CHECKING:
    from kerma.areas.archive.model import ExamArrived
    from kerma.areas.custody.actions_forensic import Kept
    from kerma.kernel.action import Act, Kernel

FINGERPRINTS = "custody.fingerprints"
QUIET_S = 8.0
"""Longer than the analysis waits: a person waits for that one."""
PLANES_MAX = 64
"""Planes of an image that get fingerprints."""
AT_ONCE = 50
"""Images kept in one transaction: a run that is killed begins again after them."""
SOFTWARE = service("custody", "custody.keep_fingerprints")


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Ask for the fingerprints of an exam once its images have stopped coming."""
    jobs.request(act, FINGERPRINTS, key=str(event.exam_pk), arguments={"exam_pk": event.exam_pk}, quiet_s=QUIET_S)


@jobs.job(FINGERPRINTS)
def make_fingerprints(kernel: Kernel, *, exam_pk: int) -> None:
    """Make the fingerprints of an exam's images that have none; an image that cannot be read is kept as having none."""
    with kernel.database.read() as connection:
        wanted = queries_forensic.without_fingerprint(connection, exam_pk)
    for start in range(0, len(wanted), AT_ONCE):
        found = [kept for image_pk in wanted[start : start + AT_ONCE] for kept in _prints(kernel, image_pk)]
        if found:
            keep_fingerprints(kernel, SOFTWARE, exam_pk=exam_pk, found=found)


def waiting_count(connection: sa.Connection) -> int:
    """Return of how many exams fingerprints are still to be made."""
    asked = sa.select(sa.func.count()).where(job_request.c.name == FINGERPRINTS, job_request.c.state.in_(OPEN))
    return int(connection.scalar(asked) or 0)


def _prints(kernel: Kernel, image_pk: int) -> list[Kept]:
    with kernel.database.read() as connection:
        row = image_by_pk(connection, image_pk)
    if row is None:
        return []
    try:
        found = apart.run(prints_of, read_image(kernel, row, duty="fingerprints"), PLANES_MAX)
    except KermaError:
        found = []
    return [(image_pk, plane, bits) for plane, bits in found] or [(image_pk, 0, None)]
