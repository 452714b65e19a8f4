"""``kerma order`` and ``kerma performed``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kerma.areas.worklist.model_orders import Order
    from kerma.kernel.action import Actor

AS_JSON = typer.Option(False, "--json", help="Print one JSON document.")
INDUSTRY = typer.Option(..., "--industry", help="security, ndt or medical.")
Fields = Annotated[list[str], typer.Option("--set", metavar="FIELD=VALUE", help="Another field; repeatable.")]
Files = Annotated[list[Path], typer.Argument(help="CSV tables, and .wl or .dump files of DCMTK's worklist server.")]
StepId = Annotated[int, typer.Argument(help="The performed step's number.")]
OrderIds = Annotated[list[int], typer.Argument(help="The orders that it fulfils.")]
NO_FIELDS: list[str] = []
EXIT_REFUSED = 1


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    order = typer.Typer(help="Orders: what machines find on their worklist.", no_args_is_help=True)
    order.command("add")(add)
    order.command("list")(list_orders)
    order.command("import")(import_orders)
    order.command("arrive")(arrive)
    order.command("cancel")(cancel)
    cli.add_typer(order, name="order")
    performed = typer.Typer(help="What machines reported, and what fits no order.", no_args_is_help=True)
    performed.command("list")(list_performed)
    performed.command("match")(match)
    performed.command("dismiss")(dismiss)
    cli.add_typer(performed, name="performed")


def add(
    context: typer.Context,
    subject: str = typer.Argument(help="Patient id, part number, or the number of bag, vehicle or parcel."),
    industry: str = INDUSTRY,
    station: str = typer.Option(..., "--station", help="AE title of the machine."),
    given: Fields = NO_FIELDS,
    as_json: bool = AS_JSON,
) -> None:
    """Order a step of work; numbers, study UID and time are made where they are left out.

    Fields: modality (DX), name (Family^Given), requested_description, step_description, accession, start_date
    (YYYYMMDD), start_time (HHMMSS), priority, performing_name, comments ... and details.WeldNumber,
    details.PartNumber, details.DrawingNumber or details. with any DICOM keyword.
    """
    from kerma.areas.worklist import actions_orders, queries_orders
    from kerma.areas.worklist.importing import order_of

    fields = {"industry": industry, "subject_id": subject, "station_ae": station, "modality": "DX", **_split(given)}
    kernel = context.obj.kernel()
    order_pk = actions_orders.place(kernel, _here(), order=order_of(fields))
    with kernel.database.read() as connection:
        row = queries_orders.order_by_pk(connection, order_pk) or {}
    if as_json:
        typer.echo(json.dumps(row))
        return
    typer.echo(f"order {order_pk}: accession number {row['accession']}, step {row['step_id']} on {row['station_ae']}")


def _split(written: Iterable[str]) -> dict[str, str]:
    from kerma.errors import WrongUsage

    fields = {}
    for piece in written:
        name, equals, value = piece.partition("=")
        if not equals or not name.strip():
            raise WrongUsage(f"'--set {piece}' is not of the form FIELD=VALUE, for instance accession=A-1")
        fields[name.strip()] = value.strip()
    return fields


def list_orders(
    context: typer.Context,
    state: str = typer.Option("open", "--state", help="open, all, or one state."),
    text: str = typer.Option("", "--text", help="Part of the subject's id or name, accession number or step id."),
    limit: int = typer.Option(100, "--limit", min=1, max=500, help="How many at most."),
    as_json: bool = AS_JSON,
) -> None:
    """List orders, newest first, with the images that have arrived."""
    from kerma.areas.worklist import actions_orders, queries_orders

    kernel = context.obj.kernel()
    actions_orders.look(kernel, _here(), door="cli")
    with kernel.database.read() as connection:
        rows = queries_orders.orders(connection, queries_orders.Search(state, text, limit=limit))
    if as_json:
        typer.echo(json.dumps(rows))
        return
    columns = {
        "order": "id", "state": "state", "when": "when", "machine": "machine", "subject": "subject_id",
        "accession": "accession", "step": "step_id", "what": "requested_description", "images": "image_count",
    }  # fmt: skip
    shown = [
        {**row, "when": _when(row["start_date"], row["start_time"]), "machine": row["station_ae"].replace("\\", ", ")}
        for row in rows
    ]
    _table(columns, shown, "no orders; `kerma order add` or `kerma order import` makes some")


def _when(date: str, time: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:8]} {time[:2]}:{time[2:4]}"


def import_orders(
    context: typer.Context,
    files: Files,
    industry: str = INDUSTRY,
    as_json: bool = AS_JSON,
) -> int:
    """Order everything that files hold; what is ordered already is refused, so importing again is safe."""
    from kerma.areas.worklist.importing import orders_of_file
    from kerma.errors import KermaError

    placed, refused = 0, []
    for file in files:
        try:
            orders = orders_of_file(file, industry)
        except KermaError as error:
            refused.append({"file": str(file), "order": 0, "reason": str(error)})
            continue
        for number, result in enumerate(_place_all(context, orders), start=1):
            if isinstance(result, int):
                placed += 1
            elif isinstance(result, KermaError):
                refused.append({"file": str(file), "order": number, "reason": str(result)})
            else:
                raise result
    if as_json:
        typer.echo(json.dumps({"placed": placed, "refused": refused}))
    else:
        for one in refused:
            where = f"{one['file']}, order {one['order']}" if one["order"] else str(one["file"])
            typer.echo(f"refused: {where}: {one['reason']}", err=True)
        typer.echo(f"{placed} ordered, {len(refused)} refused")
    return EXIT_REFUSED if refused else 0


def _place_all(context: typer.Context, orders: list[Order]) -> list[Any]:
    """Place orders, all of a file in one transaction and each with a record of its own."""
    from kerma.areas.worklist import actions_orders

    if not orders:
        return []
    return actions_orders.place.group(context.obj.kernel(), _here(), [{"order": order} for order in orders])


def arrive(context: typer.Context, order_id: int = typer.Argument(help="The order's number.")) -> None:
    """Say that the subject of an order is at the machine."""
    from kerma.areas.worklist import actions_orders

    actions_orders.arrive(context.obj.kernel(), _here(), order_pk=order_id)
    typer.echo(f"the subject of order {order_id} has arrived")


def cancel(
    context: typer.Context,
    order_id: int = typer.Argument(help="The order's number."),
    reason: str = typer.Option(..., "--reason", help="Why."),
) -> None:
    """Cancel an order for which nothing has been done yet."""
    from kerma.areas.worklist import actions_orders

    actions_orders.cancel(context.obj.kernel(), _here(), order_pk=order_id, reason=reason)
    typer.echo(f"order {order_id} is canceled")


def list_performed(
    context: typer.Context,
    everything: bool = typer.Option(False, "--all", help="Also what fits its order, and what was decided."),
    limit: int = typer.Option(100, "--limit", min=1, max=500, help="How many at most."),
    as_json: bool = AS_JSON,
) -> None:
    """List what machines reported and fits no order; with --all, everything, with what has arrived of it."""
    from kerma.areas.worklist import actions_perform, queries_orders, rules_perform

    kernel = context.obj.kernel()
    actions_perform.look(kernel, _here())
    with kernel.database.read() as connection:
        rows = queries_orders.performed(connection, only_open=not everything, limit=limit)
    if as_json:
        typer.echo(json.dumps(rows))
        return
    columns = {
        "step": "id", "state": "state", "matching": "matching", "orders": "orders", "machine": "station_ae",
        "subject": "subject_id", "accession": "accession", "arrived": "arrived",
    }  # fmt: skip
    shown = [
        {
            **row,
            "orders": ", ".join(map(str, row["order_pks"])) or (f"{row['suspects']}?" if row["suspects"] else ""),
            "arrived": f"{row['stored_count']} of {row['announced_count']}",
        }
        for row in rows
    ]
    _table(columns, shown, "nothing to reconcile")
    for row in rows:
        for code in filter(None, row["reasons"].split(",")):
            if row["matching"] in ("unmatched", "contradicting"):
                typer.echo(f"  {row['id']}: {rules_perform.REASONS[code]}")


def match(
    context: typer.Context,
    step: StepId,
    orders: OrderIds,
) -> None:
    """Say which orders a performed step fulfils."""
    from kerma.areas.worklist import actions_perform

    actions_perform.match(context.obj.kernel(), _here(), performed_pk=step, order_pks=orders)
    typer.echo(f"step {step} fulfils order {', '.join(map(str, orders))}")


def dismiss(
    context: typer.Context,
    step: StepId,
    reason: str = typer.Option(..., "--reason", help="Why it belongs to no order."),
) -> None:
    """Take a performed step off the list because it belongs to no order."""
    from kerma.areas.worklist import actions_perform

    actions_perform.dismiss(context.obj.kernel(), _here(), performed_pk=step, reason=reason)
    typer.echo(f"step {step} is dismissed")


def _table(columns: dict[str, str], rows: list[dict[str, Any]], nothing: str) -> None:
    if not rows:
        typer.echo(nothing)
        return
    cells = [list(columns), *([str(row[key]) for key in columns.values()] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _here() -> Actor:
    """Whoever may run commands on this machine holds its database and files anyway."""
    from kerma.kernel.identity import service

    return service("cli", "*")
