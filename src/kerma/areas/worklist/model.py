"""The tables of the worklist: one item per exam."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

WAITING, CLAIMED, HELD, CLOSED = "waiting", "claimed", "held", "closed"
STATES = (WAITING, CLAIMED, HELD, CLOSED)
"""An item waits, is claimed by exactly one person, is held back until a moment, or is closed by a decision."""

item = sa.Table(
    "item",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, unique=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("decision_proposed", sa.String(32), nullable=False, server_default=""),
    sa.Column("decision", sa.String(32), nullable=False, server_default=""),
    sa.Column("queued_at", sa.String(32), nullable=False),
    sa.Column("due_at", sa.String(32), nullable=False),
    sa.Column("plain_priority", sa.SmallInteger, nullable=False),
    sa.Column("plain_due_at", sa.String(32), nullable=False),
    sa.Column("claimed_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("claimed_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("claim_until", sa.String(32), nullable=False, server_default=""),
    sa.Column("closed_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("urgency", sa.String(16), nullable=False, server_default="routine"),
    sa.Column("stage", sa.String(32), nullable=False, server_default=""),
    sa.Column("round_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("assigned_to", sa.String(64), nullable=False, server_default=""),
    sa.Column("notice_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("held_until", sa.String(32), nullable=False, server_default=""),
    sa.Column("held_reason", sa.Text, nullable=False, server_default=""),
    sa.Column("rule", sa.String(64), nullable=False, server_default=""),
    sa.Column("trigger", sa.String(16), nullable=False, server_default=""),
    sa.Column("skill", sa.String(64), nullable=False, server_default=""),
    sa.Column("site", sa.String(64), nullable=False, server_default=""),
    sa.Column("site_folded", sa.String(64), nullable=False, server_default=""),
    sa.Column("language", sa.String(8), nullable=False, server_default=""),
    sa.Column("not_for", sa.String(64), nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('waiting', 'claimed', 'held', 'closed')", name="state"),
    sa.CheckConstraint("urgency IN ('stat', 'urgent', 'routine')", name="urgency"),
    sa.CheckConstraint("(state = 'claimed') = (claimed_by <> '')", name="holder"),
    sa.Index(None, "state", "priority", "due_at", "id"),
    sa.Index(None, "industry", "state"),
    sa.Index(None, "queued_at"),
    sa.Index(None, "notice_at"),
    sa.Index(None, "claimed_by"),
)
"""``claimed_by`` is the holder's actor key (``person:7``); ``decision_proposed`` and ``decision`` are copies for the
list, owned by the review area. ``plain_priority`` and ``plain_due_at`` are those of an exam of which nobody has
proposed anything: what one sees from whom a proposal is hidden. ``assigned_to`` is the actor key of the one who is to
read it, empty for anybody; ``claim_until`` is when a claim falls back, empty for never; ``notice_at`` is when somebody
is next told that it is late, empty for no more; ``stage`` is that of the industry's flow, empty where an exam is
decided once, and ``round_at`` is when its first stage began. ``rule`` and ``trigger`` say which rule put it here, and
when it was asked; ``skill``, ``site`` and ``language`` are what it asks of its reader, empty for nothing; ``not_for``
is the actor key of the one who has decided it and does not look again."""

NOT_CLOSED = item.c.state != sa.literal_column("'closed'")
"""The condition of what is open, in the words of the index."""
sa.Index(
    "ix_item_open",
    item.c.priority,
    item.c.due_at,
    item.c.id,
    sqlite_where=NOT_CLOSED,
    postgresql_where=NOT_CLOSED,
)

service_level = sa.Table(
    "service_level",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("urgency", sa.String(16), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("due_in_s", sa.Integer, nullable=False),
    sa.Column("warn_before_s", sa.Integer, nullable=False),
    sa.Column("claim_expires_s", sa.Integer, nullable=False),
    sa.Column("chain", sa.JSON, nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.Index(None, "industry", "urgency", "id"),
)
"""What a site promises of exams of an urgency, and whom it tells when they are late: ``chain`` is a list of ``after_s``
and ``role``. The newest row of an industry and urgency is in force unless it ended it; no row is ever changed."""

late_notice = sa.Table(
    "late_notice",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("item_id", BigKey, sa.ForeignKey("item.id", ondelete="CASCADE"), nullable=False),
    sa.Column("due_at", sa.String(32), nullable=False),
    sa.Column("step", sa.SmallInteger, nullable=False),
    sa.Column("role", sa.String(64), nullable=False),
    sa.Column("raised_at", sa.String(32), nullable=False),
    sa.Column("acknowledged_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("acknowledged_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("words", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("item_id", "due_at", "step"),
    sa.Index(None, "acknowledged_at", "role", "id"),
)
"""Who was told, and when, that an exam is nearly late (step 0, its readers) or late (from 1 on, by the chain)."""

reader = sa.Table(
    "reader",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("person", sa.String(64), nullable=False, index=True),
    sa.Column("industries", sa.JSON, nullable=False),
    sa.Column("modalities", sa.JSON, nullable=False),
    sa.Column("skills", sa.JSON, nullable=False),
    sa.Column("most_claimed", sa.SmallInteger, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
)
"""What a person is handed to read: empty lists are everything, ``most_claimed`` is how many at once (0: no limit). The
newest row of a person is in force; no row is ever changed."""

skill_needed = sa.Table(
    "skill_needed",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("modality", sa.String(16), nullable=False),
    sa.Column("skill", sa.String(64), nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.Index(None, "industry", "modality", "skill", "id"),
)
"""Which skill an exam of a modality asks for (``modality`` empty: all of the industry); the newest row of the three is
in force unless it ended it."""

screen_time = sa.Table(
    "screen_time",
    metadata,
    sa.Column("person", sa.String(64), primary_key=True),
    sa.Column("industry", sa.String(32), primary_key=True),
    sa.Column("began_at", sa.String(32), nullable=False),
    sa.Column("last_at", sa.String(32), nullable=False),
)
"""Since when a person has read without a break, and when they last claimed or decided."""


@dataclass(frozen=True)
class ItemHandedOver:
    """The holder of an item has given it to a colleague."""

    item_id: int
    exam_pk: int
    to: str
    """Actor key of the colleague."""
    reason: str


break_rule = sa.Table(
    "break_rule",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False, index=True),
    sa.Column("most_s", sa.Integer, nullable=False),
    sa.Column("break_s", sa.Integer, nullable=False),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.CheckConstraint("mode IN ('off', 'told', 'enforced')", name="mode"),
)
"""How long one may read without a break; of an industry the newest row is in force."""

flow = sa.Table(
    "flow",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False, index=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("stages", sa.JSON, nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
)
"""Who decides after whom in an industry: ``stages`` as ``rules_flow.Stage`` has them. The newest row of an industry is
in force unless it ended it."""
