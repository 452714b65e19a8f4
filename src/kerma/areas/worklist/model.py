"""The tables of the worklist: one item per exam."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

WAITING, CLAIMED, CLOSED = "waiting", "claimed", "closed"
STATES = (WAITING, CLAIMED, CLOSED)
"""An item waits, is held by exactly one person, or is closed by a decision."""

item = sa.Table(
    "item",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, unique=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("decision_proposed", sa.String(32), nullable=False, server_default=""),
    sa.Column("decision", sa.String(32), nullable=False, server_default=""),
    sa.Column("queued_at", sa.String(32), nullable=False),
    sa.Column("due_at", sa.String(32), nullable=False),
    sa.Column("plain_priority", sa.SmallInteger, nullable=False),
    sa.Column("plain_due_at", sa.String(32), nullable=False),
    sa.Column("claimed_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("claimed_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("closed_at", sa.String(32), nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('waiting', 'claimed', 'closed')", name="state"),
    sa.CheckConstraint("(state = 'claimed') = (claimed_by <> '')", name="holder"),
    sa.Index(None, "state", "priority", "due_at", "id"),
    sa.Index(None, "queued_at"),
)
"""``claimed_by`` is the holder's actor key (``person:7``); ``decision_proposed`` and ``decision`` are copies for the
list, owned by the review area. ``plain_priority`` and ``plain_due_at`` are those of an exam of which nobody has
proposed anything: what one sees from whom a proposal is hidden."""
