"""``kerma serve`` and ``kerma worker``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("serve")(serve)
    cli.command("worker")(worker)


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; KERMA_HOST if not given.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on, 0 for any free one; KERMA_PORT if not given.")] = -1,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty home with a demonstration set.")] = False,
    watch: Annotated[Path | None, typer.Option(help="Folder whose files are taken in as they come.")] = None,
) -> None:
    """Serve the workstation, the API and the jobs in one process."""
    from kerma.doors import serving

    kernel = context.obj.kernel()
    serving.serve(
        kernel,
        host=host or kernel.settings.host,
        port=kernel.settings.port if port < 0 else port,
        demonstration=demo,
        folder=watch,
        say=lambda line: typer.echo(line, nl=True),
    )


def worker(context: typer.Context) -> None:
    """Work on the same jobs as every other machine of this database, without a web door (PostgreSQL)."""
    from kerma.doors import serving

    serving.work(context.obj.kernel(), say=lambda line: typer.echo(line, nl=True))
