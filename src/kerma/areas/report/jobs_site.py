"""The durable step that lays drafts out anew when the letterhead was changed; signed versions stay as they are.

Some drafts a run, each kept for itself: a process that dies in the middle goes on with the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerma.areas.report import queries_site
from kerma.areas.report.actions_site import RENEW, renew
from kerma.areas.report.jobs import draft_of
from kerma.areas.report.rules_versions import BASIS
from kerma.errors import KermaError
from kerma.kernel import jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)

A_RUN = 20
"""Drafts of one run of the job."""
PRINTER = service("report-letterhead", "report.renew")


@jobs.job(RENEW)
def renew_drafts(kernel: Kernel, *, site_id: int, after: int = 0) -> None:
    """Lay out the next drafts on the letterhead of this number; does nothing once there is a newer one."""
    with kernel.database.read() as connection:
        newest = queries_site.newest_site(connection)
        waiting = queries_site.drafts_before(connection, site_id, after, A_RUN + 1)
    if newest is None or newest["id"] != site_id:
        return
    now = waiting[:A_RUN]
    for number, row in enumerate(now, start=1):
        go_on = number == len(now) < len(waiting)
        renew(kernel, PRINTER, site_id=site_id, report_id=row["id"], pdf_sha256=_anew(kernel, row), go_on=go_on)


def _anew(kernel: Kernel, row: Mapping[str, Any]) -> str | None:
    """Return the address of a draft laid out anew; None where another one is due already or it cannot be done."""
    from kerma.areas.report import prepare

    try:
        on = prepare.basis(kernel, row["exam_pk"])
        if any(on.rests_on[key] != row[key] for key in BASIS):
            return None  # a draft on what is known now is under way: it gets the new letterhead anyway
        composed = prepare.compose(kernel, on, made_at=kernel.clock.now())
        return draft_of(kernel, replace(composed, version=len(on.versions)))
    except KermaError as error:
        log.warning("draft %d keeps its old letterhead: %s", row["id"], error)
        return None
