"""An industry is a list of what is switched on: data, no logic. The three of them stand in ``kerma.industries``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerma.science.analysis import Plan


@dataclass(frozen=True)
class Industry:
    """What one industry switches on, and its words for the shared things."""

    name: str
    """security, ndt or medical."""
    label: str
    subject_word: str
    """What the subject is called on screen and paper: "Object of inspection", "Component", "Patient"."""
    exam_word: str
    decisions: Mapping[str, str]
    """Decision code to its label, in the order of the buttons."""
    plan: Plan
    """What the road does with an exam: measurements, detectors, acceptance pack, decision table."""
    report_title: str
    models: tuple[str, ...] = ()
    """Names of the learned models that ship for it; a site decides which of them look at its exams."""
