"""Under which specification an exam was read, what did not conform, why it was recalled: parts of its evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.custody.evidence_parts import Part
from kerma.areas.review.model_nonconformance import nonconformance, nonconformance_step
from kerma.areas.review.model_recall import recall, recall_exam
from kerma.areas.review.model_spec import (
    exam_specification,
    specification,
    specification_approval,
    specification_attachment,
    specification_text,
)

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel


def parts(kernel: Kernel, exam_pk: int) -> Iterator[Part]:
    """Yield the specifications, non-conformances and recalls of an exam, where there are any."""
    linked = sa.select(exam_specification.c.specification_id).where(exam_specification.c.exam_pk == exam_pk)
    opened = sa.select(nonconformance.c.id).where(nonconformance.c.exam_pk == exam_pk)
    recalled = sa.select(recall_exam.c.recall_id).where(recall_exam.c.exam_pk == exam_pk)
    wanted = (
        (exam_specification, exam_specification.c.exam_pk == exam_pk, "specification-links",
         "Under which specifications the exam was read, the newest last"),
        (specification, specification.c.id.in_(linked), "specifications", "These specifications"),
        (specification_text, specification_text.c.specification_id.in_(linked), "specification-texts",
         "What they say, in every form they had"),
        (specification_approval, specification_approval.c.specification_id.in_(linked), "specification-approvals",
         "Who approved them, for which side"),
        (nonconformance, nonconformance.c.exam_pk == exam_pk, "nonconformances", "What did not conform"),
        (nonconformance_step, nonconformance_step.c.nonconformance_id.in_(opened), "nonconformance-steps",
         "Everything that happened to these non-conformances, in its order"),
        (recall, recall.c.id.in_(recalled), "recalls", "Why the exam was recalled to be read again"),
    )  # fmt: skip
    for table, where, name, about in wanted:
        with kernel.database.read() as connection:
            found = connection.execute(sa.select(table).where(where).order_by(table.c.id)).mappings()
            rows = [dict(row) for row in found]
        if rows:
            data = json.dumps(rows, ensure_ascii=False, indent=1).encode() + b"\n"
            yield Part(f"data/decisions/{name}.json", "decision", about, data)
    with kernel.database.read() as connection:
        listed = sa.select(specification_attachment.c.sha256).where(
            specification_attachment.c.specification_id.in_(linked)
        )
        files = sorted(set(connection.scalars(listed)))
    for sha256 in files:
        yield Part(f"data/decisions/specification-files/{sha256}", "decision", "File of a specification", blob=sha256)
