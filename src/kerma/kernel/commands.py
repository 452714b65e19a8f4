"""The ledger on the command line: export it, sign it, and check what was exported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from kerma.kernel.verify import Verification

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]

ledger = typer.Typer(no_args_is_help=True, help="The provable log of everything that was done.")


def register(cli: typer.Typer) -> None:
    """Add the ledger's commands."""
    cli.add_typer(ledger, name="ledger")
    cli.command("verify")(verify)


@ledger.command("export")
def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="The file to write; replaced when it is there.")],
    as_json: Json = False,
) -> None:
    """Write the whole ledger to one file that `kerma verify` checks without a database."""
    from kerma.kernel import ledger_actions
    from kerma.kernel.identity import service
    from kerma.kernel.ledger_export import export_ledger

    kernel = ctx.obj.kernel()
    ledger_actions.request_export(kernel, service("cli", "ledger.*"))
    with _progress("Exporting") as progress:
        written = export_ledger(kernel.ledger, kernel.database, out, progress)
    if as_json:
        _print_json({"version": 1, **vars(written), "path": str(written.path)})
        return
    typer.echo(f"{written.size} records and {written.checkpoints} checkpoints in {out}")
    typer.echo(f"root   {written.root}")
    typer.echo(f"key    {written.vkey}")
    typer.echo(f"Check  kerma verify {out} --key '{written.vkey}'")
    typer.echo("Hand over the key by another way than the file; whoever checks needs nothing else.")


@ledger.command("checkpoint")
def checkpoint(ctx: typer.Context, as_json: Json = False) -> None:
    """Sign the ledger as it stands and print the signed checkpoint; keep it elsewhere as a witness."""
    kernel = ctx.obj.kernel()
    note = kernel.ledger.checkpoint(kernel.database)
    if as_json:
        _print_json({"version": 1, "checkpoint": note})
    else:
        typer.echo(note or "The ledger has no records yet.", nl=note is None)


@ledger.command("key")
def key(ctx: typer.Context, as_json: Json = False) -> None:
    """Print the public key that checks this ledger's signatures."""
    vkey = ctx.obj.kernel().ledger.signer.public.vkey
    if as_json:
        _print_json({"version": 1, "key": vkey})
    else:
        typer.echo(vkey)


def verify(
    path: Annotated[Path, typer.Argument(help="A ledger export, a signed report, or an evidence package.")],
    key: Annotated[
        str, typer.Option(help="The owner's public key, obtained by another way: the text, or a file.")
    ] = "",
    at_least: Annotated[int, typer.Option(min=0, help="A number of records the ledger is known to have had.")] = 0,
    witness: Annotated[
        str, typer.Option(help="File with a checkpoint kept elsewhere: the ledger must contain that state.")
    ] = "",
    trust: Annotated[
        Path | None, typer.Option(help="Folder (or file) of trusted certificates: who may vouch for a report's signer.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Find out whether a file is unaltered; exit code 0 unaltered, 1 altered, 2 it cannot be checked."""
    from kerma.errors import KermaError
    from kerma.kernel import verify as checks

    try:
        with _progress("Checking") as progress:
            known = checks.Trust(
                _text_of(key), _home_key(), at_least, _read(witness), str(trust or ""), progress=progress
            )
            answer = checks.verify(path, known)
    except KermaError as error:
        if as_json:
            _print_json({"version": 1, "path": str(path), "unaltered": None, "error": error.problem()})
        typer.echo(f"kerma: {error}", err=True)
        return checks.UNUSABLE
    if as_json:
        _print_json(answer.document(path))
    _show(path, answer, to_stderr=as_json)
    return checks.UNALTERED if answer.is_unaltered else checks.ALTERED


def _show(path: Path, answer: Verification, *, to_stderr: bool) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=to_stderr, soft_wrap=True, highlight=False)
    if not to_stderr:
        for name, value in answer.facts.items():
            console.print(f"[dim]{name.replace('_', ' '):>16}[/dim]  {escape(str(value))}")
        _show_files(console, answer)
        for finding in answer.findings:
            where = f" (line {finding.line})" if finding.line else ""
            console.print(f"[red]{'altered':>16}[/red]  {escape(finding.text)}{where}")
    for warning in answer.warnings:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold yellow]WARNING[/]: {escape(warning)}")
    verdict = "[bold green]UNALTERED[/]" if answer.is_unaltered else "[bold red]ALTERED[/]"
    console.print(f"{verdict}: {answer.kind} {escape(str(path))}")


def _show_files(console: Console, answer: Verification) -> None:
    """Print of each file since when it is unchanged, from whom it came and by which action; records are counted."""
    from rich.markup import escape

    shown = [file for file in answer.files if file["kind"] != "ledger"]
    for file in shown:
        state = "unchanged" if file["unchanged"] else "[red]ALTERED[/red]"
        since = str(file["since"])[:19].replace("T", " ")
        how = f"since {since} UTC, {file['action']} by {file['by']}, record {file['record']}"
        door = f", through {file['door']}" if file["door"] else ""
        console.print(f"{state:>16}  {escape(str(file['path']))}\n[dim]{'':>16}  {escape(how + door)}[/dim]")
    intact = sum(bool(file["unchanged"]) for file in answer.files)
    if answer.files:
        console.print(f"{intact:>16,}  of {len(answer.files):,} files unchanged, ledger records and proofs among them")


def _text_of(key: str) -> str:
    """Return the key itself, whether it was given as text or as the name of a file that holds it."""
    return key if not key or "+" in key and not Path(key).is_file() else _read(key)


def _read(name: str) -> str:
    from kerma.errors import Unusable

    if not name:
        return ""
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"'{name}' cannot be read as text; give the file that holds the key or checkpoint") from error


def _home_key() -> str:
    """Return the public key of this machine's own ledger, if it has one."""
    from kerma.kernel.settings import Settings

    file = Settings.load().home / "keys" / "ledger.vkey"
    return file.read_text("utf-8") if file.is_file() else ""


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_json(document: dict[str, object]) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
