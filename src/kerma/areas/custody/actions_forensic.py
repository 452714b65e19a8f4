"""Keeping what forensic checks found; the checks themselves run before, outside every transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.archive import queries
from kerma.areas.archive.model import image
from kerma.areas.custody.model_forensic import forensic_examination, image_fingerprint
from kerma.errors import NotFound
from kerma.kernel.action import Act, action

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted

Kept = tuple[int, int, int | None]
"""Image, plane, fingerprint (None: nothing to compare)."""
HALF, WHOLE = 1 << 63, 1 << 64


@action("custody.keep_fingerprints")
def keep_fingerprints(act: Act, *, exam_pk: int, found: Sequence[Kept]) -> int:
    """Keep the fingerprints of images; returns of how many. Those kept before, or deleted, are passed over."""
    known = set(act.connection.scalars(sa.select(image.c.id).where(image.c.exam_pk == exam_pk)))
    kept = sa.select(image_fingerprint.c.image_pk).where(image_fingerprint.c.exam_pk == exam_pk).distinct()
    wanted = known - set(act.connection.scalars(kept))
    rows = [
        {"exam_pk": exam_pk, "image_pk": image_pk, "plane": plane, "bits": None if bits is None else signed(bits)}
        for image_pk, plane, bits in found
        if image_pk in wanted
    ]
    if rows:
        act.connection.execute(sa.insert(image_fingerprint), rows)
    count = len({row["image_pk"] for row in rows})
    act.record(exam_pk=exam_pk, image_count=count)
    return count


@action("custody.run_forensics")
def run_forensics(act: Act, *, exam_pk: int, document: str) -> int:
    """Keep what the forensic checks of an exam found; the ledger knows who looked, and the digest of the result."""
    if queries.exam_by_pk(act.connection, exam_pk) is None:
        raise NotFound(f"there is no exam {exam_pk}")
    digest = hashlib.sha256(document.encode()).hexdigest()
    values = {
        "exam_pk": exam_pk,
        "made_at": act.at_text,
        "made_by": act.actor.key,
        "document_sha256": digest,
        "document": document,
    }
    act.record(exam_pk=exam_pk, result_sha256=digest)
    statement = sa.insert(forensic_examination).values(values).returning(forensic_examination.c.id)
    return int(act.connection.execute(statement).scalar_one())


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Delete fingerprints and results of an exam; that somebody looked stays in the ledger."""
    for one in (image_fingerprint, forensic_examination):
        act.connection.execute(sa.delete(one).where(one.c.exam_pk == event.exam_pk))


def signed(bits: int) -> int:
    """Return a fingerprint as the signed number that databases keep."""
    return bits - WHOLE if bits >= HALF else bits
