"""How urgent an item is and by when it must be read: pure, by the table ``kerma_worklist/turnaround``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kerma.errors import OutsideTable
from kerma.standards import table

TURNAROUND = "kerma_worklist/turnaround"


@dataclass(frozen=True)
class Standing:
    """Where an item stands in the list: priority 1 is read first, ``due_at`` is when it should be decided."""

    priority: int
    due_at: datetime


def standing(industry: str, decision_proposed: str, queued_at: datetime) -> Standing:
    """Return priority and due time of an item, from its industry and what the analysis proposes ("" before it).

    A proposal the table does not list counts as none yet, so a new decision code is never read later than usual.

    Raises
    ------
    OutsideTable
        The table has no row for the industry.
    """
    rows = {row["decision_proposed"]: row for row in table(TURNAROUND) if row["industry"] == industry}
    row = rows.get(decision_proposed, rows.get(""))
    if row is None:
        raise OutsideTable(
            f"no turnaround is set for industry '{industry}'; add a row with an empty decision to {TURNAROUND}.csv"
        )
    return Standing(int(row["priority"]), queued_at + timedelta(seconds=int(row["due_in_s"])))


def tones(industry: str) -> dict[str, str]:
    """Return how each decision of an industry is shown: calm, attention, alarm or redo (shape, word and colour)."""
    return {row["decision_proposed"]: row["tone"] for row in table(TURNAROUND) if row["industry"] == industry}
