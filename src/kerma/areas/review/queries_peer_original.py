"""Reading what lay behind a decision under review: the findings as they were then, without anybody's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from kerma.areas.review.model import analysis
from kerma.areas.review.model_judge import judgement
from kerma.areas.review.rules_findings import NOTHING_LAID, lay_over
from kerma.areas.review.rules_reading import without_algorithm
from kerma.kernel.sight import Sight


def findings_of(connection: sa.Connection, case: Mapping[str, Any], sight: Sight) -> list[dict[str, Any]]:
    """Return what stood on the page when a case's decision was made: each finding, who saw it left out.

    Parameters
    ----------
    case : with ``analysis_id`` and ``judgement_id`` of the decision
    sight : of the reviewer; what software found is left out where they must not see it
    """
    analysed = connection.scalar(sa.select(analysis.c.document).where(analysis.c.id == case["analysis_id"]))
    if analysed is None:
        return []
    judged = connection.scalar(sa.select(judgement.c.document).where(judgement.c.id == case["judgement_id"]))
    seen = analysed if sight.algorithm else without_algorithm(analysed)
    document = lay_over(seen, judged["laid"] if judged else NOTHING_LAID)
    return [
        _told(finding, number)
        for number, image in enumerate(document["images"], start=1)
        for finding in image["findings"]
    ]


def _told(finding: Mapping[str, Any], image_number: int) -> dict[str, Any]:
    dismissed = finding.get("dismissed")
    return {
        "image": image_number,
        "label": finding["label"],
        "note": finding.get("note", ""),
        "severity": finding.get("severity", ""),
        "is_of_software": finding["by"]["kind"] != "person",
        "dismissed": dismissed["reason"] if dismissed else "",
    }
