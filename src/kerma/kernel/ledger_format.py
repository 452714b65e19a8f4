"""The file that carries a ledger to whoever wants to check it; ``docs/duties/prove.md`` shows one line by line.

Text in UTF-8, one line a thing, each line canonical JSON, told apart by its first character:

====  ==================  =============================================================================
``{``  line 1             the header: origin, public key, number of records
``[``  before 256 records  where they start and their leaf hashes, in base64
``{``  each record         its canonical JSON, exactly as signed
``"``  where it belongs    a signed checkpoint, after the last record it covers
``"``  the last line       the signed end: size, root, time, and the SHA-256 of every byte before it
====  ==================  =============================================================================

The signed end begins with words of its own, so that no checkpoint of an intermediate size can stand in for it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from kerma.errors import Altered, Unusable, WrongUsage
from kerma.kernel.canonical import canonical, read_canonical
from kerma.kernel.merkle import HASH_BYTES
from kerma.kernel.notes import Checkpoint, read_base64

FORMAT = "ledger-export"
VERSION = 1
TILE = 256
LINE_LIMIT_BYTES = 131_072
"""Above the longest record and the longest note, so that no line of a hostile file fills the memory."""

PURPOSE = "kerma-ledger-export/v1"
"""First line of the signed end; no ledger has this name."""


@dataclass(frozen=True)
class Header:
    """What a ledger export says about itself in its first line."""

    origin: str
    size: int
    vkey: str

    def line(self) -> bytes:
        """Return the first line."""
        return _line({"kerma": FORMAT, "origin": self.origin, "size": self.size, "v": VERSION, "vkey": self.vkey})

    @classmethod
    def parse(cls, line: bytes) -> Header:
        """Read the first line.

        Raises
        ------
        Unusable
            A newer format that this version does not know.
        Altered
            The line is not as it was written.
        """
        value = read_line(line)
        version = value.get("v") if isinstance(value, dict) and value.get("kerma") == FORMAT else None
        if isinstance(version, int) and version > VERSION:
            raise Unusable(f"this export has format version {version}, known is {VERSION}; use a newer Kerma")
        if not isinstance(value, dict) or set(value) != {"kerma", "origin", "size", "v", "vkey"} or version != VERSION:
            raise Altered("the first line is not the header of a ledger export any more")
        origin, size, vkey = value["origin"], value["size"], value["vkey"]
        if not (isinstance(origin, str) and isinstance(vkey, str) and type(size) is int):
            raise Altered("the first line is not the header of a ledger export any more")
        return cls(origin, size, vkey)


@dataclass(frozen=True)
class SignedEnd:
    """What the last line of an export vouches for."""

    checkpoint: Checkpoint
    checkpoints: int
    sha256: str
    """Of every byte of the file before the last line, hexadecimal."""

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{PURPOSE}\n{self.checkpoint.text}checkpoints {self.checkpoints}\nsha256 {self.sha256}\n"

    @classmethod
    def parse(cls, text: str) -> SignedEnd:
        """Read the text of the signed end.

        Raises
        ------
        Altered
            It is not in this form.
        """
        lines = text.split("\n")
        if len(lines) != 8 or lines[0] != PURPOSE or not lines[5].startswith("checkpoints "):
            raise Altered("the last line is not the signed end of an export")
        checkpoint = Checkpoint.parse("\n".join(lines[1:5]) + "\n")
        count = lines[5].removeprefix("checkpoints ")
        end = cls(checkpoint, int(count) if count.isdecimal() and count.isascii() else -1, lines[6][7:])
        if end.text != text:
            raise Altered("the last line is not the signed end of an export")
        return end


def tile_line(first: int, leaves: Sequence[bytes]) -> bytes:
    """Return the line that lists the leaf hashes of up to 256 records from ``first`` on."""
    return _line([first, b64encode(b"".join(leaves)).decode("ascii")])


def read_tile(line: bytes) -> tuple[int, list[bytes]]:
    """Read what :func:`tile_line` wrote.

    Raises
    ------
    Altered
        The line is not in this form.
    """
    value = read_line(line)
    if isinstance(value, list) and len(value) == 2 and type(value[0]) is int and isinstance(value[1], str):
        packed = read_base64(value[1])
        if packed and len(packed) % HASH_BYTES == 0:
            return value[0], [packed[start : start + HASH_BYTES] for start in range(0, len(packed), HASH_BYTES)]
    raise Altered("this is no list of leaf hashes")


def note_line(note: str) -> bytes:
    """Return a signed note as one line."""
    return _line(note)


def read_note(line: bytes) -> str:
    """Read what :func:`note_line` wrote; raises :class:`Altered` where the line is not in that form."""
    value = read_line(line)
    if not isinstance(value, str):
        raise Altered("this is no signed note")
    return value


def read_line(line: bytes) -> object:
    """Read one line of canonical JSON; raises :class:`Altered` where it is not."""
    if not line.endswith(b"\n"):
        raise Altered("the line is cut")
    try:
        return read_canonical(line[:-1])
    except WrongUsage as error:
        raise Altered(f"the line {error}") from error


def is_export(head: bytes) -> bool:
    """Return whether the first bytes of a file look like a ledger export, even with one of its words damaged."""
    marks = (f'{{"kerma":"{FORMAT}"'.encode(), b'"origin":"kerma/', b'"vkey":"kerma/')
    return any(mark in head[:512] for mark in marks)


def _line(value: object) -> bytes:
    return canonical(value) + b"\n"
