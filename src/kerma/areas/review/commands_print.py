"""A measurement or calculation on the terminal: one JSON document, or values with their units, tables and source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import typer

SHOWN_VALUES = 8


def print_result(document: Mapping[str, Any], *, as_json: bool, warnings: Iterable[str] = ()) -> None:
    """Print the JSON form of a result; its warnings, after those given, go to standard error."""
    for warning in [*warnings, *document["warnings"]]:
        typer.echo(f"kerma: {warning}", err=True)
    if as_json:
        typer.echo(json.dumps(document, allow_nan=False))
        return
    single = {key: value for key, value in document["values"].items() if not _is_table(value)}
    width = max(map(len, single), default=0) + 2
    for key, value in single.items():
        error = document["uncertainties"].get(key)
        parts = [shown(value), f"± {shown(error)}" if error is not None else "", document["units"].get(key, "")]
        typer.echo(f"{key:{width}}{' '.join(part for part in parts if part)}")
    for key, value in document["values"].items():
        if _is_table(value):
            typer.echo(f"\n{key}")
            _print_table(value, document["units"])
    if document["source"]:
        typer.echo(f"\nsource: {_cited(document['source'])}")


def shown(value: Any) -> str:
    """Return a value as it is read: six figures, the first few of a long list."""
    if isinstance(value, list):
        more = f" … ({len(value)} values)" if len(value) > SHOWN_VALUES else ""
        return " ".join(shown(item) for item in value[:SHOWN_VALUES]) + more
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _print_table(rows: list[Mapping[str, Any]], units: Mapping[str, str]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    heads = [f"{key} [{units[key]}]" if key in units else key for key in columns]
    lines = [heads, *([shown(row[key]) if key in row else "" for key in columns] for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    for line in lines:
        padded = (f"{word:{width}}" for word, width in zip(line, widths, strict=True))
        typer.echo(f"  {'  '.join(padded).rstrip()}")


def _cited(source: Mapping[str, str]) -> str:
    words = [source["standard"], source["edition"], source["clause"]]
    status = f" ({source['status']})" if source["status"] else ""
    return ", ".join(word for word in words if word) + status
