"""The daily test object of a security machine: pass or fail test by test, and whether the machine stays in service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.judge.quality import QualityOrder
from kerma.science.judge.quality_reading import Reading, check_entry
from kerma.science.judge.quality_verdict import compared
from kerma.science.results import Citation, Measurement, NotMeasurable, Outcome, Verdict
from kerma.science.units import words_of
from kerma.standards import table

LIMITS = "kerma_test_objects/limits"
MEASUREMENT = "test_object"
OVERALL = "machine fit for service"
Scored = Measurement | NotMeasurable | None
ASKED: Mapping[str, Any] = {"lower": "at most", "higher": "at least"}


def judge(
    order: QualityOrder, measured: Sequence[Measurement | NotMeasurable], entered: Mapping[str, float]
) -> tuple[Verdict, ...]:
    """Judge the test object; a scan on which none was measured has nothing to judge, and so no verdict."""
    found = [one for one in measured if one.name == MEASUREMENT]
    return quality_security(found[-1] if found else None, entered) if found or entered else ()


def sheet(order: QualityOrder) -> list[dict[str, Any]]:
    """Return no lines: a security scan has no technique sheet."""
    return []


def quality_security(measured: Scored, entered: Mapping[str, float]) -> tuple[Verdict, ...]:
    """Judge each test of the object, then the machine: one failed test takes it out of service.

    Raises
    ------
    WrongUsage
        An unknown key in ``entered``, or a value below 0.
    """
    known = entries()
    for key, value in entered.items():
        if key not in known:
            raise WrongUsage(f"'{key}' is no test of the object; there are {', '.join(known)}")
        check_entry(key, value)
    tests = tuple(_test(row, measured, entered) for row in table(LIMITS))
    return (*tests, _overall(tests))


def entries() -> dict[str, str]:
    """Return what a person may enter of a test object: each key, and what it means."""
    best = {"lower": "smallest", "higher": "largest"}
    return {
        f"{row['test']}_{row['unit']}": f"{best[row['better']]} {row['quantity']} seen: {words_of(row['test'])}"
        for row in table(LIMITS)
    }


def _test(row: Mapping[str, str], measured: Scored, entered: Mapping[str, float]) -> Verdict:
    key, source = f"{row['test']}_{row['unit']}", Citation.of(table(LIMITS))
    bare = Verdict(
        words_of(row["test"]), "not-judged", source, "", limit=float(row["limit"]),
        unit="" if row["unit"] == "sigmas" else row["unit"], asked=ASKED[row["better"]],
    )  # fmt: skip
    if key in entered:
        return compared(bare, Reading(float(entered[key]), "entered by a person"), f"test-object-{row['test']}")
    how = f"scan the test object again, straight and alone, or enter {key} as a person has read it"
    if not isinstance(measured, Measurement):
        why = measured.reason if measured is not None else "the test object was not measured"
        return compared(bare, Reading(None, why, how), "")
    if key not in measured.values:
        return compared(bare, Reading(None, "; ".join(measured.warnings) or "this test was not scored", how), "")
    best = measured.values[key]
    if not isinstance(best, int | float):
        return _nothing_seen(bare, row)
    return compared(bare, Reading(float(best), "seen on the test object"), f"test-object-{row['test']}")


def _nothing_seen(bare: Verdict, row: Mapping[str, str]) -> Verdict:
    reason = f"Not even the easiest feature of this test is seen; {bare.asked} {bare.limit:g} {bare.unit} is asked."
    return Verdict(
        bare.rule, "fail", bare.source, " ".join(reason.split()), limit=bare.limit, unit=bare.unit, asked=bare.asked,
        corrective=f"test-object-{row['test']}",
    )  # fmt: skip


def _overall(tests: Sequence[Verdict]) -> Verdict:
    failed = [test.rule for test in tests if test.outcome == "fail"]
    unjudged = [test.rule for test in tests if test.outcome == "not-judged"]
    outcome: Outcome = "fail" if failed else "not-judged" if unjudged else "pass"
    reasons = {
        "fail": f"Failed: {', '.join(failed)}. The machine screens nothing until it passes again.",
        "not-judged": f"Not judged: {', '.join(unjudged)}. Until every test passes the machine is not released.",
        "pass": f"All {len(tests)} tests pass.",
    }
    return Verdict(
        OVERALL, outcome, Citation.of(table(LIMITS)), reasons[outcome], limit=0.0, measured=float(len(failed)),
        margin=-float(len(failed)), unit="tests", corrective="out-of-service" if failed else "",
    )  # fmt: skip
