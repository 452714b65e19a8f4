"""The calculation ``casting-grade``: a grade found beside a licensed reference image, where that is allowed."""

from __future__ import annotations

from typing import Any

from kerma.science.judge.pack import BINDING
from kerma.science.judge.reference_image import SETS, Inspected, Slot, compare, grade
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.results import Measurement, Verdict

VERSION = "1"
METHOD = "licence, alloy, thickness, voltage, SRb and CNR against the reference image; then grade found against allowed"
SLOT = ("volume", "discontinuity", "plate_thickness_mm", "licence")
IMAGE = ("alloy", "thickness_mm", "voltage_kv", "srb_um", "cnr")


def casting_grade(*, images: str, found: int, allowed: int, **given: Any) -> Measurement:
    """Return whether the image may be graded and, if so, the verdict; lengths in mm, SRb in µm, voltage in kV."""
    slot = Slot(
        images,
        **{name: given[name] for name in SLOT if given.get(name) is not None},
        srb_um=given.get("reference_srb_um"),
        cnr=given.get("reference_cnr"),
    )
    comparison = compare(Inspected(**{name: given[name] for name in IMAGE if given.get(name) is not None}), slot)
    verdict = grade(comparison, found, allowed)
    values: dict[str, Any] = {
        "verdict": _word(verdict), "is_allowed": comparison.is_allowed, "found": found, "allowed": allowed,
        "grades": comparison.grades, "reason": verdict.reason, "clause": verdict.source.clause,
        "refused": list(comparison.reasons), "action": verdict.action, "corrective": verdict.corrective,
    }  # fmt: skip
    inputs = {"images": images, **{name: value for name, value in given.items() if value is not None}}
    advised = f"the contents of the set are {comparison.source.status}: the verdict advises until a Level III confirms"
    warnings = (*comparison.warnings, *((advised,) if comparison.is_allowed else ()))
    return Measurement("casting-grade", VERSION, values, METHOD, inputs, source=verdict.source, warnings=warnings)


def _word(verdict: Verdict) -> str:
    """Return the verdict as ``kerma calc verdict`` names it: what an unverified set says only advises."""
    if verdict.outcome == "advisory":
        return "advisory-fail"
    return "advisory-pass" if verdict.outcome == "pass" and verdict.source.status not in BINDING else verdict.outcome


CALCULATIONS = (
    Calculation(
        "casting-grade", "A grade of a casting beside a licensed reference image, where it may be held beside it",
        (
            Option("images", "choice", "the set of reference images", is_required=True, choices=SETS),
            Option("volume", "text", "volume of the set (its alloy where it has none)", is_required=True),
            Option("discontinuity", "text", "kind of flaw, a word of findings such as gas-hole", is_required=True),
            Option("found", "whole", "the grade a person found; 0 for none of this kind", is_required=True),
            Option("allowed", "whole", "the grade the drawing allows; 0 for none of this kind", is_required=True),
            Option("alloy", "text", "alloy of the casting, as the set names it", is_required=True),
            Option("plate_thickness_mm", "number", "thickness of the plate shown, where the set has several"),
            Option("licence", "text", "number of the licence of the site's copy"),
            Option("thickness_mm", "number", "thickness of the casting at the flaw"),
            Option("voltage_kv", "number", "tube voltage, where the set has volumes by radiation"),
            Option("srb_um", "number", "basic spatial resolution of the image"),
            Option("cnr", "number", "contrast-to-noise ratio of the image"),
            Option("reference_srb_um", "number", "basic spatial resolution of the reference image"),
            Option("reference_cnr", "number", "contrast-to-noise ratio of the reference image"),
        ),
        casting_grade,
    ),
)  # fmt: skip
