"""How much a request may send: refused by its stated length before a byte is read, and again while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from kerma.errors import TooLarge
from kerma.kernel import requests

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT_BYTES = 1 << 20
"""For everything but uploads of images."""
UPLOAD_PATHS = ("/api/v1/uploads",)
UPLOAD_FORM_BYTES = 1 << 20
"""What the form around an uploaded file may take on top of it."""


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
        is_upload = scope["path"] in UPLOAD_PATHS
        limit = self.upload_limit_bytes + UPLOAD_FORM_BYTES if is_upload else BODY_LIMIT_BYTES
        stated = Headers(scope=scope).get("content-length", "")
        if stated.isdecimal() and int(stated) > limit:
            await requests.problem(_too_large(int(stated), limit))(scope, receive, send)
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
                await requests.problem(_too_large(came, limit))(scope, receive, send)

        await self.app(scope, counted, told)


def _too_large(size: int, limit: int) -> TooLarge:
    return TooLarge(
        f"the request has {size} bytes or more, at most {limit} are accepted here; "
        "send fewer files at once, or have KERMA_UPLOAD_LIMIT_BYTES raised"
    )
