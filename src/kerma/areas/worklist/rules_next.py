"""Who is handed which exam, and when a person must leave the screen: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kerma.errors import WrongUsage
from kerma.standards import table

SCREEN_TIME = "kerma_worklist/screen_time"
OFF, TOLD, ENFORCED = MODES = ("off", "told", "enforced")
"""No rule; the person is told that a break is due; nothing more is handed out until the break was taken."""
MOST_WORDS, LETTERS = 64, 64
MOST_CLAIMED = 100
LONGEST_S = 86_400


@dataclass(frozen=True)
class Reader:
    """What a person is handed to read: empty is everything, ``most_claimed`` 0 is no limit."""

    industries: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    most_claimed: int = 0


@dataclass(frozen=True)
class BreakRule:
    """How long one may read without a break, and how long the break is."""

    most_s: int
    break_s: int
    mode: str


NO_RULE = BreakRule(0, 0, OFF)


@dataclass(frozen=True)
class ScreenTime:
    """Since when a person reads without a break; ``until`` is when the break that is due would be over."""

    began_at: datetime
    is_due: bool
    until: datetime


def fits(reader: Reader, industry: str, modalities: Collection[str], needed: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether an exam is one for a reader.

    Parameters
    ----------
    needed : rows in force of ``skill_needed``: an exam asks for every skill of its industry and of its modalities
    """
    if reader.industries and industry not in reader.industries:
        return False
    if reader.modalities and not set(modalities) <= set(reader.modalities):
        return False
    return skills_asked(industry, modalities, needed) <= set(reader.skills)


def skills_asked(industry: str, modalities: Collection[str], needed: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the skills that an exam of an industry and of some modalities asks for."""
    return {row["skill"] for row in needed if row["industry"] == industry and row["modality"] in ("", *modalities)}


def demand_reader(reader: Reader, industries: Collection[str]) -> None:
    """Refuse what no reader can be.

    Raises
    ------
    WrongUsage
        An industry that there is not, too many or too long words, a limit out of bounds.
    """
    strange = next((one for one in reader.industries if one not in industries), None)
    if strange is not None:
        raise WrongUsage(f"there is no industry '{strange[:32]}'; there are {', '.join(industries)}")
    for name, words in (("modalities", reader.modalities), ("skills", reader.skills)):
        if len(words) > MOST_WORDS or any(not one.strip() or len(one) > LETTERS for one in words):
            raise WrongUsage(f"{name}: at most {MOST_WORDS}, each of 1 to {LETTERS} letters")
    if not 0 <= reader.most_claimed <= MOST_CLAIMED:
        raise WrongUsage(f"at most {MOST_CLAIMED} exams are claimed at once; 0 is no limit")


def break_rule_of(industry: str, rows: Iterable[Mapping[str, Any]]) -> BreakRule:
    """Return the rule of an industry: what the site has set, else the table's, else none."""
    shipped = [row for row in table(SCREEN_TIME) if row["industry"] == industry]
    own = [row for row in rows if row["industry"] == industry]
    for row in (*own, *shipped):
        return BreakRule(int(row["most_s"]), int(row["break_s"]), str(row["mode"]))
    return NO_RULE


def demand_break_rule(rule: BreakRule) -> None:
    """Refuse a rule that makes no sense.

    Raises
    ------
    WrongUsage
        The mode is unknown, or a time is out of bounds.
    """
    if rule.mode not in MODES:
        raise WrongUsage(f"mode is '{rule.mode[:16]}'; it is {', '.join(MODES)}")
    if rule.mode != OFF and not (60 <= rule.most_s <= LONGEST_S and 60 <= rule.break_s <= LONGEST_S):
        raise WrongUsage("time at the screen and break are 60 seconds to a day each")


def screen_time(rule: BreakRule, began_at: datetime, last_at: datetime, now: datetime) -> ScreenTime:
    """Return how a person stands who last did something at ``last_at`` and has had no break since ``began_at``."""
    if rule.mode == OFF or now - last_at >= timedelta(seconds=rule.break_s):
        return ScreenTime(now, is_due=False, until=now)
    is_due = now - began_at >= timedelta(seconds=rule.most_s)
    return ScreenTime(began_at, is_due, last_at + timedelta(seconds=rule.break_s))
