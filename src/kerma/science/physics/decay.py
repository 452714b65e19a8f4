"""Decay of gamma sources: what is left after a time, and when a given activity is reached."""

from __future__ import annotations

import math
import re
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.nuclides import HALF_LIVES, half_life_d, nuclide_named
from kerma.science.physics.table_rows import positive
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def activity_after(activity: float, *, nuclide: str, days: float) -> float:
    """Return the activity after a time: A = A0 * 2^(-t / half-life), in the unit of ``activity``.

    ``days`` may be negative: what the source had before.
    """
    return activity * math.exp2(-days / half_life_d(nuclide))


def days_until(target_activity: float, *, nuclide: str, activity: float) -> float:
    """Return the days until an activity has fallen to another; negative when it lies in the past."""
    return half_life_d(nuclide) * math.log2(
        positive("activity", activity) / positive("target-activity", target_activity)
    )


def days_between(first: str, last: str) -> int:
    """Return the days from one date to another, each written as year-month-day such as 2026-03-31."""
    return _day_number(last) - _day_number(first)


def _day_number(text: str) -> int:
    """Return the number of a day in the Gregorian calendar, counted without time zones or clocks."""
    found = _DATE.fullmatch(text.strip())
    year, month, day = (int(part) for part in found.groups()) if found else (0, 0, 0)
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (year and 1 <= month <= len(_MONTH_DAYS) and 1 <= day <= _MONTH_DAYS[month - 1] + (is_leap and month == 2)):
        raise WrongUsage(f"'{text}' is no date; write year-month-day, such as 2026-03-31")
    before = year - 1
    leap_days = before // 4 - before // 100 + before // 400
    return 365 * before + leap_days + sum(_MONTH_DAYS[: month - 1]) + (is_leap and month > 2) + day


def calculate(
    *, nuclide: str, activity: float, days: float | None = None, target_activity: float | None = None, **dates: str
) -> Measurement:
    """Return activity, share left and half-life after ``days`` or between two dates; or the days until an activity."""
    name = nuclide_named(nuclide)
    days, timed = _time(days, target_activity, dates)
    inputs: dict[str, Any] = {"nuclide": name, "activity": activity} | timed
    values: dict[str, Any] = {}
    if target_activity is not None:
        days = days_until(target_activity, nuclide=name, activity=activity)
        inputs["target_activity"] = target_activity
    left = activity_after(activity, nuclide=name, days=days)
    values |= {"activity": left, "activity_share": left / activity, "time_d": days, "half_life_d": half_life_d(name)}
    return Measurement(
        "decay", VERSION, values, "activity * 2^(-days / half-life)", inputs,
        source=Citation.of(table(HALF_LIVES)),
    )  # fmt: skip


def _time(days: float | None, target_activity: float | None, dates: dict[str, str]) -> tuple[float, dict[str, Any]]:
    """Return the days asked for and how they were given: exactly one way."""
    ways = (days is not None, target_activity is not None, bool(dates))
    if sum(ways) != 1 or len(dates) == 1:
        raise WrongUsage("decay needs the time in one way: days, or from and to (dates), or target-activity")
    if dates:
        return float(days_between(dates["from_"], dates["to"])), {"from": dates["from_"], "to": dates["to"]}
    return days or 0.0, {"days": days} if days is not None else {}


NUCLIDE = Option("nuclide", "text", "Ir-192, Se-75, Co-60, Yb-169, Tm-170 or Cs-137", is_required=True)

CALCULATIONS = (
    Calculation(
        "decay", "Activity of a gamma source after a time, or the days until an activity.",
        (
            NUCLIDE,
            Option("activity", "number", "activity at the start, in any unit", is_required=True),
            Option("days", "signed", "days that pass; negative looks back"),
            Option("from", "text", "date of the activity, such as 2026-01-31"),
            Option("to", "text", "date asked for"),
            Option("target_activity", "number", "instead of a time: the activity to be reached, in the same unit"),
        ),
        calculate,
    ),
)  # fmt: skip
