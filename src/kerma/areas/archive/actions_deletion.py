"""Deleting exams: a dry run shows what would go and by which rule, a deletion names the dry run and deletes no more.

A deletion takes away the rows of an exam's images, leaves a tombstone, and has the bytes removed once it is durable and
no other row names them. What others made of the exam and what is a record of its own (a decision, a signed report)
stays, and with it the exam's bare entry.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import queries, queries_keeping, rules
from kerma.areas.archive import rules_keeping as keeping
from kerma.areas.archive.actions_index import take_turn
from kerma.areas.archive.model import exam, exam_term, image, opening, quarantine, series, subject, subject_term
from kerma.areas.archive.model_keeping import ExamDeleted, deletion_plan, exam_place, subject_class, tombstone
from kerma.areas.archive.rules_documents import study_document
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound
from kerma.kernel import blobs_removal, clock
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.references import referred_by

LISTED_BYTES = 40_000
"""A tombstone's document up to this size stands in the ledger record itself, which must stay below 65,536 bytes."""
ADDRESSES_AT_ONCE = 500
PLANNED_EXAMS = 1_000
"""Exams that one dry run lists at most: a list that a person can look at."""
OWN_TABLES = ("image", "series", "opening", "exam_place")
SERVICE = "service"


@dataclass(frozen=True)
class Plan:
    """What a dry run found: the exams that would go, and the digest by which a deletion names it."""

    digest: str
    exams: list[dict[str, Any]]
    """One row each: exam, subject's id, dates, the rule and its source, images and bytes."""
    is_complete: bool
    """Whether this is all that is due, or only the first part."""

    @property
    def size_bytes(self) -> int:
        """The bytes that would go."""
        return sum(row["size_bytes"] for row in self.exams)


@dataclass(frozen=True)
class Deleted:
    """What became of one exam."""

    exam_pk: int
    exam_uid: str
    is_deleted: bool
    reason: str
    """The rule's source, or why it stays."""
    images: int = 0
    size_bytes: int = 0
    tombstone_id: int | None = None


@dataclass
class Deletion:
    """What a deletion run did, exam by exam."""

    deleted: list[Deleted] = field(default_factory=list)
    kept: list[Deleted] = field(default_factory=list)


def plan_deletion(kernel: Kernel, actor: Actor, *, industry: str = "", limit: int = PLANNED_EXAMS) -> Plan:
    """Look what the rules would delete today, change nothing, and remember what was shown."""
    if not is_granted(_record_plan.name, actor.permissions):
        refuse(kernel, actor, _record_plan.name)
    today = kernel.clock.now().date()
    with kernel.database.read() as connection:
        due: list[dict[str, Any]] = []
        for row in _due(connection, kernel, industry):
            if len(due) > limit:
                break
            due.append(row)
    shown = due[:limit]
    document = keeping.plan_document(shown, today)
    _record_plan(kernel, actor, document=document, exams=shown)
    return Plan(keeping.digest_of(document), shown, len(due) <= limit)


def _due(connection: sa.Connection, kernel: Kernel, industry: str) -> Iterator[dict[str, Any]]:
    rules_in_force = queries_keeping.retention_rules(connection)
    holds = queries_keeping.holds(connection)
    now = kernel.clock.now()
    industries = {rule.industry for rule in rules_in_force} & ({industry} if industry else set(kernel.industries))
    if not industries:
        return
    since_birth = any(rule.counted_from == "birth" for rule in rules_in_force)
    least_days = 0 if since_birth else min(rule.kept_days for rule in rules_in_force)
    first_kept = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=least_days - 1)
    for row in queries_keeping.exams_to_keep(connection, industries, clock.text(first_kept)):
        fate = keeping.fate(queries_keeping.facts_of(row), now.date(), rules_in_force, holds.on(row))
        if fate.is_due and fate.rule is not None and fate.from_day is not None:
            yield _shown(connection, row, fate.rule, fate.from_day.isoformat())


def _shown(
    connection: sa.Connection, row: Mapping[str, Any], rule: keeping.RetentionRule, due_since: str
) -> dict[str, Any]:
    images = queries_keeping.images_to_keep(connection, row["id"])
    return {
        "exam_pk": row["id"],
        "exam_uid": row["uid"],
        "industry": row["industry"],
        "subject_id": row["subject_id"],
        "exam_date": row["exam_date"],
        "last_received_at": row["last_received_at"],
        "rule_id": rule.id,
        "source": rule.source,
        "due_since": due_since,
        "images": keeping.images_digest(images),
        "image_count": len(images),
        "size_bytes": queries_keeping.size_of(images),
    }


