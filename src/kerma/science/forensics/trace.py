"""What a forensic check found, with its method and how often that method is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kerma.science.results import Box, Citation
from kerma.standards import table

RATES = "kerma_forensics/rates"

Outcome = Literal["found", "not-found", "not-checkable"]


@dataclass(frozen=True)
class Trace:
    """One answer of one check.

    ``statistic`` is above ``threshold`` where something was found. ``false_alarm_percent`` is the upper end of the 95 %
    interval of the share of untouched images on which the check finds something; ``missed_percent`` the upper end for
    touched ones on which it finds nothing; both on the set named by ``test_set``. ``regions`` are in pixels (row,
    column, height, width); ``related`` names the other image.
    """

    check: str
    outcome: Outcome
    words: str
    method: str
    statistic: float | None = None
    threshold: float | None = None
    false_alarm_percent: float | None = None
    missed_percent: float | None = None
    test_set: str = ""
    regions: tuple[Box, ...] = ()
    related: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {"regions": [region.as_json() for region in self.regions]}

    @property
    def is_found(self) -> bool:
        """Whether something was found."""
        return self.outcome == "found"


@dataclass(frozen=True)
class Rates:
    """How a check fared on its test set, and the threshold it had; percentages are upper ends of 95 % intervals."""

    threshold: float
    method: str
    false_alarm_percent: float
    missed_percent: float
    test_set: str
    source: Citation | None


def rates(check: str) -> Rates:
    """Return threshold and error rates of a check from the table ``kerma_forensics/rates``."""
    rows = table(RATES)
    row = next(one for one in rows if one["check"] == check)
    return Rates(
        threshold=float(row["threshold"]),
        method=row["method"],
        false_alarm_percent=float(row["false_alarm_percent"]),
        missed_percent=float(row["missed_percent"]),
        test_set=f"{row['untouched_count']} untouched ({row['untouched']}), {row['touched_count']} touched "
        f"({row['touched']}); {rows.clause}",
        source=Citation.of(rows, check),
    )


def judged(check: str, statistic: float, found: str, nothing: str, **more: Any) -> Trace:
    """Return the trace of a statistic: found where it is above the check's threshold."""
    known = rates(check)
    is_found = statistic > known.threshold
    return Trace(
        check=check,
        outcome="found" if is_found else "not-found",
        words=found if is_found else nothing,
        method=known.method,
        statistic=statistic,
        threshold=known.threshold,
        false_alarm_percent=known.false_alarm_percent,
        missed_percent=known.missed_percent,
        test_set=known.test_set,
        **(more if is_found else {}),
    )


def not_checkable(check: str, reason: str) -> Trace:
    """Return the trace of a check that could not be made, with the reason."""
    return Trace(check=check, outcome="not-checkable", words=reason, method=rates(check).method)
