"""The archive on the command line: check, list, quarantine, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Industry = Annotated[str, typer.Option(help="security, ndt or medical; needed where the files do not tell.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="How many to show.")]
EXIT_REFUSED = 1

archive = typer.Typer(no_args_is_help=True, help="Look after the archive.")


def register(cli: typer.Typer) -> None:
    """Add the archive's commands."""
    cli.add_typer(archive, name="archive")
    cli.command("export")(export)


@archive.command("check")
def check(ctx: typer.Context, as_json: Json = False) -> int:
    """Re-hash everything and report any difference; exit code 1 when something is not as it was."""
    from kerma.areas.archive import actions

    kernel = ctx.obj.kernel()
    with _progress() as bar:
        task = bar.add_task("Hashing", total=None)
        report = actions.check(kernel, _operator(), lambda done, total: bar.update(task, completed=done, total=total))
    if as_json:
        _print_json(report.as_json())
        return 0 if report.is_unaltered else EXIT_REFUSED
    for kind in ("missing", "altered", "lost", "unrecorded"):
        for entry in getattr(report, kind):
            typer.echo(f"{kind}: {' '.join(str(value) for value in entry.values())}", err=True)
    if report.interrupted:
        typer.echo(f"{len(report.interrupted)} arrivals were interrupted before they were acknowledged", err=True)
    state = "unaltered" if report.is_unaltered else "NOT as it was"
    typer.echo(
        f"{_many(report.blobs, 'blob')}, {report.size_bytes / 1e6:.1f} MB, {_many(report.arrivals, 'arrival')}: {state}"
    )
    return 0 if report.is_unaltered else EXIT_REFUSED


@archive.command("list")
def list_exams(
    ctx: typer.Context,
    industry: Industry = "",
    text: Annotated[str, typer.Option(help="Beginning of the subject's name or id, or of the accession number.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List exams, the last arrived first."""
    from kerma.areas.archive import actions, queries

    kernel = ctx.obj.kernel()
    search = queries.Search(industry=industry, text=text, limit=limit)
    page = actions.list_exams(kernel, _operator(), search=search)
    columns = {
        "id": "Exam", "industry": "Industry", "subject_id": "Subject", "name": "Name", "exam_date": "Date",
        "modalities": "Kind", "image_count": "Images", "description": "Description",
    }  # fmt: skip
    _show_rows(page.rows, columns, as_json, "exams")


@archive.command("quarantine")
def list_quarantine(ctx: typer.Context, limit: Limit = 50, as_json: Json = False) -> None:
    """List what came and may not stand among the exams, with the reason."""
    from kerma.areas.archive import actions, rules

    page = actions.list_quarantine(ctx.obj.kernel(), _operator(), before=None, limit=limit)
    rows = [{**row, "reason_words": rules.REASONS[row["reason"]]} for row in page.rows]
    columns = {"id": "No", "received_at": "Received", "file_name": "File", "reason_words": "Reason", "detail": "Detail",
               "kept_reason": "Left here because"}  # fmt: skip
    _show_rows(rows, columns, as_json, "quarantine")


def export(
    ctx: typer.Context,
    exam: Annotated[str, typer.Argument(help="The exam's UID, or its number in `kerma archive list`.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write to; made when it is not there.")],
    purpose: Annotated[str, typer.Option(help="Why the bytes leave; stands in the ledger.")] = "export",
    as_json: Json = False,
) -> None:
    """Write an exam's files as they came, with a manifest of their SHA-256."""
    from kerma.areas.archive import actions, queries
    from kerma.errors import NotFound

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        by_number = queries.exam_by_pk(connection, int(exam)) if exam.isdecimal() and len(exam) < 19 else None
        found = by_number or queries.exam_by_uid(connection, exam)
    if found is None:
        raise NotFound(f"there is no exam '{exam}'; `kerma archive list` shows them")
    manifest = actions.export(kernel, _operator(), exam_pk=found["id"], folder=out, purpose=purpose)
    if as_json:
        _print_json(manifest)
    else:
        typer.echo(
            f"{_many(len(manifest['files']), 'file')} in {out}; check them with: cd {out} && sha256sum -c SHA256SUMS"
        )


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _operator() -> Actor:
    """Whoever may run commands on this machine holds its database and files anyway."""
    from kerma.kernel.identity import service

    return service("cli", "archive.*")


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _show_rows(rows: list[dict[str, Any]], columns: dict[str, str], as_json: bool, name: str) -> None:
    """Print rows as a table with the given columns and headings, or whole as JSON."""
    if as_json:
        shown = [{key: value for key, value in row.items() if key != "document"} for row in rows]
        _print_json({"version": 1, name: shown})
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*("" if row[column] is None else str(row[column]) for column in columns))
    Console().print(table if rows else "none")


def _print_json(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
