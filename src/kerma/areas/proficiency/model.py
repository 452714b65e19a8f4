"""The tables of threat image projection: library, plans, exams that are read under one, and what readers answered."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

PREPARING, OPEN, ENDED = EXAM_STATES = ("preparing", "open", "ended")
HIT, MISS, ALARM, CLEARED = RESULTS = ("hit", "miss", "alarm", "cleared")

tip_threat = sa.Table(
    "tip_threat",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("category", sa.String(32), nullable=False),
    sa.Column("words", sa.String(128), nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("turn_deg", sa.JSON, nullable=False),
    sa.Column("views_sha256", sa.String(64), nullable=False, info=BLOB),
    sa.Column("added_by", sa.String(64), nullable=False),
    sa.Column("added_at", sa.String(32), nullable=False),
    sa.Column("retired_at", sa.String(32), nullable=False, server_default=""),
    sa.UniqueConstraint("name", "seed"),
    sa.Index(None, "category", "retired_at"),
)
"""One article at one angle: ``name`` and ``category`` of the table of things, ``seed`` of its sizes and angle."""

tip_plan = sa.Table(
    "tip_plan",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("station", sa.String(64), nullable=False),
    sa.Column("share_permille", sa.SmallInteger, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.CheckConstraint("share_permille BETWEEN 1 AND 1000", name="share"),
    sa.Index(None, "station", "id"),
)
"""In how many exams of a scanner (``station``; empty: of all others) a threat is projected, and of which categories in
which proportion (empty: as the library has them). ``secret`` is the key of the draw and is told to nobody. The newest
row of a station is in force unless it ended it; no row is ever changed."""

tip_exam = sa.Table(
    "tip_exam",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, unique=True),
    sa.Column("plan_id", BigKey, sa.ForeignKey("tip_plan.id"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("is_projected", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("threat_id", BigKey, sa.ForeignKey("tip_threat.id")),
    sa.Column("places", sa.JSON, nullable=False),
    sa.Column("realism", sa.Float),
    sa.Column("why_not", sa.Text, nullable=False, server_default=""),
    sa.Column("arrived_at", sa.String(32), nullable=False),
    sa.Column("ready_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("ended_at", sa.String(32), nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('preparing', 'open', 'ended')", name="state"),
    sa.Index(None, "state"),
)
"""An exam that came while a plan was in force: every one has a row, drawn or not, and goes the same way until it is
decided. ``nonce`` is random and names its pixels; ``places`` says, view by view, which images it is made of and where
the middle of the threat stands in them."""

tip_answer = sa.Table(
    "tip_answer",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("result", sa.String(16), nullable=False),
    sa.Column("decision", sa.String(32), nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("threat_id", BigKey, sa.ForeignKey("tip_threat.id")),
    sa.Column("category", sa.String(32), nullable=False, server_default=""),
    sa.Column("tip_exam_id", BigKey, sa.ForeignKey("tip_exam.id"), index=True),
    sa.CheckConstraint("result IN ('hit', 'miss', 'alarm', 'cleared')", name="result"),
    sa.Index(None, "person", "at"),
)
"""What a reader decided on images of a plan: *hit* or *miss* where a threat was projected, *alarm* or *cleared* where
none was. ``seconds`` from opening the exam to deciding. It outlives its exam: ``tip_exam_id`` is then null."""
