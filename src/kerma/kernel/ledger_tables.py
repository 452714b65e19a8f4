"""The tables of the ledger, and the guards inside the database that refuse to change what was written."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

TILE_LEVELS = 8
"""A tile is 256 = 2^8 hashes (C2SP tlog-tiles); the roots of complete tiles are stored, and of tiles of those."""

ledger_record = sa.Table(
    "ledger_record",
    metadata,
    sa.Column("record_index", BigKey, primary_key=True, autoincrement=False),
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
"""Every record: its place, its leaf hash, and its canonical JSON to the byte."""

ledger_node = sa.Table(
    "ledger_node",
    metadata,
    sa.Column("tile_level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("node_index", BigKey, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
"""Roots of the complete subtrees of 256^tile_level records, so that a proof reads a few hundred short rows at most."""

ledger_checkpoint = sa.Table(
    "ledger_checkpoint",
    metadata,
    sa.Column("size", BigKey, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("at", sa.String(27), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)
"""Every signed checkpoint; one for a size, for ever."""

ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", BigKey, nullable=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.String(27), nullable=False),
    sa.Column("checkpoint_size", BigKey, nullable=False),
    sa.Column("checkpoint_at", sa.String(27), nullable=False),
    sa.Column("vkey", sa.Text, nullable=False),
    sa.CheckConstraint("id = 1", name="one_row"),
)
"""Where the next record goes: one row, locked while a transaction appends."""

_KEPT = (ledger_record, ledger_node, ledger_checkpoint)
"""Written once: the guards refuse every change. The head moves forward, and the guards refuse that it moves back."""

_REFUSAL = "the ledger is append-only"

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS %(table)s_keeps_%(event)s BEFORE %(event)s ON %(table)s
BEGIN SELECT RAISE(ABORT, '%(refusal)s'); END
"""
_SQLITE_HEAD = """
CREATE TRIGGER IF NOT EXISTS ledger_head_never_shrinks BEFORE UPDATE ON ledger_head
WHEN NEW.size < OLD.size OR NEW.checkpoint_size < OLD.checkpoint_size OR NEW.at < OLD.at
BEGIN SELECT RAISE(ABORT, '%(refusal)s'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '%(refusal)s'; END $$
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER %(table)s_keeps_%(event)s BEFORE %(event)s ON %(table)s
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()
"""
_POSTGRESQL_HEAD = """
CREATE OR REPLACE TRIGGER ledger_head_never_shrinks BEFORE UPDATE ON ledger_head FOR EACH ROW
WHEN (NEW.size < OLD.size OR NEW.checkpoint_size < OLD.checkpoint_size OR NEW.at < OLD.at)
EXECUTE FUNCTION ledger_refuses()
"""
_EVENTS = {"sqlite": ("UPDATE", "DELETE"), "postgresql": ("UPDATE", "DELETE", "TRUNCATE")}
_TRIGGER = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
_HEAD_TRIGGER = {"sqlite": _SQLITE_HEAD, "postgresql": _POSTGRESQL_HEAD}


def install_guards(connection: sa.Connection) -> None:
    """Have the database itself refuse to change, delete or empty ledger rows; safe to call again.

    This stops accidents and ordinary accounts. Who owns the database can lift the guards: what finds *that* is
    ``kerma verify``.
    """
    name = connection.dialect.name
    statements = [_ddl(_POSTGRESQL_FUNCTION)] if name == "postgresql" else []
    statements += [_ddl(_TRIGGER[name], table=table.name, event=event) for table in _KEPT for event in _EVENTS[name]]
    statements += [_ddl(_TRIGGER[name], table=ledger_head.name, event=event) for event in _EVENTS[name][1:]]
    statements.append(_ddl(_HEAD_TRIGGER[name]))
    for statement in statements:
        connection.execute(statement)


def _ddl(template: str, **names: str) -> sa.DDL:
    return sa.DDL(template, context={"refusal": _REFUSAL, **names})  # type: ignore[no-untyped-call]
