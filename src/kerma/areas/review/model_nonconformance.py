"""The tables of non-conformances: what was rejected, what becomes of it, and everything that happened."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

nonconformance = sa.Table(
    "nonconformance",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("number", sa.String(40), nullable=False, unique=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id"), nullable=False, index=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("finding_ids", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("disposition", sa.String(16), nullable=False, server_default=""),
    sa.Column("concession_number", sa.String(64), nullable=False, server_default=""),
    sa.Column("customer_approver", sa.String(128), nullable=False, server_default=""),
    sa.Column("follow_up_exam_pk", BigKey, sa.ForeignKey("exam.id"), index=True),
    sa.Column("opened_by", ActorKey, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('open', 'proposed', 'decided', 'closed', 'withdrawn')", name="state"),
    sa.Index(None, "state", "id"),
)
"""One non-conformance, which rests on a decision to reject. What the columns say now follows from
``nonconformance_step``. ``customer_approver`` is who of the customer has allowed to use the part as it is."""

IS_OPEN = nonconformance.c.state.in_(("open", "proposed", "decided"))
sa.Index(
    "uq_nonconformance_open", nonconformance.c.exam_pk, unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
)
"""An exam has one open non-conformance at most, whoever opens it."""

nonconformance_step = sa.Table(
    "nonconformance_step",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("nonconformance_id", BigKey, sa.ForeignKey("nonconformance.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Everything that happened to a non-conformance, as it was told; rows are only ever added."""

nonconformance_setting = sa.Table(
    "nonconformance_setting",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("is_automatic", sa.Boolean, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Whether a decision to reject opens a non-conformance by itself; the newest row is in force, without one it does
not."""
