"""The tables of unified procedure steps: workitems, who watches them, and the events for the watchers."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from kerma.errors import Conflict
from kerma.kernel.database import BigKey, metadata

Uid = sa.String(64)
Moment = sa.String(32)
AeTitle = sa.String(16)

PUSH = "1.2.840.10008.5.1.4.34.6.1"
"""Every workitem is an instance of this class, whichever class the request came under (PS3.4, CC.3.1)."""
EVERYTHING = "1.2.840.10008.5.1.4.34.5"
"""The well-known UID of all workitems: the instance that a global subscription names."""
FILTERED = "1.2.840.10008.5.1.4.34.5.1"
"""The same for those that match a filter."""

SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED = "SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"
STATES = (SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED)
FINAL = (COMPLETED, CANCELED)

STATE_REPORT, CANCEL_REQUESTED, PROGRESS_REPORT, SCP_STATUS, ASSIGNED = 1, 2, 3, 4, 5
"""The event types (PS3.4, Table CC.2.4-1)."""

workitem = sa.Table(
    "workitem",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("uid", Uid, nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("transaction_uid", Uid, nullable=False, server_default=""),
    sa.Column("performer", sa.String(80), nullable=False, server_default=""),
    sa.Column("subject_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("priority", sa.String(16), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.CheckConstraint("state IN ('SCHEDULED', 'IN PROGRESS', 'COMPLETED', 'CANCELED')", name="state"),
    sa.CheckConstraint("state = 'SCHEDULED' OR transaction_uid <> ''", name="locked"),
    sa.Index(None, "state", "id"),
    sa.Index(None, "subject_id", "id"),
)
"""One unified procedure step. ``document`` is its DICOM JSON without the transaction UID, which is the lock and is
never shown; ``performer`` is the actor key of whoever claimed it."""

ups_watch = sa.Table(
    "ups_watch",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("ae_title", AeTitle, nullable=False),
    sa.Column("filter", sa.Text, nullable=False, server_default=""),
    sa.Column("is_locking", sa.Boolean, nullable=False),
    sa.Column("subscribed_by", sa.String(80), nullable=False),
    sa.Column("subscribed_at", Moment, nullable=False),
    sa.UniqueConstraint("ae_title"),
)
"""Who is subscribed to whatever workitem comes, with a filter as DICOM JSON keys or without."""

ups_subscription = sa.Table(
    "ups_subscription",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("workitem_pk", BigKey, sa.ForeignKey("workitem.id"), nullable=False),
    sa.Column("ae_title", AeTitle, nullable=False),
    sa.Column("is_locking", sa.Boolean, nullable=False),
    sa.UniqueConstraint("workitem_pk", "ae_title"),
    sa.Index(None, "ae_title"),
)
"""Who is told about one workitem."""

ups_event = sa.Table(
    "ups_event",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("ae_title", AeTitle, nullable=False),
    sa.Column("workitem_uid", Uid, nullable=False),
    sa.Column("event_type_id", sa.SmallInteger, nullable=False),
    sa.Column("information", sa.Text, nullable=False),
    sa.Column("happened_at", Moment, nullable=False),
    sa.Column("sent_at", Moment, nullable=False, server_default=""),
    sa.Index(None, "ae_title", "id"),
    sa.Index(None, "happened_at"),
    sqlite_autoincrement=True,
)
"""What a subscriber is told, as DICOM JSON; kept for a day, so that a lost connection can go on where it was.
``sent_at`` is when a node on the DICOM network took it."""


@dataclass(frozen=True)
class UpsChanged:
    """Something happened to a workitem that others watch; published in the transaction of the change."""

    workitem_uid: str
    event_type_id: int
    information: str
    """DICOM JSON of the event information (PS3.4, Table CC.2.4-1)."""
    receiving_aes: tuple[str, ...]


@dataclass(frozen=True)
class UpsSubscribing:
    """Someone asks, over DIMSE, that this AE title be told; whoever knows the nodes refuses an unknown one."""

    receiving_ae: str


class StatusRefused(Conflict):
    """A request refused with a status of its DICOM service; ``code`` is that status."""

    def __init__(self, code: int, words: str, error_id: int = 0, offending: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.code = code
        self.error_id = error_id
        self.offending = offending
