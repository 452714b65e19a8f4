"""``kerma doctor``: looking after an installation."""

from __future__ import annotations

import json

import typer

EXIT_FAILED = 3
AS_JSON = typer.Option(False, "--json", help="Print one JSON document.")


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("doctor")(doctor)


def doctor(as_json: bool = AS_JSON) -> None:
    """Show every setting and look whether database, blobs, keys, clock and disk are in order; changes nothing."""
    from dataclasses import asdict

    from kerma.kernel.doctor import BAD, examine
    from kerma.kernel.settings import SETTINGS, Settings

    settings = Settings.load()
    shown = settings.shown()
    findings = examine(settings)
    if as_json:
        typer.echo(json.dumps({"settings": shown, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for row in SETTINGS:
            typer.echo(f"{row.environment:<28} {shown[row.name] or '(none)'}")
        typer.echo("")
        for finding in findings:
            typer.echo(f"{finding.state:<8} {finding.subject:<9} {finding.detail}")
    if any(finding.state == BAD for finding in findings):
        raise typer.Exit(EXIT_FAILED)
