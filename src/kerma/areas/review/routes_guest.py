"""The page of a guest: one exam, one question, by a link whose token is the only key. No session, no script."""

from __future__ import annotations

import functools
import importlib.resources
from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kerma.areas.archive import queries_render
from kerma.areas.review import actions_guest, guest_page, guests
from kerma.areas.review.guest_page import LOOKS, View
from kerma.areas.review.guests import Visit
from kerma.errors import KermaError, NotFound, TooLarge, TooManyRequests
from kerma.kernel import requests
from kerma.kernel.action import Kernel

router = APIRouter(prefix=requests.GUEST, tags=["guest"], include_in_schema=False)

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
Number = Annotated[int, Path(ge=1, lt=2**31)]
Plane = Annotated[int, Path(ge=0, lt=2**31)]
MOST_BYTES = 65_536
"""Of an answer's form."""
SCREEN_PX = 1600
CONTRASTS = {"more": 0.4, "less": 2.5}
"""Width of the window beside the image's own."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    # A form says whence it comes only where the page may be told of at all; to other servers nothing is told.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


@router.get("/guest.css")
def style() -> Response:
    """Give the look of the page."""
    return Response(_style(), media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@router.get("/{token}")
def opened(request: Request, kernel: KernelNow, token: str) -> Response:
    """Open the exam at its first image."""
    return _page(request, kernel, token, View())


@router.get("/{token}/view/{number}/{plane}/{look}")
def viewed(request: Request, kernel: KernelNow, token: str, number: Number, plane: Plane, look: str) -> Response:
    """Open the exam at one of its images."""
    return _page(request, kernel, token, View(number, plane, look))


@router.get("/{token}/image/{number}/{plane}/{look}/{size}.png")
def image(  # noqa: PLR0913 - what is shown is its address
    request: Request,
    kernel: KernelNow,
    token: str,
    number: Number,
    plane: Plane,
    look: str,
    size: Literal["screen", "full"],
) -> Response:
    """Show one image of the exam."""
    try:
        visit = guests.visit(kernel, token, requests.address_of(request))
        row = _image_of(visit, View(number, plane, look))
        actions_guest.show_guest_image(kernel, visit.actor, image_pk=row["id"], plane=plane)
        png = _rendered(kernel, row, plane, look, SCREEN_PX if size == "screen" else None)
    except KermaError as error:
        return _refused(error)
    return Response(png, media_type="image/png", headers=HEADERS)


@router.post("/{token}/answer")
async def answered(request: Request, kernel: KernelNow, token: str) -> Response:
    """Take the one answer."""
    from starlette.concurrency import run_in_threadpool

    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return _refused(TooLarge("this answer is too long: shorten it"))
    told = parse_qs(body.decode("utf-8", errors="replace"), keep_blank_values=True).get("answer", [""])[0]
    return await run_in_threadpool(_answered, request, kernel, token, told.replace("\r\n", "\n"))


def _answered(request: Request, kernel: Kernel, token: str, told: str) -> Response:
    try:
        visit = guests.visit(kernel, token, requests.address_of(request))
    except KermaError as error:
        return _refused(error)
    try:
        actions_guest.answer_as_guest(kernel, visit.actor, answer=told)
    except KermaError as error:
        written = guest_page.page(visit, View(), _base(token), str(error), told)
        return HTMLResponse(written, status_code=error.status, headers=HEADERS)
    return RedirectResponse(_base(token), status_code=303, headers=HEADERS)


def _page(request: Request, kernel: Kernel, token: str, view: View) -> Response:
    try:
        visit = guests.visit(kernel, token, requests.address_of(request))
        if visit.images or view != View():
            _image_of(visit, view)
        actions_guest.look_as_guest(kernel, visit.actor)
    except KermaError as error:
        return _refused(error)
    return HTMLResponse(guest_page.page(visit, view, _base(token)), headers=HEADERS)


def _image_of(visit: Visit, view: View) -> dict[str, object]:
    """Return the row of the image in view; a number is that of the exam's list, so that no other exam can be named."""
    if view.number > len(visit.images) or view.look not in LOOKS:
        raise NotFound("this exam has no such image")
    row = visit.images[view.number - 1]
    if view.plane >= (row["planes"] or 1):
        raise NotFound("this image has no such plane")
    return row


def _rendered(kernel: Kernel, row: dict[str, object], plane: int, look: str, longest: int | None) -> bytes:
    asked = queries_render.Rendering(plane=plane, longest=longest, invert=look == "negative")
    picture = queries_render.picture(kernel, row, asked)
    if look in CONTRASTS and picture.window:
        center, width = picture.window
        changed = queries_render.Rendering(plane, center, width * CONTRASTS[look], longest=longest)
        picture = queries_render.picture(kernel, row, changed)
    return picture.png


def _refused(error: KermaError) -> Response:
    """Return the page for who is not let in; it is the same whatever is wrong with the link."""
    answer = HTMLResponse(guest_page.refusal(str(error)), status_code=error.status, headers=HEADERS)
    if isinstance(error, TooManyRequests):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after_s + 0.5)))
    return answer


def _base(token: str) -> str:
    """Return the address of a link; the token has been found, so that it is made of letters that need no escape."""
    return f"{requests.GUEST}/{token}"


@functools.cache
def _style() -> bytes:
    return importlib.resources.files("kerma.areas.review").joinpath("guest.css").read_bytes()
