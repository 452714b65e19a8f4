"""``kerma serve``, ``kerma worker`` and ``kerma dicom``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("serve")(serve)
    cli.command("worker")(worker)
    cli.command("dicom")(dicom)


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; KERMA_HOST if not given.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on, 0 for any free one; KERMA_PORT if not given.")] = -1,
    dicom_port: Annotated[
        int, typer.Option(help="Port of the DICOM network, 0 for any free one; KERMA_DICOM_PORT if not given.")
    ] = -1,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty home with a demonstration set.")] = False,
    watch: Annotated[Path | None, typer.Option(help="Folder whose files are taken in as they come.")] = None,
) -> None:
    """Serve the workstation, the API, the jobs and the DICOM network."""
    from kerma.doors import serving

    kernel = context.obj.kernel()
    wanted = serving.Wanted(
        host=host or kernel.settings.host,
        port=kernel.settings.port if port < 0 else port,
        dicom_port=kernel.settings.dicom_port if dicom_port < 0 else dicom_port,
        demonstration=demo,
        folder=watch,
    )
    serving.serve(kernel, wanted, say=lambda line: typer.echo(line, nl=True))


def worker(context: typer.Context, child: Annotated[bool, typer.Option("--child", hidden=True)] = False) -> None:
    """Work on the same jobs as every other machine of this database, without a web door (PostgreSQL)."""
    from kerma.doors import serving

    serving.work(context.obj.kernel(), say=lambda line: typer.echo(line, nl=True), is_child=child)


def dicom(
    context: typer.Context,
    dicom_port: Annotated[
        int, typer.Option(help="Port of the DICOM network, 0 for any free one; KERMA_DICOM_PORT if not given.")
    ] = -1,
    inherited: Annotated[list[int] | None, typer.Option(hidden=True)] = None,
    with_plain: Annotated[bool, typer.Option("--with-plain", hidden=True)] = False,
) -> None:
    """Run just the DICOM network door: one more of them beside the same PostgreSQL."""
    from kerma.doors import dimse_process

    kernel = context.obj.kernel()
    if inherited:
        dimse_process.run_child(kernel, descriptors=inherited, has_plain=with_plain)
        return
    port = kernel.settings.dicom_port if dicom_port < 0 else dicom_port
    dimse_process.run(kernel, port=port, say=lambda line: typer.echo(line, nl=True))
