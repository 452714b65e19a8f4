"""Reading published tables outside packs (image quality, reference images) and who has confirmed which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.review.model_judge import pack_confirmation
from kerma.areas.review.queries_packs import Chosen, chosen, confirmation_of
from kerma.areas.review.rules import text_digest
from kerma.errors import NotFound
from kerma.science.judge.pack import BINDING, check_edition
from kerma.science.judge.published import published, waits_for
from kerma.standards import Table, table, text_of


@dataclass(frozen=True)
class PublishedTable:
    """A published table as it is in force now, with its confirmation and what it still waits for."""

    table: Table
    sha256: str
    used_for: str
    confirmation: dict[str, Any] | None
    waits_for: tuple[str, ...]
    """Tables it rests on and that nobody has confirmed: until then verdicts by it advise."""

    @property
    def status(self) -> str:
        """The table's status, or *confirmed*."""
        return "confirmed" if self.confirmation else self.table.status

    @property
    def is_binding(self) -> bool:
        """Whether verdicts by it may fail an image."""
        return self.status in BINDING and not self.waits_for

    @property
    def needs_no_confirmation(self) -> bool:
        """Whether it binds as it comes."""
        return self.table.status in BINDING

    def check_edition(self, edition: str) -> None:
        """Refuse a confirmation with another edition at hand."""
        check_edition(edition, self.table)

    def as_json(self) -> dict[str, Any]:
        """Return what lists show of it."""
        return {
            **{key: getattr(self.table, key) for key in ("name", "title", "edition", "clause", "source")},
            "used_for": self.used_for,
            "status": self.status,
            "waits_for": list(self.waits_for),
            "sha256": self.sha256,
            "row_count": len(self.table.rows),
            "confirmation_id": self.confirmation["id"] if self.confirmation else None,
        }


def published_tables(connection: sa.Connection) -> list[PublishedTable]:
    """Return every published table that a Level III may confirm, in the order of the list."""
    confirmed = confirmed_tables(connection)
    return [_published(connection, name, confirmed) for name in published()]


def published_table(connection: sa.Connection, name: str) -> PublishedTable:
    """Return one published table by its name.

    Raises
    ------
    NotFound
        The table is none of those that are confirmed by themselves.
    """
    if name not in published():
        raise NotFound(f"there is no table '{name[:64]}' to confirm; `kerma rules tables` shows those there are")
    return _published(connection, name, confirmed_tables(connection))


def confirmable(connection: sa.Connection, name: str) -> Chosen | PublishedTable:
    """Return what a Level III confirms by this name: a table has a stroke in its name, a pack has none.

    Raises
    ------
    NotFound
        There is no such pack or table.
    """
    return published_table(connection, name) if "/" in name else chosen(connection, name)


def confirmed_tables(connection: sa.Connection) -> dict[str, int]:
    """Return the published tables that are confirmed as they stand now, each with its confirmation's number."""
    in_force = pack_confirmation.c.withdrawn_at == ""
    rows = connection.execute(sa.select(pack_confirmation).where(in_force).order_by(pack_confirmation.c.pack))
    known = {(row.pack, row.table_sha256): int(row.id) for row in rows if row.pack in published()}
    return {name: number for (name, sha256), number in known.items() if sha256 == text_digest(text_of(name))}


def _published(connection: sa.Connection, name: str, confirmed: dict[str, int]) -> PublishedTable:
    sha256 = text_digest(text_of(name))
    found = confirmation_of(connection, name, sha256)
    return PublishedTable(table(name), sha256, published()[name]["used_for"], found, waits_for(name, confirmed))
