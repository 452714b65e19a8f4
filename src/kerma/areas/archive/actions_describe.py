"""Keeping the metadata document of a series, a copy of what its files say that may be made anew at any time."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from kerma.areas.archive.model import series_document
from kerma.kernel.action import Act, action


@action("archive.describe")
def describe(act: Act, *, series_pk: int, image_count: int, document: bytes) -> None:
    """Keep the metadata of a series' images as one document (software only)."""
    version = act.connection.scalar(
        sa.select(series_document.c.version).where(series_document.c.series_pk == series_pk)
    )
    values = {
        "version": (version or 0) + 1,
        "image_count": image_count,
        "made_at": act.at_text,
        "sha256": hashlib.sha256(document).hexdigest(),
        "document": document,
    }
    if version is None:
        act.connection.execute(sa.insert(series_document).values(series_pk=series_pk, **values))
    else:
        act.connection.execute(
            sa.update(series_document).where(series_document.c.series_pk == series_pk).values(**values)
        )
    act.record(series_pk=series_pk, version=values["version"], image_count=image_count, sha256=values["sha256"])
