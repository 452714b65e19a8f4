"""The tables of imaging specifications: versions with their texts, approvals and history, and exams read under them."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

specification = sa.Table(
    "specification",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("name_folded", sa.String(512), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("drafted_by", ActorKey, nullable=False),
    sa.Column("drafted_at", Moment, nullable=False),
    sa.Column("in_force_at", Moment, nullable=False, server_default=""),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.CheckConstraint("kind IN ('part', 'route', 'examination')", name="kind"),
    sa.CheckConstraint("state IN ('draft', 'in-review', 'in-force', 'superseded', 'withdrawn')", name="state"),
    sa.UniqueConstraint("industry", "kind", "name_folded", "version"),
)
"""One version of how something is to be imaged and judged. ``name`` is the part number, the route or the examination,
``name_folded`` what it is found by. ``revision`` is the text that holds now, of ``specification_text``."""

IN_FORCE = specification.c.state == "in-force"
IS_OPEN = specification.c.state.in_(("draft", "in-review"))
_KEY = (specification.c.industry, specification.c.kind, specification.c.name_folded)
sa.Index("uq_specification_in_force", *_KEY, unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE)
"""Of one key, one version at most is in force."""
sa.Index("uq_specification_open", *_KEY, unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
"""Of one key, one version at most is being drafted or reviewed."""

specification_text = sa.Table(
    "specification_text",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("specification_id", BigKey, sa.ForeignKey("specification.id"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("specification_id", "revision"),
)
"""What a version says, in every form it had; ``document`` as ``rules_spec.checked_document`` returns it."""

specification_attachment = sa.Table(
    "specification_attachment",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("specification_id", BigKey, sa.ForeignKey("specification.id"), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, info=BLOB),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("specification_id", "sha256"),
)
"""Every file that a version ever had. Which of them belong to a text stands in its document (``attachments``), so that
an approval holds for just those; a file that is taken off stays with the texts that had it."""

specification_approval = sa.Table(
    "specification_approval",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("specification_id", BigKey, sa.ForeignKey("specification.id"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("side", sa.String(16), nullable=False),
    sa.Column("name", sa.String(128), nullable=False, server_default=""),
    sa.Column("organisation", sa.String(128), nullable=False, server_default=""),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.CheckConstraint("side IN ('own', 'customer')", name="side"),
    sa.UniqueConstraint("specification_id", "revision", "side"),
)
"""Who approved which text. ``name`` and ``organisation`` are of somebody outside who did, and whose words ``by`` has
recorded; both are empty where ``by`` approved."""

specification_step = sa.Table(
    "specification_step",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("specification_id", BigKey, sa.ForeignKey("specification.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("field", sa.String(32), nullable=False, server_default=""),
    sa.Column("words", sa.Text, nullable=False, server_default=""),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Everything that happened to a version, comments on its fields among it; rows are only ever added."""

exam_specification = sa.Table(
    "exam_specification",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("specification_id", BigKey, sa.ForeignKey("specification.id"), nullable=False, index=True),
    sa.Column("is_automatic", sa.Boolean, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Under which version an exam is read: the newest row one may see holds, the earlier ones stay."""
