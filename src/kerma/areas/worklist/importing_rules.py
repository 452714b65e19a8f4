"""Item rules as a CSV table: read from a file, and written as one."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path

from kerma.areas.worklist.rules_items import COLUMNS, Rules, rule_of
from kerma.errors import Unreadable, WrongUsage

MOST_BYTES = 1 << 20


def rules_of_file(path: Path) -> Rules:
    """Return the rules that a CSV file holds, one a line; lines that begin with ``#`` say something to people.

    Raises
    ------
    WrongUsage
        The file is not there, a column is unknown, or a value is none that it can have.
    Unreadable
        It is no UTF-8 text, too large, or a line has another number of cells than the first.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"{path.name} is larger than {MOST_BYTES >> 20} MiB: that is no table of rules")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise WrongUsage(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text (byte {error.start}); save the table as CSV UTF-8") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    reader = csv.DictReader(lines)
    rules = []
    for number, row in enumerate(reader, 1):
        if None in row or None in row.values():
            raise Unreadable(f"{path.name}, rule {number}: it has another number of cells than the first line")
        rules.append(rule_of(row))
    return tuple(rules)


def text_of(rules: Rules) -> str:
    """Return rules as such a table."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in rules:
        writer.writerow(asdict(one) | {"makes": "yes" if one.makes else "no"})
    return written.getvalue()
