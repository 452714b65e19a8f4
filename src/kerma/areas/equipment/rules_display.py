"""When a display is due for a check, and what a check says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kerma.areas.equipment.model_display import KINDS
from kerma.errors import WrongUsage
from kerma.science.physics.display_response import LIMITS, limits_of, response
from kerma.science.results import Citation
from kerma.standards import table

QUESTIONS = "kerma_displays/questions"
MOST_READINGS = 256
LONGEST_NOTE = 500


@dataclass(frozen=True)
class Standing:
    """How a display stands with one kind of check."""

    kind: str
    state: str
    """"never", "good", "due" (the time has come), or "failed" (the last check did)."""
    last_at: str
    due_at: str


def questions() -> tuple[dict[str, str], ...]:
    """Return what a person answers before the test pattern: id and words."""
    return tuple({"id": row["id"], "words": row["words"]} for row in table(QUESTIONS).rows)


def standing(kind: str, category: str, last: tuple[str, datetime] | None, now: datetime) -> Standing:
    """Return how a display stands with a kind of check.

    Parameters
    ----------
    last : outcome and moment of the newest check of this kind, None when there was none
    """
    if last is None:
        return Standing(kind, "never", "", "")
    outcome, at = last
    due = at + timedelta(days=limits_of(category)[f"{kind}_every_d"])
    state = "failed" if outcome == "fail" else "due" if now >= due else "good"
    return Standing(kind, state, at.isoformat(), due.isoformat())


def warning(standings: list[Standing]) -> str:
    """Return what a reader is told before reading on this display; empty when all is in order."""
    words = {"never": "has never been {done}", "due": "is due to be {done}", "failed": "failed when it was {done}"}
    done = {"look": "looked at with the test pattern", "measure": "measured with a photometer"}
    found = [words[one.state].format(done=done[one.kind]) for one in standings if one.state in words]
    return f"This display {' and '.join(found)}." if found else ""


def looked(answers: Mapping[str, bool], category: str) -> tuple[str, dict[str, Any]]:
    """Return the outcome of a look and its document: every question must be answered.

    Raises
    ------
    WrongUsage
        A question is missing, or nobody asked it.
    """
    asked = {row["id"] for row in questions()}
    if set(answers) != asked:
        wrong = ", ".join(sorted(asked.symmetric_difference(answers)))
        raise WrongUsage(f"a look answers every question of the pattern and no other; wrong here: {wrong[:200]}")
    failed = sorted(name for name, is_seen in answers.items() if not is_seen)
    return ("fail" if failed else "pass"), {"answers": dict(answers), "failed": failed, "category": category}


def measured(readings_cd_m2: list[float], ambient_cd_m2: float, category: str) -> tuple[str, dict[str, Any]]:
    """Return the outcome of photometer readings and their document, with the limits they were held against."""
    found = response(readings_cd_m2, ambient_cd_m2=ambient_cd_m2, category=category)
    limits = limits_of(category)
    document = {
        "measurement": found.as_json(),
        "limits": limits,
        "source": Citation.of(table(LIMITS)).as_json(),
    }
    return str(found.values["outcome"]), document


def check_kind(kind: str) -> None:
    """Refuse a kind of check that there is not."""
    if kind not in KINDS:
        raise WrongUsage(f"a display is checked by {' or '.join(KINDS)}, not '{kind[:32]}'")
