"""The tables of the archive: subjects, exams, series, images, the quarantine, and who has an exam open.

Keys count up with arrival, so "newest first" is a walk down a key; a key is never used again, also after a deletion,
because the ledger names rows by it. Search columns are folded when written and
compared byte by byte, so that a prefix is a range of an index on both databases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.blobs_writer import BlobWriter
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
    sqlite_autoincrement=True,
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
    sa.Column("timezone", sa.String(8), nullable=False, server_default=""),
    sa.Column("exam_id", Folded, nullable=False),
    sa.Column("description", Folded, nullable=False),
    sa.Column("referring_name", sa.Text, nullable=False),
    sa.Column("modalities", sa.Text, nullable=False),
    sa.Column("sop_classes", sa.Text, nullable=False, server_default=""),
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
    sa.Index(None, "exam_id", "id"),
    sa.Index(None, "description", "id"),
    sqlite_autoincrement=True,
)
"""One visit, inspection or scan. ``document`` is the finished DICOM-JSON answer of a study query, its retrieve address
without a host; ``modalities``, ``sop_classes`` and ``flags`` (codes of ``rules.FLAGS``) are separated by commas."""

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("uid", Uid, nullable=False, unique=True),
    sa.Column("modality", Folded, nullable=False),
    sa.Column("number", sa.Integer),
    sa.Column("description", Folded, nullable=False),
    sa.Column("body_part", Folded, nullable=False),
    sa.Column("laterality", Folded, nullable=False, server_default=""),
    sa.Column("protocol", Folded, nullable=False, server_default=""),
    sa.Column("manufacturer", Folded, nullable=False),
    sa.Column("model", Folded, nullable=False),
    sa.Column("serial_number", Folded, nullable=False),
    sa.Column("station", Folded, nullable=False),
    sa.Column("institution", Folded, nullable=False),
    sa.Column("series_date", sa.String(16), nullable=False, server_default=""),
    sa.Column("series_time", sa.String(16), nullable=False, server_default=""),
    sa.Column("performed_date", sa.String(16), nullable=False, server_default=""),
    sa.Column("performed_time", sa.String(16), nullable=False, server_default=""),
    sa.Column("performed_id", Folded, nullable=False, server_default=""),
    sa.Column("requested_id", Folded, nullable=False, server_default=""),
    sa.Column("scheduled_id", Folded, nullable=False, server_default=""),
    sa.Column("image_count", sa.Integer, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("document", sa.Text, nullable=False, server_default="{}"),
    sa.Index(None, "modality", "id"),
    sa.Index(None, "station", "id"),
    sa.Index(None, "body_part", "id"),
    sa.Index(None, "performed_date", "id"),
    sqlite_autoincrement=True,
)
"""One series. ``document`` is the finished DICOM-JSON answer of a series query. Rare values are found by their index;
what is common is met soon on a walk down the keys."""

series_document = sa.Table(
    "series_document",
    metadata,
    sa.Column("series_pk", BigKey, sa.ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("image_count", sa.Integer, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("sha256", Sha256, nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
)
"""The metadata of all images of a series in one compressed text; see ``documents.py``. A cache: it may be deleted."""

NAME_GROUPS = (1, 2, 3)
"""Kinds of term: a name's alphabetic, ideographic and phonetic group, folded."""
WORD, MODALITY, SOP_CLASS = 4, 5, 6
"""Kinds of term: one word of a name, a modality, a SOP class."""

subject_term = sa.Table(
    "subject_term",
    metadata,
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("term", Folded, primary_key=True),
    sa.Column("subject_pk", BigKey, primary_key=True, autoincrement=False),
    sa.Index(None, "subject_pk", "kind"),
    sqlite_with_rowid=False,
)
"""The names of the subjects by their groups and by each of their words; the key is the index."""

exam_term = sa.Table(
    "exam_term",
    metadata,
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("term", Folded, primary_key=True),
    sa.Column("exam_pk", BigKey, primary_key=True, autoincrement=False),
    sa.Index(None, "exam_pk", "kind"),
    sqlite_with_rowid=False,
)
"""What an exam may be found by that it can have several of: modalities, SOP classes, the groups and words of the
referring physician's name. Rows follow ``exam``; see ``actions_index.name_exam``."""

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
    sa.Column("bits_allocated", sa.SmallInteger),
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
    sqlite_autoincrement=True,
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
    sa.Column("kept_reason", sa.Text, nullable=False, server_default=""),
    sa.Column("kept_by", sa.String(80), nullable=False, server_default=""),
    sa.Column("kept_at", Moment, nullable=False, server_default=""),
    sa.UniqueConstraint("sha256", "sidecar_sha256", "reason"),
    sqlite_autoincrement=True,
)
"""What came and may not stand among the exams; ``reason`` is a code of ``rules.REASONS``; ``kept_reason`` says why a
person who looked at it let it stay here."""

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
    """Images of an exam have been stored; published once for each exam and transaction, in it, after its rows."""

    exam_pk: int
    exam_uid: str
    industry: str
    is_new: bool
    """Whether the first of these images opened the exam."""


GROWN_BY = 16
"""Images by which a series grows before it is said that it has."""


@dataclass(frozen=True)
class SeriesGrew:
    """A series has GROWN_BY images more; published in the transaction that stores the last of them."""

    series_pk: int
    image_count: int


@dataclass(frozen=True)
class Arrival:
    """Bytes at the door: the content or the file that holds it, and where it came from."""

    data: bytes | Path | BlobWriter = field(repr=False)
    file_name: str
    industry: str | None = None
    sidecar: bytes | None = field(default=None, repr=False)
    from_: str = "cli"
    """The door: "cli", "http", "folder", "dimse"."""
    announced: tuple[str, str] | None = None
    """SOP class and instance UID that a message announced; the data set must agree, and is what is compared with an
    image kept before: its file meta information was written by the door."""


@dataclass(frozen=True)
class Stored:
    """What became of an arrival, once it is durable."""

    outcome: Outcome
    file_name: str
    sha256: str
    size_bytes: int
    image_uid: str = ""
    series_uid: str = ""
    exam_uid: str = ""
    sop_class_uid: str = ""
    industry: str = ""
    image_pk: int | None = None
    exam_pk: int | None = None
    quarantine_id: int | None = None
    reason: str = ""
    """Why it is in quarantine, in words; empty otherwise."""
    reason_code: str = ""
    """The same as a code of ``rules.REASONS``."""
