"""The structure of a DICOM data set, walked without recursion and never beyond its bounds (PS3.5, 7).

Nothing is decoded here: the result maps each tag to where its value lies. Lengths are believed only after they are
compared with the bytes that are there; nesting deeper than 64 and more than a million elements are refused.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from kerma.errors import Hostile, Unreadable

Element = tuple[bytes, int, int, "list[Any] | None"]
"""(value representation, first byte, length, items): items are data sets of a sequence, or fragments of pixel data."""
Elements = dict[int, Element]

DEPTH_MAX = 64
ELEMENTS_MAX = 1_000_000
UNDEFINED = 0xFFFFFFFF
PIXEL_DATA = 0x7FE00010
# Explicit VR, PS3.5 table 7.1-1 (32-bit length after two reserved bytes) and 7.1-2 (16-bit length).
LONG = frozenset([b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"])
SHORT = frozenset(
    [b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN"]
    + [b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"]
)


class _Level(NamedTuple):
    """One open data set or sequence."""

    elements: Elements
    items: list[Any] | None
    end: int
    is_undefined: bool
    is_explicit: bool


def name_of(tag: int) -> str:
    """Return a tag as the standard prints it, ``(gggg,eeee)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


class Scanner:
    """Walks one data set; ``warnings`` lists what was tolerated."""

    def __init__(self, data: bytes | memoryview, *, is_explicit: bool, is_big: bool, is_encapsulated: bool) -> None:
        order = ">" if is_big else "<"
        self._data = data
        self._is_encapsulated = is_encapsulated
        self._explicit = struct.Struct(order + "HH2sH").unpack_from
        self._implicit = struct.Struct(order + "HHI").unpack_from
        self._long = struct.Struct(order + "I").unpack_from
        self._item_tag = struct.pack(order + "HH", 0xFFFE, 0xE000)
        self._is_explicit = is_explicit
        self._position = 0
        self._count = 0
        self._levels: list[_Level] = []
        self.warnings: list[str] = []

    def scan(self, start: int, end: int) -> Elements:
        """Return the elements of the data set between two offsets."""
        root: Elements = {}
        self._position = start
        self._levels = [_Level(root, None, end, False, self._is_explicit)]
        while self._levels:
            level = self._levels[-1]
            if level.items is not None:
                self._next_item(level)
                continue
            before = len(level.elements)
            if level.is_explicit:
                self._explicit_elements(level)
            else:
                self._implicit_elements(level)
            self._counted(len(level.elements) - before)
        return root

    def _explicit_elements(self, level: _Level) -> None:
        data, elements, end, unpack = self._data, level.elements, level.end, self._explicit
        position, previous, before = self._position, next(reversed(elements), -1), len(elements)
        checkpoint = self._checkpoint(position, 0)
        while position < end:
            if end - position < 8:
                return self._tail(level, position)
            group, number, vr, length = unpack(data, position)
            start = position + 8
            tag = group << 16 | number
            if vr in LONG and group != 0xFFFE:
                start, length = self._long_length(tag, start, end)
                if (length == UNDEFINED or vr in (b"SQ", b"UN")) and self._open(level, tag, vr, start, length):
                    return None
                if length == UNDEFINED:
                    position, previous = self._position, tag
                    continue
            elif vr not in SHORT:
                if self._close_or_pad(level, tag, position):
                    return None
                raise Unreadable(f"element {name_of(tag)} has the unknown value representation {vr!r}")
            if length > end - start:
                raise self._beyond(tag, length, end - start)
            if tag <= previous:
                self._out_of_order(tag, elements)
            elements[tag] = (vr, start, length, None)
            position, previous = start + length, tag
            if position > checkpoint:
                checkpoint = self._checkpoint(position, len(elements) - before)
        return self._end(level, position)

    def _long_length(self, tag: int, start: int, end: int) -> tuple[int, int]:
        if end - start < 4:
            raise self._beyond(tag, 4, end - start)
        return start + 4, self._long(self._data, start)[0]

    def _implicit_elements(self, level: _Level) -> None:
        data, elements, end, unpack = self._data, level.elements, level.end, self._implicit
        position, previous, before = self._position, next(reversed(elements), -1), len(elements)
        checkpoint = self._checkpoint(position, 0)
        while position < end:
            if end - position < 8:
                return self._tail(level, position)
            group, number, length = unpack(data, position)
            start = position + 8
            tag = group << 16 | number
            if (group == 0xFFFE or tag == 0) and self._close_or_pad(level, tag, position):
                return None
            if length == UNDEFINED or data[start : start + 4] == self._item_tag:
                if self._open(level, tag, b"", start, length):
                    return None
                if length == UNDEFINED:
                    position, previous = self._position, tag
                    continue
            if length > end - start:
                raise self._beyond(tag, length, end - start)
            if tag <= previous:
                self._out_of_order(tag, elements)
            elements[tag] = (b"", start, length, None)
            position, previous = start + length, tag
            if position > checkpoint:
                checkpoint = self._checkpoint(position, len(elements) - before)
        return self._end(level, position)

    def _open(self, level: _Level, tag: int, vr: bytes, start: int, length: int) -> bool:
        """Open the sequence at ``start``; False when the element is no sequence (fragments are taken at once)."""
        stop = level.end if length == UNDEFINED else start + length
        if stop > level.end:
            raise self._beyond(tag, length, level.end - start)
        if tag in level.elements:
            self._out_of_order(tag, level.elements)
        if length == UNDEFINED and tag == PIXEL_DATA:
            self._fragments(level, vr, start)
            return False
        if length != UNDEFINED and vr != b"SQ" and not self._looks_like_items(start, stop):
            return False
        if vr not in (b"SQ", b"UN", b""):
            raise Unreadable(f"element {name_of(tag)} of type {vr.decode('ascii')} has no length")
        if len(self._levels) >= 2 * DEPTH_MAX:
            raise Hostile(f"sequences are nested deeper than {DEPTH_MAX}: refused")
        items: list[Any] = []
        level.elements[tag] = (b"SQ", start, length, items)
        self._position = start
        # PS3.5, 6.2.2 note 2: a sequence sent as UN is implicit VR inside.
        is_explicit = level.is_explicit and vr != b"UN"
        self._levels.append(_Level({}, items, stop, length == UNDEFINED, is_explicit))
        return True

    def _looks_like_items(self, start: int, stop: int) -> bool:
        """Whether a value of unknown representation is a chain of items that fills it exactly."""
        position = start
        while stop - position >= 8 and self._data[position : position + 4] == self._item_tag:
            length = self._long(self._data, position + 4)[0]
            if length == UNDEFINED:
                return True
            position += 8 + length
        return position == stop and stop > start

    def _next_item(self, level: _Level) -> None:
        position, end = self._position, level.end
        if position == end and not level.is_undefined:
            self._levels.pop()
            return
        if end - position < 8:
            raise Unreadable("the file ends inside a sequence: it is cut short; fetch it again")
        group, number, length = self._implicit(self._data, position)
        self._position = position + 8
        if (group, number) == (0xFFFE, 0xE0DD) and level.is_undefined:
            self._levels.pop()
        elif (group, number) == (0xFFFE, 0xE000):
            if length != UNDEFINED and length > end - self._position:
                raise self._beyond(0xFFFEE000, length, end - self._position)
            item: Elements = {}
            assert level.items is not None
            level.items.append(item)
            self._counted()
            stop = end if length == UNDEFINED else self._position + length
            self._levels.append(_Level(item, None, stop, length == UNDEFINED, level.is_explicit))
        else:
            raise Unreadable(f"{name_of(group << 16 | number)} stands where an item of a sequence should")

    def _fragments(self, level: _Level, vr: bytes, start: int) -> None:
        """Take the fragments of encapsulated pixel data (PS3.5 A.4)."""
        if not self._is_encapsulated:
            raise Unreadable("the pixel data has no length although it is not compressed: the file is damaged")
        fragments: list[Any] = []
        position = start
        while True:
            if level.end - position < 8:
                raise Unreadable("the file ends inside its compressed pixel data: it is cut short; fetch it again")
            group, number, length = self._implicit(self._data, position)
            position += 8
            if (group, number) == (0xFFFE, 0xE0DD):
                break
            if (group, number) != (0xFFFE, 0xE000) or length == UNDEFINED:
                raise Unreadable("the compressed pixel data is not a chain of fragments: the file is damaged")
            if length > level.end - position:
                raise self._beyond(0xFFFEE000, length, level.end - position)
            fragments.append((position, length))
            position += length
            self._counted()
        level.elements[PIXEL_DATA] = (vr, start, position - start, fragments)
        self._position = position

    def _close_or_pad(self, level: _Level, tag: int, position: int) -> bool:
        """End an item of undefined length at its delimiter, or the file at its zero padding."""
        if tag == 0xFFFEE00D and level.is_undefined:
            self._levels.pop()
            self._position = position + 8
            return True
        if tag >> 16 == 0xFFFE:
            raise Unreadable(f"delimiter {name_of(tag)} stands where an element should: the file is damaged")
        if tag == 0 and len(self._levels) == 1 and not bytes(self._data[position : level.end]).strip(b"\0"):
            self._end(level, level.end)
            self.warnings.append("the file ends in zero bytes that belong to no element")
            return True
        return False

    def _tail(self, level: _Level, position: int) -> None:
        rest = bytes(self._data[position : level.end])
        if len(self._levels) > 1 or rest.strip(b"\0\n\r "):
            raise Unreadable("the file ends inside an element: it is cut short; fetch it again")
        self.warnings.append(f"the file ends in {len(rest)} bytes that belong to no element")
        self._end(level, level.end)

    def _end(self, level: _Level, position: int) -> None:
        if level.is_undefined:
            raise Unreadable("the file ends inside an item of a sequence: it is cut short; fetch it again")
        self._position = position
        self._levels.pop()

    def _checkpoint(self, position: int, more: int) -> int:
        """Return the offset before which the limit cannot be passed, because an element takes 8 bytes or more."""
        left = ELEMENTS_MAX - self._count - more
        if left < 0:
            raise self._too_many()
        return position + 8 * left

    def _counted(self, more: int = 1) -> None:
        self._count += more
        if self._count > ELEMENTS_MAX:
            raise self._too_many()

    def _too_many(self) -> Hostile:
        return Hostile(f"more than {ELEMENTS_MAX} data elements: refused")

    def _out_of_order(self, tag: int, elements: Elements) -> None:
        if tag in elements:
            raise Unreadable(f"element {name_of(tag)} appears twice, so readers may disagree about its value: refused")
        if len(self.warnings) < 3:
            self.warnings.append(f"element {name_of(tag)} is out of order")

    def _beyond(self, tag: int, length: int, left: int) -> Unreadable:
        return Unreadable(
            f"element {name_of(tag)} says it has {length} bytes but only {max(left, 0)} are left: the file is cut "
            "short or its lengths lie; fetch it again"
        )
