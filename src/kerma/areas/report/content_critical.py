"""What a report prints of critical results: the finding, who was told by whom and when, and the read-back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerma.areas.report import wording
from kerma.areas.report.language import Language


def lines(exam: Mapping[str, Any], say: Language) -> list[dict[str, str]]:
    """Return a line for each critical result; ``open`` says of one that is not notified yet."""
    return [_line(one, say) for one in exam.get("critical_results") or ()]


def _line(one: Mapping[str, Any], say: Language) -> dict[str, str]:
    what, due = wording.capital(str(one["what"])), say.moment(str(one["due_at"]))
    line = {
        "what": what,
        "level": say("critical_level", level=one["level"], due=due),
        "seen_by": str(one["seen_by"]),
        "seen_at": say.moment(str(one["seen_at"])),
    }
    if not one["notified_at"]:
        nothing = dict.fromkeys(("told", "means", "at", "in_time", "read_back", "by"), "")
        return line | nothing | {"open": say("critical_open", what=what, due=due)}
    means = say(f"critical_{one['means']}")
    return line | {
        "open": "",
        "told": str(one["whom"]),
        "means": f"{one['role']}, {means}",
        "at": say.moment(str(one["notified_at"])),
        "in_time": say("critical_in_time" if one["notified_at"] <= one["due_at"] else "critical_late"),
        "read_back": str(one["read_back"]),
        "by": say("critical_right", name=one["told_by"]),
    }
