"""``kerma conform``: the conformance suite on the command line."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kerma.areas.exchange.conformance.model import Check, Exchange
    from kerma.areas.exchange.conformance.suite import Report
    from kerma.areas.exchange.conformance.target import Target

EXIT_FAILED_CHECKS = 1
EXIT_UNREACHABLE = 3
CALLING = "KERMACONFORM"


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("conform")(conform)


def conform(  # noqa: PLR0913 - one parameter for each option
    url: Annotated[str, typer.Argument(help="DICOMweb address, such as http://127.0.0.1:8042/dicom-web.")] = "",
    dimse: Annotated[str, typer.Option(help="DICOM network address: AET@host:port.")] = "",
    calling: Annotated[str, typer.Option(help="The AE title that the suite calls itself.")] = CALLING,
    listen: Annotated[int, typer.Option(help="Port on which the archive can reach the suite (C-MOVE).")] = 0,
    token: Annotated[str, typer.Option(envvar="KERMA_CONFORM_TOKEN", help="Bearer token.")] = "",
    user: Annotated[str, typer.Option(help="User for Basic.")] = "",
    password: Annotated[str, typer.Option(envvar="KERMA_CONFORM_PASSWORD", help="Password for Basic.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="'Name: value' sent with every request.")] = None,
    wado_uri: Annotated[str, typer.Option(help="Address of WADO-URI where it is not found by itself.")] = "",
    certificates: Annotated[str, typer.Option("--ca", help="File of certificates to trust for https.")] = "",
    timeout_s: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for an answer.")] = 30.0,
    only: Annotated[list[str] | None, typer.Option(help="Services, names of checks, or 'beginning*'.")] = None,
    level: Annotated[list[str] | None, typer.Option(help="must, should or may; all when not given.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only checks that store nothing.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the test objects in the archive.")] = False,
    rough: Annotated[bool, typer.Option("--rough", help="Also checks that have brought archives down.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Tell of every check, also of those that pass.")] = False,
    names: Annotated[bool, typer.Option("--list", help="List the checks with their clauses, and run none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> int:
    """Check whether an archive does on the network what DICOM says; works with any archive.

    Stores small synthetic objects marked KERMA-CONFORM and tries to delete them again. Exit code 0: no check of what
    the standard demands fails; 1: some fail; 3: the archive cannot be reached.
    """
    from kerma.areas.exchange.conformance import doors, suite
    from kerma.areas.exchange.conformance.model import LEVELS
    from kerma.errors import WrongUsage

    unknown = [word for word in level or () if word not in LEVELS]
    checks = suite.chosen(only or (), level or LEVELS, rough=rough)
    if unknown or not checks:
        raise WrongUsage(f"no check matches {' '.join([*(only or ()), *unknown])}; `kerma conform --list` shows them")
    if names:
        return _list(checks, as_json)
    trace: list[Exchange] = []
    access = doors.Access(token, user, password, tuple(header or ()), certificates, timeout_s)
    web = doors.web(url, access, trace, wado_uri) if url else None
    network = doors.network(dimse, calling, listen, timeout_s, trace) if dimse else None
    if web is None and network is None:
        raise WrongUsage("say what to check: the DICOMweb address, --dimse AET@host:port, or both")
    from kerma.areas.exchange.conformance.target import Target

    target = Target((web, network), trace)
    unreachable = doors.unreachable(target)
    if unreachable:
        typer.echo(f"kerma: {unreachable}", err=True)
        return EXIT_UNREACHABLE
    report = _run(target, checks, read_only=read_only, keep=keep)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _show(report, everything=everything)
    return EXIT_FAILED_CHECKS if report.failed else 0


def _run(target: Target, checks: list[Check], *, read_only: bool, keep: bool) -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from kerma.areas.exchange.conformance import suite

    # test objects are also wrong on purpose, and answers may be: pydicom need not say so
    warnings.simplefilter("ignore")
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("storing test objects", total=len(checks))
        return suite.run(
            target,
            checks,
            read_only=read_only,
            keep=keep,
            show=lambda result: bar.update(task, advance=1, description=result.check.name),
        )


def _show(report: Report, *, everything: bool) -> None:
    from rich.console import Console

    from kerma.areas.exchange.conformance import terminal

    terminal.show(Console(), report, everything=everything)


def _list(checks: list[Check], as_json: bool) -> int:
    if as_json:
        rows = [
            {
                "name": one.name,
                "clause": one.clause,
                "level": one.level,
                "needs": one.needs,
                "rough": one.is_rough,
                "says": one.says,
            }
            for one in checks
        ]
        typer.echo(json.dumps({"version": 1, "checks": rows}, ensure_ascii=False, indent=2))
        return 0
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for one in checks:
        where = f"  {one.clause} · {one.level}{' · rough' if one.is_rough else ''}"
        console.print(Text(one.name, style="bold") + Text(where, style="dim"), soft_wrap=True)
        console.print(Text(f"    {one.says}"), soft_wrap=True)
    console.print(f"\n{len(checks)} checks")
    return 0
