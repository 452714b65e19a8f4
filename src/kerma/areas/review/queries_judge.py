"""Reading judgements, and what is known of an exam with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.review.model import analysis
from kerma.areas.review.model_judge import judgement
from kerma.areas.review.rules_findings import NOTHING_LAID, Document, Laid, carry, lay_over
from kerma.areas.review.rules_judge import MORE_IMAGES, OTHER_BASIS, OTHER_GOODS, outdated
from kerma.areas.review.rules_reading import WITHHELD, without_algorithm, without_pixels
from kerma.kernel.sight import Sight
from kerma.science.judge.decide import NONE
from kerma.science.judge.disposition import LABELS
from kerma.standards import table


@dataclass(frozen=True)
class Known:
    """What is known of an exam now, as a judgement begins from it."""

    analysis_id: int
    analysed: Document
    """The software's analysis alone."""
    laid: Laid
    """What people had laid over it before; carried from an earlier analysis where that is the case."""
    newest: dict[str, Any] | None
    """The exam's newest judgement, whichever analysis it lies over."""
    sight: Sight
    """Of the one to whom it is known so: the judgement, too, is the newest that they may see."""
    outdated_why: str = ""
    """Why the newest judgement lies over something else than is known now, in words."""

    @property
    def is_of_this_analysis(self) -> bool:
        """Whether the newest judgement lies over the newest analysis, of which its maker saw as much as this one."""
        newest = self.newest
        return newest is not None and newest["analysis_id"] == self.analysis_id and _fits(newest, self.sight)

    @property
    def document(self) -> Document:
        """The element of ``exams`` of ``result.json``, with people's findings and judgement laid over."""
        shown = lay_over(self.analysed, self.laid)
        if self.newest is None:
            return shown
        if not self.is_of_this_analysis:
            return outdated(shown, self.newest["version"], why=self.outdated_why)
        return with_judgement(shown, self.newest)


def known(
    connection: sa.Connection, exam_pk: int, sight: Sight, analysed: Mapping[str, Any] | None = None
) -> Known | None:
    """Return what is known of an exam now, as one may see it, or None before its first analysis.

    Parameters
    ----------
    analysed : the exam's newest analysis, where it has been read already
    """
    if analysed is None:
        statement = sa.select(analysis).where(analysis.c.exam_pk == exam_pk).order_by(analysis.c.id.desc()).limit(1)
        analysed = connection.execute(statement).mappings().first()
    if analysed is None:
        return None
    document = dict(analysed["document"]) if sight.algorithm else without_algorithm(analysed["document"])
    if not sight.originals:
        document = without_pixels(document)
    newest = newest_judgement(connection, exam_pk, sight)
    laid: Laid = newest["document"]["laid"] if newest else NOTHING_LAID
    if newest and (newest["analysis_id"] != analysed["id"] or not _fits(newest, sight)):
        laid = carry(document, laid)
    why = _outdated_why(connection, analysed, newest) if newest else ""
    return Known(int(analysed["id"]), document, laid, newest, sight, why)


def _outdated_why(connection: sa.Connection, analysed: Mapping[str, Any], newest: dict[str, Any]) -> str:
    """Return what has changed since a judgement, where it lies over another analysis or another basis than this one."""
    if newest["analysis_id"] == analysed["id"]:
        return OTHER_BASIS
    before = connection.scalar(sa.select(analysis.c.images_digest).where(analysis.c.id == newest["analysis_id"]))
    return OTHER_GOODS if before == analysed["images_digest"] else MORE_IMAGES


def _fits(judgement: dict[str, Any], sight: Sight) -> bool:
    """Return whether a judgement was made on as much of what software found as one may see."""
    return bool(judgement["document"].get(SAW_ALGORITHM, True)) == sight.algorithm


def with_judgement(shown: Document, newest: dict[str, Any]) -> Document:
    """Return a document with the verdicts and the proposal of a judgement in place of the software's."""
    made = newest["document"]
    told = {key: newest[key] for key in ("id", "version", "by", "at", "reason")}
    told |= {key: made[key] for key in ("by_name", "pack", "conditions", "quality_entries", "looked_at_all")}
    told |= {"grades": made.get("grades", [])}
    judged = {key: made[key] for key in JUDGED}
    warnings = list(dict.fromkeys([*made["notes"], *shown.get("warnings", [])]))
    return {**shown, **judged, "warnings": warnings, "judgement": told}


def newest_judgement(connection: sa.Connection, exam_pk: int, sight: Sight) -> dict[str, Any] | None:
    """Return the judgement in force of an exam as one may see it, or None while only software has judged."""
    return next(iter(judgements(connection, exam_pk, sight, limit=1)), None)


def judgements(connection: sa.Connection, exam_pk: int, sight: Sight, *, limit: int = 100) -> list[dict[str, Any]]:
    """Return every judgement of an exam that one may see, the one in force first.

    Where others' are hidden, one's own are counted alone; where what software found is hidden, one that was made on it
    says of the verdicts nothing.
    """
    statement = sa.select(judgement).where(judgement.c.exam_pk == exam_pk).order_by(judgement.c.version.desc())
    if not sight.people:
        statement = statement.where(judgement.c.by == sight.actor)
    rows = [dict(row) for row in connection.execute(statement.limit(limit)).mappings()]
    if not sight.people:
        own = sa.select(sa.func.count()).where(judgement.c.exam_pk == exam_pk, judgement.c.by == sight.actor)
        last = int(connection.scalar(own) or 0)
        rows = [row | {"version": last - place} for place, row in enumerate(rows)]
    return [row if sight.algorithm or _fits(row, sight) else _without_verdicts(row) for row in rows]


def last_version(connection: sa.Connection, exam_pk: int) -> int:
    """Return the number of the newest judgement of an exam, by whomever; 0 before the first."""
    last = sa.select(sa.func.max(judgement.c.version)).where(judgement.c.exam_pk == exam_pk)
    return int(connection.scalar(last) or 0)


SAW_ALGORITHM = "saw_algorithm"
"""In a judgement: false where what software found was hidden from its maker."""


def _without_verdicts(row: dict[str, Any]) -> dict[str, Any]:
    emptied = {key: [] for key in ("verdicts", "dispositions", "grades") if key in row["document"]}
    document = {**row["document"], **emptied, "decision_proposed": NONE, "decision_reason": WITHHELD, "notes": []}
    return {**row, "decision_proposed": NONE, "document": document}


JUDGED = ("verdicts", "quality", "quality_sheet", "dispositions", "decision_proposed", "decision_reason")
"""What a judgement says in place of the software's analysis."""

WORD_TABLES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "ndt": (("iso_6520-1/imperfections", "label", "number", "name"),),
    "medical": (("kerma_findings/medical", "label", "", "meaning"),),
    "security": (("kerma_security/categories", "category", "", "words"),),
}
"""The tables a person's findings take their labels from, by industry: table, columns of label, code and words."""


def words(industry: str) -> list[dict[str, str]]:
    """Return the labels a finding of an industry may have, each with its code and what it means; none twice."""
    found = {
        row[label]: {"label": row[label], "code": row[code] if code else "", "words": row[meaning]}
        for name, label, code, meaning in WORD_TABLES.get(industry, ())
        for row in table(name)
    }
    for row in table(LABELS):
        if row["industry"] == industry:
            spelled = row["label"].replace("-", " ").capitalize()
            found.setdefault(row["label"], {"label": row["label"], "code": "", "words": spelled})
    return list(found.values())
