"""The durable step in which models on trial look at an exam."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries import exam_by_pk, images_of_exam
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.flagging import rules_run
from kerma.areas.flagging.actions_run import SHADOW_JOB, record_runs
from kerma.areas.flagging.looking import look_apart
from kerma.areas.flagging.model import SHADOW
from kerma.areas.flagging.queries_run import looked_at, taken
from kerma.errors import Unreadable
from kerma.kernel import jobs
from kerma.kernel.identity import service
from kerma.kernel.sight import WHOLE
from kerma.science.imaging.energy_pairs import views_of
from kerma.science.view_analysis import at_home

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image

log = logging.getLogger(__name__)

FLAGGER = service("flagging", "flagging.record_runs")


@jobs.job(SHADOW_JOB)
def look_in_shadow(kernel: Kernel, *, exam_pk: int) -> None:
    """Have models on trial look at the images of an exam that they have not looked at, and keep what they marked."""
    with kernel.database.read() as connection:
        found = exam_by_pk(connection, exam_pk)
        if found is None:
            return
        rows = [row for row in images_of_exam(connection, exam_pk, WHOLE) if row["kind"] == "image"]
    read = _readable(kernel, rows)
    views = views_of([image for image, _ in read])
    images = [(view, read[view.home][1]) for view in views]
    pictures = [view.image for view in views]
    machine = rules_run.machine_name(pictures)
    runs: list[rules_run.Run] = []
    for one in taken(kernel, industry=found["industry"], state=SHADOW, machine=machine, images=pictures):
        with kernel.database.read() as connection:
            known = looked_at(connection, one.row.id, [sha256 for _, sha256 in images])
        left = [(view, sha256) for view, sha256 in images if sha256 not in known]
        if left:
            look = at_home(look_apart([view.image for view, _ in left], one.learned), [view for view, _ in left])
            failed = [image.passed_over for image in look.images if image.passed_over]
            if failed and not look.looked:
                log.warning("exam %d, on trial: %s", exam_pk, failed[0])
            of = {"model_id": one.row.id, "machine": machine, "mode": SHADOW}
            runs += rules_run.runs_of(look, of, [sha256 for _, sha256 in left])
    if runs:
        record_runs(kernel, FLAGGER, exam_pk=exam_pk, runs=runs)


def _readable(kernel: Kernel, rows: list[dict[str, Any]]) -> list[tuple[Image, str]]:
    """Return the images that can be decoded, each once, with its SHA-256; the analysis tells of the others."""
    found: dict[str, Image] = {}
    for row in rows:
        if row["sha256"] not in found:
            try:
                found[row["sha256"]] = read_image(kernel, row, duty="analyse")
            except Unreadable:
                continue
    return [(image, sha256) for sha256, image in found.items()]
