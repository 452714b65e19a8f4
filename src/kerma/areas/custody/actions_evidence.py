"""Sealing evidence packages: the one moment at which what leaves the house is bound to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from kerma.areas.archive import queries
from kerma.areas.archive.actions import release
from kerma.areas.custody.model_evidence import evidence_package
from kerma.errors import NotFound, WrongUsage
from kerma.kernel.action import Act, action

MAX_WORDS = 500


@dataclass(frozen=True)
class Errand:
    """For what a package leaves the house, and to whom it goes."""

    purpose: str
    recipient: str = ""


@dataclass(frozen=True)
class Sealing:
    """What a seal says: the package, the digests of its manifest and tag files, and its errand."""

    uid: str
    manifest_sha256: str
    tags_sha256: str
    file_count: int
    size_bytes: int
    errand: Errand


@action("custody.export_evidence")
def export_evidence(act: Act, *, exam_pk: int, sealing: Sealing) -> int:
    """Seal an evidence package of an exam, so that it can leave the house; returns the package's number."""
    check_errand(sealing.errand)
    if queries.exam_by_pk(act.connection, exam_pk) is None:
        raise NotFound(f"there is no exam {exam_pk}")
    release.within(act, exam_pk=exam_pk, purpose="evidence")
    act.record(exam_pk=exam_pk)
    return _keep(act, sealing, kind="evidence", exam_pk=exam_pk, made_of="")


@action("custody.redact_evidence")
def redact_evidence(act: Act, *, sealing: Sealing, made_of: str, removed: int) -> int:
    """Seal a package from which files were taken; it refers to the package it was made of."""
    check_errand(sealing.errand)
    known = act.connection.execute(
        sa.select(evidence_package.c.exam_pk).where(evidence_package.c.uid == made_of)
    ).first()
    act.record(made_of=made_of, removed=removed)
    if known is not None and known.exam_pk is not None:
        act.record(exam_pk=known.exam_pk)
    return _keep(act, sealing, kind="redacted", exam_pk=known.exam_pk if known else None, made_of=made_of)


def _keep(act: Act, sealing: Sealing, *, kind: str, exam_pk: int | None, made_of: str) -> int:
    act.record(
        package=sealing.uid,
        manifest_sha256=sealing.manifest_sha256,
        tags_sha256=sealing.tags_sha256,
        file_count=sealing.file_count,
    )
    values = {
        "uid": sealing.uid,
        "kind": kind,
        "exam_pk": exam_pk,
        "made_of": made_of,
        "manifest_sha256": sealing.manifest_sha256,
        "file_count": sealing.file_count,
        "size_bytes": sealing.size_bytes,
        "purpose": sealing.errand.purpose,
        "recipient": sealing.errand.recipient,
        "made_by": act.actor.key,
        "made_at": act.at_text,
    }
    statement = sa.insert(evidence_package).values(values).returning(evidence_package.c.id)
    return int(act.connection.execute(statement).scalar_one())


def check_errand(errand: Errand) -> None:
    """Check that it is said for what evidence leaves the house; raises :class:`WrongUsage`."""
    if not errand.purpose.strip():
        raise WrongUsage("say for what the evidence leaves the house (purpose), for instance 'court, case 4711'")
    if max(len(errand.purpose), len(errand.recipient)) > MAX_WORDS:
        raise WrongUsage(f"purpose and recipient have at most {MAX_WORDS} letters each")
