"""The tables of forensic checks: the fingerprints of all images, and what was found when somebody looked."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

image_fingerprint = sa.Table(
    "image_fingerprint",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("image_pk", BigKey, sa.ForeignKey("image.id"), nullable=False, index=True),
    sa.Column("plane", sa.Integer, nullable=False),
    sa.Column("bits", sa.BigInteger),
    sqlite_autoincrement=True,
)
"""Several rows for each plane: one of the whole and one of each inner part. ``bits`` is the fingerprint as a signed
number; null says that the image was looked at and has no content to compare, or cannot be read."""

forensic_examination = sa.Table(
    "forensic_examination",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("made_at", sa.String(32), nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("document_sha256", sa.String(64), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index(None, "exam_pk", "id"),
    sqlite_autoincrement=True,
)
"""What the checks found, each time that they were run; never overwritten. ``document_sha256`` stands in the ledger."""
