"""The table of targets: what is usual at a site for pace, refused images and reading time."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

reading_target = sa.Table(
    "reading_target",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("site", sa.String(64), nullable=False),
    sa.Column("role", sa.String(64), nullable=False),
    sa.Column("measure", sa.String(32), nullable=False),
    sa.Column("low", sa.Float, nullable=False),
    sa.Column("high", sa.Float, nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.CheckConstraint("measure IN ('exams-per-hour', 'retake-share', 'reading-minutes')", name="measure"),
    sa.CheckConstraint("low >= 0 AND high > low", name="range"),
    sa.Index(None, "industry", "site", "role", "measure", "id"),
)
"""The range from ``low`` to ``high`` that is usual for a measure: exams an hour, a share from 0 to 1, or minutes.
``site`` and ``role`` are empty for all. The newest row of an industry, site, role and measure is in force unless it is
one that ended it; no row is ever changed."""
