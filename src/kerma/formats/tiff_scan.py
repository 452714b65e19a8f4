"""The structure of a TIFF or BigTIFF file: its pages, walked with bounds and without cycles (TIFF 6.0, 2)."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from kerma.errors import Hostile, Unreadable
from kerma.formats.header import PLANES_MAX

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_ENTRIES_MAX = 4096
# Tags whose value decides anything; all others are skipped, but their bounds are checked too.
_WANTED = frozenset(
    [254, 256, 257, 258, 259, 262, 270, 271, 272, 273, 277, 279, 282, 283, 284, 285, 296, 305, 306, 322, 323]
    + [324, 325, 339]
)


class Page(NamedTuple):
    """One page: its tags by number, each a tuple of numbers or a text."""

    tags: dict[int, Any]

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first number of a tag."""
        value = self.tags.get(tag)
        return int(value[0]) if isinstance(value, tuple) and value else default

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the numbers of a tag."""
        value = self.tags.get(tag)
        return value if isinstance(value, tuple) else ()

    def text(self, tag: int) -> str:
        """Return the text of a tag."""
        value = self.tags.get(tag)
        return value if isinstance(value, str) else ""


class TiffStructure:
    """The pages of a TIFF file; ``order`` is ``<`` or ``>``."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = data
        self.order = "<" if bytes(data[:2]) == b"II" else ">"
        if len(data) < 8:
            raise Unreadable("the TIFF ends inside its header: it is cut short; fetch it again")
        self._is_big = self._numbers("H", 2, 1)[0] == 43
        if self._is_big:
            if len(data) < 16 or self._numbers("HH", 4, 1) != (8, 0):
                raise Unreadable("the BigTIFF header is damaged")
            self._offset, self._entry_bytes, self._count, first = "Q", 20, "Q", self._numbers("Q", 8, 1)[0]
        else:
            self._offset, self._entry_bytes, self._count, first = "I", 12, "H", self._numbers("I", 4, 1)[0]
        self.pages = self._walk(first)

    def _walk(self, offset: int) -> list[Page]:
        pages: list[Page] = []
        seen: set[int] = set()
        while offset:
            if offset in seen:
                raise Hostile("the pages of the TIFF form a circle: refused")
            if len(pages) >= PLANES_MAX:
                raise Hostile(f"the TIFF has more than {PLANES_MAX} pages: refused")
            seen.add(offset)
            page, offset = self._page(offset)
            pages.append(page)
        if not pages:
            raise Unreadable("the TIFF has no page")
        return pages

    def _page(self, offset: int) -> tuple[Page, int]:
        width = struct.calcsize(self._count)
        self._need(offset, width)
        entries = self._numbers(self._count, offset, 1)[0]
        if entries > _ENTRIES_MAX:
            raise Hostile(f"a page of the TIFF says it has {entries} tags: refused")
        first = offset + width
        next_at = first + entries * self._entry_bytes
        self._need(first, entries * self._entry_bytes + struct.calcsize(self._offset))
        tags: dict[int, Any] = {}
        for number in range(entries):
            tag, value = self._entry(first + number * self._entry_bytes)
            if value is not None:
                tags[tag] = value
        return Page(tags), self._numbers(self._offset, next_at, 1)[0]

    def _entry(self, position: int) -> tuple[int, Any]:
        tag, kind = self._numbers("HH", position, 1)
        count = self._numbers(self._offset, position + 4, 1)[0]
        inline = position + 4 + struct.calcsize(self._offset)
        size = _SIZES.get(kind)
        if size is None:
            return tag, None
        length = size * count
        start = inline if length <= struct.calcsize(self._offset) else self._numbers(self._offset, inline, 1)[0]
        self._need(start, length, f"tag {tag}")
        if tag not in _WANTED:
            return tag, None
        if kind in (2, 7):
            text = bytes(self._data[start : start + min(length, 1 << 16)])
            return tag, text.split(b"\0")[0].decode("utf-8", errors="replace").strip()
        if kind in (5, 10):
            pair = self._numbers("II" if kind == 5 else "ii", start, 1)
            return tag, (pair[0] / pair[1] if pair[1] else 0.0,)
        return tag, self._numbers(_LETTERS[kind], start, count)

    def _numbers(self, letters: str, start: int, count: int) -> tuple[Any, ...]:
        layout = self.order + (letters if count == 1 else f"{count}{letters}")
        return struct.unpack_from(layout, self._data, start)

    def _need(self, start: int, length: int, what: str = "a page") -> None:
        if start + length > len(self._data):
            raise Unreadable(
                f"{what} of the TIFF lies at bytes {start} to {start + length}, but the file has {len(self._data)}: "
                "it is cut short or its offsets lie; fetch it again"
            )
