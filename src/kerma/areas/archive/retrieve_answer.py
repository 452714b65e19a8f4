"""Answers of DICOMweb: conditional, in part, in one piece or several (RFC 9110; PS3.18, 8.5 to 8.7)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from kerma.areas.archive.retrieve_stream import Piece, PiecesResponse, cut, length_of
from kerma.areas.archive.rules_media import MULTIPART

FIXED = "private, max-age=31536000, immutable"
"""What is named by the digest of its content never changes."""
PICTURE = "private, max-age=3600"
"""A picture of an image that never changes may still be made better by the next version of Kerma."""
CHANGING = "private, no-cache"
"""A study or series may grow: it is asked each time whether it has."""
PARTIAL = 206
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Part:
    """One part of a multipart body."""

    content_type: str
    location: str
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class Answer:
    """What is to be answered, before the request's conditions are looked at."""

    pieces: Sequence[Piece]
    content_type: str
    tag: str
    caching: str = CHANGING
    """What holds when the address names one instance; of a study or series it is always CHANGING."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def accept_of(request: Request) -> str:
    """Return what the client accepts: the query parameter ``accept``, where a page cannot set headers, else the header.

    PS3.18, 8.3.3.1.
    """
    asked = request.query_params.get("accept")
    # a "+" in an address is read as a space
    return (
        asked.replace("dicom json", "dicom+json").replace("dicom xml", "dicom+xml")
        if asked
        else (request.headers.get("accept", ""))
    )


def tag_of(*parts: object) -> str:
    """Return an entity tag: the same parts always have the same tag."""
    return hashlib.sha256(repr(parts).encode("utf-8")).hexdigest()


def multipart(parts: Sequence[Part], media_type: str, tag: str) -> tuple[list[Piece], str]:
    """Return the pieces of a multipart body and its content type; the boundary follows from the tag (RFC 2387)."""
    boundary = f"kerma-{tag[:32]}"
    pieces: list[Piece] = []
    for part in parts:
        length = length_of(part.pieces)
        lines = [f"\r\n--{boundary}", f"Content-Type: {part.content_type}", f"Content-Location: {part.location}"]
        lines += [] if length is None else [f"Content-Length: {length}"]
        pieces.append(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8"))
        pieces.extend(part.pieces)
    first = pieces[0]
    assert isinstance(first, bytes)
    pieces[0] = first[2:]  # nothing stands before the first boundary
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return pieces, f'{MULTIPART}; type="{media_type}"; boundary={boundary}'


def is_known(request: Request, tag: str) -> bool:
    """Return whether the client says that it has this already (RFC 9110, 13.1.2)."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or f'"{tag}"' in given


def respond(request: Request, answer: Answer) -> Response:
    """Return the response: nothing new, a part, only the head, or everything in chunks."""
    is_one = "instance" in request.path_params or "objectUID" in request.query_params
    caching = {"ETag": f'"{answer.tag}"', "Cache-Control": answer.caching if is_one else CHANGING, "Vary": "Accept"}
    if is_known(request, answer.tag):
        return Response(status_code=304, headers=caching)
    headers = caching | dict(answer.headers)
    pieces, status = answer.pieces, answer.status
    length = length_of(pieces)
    if length is not None and status == 200 and not answer.content_type.startswith("multipart/"):
        headers["Accept-Ranges"] = "bytes"
        wanted = _wanted_range(request, answer.tag, length)
        if wanted == (0, 0):
            headers["Content-Range"] = f"bytes */{length}"
            return Response(status_code=416, headers=headers)
        if wanted is not None:
            first, last = wanted
            headers["Content-Range"] = f"bytes {first}-{last - 1}/{length}"
            pieces, status = cut(pieces, first, last - first), PARTIAL
            length = last - first
    if request.method == "HEAD":
        stated = {} if length is None else {"Content-Length": str(length)}
        return Response(status_code=status, headers=headers | stated | {"Content-Type": answer.content_type})
    return PiecesResponse(pieces, status, answer.content_type, headers)


def _wanted_range(request: Request, tag: str, length: int) -> tuple[int, int] | None:
    """Return first byte and end of the part asked for; (0, 0) when it cannot be, None when all is asked for.

    Several ranges at once are answered with everything, which RFC 9110, 14.2, allows.
    """
    written = request.headers.get("range", "").replace(" ", "")
    if_range = request.headers.get("if-range", "")
    match = _RANGE.fullmatch(written)
    if match is None or (if_range and if_range.strip() != f'"{tag}"'):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    start = int(first) if first else max(length - int(last), 0)
    end = min(int(last) + 1, length) if first and last else length
    if first and last and int(last) < int(first):
        return None
    return (start, end) if start < end else (0, 0)
