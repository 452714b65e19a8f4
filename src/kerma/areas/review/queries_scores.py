"""Reading the scores of analyses, for who decides what is read by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.review.model import analysis


def scores_of(connection: sa.Connection, exam_pks: Sequence[int]) -> dict[int, float]:
    """Return the highest score of a finding in the newest analysis of each of some exams.

    Exams that were not analysed yet are left out.
    """
    last = sa.select(sa.func.max(analysis.c.id)).where(analysis.c.exam_pk.in_(exam_pks)).group_by(analysis.c.exam_pk)
    rows = connection.execute(sa.select(analysis.c.exam_pk, analysis.c.document).where(analysis.c.id.in_(last)))
    return {row.exam_pk: highest_score(row.document) for row in rows}


def highest_score(document: Mapping[str, Any]) -> float:
    """Return the highest score of a finding of an analysis; 1 for a finding that states none, and where not everything
    could be searched: what nobody has looked at is no reason to read an exam less.
    """
    if document.get("analysis", {}).get("unsearched"):
        return 1.0
    findings = [one for image in document.get("images", ()) for one in image.get("findings", ())]
    return max((1.0 if one.get("score") is None else float(one["score"]) for one in findings), default=0.0)
