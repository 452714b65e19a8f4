"""Reading licensed reference images."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import image
from kerma.areas.review.model_reference import IN_FORCE, reference_image
from kerma.areas.review.rules_reference import named


def references(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the reference images in force, each with the image and exam of this archive that holds it."""
    statement = (
        sa.select(reference_image, image.c.id.label("image_pk"), image.c.exam_pk, image.c.rows, image.c.columns)
        .join(image, image.c.sha256 == reference_image.c.image_sha256)
        .where(IN_FORCE, image.c.kind == "image")
        .order_by(reference_image.c.image_set, reference_image.c.discontinuity, reference_image.c.grade)
    )
    rows = {row["id"]: dict(row) for row in connection.execute(statement).mappings()}
    return [row | {"label": named(row)} for row in rows.values()]


def by_id(connection: sa.Connection) -> dict[int, dict[str, Any]]:
    """Return the reference images in force by their number."""
    return {row["id"]: row for row in references(connection)}


def image_of(connection: sa.Connection, sha256: str) -> dict[str, Any] | None:
    """Return the image of this archive with these bytes, or None."""
    statement = sa.select(image).where(image.c.sha256 == sha256, image.c.kind == "image").order_by(image.c.id).limit(1)
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None
