"""Reading what keeping needs: rules, holds, exams as the rules see them, tombstones, tiers, the scrub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import rules_keeping as rules
from kerma.areas.archive.model import exam, image, subject
from kerma.areas.archive.model_keeping import (
    ACCESSION,
    EXAM,
    ON,
    SUBJECT,
    deletion_plan,
    exam_place,
    legal_hold,
    retention_rule,
    scrub_state,
    subject_class,
    tier_rule,
    tombstone,
)
from kerma.kernel import clock
from kerma.kernel.backup_model import backup_run
from kerma.kernel.prepared import Prepared

FETCH_ROWS = 1_000
IN_FORCE = legal_hold.c.lifted_at == ""

_EXAMS = (
    sa.select(
        exam.c.id,
        exam.c.uid,
        exam.c.industry,
        exam.c.accession,
        exam.c.exam_date,
        exam.c.description,
        exam.c.image_count,
        exam.c.last_received_at,
        subject.c.key.label("subject_key"),
        subject.c.subject_id,
        subject.c.birth_date,
        sa.func.coalesce(subject_class.c["class"], "").label("subject_class"),
        exam_place.c.tier.label("place_tier"),
        exam_place.c.image_count.label("place_image_count"),
    )
    .join_from(exam, subject)
    .outerjoin(exam_place, exam_place.c.exam_pk == exam.c.id)
    .outerjoin(subject_class, subject_class.c.subject_key == subject.c.key)
)
_EXAM = _EXAMS.where(exam.c.id == sa.bindparam("exam_pk"))
_IMAGES = (
    sa.select(image.c.id, image.c.uid, image.c.sha256, image.c.sidecar_sha256, image.c.size_bytes)
    .where(image.c.exam_pk == sa.bindparam("exam_pk"))
    .order_by(image.c.id)
)


@dataclass(frozen=True)
class Holds:
    """The legal holds in force, by what they were placed on."""

    reasons: Mapping[tuple[str, str], list[str]]

    def on(self, row: Mapping[str, Any]) -> list[str]:
        """Return the reasons of all holds on an exam, on its subject, or on its accession number."""
        things = ((EXAM, row["uid"]), (SUBJECT, row["subject_key"]), (ACCESSION, row["accession"]))
        return [reason for thing in things if thing[1] for reason in self.reasons.get(thing, ())]


def retention_rules(connection: sa.Connection) -> list[rules.RetentionRule]:
    """Return the retention rules in force."""
    names = ("id", "industry", "subject_class", "kept_days", "counted_from", "source", "returns")
    statement = sa.select(*(retention_rule.c[name] for name in names)).where(retention_rule.c.state == ON)
    return [rules.RetentionRule(*row) for row in connection.execute(statement.order_by(retention_rule.c.id))]


def tier_rules(connection: sa.Connection) -> list[rules.TierRule]:
    """Return the tier rules in force."""
    names = ("id", "industry", "after_days", "tier")
    statement = sa.select(*(tier_rule.c[name] for name in names)).where(tier_rule.c.state == ON)
    return [rules.TierRule(*row) for row in connection.execute(statement.order_by(tier_rule.c.id))]


def holds(connection: sa.Connection) -> Holds:
    """Return every legal hold in force."""
    found: dict[tuple[str, str], list[str]] = {}
    statement = sa.select(legal_hold.c.id, legal_hold.c.target, legal_hold.c.thing, legal_hold.c.reason).where(IN_FORCE)
    for number, target, thing, reason in connection.execute(statement.order_by(legal_hold.c.id)):
        found.setdefault((target, thing), []).append(f"{reason} (hold {number})")
    return Holds(found)


def exam_to_keep(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return an exam with what the rules need to know of it, or None."""
    found = connection.execute(_EXAM, {"exam_pk": exam_pk}).mappings().first()
    return dict(found) if found else None


def exams_to_keep(connection: sa.Connection, industries: set[str], arrived_before: str) -> Iterator[dict[str, Any]]:
    """Yield the exams of some industries that have images and whose last one came before a moment, oldest first."""
    statement = _EXAMS.where(
        exam.c.industry.in_(sorted(industries)), exam.c.image_count > 0, exam.c.last_received_at < arrived_before
    ).order_by(exam.c.id)
    for row in connection.execute(statement, execution_options={"yield_per": FETCH_ROWS}).mappings():
        yield dict(row)


def facts_of(row: Mapping[str, Any]) -> rules.ExamFacts:
    """Return what the rules need to know of an exam."""
    return rules.ExamFacts(row["industry"], row["exam_date"], row["birth_date"], arrived_on(row), row["subject_class"])


def arrived_on(row: Mapping[str, Any]) -> date:
    """Return the day on which an exam's last image came."""
    return clock.moment(row["last_received_at"]).date()


def images_to_keep(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return an exam's images, in the order of their keys: number, UID, hashes and size."""
    return [dict(row) for row in connection.execute(_IMAGES, {"exam_pk": exam_pk}).mappings()]


def size_of(images: list[dict[str, Any]]) -> int:
    """Return the bytes of some images."""
    return sum(row["size_bytes"] for row in images)


_RETURNS = Prepared(
    sa.select(tombstone.c.returns)
    .where(tombstone.c.exam_uid == sa.bindparam("exam_uid"))
    .order_by(tombstone.c.id.desc())
    .limit(1)
)


def refuses_return(connection: sa.Connection, exam_uid: str) -> bool:
    """Return whether images of this exam were deleted by a rule that lets none come back unseen."""
    return bool(_RETURNS.scalar(connection, {"exam_uid": exam_uid}) == "quarantine")


def rows_of(connection: sa.Connection, table: sa.Table, limit: int = 500) -> list[dict[str, Any]]:
    """Return the rows of one of the tables of keeping, the newest first, without its long documents."""
    columns = [column for column in table.columns if column.name != "document"]
    statement = sa.select(*columns).order_by(next(iter(table.primary_key)).desc()).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]


def plan_of(connection: sa.Connection, digest: str) -> dict[str, Any] | None:
    """Return the newest dry run with this digest, or None."""
    statement = sa.select(deletion_plan).where(deletion_plan.c.digest == digest).order_by(deletion_plan.c.id.desc())
    found = connection.execute(statement.limit(1)).mappings().first()
    return dict(found) if found else None


def places(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return how many exams, images and bytes were moved to each tier."""
    counted = (
        sa.func.count().label("exam_count"),
        sa.func.sum(exam_place.c.image_count).label("image_count"),
        sa.func.sum(exam_place.c.size_bytes).label("size_bytes"),
    )
    statement = sa.select(exam_place.c.tier, *counted).group_by(exam_place.c.tier).order_by(exam_place.c.tier)
    return [{name: value if name == "tier" else int(value) for name, value in row.items()}
            for row in connection.execute(statement).mappings()]  # fmt: skip


def scrub_progress(connection: sa.Connection) -> dict[str, Any] | None:
    """Return how far the scrub has come, or None before its first day."""
    found = connection.execute(sa.select(scrub_state).where(scrub_state.c.id == 1)).mappings().first()
    return dict(found) if found else None


def backups(connection: sa.Connection, limit: int = 50) -> list[dict[str, Any]]:
    """Return the backups made, the newest first."""
    return rows_of(connection, backup_run, limit)
