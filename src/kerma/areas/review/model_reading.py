"""The tables of reading: what hides what from readers, and every read that a person has recorded of an exam."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

reading_policy = sa.Table(
    "reading_policy",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("exam_class", sa.String(16), nullable=False, server_default=""),
    sa.Column("algorithm", sa.String(16), nullable=False),
    sa.Column("reading", sa.String(16), nullable=False),
    sa.Column("differing", sa.String(16), nullable=False, server_default="anybody"),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.CheckConstraint("algorithm IN ('concurrent', 'second-reader', 'off')", name="algorithm"),
    sa.CheckConstraint("reading IN ('open', 'blind', 'double')", name="reading"),
    sa.CheckConstraint("differing IN ('anybody', 'third-reader', 'consensus')", name="differing"),
    sa.Index(None, "industry", "exam_class", "id"),
)
"""How exams of an industry are read; ``exam_class`` is a modality for which it is otherwise, empty for the rest. The
newest row of an industry and class is in force unless it is one that ended it; no row is ever changed."""

reading = sa.Table(
    "reading",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("opened_at", sa.String(32), nullable=False),
    sa.Column("recorded_at", sa.String(32), nullable=False, index=True),
    sa.Column("last_image_pk", BigKey, nullable=False),
    sa.Column("analysis_id", BigKey, sa.ForeignKey("analysis.id")),
    sa.Column("judgement_id", BigKey, sa.ForeignKey("judgement.id")),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id"), unique=True),
    sa.Column("document_sha256", sa.String(64), nullable=False),
    sa.Column("conclusion", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("algorithm", sa.String(16), nullable=False),
    sa.Column("reading", sa.String(16), nullable=False),
    sa.Column("saw_algorithm", sa.Boolean, nullable=False),
    sa.Column("saw_people", sa.Boolean, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.CheckConstraint("kind IN ('first', 'independent', 'decision', 'consensus')", name="kind"),
    sa.Index(
        "uq_reading_once",
        "exam_pk",
        "person",
        "kind",
        "last_image_pk",
        unique=True,
        sqlite_where=sa.text("kind <> 'decision'"),
        postgresql_where=sa.text("kind <> 'decision'"),
    ),
)
"""One read of an exam by a person. ``kind``: "first" before what software found is shown, "independent" before another
person's read is shown, "consensus" by each of two who differed and have seen both, "decision" with every decision.
``document_sha256`` is the digest of what was on the page, ``last_image_pk`` the newest image there was: images that
come later are not read by it. ``algorithm`` and ``reading`` are the policy then; ``saw_algorithm`` and ``saw_people``
what was open to the person up to this read. ``record`` says how it was read: chains of enhancement, functions with
their seconds, the check of the display."""
