"""``kerma backup`` and ``kerma restore``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.kernel.backup_restore import Chosen, Restored

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
EXIT_REFUSED = 1


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("backup")(backup)
    cli.command("restore")(restore)


def backup(
    ctx: typer.Context,
    out: Annotated[str, typer.Option("--out", help="A folder on another disk, or a bucket (s3://, gs://, az://).")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Include the secret keys; the folder must be as safe as they are.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Back up database and bytes while the server runs; only bytes that are new are copied."""
    from dataclasses import asdict

    from kerma.kernel.backup import make
    from kerma.kernel.identity import service

    kernel = ctx.obj.kernel()
    with _progress("Copying") as progress:
        made = make(kernel, service("cli", "backup.*"), out=out, with_keys=with_keys, progress=progress)
    facts = made.manifest
    if as_json:
        copied = {"copied": made.copied, "copied_bytes": made.copied_bytes}
        _print_json({"version": 1, **asdict(facts), **copied})
    else:
        size_bytes = facts.blob_bytes + sum(part.size_bytes for part in facts.database)
        typer.echo(f"backup {facts.name}: {facts.blob_count} blobs, {size_bytes / 1e6:.1f} MB, of which")
        typer.echo(f"       {made.copied} blobs ({made.copied_bytes / 1e6:.1f} MB) were new and copied")
        typer.echo(f"ledger {facts.ledger_size} records; keep this checkpoint elsewhere, it tells an old backup:")
        typer.echo("\n".join(f"       {line}".rstrip() for line in facts.checkpoint.splitlines()))
        if not facts.keys:
            typer.echo(f"keys   NOT included: copy {kernel.settings.home / 'keys'} to a safe place of its own")
    if facts.unreadable_count:
        typer.echo(f"{facts.unreadable_count} blobs were missing or altered: run `kerma archive check`", err=True)
    return EXIT_REFUSED if facts.unreadable_count else 0


def _checkpoint(path: Path) -> str:
    """Return a checkpoint as it was signed, also when it was copied from a screen, with spaces around its lines."""
    lines = path.read_text("utf-8").strip().splitlines()
    return "".join(f"{line.strip()}\n" for line in lines)


def restore(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    source: Annotated[str, typer.Option("--from", help="Where `kerma backup --out` wrote: a folder or a bucket.")],
    name: Annotated[str, typer.Option(help="Which backup; the newest if not given.")] = "",
    key: Annotated[str, typer.Option(help="The ledger's public key, obtained by another way.")] = "",
    witness: Annotated[Path | None, typer.Option(help="File with a checkpoint kept elsewhere.", exists=True)] = None,
    accept_older: Annotated[
        bool, typer.Option("--accept-older", help="Restore although a later state of the ledger is known.")
    ] = False,
    only_check: Annotated[bool, typer.Option("--check", help="Read and compare every hash, change nothing.")] = False,
    as_json: Json = False,
) -> int:
    """Restore a backup into an empty home (KERMA_HOME) and database, every hash checked."""
    from kerma.kernel import backup_restore
    from kerma.kernel.settings import Settings

    settings = Settings.load()
    asked = backup_restore.Asked(source, name, key, _checkpoint(witness) if witness else "", accept_older)
    chosen = backup_restore.choose(asked)
    with _progress("Checking" if only_check else "Restoring") as progress:
        if only_check:
            result = backup_restore.check(chosen, progress)
        else:
            result = backup_restore.restore(settings, chosen, progress)
    if not only_check and result.has_keys:
        _note(ctx, chosen)
    if as_json:
        _print_json(_document(result, chosen, is_check=only_check))
    else:
        _tell(result, settings.home, is_check=only_check)
    return EXIT_REFUSED if result.missing else 0


def _note(ctx: typer.Context, chosen: Chosen) -> None:
    from kerma.kernel.backup_restore import note_in_ledger
    from kerma.kernel.identity import service

    note_in_ledger(ctx.obj.kernel(), service("cli", "backup.restore"), chosen)


def _document(result: Restored, chosen: Chosen, *, is_check: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "backup": result.manifest.name,
        "is_restored": not is_check,
        "ledger_size": chosen.checkpoint.size,
        "is_older": chosen.is_older,
        "blobs": result.blobs,
        "size_bytes": result.size_bytes,
        "has_keys": result.has_keys,
        "missing": result.missing,
    }


def _tell(result: Restored, home: Path, *, is_check: bool) -> None:
    done = "is whole" if is_check else f"restored into {home}"
    size = f"{result.blobs} blobs, {result.size_bytes / 1e6:.1f} MB"
    typer.echo(f"backup {result.manifest.name} {done}: {size}, {result.manifest.ledger_size} ledger records")
    for address in result.missing:
        typer.echo(f"missing: {address} was lost or altered before the backup was made", err=True)
    if not result.has_keys and not is_check:
        typer.echo(f"keys   were not in it: put ledger.key and the others back into {home / 'keys'}, mode 600,")
        typer.echo("       before the first start: only they can go on with this ledger")
    if not is_check:
        typer.echo("now    kerma archive check, and kerma ledger export + kerma verify, to see for yourself")


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_json(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
