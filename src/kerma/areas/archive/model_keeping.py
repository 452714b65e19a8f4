"""The tables of keeping: retention rules, legal holds, deletion plans, tombstones, tier rules, the scrub's progress."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

ON, OFF = "on", "off"
"""States of a rule: a rule is never changed or removed, it is switched off and another one made."""

COUNTED_FROM = ("arrival", "exam", "birth")
"""What the days of a rule count from: the last image's arrival, the exam's date, or the subject's birth date."""

SOURCES = ("law", "contract", "procedure")
RETURNS = ("quarantine", "accept")
"""What becomes of an image whose exam was deleted, when it comes again."""

retention_rule = sa.Table(
    "retention_rule",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("subject_class", sa.String(64), nullable=False, server_default=""),
    sa.Column("kept_days", sa.Integer, nullable=False),
    sa.Column("counted_from", sa.String(8), nullable=False),
    sa.Column("source_kind", sa.String(16), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("returns", sa.String(16), nullable=False),
    sa.Column("state", sa.String(3), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", ActorKey, nullable=False),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.Column("ended_by", ActorKey, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('on', 'off')", name="state"),
    sa.CheckConstraint("kept_days >= 0", name="kept_days"),
    sqlite_autoincrement=True,
)
"""How long exams of an industry (and class of subject; empty: every class) are kept, and by which law or contract."""

subject_class = sa.Table(
    "subject_class",
    metadata,
    sa.Column("subject_key", sa.String(36), primary_key=True),
    sa.Column("class", sa.String(64), nullable=False),
    sa.Column("set_at", Moment, nullable=False),
    sa.Column("set_by", ActorKey, nullable=False),
)
"""The class a person gave to a subject (a class of part, a kind of baggage), where age alone does not tell."""

EXAM, SUBJECT, ACCESSION, ITEM = "exam", "subject", "accession", "item"
TARGETS = (EXAM, SUBJECT, ACCESSION, ITEM)

legal_hold = sa.Table(
    "legal_hold",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("target", sa.String(16), nullable=False),
    sa.Column("thing", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("placed_at", Moment, nullable=False),
    sa.Column("placed_by", ActorKey, nullable=False),
    sa.Column("lift_reason", sa.Text, nullable=False, server_default=""),
    sa.Column("lift_requested_at", Moment, nullable=False, server_default=""),
    sa.Column("lift_requested_by", ActorKey, nullable=False, server_default=""),
    sa.Column("lifted_at", Moment, nullable=False, server_default=""),
    sa.Column("lifted_by", ActorKey, nullable=False, server_default=""),
    sa.CheckConstraint("target IN ('exam', 'subject', 'accession', 'item')", name="target"),
    sa.CheckConstraint("lifted_by = '' OR lifted_by <> lift_requested_by", name="two_persons"),
    sa.Index(None, "target", "thing"),
    sqlite_autoincrement=True,
)
"""What may not be deleted whatever the rules say. ``thing`` is the exam's UID, the subject's key, the accession
number, or the number of a thing under custody; it is no foreign key, so that a hold outlives what it was placed on."""

deletion_plan = sa.Table(
    "deletion_plan",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("exam_count", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", ActorKey, nullable=False),
    sqlite_autoincrement=True,
)
"""What a dry run showed, to the byte: a deletion names its digest and deletes nothing else."""

tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_uid", sa.String(64), nullable=False, index=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("rule_id", BigKey, nullable=False),
    sa.Column("returns", sa.String(16), nullable=False),
    sa.Column("image_count", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("document_sha256", sa.String(64), nullable=False),
    sa.Column("deleted_at", Moment, nullable=False),
    sa.Column("deleted_by", ActorKey, nullable=False),
    sqlite_autoincrement=True,
)
"""What was deleted: ``document`` lists every image's number, UID and hashes; its SHA-256 stands in the ledger."""

tier_rule = sa.Table(
    "tier_rule",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("after_days", sa.Integer, nullable=False),
    sa.Column("tier", sa.String(16), nullable=False),
    sa.Column("state", sa.String(3), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", ActorKey, nullable=False),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.Column("ended_by", ActorKey, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('on', 'off')", name="state"),
    sqlite_autoincrement=True,
)
"""After how many days since its last image an industry's exam moves to a storage tier."""

exam_place = sa.Table(
    "exam_place",
    metadata,
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("tier", sa.String(16), nullable=False),
    sa.Column("image_count", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("moved_at", Moment, nullable=False),
    sa.Index(None, "tier"),
)
"""Where an exam's bytes were moved to; without a row they are in the hot place. Reading never needs it."""

scrub_state = sa.Table(
    "scrub_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("column", sa.String(128), nullable=False),
    sa.Column("last_key", BigKey, nullable=False),
    sa.Column("in_round", sa.BigInteger, nullable=False),
    sa.Column("round_begun_at", Moment, nullable=False),
    sa.Column("round_ended_at", Moment, nullable=False, server_default=""),
    sa.Column("at", Moment, nullable=False),
    sa.CheckConstraint("id = 1", name="one_row"),
)
"""How far the scrub has come: one row. It walks the rows of each column of addresses in the order of their keys."""


@dataclass(frozen=True)
class ExamDeleted:
    """An exam's images are about to be deleted; published in that transaction, while its rows are still there.

    Whoever keeps rows about the exam takes away what is no record of its own (drafts, queue entries, analyses nobody
    relied on). What stays (a decision, a signed report) keeps the exam's bare entry.
    """

    exam_pk: int
    exam_uid: str
    image_pks: tuple[int, ...]
