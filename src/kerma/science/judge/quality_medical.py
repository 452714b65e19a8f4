"""Quality of a medical radiograph: deviation from the target exposure, clipping, light field; and reject reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.judge.pack import BINDING
from kerma.science.judge.quality import QualityOrder
from kerma.science.judge.quality_reading import Readings, read
from kerma.science.judge.quality_verdict import compared, unread
from kerma.science.physics.exposure_index import ACTIONS, action_for
from kerma.science.physics.table_rows import quantity, row_at
from kerma.science.results import Citation, Measurement, NotMeasurable, Outcome, Verdict
from kerma.standards import table

RULES = "kerma_quality/medical"
REASONS = "aapm_tg_305/reject_reasons"
DEVIATION = "deviation index"


def judge(
    order: QualityOrder, measured: Sequence[Measurement | NotMeasurable], entered: Mapping[str, float]
) -> tuple[Verdict, ...]:
    """Judge one radiograph; positioning is a person's to judge, who names the ``reject_reason`` in what is planned."""
    code = str(order.planned.get("reject_reason") or "")
    return (*quality_medical(measured, entered, confirmed=order.confirmed), *_rejected(code))


def sheet(order: QualityOrder) -> list[dict[str, Any]]:
    """Return no lines: a medical radiograph has no technique sheet."""
    return []


def quality_medical(
    measured: Sequence[Measurement | NotMeasurable], entered: Mapping[str, float], *, confirmed: Sequence[str] = ()
) -> tuple[Verdict, ...]:
    """Judge exposure by AAPM TG-116, and clipping and light field where they were measured."""
    readings = read(measured, entered)
    others = [_other(rule, readings) for rule in table(RULES)]
    return (_deviation(readings, confirmed), *(verdict for verdict in others if verdict is not None))


def reject_codes() -> tuple[str, ...]:
    """Return the codes of the reject reasons, in the order of the table."""
    return tuple(row["code"] for row in table(REASONS))


def reject_reasons() -> dict[str, str]:
    """Return the codes of the reject reasons, each with its words."""
    return {row["code"]: row["words"] for row in table(REASONS)}


def reject_reason(code: str) -> dict[str, str]:
    """Return one row of the reject reasons.

    Raises
    ------
    WrongUsage
        No such code; the message lists them.
    """
    rows = {row["code"]: row for row in table(REASONS)}
    if code not in rows:
        raise WrongUsage(f"there is no reject reason '{code}'; there are {', '.join(rows)}")
    return rows[code]


def reject_verdict(code: str, *, by: str = "a person") -> Verdict:
    """Return the verdict of a person who rejects a radiograph for a reason of the table."""
    row = reject_reason(code)
    source = Citation.of(table(REASONS), f"reject reasons, {row['group']}")
    return Verdict("rejected", "fail", source, f"{row['words']}: rejected by {by}.", corrective=row["corrective"])


def _rejected(code: str) -> tuple[Verdict, ...]:
    if not code:
        return ()
    try:
        return (reject_verdict(code),)
    except WrongUsage as error:
        source = Citation.of(table(REASONS))
        return (Verdict("rejected", "not-judged", source, f"Not judged: {error}."),)


def _deviation(readings: Readings, confirmed: Sequence[str]) -> Verdict:
    reading = readings.of("deviation_index")
    published = table(ACTIONS)
    status = "confirmed" if ACTIONS in confirmed else published.status
    source = Citation(published.title, published.edition, published.clause, ACTIONS, status, published.source)
    if reading.value is None:
        return unread(Verdict(DEVIATION, "not-judged", source, ""), reading)
    row = action_for(reading.value)
    limit = _nearest_limit(reading.value)
    outcome: Outcome = "pass"
    if row["corrective"]:
        outcome = "fail" if status in BINDING else "advisory"
    margin = limit - reading.value if limit > 0 else reading.value - limit
    reason = f"Deviation index {reading.value:.2f} {reading.origin}: {row['range']}. What to do: {row['action']}."
    return Verdict(
        DEVIATION, outcome, source, reason, limit=limit, measured=reading.value, margin=margin,
        corrective=row["corrective"], asked="at most" if limit > 0 else "at least",
    )  # fmt: skip


def _nearest_limit(deviation: float) -> float:
    """Return the bound, on the side of the deviation, beyond which the table asks for an action."""
    acted = [row for row in table(ACTIONS) if row["corrective"]]
    over = [float(row["deviation_over"] or "-inf") for row in acted]
    up_to = [float(row["deviation_up_to"] or "inf") for row in acted]
    return min(bound for bound in over if bound > 0) if deviation >= 0 else max(bound for bound in up_to if bound < 0)


def _other(rule: Mapping[str, str], readings: Readings) -> Verdict | None:
    reading = readings.of(rule["quantity"])
    if reading.value is None:
        return None
    if rule["limit"]:
        limit, source = float(rule["limit"]), Citation.of(table(RULES), rule["rule"])
    else:
        name, which = rule["limit_table"].split()
        limit, source = quantity(name, which), Citation.of(table(name), row_at(name, quantity=which)["quantity"])
    asked: Any = rule["asked"]
    bare = Verdict(rule["rule"], "not-judged", source, "", limit=limit, unit=rule["unit"], asked=asked)
    return compared(bare, reading, rule["corrective"])
