"""The durable step that analyses an exam: read its images in the guarded reader, run the science, record once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.flagging.looking import look_apart
from kerma.areas.flagging.model import ACTIVE
from kerma.areas.flagging.queries_run import taken
from kerma.areas.flagging.rules_run import machine_name, runs_of
from kerma.areas.review import rules
from kerma.areas.review.actions import record_analysis
from kerma.areas.review.queries import analysis_of, images_to_analyse
from kerma.areas.review.queries_declaration import declared, newest_declaration
from kerma.areas.review.queries_defaults import site_rules
from kerma.errors import Unreadable
from kerma.kernel import apart, jobs
from kerma.kernel.identity import service
from kerma.science.analysis import Source, analyse, exam_document
from kerma.science.imaging.energy_pairs import views_of
from kerma.science.view_analysis import at_home, by_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerma.areas.archive.model import ExamArrived
    from kerma.areas.flagging.rules_run import Run
    from kerma.kernel.action import Act, Kernel
    from kerma.science.analysis import Plan, SiteRules
    from kerma.science.detect.looking import Look
    from kerma.science.imaging.energy_pairs import View
    from kerma.science.imaging.image import Image

ANALYSE = "review.analyse"
QUIET_S = 0.25
"""An exam is analysed once no further image of it has come for this long."""

ANALYST = service("review", "review.record_analysis")


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Ask for the exam's analysis once its images have stopped coming."""
    jobs.request(act, ANALYSE, key=str(event.exam_pk), arguments={"exam_pk": event.exam_pk}, quiet_s=QUIET_S)


@jobs.job(ANALYSE)
def analyse_exam(kernel: Kernel, *, exam_pk: int) -> None:
    """Analyse an exam as it is now; does nothing when exactly this, images and declaration, was analysed before."""
    with kernel.database.read() as connection:
        found = exam_by_pk(connection, exam_pk)
        rows = images_to_analyse(connection, exam_pk)
        digest = rules.images_digest(row["sha256"] for row in rows)
        said = newest_declaration(connection, exam_pk)
        declaration_id = said["id"] if said else None
        if analysis_of(connection, exam_pk, digest, declaration_id) is not None:
            return
        plan = replace(kernel.industries[found["industry"]].plan, declared=declared(said))
        site = site_rules(connection, found["industry"], plan)
    read, unread = _read_all(kernel, rows)
    views = views_of([image for image, _ in read])
    looks, runs = _looks(kernel, found["industry"], read, views)
    document = apart.run(_document, read, plan, unread, site, looks)
    record_analysis(
        kernel, ANALYST, exam_pk=exam_pk, images_digest=digest, document=document, declaration_id=declaration_id,
        runs=runs,
    )  # fmt: skip


def _looks(
    kernel: Kernel, industry: str, read: list[tuple[Image, Source]], views: Sequence[View]
) -> tuple[list[Look], list[Run]]:
    """Have the models that are active look at the images; returns what they marked, and what is kept of that."""
    images, sha256s = [view.image for view in views], [read[view.home][1].sha256 for view in views]
    machine = machine_name(images)
    looks, runs = [], []
    for one in taken(kernel, industry=industry, state=ACTIVE, machine=machine, images=images):
        looks.append(look_apart(images, one.learned))
        runs += runs_of(
            at_home(looks[-1], views), {"model_id": one.row.id, "machine": machine, "mode": ACTIVE}, sha256s
        )
    return looks, runs


def _document(
    read: list[tuple[Image, Source]], plan: Plan, unread: list[str], site: SiteRules, looks: list[Look]
) -> dict[str, Any]:
    """Return the analysis of images as it is kept."""
    images, sources = [image for image, _ in read], [source for _, source in read]
    views = views_of(images)
    analysis = analyse([view.image for view in views], plan, unread=unread, site=site, looks=looks)
    return exam_document(images, sources, by_image(analysis, views))


def _read_all(kernel: Kernel, rows: list[dict[str, Any]]) -> tuple[list[tuple[Image, Source]], list[str]]:
    """Read the images that can be decoded; the others are named in words for the analyst."""
    read, unread = [], []
    for row in rows:
        try:
            image = read_image(kernel, row, duty="analyse")
        except Unreadable as error:
            unread.append(f"image {row['number'] or row['uid']} was not analysed: {error}")
            continue
        read.append((image, Source(row["file_name"], row["sha256"])))
    return read, unread
