"""What custody itself adds to the evidence on an exam: the chain of each item, as data and as the printed form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.custody import paper, photo, queries, queries_forensic
from kerma.areas.custody.evidence_parts import Part
from kerma.areas.custody.model import custody_item
from kerma.kernel import apart

if TYPE_CHECKING:
    from kerma.areas.custody.queries import Chain
    from kerma.kernel.action import Kernel


def parts(kernel: Kernel, exam_pk: int) -> Iterator[Part]:
    """Yield chain, form, photos and signatures of every item that is under custody for the exam; forensic checks."""
    yield from _forensics(kernel, exam_pk)
    for found in _chains(kernel, exam_pk):
        number = found.item["number"]
        plain = json.dumps(asdict(found), ensure_ascii=False, indent=1, default=str).encode() + b"\n"
        yield Part(f"data/custody/{number}.json", "custody", f"Chain of {number}: {found.item['description']}", plain)
        named = sorted({row[name] for row in found.rows for name in ("photo_sha256", "signature_sha256")} - {""})
        for sha256 in named:
            path = f"data/custody/{number}-photo-{sha256[:12]}"
            yield Part(path, "custody", f"Photo or drawn signature in the chain of {number}", blob=sha256)
        photos = {sha256: apart.run(photo.small, kernel.blobs.get(sha256), paper.PHOTO_PX) for sha256 in named}
        form = apart.run(paper.form, found, kernel.clock.now(), "the evidence package", photos)
        yield Part(f"data/custody/{number}.pdf", "custody", f"Chain of {number} as a form", form)


def _forensics(kernel: Kernel, exam_pk: int) -> Iterator[Part]:
    with kernel.database.read() as connection:
        found = queries_forensic.latest(connection, exam_pk)
    if found is not None:
        about = f"What the forensic checks of {found['made_at'][:10]} found"
        plain = json.dumps(found, ensure_ascii=False, indent=1).encode() + b"\n"
        yield Part("data/custody/forensics.json", "custody", about, plain)


def needles(kernel: Kernel, exam_pk: int) -> Iterator[str]:
    """Yield the texts by which ledger records on the exam's items are known."""
    for found in _chains(kernel, exam_pk):
        yield f'"item":{json.dumps(found.item["number"])}'


def _chains(kernel: Kernel, exam_pk: int) -> list[Chain]:
    statement = sa.select(custody_item.c.id).where(custody_item.c.exam_pk == exam_pk).order_by(custody_item.c.id)
    with kernel.database.read() as connection:
        numbers = connection.scalars(statement).all()
        now = kernel.clock.now()
        return [queries.chain_of(connection, queries.item_by_pk(connection, number), now) for number in numbers]
