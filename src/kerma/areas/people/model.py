"""The tables of what a person has set for themselves at the workstation, and of where they work."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

preference = sa.Table(
    "preference",
    metadata,
    sa.Column("person_id", BigKey, sa.ForeignKey("person.id"), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
)
"""One row per person and thing set: theme, keys, saved views. It changes how things look, never what is true."""

posting = sa.Table(
    "posting",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("person_id", BigKey, sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("sites", sa.JSON, nullable=False),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
)
"""At which sites a person works and which languages they read; an empty list is all. The newest row of a person is in
force; no row is ever changed."""
