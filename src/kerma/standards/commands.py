"""``kerma standards``: which tables stand behind the numbers, and how far each may be trusted."""

from __future__ import annotations

import json

import typer

TERMINAL_COLUMNS = 100


def register(cli: typer.Typer) -> None:
    """Add the commands of the standards tables."""
    cli.command("standards")(standards)


def standards(
    name: str = typer.Argument("", help="Show the rows of one table, such as fr_arrete_1978/acceptance."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """List the tables of standards with edition, clause and status, or show one of them."""
    from kerma.standards import table, table_names

    tables = [table(name)] if name else [table(each) for each in table_names()]
    keys = ("name", "title", "edition", "clause", "status", "source")
    listed = [{key: getattr(each, key) for key in keys} for each in tables]
    if as_json:
        rows = {"rows": list(tables[0].rows)} if name else {}
        typer.echo(json.dumps((listed[0] | rows) if name else {"tables": listed}, ensure_ascii=False, indent=1))
    elif name:
        _show(listed[0], tables[0].rows)
    else:
        _list(listed)


def _list(listed: list[dict[str, str]]) -> None:
    for row in listed:
        typer.echo(f"{row['name']:<44} {row['status']:<11} {row['title']}")


def _show(header: dict[str, str], rows: tuple[dict[str, str], ...]) -> None:
    """Print a narrow table in columns and a wide one row by row; empty columns and cells are left out."""
    for key, value in header.items():
        typer.echo(f"{key}: {value}")
    filled = [column for column in rows[0] if any(row[column] for row in rows)] if rows else []
    widths = [max(len(column), *(len(row[column]) for row in rows)) for column in filled]
    typer.echo("")
    if sum(widths) + 2 * len(widths) <= TERMINAL_COLUMNS:
        for cells in (filled, *([row[column] for column in filled] for row in rows)):
            typer.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())
        return
    for row in rows:
        typer.echo("\n".join(f"  {column}: {row[column]}" for column in filled if row[column]) + "\n")
