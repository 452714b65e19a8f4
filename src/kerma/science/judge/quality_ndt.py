"""Quality of an industrial radiograph: the technique sheet's lines against what was read on the image.

The three compensation principles of ISO 17636-2 are applied where it allows them, and said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerma.errors import KermaError, WrongUsage
from kerma.science.judge.quality import REDUCED_DISTANCE, THIRD_PAIR, QualityOrder
from kerma.science.judge.quality_reading import Reading, Readings, read
from kerma.science.judge.quality_verdict import compared, finished
from kerma.science.physics import indicators, source_distance
from kerma.science.physics.table_rows import quantity, row_at
from kerma.science.physics.technique import SHEETS, technique_sheet
from kerma.science.physics.technique_iso import TECHNIQUE
from kerma.science.physics.technique_lines import XRAY, Line, Shot, tabled
from kerma.science.results import Citation, Measurement, NotMeasurable, Outcome, Verdict
from kerma.standards import table

RULES = "kerma_quality/ndt"
COMPENSATION = "iso_17636-2/compensation"
ARRETE = "arrete-1978"
STANDARDS = (*SHEETS, ARRETE)
SHOT_WORDS = ("material", "geometry", "detector", "indicator_side")
SHOT_NUMBERS = (
    "thickness_mm", "focal_spot_mm", "object_detector_mm", "source_detector_mm", "outer_diameter_mm",
    "tube_voltage_kv", "weld_width_mm", "gap_mm", "detector_diagonal_mm", "penetrated_thickness_mm",
)  # fmt: skip
NEEDED = {
    "thickness_mm": "the thickness t", "testing_class": "the testing class (class A or B)",
    "source": "the source, or the tube voltage", "focal_spot_mm": "the size of the focal spot or source",
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A rule, the line it goes by, and its verdict before any compensation."""

    rule: Mapping[str, str]
    line: Line | None
    verdict: Verdict


def judge(
    order: QualityOrder, measured: Sequence[Measurement | NotMeasurable], entered: Mapping[str, float]
) -> tuple[Verdict, ...]:
    """Judge one radiograph; without a plan there is one verdict, *not-judged*, that says what is missing."""
    readings = read(measured, entered, standard=order.standard)
    try:
        lines = {line.key: line for line in planned_lines(order, readings)}
    except (KermaError, ArithmeticError) as error:
        return (_unplanned(str(error)),)
    receptor = "film" if order.planned.get("detector") == "film" else "digital"
    judged = [
        _judged(rule, lines.get(rule["line"]), order, readings)
        for rule in table(RULES)
        if rule["standard"] == order.standard
        and rule["receptor"] in ("any", receptor)
        and (not rule["only_with"] or readings.of(rule["only_with"]).value is not None)
    ]
    kept = [one for one in judged if one is not None]
    return tuple(finished(one.verdict) for one in _one_indicator(_compensated(kept, order, readings)))


def sheet(order: QualityOrder) -> list[dict[str, Any]]:
    """Return the planned technique's lines as JSON; empty where too little is known."""
    try:
        return [line.as_json() for line in planned_lines(order, read((), {}))]
    except (KermaError, ArithmeticError):
        return []


def shot_of(order: QualityOrder, readings: Readings | None = None) -> Shot:
    """Return the radiograph as planned; the SRb read on it is the one its geometry is judged with.

    Raises
    ------
    WrongUsage
        Something is missing or makes no sense; the message says what to give.
    """
    planned = order.planned
    given: dict[str, Any] = {name: planned[name] for name in SHOT_WORDS if planned.get(name)}
    given |= {name: number for name in SHOT_NUMBERS if (number := _number(planned, name)) is not None}
    given["testing_class"] = str(planned.get("testing_class") or planned.get("class") or "").upper()
    given["source"] = planned.get("source") or (XRAY if "tube_voltage_kv" in given else "")
    if "object_detector_mm" not in given:
        whole, near = _number(planned, "source_detector_mm"), _number(planned, "source_object_mm")
        if whole is not None and near is not None and near < whole:
            given["object_detector_mm"] = whole - near
    missing = [words for name, words in NEEDED.items() if not given.get(name)]
    if missing:
        raise WrongUsage(f"give {', '.join(missing)}")
    detector = [readings.of(name).value for name in ("srb_detector_um", "srb_um")] if readings is not None else []
    known = [value for value in detector if value]
    return Shot(**given, srb_um=known[0] if known else None)


def _number(planned: Mapping[str, float | str], name: str) -> float | None:
    value = planned.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else None


