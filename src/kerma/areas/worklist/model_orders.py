"""The tables of orders and of what was performed: ordered steps, performed steps, and which belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

Uid = sa.String(64)
Moment = sa.String(32)

SCHEDULED, ARRIVED, STARTED = "scheduled", "arrived", "started"
COMPLETED, DISCONTINUED, CANCELED = "completed", "discontinued", "canceled"
ORDER_STATES = (SCHEDULED, ARRIVED, STARTED, COMPLETED, DISCONTINUED, CANCELED)
OFFERED = (SCHEDULED, ARRIVED)
"""The states in which a machine is offered a step unless it asks for others."""
OPEN = (SCHEDULED, ARRIVED, STARTED)

IN_PROGRESS = "in-progress"
PERFORMED_STATES = (IN_PROGRESS, COMPLETED, DISCONTINUED)

MATCHED, UNMATCHED, CONTRADICTING, BY_PERSON, DISMISSED = (
    "matched", "unmatched", "contradicting", "by-person", "dismissed",
)  # fmt: skip
TO_RECONCILE = (UNMATCHED, CONTRADICTING)

ordered_step = sa.Table(
    "ordered_step",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("accession", sa.String(16), nullable=False),
    sa.Column("requested_id", sa.String(16), nullable=False),
    sa.Column("requested_description", sa.Text, nullable=False),
    sa.Column("requested_codes", sa.Text, nullable=False, server_default="[]"),
    sa.Column("study_uid", Uid, nullable=False),
    sa.Column("subject_id", sa.String(64), nullable=False),
    sa.Column("issuer", sa.String(64), nullable=False, server_default=""),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("birth_date", sa.String(8), nullable=False, server_default=""),
    sa.Column("sex", sa.String(16), nullable=False, server_default=""),
    sa.Column("station_ae", sa.Text, nullable=False),
    sa.Column("station_name", sa.Text, nullable=False, server_default=""),
    sa.Column("location", sa.String(16), nullable=False, server_default=""),
    sa.Column("language", sa.String(8), nullable=False, server_default=""),
    sa.Column("modality", sa.String(16), nullable=False),
    sa.Column("start_date", sa.String(8), nullable=False),
    sa.Column("start_time", sa.String(16), nullable=False),
    sa.Column("performing_name", sa.Text, nullable=False, server_default=""),
    sa.Column("requesting_name", sa.Text, nullable=False, server_default=""),
    sa.Column("referring_name", sa.Text, nullable=False, server_default=""),
    sa.Column("step_id", sa.String(16), nullable=False),
    sa.Column("step_description", sa.Text, nullable=False, server_default=""),
    sa.Column("protocol_codes", sa.Text, nullable=False, server_default="[]"),
    sa.Column("priority", sa.String(16), nullable=False),
    sa.Column("comments", sa.Text, nullable=False, server_default=""),
    sa.Column("placer_order", sa.String(64), nullable=False, server_default=""),
    sa.Column("filler_order", sa.String(64), nullable=False, server_default=""),
    sa.Column("details", sa.Text, nullable=False, server_default="{}"),
    sa.Column("ordered_by", sa.String(80), nullable=False),
    sa.Column("ordered_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("cancel_reason", sa.Text, nullable=False, server_default=""),
    sa.CheckConstraint(
        "state IN ('scheduled', 'arrived', 'started', 'completed', 'discontinued', 'canceled')", name="state"
    ),
    sa.UniqueConstraint("accession", "requested_id", "step_id"),
    sa.Index(None, "state", "start_date", "id"),
    sa.Index(None, "study_uid"),
    sa.Index(None, "subject_id", "id"),
    sa.Index(None, "step_id"),
)
"""One scheduled procedure step. Names are as DICOM writes them; ``requested_codes`` and ``protocol_codes`` are JSON
lists of {value, scheme, meaning}; ``language`` is that of the request and of the report asked for, as de; ``details``
are further attributes by DICOM keyword, and the numbers of a part."""

performed_step = sa.Table(
    "performed_step",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("uid", Uid, nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("matching", sa.String(16), nullable=False),
    sa.Column("reasons", sa.Text, nullable=False, server_default=""),
    sa.Column("decided_by", sa.String(80), nullable=False, server_default=""),
    sa.Column("decided_at", Moment, nullable=False, server_default=""),
    sa.Column("suspects", sa.Text, nullable=False, server_default=""),
    sa.Column("dismiss_reason", sa.Text, nullable=False, server_default=""),
    sa.Column("station_ae", sa.Text, nullable=False),
    sa.Column("modality", sa.String(16), nullable=False),
    sa.Column("study_uid", Uid, nullable=False),
    sa.Column("accession", sa.String(16), nullable=False),
    sa.Column("subject_id", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("announced_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('in-progress', 'completed', 'discontinued')", name="state"),
    sa.CheckConstraint(
        "matching IN ('matched', 'unmatched', 'contradicting', 'by-person', 'dismissed')", name="matching"
    ),
    sa.Index(None, "matching", "id"),
    sa.Index(None, "study_uid"),
)
"""One modality performed procedure step. ``document`` is its DICOM JSON; ``reasons`` are codes of
``rules_perform.REASONS``, separated by commas; ``suspects`` are the ids of orders it may belong to; ``decided_by`` is
the actor key of the person who matched or dismissed it."""

performed_order = sa.Table(
    "performed_order",
    metadata,
    sa.Column("performed_pk", BigKey, sa.ForeignKey("performed_step.id"), primary_key=True),
    sa.Column("order_pk", BigKey, sa.ForeignKey("ordered_step.id"), primary_key=True, index=True),
)
"""Which ordered steps a performed step fulfils: one may fulfil several, and several one."""

performed_image = sa.Table(
    "performed_image",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("performed_pk", BigKey, sa.ForeignKey("performed_step.id"), nullable=False, index=True),
    sa.Column("series_uid", Uid, nullable=False),
    sa.Column("image_uid", Uid, nullable=False),
)
"""What the machine announced that it made; whether it arrived is told by the archive's images."""


@dataclass(frozen=True)
class Order:
    """What is ordered, in the columns of the table; what is left empty Kerma fills in or leaves unsaid."""

    industry: str
    subject_id: str
    station_ae: str
    modality: str
    name: str = ""
    issuer: str = ""
    birth_date: str = ""
    sex: str = ""
    accession: str = ""
    requested_id: str = ""
    requested_description: str = ""
    requested_codes: tuple[Mapping[str, str], ...] = ()
    study_uid: str = ""
    station_name: str = ""
    location: str = ""
    language: str = ""
    start_date: str = ""
    start_time: str = ""
    performing_name: str = ""
    requesting_name: str = ""
    referring_name: str = ""
    step_id: str = ""
    step_description: str = ""
    protocol_codes: tuple[Mapping[str, str], ...] = ()
    priority: str = "ROUTINE"
    comments: str = ""
    placer_order: str = ""
    filler_order: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OrderPlaced:
    """A step has been ordered; published in the transaction that keeps it (prior images can be fetched)."""

    order_pk: int
    industry: str
    subject_id: str
    issuer: str
    modality: str
    station_ae: str
    study_uid: str
