"""The standing job that watches the deadlines of critical results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.review.actions_critical import tell_critical
from kerma.areas.review.queries_critical import due_for_notice
from kerma.kernel.identity import service
from kerma.kernel.jobs import PROMPT, job

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

EVERY_S = 15.0
WATCH = service("critical-results", "review.tell_critical")


@job("review.watch_criticals", every_s=EVERY_S, lane=PROMPT)
def watch(kernel: Kernel) -> None:
    """Tell of every critical result whose deadline comes near or is over."""
    with kernel.database.read() as connection:
        due = due_for_notice(connection, kernel.clock.now())
    for critical_id in due:
        tell_critical(kernel, WATCH, critical_id=critical_id)