def planned_lines(order: QualityOrder, readings: Readings) -> tuple[Line, ...]:
    """Return the lines of the technique sheet by which an image is judged.

    Raises
    ------
    KermaError
        Nobody has named a standard, something it needs is missing, or it does not permit the technique.
    """
    if order.standard not in STANDARDS:
        what = f"'{order.standard}' is none of them" if order.standard else "nobody has named one"
        raise WrongUsage(f"give the standard of the technique ({', '.join(STANDARDS)}); {what}")
    if order.standard == ARRETE:
        return _arrete_lines(order)
    return technique_sheet(shot_of(order, readings), standard=order.standard)


def _arrete_lines(order: QualityOrder) -> tuple[Line, ...]:
    thickness_mm = _number(order.planned, "thickness_mm")
    if thickness_mm is None:
        raise WrongUsage(f"give {NEEDED['thickness_mm']}")
    row = row_at(indicators.ARRETE, thickness_mm=thickness_mm)
    return (
        tabled("wire, diameter", "wire_mm", float(row["wire_diameter_mm"]), "mm", indicators.ARRETE),
        tabled("or hole, diameter", "hole_mm", float(row["hole_diameter_mm"]), "mm", indicators.ARRETE),
    )


def _unplanned(why: str) -> Verdict:
    reason = f"Not judged: the technique is not known well enough to say what image quality it asks for: {why}."
    return Verdict("image quality", "not-judged", Citation.of(table(RULES)), reason, corrective="plan-technique")


def _judged(rule: Mapping[str, str], line: Line | None, order: QualityOrder, readings: Readings) -> Judged | None:
    """Return the verdict of one rule; None where it does not apply, or is not needed and was not read."""
    if line is None and not rule["limit"]:
        return None
    limit = float(rule["limit"]) if line is None else _limit(line, order)
    reading = readings.of(rule["quantity"]) if rule["quantity"] else _planned_reading(line)
    if reading.value is None and rule["is_needed"] != "yes":
        return None
    source = Citation.of(table(RULES), rule["rule"]) if line is None else _cited(line, order)
    asked: Any = rule["asked"]
    bare = Verdict(rule["rule"], "not-judged", source, "", limit=limit, unit=rule["unit"], asked=asked)
    return Judged(rule, line, compared(bare, reading, rule["corrective"], line.note if line is not None else ""))


def _limit(line: Line, order: QualityOrder) -> float:
    limit = float(line.value)
    if line.key != "min_source_distance_mm" or REDUCED_DISTANCE not in order.agreed:
        return limit
    geometry = str(order.planned.get("geometry") or "single-wall")
    return source_distance.reduced_distance_mm(limit, geometry=geometry)


def _planned_reading(line: Line | None) -> Reading:
    given = line.given if line is not None else None
    if isinstance(given, int | float):
        return Reading(float(given), "as planned")
    return Reading(None, "it was not planned", "give source_detector_mm and object_detector_mm")


def _cited(line: Line, order: QualityOrder) -> Citation:
    read_table = table(line.table)
    status = "confirmed" if line.table in order.confirmed else line.status
    if line.clause.startswith(f"{read_table.title}, "):
        standard, clause = read_table.title, line.clause.removeprefix(f"{read_table.title}, ")
    else:  # a film's lines cite part 1, which asks by the same tables
        standard, _, clause = line.clause.partition(", ")
    return Citation(standard, read_table.edition, clause, line.table, status, read_table.source)


def _compensated(judged: list[Judged], order: QualityOrder, readings: Readings) -> list[Judged]:
    """Apply the compensation principles of ISO 17636-2 to what failed."""
    if order.standard != "iso" or order.planned.get("detector") == "film":
        return judged
    by_name = {one.rule["rule"]: one for one in judged}
    return [
        replace(one, verdict=PRINCIPLES[one.rule["rule"]](one, by_name, order, readings))
        if one.verdict.outcome in ("fail", "advisory") and one.rule["rule"] in PRINCIPLES
        else one
        for one in judged
    ]


def _by_snr(one: Judged, by_name: Mapping[str, Judged], order: QualityOrder, readings: Readings) -> Verdict:
    """Compensation I: a higher voltage is offset by SNR, shown by the SNR_N asked for and the indicator."""
    seen = {by_name[name].verdict.outcome for name in ("wire seen", "step hole seen") if name in by_name}
    # Of the two indicators only one needs to be read.
    read_ones = seen - {"not-judged"} or seen
    return _offset(one.verdict, "I", {by_name["normalized SNR"].verdict.outcome, *read_ones}, order)


