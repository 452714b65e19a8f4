"""Nodes on the command line: ``kerma node add``, ``list``, ``show``, ``change``, ``remove``, ``echo``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerma.kernel.action import Actor

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Title = Annotated[str, typer.Argument(metavar="AET", help="The node's AE title.")]
Services = Annotated[
    str | None,
    typer.Option(help="What it may ask of us, with commas: store,find,get,move,commit,worklist,perform,ups."),
]
Certificate = Annotated[
    Path | None, typer.Option(help="Its certificate (PEM or DER): its key is what it is known by.", exists=True)
]
Dialect = Annotated[str | None, typer.Option(help="dicom, dicos-v03 or dicos-v02a (security scanners).")]
Address = Annotated[
    list[str] | None, typer.Option(help="An address or network that it calls from, if not HOST; repeat for several.")
]
Most = Annotated[int | None, typer.Option("--max-associations", help="How many it may have open at a time.", min=1)]
Syntax = Annotated[
    list[str] | None, typer.Option("--syntax", help="A transfer syntax UID it takes; repeat. Others are not offered.")
]

node = typer.Typer(no_args_is_help=True, help="Nodes on the DICOM network that Kerma talks to.")


def register(cli: typer.Typer) -> None:
    """Add the commands about nodes."""
    cli.add_typer(node, name="node")


@node.command("add")
def add(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    ae_title: Title,
    host: Annotated[str, typer.Argument(help="Host name or address.")],
    port: Annotated[int, typer.Argument(help="The port it listens on.")],
    services: Services = None,
    certificate: Certificate = None,
    tls: Annotated[bool, typer.Option("--tls", help="Associations with it are over TLS, both ways.")] = False,
    dialect: Dialect = None,
    address: Address = None,
    max_associations: Most = None,
    syntax: Syntax = None,
    as_json: Json = False,
) -> None:
    """List a node: it may then talk to us, and we to it."""
    from kerma.areas.exchange import actions

    kernel = ctx.obj.kernel()
    changes = _changes(services, certificate, dialect, address, max_associations, syntax)
    given = actions.NodeGiven(ae_title, host, port, **{"is_tls": tls or certificate is not None, **changes})
    node_id = actions.add_node(kernel, operator(), given=given)
    row = _known(kernel, ae_title)
    if as_json:
        print_json({"version": 1, "node": row})
        return
    typer.echo(f"listed {row['ae_title']} at {row['host']}:{row['port']} (node {node_id}); may: {_words(row)}")
    typer.echo(f"`kerma node echo {row['ae_title']}` asks whether it is there")


@node.command("list")
def show_all(ctx: typer.Context, as_json: Json = False) -> None:
    """List every node."""
    from kerma.areas.exchange import actions_ask, queries

    kernel = ctx.obj.kernel()
    actions_ask.view(kernel, operator(), what="nodes")
    with kernel.database.read() as connection:
        rows = queries.nodes(connection)
    for row in rows:
        row["address"] = f"{row['host']}:{row['port']}"
        row["may"] = _words(row)
        row["over"] = "TLS" if row["is_tls"] else "plain"
    columns = {"ae_title": "AE title", "address": "Address", "over": "Over", "state": "State", "may": "May ask for"}
    show_rows(rows, columns, as_json, "nodes", empty="no nodes are listed; `kerma node add AET HOST PORT` adds one")


@node.command("show")
def show(ctx: typer.Context, ae_title: Title, as_json: Json = False) -> None:
    """Show all that is listed of a node."""
    from kerma.areas.exchange import actions_ask

    kernel = ctx.obj.kernel()
    actions_ask.view(kernel, operator(), what="nodes")
    row = _known(kernel, ae_title)
    if as_json:
        print_json({"version": 1, "node": row})
        return
    for name, value in row.items():
        written = ", ".join(map(str, value)) if isinstance(value, list) else _shown(value)
        typer.echo(f"{name.replace('_', ' '):28} {written or '-'}")


def _shown(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@node.command("change")
def change(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    ae_title: Title,
    host: Annotated[str | None, typer.Option(help="Host name or address.")] = None,
    port: Annotated[int | None, typer.Option(help="The port it listens on.")] = None,
    services: Services = None,
    certificate: Certificate = None,
    tls: Annotated[bool | None, typer.Option("--tls/--no-tls", help="Associations over TLS, or plain.")] = None,
    dialect: Dialect = None,
    address: Address = None,
    max_associations: Most = None,
    syntax: Syntax = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")] = None,
) -> None:
    """Change what is listed of a node, or switch it on or off."""
    from kerma.areas.exchange import actions
    from kerma.errors import WrongUsage

    kernel = ctx.obj.kernel()
    changes = _changes(services, certificate, dialect, address, max_associations, syntax)
    stated = {"host": host, "port": port, "is_tls": tls, "state": {True: "on", False: "off", None: None}[on]}
    changes |= {name: value for name, value in stated.items() if value is not None}
    if certificate is not None:
        changes.setdefault("is_tls", True)
    if not changes:
        raise WrongUsage("say what is to change: `kerma node change --help` lists it")
    actions.change_node(kernel, operator(), node_id=_known(kernel, ae_title)["id"], changes=changes)
    typer.echo(f"changed {ae_title}: {', '.join(sorted(changes))}")


@node.command("remove")
def remove(ctx: typer.Context, ae_title: Title) -> None:
    """Take a node off the list; it can no longer talk to us."""
    from kerma.areas.exchange import actions

    kernel = ctx.obj.kernel()
    actions.remove_node(kernel, operator(), node_id=_known(kernel, ae_title)["id"])
    typer.echo(f"removed {ae_title}")


@node.command("echo")
def echo(ctx: typer.Context, ae_title: Title, as_json: Json = False) -> None:
    """Ask a node whether it is there (C-ECHO); says what is wrong when it is not."""
    from kerma.areas.exchange import actions_ask

    took_ms = actions_ask.echo(ctx.obj.kernel(), operator(), ae_title=ae_title)
    if as_json:
        print_json({"version": 1, "ae_title": ae_title, "took_ms": round(took_ms, 1)})
        return
    typer.echo(f"{ae_title} answers, in {took_ms:.1f} ms")


def operator() -> Actor:
    """Return the actor of this command line: whoever may run it holds the database and files anyway."""
    from kerma.kernel.identity import service

    return service("cli", "exchange.*", "archive.export", "archive.view", "archive.ingest")


def show_rows(
    rows: Sequence[dict[str, Any]], columns: dict[str, str], as_json: bool, name: str, *, empty: str = "none"
) -> None:
    """Print rows as a table with these columns and headings, or whole as JSON."""
    if as_json:
        print_json({"version": 1, name: list(rows)})
        return
    if not rows:
        typer.echo(empty)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column, heading in columns.items():
        is_number = all(isinstance(row[column], int) for row in rows)
        table.add_column(heading, overflow="fold", justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*("" if row[column] is None else str(row[column]) for column in columns))
    Console().print(table)


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _changes(
    services: str | None,
    certificate: Path | None,
    dialect: str | None,
    address: list[str] | None,
    max_associations: int | None,
    syntax: list[str] | None,
) -> dict[str, Any]:
    """Return what was stated, by the names of a node's columns."""
    from kerma.areas.exchange import tls

    stated = {
        "services": None if services is None else [word.strip() for word in services.split(",") if word.strip()],
        "certificate_sha256": None if certificate is None else tls.key_sha256(certificate.read_bytes()),
        "dialect": dialect,
        "addresses": address or None,
        "max_associations": max_associations,
        "preferred_transfer_syntaxes": syntax or None,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _known(kernel: Any, ae_title: str) -> dict[str, Any]:
    from kerma.areas.exchange import queries

    with kernel.database.read() as connection:
        return queries.known_node(connection, ae_title)


def _words(row: dict[str, Any]) -> str:
    return ", ".join(row["services"])
