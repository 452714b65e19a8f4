"""The tables of displays and of the checks made on them."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

LOOK, MEASURE = "look", "measure"
KINDS = (LOOK, MEASURE)
"""A look at the test pattern by the reader; a measurement with a photometer."""

display = sa.Table(
    "display",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("category", sa.String(32), nullable=False),
    sa.Column("serial_number", sa.String(64), nullable=False),
    sa.Column("added_by", sa.String(64), nullable=False),
    sa.Column("added_at", sa.String(32), nullable=False),
    sa.Column("retired_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("retired_at", sa.String(32), nullable=False, server_default=""),
)
"""A screen that images are read on; ``category`` is a row of ``aapm_tg_270/limits``."""

IN_USE = display.c.retired_at == ""
sa.Index("uq_display_in_use", display.c.name, unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE)

display_check = sa.Table(
    "display_check",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("display_id", BigKey, sa.ForeignKey("display.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("outcome", sa.String(8), nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.CheckConstraint("kind IN ('look', 'measure')", name="kind"),
    sa.CheckConstraint("outcome IN ('pass', 'fail')", name="outcome"),
    sa.Index(None, "display_id", "kind", "at"),
)
"""One check; never changed. ``document`` holds what was answered or read, and what followed from it."""
