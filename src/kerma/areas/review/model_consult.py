"""The tables of asking somebody about an exam: consults, and the links by which guests come in."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

consult = sa.Table(
    "consult",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("colleague", ActorKey, nullable=False, server_default=""),
    sa.Column("guest_name", sa.Text, nullable=False, server_default=""),
    sa.Column("guest_email", sa.Text, nullable=False, server_default=""),
    sa.Column("guest_organisation", sa.Text, nullable=False, server_default=""),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("answer", sa.Text, nullable=False, server_default=""),
    sa.Column("answered_by", ActorKey, nullable=False, server_default=""),
    sa.Column("answered_name", sa.Text, nullable=False, server_default=""),
    sa.Column("answered_at", Moment, nullable=False, server_default=""),
    sa.Column("withdrawn_at", Moment, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('open', 'answered', 'withdrawn')", name="state"),
    sa.CheckConstraint("(colleague = '') <> (guest_name = '')", name="asked"),
)
"""A question about an exam to a colleague (an actor key) or to a guest, who has no account. ``kind`` is a row of
``kerma_consult/kinds``; ``answered_name`` is who answered, as named then."""

guest_link = sa.Table(
    "guest_link",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("consult_id", BigKey, sa.ForeignKey("consult.id"), nullable=False, index=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("shows_findings", sa.Boolean, nullable=False),
    sa.Column("shows_subject", sa.Boolean, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("revoked_by", ActorKey, nullable=False, server_default=""),
    sa.Column("revoked_at", Moment, nullable=False, server_default=""),
)
"""A guest's way to one exam. The token itself is shown once and kept nowhere; in the ledger the guest is
``guest:<id>``."""
