"""The table of licensed reference images: a site's own copies, as images of this archive. None comes with Kerma."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

reference_image = sa.Table(
    "reference_image",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("image_set", sa.String(32), nullable=False),
    sa.Column("volume", sa.String(64), nullable=False),
    sa.Column("discontinuity", sa.String(64), nullable=False),
    sa.Column("plate_thickness_mm", sa.Float),
    sa.Column("grade", sa.SmallInteger, nullable=False),
    sa.Column("image_sha256", sa.String(64), nullable=False, index=True),
    sa.Column("srb_um", sa.Float, nullable=False),
    sa.Column("cnr", sa.Float, nullable=False),
    sa.Column("measured", sa.JSON, nullable=False),
    sa.Column("licence_holder", sa.Text, nullable=False),
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("added_by", sa.String(64), nullable=False),
    sa.Column("added_at", sa.String(32), nullable=False),
    sa.Column("withdrawn_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("withdrawn_at", sa.String(32), nullable=False, server_default=""),
)
"""``image_set`` to ``grade`` say which image of which set it is; thickness and voltage follow from the set's own table.
``measured`` says how SRb and CNR were found, with the places; a row is never changed, only withdrawn."""

IN_FORCE = reference_image.c.withdrawn_at == ""
sa.Index(
    "uq_reference_image_in_force",
    reference_image.c.image_sha256,
    unique=True,
    sqlite_where=IN_FORCE,
    postgresql_where=IN_FORCE,
)
