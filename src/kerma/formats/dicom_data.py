"""Values of a scanned DICOM data set, decoded when asked for."""

from __future__ import annotations

import math
import re
import struct
from typing import Any

from kerma.formats.dicom_scan import Element, Elements, name_of
from kerma.formats.dicom_text import decode

_BINARY = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d", b"UV": "Q", b"SV": "q"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?")
_ZONE = re.compile(r"[+-]\d{4}")


class DataSet:
    """One data set: the bytes, where its elements lie, and the character sets in force."""

    def __init__(
        self,
        data: bytes | memoryview,
        elements: Elements,
        *,
        is_big: bool = False,
        charsets: tuple[str, ...] | None = None,
        warnings: list[str] | None = None,
    ) -> None:
        self.data = data
        self.elements = elements
        self.is_big = is_big
        self.warnings = [] if warnings is None else warnings
        own = tuple(term.strip() for term in self._ascii(0x00080005).split("\\"))
        self.charsets = own if 0x00080005 in elements else (charsets or ())

    def __contains__(self, tag: int) -> bool:
        return tag in self.elements

    def value(self, tag: int) -> bytes:
        """Return the bytes of a value, empty when absent."""
        element = self.elements.get(tag)
        if element is None:
            return b""
        return bytes(self.data[element[1] : element[1] + element[2]])

    def _ascii(self, tag: int) -> str:
        return self.value(tag).strip(b" \0").decode("ascii", errors="replace")

    def text(self, tag: int, *, is_name: bool = False) -> str:
        """Return a text value without its padding; a value of several is joined by a backslash."""
        value = self.value(tag).strip(b" \0")
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        text, warning = decode(value, self.charsets, is_name=is_name)
        if warning:
            self._warn(f"{name_of(tag)}: {warning}")
        return text

    def texts(self, tag: int) -> tuple[str, ...]:
        """Return the values of a text element, each without padding; none when absent or empty."""
        text = self.text(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def code(self, tag: int) -> str:
        """Return a code string (CS): one word in capitals."""
        return self.text(tag).upper()

    def numbers(self, tag: int, vr: bytes = b"DS") -> tuple[float, ...]:
        """Return the finite numbers of an element; ``vr`` says how to read it where the file does not."""
        element = self.elements.get(tag)
        if element is None or element[2] == 0:
            return ()
        letter = _BINARY.get(element[0] if element[0] not in (b"", b"UN") else vr)
        if letter:
            return tuple(float(number) for number in self._unpack(element, letter) if math.isfinite(number))
        numbers = []
        for part in self.texts(tag):
            if _NUMBER.fullmatch(part) and math.isfinite(float(part)):
                numbers.append(float(part))
            elif part:
                self._warn(f"{name_of(tag)}: '{part[:20]}' is not a number and is ignored")
        return tuple(numbers)

    def number(self, tag: int, vr: bytes = b"DS") -> float | None:
        """Return the first finite number of an element."""
        numbers = self.numbers(tag, vr)
        return numbers[0] if numbers else None

    def whole(self, tag: int, vr: bytes = b"IS") -> int | None:
        """Return the first number of an element when it is whole and of ordinary size."""
        number = self.number(tag, vr)
        return int(number) if number is not None and number == int(number) and abs(number) < 2**53 else None

    def items(self, tag: int) -> list[DataSet]:
        """Return the items of a sequence; none when absent."""
        element = self.elements.get(tag)
        items: list[Any] = element[3] or [] if element and element[0] == b"SQ" else []
        return [
            DataSet(self.data, item, is_big=self.is_big, charsets=self.charsets, warnings=self.warnings)
            for item in items
        ]

    def first(self, *path: int) -> DataSet:
        """Return the first item at the end of a path of sequences; an empty data set where it breaks off."""
        found = self
        for tag in path:
            items = found.items(tag)
            found = items[0] if items else DataSet(self.data, {}, is_big=self.is_big, warnings=self.warnings)
        return found

    def words(self, tag: int, *, is_signed: bool = False) -> tuple[int, ...]:
        """Return 16-bit words (US or SS), the sign as the caller knows it."""
        element = self.elements.get(tag)
        if element is None:
            return ()
        vr = element[0]
        letter = "h" if vr == b"SS" or (vr != b"US" and is_signed) else "H"
        return tuple(self._unpack(element, letter))

    def date(self, tag: int) -> str:
        """Return a date as YYYY-MM-DD, empty when absent or not a date."""
        match = _DATE.fullmatch(self.text(tag))
        return "-".join(match.groups()) if match else ""

    def time(self, tag: int) -> str:
        """Return a time as HH:MM:SS[.ffffff], empty when absent or not a time."""
        return _time(self.text(tag))

    def moment(self, tag: int) -> str:
        """Return a date-time (DT) as ISO 8601 with its offset from UTC when it has one."""
        text = self.text(tag)
        zone = _ZONE.search(text[8:])
        offset = f"{zone.group()[:3]}:{zone.group()[3:]}" if zone else ""
        text = text[: 8 + zone.start()] if zone else text
        date, time = _DATE.fullmatch(text[:8]), _time(text[8:])
        return f"{'-'.join(date.groups())}T{time}{offset}" if date and time else ""

    def _unpack(self, element: Element, letter: str) -> tuple[Any, ...]:
        size = struct.calcsize(letter)
        count = element[2] // size
        return struct.unpack_from(f"{'>' if self.is_big else '<'}{count}{letter}", self.data, element[1])

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings and len(self.warnings) < 20:
            self.warnings.append(warning)


def _time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if not match:
        return ""
    hour, minute, second, fraction = match.groups()
    return f"{hour}:{minute or '00'}:{second or '00'}{fraction or ''}"
