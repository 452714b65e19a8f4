"""What learned detectors share at the end: calibrated scores, marks made into findings, and the score of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerma.science.detect.learned_marks import Mark
from kerma.science.imaging.image import Image
from kerma.science.results import Box, By, Finding
from kerma.standards import table

MOST_FINDINGS = 100


@dataclass(frozen=True)
class Seen:
    """What a model has to say of one image: findings, most certain first, and the score of the whole image, 0 to 1.

    The score is a classifier's own; of what gives marks it is the score of the surest, below the threshold too.
    """

    findings: tuple[Finding, ...]
    score: float | None = None


def calibrated(score: float, card: Mapping[str, Any]) -> float:
    """Return a score of the network as the card's temperature and shift have it (logistic calibration)."""
    how = card.get("calibration", {})
    share = min(max(score, 1e-6), 1.0 - 1e-6)
    logit = np.log(share / (1.0 - share)) / float(how.get("temperature", 1.0)) + float(how.get("shift", 0.0))
    return float(1.0 / (1.0 + np.exp(-logit)))


def finding_of(image: Image, named: tuple[By, Sequence[str]], plane: int, numbered: tuple[int, Mark]) -> Finding:
    """Return a mark as a finding, with length and width in mm where the image has a scale.

    Parameters
    ----------
    named : what it is by, and the labels of the network
    numbered : the number of the mark on this plane, from 1, and the mark, in pixels of the image
    """
    by, labels = named
    number, mark = numbered
    label = labels[mark.label]
    codes = {row["label"]: row["number"] for row in table("iso_6520-1/imperfections")}
    length_px, width_px = mark.size_px()
    sizes = {"length_px": length_px, "width_px": width_px}
    spacing = image.spacing
    if spacing.row_mm is not None and spacing.column_mm is not None:
        middle_mm = (spacing.row_mm * spacing.column_mm) ** 0.5
        sizes |= {"length_mm": length_px * middle_mm, "width_mm": width_px * middle_mm}
    top, left, bottom, right = mark.box
    return Finding(
        id=f"{by.name}-{plane}-{number}", code=codes.get(label, ""), label=label,
        box=Box(top, left, bottom - top, right - left), by=by, score=mark.score, plane=plane, polygon=mark.polygon,
        measurements=sizes,
    )  # fmt: skip
