"""The tables of what comes onto the worklist: rules as a site has set them, exams that nobody reads, who is matched."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

item_rules = sa.Table(
    "item_rules",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("rules", sa.JSON, nullable=False),
    sa.Column("seed", sa.String(64), nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
)
"""Which exams get an item: each row is a whole set of rules, as ``rules_items.Rule`` has them, with the seed of its
draws. The newest row is in force unless it ended it, and then those of ``kerma_worklist/item_rules`` are."""

unread_exam = sa.Table(
    "unread_exam",
    metadata,
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), primary_key=True, autoincrement=False),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("rule", sa.String(64), nullable=False),
    sa.Column("asked", sa.String(16), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Index(None, "industry", "rule"),
)
"""Exams that have no item: ``rule`` is the name of the one that left an exam out, empty where none took it, ``asked``
when the rules were last asked. An exam is here or has an item, never both."""

matching = sa.Table(
    "matching",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False, index=True),
    sa.Column("site", sa.String(8), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.CheckConstraint("site IN ('ignore', 'prefer', 'require')", name="site"),
    sa.CheckConstraint("language IN ('ignore', 'prefer', 'require')", name="language"),
)
"""Whether exams of an industry go to people of their site and language; the newest row of an industry is in force."""
