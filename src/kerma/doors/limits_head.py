"""How long and how slow the head of a request may be: a sender whose headers never end is cut off.

The web server gathers headers without a limit of its own. What comes after the head is counted by
:class:`kerma.doors.limits.BodyLimit`.
"""

from __future__ import annotations

import asyncio
from typing import Any

HEAD_BYTES_MAX = 64 << 10
HEAD_S = 20.0
"""How long a new connection may take to send its first head."""
_WORDS = b"the head of the request is too long\n"
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(_WORDS), _WORDS)
)


def limited_protocol() -> type[asyncio.Protocol]:
    """Return the web server's protocol with these limits; made when a server is, since it loads the server."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Limited(HttpToolsProtocol):  # type: ignore[misc, unused-ignore]
        """One connection."""

        _head_bytes = 0
        _is_in_head = True
        _first: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            """Begin to wait for the first head."""
            super().connection_made(transport)
            self._first = self.loop.call_later(HEAD_S, transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            """Wait no longer."""
            self._heard()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """Count the bytes of a head until it is whole."""
            was_in_head = self._is_in_head
            super().data_received(data)
            if not self._is_in_head or self.transport.is_closing():
                return
            self._head_bytes += len(data) if was_in_head else 0
            if self._head_bytes > HEAD_BYTES_MAX:
                self.transport.write(TOO_LONG)
                self.transport.close()

        def on_message_begin(self) -> None:
            """A head begins."""
            self._is_in_head, self._head_bytes = True, 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            """The head is whole."""
            self._is_in_head = False
            self._heard()
            super().on_headers_complete()

        def _heard(self) -> None:
            if self._first is not None:
                self._first.cancel()
                self._first = None

    return Limited
