"""The durable step that makes an exam under a plan ready to be read, whether a threat was drawn for it or not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kerma.areas.proficiency import projecting, queries
from kerma.areas.proficiency.actions import PREPARE, settle
from kerma.areas.proficiency.model import OPEN, PREPARING
from kerma.areas.proficiency.rules import is_drawn
from kerma.kernel import jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from kerma.areas.proficiency.projecting import Made
    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)

# a name that stands in records of exams, and in the evidence of one: it does not say what readers are tested with
PROJECTIONIST = service("preparation", "proficiency.settle", "worklist.rank")


@jobs.job(PREPARE, lane=jobs.PROMPT)
def prepare(kernel: Kernel, *, exam_pk: int) -> None:
    """Put a threat into an exam's images, and make what its readers see; does nothing when that was done.

    Whatever goes wrong, the exam is read as it came: no real bag waits because of a threat that is none.
    """
    with kernel.database.read() as connection:
        under = queries.exam_under_plan(connection, exam_pk)
        if under is None or under["state"] != PREPARING:
            return
        plan = queries.plan_by_id(connection, under["plan_id"])
        uid = queries.uid_of(connection, exam_pk)
    made: Made | None = None
    why_not = ""
    try:
        made = projecting.made_of(kernel, under, plan)
    except Exception as error:
        why_not = f"{type(error).__name__}: {error}"[:1000]
        log.info("nothing is projected into exam %d: %s", exam_pk, why_not)
    seen = {**under, "state": OPEN}
    if made is not None:
        drawn = is_drawn(plan["secret"], plan["share_permille"], uid)
        seen |= {"is_projected": drawn, "threat_id": made.threat_id, "places": made.places}
    try:
        projecting.make_ahead(kernel, seen)
    except Exception:
        log.exception("tiles of exam %d could not be made ahead", exam_pk)
    settle(kernel, PROJECTIONIST, exam_pk=exam_pk, nonce=under["nonce"], made=made, why_not=why_not)
