"""What every HTTP request goes through: who asks, may the page ask, which headers leave, how errors look."""

from __future__ import annotations

import base64
import logging
import uuid
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from kerma.errors import KermaError, NotAllowed, NotSignedIn, TooManyRequests
from kerma.kernel.identity import actor_of_session, actor_of_token
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kerma.kernel.action import Action, Actor, Kernel
    from kerma.kernel.settings import Settings

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
RowNumber = Annotated[int, Field(ge=0, lt=2**63)]
"""The number of a row in a request: what no database could hold is refused before it is looked for."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SCHEMES = {"ws": "http", "wss": "https"}
"""A channel's scheme, and that of the page which may open it."""
POLICY_VIOLATION = 1008
ONE_LOOK = timedelta(minutes=10)
"""Refreshes of a list within this time belong to one look at it, and to one ledger record."""
GUEST = "/guest"
"""Below it stand the addresses of guests' links: the next part is a secret, and no log may have it."""
OPEN_PATHS = ("/healthz", "/readyz")
"""Answered over plain HTTP from anywhere: they tell nothing."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
        "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'self'; require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""On every response, unless the route set the header itself (a file that may be cached, a sandboxed PDF)."""
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def kernel_of(request: HTTPConnection) -> Kernel:
    """Return the kernel of the running server."""
    return cast("Kernel", request.app.state.kernel)


def actor_of(request: HTTPConnection) -> Actor:
    """Return who asks: the program of a bearer token, else the person of the session cookie.

    Raises
    ------
    NotSignedIn
        Neither is there, or it is no longer good.
    """
    kernel = kernel_of(request)
    bearer = _bearer(request.headers)
    if bearer is not None:
        return actor_of_token(kernel, bearer)
    token = session_token(request)
    if token is None:
        raise NotSignedIn("nobody is signed in; sign in at POST /api/v1/session, or send a bearer token")
    return actor_of_session(kernel, token)


def look(request: Request, actor: Actor, view: Action[..., None], **about: str | None) -> None:
    """Check the permission for a list each time, and record one look at it in ten minutes, however often it is shown.

    Raises
    ------
    NotAllowed
        The actor may not see it; the refusal is recorded.
    """
    kernel = kernel_of(request)
    looks: dict[object, datetime] = request.app.state.__dict__.setdefault("looks", {})
    key, now = (view.name, actor.key, *sorted(about.items())), kernel.clock.now()
    begun = looks.get(key)
    if begun is None or now - begun >= ONE_LOOK or not is_granted(view.name, actor.permissions):
        view(kernel, actor, **about)
        looks[key] = now


def session_token(request: HTTPConnection) -> str | None:
    """Return the session token of the cookie, if there is one."""
    return request.cookies.get(cookie_name(request))


def cookie_name(request: HTTPConnection) -> str:
    """Return the cookie's name: browsers keep ``__Host-`` cookies from other hosts, but accept them over TLS only."""
    return "__Host-kerma" if _is_tls(request.scope) else "kerma"


def set_session_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser the session; it lives until the browser closes or the server ends it."""
    response.set_cookie(
        cookie_name(request), token, path="/", secure=_is_tls(request.scope), httponly=True, samesite="lax"
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    """Take the session from the browser, and everything the pages stored there."""
    response.delete_cookie(cookie_name(request), path="/", secure=_is_tls(request.scope), httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def address_of(request: Request) -> str:
    """Return the network address of the asker."""
    return request.client.host if request.client else "unknown"


def install(app: FastAPI) -> None:
    """Give an application (with ``app.state.kernel``) the guard, the security headers and the error shape."""
    app.add_middleware(Guard)
    app.add_exception_handler(KermaError, _kerma_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


class OptionRow(BaseModel):
    """One option of a calculation, measurement or scene: what it means and what it takes."""

    name: str
    kind: str
    wants: str
    """What a value must be, in words."""
    meaning: str
    unit: str
    is_required: bool
    default: Any
    choices: list[str]


class Guard:
    """Refuses requests no page of ours would make, adds the headers, and turns surprises into a generic answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(scope, message)
            await send(message)

        try:
            refusal = _refusal(scope)
            answer = self.app if refusal is None else problem(refusal)
            await answer(scope, receive, send_guarded)
        except Exception:
            number = uuid.uuid4().hex[:12]
            # the path without its query, and without a guest's token: identities and secrets do not belong into logs
            log.exception("error %s in %s %r", number, scope["method"], _loggable(scope["path"]))
            if started:
                raise
            await _surprise(number)(scope, receive, send_guarded)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a channel only for whom a request that changes something would be let in; browsers ask nobody first."""
        if scope["type"] == "websocket" and _refusal(scope) is not None:
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        await self.app(scope, receive, send)


def _loggable(path: str) -> str:
    """Return a path fit for a log: of a guest's address only that it is one."""
    return f"{GUEST}/…" if path.startswith(f"{GUEST}/") else path


