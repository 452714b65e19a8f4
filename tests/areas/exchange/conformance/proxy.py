"""A server that does right but for one planted fault: it hands everything on to an archive and breaks one clause."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Said:
    """A request or an answer on its way."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    method: str = "GET"
    status: int = 200


Change = Callable[[Said, Said | None], None]
"""Changes the request (the answer is None) or the answer."""


@contextmanager
def faulty(upstream: str, change: Change | None) -> Iterator[str]:
    """Run the proxy; gives the address that stands for the archive's."""
    place = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Said(self.path, dict(self.headers), self.rfile.read(length), self.command)
            if change:
                change(asked, None)
            answer = hand_on(asked, place.netloc)
            if change:
                change(asked, answer)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{place.path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hand_on(asked: Said, netloc: str) -> Said:
    """Ask the archive itself."""
    line = http.client.HTTPConnection(netloc, timeout=60)
    headers = {name: value for name, value in asked.headers.items() if name.lower() not in ("host", "connection")}
    headers["Content-Length"] = str(len(asked.body))
    line.request(asked.method, asked.path, body=asked.body or None, headers=headers)
    response = line.getresponse()
    body = response.read()
    line.close()
    dropped = ("content-length", "transfer-encoding", "connection", "date", "server")
    kept = {name: value for name, value in response.getheaders() if name.lower() not in dropped}
    return Said(asked.path, kept, body, asked.method, response.status)
