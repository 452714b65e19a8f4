"""The table of what a person has set for themselves at the workstation."""

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
