"""How urgent an item is and by when it must be read: pure, by the table ``kerma_worklist/turnaround``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kerma.areas.worklist.rules_levels import ROUTINE, Level, level_of
from kerma.standards import table

TURNAROUND = "kerma_worklist/turnaround"


@dataclass(frozen=True)
class Standing:
    """Where an item stands in the list: priority 1 is read first, ``due_at`` is when it should be decided."""

    priority: int
    due_at: datetime


def standing(industry: str, decision_proposed: str, queued_at: datetime, level: Level | None = None) -> Standing:
    """Return priority and due time of an item, from what is promised of it and what the analysis proposes ("" before).

    A proposal makes an exam more urgent, never less. One that the table does not list counts as none yet.

    Parameters
    ----------
    level : the service level of the exam; None is that of the routine exams of the industry as they come with Kerma

    Raises
    ------
    OutsideTable
        No service level is known for the industry.
    """
    promised = level or level_of(industry, ROUTINE, ())
    priority, due_in_s = promised.priority, promised.due_in_s
    for row in table(TURNAROUND):
        if (row["industry"], row["decision_proposed"]) == (industry, decision_proposed) and row["due_in_s"]:
            priority, due_in_s = min(priority, int(row["priority"])), min(due_in_s, int(row["due_in_s"]))
    return Standing(priority, queued_at + timedelta(seconds=due_in_s))


def tones(industry: str) -> dict[str, str]:
    """Return how each decision of an industry is shown: calm, attention, alarm or redo (shape, word and colour)."""
    return {row["decision_proposed"]: row["tone"] for row in table(TURNAROUND) if row["industry"] == industry}
