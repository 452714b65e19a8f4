"""Removing blobs whose rows a deletion took away: after its commit, when no row refers to them, and never in a race.

A deletion asks with :func:`ask` in its own transaction. A job then looks, in one snapshot, which of those addresses
rows still name, and removes the rest. Bytes may arrive again meanwhile: whoever makes a row that names an address calls
:func:`claim` in that transaction, which withdraws the removal, or says that the bytes have just gone. So a removal that
is still asked for when the job takes its turn is named by no row that the snapshot could have missed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Sequence

import sqlalchemy as sa

from kerma.errors import Conflict, NotFound
from kerma.kernel import jobs
from kerma.kernel.action import Act, Kernel, action
from kerma.kernel.backup_model import is_backup_running
from kerma.kernel.blobs import blob_columns
from kerma.kernel.database import BigKey, metadata
from kerma.kernel.identity import service
from kerma.kernel.prepared import Prepared

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Blobs removed in one transaction: each is a flush of a folder, and arrivals wait meanwhile."""
LOOKED_UP = 1_000
"""Addresses looked for in all tables at a time."""
EVERY_S = 3600.0
REMOVE = "blobs.remove"
REMOVER = service("blobs", REMOVE)
OTHER_TABLES = ("alembic_version",)
FOLLOWERS: list[Callable[[Kernel, str], None]] = []
"""Called for each blob that is removed, maybe more than once: who keeps copies made of it forgets them."""

blob_removal = sa.Table(
    "blob_removal",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("asked_at", sa.String(27), nullable=False),
    sa.Column("removed_at", sa.String(27), nullable=False, server_default=""),
    sa.Index(None, "removed_at", "id"),
    sqlite_autoincrement=True,
)
"""Addresses whose blob is to go, or has gone (until the same bytes come again). Each asking has a number of its own, so
that one which was withdrawn and asked for anew is not taken for the old one."""

_ASKED = Prepared(
    sa.select(blob_removal.c.sha256).where(blob_removal.c.sha256 == sa.bindparam("address")).with_for_update()
)
_WITHDRAW = sa.delete(blob_removal).where(blob_removal.c.sha256 == sa.bindparam("address"))


def ask(act: Act, addresses: Iterable[str]) -> None:
    """Have these blobs removed once this transaction is durable, unless a row still names them."""
    wanted = sorted({address for address in addresses if address})
    for address in wanted:
        act.connection.execute(_WITHDRAW, {"address": address})
    if wanted:
        rows = [{"sha256": address, "asked_at": act.at_text, "removed_at": ""} for address in wanted]
        act.connection.execute(sa.insert(blob_removal), rows)
        jobs.request(act, REMOVE, "asked", {})


def claim(act: Act, *addresses: str) -> None:
    """Say that a row of this transaction names these addresses; a removal asked for is withdrawn.

    Raises
    ------
    Conflict
        The bytes were kept before the removal and are gone since: they must be sent again.
    """
    for address in addresses:
        if not address or _ASKED.first(act.connection, {"address": address}) is None:
            continue
        if not act.kernel.blobs.exists(address):
            raise Conflict("the same bytes were being deleted while these arrived: send them again")
        act.connection.execute(_WITHDRAW, {"address": address})


def remove_asked(kernel: Kernel) -> int:
    """Remove every blob whose removal is due and that no row names; returns how many; a backup comes first."""
    removed = 0
    while True:
        with kernel.database.read() as connection:
            if is_backup_running(connection, kernel.clock.now()):
                log.info("blobs are not removed while a backup runs")
                return removed
            waiting = _waiting(connection)
            named = named_addresses(connection, list(waiting.values()))
        if not waiting:
            return removed
        numbers = list(waiting)
        for first in range(0, len(numbers), AT_ONCE):
            removed += _remove(kernel, REMOVER, numbers=numbers[first : first + AT_ONCE], named=named)


@action(REMOVE)
def _remove(act: Act, *, numbers: Sequence[int], named: Collection[str]) -> int:
    """Remove bytes that a deletion released and that no image, report or record refers to."""
    asked = sa.select(blob_removal.c.id, blob_removal.c.sha256).where(
        blob_removal.c.id.in_(numbers), blob_removal.c.removed_at == ""
    )
    still = {row.id: row.sha256 for row in act.connection.execute(asked.with_for_update())}
    gone = {number: address for number, address in still.items() if address not in named}
    for address in gone.values():
        with contextlib.suppress(NotFound):  # removed by a run that was killed before its commit
            act.kernel.blobs.delete(address)
        for follow in FOLLOWERS:
            follow(act.kernel, address)
    taken = sa.update(blob_removal).where(blob_removal.c.id.in_(gone)).values(removed_at=act.at_text)
    act.connection.execute(taken)
    act.connection.execute(sa.delete(blob_removal).where(blob_removal.c.id.in_(still.keys() - gone.keys())))
    digest = hashlib.sha256("".join(f"{address}\n" for address in sorted(gone.values())).encode("ascii")).hexdigest()
    act.record(count=len(gone), addresses_digest=digest, kept_for_others=len(still) - len(gone))
    return len(gone)


@jobs.job(REMOVE, every_s=EVERY_S)
def remove(kernel: Kernel) -> None:
    """Remove what deletions released; hourly, for what a crash or a backup left."""
    remove_asked(kernel)


def named_addresses(connection: sa.Connection, addresses: Sequence[str]) -> set[str]:
    """Return those of the addresses that a row of any table names.

    Raises
    ------
    Conflict
        The database has a table that this process does not know: it could name blobs unseen.
    """
    if not addresses:
        return set()
    demand_known_tables(connection)
    named: set[str] = set()
    for column in blob_columns(metadata):
        named.update(connection.scalars(sa.select(column).where(column.in_(addresses))))
    return named


def demand_known_tables(connection: sa.Connection) -> None:
    """Refuse when the database has a table that this process does not know, which could name blobs unseen.

    Raises
    ------
    Conflict
        There is one.
    """
    strangers = set(sa.inspect(connection).get_table_names()) - metadata.tables.keys() - set(OTHER_TABLES)
    if strangers:
        raise Conflict(f"this Kerma does not know the tables {', '.join(sorted(strangers))}, which may name bytes")


def _waiting(connection: sa.Connection) -> dict[int, str]:
    query = sa.select(blob_removal.c.id, blob_removal.c.sha256).where(blob_removal.c.removed_at == "")
    return {row.id: row.sha256 for row in connection.execute(query.order_by(blob_removal.c.id).limit(LOOKED_UP))}