@action("archive.plan_deletion")
def _record_plan(act: Act, *, document: str, exams: list[dict[str, Any]]) -> None:
    """Make a dry run of the deletion by retention rules: what would go, by which rule, how many bytes."""
    digest = keeping.digest_of(document)
    size_bytes = sum(row["size_bytes"] for row in exams)
    values = {
        "digest": digest,
        "document": document,
        "exam_count": len(exams),
        "size_bytes": size_bytes,
        "made_at": act.at_text,
        "made_by": act.actor.key,
    }
    plan_id = act.connection.execute(sa.insert(deletion_plan).values(values).returning(deletion_plan.c.id)).scalar_one()
    act.record(plan_id=plan_id, plan_digest=digest, exam_count=len(exams), size_bytes=str(size_bytes))


def delete_planned(
    kernel: Kernel, actor: Actor, *, digest: str, progress: Callable[[int, int], None] = lambda done, total: None
) -> Deletion:
    """Delete exactly what a recent dry run showed; an exam that has changed since, or may go no longer, stays.

    Each exam is an action of its own, so a run that is killed is simply started again.

    Raises
    ------
    NotFound
        No dry run has this digest.
    Conflict
        The dry run is older than a day.
    NotAllowed
        The same person made the dry run: another one must look at it and delete.
    """
    if not is_granted(_delete.name, actor.permissions):
        refuse(kernel, actor, _delete.name)
    with kernel.database.read() as connection:
        plan = queries_keeping.plan_of(connection, digest)
    if plan is None:
        raise NotFound("no dry run has this digest: make one with `kerma archive retention`, and look at what it shows")
    if not keeping.is_recent(kernel.clock.now() - clock.moment(plan["made_at"])):
        raise Conflict(f"the dry run is of {plan['made_at']}, older than a day: make another one and look at it")
    if plan["made_by"] == actor.key and actor.kind != SERVICE:
        refuse(kernel, actor, _delete.name, "you made this dry run yourself: another person must look at it and delete")
    planned = json.loads(plan["document"])["exams"]
    result = Deletion()
    for number, entry in enumerate(planned, start=1):
        done = _attempt(kernel, actor, entry)
        (result.deleted if done.is_deleted else result.kept).append(done)
        progress(number, len(planned))
    _finish(kernel)
    return result


def _attempt(kernel: Kernel, actor: Actor, entry: Mapping[str, Any]) -> Deleted:
    try:
        return _delete(kernel, actor, exam_pk=entry["exam_pk"], expected=entry["images"])
    except (NotFound, Conflict) as error:
        return Deleted(entry["exam_pk"], entry["exam_uid"], False, str(error))


def delete(kernel: Kernel, actor: Actor, *, exam_pk: int) -> Deleted:
    """Delete one exam that its asker has in front of them, where the rules allow it today.

    Raises
    ------
    NotAllowed
        No rule allows it, or a legal hold forbids it; the attempt is in the ledger.
    Conflict
        Somebody is reading it, or rows that are no records of their own still refer to its images.
    """
    done = _delete(kernel, actor, exam_pk=exam_pk, expected="")
    if not done.is_deleted:
        raise NotAllowed(f"exam {exam_pk} stays: {done.reason}")
    _finish(kernel)
    return done


def _finish(kernel: Kernel) -> None:
    """Remove the bytes now; what fails or is killed here, the hourly job completes."""
    try:
        blobs_removal.remove_asked(kernel)
    except KermaError:
        blobs_removal.log.exception("bytes of deleted exams could not be removed yet; the hourly job tries again")


@action("archive.delete")
def _delete(act: Act, *, exam_pk: int, expected: str) -> Deleted:
    """Delete an exam, where a retention rule allows it and no legal hold forbids it."""
    take_turn(act)
    found = queries_keeping.exam_to_keep(act.connection, exam_pk)
    if found is None:
        raise NotFound(f"there is no exam {exam_pk}")
    images = queries_keeping.images_to_keep(act.connection, exam_pk)
    fate = keeping.fate(
        queries_keeping.facts_of(found),
        act.at.date(),
        queries_keeping.retention_rules(act.connection),
        queries_keeping.holds(act.connection).on(found),
    )
    reason = "" if fate.is_due else fate.reason
    if not images:
        reason = reason or "its images were deleted before"
    elif expected and keeping.images_digest(images) != expected:
        reason = reason or "its images have changed since the dry run"
    if reason or fate.rule is None:
        act.record(exam_pk=exam_pk, result="kept")
        return Deleted(exam_pk, found["uid"], False, reason)
    act.publish(ExamDeleted(exam_pk, found["uid"], tuple(row["id"] for row in images)))
    _demand_unreferenced(act, exam_pk, images)
    tombstone_id = _bury(act, found, fate.rule, images)
    keeps_entry = _take_rows_away(act, found)
    addresses = sorted({row[name] for row in images for name in ("sha256", "sidecar_sha256")} - {""})
    _unlink_quarantine(act, addresses)
    blobs_removal.ask(act, addresses)
    act.record(result="deleted", keeps_entry=keeps_entry)
    size_bytes = queries_keeping.size_of(images)
    return Deleted(exam_pk, found["uid"], True, fate.reason, len(images), size_bytes, tombstone_id)


