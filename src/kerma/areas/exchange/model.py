"""The tables of exchange: nodes, rules, deliveries, fetches, commitments, and where exams came from.

A node that was removed keeps its row: the ledger refers to it by number.
"""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
Uid = sa.String(64)

ON, OFF, REMOVED = "on", "off", "removed"
WAITING, SENDING, SENT, PARKED = "waiting", "sending", "sent", "parked"
DONE, UNANSWERED = "done", "unanswered"

node = sa.Table(
    "node",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("ae_title", sa.String(16), nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("port", sa.Integer, nullable=False),
    sa.Column("addresses", sa.JSON, nullable=False),
    sa.Column("certificate_sha256", sa.String(64), nullable=False, server_default=""),
    sa.Column("is_tls", sa.Boolean, nullable=False),
    sa.Column("dialect", sa.String(16), nullable=False),
    sa.Column("services", sa.JSON, nullable=False),
    sa.Column("max_associations", sa.Integer, nullable=False),
    sa.Column("preferred_transfer_syntaxes", sa.JSON, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.CheckConstraint("state IN ('on', 'off', 'removed')", name="state"),
)
"""A program on the DICOM network. ``addresses`` are networks it may call from (empty: just its ``host``);
``certificate_sha256`` is the hash of its key (SPKI); ``services`` are words of ``rules.SERVICE_PERMISSIONS`` that it
may ask of us."""

sa.Index(
    "uq_node_ae_title",
    node.c.ae_title,
    unique=True,
    sqlite_where=node.c.state != REMOVED,
    postgresql_where=node.c.state != REMOVED,
)

route = sa.Table(
    "route",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("condition", sa.JSON, nullable=False),
    sa.Column("node_ids", sa.JSON, nullable=False),
    sa.Column("limits", sa.JSON, nullable=False),
    sa.Column("quiet_s", sa.Integer, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.CheckConstraint("kind IN ('send', 'prior')", name="kind"),
    sa.CheckConstraint("state IN ('on', 'off')", name="state"),
)
"""A rule: exams that meet the ``condition`` are sent to the nodes ("send"), or earlier exams of their subject are
fetched from the nodes within the ``limits`` ("prior")."""

exam_source = sa.Table(
    "exam_source",
    metadata,
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), primary_key=True, autoincrement=False),
    sa.Column("actor_key", sa.String(80), nullable=False),
    sa.Column("calling_ae", sa.String(16), nullable=False),
)
"""Who sent the first image of an exam; ``calling_ae`` is empty when it did not come over the DICOM network."""

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("node_id", BigKey, sa.ForeignKey("node.id"), nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("series_uid", Uid, nullable=False),
    sa.Column("image_uid", Uid, nullable=False),
    sa.Column("reason", sa.String(8), nullable=False),
    sa.Column("route_id", BigKey, sa.ForeignKey("route.id")),
    sa.Column("requested_by", sa.String(80), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("image_count", sa.Integer, nullable=False),
    sa.Column("sent_count", sa.Integer, nullable=False),
    sa.Column("sent_bytes", sa.BigInteger, nullable=False),
    sa.Column("sent_until_pk", BigKey, nullable=False),
    sa.Column("failed", sa.JSON, nullable=False),
    sa.Column("requested_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("finished_at", Moment, nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'parked')", name="state"),
    sa.CheckConstraint("reason IN ('rule', 'person', 'move', 'commit')", name="reason"),
    sa.Index(None, "state", "id"),
    sa.Index(None, "exam_pk", "node_id"),
)
"""What is to be sent to a node: an exam, one of its series or one of its images. Images are sent in the order of their
arrival; ``sent_until_pk`` is the last that was tried, ``failed`` are the numbers of those the node did not take."""

fetch = sa.Table(
    "fetch",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("node_id", BigKey, sa.ForeignKey("node.id"), nullable=False),
    sa.Column("route_id", BigKey, sa.ForeignKey("route.id"), nullable=False),
    sa.Column("cause", sa.String(80), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("exam_count", sa.Integer, nullable=False),
    sa.Column("requested_at", Moment, nullable=False),
    sa.Column("finished_at", Moment, nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'done', 'parked')", name="state"),
    sa.UniqueConstraint("route_id", "cause", "node_id"),
)
"""Earlier exams to be fetched from a node because something arrived; ``cause`` is ``exam:7`` or ``order:7``."""

fetched_exam = sa.Table(
    "fetched_exam",
    metadata,
    sa.Column("uid", Uid, primary_key=True),
    sa.Column("node_id", BigKey, sa.ForeignKey("node.id"), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
)
"""Exams that we asked a node for: their arrival asks for no earlier exams, else each would draw in the next."""

commitment = sa.Table(
    "commitment",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("direction", sa.String(8), nullable=False),
    sa.Column("node_id", BigKey, sa.ForeignKey("node.id")),
    sa.Column("transaction_uid", Uid, nullable=False),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id")),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("references", sa.JSON, nullable=False),
    sa.Column("committed", sa.JSON, nullable=False),
    sa.Column("failed", sa.JSON, nullable=False),
    sa.Column("requested_at", Moment, nullable=False),
    sa.Column("finished_at", Moment, nullable=False),
    sa.CheckConstraint("direction IN ('given', 'asked')", name="direction"),
    sa.CheckConstraint("state IN ('waiting', 'done', 'parked', 'unanswered')", name="state"),
    sa.UniqueConstraint("direction", "node_id", "transaction_uid"),
)
"""A promise to keep images: "given" when a node asks us, "asked" when we ask a node. ``references`` and ``committed``
are pairs of SOP class and instance UID; ``failed`` adds the reason's number. One that a node was asked for and did not
answer for a day is "unanswered"; an answer that comes later still settles it."""
