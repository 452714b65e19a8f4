"""A multipart body taken apart while it comes (RFC 2046, 5.1): headers in one piece, content as slices of what came.

Nothing of a part's content is held: at most the few bytes at the end of a chunk that may begin a boundary, and one
part's headers. The module knows no network and no file; :meth:`Parser.feed` is called with bytes and yields events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from kerma.errors import TooLarge, WrongUsage

BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?! #$%&*;<>@\[\]^`{|}~-]{0,69}[0-9A-Za-z'()+_,./:=?!#$%&*;<>@\[\]^`{|}~-]")
"""RFC 2046 allows 70 characters; more kinds of them are let pass than it names, since senders use them."""
HEADER_BYTES_MAX = 8_192
PREAMBLE_BYTES_MAX = 65_536
PARTS_MAX = 20_000
PADDING_BYTES_MAX = 128
"""White space between a boundary and the end of its line."""

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_FOLD = re.compile(r"\r\n[ \t]+")


@dataclass(frozen=True)
class Begin:
    """A part begins; names of headers are in lower case."""

    headers: Mapping[str, str]


@dataclass(frozen=True)
class End:
    """The part that began last is whole."""


Event = Begin | memoryview | End
_State = Literal["preamble", "boundary", "headers", "content", "epilogue"]
_Step = Callable[[], "tuple[Event, ...] | None"]


def media_type(written: str) -> tuple[str, dict[str, str]]:
    """Return a Content-Type in lower case and its parameters, unquoted, with names in lower case."""
    kind, _, rest = written.partition(";")
    found = {name.lower(): _unquoted(value.strip()) for name, value in _PARAMETER.findall(f";{rest}")}
    return kind.strip().lower(), found


def boundary_of(parameters: Mapping[str, str]) -> bytes:
    """Return the boundary that a Content-Type names.

    Raises
    ------
    WrongUsage
        There is none, or it is longer than 70 characters or holds others than a boundary may.
    """
    written = parameters.get("boundary", "")
    if not written:
        raise WrongUsage("the Content-Type names no boundary: multipart/related; boundary=... is needed")
    if not BOUNDARY.fullmatch(written):
        raise WrongUsage(f"a boundary has 1 to 70 plain characters (RFC 2046, 5.1.1), this one has {len(written)}")
    return written.encode("ascii")


class Parser:
    """Takes one body apart; feed it chunk by chunk, then call :meth:`finish`."""

    def __init__(self, boundary: bytes, *, parts_max: int = PARTS_MAX) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._parts_max = parts_max
        self._parts = 0
        self._passed_bytes = 0
        # The first boundary may stand at the very beginning, without the line end that belongs to every other.
        self._buffer = b"\r\n"
        self._at = 0
        self._state: _State = "preamble"
        self._steps: Mapping[_State, _Step] = {
            "preamble": self._preamble,
            "boundary": self._boundary,
            "headers": self._headers,
            "content": self._content,
            "epilogue": self._epilogue,
        }

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield what these bytes bring; take all of it before the next call.

        Raises
        ------
        WrongUsage
            This is no multipart body of the stated boundary, or the headers of a part are damaged.
        TooLarge
            More parts, or longer headers, than a request may have.
        """
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0
        while (events := self._steps[self._state]()) is not None:
            yield from events

    def finish(self) -> None:
        """Say that the body has ended.

        Raises
        ------
        WrongUsage
            Its last boundary has not come: the body was cut short, or is none of this kind.
        """
        if not self._parts and self._state != "epilogue":
            raise WrongUsage("the body does not hold the boundary that its Content-Type names")
        if self._state != "epilogue":
            raise WrongUsage("the body ends before its last boundary: it was cut short, send it again")

    def _preamble(self) -> tuple[Event, ...] | None:
        found = self._buffer.find(self._delimiter, self._at)
        passed_to = found if found >= 0 else self._undecided()
        self._passed_bytes += passed_to - self._at
        self._at = passed_to
        if self._passed_bytes > PREAMBLE_BYTES_MAX:
            raise WrongUsage(f"the boundary did not come within the first {PREAMBLE_BYTES_MAX} bytes of the body")
        if found < 0:
            return None
        self._state = "boundary"
        return ()

    def _boundary(self) -> tuple[Event, ...] | None:
        """Look at what follows a boundary: the end, a part, or something that makes it no boundary at all."""
        after = self._at + len(self._delimiter)
        tail = self._buffer[after : after + PADDING_BYTES_MAX]
        line_end = tail.find(b"\r\n")
        ended: tuple[Event, ...] = (End(),) if self._parts else ()
        if tail.startswith(b"--"):
            self._at, self._state = len(self._buffer), "epilogue"
            return ended
        if line_end >= 0 and not tail[:line_end].strip(b" \t"):
            self._at, self._state = after + line_end + 2, "headers"
            return ended
        if len(tail) < PADDING_BYTES_MAX and tail.lstrip(b" \t") in (b"", b"\r", b"-"):
            return None
        begun, self._at = self._at, after
        self._state = "content" if self._parts else "preamble"
        return (memoryview(self._buffer)[begun:after],) if self._parts else ()

    def _headers(self) -> tuple[Event, ...] | None:
        buffer, at = self._buffer, self._at
        is_bare = buffer.startswith(b"\r\n", at)
        found = buffer.find(b"\r\n\r\n", at, at + HEADER_BYTES_MAX)
        if not is_bare and found < 0:
            if len(buffer) - at >= HEADER_BYTES_MAX:
                raise TooLarge(f"the headers of a part are longer than {HEADER_BYTES_MAX} bytes")
            return None
        end = at if is_bare else found
        self._parts += 1
        if self._parts > self._parts_max:
            raise TooLarge(f"one request may bring {self._parts_max} parts at most: send fewer at a time")
        self._at, self._state = end + (2 if is_bare else 4), "content"
        return (Begin(_fields(buffer[at:end])),)

    def _content(self) -> tuple[Event, ...] | None:
        begun = self._at
        found = self._buffer.find(self._delimiter, begun)
        self._at = found if found >= 0 else self._undecided()
        if found >= 0:
            self._state = "boundary"
        elif self._at == begun:
            return None
        return (memoryview(self._buffer)[begun : self._at],) if self._at > begun else ()

    def _epilogue(self) -> None:
        """Pass over whatever follows the last boundary."""
        self._at = len(self._buffer)

    def _undecided(self) -> int:
        """Return where the bytes begin that may turn out to be a boundary once more have come."""
        buffer, delimiter = self._buffer, self._delimiter
        found = buffer.find(b"\r", max(self._at, len(buffer) - len(delimiter) + 1))
        while found >= 0 and not delimiter.startswith(buffer[found:]):
            found = buffer.find(b"\r", found + 1)
        return found if found >= 0 else len(buffer)


def _fields(written: bytes) -> dict[str, str]:
    """Return the header fields of a part; of a field that stands twice the first counts."""
    fields: dict[str, str] = {}
    for line in _FOLD.sub(" ", written.decode("utf-8", errors="replace")).split("\r\n"):
        name, colon, value = line.partition(":")
        if not line:
            continue
        if not colon or not name.strip():
            raise WrongUsage("the headers of a part are damaged: a line without a name and colon")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value
