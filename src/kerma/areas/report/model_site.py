"""The table of the letterhead: who answers for the reports of this installation."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

report_site = sa.Table(
    "report_site",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.JSON, nullable=False),
    sa.Column("logo_sha256", sa.String(64), info=BLOB),
    sa.Column("accreditation", sa.Text, nullable=False),
    sa.Column("footer", sa.Text, nullable=False),
    sa.Column("paper", sa.String(16), nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
)
"""Each row is one letterhead; the newest is in force, earlier ones stay. ``address`` is a list of lines."""
