"""Keeping over HTTP: retention rules, legal holds, dry runs and deletions, tiers, alarms, the scrub, backups."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive import actions_deletion as deletion
from kerma.areas.archive import actions_keeping as keeping
from kerma.areas.archive import actions_upkeep as upkeep
from kerma.areas.archive import queries_keeping
from kerma.areas.archive.actions_quarantine import resolve_quarantine
from kerma.areas.archive.model_keeping import legal_hold, retention_rule, tier_rule, tombstone
from kerma.kernel import alarms as alarm_list
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.blobs_tiers import parse
from kerma.kernel.requests import actor_of, kernel_of

router = APIRouter(prefix="/api/v1/keeping", tags=["keeping"])

KernelNow = Annotated[Kernel, Depends(kernel_of)]
ActorNow = Annotated[Actor, Depends(actor_of)]
Rows = list[dict[str, Any]]
MOST_DAYS = keeping.MOST_DAYS
Key = Annotated[int, Field(ge=1, lt=2**63)]


class Asked(BaseModel):
    """What a request may say, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class RetentionAsked(Asked):
    """A retention rule to make."""

    industry: str = Field(max_length=32)
    kept_days: int = Field(ge=0, le=MOST_DAYS)
    source: str = Field(min_length=1, max_length=1024)
    subject_class: str = Field(default="", max_length=64)
    counted_from: Literal["arrival", "exam", "birth"] = "exam"
    source_kind: Literal["law", "contract", "procedure"] = "law"
    returns: Literal["quarantine", "accept"] = "quarantine"


class TierAsked(Asked):
    """A tier rule to make."""

    industry: str = Field(max_length=32)
    after_days: int = Field(ge=0, le=MOST_DAYS)
    tier: str = Field(max_length=16)


class HoldAsked(Asked):
    """A legal hold to place: on an exam (number or UID), a subject (key) or an accession number."""

    target: Literal["exam", "subject", "accession"]
    thing: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=1024)


class Reason(Asked):
    """Why."""

    reason: str = Field(min_length=1, max_length=1024)


class ClassAsked(Asked):
    """The class of a subject; empty takes it back."""

    subject_class: str = Field(max_length=64)


class PlanAsked(Asked):
    """For which industry a dry run is made (empty: all), and how many exams it lists at most."""

    industry: str = Field(default="", max_length=32)
    limit: int = Field(default=deletion.PLANNED_EXAMS, ge=1, le=deletion.PLANNED_EXAMS)


class DeletionAsked(Asked):
    """Which dry run is followed."""

    digest: str = Field(pattern="^[0-9a-f]{64}$")


class ResolutionAsked(Asked):
    """What becomes of an entry of the quarantine."""

    resolution: Literal["keep", "discard", "release"]
    reason: str = Field(min_length=1, max_length=1024)
    industry: str = Field(default="", max_length=32)


class Made(BaseModel):
    """The number of what was made."""

    id: int


class Listed(BaseModel):
    """Rows, the newest first."""

    rows: Rows


class PlanShown(BaseModel):
    """What would go, and the digest by which a deletion names it."""

    digest: str
    is_complete: bool
    size_bytes: int
    exams: Rows


class DeletionShown(BaseModel):
    """What went, and what stays and why."""

    deleted: Rows
    kept: Rows


class Tiers(BaseModel):
    """The storage tiers, their rules, and what was moved to each."""

    tiers: list[str]
    rules: Rows
    places: Rows


class Scrub(BaseModel):
    """How far the scrub has come."""

    days: int
    progress: dict[str, Any] | None


@router.get("/retention-rules")
def retention_rules(kernel: KernelNow, actor: ActorNow) -> Listed:
    """List the retention rules, also those switched off."""
    return _list(kernel, actor, "retention rules", retention_rule)


@router.post("/retention-rules", status_code=201)
def add_retention_rule(kernel: KernelNow, actor: ActorNow, asked: RetentionAsked) -> Made:
    """Make a retention rule."""
    given = asked.model_dump()
    options = {name: given.pop(name) for name in ("counted_from", "source_kind", "returns")}
    return Made(id=keeping.add_retention_rule(kernel, actor, **given, options=options))


@router.delete("/retention-rules/{rule_id}", status_code=204)
def end_retention_rule(kernel: KernelNow, actor: ActorNow, rule_id: Key) -> None:
    """Switch a retention rule off."""
    keeping.end_retention_rule(kernel, actor, rule_id=rule_id)


@router.put("/subjects/{subject_key}/class", status_code=204)
def classify(kernel: KernelNow, actor: ActorNow, subject_key: str, asked: ClassAsked) -> None:
    """Give a subject a class of the retention rules."""
    keeping.classify_subject(kernel, actor, subject_key=subject_key, class_=asked.subject_class)


@router.get("/holds")
def holds(kernel: KernelNow, actor: ActorNow) -> Listed:
    """List the legal holds, also those lifted."""
    return _list(kernel, actor, "legal holds", legal_hold)


@router.post("/holds", status_code=201)
def hold(kernel: KernelNow, actor: ActorNow, asked: HoldAsked) -> Made:
    """Place a legal hold."""
    return Made(id=keeping.hold(kernel, actor, **asked.model_dump()))


@router.put("/holds/{hold_id}/lift-request", status_code=204)
def request_lift(kernel: KernelNow, actor: ActorNow, hold_id: Key, asked: Reason) -> None:
    """Ask that a legal hold be lifted."""
    keeping.request_lift(kernel, actor, hold_id=hold_id, reason=asked.reason)


