"""The letterhead over HTTP."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from kerma.areas.report import actions_site, queries_site
from kerma.areas.report.rules_site import MOST_LOGO_BYTES, PAPERS
from kerma.errors import NotFound, WrongUsage
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["report"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class Letterhead(BaseModel):
    """The letterhead in force; all empty before anybody has set one."""

    name: str = ""
    address: list[str] = []
    accreditation: str = ""
    footer: str = ""
    paper: str = PAPERS[0]
    logo_sha256: str | None = None
    set_at: str = ""


class LetterheadChange(BaseModel):
    """What to change of the letterhead; what is left out stays."""

    name: str | None = None
    address: list[str] | None = None
    accreditation: str | None = None
    footer: str | None = None
    paper: str | None = None
    logo_base64: str | None = Field(None, max_length=MOST_LOGO_BYTES * 4 // 3 + 8)
    """PNG or SVG; empty takes the logo away."""


@router.get("/report/site")
def letterhead(kernel: KernelNow, actor: ActorNow) -> Letterhead:
    """Show the letterhead of reports."""
    with kernel.database.read() as connection:
        found = queries_site.newest_site(connection) or {}
    return Letterhead(**{key: value for key, value in found.items() if key in Letterhead.model_fields})


@router.get("/report/site/logo", response_class=Response)
def logo(kernel: KernelNow, actor: ActorNow) -> Response:
    """Show the logo of the letterhead; a drawing (SVG) can run nothing in the page that shows it."""
    with kernel.database.read() as connection:
        found = queries_site.site_of(connection, kernel.blobs).logo
    if not found:
        raise NotFound("the letterhead has no logo")
    kind = "image/png" if found.startswith(b"\x89PNG") else "image/svg+xml"
    policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return Response(found, media_type=kind, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


@router.put("/report/site")
def change_letterhead(kernel: KernelNow, actor: ActorNow, body: LetterheadChange) -> Letterhead:
    """Change the letterhead; drafts are laid out anew with it as a job, signed reports stay as they are."""
    changes = {key: value for key, value in body.model_dump(exclude={"logo_base64"}).items() if value is not None}
    try:
        logo = None if body.logo_base64 is None else base64.b64decode(body.logo_base64, validate=True)
    except ValueError as error:  # no base64, or not even ASCII
        raise WrongUsage("the logo is no Base64") from error
    actions_site.set_site(kernel, actor, changes=changes, logo=logo)
    return letterhead(kernel, actor)
