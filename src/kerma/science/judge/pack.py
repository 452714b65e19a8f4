"""An acceptance pack: rows of a table, read into rules; its status, and the confirmation that makes it binding.

A site can copy a packaged table, edit it in a spreadsheet and hand over its text. ``docs/standards/packs.md``
describes every column.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kerma.errors import NotFound, WrongUsage
from kerma.science.judge.conditions import Fact
from kerma.science.judge.facts import facts_of
from kerma.science.judge.pack_text import read_pack
from kerma.science.judge.rule import Rule
from kerma.science.results import Citation
from kerma.standards import Table, table, text_of

REGISTRY = "kerma_packs/packs"
SITE = "site/acceptance"
"""Name of the table of a site's own pack."""
BINDING = ("public-law", "verified", "own", "confirmed")
"""Status of rows that may fail a part; any other gives an advisory verdict."""


@dataclass(frozen=True)
class Confirmation:
    """Who held a pack against its published edition, which edition that was, and when."""

    edition: str
    by: str
    at: str


@dataclass(frozen=True)
class Pack:
    """The rules of one acceptance standard, in the order of its table.

    ``facts`` are what choosing the pack by its name says about the part, such as class = 2.
    """

    table: Table
    rules: tuple[Rule, ...]
    short_name: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    confirmation: Confirmation | None = None

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.table.name

    @property
    def status(self) -> str:
        """How far the pack may be trusted: that of its table, or *confirmed*."""
        return self._known(self.table.status)

    @property
    def is_binding(self) -> bool:
        """Whether every rule of the pack may fail a part."""
        return all(self.cite(rule).status in BINDING for rule in self.rules)

    def cite(self, rule: Rule) -> Citation:
        """Cite the clause of one rule, with the status and source of its row where they differ from the table's."""
        cited = Citation.of(self.table, rule.clause)
        status = self._known(rule.status or self.table.status)
        return replace(cited, status=status, read_in=rule.source or cited.read_in)

    def confirmed(self, *, edition: str, by: str, at: str = "") -> Pack:
        """Return the pack as confirmed by a person with the published edition at hand: its verdicts bind.

        Raises
        ------
        WrongUsage
            Nobody is named, or the years of the edition are not those of the table: its numbers may differ.
        """
        if not by.strip() or not edition.strip():
            raise WrongUsage("a confirmation names the person and the edition that was at hand")
        check_edition(edition, self.table)
        return replace(self, confirmation=Confirmation(edition, by, at))

    def _known(self, status: str) -> str:
        return "confirmed" if self.confirmation and status not in BINDING else status


def check_edition(edition: str, of: Table) -> None:
    """Refuse a confirmation with another edition at hand than the table's: its numbers may differ.

    Raises
    ------
    WrongUsage
        The years of the editions, or where one has none all their numbers, are not the same.
    """
    if _is_other(edition, of.edition):
        raise WrongUsage(
            f"the table '{of.name}' is of the edition {of.edition}, not {edition}: "
            "choose the pack of that edition, or copy the table and change what differs"
        )


def _is_other(edition: str, ours: str) -> bool:
    """Whether two editions are surely not the same: by their years, or where one has none by all their numbers."""
    for pattern in (r"(?:19|20)\d\d", r"\d+"):
        said, known = (set(re.findall(pattern, text)) for text in (edition, ours))
        if said and known:
            return not said & known
    return False


@functools.cache
def registry() -> tuple[Mapping[str, str], ...]:
    """Return the rows of the registry of packs: name, table, title, part, edition, level, is_newest, facts."""
    return table(REGISTRY).rows


def pack_names() -> tuple[str, ...]:
    """Return the names that :func:`load_pack` knows, in the order of the registry."""
    return tuple(dict.fromkeys(row["name"] for row in registry()))


def load_pack(source: str) -> Pack:
    """Load a pack by its name, by the name of its table, or a site's own from CSV text (it has line breaks).

    ``name@edition`` takes another edition than the newest, such as ``iso-10675-1-level-1@2016``.

    Raises
    ------
    NotFound
        No pack or table of that name.
    Unusable
        A header line or column is missing, or a cell makes no sense; the message names line and column.
    """
    if "\n" in source or "\r" in source:
        return Pack(*read_pack(SITE, source))
    return _packaged(source)


@functools.cache
def _packaged(source: str) -> Pack:
    if "/" in source:
        return Pack(*read_pack(source, text_of(source)))
    row = _row_named(source)
    pack = Pack(*read_pack(row["table"], text_of(row["table"])))
    return replace(pack, short_name=source, facts=facts_of(row.get("facts") or ""))


def _row_named(source: str) -> Mapping[str, str]:
    exact = next((row for row in registry() if row["name"] == source and "@" in source), None)
    if exact is not None:
        return exact
    name, at, edition = source.partition("@")
    rows = [row for row in registry() if row["name"].partition("@")[0] == name]
    if not rows:
        raise NotFound(f"there are no rules named '{name}'; `kerma rules list` names: {', '.join(pack_names())}")
    if not at:
        return next((row for row in rows if row["is_newest"] == "yes"), rows[0])
    for row in rows:
        if edition in re.split(r"[^\w.-]+", row["edition"]) or edition == row["edition"]:
            return row
    there = ", ".join(row["edition"] for row in rows)
    raise NotFound(f"there is no edition '{edition}' of the rules '{name}'; there is {there}")
