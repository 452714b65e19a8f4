"""``kerma standards``: which tables stand behind the numbers, and how far each may be trusted."""

from __future__ import annotations

import json

import typer

MOST_COLUMNS = 8
"""More columns than this do not fit a terminal side by side."""


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
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("table", no_wrap=True)
    grid.add_column("status", no_wrap=True)
    grid.add_column("title", no_wrap=True, overflow="ellipsis")
    for row in listed:
        grid.add_row(row["name"], row["status"], row["title"])
    Console().print(grid)


def _show(header: dict[str, str], rows: tuple[dict[str, str], ...]) -> None:
    """Print a narrow table as a grid and a wide one row by row, empty cells left out."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    for key, value in header.items():
        typer.echo(f"{key}: {value}")
    filled = [column for column in rows[0] if any(row[column] for row in rows)] if rows else []
    if len(filled) > MOST_COLUMNS:
        for row in rows:
            typer.echo("\n" + "\n".join(f"  {column}: {row[column]}" for column in filled if row[column]))
        return
    grid = Grid(*filled, box=box.SIMPLE_HEAD)
    for row in rows:
        grid.add_row(*(row[column] for column in filled))
    Console().print(grid)
