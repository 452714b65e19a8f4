"""The tables of custody: items, the entries of their chains, parties from outside, contacts, disclosures."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

Moment = sa.String(32)
ActorKey = sa.String(80)
Sha256 = sa.String(64)

custody_item = sa.Table(
    "custody_item",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("number", sa.String(40), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, server_default=""),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), index=True),
    sa.Column("image_uid", sa.String(64), nullable=False, server_default=""),
    sa.Column("image_sha256", Sha256, nullable=False, server_default=""),
    sa.Column("original_pk", BigKey, sa.ForeignKey("custody_item.id"), index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("holder", sa.Text, nullable=False, server_default=""),
    sa.Column("offered_to", ActorKey, nullable=False, server_default="", index=True),
    sa.Column("place", sa.Text, nullable=False, server_default=""),
    sa.Column("seal_number", sa.String(64), nullable=False, server_default=""),
    sa.Column("entry_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("created_by", ActorKey, nullable=False),
    sa.Index(None, "state", "id"),
    sqlite_autoincrement=True,
)
"""What is under custody. ``state``, ``holder``, ``place`` and ``seal_number`` follow from the entries
(``rules.follow``) and stand here so that a list can be searched. ``image_sha256`` is the image's hash when custody
began: it is no foreign key, because the record outlives the image."""

custody_entry = sa.Table(
    "custody_entry",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("item_pk", BigKey, sa.ForeignKey("custody_item.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("happened_at", Moment, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("giver", ActorKey, nullable=False, server_default=""),
    sa.Column("receiver", ActorKey, nullable=False, server_default=""),
    sa.Column("place", sa.Text, nullable=False, server_default=""),
    sa.Column("seal_number", sa.String(64), nullable=False, server_default=""),
    sa.Column("text", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("photo_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("signature", sa.Text, nullable=False, server_default=""),
    sa.Column("signature_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("confirmed_at", Moment, nullable=False, server_default=""),
    sa.Column("corrects", sa.Integer),
    sa.Column("is_struck", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("refers_to", sa.String(40), nullable=False, server_default=""),
    sa.Column("digest", Sha256, nullable=False),
    sa.UniqueConstraint("item_pk", "number"),
    sqlite_autoincrement=True,
)
"""One entry of a chain, never changed: what is wrong is corrected by a later entry that ``corrects`` its number.
``happened_at`` is when it happened, ``recorded_at`` when it was written down; ``signature`` and ``signature_sha256`` (a
drawing) are those of a person without an account; ``refers_to`` is the number of a copy or of a disclosure. ``digest``
is the SHA-256 over this entry and the digest before it, and stands in the ledger."""

custody_party = sa.Table(
    "custody_party",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False, server_default=""),
    sa.Column("document", sa.Text, nullable=False, server_default=""),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", ActorKey, nullable=False),
    sqlite_autoincrement=True,
)
"""A person without an account who gave or took an item, as named that time; ``document`` refers to the identity
document that was shown. In the ledger and in the chain they are ``party:<id>``."""

custody_contact = sa.Table(
    "custody_contact",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False, server_default=""),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column("phone", sa.Text, nullable=False, server_default=""),
    sa.Column("email", sa.Text, nullable=False, server_default=""),
    sa.Column("duty_hours", sa.Text, nullable=False, server_default=""),
    sa.Column("category", sa.Text, nullable=False, server_default=""),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", ActorKey, nullable=False),
    sa.Column("ended_at", Moment, nullable=False, server_default=""),
    sa.Column("ended_by", ActorKey, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""Whom to call for what: a row is never changed, it is ended and another one made."""

custody_disclosure = sa.Table(
    "custody_disclosure",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("item_pk", BigKey, sa.ForeignKey("custody_item.id"), index=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("contact_id", BigKey, sa.ForeignKey("custody_contact.id")),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("files", sa.Text, nullable=False, server_default="[]"),
    sa.Column("receipt", sa.Text, nullable=False, server_default=""),
    sa.Column("disclosed_at", Moment, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sqlite_autoincrement=True,
)
"""What was shown or given to whom, on which legal basis. ``files`` is JSON: a list of ``name`` and ``sha256``."""
