"""The tables of talking about an exam: comments and their versions, and each person's inbox."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

exam_comment = sa.Table(
    "exam_comment",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("place", sa.JSON, nullable=False),
    sa.Column("is_withdrawn", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("exam_pk", "number", "version"),
)
"""``number`` counts an exam's comments from 1, ``version`` a comment's texts; rows are only ever added. ``place`` is
what it is about: ``finding_id``, or ``image_sha256``, ``plane`` and ``box`` ([row, column, height, width]); empty for
the whole exam."""

inbox_entry = sa.Table(
    "inbox_entry",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("person", ActorKey, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("ref_id", BigKey, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("read_at", Moment, nullable=False, server_default=""),
    sa.Index(None, "person", "id"),
)
"""What a person is to know of. ``kind`` is one of ``rules_talk.ENTRIES``; ``ref_id`` numbers the comment, item, consult
or search it is about; ``words`` follow a comment that is changed or withdrawn."""