def problem(error: KermaError) -> JSONResponse:
    """Return the RFC 9457 answer for an error of ours."""
    response = JSONResponse(error.problem(), status_code=error.status, media_type=PROBLEM)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after_s + 0.5)))
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _refusal(scope: Scope) -> KermaError | None:
    """Return why this request is not let in, or None."""
    settings: Settings = scope["app"].state.kernel.settings
    headers = Headers(scope=scope)
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if not _is_tls(scope) and scope["path"] not in OPEN_PATHS and settings.plain_http == "loopback":
        own = urlsplit(settings.origin).hostname
        if not _is_loopback(host) and (own is None or host != own):
            return NotAllowed(
                f"{host or 'this address'} is reached without TLS; put a TLS proxy before Kerma and set KERMA_ORIGIN, "
                "or, on a closed network, set KERMA_PLAIN_HTTP=anywhere"
            )
    if scope.get("method") in SAFE_METHODS or _bearer(headers) is not None:
        return None
    if _is_same_origin(scope, headers, settings):
        return None
    return NotAllowed(
        "this request did not come from a page of this server (Origin, Sec-Fetch-Site); "
        "programs send 'Authorization: Bearer ...', see 'kerma token create'"
    )


def _is_same_origin(scope: Scope, headers: Headers, settings: Settings) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    scheme = SCHEMES.get(scope["scheme"], scope["scheme"])
    own = {f"{scheme}://{headers.get('host', '')}", settings.origin} - {""}
    if origin is not None and origin not in own:
        return False
    if site is not None:
        return site == "same-origin"
    return origin is not None


def _bearer(headers: Headers) -> str | None:
    """Return the token of a program: as Bearer, or as the password of Basic, which is all that some PACS can send."""
    scheme, _, written = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _password(written) or None
    return written.strip() if scheme.lower() == "bearer" and written.strip() else None


def _password(written: str) -> str:
    try:
        return base64.b64decode(written.strip(), validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        return ""


def _is_tls(scope: Scope) -> bool:
    settings: Settings = scope["app"].state.kernel.settings
    return scope["scheme"] in ("https", "wss") or settings.origin.startswith("https://")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _add_headers(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    wanted = HEADERS | (OVER_TLS if _is_tls(scope) else {})
    for name, value in wanted.items():
        headers.setdefault(name, value)


async def _kerma_error(_: Request, error: Exception) -> Response:
    return problem(cast("KermaError", error))


async def _validation_error(_: Request, error: Exception) -> Response:
    """Say where and what, never the value: it may be a password."""
    found = cast("RequestValidationError", error).errors()
    errors = [{"where": ".".join(str(part) for part in item["loc"]), "what": item["msg"]} for item in found]
    detail = "; ".join(f"{item['where']}: {item['what']}" for item in errors)
    return _plain_problem(422, "The request does not fit the form", detail, errors=errors)


async def _http_error(_: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    response = _plain_problem(found.status_code, str(found.detail), str(found.detail))
    for name, value in (found.headers or {}).items():
        response.headers[name] = value
    return response


def _surprise(number: str) -> Response:
    detail = f"something unexpected happened; the server's log has it under {number}"
    return _plain_problem(500, KermaError.title, detail, instance=f"urn:kerma:incident:{number}")


def _plain_problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status_code=status, media_type=PROBLEM)
