"""From findings, verdicts and measurements to a proposed decision: a table of rows, and the first that matches wins.

The proposal is software's; the decision is a person's. Where nothing was looked for, the table says so and
proposes ``none``: an empty list of findings is no evidence of absence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.errors import Unusable
from kerma.science.results import Finding, Measurement, NotMeasurable, Verdict
from kerma.standards import table

NONE = "none"
"""The decision code of "the software proposes nothing; a person decides"."""

CONSEQUENCE_UNIT = "rules"
"""Unit of verdicts that count broken rules: they follow from the others and are no reason of their own."""

Hits = list[str]


@dataclass(frozen=True)
class Evidence:
    """All that a decision row may look at."""

    findings: Sequence[Finding] = ()
    verdicts: Sequence[Verdict] = ()
    measurements: Sequence[Measurement | NotMeasurable] = ()
    detectors: Sequence[str] = ()
    """The detectors that ran; without one, no absence of findings is claimed."""
    unsearched: Sequence[str] = ()
    """What of the exam nothing has looked at, and why; while there is any, no absence of findings is claimed."""
    quality: Sequence[Verdict] = ()
    """The verdicts on image quality; without any, no image is called good enough to accept by."""
    gate: Sequence[str] = ()
    """Why pictures should be taken again instead of being read."""
    unchecked: Sequence[str] = ()
    """What of a declaration of goods no image can tell, and why: it counts as no agreement."""


def propose(evidence: Evidence, table_name: str) -> tuple[str, str]:
    """Propose a decision by a table such as ``kerma_decisions/ndt``; return its code and the reason in words.

    Raises
    ------
    Unusable
        A row of the table makes no sense; the message names it.
    """
    for number, row in enumerate(table(table_name), start=1):
        hits = _hits(row, evidence, f"table '{table_name}', row {number}")
        if hits:
            return row["decision"], row["reason"].replace("{what}", _listed(hits))
    raise Unusable(f"table '{table_name}': no row matched; its last row must look at 'always'")


def _hits(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    look = LOOKS.get(row["look_at"])
    if look is None:
        raise Unusable(f"{where}: look_at '{row['look_at']}' is none of {', '.join(LOOKS)}")
    return look(row, evidence, where)


def _look_always(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return ["always"]


def _look_finding(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [
        f"{finding.label} ({finding.id})"
        for finding in evidence.findings
        if row["name"] in ("*", finding.label) and _number_holds(row, finding.measurements, where)
    ]


def _look_verdict(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [
        f"{verdict.rule} ({verdict.source.clause})"
        for verdict in evidence.verdicts
        if row["name"] in ("*", verdict.rule) and verdict.outcome == row["value"] and verdict.unit != CONSEQUENCE_UNIT
    ]


def _look_quality(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [
        f"{verdict.rule} ({verdict.source.clause})"
        for verdict in evidence.quality
        if row["name"] in ("*", verdict.rule) and verdict.outcome == row["value"]
    ]


def _look_quality_unjudged(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [] if evidence.quality else ["no verdict on image quality"]


def _look_unverified(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [
        f"{verdict.source.standard}, {verdict.source.clause}"
        for verdict in (*evidence.verdicts, *evidence.quality)
        if verdict.outcome == "pass" and verdict.source.status == "unverified"
    ]


def _look_measurement(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [
        f"{measurement.name} {row['value']} {measurement.values[row['value']]:.3g}"
        for measurement in evidence.measurements
        if isinstance(measurement, Measurement)
        and measurement.name == row["name"]
        and _number_holds(row, measurement.values, where)
    ]


def _look_not_measurable(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [
        f"{measurement.name}: {measurement.reason}"
        for measurement in evidence.measurements
        if isinstance(measurement, NotMeasurable) and measurement.name == row["name"]
    ]


def _look_detector(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [name for name in evidence.detectors if row["name"] in ("*", name)]


def _look_nothing_looked_for(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return [] if evidence.detectors or evidence.findings else ["no detector ran and no finding was recorded"]


def _look_gate(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return list(evidence.gate)


def _look_unsearched(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return list(evidence.unsearched)


def _look_declaration(row: Mapping[str, str], evidence: Evidence, where: str) -> Hits:
    return list(evidence.unchecked)


LOOKS: dict[str, Callable[[Mapping[str, str], Evidence, str], Hits]] = {
    "verdict": _look_verdict,
    "quality": _look_quality,
    "quality-unjudged": _look_quality_unjudged,
    "unverified": _look_unverified,
    "finding": _look_finding,
    "measurement": _look_measurement,
    "not-measurable": _look_not_measurable,
    "detector": _look_detector,
    "nothing-looked-for": _look_nothing_looked_for,
    "unsearched": _look_unsearched,
    "gate": _look_gate,
    "declaration": _look_declaration,
    "always": _look_always,
}
"""What a decision row may look at, by the word in its column ``look_at``."""

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "over": lambda value, threshold: value > threshold,
    "under": lambda value, threshold: value < threshold,
    "at-least": lambda value, threshold: value >= threshold,
}


def _number_holds(row: Mapping[str, str], values: Mapping[str, Any], where: str) -> bool:
    """Whether the named value compares as the row says; a row without a comparison matches at once."""
    if not row["comparison"]:
        return True
    compare = COMPARISONS.get(row["comparison"])
    if compare is None:
        raise Unusable(f"{where}: comparison '{row['comparison']}' is none of {', '.join(COMPARISONS)}")
    try:
        threshold = float(row["threshold"])
    except ValueError:
        raise Unusable(f"{where}: threshold '{row['threshold']}' is no number") from None
    value = values.get(row["value"])
    return isinstance(value, int | float) and compare(float(value), threshold)


def _listed(hits: Hits, most: int = 3) -> str:
    unique = list(dict.fromkeys(hits))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return "; ".join(unique[:most]) + more
