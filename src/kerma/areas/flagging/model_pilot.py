"""The tables of pilots: what was agreed beforehand, and how model and readers compared, exam by exam."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.areas.flagging.model import ActorKey, Machine, Moment
from kerma.kernel.database import BigKey, metadata

pilot = sa.Table(
    "pilot",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("model_id", BigKey, sa.ForeignKey("model.id"), nullable=False, index=True),
    sa.Column("machines", sa.JSON, nullable=False),
    sa.Column("planned_exams", sa.Integer, nullable=False),
    sa.Column("least_sensitivity", sa.Float, nullable=False),
    sa.Column("most_false_per_exam", sa.Float, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("begun_by", ActorKey, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("report", sa.JSON),
    sa.Column("ended_by", ActorKey, nullable=False, server_default=""),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.Column("end_reason", sa.Text, nullable=False, server_default=""),
    sa.Column("is_signed_off", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_autoincrement=True,
)
"""What is agreed is written once, when a pilot begins, and never changed. ``machines`` empty: every one. ``report`` is
what the pilot had come to when it was signed off or given up."""

IS_OPEN = pilot.c.ended_at == ""
sa.Index(
    "uq_pilot_open", pilot.c.model_id, unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN,
)  # fmt: skip

pilot_exam = sa.Table(
    "pilot_exam",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("pilot_id", BigKey, sa.ForeignKey("pilot.id"), nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("machine", Machine, nullable=False),
    sa.Column("found", sa.Integer, nullable=False),
    sa.Column("missed", sa.Integer, nullable=False),
    sa.Column("false_marks", sa.Integer, nullable=False),
    sa.Column("disagreements", sa.JSON, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("pilot_id", "exam_pk"),
    sqlite_autoincrement=True,
)
"""A decided exam of a pilot: findings of readers that the model marked, that it missed, and its marks at places where
no reader found anything; ``disagreements`` are the latter two, by image."""
