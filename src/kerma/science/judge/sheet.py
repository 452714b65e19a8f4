"""A site's table as spreadsheets write it: bytes to text, text to rows with their lines, and every mistake on the way.

Taken as they come: a byte-order mark, CRLF, quoted cells, commas, semicolons or tabs between cells, the decimal comma
where the separator is none, empty lines and columns at the end. Refused: text beyond the limits, control characters.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

from kerma.errors import Unusable

MOST_CHARACTERS = 1_000_000
MOST_ROWS = 2_000
MOST_IN_A_CELL = 2_000
SEPARATORS = (",", ";", "\t")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in a table: the line (from 1), the column where there is one, what is wrong, what is allowed."""

    line: int
    column: str
    what: str
    allowed: str = ""

    def as_json(self) -> dict[str, str | int]:
        """Return the JSON form."""
        return {"line": self.line, "column": self.column, "what": self.what, "allowed": self.allowed}

    def __str__(self) -> str:
        column = f"column '{self.column}' " if self.column else ""
        return f"line {self.line}: {column}{self.what}" + (f"; allowed: {self.allowed}" if self.allowed else "")


@dataclass
class Sheet:
    """A table read from text: its header lines, its columns, its rows with their lines, and the mistakes so far."""

    header: dict[str, str] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    separator: str = ","


def text_of_bytes(data: bytes) -> str:
    """Decode a file a spreadsheet wrote: UTF-8, UTF-16 with its mark, else the Western code page.

    Raises
    ------
    Unusable
        The file is too large, or no text in any of these.
    """
    if len(data) > 4 * MOST_CHARACTERS:
        raise Unusable(f"the file has {len(data)} bytes; a pack has at most {MOST_CHARACTERS} characters")
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unusable("the file is no text: save it as CSV (UTF-8) from the spreadsheet")


def read_sheet(text: str) -> Sheet:
    """Read header lines ``# key: value``, the line of column names, and the rows.

    Raises
    ------
    Unusable
        The text is too large to be a table of rules.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unusable(f"the table has {len(text)} characters; a pack has at most {MOST_CHARACTERS}")
    sheet = Sheet()
    lines = text.removeprefix("\ufeff").splitlines()
    for number, line in enumerate(lines, start=1):
        if _CONTROL.search(line):
            sheet.mistakes.append(Mistake(number, "", "holds a control character, which no spreadsheet writes"))
    if sheet.mistakes:
        return sheet
    start = next((n for n, line in enumerate(lines) if _is_row(line)), len(lines))
    _read_header(sheet, lines[:start])
    if start == len(lines):
        sheet.mistakes.append(Mistake(start + 1, "", "the line with the names of the columns is missing"))
        return sheet
    sheet.separator = max(SEPARATORS, key=lines[start].count)
    _read_rows(sheet, lines, start)
    return sheet


def _is_row(line: str) -> bool:
    return bool(line.strip("".join(SEPARATORS) + ' "')) and not line.lstrip('"').startswith("#")


def _read_header(sheet: Sheet, lines: list[str]) -> None:
    """Read ``# key: value``; a spreadsheet may have quoted the line and put separators after it."""
    for number, line in enumerate(lines, start=1):
        bare = line.strip().rstrip(",;\t")
        if bare.startswith('"'):
            bare = bare.strip('"').replace('""', '"')
        key, colon, value = bare.lstrip("# ").partition(":")
        if not bare:
            continue
        if not colon:
            sheet.mistakes.append(Mistake(number, "", f"'{bare[:40]}' is no header line", "# key: value"))
        sheet.header[key.strip()] = value.strip()


def _read_rows(sheet: Sheet, lines: list[str], start: int) -> None:
    reader = csv.reader(lines[start:], delimiter=sheet.separator, strict=True)
    line = start + 1
    try:
        for cells in reader:
            if not sheet.columns:
                _read_columns(sheet, cells, line)
            elif any(cell.strip() for cell in cells):
                _read_row(sheet, cells, line)
            line = start + reader.line_num + 1
            if len(sheet.rows) > MOST_ROWS:
                sheet.mistakes.append(Mistake(line, "", f"there are more than {MOST_ROWS} rows"))
                return
    except csv.Error as error:
        sheet.mistakes.append(Mistake(line, "", f"cannot be read as cells: {error}"))


def _read_columns(sheet: Sheet, cells: list[str], line: int) -> None:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    sheet.columns = names
    for name in dict.fromkeys(names):
        if not name:
            sheet.mistakes.append(Mistake(line, "", "a column between others has no name"))
        elif names.count(name) > 1:
            sheet.mistakes.append(Mistake(line, name, "stands twice"))


def _read_row(sheet: Sheet, cells: list[str], line: int) -> None:
    width = len(sheet.columns)
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        what = f"{width} cells expected, as there are names of columns; there are {len(cells)}"
        sheet.mistakes.append(Mistake(line, "", what))
        return
    row = dict(zip(sheet.columns, (cell.strip() for cell in cells), strict=False))
    for column, cell in row.items():
        if len(cell) > MOST_IN_A_CELL:
            sheet.mistakes.append(Mistake(line, column, f"holds {len(cell)} characters", f"at most {MOST_IN_A_CELL}"))
            return
    sheet.rows.append((line, row))
