"""The tables of judging: what a person recorded of an exam and declared of its load, a site's packs, confirmations."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

judgement = sa.Table(
    "judgement",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("analysis_id", BigKey, sa.ForeignKey("analysis.id"), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("decision_proposed", sa.String(32), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.UniqueConstraint("exam_pk", "version"),
)
"""``version`` counts an exam's judgements from 1; the highest is in force, the earlier ones stay as they were made.
``analysis_id`` is the analysis it lies over. ``document`` holds the findings of people, what was dismissed and why, the
pack, the conditions, the image-quality entries, and the verdicts that followed."""

site_pack = sa.Table(
    "site_pack",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("edition", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("withdrawn_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("withdrawn_at", sa.String(32), nullable=False, server_default=""),
    sa.UniqueConstraint("name", "version"),
)
"""A site's acceptance packs as they were handed over; of a name, the newest version not withdrawn is in force."""

pack_confirmation = sa.Table(
    "pack_confirmation",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("pack", sa.String(64), nullable=False, index=True),
    sa.Column("table_sha256", sa.String(64), nullable=False),
    sa.Column("edition", sa.Text, nullable=False),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("withdrawn_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("withdrawn_at", sa.String(32), nullable=False, server_default=""),
)
"""A Level III has compared a table with the published edition at hand: that of a pack, or one of image quality, whose
name has a stroke (``iso_17636-2/wires``). It holds for exactly the text of this
``table_sha256``: an updated table is unverified again."""

IN_FORCE = pack_confirmation.c.withdrawn_at == ""
sa.Index(
    "uq_pack_confirmation_in_force",
    pack_confirmation.c.pack,
    pack_confirmation.c.table_sha256,
    unique=True,
    sqlite_where=IN_FORCE,
    postgresql_where=IN_FORCE,
)

review_default = sa.Table(
    "review_default",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False, index=True),
    sa.Column("values", sa.JSON, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
)
"""What a site usually judges an industry's exams by (pack, technique, regime, place); of an industry the newest row
is in force. What is not in ``values`` stays as the industry has it."""

declaration = sa.Table(
    "declaration",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("is_withdrawn", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.UniqueConstraint("exam_pk", "version"),
)
"""What the load of an exam is declared as. ``version`` counts an exam's rows from 1; the highest is in force, or is the
one that withdrew what was declared before, with the reason. ``document`` holds goods, depth, end point, the number of
the declaration and who declares, as ``rules_declaration`` checks them; no row is ever changed."""

exam_lot = sa.Table(
    "exam_lot",
    metadata,
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("value", sa.String(128), nullable=False),
    sa.CheckConstraint("kind IN ('welder', 'lot', 'owner')", name="kind"),
    sa.Index(None, "kind", "value", "exam_pk"),
)
"""To which welder, lot or component owner an exam belongs, as its images say it, or a person who judged it."""
