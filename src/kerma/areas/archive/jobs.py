"""The durable step that describes a series: all its images' metadata in one document."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from kerma.areas.archive import documents
from kerma.areas.archive.actions_describe import describe
from kerma.areas.archive.model import SeriesGrew, exam, image, series
from kerma.errors import Unreadable
from kerma.kernel import jobs
from kerma.kernel.action import Act, Kernel
from kerma.kernel.identity import service

log = logging.getLogger(__name__)

DESCRIBE = "archive.describe"
QUIET_S = 10.0
DESCRIBER = service("archive", describe.name)


def on_series_grew(act: Act, event: SeriesGrew) -> None:
    """Ask for the document of a series that has grown, once its images have stopped coming."""
    arguments = {"series_pk": event.series_pk}
    jobs.request(act, DESCRIBE, key=str(event.series_pk), arguments=arguments, quiet_s=QUIET_S)


@jobs.job(DESCRIBE)
def describe_series(kernel: Kernel, *, series_pk: int) -> None:
    """Describe the images that the document does not know yet; does nothing when it knows all there are."""
    statement = (
        sa.select(image.c.id, image.c.uid, image.c.series_pk, image.c.sha256, image.c.format)
        .add_columns(series.c.uid.label("series_uid"), exam.c.uid.label("exam_uid"))
        .join_from(image, series, image.c.series_pk == series.c.id)
        .join(exam, image.c.exam_pk == exam.c.id)
        .where(image.c.series_pk == series_pk)
        .order_by(sa.func.coalesce(image.c.number, 0), image.c.id)
    )
    with kernel.database.read() as connection:
        rows = [dict(row) for row in connection.execute(statement).mappings()]
    known = documents.lines_of(kernel, series_pk)
    lines: dict[int, str] = {}
    for row in rows:
        try:
            lines[row["id"]] = known.get(row["id"]) or documents.text_of(kernel, row)
        except Unreadable as error:
            log.warning("image %d is left out of the document of series %d: %s", row["id"], series_pk, error)
    if lines and list(lines) != list(known):
        describe(kernel, DESCRIBER, series_pk=series_pk, image_count=len(lines), document=documents.packed(lines))
