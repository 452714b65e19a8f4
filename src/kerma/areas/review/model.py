"""The tables of review: analyses (one per exam and set of images) and decisions (never overwritten).

What people judge stands in ``model_judge``.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

analysis = sa.Table(
    "analysis",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("images_digest", sa.String(64), nullable=False),
    sa.Column("declaration_id", BigKey, sa.ForeignKey("declaration.id")),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("decision_proposed", sa.String(32), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
)
"""``images_digest`` is the SHA-256 over the images' hashes in reading order, ``declaration_id`` the newest row of what
was declared then: the same images are analysed once, and once more after every change of what is declared."""

UNDECLARED = analysis.c.declaration_id.is_(None)
sa.Index(
    "uq_analysis_undeclared",
    analysis.c.exam_pk,
    analysis.c.images_digest,
    unique=True,
    sqlite_where=UNDECLARED,
    postgresql_where=UNDECLARED,
)
sa.Index(
    "uq_analysis_declared", analysis.c.exam_pk, analysis.c.images_digest, analysis.c.declaration_id, unique=True
)  # rows without a declaration never collide here: to a unique index every null is another one

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("analysis_id", BigKey, sa.ForeignKey("analysis.id")),
    sa.Column("judgement_id", BigKey, sa.ForeignKey("judgement.id")),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("stage", sa.String(32), nullable=False, server_default=""),
    sa.Column("decision", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("request_key", sa.String(64), nullable=False, server_default=""),
    sa.UniqueConstraint("exam_pk", "level"),
)
"""``level`` counts an exam's decisions from 1; the highest is in force, the earlier ones stay as they were made.
``stage`` is that of the industry's flow at which it was made, empty where there is none. ``analysis_id`` is the
analysis the person had on screen, ``judgement_id`` the judgement that lay over it. ``request_key`` is what the person's
page or program calls this decision, so that a repeat whose answer was lost is known again; empty where it has no name.
"""

KEYED = decision.c.request_key != ""
sa.Index(
    "uq_decision_request_key",
    decision.c.by,
    decision.c.request_key,
    unique=True,
    sqlite_where=KEYED,
    postgresql_where=KEYED,
)


@dataclass(frozen=True)
class ExamAnalysed:
    """An exam has been measured, searched for findings and judged."""

    exam_pk: int
    analysis_id: int


@dataclass(frozen=True)
class ExamDecided:
    """A person has decided an exam."""

    exam_pk: int
    decision_id: int


@dataclass(frozen=True)
class ExamReferred(ExamDecided):
    """Software has decided an exam, for nobody did within its belt timer."""


@dataclass(frozen=True)
class ExamJudged:
    """A person has recorded findings or judged an exam by other rules or conditions than the software knew."""

    exam_pk: int
    judgement_id: int


@dataclass(frozen=True)
class ExamMarked:
    """A person has drawn, measured or calibrated something else on the images of an exam than before."""

    exam_pk: int
