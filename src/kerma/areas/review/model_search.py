"""The tables of secondary screening: search orders, their history and photos, and the site's own handling rules."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)

search_order = sa.Table(
    "search_order",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id"), nullable=False, index=True),
    sa.Column("reader", ActorKey, nullable=False, index=True),
    sa.Column("reason", sa.String(32), nullable=False, server_default=""),
    sa.Column("suspicion", sa.String(32), nullable=False),
    sa.Column("instruction", sa.Text, nullable=False, server_default=""),
    sa.Column("places", sa.JSON, nullable=False),
    sa.Column("methods", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("ordered_by", ActorKey, nullable=False),
    sa.Column("ordered_at", Moment, nullable=False),
    sa.Column("searcher", ActorKey, nullable=False, server_default=""),
    sa.Column("started_at", Moment, nullable=False, server_default=""),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.Column("outcome", sa.String(32), nullable=False, server_default=""),
    sa.Column("category", sa.String(32), nullable=False, server_default=""),
    sa.Column("words", sa.Text, nullable=False, server_default=""),
    sa.Column("custody_number", sa.String(40), nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('ordered', 'started', 'done', 'canceled')", name="state"),
    sa.CheckConstraint("(state = 'done') = (outcome <> '')", name="outcome"),
    sa.Index(None, "state", "id"),
)
"""One search. It rests on a decision, whose maker is the ``reader``; ``suspicion`` is a row of
``kerma_security/handling``. ``places`` are what to look at, each as ``exam_comment.place``. What the columns say now
follows from ``search_step``."""

OPEN_ORDER = search_order.c.state.in_(("ordered", "started"))
sa.Index(
    "uq_search_order_open", search_order.c.exam_pk, unique=True, sqlite_where=OPEN_ORDER, postgresql_where=OPEN_ORDER
)
"""An exam has one open search at most, whoever orders it."""

search_step = sa.Table(
    "search_step",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("order_id", BigKey, sa.ForeignKey("search_order.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Everything that happened to a search, as it was told; rows are only ever added."""

search_photo = sa.Table(
    "search_photo",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("order_id", BigKey, sa.ForeignKey("search_order.id"), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, info=BLOB),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("order_id", "sha256"),
)

handling_rule = sa.Table(
    "handling_rule",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("suspicion", sa.String(32), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("steps", sa.Text, nullable=False),
    sa.Column("call", sa.Text, nullable=False),
    sa.Column("cordon", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("suspicion", "version"),
)
"""The site's own rule for a suspicion: its steps, a line each, whom to call, how far to keep away, and where that is
written. The highest version is in force; the earlier ones stay."""

search_setting = sa.Table(
    "search_setting",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("is_automatic", sa.Boolean, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Whether a decision that asks for a search orders it by itself; the newest row is in force, without one it does
not."""
