"""The table of report: every version of every report, never overwritten."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

report = sa.Table(
    "report",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("analysis_id", BigKey, sa.ForeignKey("analysis.id"), nullable=False),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id")),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("pdf_sha256", sa.String(64), nullable=False, info=BLOB),
    sa.Column("made_at", sa.String(32), nullable=False),
    sa.Column("signed_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("signed_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("certificate_sha256", sa.String(64), nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('proposed', 'signed')", name="state"),
)
"""One row per version: the newest is the exam's report. ``decision_id`` is the decision it states, if any;
``signed_by`` the key of the person, whose name stands in the PDF."""

sa.Index(
    "uq_report_proposed",
    report.c.analysis_id,
    sa.func.coalesce(report.c.decision_id, 0),
    unique=True,
    sqlite_where=report.c.state == "proposed",
    postgresql_where=report.c.state == "proposed",
)
