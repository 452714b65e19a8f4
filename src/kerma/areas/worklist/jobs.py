"""The standing job that tends the worklist: expired claims, exams held back long enough, notices of late ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.worklist import queries_levels as queries
from kerma.areas.worklist.actions_levels import tell_late
from kerma.areas.worklist.actions_next import expire, resume
from kerma.areas.worklist.model import CLAIMED
from kerma.errors import Conflict
from kerma.kernel.identity import service
from kerma.kernel.jobs import PROMPT, job

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

EVERY_S = 15.0
KEEPER = service("worklist", "worklist.expire", "worklist.resume", "worklist.tell_late")


@job("worklist.tend", every_s=EVERY_S, lane=PROMPT)
def tend(kernel: Kernel) -> None:
    """Put back what has expired, and tell of what is late."""
    now = kernel.clock.now()
    with kernel.database.read() as connection:
        fallen = queries.fallen(connection, now)
        late = queries.due_for_notice(connection, now)
    for item_id, state in fallen:
        try:
            (expire if state == CLAIMED else resume)(kernel, KEEPER, item_id=item_id)
        except Conflict:  # a person was quicker
            continue
    for item_id in late:
        tell_late(kernel, KEEPER, item_id=item_id)
