"""How much a request may send: refused by its stated length before a byte is read, and again while it is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from kerma.areas.flagging.rules_models import MOST_EVALUATION_BYTES, MOST_WEIGHTS_BYTES
from kerma.doors.limits_head import HEAD_BYTES_MAX
from kerma.errors import TooLarge
from kerma.kernel import requests

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT_BYTES = 1 << 20
"""For everything but uploads of images."""
UPLOAD_FORM_BYTES = 1 << 20
"""What the form around an uploaded file may take on top of it."""
STORE_OBJECTS = 64
"""How many of the largest objects one store request may bring: each has a limit of its own, a study comes whole."""
STORE_PATH = re.compile(r"/dicom-web/studies(/[^/]+)?")
EVALUATION_PATH = re.compile(r"/api/v1/models/\d+/(activation|evaluation|thresholds)")


def limit_of(method: str, path: str, upload_limit_bytes: int) -> int:
    """Return how many bytes a request to this path may bring."""
    if path == "/api/v1/uploads":
        return upload_limit_bytes + UPLOAD_FORM_BYTES
    if method == "POST" and STORE_PATH.fullmatch(path):
        return STORE_OBJECTS * upload_limit_bytes
    if method == "POST" and path == "/api/v1/models":
        return MOST_WEIGHTS_BYTES + UPLOAD_FORM_BYTES
    if method == "POST" and EVALUATION_PATH.fullmatch(path):
        return 2 * MOST_EVALUATION_BYTES  # as text within JSON every quotation mark is two characters
    return BODY_LIMIT_BYTES


class BodyLimit:
    """Refuses bodies beyond the limit of their path."""

    def __init__(self, app: ASGIApp, upload_limit_bytes: int) -> None:
        self.app = app
        self.upload_limit_bytes = upload_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        head_bytes = sum(len(name) + len(value) for name, value in scope["headers"])
        if head_bytes > HEAD_BYTES_MAX:
            await _closing(_head_too_large(head_bytes), 431)(scope, receive, send)
            return
        limit = limit_of(scope["method"], scope["path"], self.upload_limit_bytes)
        stated = Headers(scope=scope).get("content-length", "")
        if stated.isdecimal() and int(stated) > limit:
            await _closing(_too_large(int(stated), limit))(scope, receive, send)
            return
        came, answered = 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise _too_large(came, limit)
            return message

        async def told(message: Message) -> None:
            """Say why the body was not read further, whatever the application made of it."""
            nonlocal answered
            if came <= limit:
                await send(message)
            elif not answered:
                answered = True
                await _closing(_too_large(came, limit))(scope, receive, send)

        await self.app(scope, counted, told)


def _closing(error: TooLarge, status: int = TooLarge.status) -> Response:
    """Return the answer after which the connection ends: nobody reads what is still coming (RFC 9110, 15.5.14)."""
    response = requests.problem(error)
    response.status_code = status
    response.headers["Connection"] = "close"
    return response


def _head_too_large(size: int) -> TooLarge:
    return TooLarge(f"the headers of the request have {size} bytes, at most {HEAD_BYTES_MAX} are accepted")


def _too_large(size: int, limit: int) -> TooLarge:
    return TooLarge(
        f"the request has {size} bytes or more, at most {limit} are accepted here; "
        "send fewer files at once, or have KERMA_UPLOAD_LIMIT_BYTES raised"
    )
