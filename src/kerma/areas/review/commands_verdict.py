"""A verdict by a pack on the terminal: the outcome first, then what is broken, what is open, and what was kept."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from typing import Any

import typer

WIDEST = 110
OUTCOMES = (
    ("fail", "BROKEN"),
    ("advisory", "BROKEN, advisory"),
    ("not-judged", "NOT JUDGED"),
    ("pass", "KEPT"),
)
NOTHING = "No finding"


def print_verdict(document: Mapping[str, Any]) -> None:
    """Print the JSON form of the calculation ``verdict`` for people."""
    for warning in document["warnings"]:
        typer.echo(f"kerma: {warning}", err=True)
    values = document["values"]
    typer.echo(f"{values['verdict'].upper()}  by {values['rules']}, {values['edition']} ({values['status']})")
    for outcome, heading in OUTCOMES:
        rows = [row for row in values["judged"] if row["outcome"] == outcome]
        told = [row for row in rows if outcome != "pass" or not row["reason"].startswith(NOTHING)]
        if told:
            typer.echo(f"\n{heading}")
        for row in told:
            _print_row(row)
    quiet = sum(row["outcome"] == "pass" and row["reason"].startswith(NOTHING) for row in values["judged"])
    if quiet:
        typer.echo(f"\n{quiet} further rules look at kinds of findings of which none was recorded.")


def _print_row(row: Mapping[str, Any]) -> None:
    ids = f"  findings {', '.join(row['finding_ids'][:8])}" if row["finding_ids"] else ""
    more = len(row["finding_ids"]) - 8
    _print_wrapped(f"{row['rule']}  [{row['clause']}]{ids}" + (f" and {more} more" if more > 0 else ""), "  ")
    margin = row["margin"]
    has_margin = margin is not None and row["limit"] and row["outcome"] != "not-judged"
    shown = f" Margin {margin:.4g} {row['unit']}." if has_margin else ""
    _print_wrapped(f"{row['reason']}{shown}")
    if row["action"]:
        _print_wrapped(f"→ {row['action']}.")


def _print_wrapped(words: str, indent: str = "    ") -> None:
    width = min(shutil.get_terminal_size((100, 24)).columns, WIDEST)
    typer.echo(textwrap.fill(words, width, initial_indent=indent, subsequent_indent="    "))
