"""All that changes the letterhead."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.report import rules_site, rules_versions
from kerma.areas.report.model import report
from kerma.areas.report.model_site import report_site
from kerma.areas.report.queries_site import newest_site
from kerma.errors import WrongUsage
from kerma.kernel import jobs
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted

RENEW = "report.renew"
"""The job that lays drafts out anew on a changed letterhead."""


@action("report.set_site")
def keep_site(act: Act, *, values: dict[str, Any], logo_sha256: str | None) -> int:
    """Keep a letterhead: reports laid out from now on carry it, drafts are laid out anew, signed ones stay."""
    act.record(logo_sha256=logo_sha256 or "")
    row = {**values, "logo_sha256": logo_sha256, "set_by": act.actor.key, "set_at": act.at_text}
    number = int(act.connection.execute(sa.insert(report_site).values(row).returning(report_site.c.id)).scalar_one())
    act.record(site_id=number)
    jobs.request(act, RENEW, key=str(number), arguments={"site_id": number})
    return number


@action("report.renew")
def renew(act: Act, *, site_id: int, report_id: int, pdf_sha256: str | None, go_on: bool) -> bool:
    """Put a draft laid out on the new letterhead in the place of the same draft on the old one.

    Returns whether it did: a signed version, or a letterhead that was changed again, is left alone.

    Parameters
    ----------
    pdf_sha256 : the draft laid out anew; None where that could not be done
    go_on : whether more drafts wait: asks for the next run of the job
    """
    act.record(site_id=site_id, report_id=report_id)
    if go_on:
        jobs.request(act, RENEW, key=str(site_id), arguments={"site_id": site_id, "after": report_id})
    newest = newest_site(act.connection)
    this = sa.and_(report.c.id == report_id, report.c.state == rules_versions.DRAFT)
    before = act.connection.scalar(sa.select(report.c.pdf_sha256).where(this).with_for_update())
    if pdf_sha256 is None or before is None or newest is None or newest["id"] != site_id:
        act.record(renewed=False)
        return False
    values = {"pdf_sha256": pdf_sha256, "made_at": act.at_text}
    act.connection.execute(sa.update(report).where(this).values(values))
    act.record(renewed=True, pdf_sha256=pdf_sha256, before_sha256=before)
    return True


def set_site(kernel: Kernel, actor: Actor, *, changes: dict[str, Any], logo: bytes | None = None) -> int:
    """Change the letterhead; what is not named stays as it is.

    Parameters
    ----------
    changes : any of ``name``, ``address`` (lines), ``accreditation``, ``footer``, ``paper``
    logo : PNG or SVG; empty takes the logo away, None leaves it

    Raises
    ------
    NotAllowed
        The permission is missing.
    WrongUsage
        A text does not fit, or the logo cannot be printed.
    """
    if not is_granted(keep_site.name, actor.permissions):
        refuse(kernel, actor, keep_site.name)
    with kernel.database.read() as connection:
        now = newest_site(connection) or {"logo_sha256": None}
    start = {"name": "", "address": [], "accreditation": "", "footer": "", "paper": rules_site.PAPERS[0]}
    values = rules_site.checked({**start, **{key: now[key] for key in start if key in now}, **changes})
    address = now["logo_sha256"]
    if logo is not None:
        address = kernel.blobs.put(_printable(logo)) if logo else None
    return keep_site(kernel, actor, values=values, logo_sha256=address)


def _printable(logo: bytes) -> bytes:
    from kerma.areas.report.document import can_print

    reason = rules_site.why_no_logo(logo)
    if reason is None and not can_print(logo):
        reason = "the logo cannot be read as a picture"
    if reason:
        raise WrongUsage(f"{reason}; give a PNG or SVG file")
    return logo
