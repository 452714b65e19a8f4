"""Looking for the same picture among all fingerprints, and what is kept of earlier checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from kerma.areas.archive.model import image, quarantine, series
from kerma.areas.custody.model_forensic import forensic_examination, image_fingerprint
from kerma.science.forensics.fingerprint import nearest

PAGE = 100_000
CANDIDATES = 8
"""Most candidates for each picture whose pixels are compared."""


def without_fingerprint(connection: sa.Connection, exam_pk: int) -> list[int]:
    """Return the exam's images whose fingerprint is not kept yet."""
    kept = sa.select(image_fingerprint.c.image_pk).where(image_fingerprint.c.exam_pk == exam_pk)
    wanted = (image.c.exam_pk == exam_pk, image.c.kind == "image", image.c.id.not_in(kept))
    return list(connection.scalars(sa.select(image.c.id).where(*wanted).order_by(image.c.id)))


def near(
    connection: sa.Connection, wanted: Sequence[Sequence[int]], own: Sequence[int]
) -> list[list[tuple[int, int, int]]]:
    """Return for each picture (image, plane, bits that differ) of the nearest others, at most CANDIDATES.

    Parameters
    ----------
    wanted : the fingerprints to look for of each picture (:func:`kerma.science.forensics.fingerprint.looks`)
    own : the image of each picture, which is not found itself
    """
    best: list[dict[tuple[int, int], int]] = [{} for _ in wanted]
    kept = (image_fingerprint.c.id, image_fingerprint.c.image_pk, image_fingerprint.c.plane, image_fingerprint.c.bits)
    statement = sa.select(*kept).where(image_fingerprint.c.bits.is_not(None)).order_by(image_fingerprint.c.id)
    last = 0
    while rows := connection.execute(statement.where(image_fingerprint.c.id > last).limit(PAGE)).all():
        last = rows[-1].id
        known = np.array([row.bits for row in rows], dtype=np.int64).view(np.uint64)
        for number, looked_for in enumerate(wanted):
            for place, bits in nearest(looked_for, known):
                _, image_pk, plane, _ = rows[place]
                if image_pk != own[number]:
                    best[number][image_pk, plane] = min(bits, best[number].get((image_pk, plane), bits))
    return [
        [(image_pk, plane, bits) for (image_pk, plane), bits in sorted(one.items(), key=lambda it: it[1])[:CANDIDATES]]
        for one in best
    ]


def latest(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the newest result of an exam: ``made_at``, ``made_by``, ``document_sha256``, ``document``; or None."""
    statement = (
        sa.select(forensic_examination)
        .where(forensic_examination.c.exam_pk == exam_pk)
        .order_by(forensic_examination.c.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).mappings().first()
    return dict(row) | {"document": json.loads(row["document"])} if row else None


def compared_with(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return facts of what stands against an exam's images: the quarantine, and other devices of the same number."""
    mine = sa.select(image.c.uid).where(image.c.exam_pk == exam_pk)
    held = sa.select(quarantine.c.file_name, quarantine.c.sha256, quarantine.c.image_uid).where(
        quarantine.c.image_uid != "", quarantine.c.image_uid.in_(mine)
    )
    numbers = sa.select(series.c.serial_number).where(series.c.exam_pk == exam_pk, series.c.serial_number != "")
    devices = (
        sa.select(series.c.manufacturer, series.c.model, series.c.serial_number)
        .where(series.c.serial_number.in_(numbers), series.c.exam_pk != exam_pk)
        .distinct()
        .limit(100)
    )
    found = [{"name": f"{row.file_name}, in quarantine", **row._mapping} for row in connection.execute(held)]
    return found + [dict(row) for row in connection.execute(devices).mappings()]
