"""The tables of report: every version and every signature, never overwritten; the keys that sign; batches."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)

report = sa.Table(
    "report",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("analysis_id", BigKey, sa.ForeignKey("analysis.id"), nullable=False),
    sa.Column("judgement_id", BigKey, sa.ForeignKey("judgement.id")),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id")),
    sa.Column("template", sa.String(64), nullable=False, server_default=""),
    sa.Column("language", sa.String(8), nullable=False, server_default="en"),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("record_sha256", sa.String(64), nullable=False, server_default=""),
    sa.Column("marks_sha256", sa.String(64), nullable=False, server_default=""),
    sa.Column("criticals_sha256", sa.String(64), nullable=False, server_default=""),
    sa.Column("writing", sa.Integer, nullable=False, server_default="0"),
    sa.Column("written_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("written_at", Moment, nullable=False, server_default=""),
    sa.Column("hides", sa.String(16), nullable=False, server_default=""),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("pdf_sha256", sa.String(64), nullable=False, info=BLOB),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("signed_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("signed_at", Moment, nullable=False, server_default=""),
    sa.Column("certificate_sha256", sa.String(64), nullable=False, server_default=""),
    sa.Column("stated", sa.JSON),
    sa.Column("amends_id", BigKey, sa.ForeignKey("report.id")),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("changes", sa.JSON),
    sa.CheckConstraint("state IN ('draft', 'signed')", name="state"),
)
"""One row per version. ``template`` and ``language`` say in which form it is laid out, ``record`` holds the values of a
form and the words of a person, ``written_by`` and ``written_at`` who wrote them when; ``writing`` is the newest version
of ``report_writing`` when it was laid out. ``hides`` is "algorithm" where what software found was left out,
``marks_sha256`` the digest of what persons had drawn on the images, empty for nothing;
``criticals_sha256`` that of the critical results and who was told of them.

A signed version keeps what it stated (``stated``: document, decision), so that an amendment can say what changed;
``amends_id`` is the signed version it takes the place of, ``changes`` the computed list. That a version was amended is
not stored: it follows from a newer signed one. ``signed_by`` is the key of the person."""

sa.Index(
    "uq_report_amends",
    report.c.amends_id,
    unique=True,
    sqlite_where=report.c.amends_id.is_not(None),
    postgresql_where=report.c.amends_id.is_not(None),
)

report_writing = sa.Table(
    "report_writing",
    metadata,
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("template", sa.String(64), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("written_by", sa.String(64), nullable=False),
    sa.Column("written_at", Moment, nullable=False),
)
"""What people write for an exam's report: kind, language, and the values of its form; each save is a version from 1,
and nothing is overwritten. The newest is the form of the next draft and of the signed report."""

report_signature = sa.Table(
    "report_signature",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("report_id", BigKey, sa.ForeignKey("report.id"), nullable=False, index=True),
    sa.Column("slot", sa.String(32), nullable=False),
    sa.Column("signed_by", sa.String(64), nullable=False),
    sa.Column("signed_at", Moment, nullable=False),
    sa.Column("certificate_sha256", sa.String(64), nullable=False),
    sa.Column("pdf_sha256", sa.String(64), nullable=False, info=BLOB),
    sa.Column("has_time_stamp", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("qualification", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("report_id", "slot"),
)
"""Every signature of a version in its order; the newest one's PDF holds them all. ``note`` says why there is no time
stamp where one was wanted, ``qualification`` what the checks of the signer's qualification answered."""

signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("certificate_sha256", sa.String(64), nullable=False),
    sa.Column("certificates", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("imported_at", Moment, nullable=False),
    sa.Column("retired_at", Moment, nullable=False, server_default=""),
)
"""Keys that people sign with: the certificates as PEM, the private key sealed by its owner's passphrase
(``signature_sealed``). An owner's newest one that is not retired is in use."""

report_batch = sa.Table(
    "report_batch",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("asked_by", sa.String(64), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("template", sa.String(64), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
)
"""Many reports asked for in one go; how far it is follows from its rows."""

report_batch_row = sa.Table(
    "report_batch_row",
    metadata,
    sa.Column("batch_id", BigKey, sa.ForeignKey("report_batch.id"), primary_key=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("report_id", BigKey, sa.ForeignKey("report.id")),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('waiting', 'done', 'refused')", name="state"),
)
"""One exam of a batch: ``done`` with its report, or ``refused`` with the reason."""
sa.Index("ix_report_batch_row_state", report_batch_row.c.batch_id, report_batch_row.c.state)
