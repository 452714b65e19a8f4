"""Tables of published standards, one CSV each, and the one loader that reads them.

A table is ``standards/<body_number>/<table>.csv``: header lines ``# key: value`` for title, source, edition,
clause and status, then a CSV whose column names end in their unit. Numbers of a standard live here and nowhere
in code.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
from collections.abc import Iterator
from dataclasses import dataclass

from kerma.errors import NotFound, Unusable

STATUSES = ("public-law", "verified", "unverified", "own")
_NEEDED = ("title", "source", "edition", "clause", "status")


@dataclass(frozen=True)
class Table:
    """One published table: its provenance and its rows, each a mapping from column name to text."""

    name: str
    title: str
    source: str
    edition: str
    clause: str
    status: str
    rows: tuple[dict[str, str], ...]

    @property
    def standard(self) -> str:
        """The folder name of the table: the body and number of the standard."""
        return self.name.split("/", 1)[0]

    def __iter__(self) -> Iterator[dict[str, str]]:
        return iter(self.rows)


@functools.cache
def table(name: str) -> Table:
    """Read the table ``body_number/name`` (no extension), for instance ``fr_arrete_1978/acceptance``.

    Raises
    ------
    NotFound
        No such table.
    Unusable
        A header line is missing, the status is unknown, or a row has too many or too few cells; the message
        names the line.
    """
    return parse(name, text_of(name))


def text_of(name: str) -> str:
    """Return the CSV text of a packaged table."""
    file = importlib.resources.files("kerma.standards").joinpath(f"{name}.csv")
    if ".." in name or not file.is_file():
        raise NotFound(f"there is no table '{name}' in the standards; `kerma standards` lists them")
    return file.read_text(encoding="utf-8")


def parse(name: str, text: str) -> Table:
    """Build a :class:`Table` from CSV text (a packaged table or a site's own); line numbers count from 1."""
    header: dict[str, str] = {}
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    for line in lines[:start]:
        key, _, value = line.lstrip("# ").partition(":")
        header[key.strip()] = value.strip()
    missing = [key for key in _NEEDED if not header.get(key)]
    if missing:
        raise Unusable(f"table '{name}': header line '# {missing[0]}: …' is missing")
    if header["status"] not in STATUSES:
        raise Unusable(f"table '{name}': status '{header['status']}' is none of {', '.join(STATUSES)}")
    reader = csv.DictReader(lines[start:], strict=True)
    rows = []
    for row in reader:
        if None in row or None in row.values():
            line_number = start + reader.line_num
            raise Unusable(f"table '{name}', line {line_number}: {len(reader.fieldnames or ())} cells expected")
        rows.append(row)
    return Table(name=name, rows=tuple(rows), **{key: header[key] for key in _NEEDED})


def table_names() -> list[str]:
    """Return the names of all packaged tables, sorted."""
    root = importlib.resources.files("kerma.standards")
    return sorted(
        f"{folder.name}/{file.name.removesuffix('.csv')}"
        for folder in root.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".csv")
    )
