"""The tables of the archive: subjects, exams, series, images, the quarantine, and who has an exam open.

Keys count up with arrival, so "newest first" is a walk down a key. Search columns are folded when written and
compared byte by byte, so that a prefix is a range of an index on both databases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

Uid = sa.String(64)
Sha256 = sa.String(64)
Moment = sa.String(32)
Folded = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text for a range search: ordered by code point whatever the language of the server."""

Outcome = Literal["stored", "duplicate", "quarantined", "refused"]
"""Kept and indexed; kept before; kept apart; not kept at all (its sender must mend something first)."""

subject = sa.Table(
    "subject",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(36), nullable=False, unique=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("subject_id", Folded, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_folded", Folded, nullable=False),
    sa.Column("birth_date", sa.String(16), nullable=False),
    sa.Column("sex", sa.String(16), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index(None, "name_folded", "id"),
)
"""What is imaged. ``key`` is a random UUID: the only form in which a subject may stand in the ledger."""

sa.Index(
    "uq_subject_subject_id_issuer_industry",
    subject.c.subject_id,
    subject.c.issuer,
    subject.c.industry,
    unique=True,
    sqlite_where=subject.c.subject_id != "",
    postgresql_where=subject.c.subject_id != "",
)
"""One row for each subject; but what has no id is a subject of its own with every exam."""

exam = sa.Table(
    "exam",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("uid", Uid, nullable=False, unique=True),
    sa.Column("subject_pk", BigKey, sa.ForeignKey("subject.id"), nullable=False),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("accession", Folded, nullable=False),
    sa.Column("exam_date", sa.String(16), nullable=False),
    sa.Column("exam_time", sa.String(16), nullable=False),
    sa.Column("exam_id", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("referring_name", sa.Text, nullable=False),
    sa.Column("modalities", sa.Text, nullable=False),
    sa.Column("series_count", sa.Integer, nullable=False),
    sa.Column("image_count", sa.Integer, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("last_received_at", Moment, nullable=False),
    sa.Column("flags", sa.Text, nullable=False, server_default=""),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index(None, "subject_pk", "id"),
    sa.Index(None, "industry", "id"),
    sa.Index(None, "exam_date", "id"),
    sa.Index(None, "accession", "id"),
)
"""One visit, inspection or scan. ``document`` is the finished DICOM-JSON answer of a study query; ``modalities`` are
separated by commas; ``flags`` are codes of ``rules.FLAGS``, separated by commas."""

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("uid", Uid, nullable=False, unique=True),
    sa.Column("modality", sa.String(16), nullable=False),
    sa.Column("number", sa.Integer),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("body_part", sa.Text, nullable=False),
    sa.Column("manufacturer", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("serial_number", sa.Text, nullable=False),
    sa.Column("station", sa.Text, nullable=False),
    sa.Column("institution", sa.Text, nullable=False),
    sa.Column("image_count", sa.Integer, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
)

image = sa.Table(
    "image",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("uid", Uid, nullable=False, unique=True),
    sa.Column("series_pk", BigKey, sa.ForeignKey("series.id"), nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("sop_class_uid", Uid, nullable=False),
    sa.Column("sop_class_name", sa.Text, nullable=False),
    sa.Column("transfer_syntax_uid", Uid, nullable=False),
    sa.Column("number", sa.Integer),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("format", sa.String(8), nullable=False),
    sa.Column("rows", sa.Integer),
    sa.Column("columns", sa.Integer),
    sa.Column("planes", sa.Integer),
    sa.Column("bits", sa.Integer),
    sa.Column("acquired_at", Moment, nullable=False),
    sa.Column("warnings", sa.Text, nullable=False, server_default=""),
    sa.Column("sha256", Sha256, nullable=False, info=BLOB),
    sa.Column("sidecar_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.CheckConstraint("kind IN ('image', 'object')", name="kind"),
    sa.Index(None, "exam_pk", "id"),
    sa.Index(None, "series_pk", "id"),
)
"""One object as it came. ``kind`` "object" has no pixels Kerma can show (a report, an unknown class). ``warnings`` has
one line for each assumption of the reader. ``sidecar_sha256`` is the description that came with a raw file."""

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("sha256", Sha256, nullable=False, info=BLOB),
    sa.Column("sidecar_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("image_uid", Uid, nullable=False, server_default=""),
    sa.Column("conflicts_with_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("received_at", Moment, nullable=False),
    sa.UniqueConstraint("sha256", "sidecar_sha256", "reason"),
)
"""What came and may not stand among the exams; ``reason`` is a code of ``rules.REASONS``."""

opening = sa.Table(
    "opening",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("actor_key", sa.String(80), nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.UniqueConstraint("actor_key", "exam_pk"),
)
"""When an actor last opened an exam: images shown within the same opening make no further record."""


@dataclass(frozen=True)
class ExamArrived:
    """One image has been stored; published once for each, in the transaction that stores it."""

    exam_pk: int
    exam_uid: str
    industry: str
    is_new: bool
    """Whether this image opened the exam."""


@dataclass(frozen=True)
class Arrival:
    """Bytes at the door: the content or the file that holds it, and where it came from."""

    data: bytes | Path = field(repr=False)
    file_name: str
    industry: str | None = None
    sidecar: bytes | None = field(default=None, repr=False)
    from_: str = "cli"
    """The door: "cli", "http", "folder", "dimse"."""


@dataclass(frozen=True)
class Stored:
    """What became of an arrival, once it is durable."""

    outcome: Outcome
    file_name: str
    sha256: str
    size_bytes: int
    image_uid: str = ""
    exam_uid: str = ""
    industry: str = ""
    image_pk: int | None = None
    exam_pk: int | None = None
    quarantine_id: int | None = None
    reason: str = ""
    """Why it is in quarantine, in words; empty otherwise."""
