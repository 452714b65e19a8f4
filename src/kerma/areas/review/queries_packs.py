"""Reading acceptance packs: those that come with Kerma, a site's own, and who has confirmed which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.review.model_judge import pack_confirmation, site_pack
from kerma.areas.review.rules import text_digest
from kerma.errors import NotFound
from kerma.science.judge.pack import Pack, check_edition, load_pack, pack_names, registry
from kerma.standards import text_of

PACKAGED, SITE = "packaged", "site"


@dataclass(frozen=True)
class Chosen:
    """A pack as it is in force now, with the text it was read from and its confirmation."""

    name: str
    origin: str
    version: int
    """Of a site's pack, counted from 1; 0 for one that comes with Kerma."""
    text: str
    sha256: str
    pack: Pack
    """As it judges: confirmed where it is."""
    confirmation: dict[str, Any] | None

    @property
    def needs_no_confirmation(self) -> bool:
        """Whether it binds as it comes."""
        return self.pack.is_binding

    def check_edition(self, edition: str) -> None:
        """Refuse a confirmation with another edition at hand."""
        check_edition(edition, self.pack.table)

    @property
    def status(self) -> str:
        """The table's status, or *confirmed*."""
        return self.pack.status

    @property
    def title(self) -> str:
        """The registry's title, which names level or class; a site's own pack has its table's."""
        row = next((row for row in registry() if row["name"] == self.name), None)
        return row["title"] if row and self.origin == PACKAGED else self.pack.table.title

    def as_json(self) -> dict[str, Any]:
        """Return what a judgement keeps of the pack it was made by."""
        return {
            "name": self.name,
            "origin": self.origin,
            "version": self.version,
            "title": self.title,
            "edition": self.pack.table.edition,
            "source": self.pack.table.source,
            "sha256": self.sha256,
            "status": self.status,
            "confirmation_id": self.confirmation["id"] if self.confirmation else None,
        }


def chosen(connection: sa.Connection, name: str) -> Chosen:
    """Return a pack by its name: the site's own of this name in force, else the one that comes with Kerma.

    Raises
    ------
    NotFound
        There is no pack of this name.
    """
    own = site_pack_in_force(connection, name)
    if own is not None:
        return _chosen(connection, name, (SITE, own["version"]), own["text"], load_pack(own["text"]))
    if not name or "\n" in name:
        raise NotFound("name the pack to judge by; GET /api/v1/packs lists them")
    try:
        pack = load_pack(name)
    except NotFound:
        raise NotFound(f"there is no pack '{name[:64]}'; `kerma rules list` shows those there are") from None
    return _chosen(connection, name, (PACKAGED, 0), text_of(pack.table.name), pack)


def _chosen(connection: sa.Connection, name: str, origin: tuple[str, int], text: str, pack: Pack) -> Chosen:
    sha256 = text_digest(text)
    found = None if pack.is_binding else confirmation_of(connection, name, sha256)
    if found:
        pack = pack.confirmed(edition=found["edition"], by=found["by"], at=found["at"])
    return Chosen(name, *origin, text, sha256, pack, found)


def packs(connection: sa.Connection) -> list[Chosen]:
    """Return every pack in force: a site's own first, then those that come with Kerma, in the order of the registry."""
    own = sa.select(site_pack.c.name).where(site_pack.c.withdrawn_at == "").distinct().order_by(site_pack.c.name)
    names = [*connection.scalars(own), *pack_names()]
    return [chosen(connection, name) for name in dict.fromkeys(names)]


def is_packaged(name: str) -> bool:
    """Return whether a pack of this name comes with Kerma."""
    return name.partition("@")[0] in pack_names()


def listed_name(name: str) -> str:
    """Return the name in the registry of a pack that is given by the name of its table."""
    newest = (row for row in registry() if row["is_newest"] == "yes" and not row.get("facts"))
    return next((row["name"] for row in newest if row["table"] == name), name)


def site_pack_in_force(connection: sa.Connection, name: str) -> dict[str, Any] | None:
    """Return the newest version of a site's pack that has not been withdrawn."""
    return next((row for row in versions_of(connection, name) if not row["withdrawn_at"]), None)


def versions_of(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    """Return every version of a site's pack, the newest first."""
    statement = sa.select(site_pack).where(site_pack.c.name == name).order_by(site_pack.c.version.desc())
    return [dict(row) for row in connection.execute(statement).mappings()]


def confirmation_of(connection: sa.Connection, name: str, sha256: str) -> dict[str, Any] | None:
    """Return the confirmation in force of exactly this text of a pack."""
    same = (pack_confirmation.c.table_sha256 == sha256, pack_confirmation.c.withdrawn_at == "")
    return next((row for row in confirmations_of(connection, name, *same)), None)


def confirmations_of(connection: sa.Connection, name: str, *conditions: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    """Return the confirmations of a pack, also those withdrawn and those of earlier texts, the newest first."""
    statement = sa.select(pack_confirmation).where(pack_confirmation.c.pack == name, *conditions)
    rows = connection.execute(statement.order_by(pack_confirmation.c.id.desc())).mappings()
    return [dict(row) for row in rows]
