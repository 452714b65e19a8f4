"""By what else the ledger knows an exam: its place in the worklist, whose records name the item alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.worklist.model import item

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel


def needles(kernel: Kernel, exam_pk: int) -> Iterator[str]:
    """Yield the texts by which ledger records on the exam's items are known."""
    with kernel.database.read() as connection:
        numbers = connection.scalars(sa.select(item.c.id).where(item.c.exam_pk == exam_pk)).all()
    for number in numbers:
        yield f'"item_id":{number},'
        yield f'"item_id":{number}}}'
