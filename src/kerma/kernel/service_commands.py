"""``kerma doctor`` and ``kerma jobs``: looking after an installation."""

from __future__ import annotations

import json

import typer

EXIT_FAILED = 3
AS_JSON = typer.Option(False, "--json", help="Print one JSON document.")


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("doctor")(doctor)
    jobs = typer.Typer(help="Work that is done durably: how far it is, and what was given up.", no_args_is_help=True)
    jobs.command("list")(list_jobs)
    jobs.command("retry")(retry_job)
    jobs.command("progress")(show_progress)
    cli.add_typer(jobs, name="jobs")


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


def list_jobs(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """List the jobs that were given up, each with its number and last error."""
    from kerma.kernel.jobs import parked

    with context.obj.kernel().database.read() as connection:
        rows = parked(connection)
    if as_json:
        typer.echo(json.dumps({"version": 1, "given_up": rows}, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['id']:>8}  {row['name']} {row['key']}, {row['attempts']} attempts: {row['error']}")
    if not rows:
        typer.echo("none was given up")


def show_progress(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """Show how many jobs of each kind wait, run, are done or were given up."""
    from kerma.kernel.jobs import progress

    with context.obj.kernel().database.read() as connection:
        rows = progress(connection)
    if as_json:
        typer.echo(json.dumps({"version": 1, "jobs": rows}, indent=2))
        return
    for row in rows:
        counted = ", ".join(f"{row[state]} {state.replace('_', ' ')}" for state in ("waiting", "running", "done"))
        given_up = f", {row['given_up']} given up" if row["given_up"] else ""
        typer.echo(f"{row['name']:<28}{counted}{given_up}")
    if not rows:
        typer.echo("no work was asked for")


def retry_job(context: typer.Context, number: int = typer.Argument(help="Its number in `kerma jobs list`.")) -> None:
    """Have a job tried again that was given up; a running server or worker does it."""
    from kerma.kernel.identity import service
    from kerma.kernel.jobs import retry

    retry(context.obj.kernel(), service("cli", retry.name), request_id=number)
    typer.echo(f"job {number} is asked for again")
