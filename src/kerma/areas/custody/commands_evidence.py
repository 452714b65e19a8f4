"""``kerma custody export`` and ``kerma custody redact``: evidence that leaves the house."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.custody.commands import custody

if TYPE_CHECKING:
    from kerma.areas.custody.evidence_package import Package

Out = Annotated[Path, typer.Option("--out", help="The file to write, such as evidence.zip; never overwritten.")]
Purpose = Annotated[str, typer.Option("--purpose", help="For what it leaves the house; stands in the package.")]
Recipient = Annotated[str, typer.Option("--recipient", help="To whom it is handed.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(cli: typer.Typer) -> None:
    """Add the commands of evidence to those of custody, which are a group of their own."""


@custody.command("export")
def export(
    ctx: typer.Context,
    exam: Annotated[str, typer.Argument(help="The exam's UID, or its number in `kerma archive list`.")],
    out: Out,
    purpose: Purpose = "evidence",
    recipient: Recipient = "",
    as_json: Json = False,
) -> None:
    """Write the evidence package of an exam: originals, views, findings, reports, custody, proofs, a verifier."""
    from kerma.areas.archive import queries
    from kerma.areas.custody.evidence_package import Errand
    from kerma.areas.custody.evidence_package import export as write
    from kerma.errors import NotFound
    from kerma.kernel.identity import service

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        by_number = queries.exam_by_pk(connection, int(exam)) if exam.isdecimal() and len(exam) < 19 else None
        found = by_number or queries.exam_by_uid(connection, exam)
    if found is None:
        raise NotFound(f"there is no exam '{exam}'; `kerma archive list` shows them")
    operator = service("cli", "archive.*", "custody.*")
    with progress("Writing evidence") as tick:
        package = write(
            kernel, operator, exam_pk=found["id"], out=out, errand=Errand(purpose, recipient), tick=tick
        )
    _show(package, as_json)


@custody.command("redact")
def redact(  # noqa: PLR0913 - one parameter per option of the command
    ctx: typer.Context,
    package: Annotated[Path, typer.Argument(help="The package to take files out of; it is not changed.")],
    out: Out,
    reason: Annotated[str, typer.Option("--reason", help="Why something is taken out; stands in the new package.")],
    remove: Annotated[list[str], typer.Option("--remove", help="A file to leave out: data/views/view-001.png.")],
    purpose: Purpose = "evidence",
    recipient: Recipient = "",
    as_json: Json = False,
) -> None:
    """Make a new package without some files; it refers to the old one and keeps the digests of what was taken out."""
    from kerma.areas.custody.evidence_package import Errand
    from kerma.areas.custody.evidence_redact import Redaction
    from kerma.areas.custody.evidence_redact import redact as write
    from kerma.kernel.identity import service

    kernel = ctx.obj.kernel()
    operator = service("cli", "custody.*")
    with progress("Writing evidence") as tick:
        wanted = Redaction(package, tuple(remove), reason)
        made = write(kernel, operator, wanted, out=out, errand=Errand(purpose, recipient), tick=tick)
    _show(made, as_json)


def _show(package: Package, as_json: bool) -> None:
    if as_json:
        plain: dict[str, Any] = {"version": 1, **vars(package), "path": str(package.path)}
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{package.file_count} files, {package.size_bytes / 1e6:.1f} MB in {package.path}")
    typer.echo(f"sealed {package.sealed_at[:19].replace('T', ' ')} UTC by ledger record {package.record}")
    typer.echo(f"key    {package.key}")
    typer.echo(f"Check  kerma verify {package.path} --key '{package.key}'")
    typer.echo("Hand over the key by another way than the package; whoever checks needs nothing else.")


def progress(label: str) -> Any:
    """Return a context that shows a spinner with the name of what is worked on."""
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    @contextmanager
    def shown() -> Any:
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda name: bar.update(task, description=f"{label}: {name}"[:100])

    return shown()
