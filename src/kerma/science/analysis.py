"""The middle of the road in one call: measure, detect and judge the images of one exam.

The same function runs in ``kerma examine``, in the server's durable job and in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerma.science.imaging.image import Image
from kerma.science.results import Finding, Measurement, NotMeasurable, Verdict

VERSION = "1"


@dataclass(frozen=True)
class Plan:
    """What to do with an exam: names from the registries of ``measure`` and ``detect``, a pack, a decision table."""

    measures: tuple[str, ...]
    detectors: tuple[str, ...]
    pack: str | None
    """Acceptance pack, a table name such as ``fr_arrete_1978/acceptance``; None where nothing is judged by clause."""
    decision_table: str
    """Table from findings and verdicts to a proposed decision, such as ``kerma_decisions/ndt``."""


@dataclass(frozen=True)
class ImageAnalysis:
    """What was measured and found on one image."""

    measurements: tuple[Measurement | NotMeasurable, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ExamAnalysis:
    """What was measured, found and judged on one exam; ``images`` follows the order of the exam's images."""

    images: tuple[ImageAnalysis, ...]
    verdicts: tuple[Verdict, ...]
    decision_proposed: str
    decision_reason: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    version: str = VERSION


def analyse(images: Sequence[Image], plan: Plan, *, thickness_mm: float | None = None) -> ExamAnalysis:
    """Measure, detect and judge the images of one exam by its industry's plan.

    Parameters
    ----------
    images : the exam's images in reading order; colour images are passed over with a reason
    plan : what to do
    thickness_mm : penetrated or joint thickness; taken from the images' technique when not given
    """
    raise NotImplementedError
