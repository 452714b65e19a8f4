"""The tables of discrepancies: what was seen later against a decision, and everything that came of it."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

discrepancy = sa.Table(
    "discrepancy",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("number", sa.String(40), nullable=False, unique=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id"), nullable=False, index=True),
    sa.Column("reader", ActorKey, nullable=False, index=True),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("other_exam_pk", BigKey, sa.ForeignKey("exam.id"), index=True),
    sa.Column("severity", sa.String(32), nullable=False),
    sa.Column("edition", sa.String(32), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("place", sa.JSON, nullable=False),
    sa.Column("is_blinded", sa.Boolean, nullable=False),
    sa.Column("seen_by", ActorKey, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("remedy", sa.String(16), nullable=False, server_default=""),
    sa.Column("addendum_at", Moment, nullable=False, server_default=""),
    sa.Column("outcome", sa.String(16), nullable=False, server_default=""),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('open', 'accepted', 'disputed', 'dismissed', 'closed', 'withdrawn')", name="state"),
    sa.CheckConstraint("remedy IN ('', 'addendum', 'read-again')", name="remedy"),
    sa.Index(None, "state", "due_at"),
)
"""One thing that somebody saw after ``reader`` had decided: ``decision_id`` is that decision, which stays.

``severity`` is a code of the table ``kerma_review/discrepancy`` in its ``edition``, ``place`` as that of a comment,
``other_exam_pk`` the later exam in which it was seen, if any. ``is_blinded``: the exam was read blind or twice, so the
reader answers without knowing who saw it. What the columns say now follows from ``discrepancy_step``."""

discrepancy_step = sa.Table(
    "discrepancy_step",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("discrepancy_id", BigKey, sa.ForeignKey("discrepancy.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Everything that happened to a discrepancy, as it was told; rows are only ever added."""
