"""The calculation ``quality-verdict``: what was read of image quality held against what was planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerma.science.judge.corrective import EXPOSURES, advised
from kerma.science.judge.pack import BINDING
from kerma.science.judge.quality import JUDGES, REDUCED_DISTANCE, THIRD_PAIR, QualityOrder, judge_quality, planned_sheet
from kerma.science.judge.quality_medical import reject_codes
from kerma.science.judge.quality_ndt import STANDARDS
from kerma.science.judge.quality_reading import SIGNED, entries
from kerma.science.judge.quality_security import LIMITS
from kerma.science.judge.quality_security import entries as test_entries
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.indicators import SIDES
from kerma.science.physics.source_distance import CLASSES, GEOMETRY
from kerma.science.physics.technique_lines import DETECTORS
from kerma.science.physics.tube_voltage import MATERIAL
from kerma.science.results import Citation, Measurement, Verdict
from kerma.standards import table

VERSION = "1"
RULES = {"ndt": "kerma_quality/ndt", "medical": "kerma_quality/medical", "security": LIMITS}
SHOWN = (
    "rule", "outcome", "standard", "edition", "clause", "status", "limit", "measured", "margin", "unit", "asked",
    "reason", "corrective", "action",
)  # fmt: skip
AGREED = (THIRD_PAIR, REDUCED_DISTANCE)


def overall(verdicts: Sequence[Verdict]) -> str:
    """Return *fail*, *advisory-fail*, *not-judged*, *advisory-pass* or *pass*, the gravest that holds."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if "fail" in outcomes:
        return "fail"
    if "advisory" in outcomes:
        return "advisory-fail"
    if "not-judged" in outcomes or not verdicts:
        return "not-judged"
    return "pass" if all(verdict.source.status in BINDING for verdict in verdicts) else "advisory-pass"


def calculate(*, industry: str = "ndt", standard: str = "iso", agreed: str = "", **given: Any) -> Measurement:
    """Judge what was read; *not-judged* says what is missing and how to get it."""
    readable = {**entries(), **test_entries()}
    entered = {key: value for key, value in given.items() if key in readable}
    planned = {key.rstrip("_"): value for key, value in given.items() if key not in readable}
    order = QualityOrder(industry, standard, planned, tuple(agreed.split()))
    verdicts = advised(judge_quality(order, (), entered), planned)
    rows = [{key: plain[key] for key in SHOWN} for plain in (verdict.as_json() for verdict in verdicts)]
    broken = [row for row in rows if row["outcome"] in ("fail", "advisory")]
    values: dict[str, Any] = {
        "verdict": overall(verdicts), "failed": broken, "judged": rows,
        "not_judged": [row for row in rows if row["outcome"] == "not-judged"], "sheet": planned_sheet(order),
    }  # fmt: skip
    return Measurement(
        "quality-verdict", VERSION, values, "each reading against its line of the technique sheet, by its own clause",
        {"industry": industry, "standard": standard, **planned, **entered}, source=Citation.of(table(RULES[industry])),
        warnings=tuple(f"{row['rule']}: {row['reason']}" for row in broken),
    )  # fmt: skip


def _entry(key: str, meaning: str) -> Option:
    return Option(key, "signed" if key in SIGNED else "nonnegative", meaning)


CALCULATIONS = (
    Calculation(
        "quality-verdict", "Hold what was read of image quality against what was asked for, clause by clause",
        (
            Option("industry", "choice", "whose images", default="ndt", choices=tuple(JUDGES)),
            Option("standard", "choice", "whose technique sheet", default="iso", choices=STANDARDS),
            Option("agreed", "text", f"what the parties have agreed: {', '.join(AGREED)}"),
            MATERIAL,
            Option("thickness_mm", "number", "nominal wall thickness t"),
            Option("class", "choice", "testing class of ISO 17636", choices=CLASSES),
            Option("source", "text", "xray or a nuclide such as Ir-192; xray where a tube voltage is given"),
            Option("focal_spot_mm", "number", "size d of the focal spot or gamma source"),
            Option("object_detector_mm", "number", "b, source side to detector; else from the wall"),
            Option("source_detector_mm", "number", "from the source to the detector"),
            GEOMETRY,
            Option("outer_diameter_mm", "number", "of a pipe"),
            Option("detector", "choice", "what takes the image", default="dda", choices=DETECTORS),
            Option("indicator_side", "choice", "where the indicators stand", choices=SIDES),
            Option("tube_voltage_kv", "number", "of the X-ray tube"),
            Option("penetrated_thickness_mm", "number", "w, where it is not t or 2 t"),
            *(_entry(key, meaning) for key, meaning in {**entries(), **test_entries()}.items()),
            *(Option(key, "number", f"the exposure as it was, in {unit}") for key, unit in EXPOSURES.items()),
            Option("reject_reason", "choice", "why a person rejects a medical radiograph", choices=reject_codes()),
            Option("film_gradient", "number", "gradient G of the film"),
        ),
        calculate,
    ),
)  # fmt: skip
