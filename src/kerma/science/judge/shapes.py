"""Rounded or elongated: the shape of a finding by its length and width, or by its type where no width was measured."""

from __future__ import annotations

from typing import Literal

from kerma.science.judge.words import imperfections
from kerma.science.results import Finding

Shape = Literal["rounded", "elongated"]


def shape_of(finding: Finding, ratio: float) -> tuple[Shape, bool]:
    """Return the shape of a finding, and whether it was measured.

    Elongated is what is longer than ``ratio`` times its width; what has only a diameter is rounded. Without a width
    the type of the imperfection decides (column ``shape_unmeasured`` of the table of ISO 6520-1).
    """
    length, width = finding.measurements.get("length_mm"), finding.measurements.get("width_mm")
    if length is not None and width is not None:
        long, short = max(length, width), min(length, width)
        return ("elongated" if long > ratio * short * (1 + 1e-9) else "rounded"), True
    if length is None and "diameter_mm" in finding.measurements:
        return "rounded", True
    row = imperfections().get(finding.label, {})
    return ("rounded" if row.get("shape_unmeasured") == "rounded" else "elongated"), False
