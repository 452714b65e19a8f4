"""The tables of flagging: models and their states, thresholds, what they marked, drift, and what people said to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.kernel.blobs import BLOB
from kerma.kernel.database import BigKey, metadata

STATES = ("candidate", "shadow", "active", "retired")
ORIGINS = ("shipped", "brought", "site")
CANDIDATE, SHADOW, ACTIVE, RETIRED = STATES
SHIPPED, BROUGHT, SITE = ORIGINS

Sha256 = sa.String(64)
ActorKey = sa.String(64)
Moment = sa.String(32)
Machine = sa.String(128)


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=column)


def _model_id(*, is_indexed: bool = False) -> sa.Column[int]:
    return sa.Column("model_id", BigKey, sa.ForeignKey("model.id"), nullable=False, index=is_indexed)


model = sa.Table(
    "model",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("sha256", Sha256, nullable=False, index=True),
    sa.Column("weights_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("card", sa.JSON, nullable=False),
    sa.Column("trial", sa.JSON, nullable=False),
    sa.Column("origin", sa.String(8), nullable=False),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("added_by", ActorKey, nullable=False),
    sa.Column("added_at", Moment, nullable=False),
    sa.UniqueConstraint("name", "version"),
    _one_of("state", STATES),
    _one_of("origin", ORIGINS),
    sqlite_autoincrement=True,
)
"""One row is one version of one model. ``sha256`` is that of its weights; ``weights_sha256`` is the same once the bytes
are kept with the blobs, which they are from the start of every model but those that ship. ``trial`` says what was seen
when the network was first tried: empty for those that ship. An empty ``industry`` is every one."""

IS_ACTIVE = model.c.state == ACTIVE
sa.Index("uq_model_active", model.c.name, unique=True, sqlite_where=IS_ACTIVE, postgresql_where=IS_ACTIVE)

model_state = sa.Table(
    "model_state",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    _model_id(is_indexed=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("figures", sa.JSON, nullable=False),
    sa.Column("evidence_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    _one_of("state", STATES),
    sqlite_autoincrement=True,
)
"""What a model has been, the first row when it was added; nothing is changed here. ``figures`` is what an approval
rests on, ``evidence_sha256`` the whole evaluation as it was handed in."""

model_threshold = sa.Table(
    "model_threshold",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    _model_id(is_indexed=True),
    sa.Column("machine", Machine, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("operating_point", sa.Text, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("evidence_sha256", Sha256, nullable=False, server_default="", info=BLOB),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("withdrawn_by", ActorKey, nullable=False, server_default=""),
    sa.Column("withdrawn_at", Moment, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""From which score a model marks something on a machine; an empty ``machine`` is every one without its own. A row is
never changed, only withdrawn. ``evidence``: images, groups and figures with their intervals."""

IN_FORCE = model_threshold.c.withdrawn_at == ""
sa.Index(
    "uq_model_threshold_in_force",
    model_threshold.c.model_id,
    model_threshold.c.machine,
    unique=True,
    sqlite_where=IN_FORCE,
    postgresql_where=IN_FORCE,
)

model_run = sa.Table(
    "model_run",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    _model_id(),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("image_sha256", Sha256, nullable=False),
    sa.Column("machine", Machine, nullable=False),
    sa.Column("mode", sa.String(8), nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("findings", sa.JSON, nullable=False),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("threshold", sa.Float, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("model_id", "image_sha256"),
    sa.Index(None, "model_id", "machine", "id"),
    _one_of("mode", (SHADOW, ACTIVE)),
    sqlite_autoincrement=True,
)
"""What a model marked on an image of an exam. ``score`` is that of the whole image where it gives one, ``features`` say
what its input looked like, ``threshold`` is the score from which it marked."""

model_drift = sa.Table(
    "model_drift",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    _model_id(),
    sa.Column("machine", Machine, nullable=False),
    sa.Column("verdict", sa.JSON, nullable=False),
    sa.Column("suspended", sa.Boolean, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("cleared_by", ActorKey, nullable=False, server_default=""),
    sa.Column("cleared_at", Moment, nullable=False, server_default=""),
    sa.Column("cleared_reason", sa.Text, nullable=False, server_default=""),
    sa.Index(None, "model_id", "machine", "id"),
    sqlite_autoincrement=True,
)
"""Whether what a machine sends still looks like what a model's figures rest on; a row that is ``suspended`` holds until
somebody clears it; what comes after that is what later images are compared with."""

locked_image = sa.Table(
    "locked_image",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("image_set", sa.String(64), nullable=False),
    sa.Column("image_sha256", Sha256, nullable=False),
    sa.Column("print", sa.LargeBinary, nullable=False),
    sa.Column("by", ActorKey, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("image_set", "image_sha256"),
    sqlite_autoincrement=True,
)
"""Images on which models are tested and must never be trained; ``print`` is what a changed copy is recognised by."""

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    _model_id(is_indexed=True),
    sa.Column("image_sha256", Sha256, nullable=False, index=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("finding", sa.JSON, nullable=False),
    sa.Column("answer", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reader", ActorKey, nullable=False),
    sa.Column("reader_first", sa.Boolean, nullable=False),
    sa.Column("at", Moment, nullable=False),
    _one_of("answer", ("accepted", "dismissed", "missed")),
    sqlite_autoincrement=True,
)
"""What a reader said to a mark of a model, or that it missed something. ``reader_first``: the reader had read the exam
before the marks were shown."""


@dataclass(frozen=True)
class ModelRow:
    """One version of one model as it stands in the registry."""

    id: int
    name: str
    version: str
    sha256: str
    weights_sha256: str
    size_bytes: int
    kind: str
    labels: tuple[str, ...]
    card: dict[str, Any]
    trial: dict[str, Any]
    origin: str
    industry: str
    state: str
    added_by: str
    added_at: str
