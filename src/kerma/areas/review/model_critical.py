"""The tables of critical results: what was seen, by when it must be told, and everything done to tell it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

critical_result = sa.Table(
    "critical_result",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("number", sa.String(40), nullable=False, unique=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("finding", sa.String(64), nullable=False, server_default=""),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("edition", sa.String(32), nullable=False),
    sa.Column("seen_by", ActorKey, nullable=False, index=True),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("notified_at", Moment, nullable=False, server_default=""),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.Column("told_step", sa.SmallInteger, nullable=False, server_default="-1"),
    sa.Column("notice_at", Moment, nullable=False, server_default=""),
    sa.Column("answered_at", Moment, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('open', 'notified', 'closed', 'withdrawn')", name="state"),
    sa.Index(None, "state", "due_at"),
    sa.Index(None, "notice_at"),
)
"""A finding that must reach the responsible physician by ``due_at``.

``finding`` is one of the table ``acr_critical_results/findings`` in its ``edition``, empty where the reader chose the
level; ``what`` are the words. ``told_step`` is the last step told because of its deadline, ``notice_at`` when the next
one comes (empty: none), ``answered_at`` when a lead said what is done about a late one. What the columns say follows
from ``critical_step``."""

critical_step = sa.Table(
    "critical_step",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("critical_id", BigKey, sa.ForeignKey("critical_result.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Every attempt, read-back, notice and answer, as it was told; rows are only ever added."""


@dataclass(frozen=True)
class CriticalResultTold:
    """A critical result of an exam was recorded, notified, or withdrawn: what its report says of it has changed."""

    exam_pk: int
