"""The table of what images of a machine measured, value by value, so that a change over time is seen."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

quality_point = sa.Table(
    "quality_point",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("machine", sa.String(128), nullable=False),
    sa.Column("of", sa.String(96), nullable=False),
    sa.Column("value_name", sa.String(64), nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("image_sha256", sa.String(64), nullable=False),
    sa.Column("exam_pk", BigKey, nullable=False, index=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.UniqueConstraint("image_sha256", "of", "value_name"),
    sa.Index(None, "machine", "of", "value_name", "at", "id"),
)
"""``of`` says what was in the image (part, view, energy), because a wedge and a chest do not lie on one chart;
``value_name`` is measurement and value (``snr.snr``); ``at`` is when the image was taken, else when it was analysed."""
