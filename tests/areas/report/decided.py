"""Exams with one image, analysed and decided, and what their reports and the ledger then hold."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from tests.areas.report.samples import exam_document, tiff_bytes, weld

import exams
from kerma.areas.report.jobs import build_report
from kerma.areas.report.model import report
from kerma.areas.review import actions as review
from kerma.areas.review import rules as review_rules
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record


def analysed(kernel: Kernel, actor: Actor, subject: str = "W-1", name: str = "Seam 1", seed: int = 1) -> int:
    """An exam with one image in the blobs, analysed."""
    sha256 = kernel.blobs.put(tiff_bytes(weld(seed=seed)))
    exam_pk = exams.arrive(kernel, actor, industry="ndt", subject_id=subject, name=name, sha256s=(sha256,))
    analyse(kernel, actor, exam_pk, sha256)
    return exam_pk


def decided(kernel: Kernel, actor: Actor, subject: str = "W-1") -> int:
    """An exam that is decided, with its draft."""
    exam_pk = analysed(kernel, actor, subject)
    decide(kernel, actor, exam_pk)
    build_report(kernel, exam_pk=exam_pk)
    return exam_pk


def analyse(kernel: Kernel, actor: Actor, exam_pk: int, *sha256s: str, **given: Any) -> None:
    document = exam_document(**given)
    document["images"] = [document["images"][0] | {"sha256": one, "path": "weld.tif"} for one in sha256s]
    digest = review_rules.images_digest(sha256s)
    review.record_analysis(kernel, actor, exam_pk=exam_pk, images_digest=digest, document=document)


def decide(kernel: Kernel, actor: Actor, exam_pk: int, code: str = "reject", supersedes: int | None = None) -> int:
    return review.decide(kernel, actor, exam_pk=exam_pk, decision_code=code, reason="seen", supersedes=supersedes)


def versions(kernel: Kernel, exam_pk: int) -> list[dict]:
    """Every version, the newest first."""
    with kernel.database.read() as connection:
        rows = connection.execute(sa.select(report).where(report.c.exam_pk == exam_pk).order_by(report.c.id.desc()))
        return [dict(row) for row in rows.mappings()]


def records(kernel: Kernel, name: str) -> list[dict]:
    with kernel.database.read() as connection:
        rows = connection.execute(sa.select(ledger_record).order_by(ledger_record.c.record_index)).mappings()
        found = [json.loads(row["body"]) for row in rows]
    return [one for one in found if one["action"] == name]
