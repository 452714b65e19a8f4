"""Keeping what images of a machine measured; a part of the action that records an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from kerma.areas.equipment import rules_quality
from kerma.areas.equipment.model_quality import quality_point
from kerma.kernel.action import Act


def keep_points(act: Act, *, exam_pk: int, document: Mapping[str, Any]) -> int:
    """Put an analysis on the control charts; an image that was there already is replaced. Returns how many values."""
    found = list(rules_quality.points(document))
    if not found:
        return 0
    shown = {point.image_sha256 for point in found}
    act.connection.execute(sa.delete(quality_point).where(quality_point.c.image_sha256.in_(shown)))
    rows = {
        (point.image_sha256, point.of, point.value_name): {
            "machine": point.machine,
            "of": point.of,
            "value_name": point.value_name,
            "value": point.value,
            "image_sha256": point.image_sha256,
            "exam_pk": exam_pk,
            "at": point.acquired_at or act.at_text,
        }
        for point in found
    }
    act.connection.execute(sa.insert(quality_point), list(rows.values()))
    return len(rows)
