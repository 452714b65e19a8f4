"""The table of marks: what a person has drawn and measured on the images of an exam, as one document."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.UniqueConstraint("exam_pk", "by", "version"),
)
"""``version`` counts a person's documents on an exam from 1; the highest is in force, the earlier ones stay as they
were. ``document`` holds ``marks``, ``calibrations`` and the ``draft`` of a judgement that is not recorded yet;
``sha256`` is that of the document as it was sent, so that the same one sent twice is kept once."""
