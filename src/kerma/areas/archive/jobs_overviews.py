"""Thumbnails and tiles made after arrival, so that lists and images appear at once; and what goes with an exam.

Nothing here must happen: what has not been made yet is made when somebody asks for it. So the work asked for by an
arrival is bounded: it is asked for once in a while, not for each image, takes the newest first, and stops in time.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive import queries_find, retrieve_cache
from kerma.areas.archive.model import image
from kerma.areas.archive.rules_media import JPEG
from kerma.errors import KermaError
from kerma.kernel import jobs

if TYPE_CHECKING:
    from kerma.areas.archive.model import ExamArrived
    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.kernel.action import Act, Kernel

log = logging.getLogger(__name__)

OVERVIEWS = "archive.overviews"
KEY = "newest"
QUIET_S = 5.0
ASKED_EVERY_S = 4.0
"""Within this time one request is enough: the job it makes begins later than whatever arrives meanwhile."""
WORKED_S = 3.0
"""How long one run may take: arrivals come first."""
IMAGES_MAX = 1_000
_MARK = "overviews-made-to"

_asked_at: dict[str, float] = {}
_asked_lock = threading.Lock()


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Ask for the overviews of what has arrived, unless this process has just done so."""
    home, now = str(act.kernel.settings.home), time.monotonic()
    with _asked_lock:
        if now - _asked_at.get(home, -ASKED_EVERY_S) < ASKED_EVERY_S:
            return
        _asked_at[home] = now
    jobs.request(act, OVERVIEWS, KEY, {}, quiet_s=QUIET_S)


@jobs.job(OVERVIEWS)
def make_overviews(kernel: Kernel) -> None:
    """Make overview, thumbnail and then tiles of the images that arrived since the last time, the newest first."""
    from kerma.areas.archive import retrieve_pictures, tiles_ahead
    from kerma.areas.archive.rules_rendering import THUMBNAIL_PX, Viewport

    until = time.monotonic() + WORKED_S
    rows, newest = _new_images(kernel)
    viewport = Viewport(THUMBNAIL_PX, THUMBNAIL_PX)
    for row in rows:
        if time.monotonic() > until:
            break
        try:
            retrieve_pictures.thumbnail(kernel, row, retrieve_pictures.middle_frame(row), viewport, JPEG)
        except KermaError as error:
            log.info("image %d has no overview: %s", row["id"], error)
    tiles_ahead.make_ahead(kernel, rows, until)
    if newest:
        _mark_path(kernel).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        _mark_path(kernel).write_text(str(newest), encoding="ascii")


def _new_images(kernel: Kernel) -> tuple[list[dict[str, Any]], int]:
    """Return the images not seen before, the newest first, and the number of the newest."""
    statement = (
        sa.select(image.c.id, image.c.uid)
        .where(image.c.id > _made_to(kernel), image.c.kind == "image")
        .order_by(image.c.id.desc())
        .limit(IMAGES_MAX)
    )
    with kernel.database.read() as connection:
        found = connection.execute(statement).all()
        rows = queries_find.images_at(connection, image_uids=[row.uid for row in found])
    return sorted(rows, key=lambda row: -int(row["id"])), found[0].id if found else 0


def _made_to(kernel: Kernel) -> int:
    try:
        return int(_mark_path(kernel).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def _mark_path(kernel: Kernel) -> Path:
    return retrieve_cache.folder(kernel) / _MARK


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Remove the copies made of images that are deleted, once they are."""
    digests: set[str] = set()
    for start in range(0, len(event.image_pks), queries_find.UIDS_PER_STATEMENT):
        some = event.image_pks[start : start + queries_find.UIDS_PER_STATEMENT]
        digests.update(act.connection.execute(sa.select(image.c.sha256).where(image.c.id.in_(some))).scalars())
    act.after_commit(lambda: _forget(act.kernel, digests))


def _forget(kernel: Kernel, digests: set[str]) -> None:
    from kerma.areas.archive import retrieve_frames, retrieve_pictures, tiles

    tiles.forget(digests)
    for sha256 in digests:
        retrieve_cache.forget(kernel, sha256)
    retrieve_pictures.forget()
    retrieve_frames.index_at.cache_clear()
