"""Bring a database to the tables of this version; safe when several processes start at the same moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.errors import Conflict

if TYPE_CHECKING:
    from alembic.config import Config

    from kerma.kernel.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
"""The newest step: steps are numbered, so that the usual start need not load Alembic to see it has nothing to do."""

LOCK = 0x6B65726D61
"""The number of the PostgreSQL advisory lock under which one process migrates while the others wait."""


def revision(database: Database) -> str:
    """Return the number of the last step applied; empty for a database without tables."""
    with database.read() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or ""


def migrate(database: Database) -> None:
    """Apply every step that is missing, all in one transaction or none.

    Raises
    ------
    Conflict
        The database was made by a newer Kerma: an older one must not write it.
    """
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
    found = revision(database)
    if found > HEAD:
        raise Conflict(
            f"the database is at step {found}, this Kerma knows steps up to {HEAD}; "
            "install the newer Kerma again, or restore a backup made with this one"
        )
    if found == HEAD:
        return
    from alembic import command

    from kerma.kernel import ledger

    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        command.upgrade(configuration(connection), "head")
        ledger.install_guards(connection)


def configuration(connection: sa.Connection, metadata: sa.MetaData | None = None) -> Config:
    """Return Alembic's configuration for an open connection; with the tables as they should be, to find differences."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config
