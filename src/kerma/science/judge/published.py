"""Published tables outside packs that a Level III may confirm: which there are, and by which of them verdicts bind."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kerma.science.judge.pack import BINDING
from kerma.standards import table

PUBLISHED = "kerma_quality/tables"


def published() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of ``kerma_quality/tables`` by the name of the table: what each is used for and rests on."""
    return {row["table"]: row for row in table(PUBLISHED)}


def settled(confirmed: Collection[str]) -> tuple[str, ...]:
    """Return those confirmed tables by which verdicts bind: all that they rest on is confirmed too, or binds by itself.

    A wire that is to be seen by number is only as sure as the table of the wires' diameters.
    """
    rows = published()
    return tuple(
        name for name in confirmed if all(_holds(under, confirmed) for under in rows[name]["rests_on"].split())
    )


def waits_for(name: str, confirmed: Collection[str]) -> tuple[str, ...]:
    """Return the tables that a table rests on and that nobody has confirmed."""
    return tuple(under for under in published()[name]["rests_on"].split() if not _holds(under, confirmed))


def _holds(name: str, confirmed: Collection[str]) -> bool:
    return name in confirmed or table(name).status in BINDING
