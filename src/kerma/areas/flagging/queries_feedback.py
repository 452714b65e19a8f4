"""What readers said to the marks of models, and which images are locked for tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa

from kerma.areas.archive.model import image
from kerma.areas.flagging.model import feedback, locked_image
from kerma.science.observer.near_duplicates import SIDE_PX, Fingerprint


def feedback_rows(connection: sa.Connection, model_id: int | None = None) -> list[dict[str, Any]]:
    """Return what readers said, image by image, of one model or of all."""
    statement = sa.select(feedback).order_by(feedback.c.image_sha256, feedback.c.id)
    if model_id is not None:
        statement = statement.where(feedback.c.model_id == model_id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def counts(connection: sa.Connection, model_id: int) -> list[dict[str, Any]]:
    """Return how often readers accepted, dismissed and missed marks of a model, by who was first and by reason."""
    columns = (feedback.c.answer, feedback.c.reader_first, feedback.c.reason)
    statement = sa.select(*columns, sa.func.count().label("times")).where(feedback.c.model_id == model_id)
    ordered = statement.group_by(*columns).order_by(sa.desc("times"), *columns)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def image_rows(connection: sa.Connection, sha256: str) -> dict[str, Any] | None:
    """Return a row of the archive with these bytes."""
    found = connection.execute(sa.select(image).where(image.c.sha256 == sha256).limit(1)).mappings().first()
    return dict(found) if found else None


def locked(connection: sa.Connection) -> tuple[set[str], list[Fingerprint]]:
    """Return the SHA-256 of every locked image, and the prints by which changed copies are recognised."""
    rows = connection.execute(sa.select(locked_image).order_by(locked_image.c.id)).mappings().all()
    prints = [
        Fingerprint(f"{row['image_set']} {row['image_sha256'][:12]}", "", detail_of(row["print"])) for row in rows
    ]
    return {row["image_sha256"] for row in rows}, prints


def sets(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the locked sets: name, images, since when."""
    name = locked_image.c.image_set
    columns = (name, sa.func.count().label("images"), sa.func.min(locked_image.c.at).label("since"))
    return [dict(row) for row in connection.execute(sa.select(*columns).group_by(name).order_by(name)).mappings()]


def detail_of(stored: bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the fine detail of a stored print."""
    return np.frombuffer(stored, dtype="<f2").astype(np.float32).reshape(SIDE_PX, SIDE_PX)


def print_of(found: Fingerprint) -> bytes:
    """Return a print as it is stored: its fine detail in half precision."""
    return np.asarray(found.detail, dtype="<f2").tobytes()