def _unlink_quarantine(act: Act, addresses: list[str]) -> None:
    """Let entries of the quarantine that came as other bytes of a deleted image point to it no longer."""
    for first in range(0, len(addresses), ADDRESSES_AT_ONCE):
        pointing = quarantine.c.conflicts_with_sha256.in_(addresses[first : first + ADDRESSES_AT_ONCE])
        act.connection.execute(sa.update(quarantine).where(pointing).values(conflicts_with_sha256=""))


def _demand_unreferenced(act: Act, exam_pk: int, images: list[dict[str, Any]]) -> None:
    """Refuse when rows that nobody took away still refer to the exam's images or series."""
    image_pks = [row["id"] for row in images]
    series_pks = list(act.connection.scalars(sa.select(series.c.id).where(series.c.exam_pk == exam_pk)))
    for column, keys in ((image.c.id, image_pks), (series.c.id, series_pks)):
        left = referred_by(act.connection, column, keys, besides=OWN_TABLES)
        if left:
            tables = ", ".join(sorted({name for names in left.values() for name in names}))
            raise Conflict(f"exam {exam_pk} stays: rows of {tables} still refer to it")


def _bury(act: Act, found: Mapping[str, Any], rule: keeping.RetentionRule, images: list[dict[str, Any]]) -> int:
    """Write the tombstone, and put into the ledger what proves it."""
    document = keeping.tombstone_document(found, rule.id, images)
    values = {
        "exam_uid": found["uid"],
        "industry": found["industry"],
        "rule_id": rule.id,
        "returns": rule.returns,
        "image_count": len(images),
        "size_bytes": queries_keeping.size_of(images),
        "document": document,
        "document_sha256": keeping.digest_of(document),
        "deleted_at": act.at_text,
        "deleted_by": act.actor.key,
    }
    number = act.connection.execute(sa.insert(tombstone).values(values).returning(tombstone.c.id)).scalar_one()
    act.record(
        exam_pk=found["id"],
        exam_uid=found["uid"],
        rule_id=rule.id,
        tombstone_id=number,
        tombstone_sha256=values["document_sha256"],
        image_count=len(images),
        size_bytes=str(values["size_bytes"]),
    )
    if len(document) <= LISTED_BYTES:
        act.record(images=[[row["id"], row["uid"], row["sha256"], row["sidecar_sha256"]] for row in images])
    return int(number)


def _take_rows_away(act: Act, found: Mapping[str, Any]) -> bool:
    """Delete the exam's rows; returns whether its bare entry stays, because a record still refers to it."""
    exam_pk, run = found["id"], act.connection.execute
    for table in (opening, exam_place, image, series):
        run(sa.delete(table).where(table.c.exam_pk == exam_pk))
    run(sa.delete(exam_term).where(exam_term.c.exam_pk == exam_pk))
    if referred_by(act.connection, exam.c.id, [exam_pk]):
        _empty(act, exam_pk)
        return True
    subject_pk = act.connection.scalar(sa.select(exam.c.subject_pk).where(exam.c.id == exam_pk))
    run(sa.delete(exam).where(exam.c.id == exam_pk))
    if subject_pk is not None and not referred_by(act.connection, subject.c.id, [subject_pk]):
        run(sa.delete(subject_term).where(subject_term.c.subject_pk == subject_pk))
        run(sa.delete(subject_class).where(subject_class.c.subject_key == found["subject_key"]))
        run(sa.delete(subject).where(subject.c.id == subject_pk))
    return False


def _empty(act: Act, exam_pk: int) -> None:
    """Leave an exam's entry without images, flagged."""
    kept = queries.exam_by_pk(act.connection, exam_pk) or {}
    changed = {
        "series_count": 0,
        "image_count": 0,
        "modalities": "",
        "sop_classes": "",
        "flags": rules.joined(kept["flags"], ["images-deleted"]),
    }
    changed["document"] = study_document({**kept, **changed})
    act.connection.execute(sa.update(exam).where(exam.c.id == exam_pk).values(changed))
