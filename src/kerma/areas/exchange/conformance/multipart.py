"""multipart/related as DICOMweb uses it: taken apart strictly, put together simply (PS3.18, 8.6.1.2; RFC 2046, 5.1)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True)
class Part:
    """One part: its header fields in lower case, and its content."""

    headers: Mapping[str, str]
    content: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def transfer_syntax(self) -> str:
        """The transfer-syntax parameter of its media type, if told."""
        return parameter(self.headers.get("content-type", ""), "transfer-syntax")


def parameter(content_type: str, name: str) -> str:
    """Return a parameter of a media type, without its quotes; empty when it is not there."""
    message = Message()
    message["Content-Type"] = content_type
    found = message.get_param(name)
    return found if isinstance(found, str) else ""


def parse(body: bytes, content_type: str) -> list[Part]:
    """Take a body apart.

    Raises
    ------
    ValueError
        It has no boundary, does not begin or end with it, or a part has no header section.
    """
    boundary = parameter(content_type, "boundary")
    if not boundary:
        raise ValueError("the Content-Type has no boundary parameter")
    line = b"--" + boundary.encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + line)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ValueError("the body does not begin and end with its boundary")
    return [_part(piece) for piece in pieces[1:-1]]


def compose(parts: Sequence[tuple[str, bytes] | tuple[str, bytes, str]], kind: str) -> tuple[bytes, str]:
    """Return a body and its Content-Type; a part is (media type, content) or (media type, content, location)."""
    boundary = f"kerma-conform-{uuid.uuid4().hex}"
    pieces = []
    for media_type, content, *location in parts:
        located = f"Content-Location: {location[0]}\r\n" if location else ""
        head = f"--{boundary}\r\nContent-Type: {media_type}\r\n{located}Content-Length: {len(content)}\r\n\r\n"
        pieces += [head.encode(), content, b"\r\n"]
    body = b"".join([*pieces, f"--{boundary}--\r\n".encode()])
    return body, f'multipart/related; type="{kind}"; boundary={boundary}'


def _part(piece: bytes) -> Part:
    piece = piece.lstrip(b" \t")
    if not piece.startswith(b"\r\n"):
        raise ValueError("a boundary is not followed by a line end")
    piece = piece[2:]
    if piece.startswith(b"\r\n"):
        return Part({}, piece[2:])
    head, found, content = piece.partition(b"\r\n\r\n")
    if not found:
        raise ValueError("a part has no end of its header fields")
    fields = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
    return Part({name.strip().lower(): text.strip() for name, _, text in fields}, content)
