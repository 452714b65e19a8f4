"""The table of evidence packages: what was sealed, for whom and why; the package itself is handed out, not kept."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

evidence_package = sa.Table(
    "evidence_package",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("uid", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), index=True),
    sa.Column("made_of", sa.String(64), nullable=False, server_default=""),
    sa.Column("manifest_sha256", sa.String(64), nullable=False),
    sa.Column("file_count", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False, server_default=""),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_at", sa.String(32), nullable=False),
    sa.CheckConstraint("kind IN ('evidence', 'redacted')", name="kind"),
)
"""``made_of`` is the uid of the package that was redacted; ``exam_pk`` is null where that came from elsewhere."""