def _by_finer_wire(one: Judged, by_name: Mapping[str, Judged], order: QualityOrder, readings: Readings) -> Verdict:
    """Compensation II: each missing duplex pair by one finer single wire; two pairs, three where agreed."""
    shot = shot_of(order, readings)
    pair = indicators.duplex(shot.indicator_thickness_mm, testing_class=shot.testing_class)
    missing = indicators.missing_pairs(one.verdict.measured or 0.0, asked=pair)
    by_agreement = "_by_agreement" if THIRD_PAIR in order.agreed else ""
    most = int(quantity(TECHNIQUE, f"compensated_pairs{by_agreement}"))
    if missing > most:
        return _said(one.verdict, f"{missing} duplex pairs are missing; compensation II makes up for {most}.")
    asked = indicators.wire(
        shot.indicator_thickness_mm, testing_class=shot.testing_class, side=shot.side,
        is_double_image=shot.is_double_image,
    )  # fmt: skip
    name = indicators.finer_wire(asked, steps=missing)
    if name is None:
        return _said(one.verdict, "The series ends before the finer wire that would make up for it.")
    finer_mm = float(row_at(indicators.WIRE_SERIES, wire=name)["diameter_mm"])
    wire, snr = readings.of("wire_mm"), by_name["normalized SNR"].verdict.outcome
    words = f"{missing} duplex pair{'s' if missing > 1 else ''} missing: wire {name} must be seen"
    if wire.value is None:
        return _offset(_said(one.verdict, f"{words}; no wire was read."), "II", {"not-judged", snr}, order)
    outcome: Outcome = "pass" if wire.value <= finer_mm * (1 + 1e-9) else "fail"
    return _offset(_said(one.verdict, f"{words}; seen was one of {wire.value:g} mm."), "II", {outcome, snr}, order)


def _by_agreed_snr(one: Judged, by_name: Mapping[str, Judged], order: QualityOrder, readings: Readings) -> Verdict:
    """Compensation III: interpolated clusters are offset by a higher SNR that the parties agree on."""
    agreed, read_snr = readings.of("snr_n_agreed"), readings.of("snr_n")
    if agreed.value is None or read_snr.value is None:
        lacking = agreed if agreed.value is None else read_snr
        return _offset(_said(one.verdict, f"To judge it, {lacking.how}."), "III", {"not-judged"}, order)
    outcome: Outcome = "pass" if read_snr.value >= agreed.value else "fail"
    words = f"SNR_N {read_snr.value:.4g} was read, {agreed.value:.4g} agreed."
    return _offset(_said(one.verdict, words), "III", {outcome}, order)


PRINCIPLES: Mapping[str, Callable[[Judged, Mapping[str, Judged], QualityOrder, Readings], Verdict]] = {
    "tube voltage": _by_snr,
    "basic spatial resolution": _by_finer_wire,
    "clusters of bad pixels": _by_agreed_snr,
}
"""The rules that may be compensated, and by which principle."""


def _said(verdict: Verdict, words: str) -> Verdict:
    return replace(verdict, reason=f"{verdict.reason} {words}")


def _offset(verdict: Verdict, principle: str, shown: set[Outcome], order: QualityOrder) -> Verdict:
    """Return the verdict after a compensation: a pass where it is shown, *not-judged* where that was not read."""
    row = row_at(COMPENSATION, principle=principle)
    words = (
        f"Compensation {principle}: lacking {row['lacking']} is offset by {row['offset_by']}, where {row['shown_by']}"
    )
    if shown == {"pass"}:
        return replace(verdict, outcome="pass", corrective="", reason=f"{verdict.reason} {words}: shown.")
    if "not-judged" in shown and not shown & {"fail", "advisory"}:
        return replace(verdict, outcome="not-judged", reason=f"{verdict.reason} {words}: not read.")
    return replace(verdict, reason=f"{verdict.reason} {words}: not shown.")


def _one_indicator(judged: list[Judged]) -> Iterator[Judged]:
    """Yield the rules; of alternative indicators those that were read, or one that says that none was."""
    for one in judged:
        others = [other for other in judged if other.rule["group"] and other.rule["group"] == one.rule["group"]]
        is_read = one.verdict.outcome != "not-judged"
        any_read = any(other.verdict.outcome != "not-judged" for other in others)
        if not others or is_read or (not any_read and one is others[0]):
            yield one
