"""The tables of lanes: lanes and pools as a site has set them, from which lane an exam came, what the lane was told."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

lane = sa.Table(
    "lane",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("machine", sa.String(128), nullable=False),
    sa.Column("pool", sa.String(64), nullable=False),
    sa.Column("running_s", sa.Integer, nullable=False),
    sa.Column("stopped_s", sa.Integer, nullable=False),
    sa.Column("at_time_out", sa.String(8), nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.CheckConstraint("at_time_out IN ('refer', 'stop')", name="at_time_out"),
    sa.Index(None, "name", "id"),
)
"""A scanner whose exams are decided elsewhere: ``machine`` is its station name, or the name that control charts have.
``running_s`` is the time to decide while the belt runs; then the exam is referred, or the belt stops for ``stopped_s``
(0: without limit). The newest row of a name is in force unless it ended it; no row is ever changed."""

pool_member = sa.Table(
    "pool_member",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("pool", sa.String(64), nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.Index(None, "person", "pool", "id"),
)
"""Who reads for which pool; the newest row of a person and pool is in force unless it ended it."""

WAITS, DECIDED, TIMED_OUT = "", "decided", "timed-out"

exam_lane = sa.Table(
    "exam_lane",
    metadata,
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), primary_key=True, autoincrement=False),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("lane", sa.String(64), nullable=False),
    sa.Column("pool", sa.String(64), nullable=False),
    sa.Column("at_time_out", sa.String(8), nullable=False),
    sa.Column("stopped_s", sa.Integer, nullable=False),
    sa.Column("arrived_at", sa.String(32), nullable=False),
    sa.Column("began_at", sa.String(32), nullable=False),
    sa.Column("answer_by", sa.String(32), nullable=False),
    sa.Column("is_stopped", sa.Boolean, nullable=False),
    sa.Column("result", sa.String(8), nullable=False, server_default=""),
    sa.Column("result_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("how", sa.String(16), nullable=False, server_default=""),
    sa.CheckConstraint("how IN ('', 'decided', 'timed-out')", name="how"),
    sa.Index(None, "how", "lane"),
    sa.Index(None, "result_at"),
)
"""From which lane an exam came, as the lane was set then; ``began_at`` is when the timer that runs out at ``answer_by``
(empty: never) began, ``result`` what the lane was first told to do with the object."""

lane_result = sa.Table(
    "lane_result",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("lane", sa.String(64), nullable=False),
    sa.Column("number", BigKey, nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=True, index=True),
    sa.Column("does", sa.String(8), nullable=False),
    sa.Column("decision", sa.String(32), nullable=False),
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.UniqueConstraint("lane", "number"),
    sa.CheckConstraint("does IN ('clear', 'divert', 'hold')", name="does"),
)
"""What a lane is told, numbered from 1 without gaps: who has read up to a number has missed nothing below it. The exam
of a row is empty once it was deleted; the number stays taken."""


@dataclass(frozen=True)
class ExamTimed:
    """A belt timer of an exam has begun."""

    exam_pk: int
    answer_by: str
