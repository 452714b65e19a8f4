"""The tables of recalls: why earlier exams are read again, and on which decision each was recalled."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

recall = sa.Table(
    "recall",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", sa.String(128), nullable=False),
    sa.Column("since", sa.String(10), nullable=False),
    sa.Column("until", sa.String(10), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), index=True),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.CheckConstraint("kind IN ('welder', 'lot', 'owner')", name="kind"),
)
"""A later finding changes what earlier exams mean: all of a welder, lot or owner are read again. ``since`` and
``until`` are days, empty where there is no end; ``exam_pk`` is the exam whose finding it was, if any."""

recall_exam = sa.Table(
    "recall_exam",
    metadata,
    sa.Column("recall_id", BigKey, sa.ForeignKey("recall.id"), primary_key=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), primary_key=True, index=True),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id"), nullable=False, unique=True),
)
"""An exam that was recalled, once per recall, and the decision that was in force then: no decision is recalled twice,
and the exam is read again as soon as a newer one is in force."""
