"""The calculations ``disposition``, ``critical-result`` and ``follow-up``."""

from __future__ import annotations

from typing import Any

from kerma.errors import WrongUsage
from kerma.science.judge.disposition import CATEGORIES, PLACES, REGIMES, Disposition, Travel, dispositions
from kerma.science.judge.disposition_medical import (
    COUNTS,
    FINDINGS,
    INCIDENTAL,
    NODULE_KINDS,
    RISKS,
    Nodule,
    as_json,
    critical_result,
    incidental_follow_up,
    nodule_follow_up,
)
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.results import NO_BOX, By, Citation, Finding, Measurement, Verdict
from kerma.standards import table

VERSION = "1"
OUTCOMES = ("pass", "fail", "advisory", "not-judged")


def calculate_disposition(
    *, industry: str, labels: str, regime: str = "eu", place: str = "cabin", outcome: str | None = None,
    quality: str | None = None,
) -> Measurement:  # fmt: skip
    """Return what may be done about findings, who decides and by when; the gravest category first."""
    names = [label.strip() for label in labels.split(",") if label.strip()]
    if not names:
        raise WrongUsage("labels names no finding: give words such as knife,battery")
    by = By("person", "the caller")
    findings = [Finding(str(number), "", label, NO_BOX, by) for number, label in enumerate(names, start=1)]
    source = Citation.of(table(CATEGORIES))
    ids = tuple(finding.id for finding in findings)
    verdicts = [Verdict("as given", outcome, source, "", finding_ids=ids)] if outcome else []  # type: ignore[arg-type]
    image = [Verdict("as given", quality, source, "")] if quality else []  # type: ignore[arg-type]
    made = dispositions(industry, findings, travel=Travel(regime, place), verdicts=verdicts, quality=image)
    gravest = made[0]
    values: dict[str, Any] = {
        "category": gravest.category, "may_operator_clear": all(one.may_operator_clear for one in made),
        "decides": gravest.decides, "deadline_minutes": min(one.deadline_minutes for one in made),
        "next_step": gravest.next_step, "dispositions": [_row(one) for one in made],
        "escalation": [{"category": one.category, **step.as_json()} for one in made for step in one.escalation],
    }  # fmt: skip
    inputs = {"industry": industry, "labels": ", ".join(names), "regime": regime, "place": place, "outcome": outcome}
    inputs |= {"quality": quality}
    warnings = [f"'{label}' is in no table: it is treated as unknown" for one in made if one.category == "unknown"
                for label in one.labels]  # fmt: skip
    return Measurement(
        "disposition", VERSION, values, "category of each label, then the rows of the policy and of the regime",
        inputs, source=source, warnings=tuple(warnings),
    )  # fmt: skip


def _row(one: Disposition) -> dict[str, Any]:
    """Return one category as a row of a table: its regime's clause and status stand beside what it says."""
    return {
        "category": one.category, "labels": ", ".join(one.labels), "dispositions": ", ".join(one.dispositions),
        "decides": one.decides, "may_operator_clear": one.may_operator_clear, "extra_search": one.extra_search,
        "deadline_minutes": one.deadline_minutes, "next_step": one.next_step, "allowed": one.allowed,
        "limit": one.limit_words, "clause": one.rule.clause if one.rule else one.source.clause,
        "status": one.rule.status if one.rule else one.source.status,
    }  # fmt: skip


def calculate_critical(*, finding: str) -> Measurement:
    """Return the level of a finding, its deadline and who is told; no level where the table does not name it."""
    found = critical_result(finding.strip().lower().replace(" ", "-"))
    inputs = {"finding": finding}
    method = "the level of the finding, and the deadline of the level"
    if found is None:
        warning = f"'{finding}' is in no level of {FINDINGS}: a radiologist says whether it is critical"
        return Measurement(
            "critical-result", VERSION, {"level": None}, method, inputs, source=Citation.of(table(FINDINGS)),
            warnings=(warning,),
        )  # fmt: skip
    plain = as_json(found)
    values = {key: plain[key] for key in plain if key != "source"}
    return Measurement("critical-result", VERSION, values, method, inputs, source=found.source)


def calculate_follow_up(*, kind: str, size_mm: float, count: str = "single", **given: Any) -> Measurement:
    """Return the recommended follow-up of an incidental finding."""
    inputs = {"kind": kind, "size_mm": size_mm, "count": count, **given}
    if kind in NODULE_KINDS:
        patient = {key: value for key, value in given.items() if key in PATIENT}
        found = nodule_follow_up(
            Nodule(kind, size_mm, count, str(given.get("risk") or ""), given.get("solid_part_mm"), patient)
        )
        method = "size in whole millimetres, then the row of kind, count and risk"
    else:
        found = incidental_follow_up(kind, size_mm)
        method = "the row that holds the size"
    values = {
        "recommendation": found.words, "from_months": found.from_months, "to_months": found.to_months,
        "counted_size_mm": found.counted_size_mm,
    }  # fmt: skip
    warnings = (*found.warnings, f"the table is {found.source.status}: the radiologist recommends, not the software")
    return Measurement("follow-up", VERSION, values, method, inputs, source=found.source, warnings=warnings)


PATIENT = ("age_years", "has_cancer", "is_immunosuppressed")
KINDS = (*NODULE_KINDS, *dict.fromkeys(row["kind"] for row in table(INCIDENTAL)))

CALCULATIONS = (
    Calculation(
        "disposition", "What may be done about findings, who decides, and by when",
        (
            Option("industry", "choice", "whose findings", is_required=True, choices=("security", "ndt", "medical")),
            Option("labels", "text", "labels of the findings, several with commas: knife,battery", is_required=True),
            Option("regime", "choice", "whose list of prohibited articles", default="eu", choices=tuple(REGIMES)),
            Option("place", "choice", "where the object travels", default="cabin", choices=tuple(PLACES)),
            Option("outcome", "choice", "what the rules say of the findings (ndt)", choices=OUTCOMES),
            Option("quality", "choice", "what is said of the image quality (ndt); not-judged else", choices=OUTCOMES),
        ),
        calculate_disposition,
    ),
    Calculation(
        "critical-result", "How soon a medical finding must reach the responsible physician, and how",
        (Option("finding", "text", "the finding, such as pneumothorax", is_required=True),),
        calculate_critical,
    ),
    Calculation(
        "follow-up", "Recommended follow-up of an incidental finding",
        (
            Option("kind", "choice", "kind of finding", is_required=True, choices=KINDS),
            Option("size_mm", "number", "size; of a nodule the mean of its long and short axis", is_required=True),
            Option("count", "choice", "one nodule or several", default="single", choices=COUNTS),
            Option("risk", "choice", "risk of the patient, for solid nodules", choices=RISKS),
            Option("solid_part_mm", "nonnegative", "solid part of a part-solid nodule"),
            Option("age_years", "number", "age of the patient"),
            Option("has_cancer", "flag", "whether the patient has a known cancer"),
            Option("is_immunosuppressed", "flag", "whether the patient's immune system is suppressed"),
        ),
        calculate_follow_up,
    ),
)  # fmt: skip
