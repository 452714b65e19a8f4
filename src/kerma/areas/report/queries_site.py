"""Reading the letterhead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.report.model import report
from kerma.areas.report.model_site import report_site
from kerma.areas.report.parts import Site
from kerma.areas.report.rules_site import PAPERS
from kerma.areas.report.rules_versions import BASIS, DRAFT

if TYPE_CHECKING:
    from kerma.kernel.blobs import Blobs


def newest_site(connection: sa.Connection) -> dict[str, Any] | None:
    """Return the letterhead in force, or None where nobody has set one."""
    statement = sa.select(report_site).order_by(report_site.c.id.desc()).limit(1)
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None


def site_of(connection: sa.Connection, blobs: Blobs) -> Site:
    """Return the letterhead in force with its logo; an empty one where nobody has set any."""
    found = newest_site(connection)
    if found is None:
        return Site()
    logo = blobs.get(found["logo_sha256"]) if found["logo_sha256"] else b""
    return Site(found["name"], tuple(found["address"]), logo, found["accreditation"], found["footer"])


def drafts_before(connection: sa.Connection, site_id: int, after: int, limit: int) -> list[dict[str, Any]]:
    """Return drafts that are their exam's newest version and older than a letterhead, by id from ``after`` on."""
    set_at = sa.select(report_site.c.set_at).where(report_site.c.id == site_id).scalar_subquery()
    newer = report.alias("newer")
    is_newest = ~sa.exists().where(newer.c.exam_pk == report.c.exam_pk, newer.c.id > report.c.id)
    columns = [report.c.id, report.c.exam_pk, *(report.c[key] for key in BASIS)]
    statement = (
        sa.select(*columns)
        .where(report.c.state == DRAFT, report.c.made_at <= set_at, report.c.id > after, is_newest)
        .order_by(report.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def paper_of(connection: sa.Connection) -> str:
    """Return the paper on which this site prints."""
    found = newest_site(connection)
    return str(found["paper"]) if found else PAPERS[0]