@router.delete("/holds/{hold_id}/lift-request", status_code=204)
def withdraw_lift(kernel: KernelNow, actor: ActorNow, hold_id: Key) -> None:
    """Take back or turn down the request to lift a legal hold."""
    keeping.withdraw_lift(kernel, actor, hold_id=hold_id)


@router.post("/holds/{hold_id}/lift", status_code=204)
def lift(kernel: KernelNow, actor: ActorNow, hold_id: Key) -> None:
    """Confirm, as another person than the one who asked, that a legal hold is lifted."""
    keeping.lift(kernel, actor, hold_id=hold_id)


@router.post("/dry-runs", status_code=201)
def dry_run(kernel: KernelNow, actor: ActorNow, asked: PlanAsked) -> PlanShown:
    """Show what the retention rules would delete today; nothing is changed."""
    plan = deletion.plan_deletion(kernel, actor, industry=asked.industry, limit=asked.limit)
    return PlanShown(digest=plan.digest, is_complete=plan.is_complete, size_bytes=plan.size_bytes, exams=plan.exams)


@router.post("/deletions")
def delete_planned(kernel: KernelNow, actor: ActorNow, asked: DeletionAsked) -> DeletionShown:
    """Delete exactly what a dry run of the last day showed; what may go no longer stays, with the reason."""
    result = deletion.delete_planned(kernel, actor, digest=asked.digest)
    return DeletionShown(deleted=[asdict(one) for one in result.deleted], kept=[asdict(one) for one in result.kept])


@router.get("/deletions")
def deletions(kernel: KernelNow, actor: ActorNow) -> Listed:
    """List the tombstones of what was deleted."""
    return _list(kernel, actor, "deletions", tombstone)


@router.delete("/exams/{exam_pk}")
def delete_exam(kernel: KernelNow, actor: ActorNow, exam_pk: Key) -> dict[str, Any]:
    """Delete one exam, where the rules allow it today."""
    return asdict(deletion.delete(kernel, actor, exam_pk=exam_pk))


@router.put("/quarantine/{quarantine_id}")
def resolve(kernel: KernelNow, actor: ActorNow, quarantine_id: Key, asked: ResolutionAsked) -> dict[str, Any]:
    """Let an entry of the quarantine stay, discard it, or release it into its exam."""
    stored = resolve_quarantine(kernel, actor, quarantine_id=quarantine_id, **asked.model_dump())
    return {"resolution": asked.resolution, "exam_pk": stored.exam_pk if stored else None}


@router.get("/tiers")
def tiers(kernel: KernelNow, actor: ActorNow) -> Tiers:
    """Show the storage tiers, their rules, and what was moved to each."""
    rules = _list(kernel, actor, "storage tiers", tier_rule).rows
    with kernel.database.read() as connection:
        places = queries_keeping.places(connection)
    return Tiers(tiers=list(parse(kernel.settings.blobs_tiers)), rules=rules, places=places)


@router.get("/tiers/dry-run")
def tier_dry_run(kernel: KernelNow, actor: ActorNow, limit: Annotated[int, Query(ge=1, le=1_000)] = 1_000) -> Listed:
    """Show what the tier rules would move now; nothing is moved."""
    keeping.view_keeping(kernel, actor, list_="storage tiers")
    return Listed(rows=[asdict(one) for one in islice(upkeep.due_moves(kernel), limit)])


@router.post("/tier-rules", status_code=201)
def add_tier_rule(kernel: KernelNow, actor: ActorNow, asked: TierAsked) -> Made:
    """Make a rule by which exams move to a storage tier."""
    return Made(id=keeping.add_tier_rule(kernel, actor, **asked.model_dump()))


@router.delete("/tier-rules/{rule_id}", status_code=204)
def end_tier_rule(kernel: KernelNow, actor: ActorNow, rule_id: Key) -> None:
    """Switch a tier rule off."""
    keeping.end_tier_rule(kernel, actor, rule_id=rule_id)


@router.get("/alarms")
def alarms(kernel: KernelNow, actor: ActorNow, every: bool = False) -> Listed:
    """List the open alarms, or with ``every`` those acknowledged too."""
    keeping.view_keeping(kernel, actor, list_="alarms")
    with kernel.database.read() as connection:
        return Listed(rows=alarm_list.alarms(connection, is_open=not every))


@router.put("/alarms/{alarm_id}/acknowledgement", status_code=204)
def acknowledge(kernel: KernelNow, actor: ActorNow, alarm_id: Key, asked: Reason) -> None:
    """Acknowledge an alarm, saying what was found and done."""
    alarm_list.acknowledge(kernel, actor, alarm_id=alarm_id, note=asked.reason)


@router.get("/scrub")
def scrub(kernel: KernelNow, actor: ActorNow) -> Scrub:
    """Show how far the scrub has come."""
    keeping.view_keeping(kernel, actor, list_="scrub")
    with kernel.database.read() as connection:
        return Scrub(days=kernel.settings.scrub_days, progress=queries_keeping.scrub_progress(connection))


@router.get("/backups")
def backups(kernel: KernelNow, actor: ActorNow) -> Listed:
    """List the backups made."""
    keeping.view_keeping(kernel, actor, list_="backups")
    with kernel.database.read() as connection:
        return Listed(rows=queries_keeping.backups(connection))


def _list(kernel: Kernel, actor: Actor, words: str, table: sa.Table) -> Listed:
    keeping.view_keeping(kernel, actor, list_=words)
    with kernel.database.read() as connection:
        return Listed(rows=queries_keeping.rows_of(connection, table))
