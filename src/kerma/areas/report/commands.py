"""The command ``kerma examine``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.areas.report.examine import Layout
    from kerma.kernel.industry import Industry
    from kerma.science.detect.looking import LearnedModel


def register(cli: typer.Typer) -> None:
    """Add the command to the command line."""
    cli.command("examine")(examine)


def examine(  # noqa: PLR0913 - one parameter per option of the command
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Image files, or folders of them.")],
    industry: Annotated[str, typer.Option("--industry", help="security, ndt or medical.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for result.json, report.pdf, pictures, DICOM reports.")],
    rules: Annotated[str, typer.Option("--rules", help="Acceptance table to judge by; 'none' judges nothing.")] = "",
    thickness_mm: Annotated[float | None, typer.Option("--thickness-mm", help="Thickness the rays pass, mm.")] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Learned model that looks too; may be given several times.")
    ] = None,
    declared: Annotated[
        str, typer.Option("--declared", help="Declared goods of a load, by commas; goods or HS chapters (security).")
    ] = "",
    depth_mm: Annotated[float | None, typer.Option("--depth-mm", help="Depth of the declared load, mm.")] = None,
    end_point_mev: Annotated[
        float | None, typer.Option("--end-point-mev", help="Of the accelerator, MeV; none for an X-ray tube.")
    ] = None,
    template: Annotated[str, typer.Option("--template", help="Kind of report; `kerma report --list` shows them.")] = "",
    language: Annotated[str, typer.Option("--language", help="Language of the report: en, de, fr or es.")] = "en",
    paper: Annotated[str, typer.Option("--paper", help="a4 or us-letter.")] = "a4",
    record: Annotated[Path | None, typer.Option("--record", help="JSON file with the values of a form.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print result.json on standard output.")] = False,
) -> int:
    """Take image files to measurements, findings, verdicts and a report; needs no server.

    Exit code 0: done; 1: done, but some files were refused (result.json says which and why); 2: wrong usage.
    """
    from datetime import UTC, datetime

    from kerma.areas.report.collect import files_of
    from kerma.areas.report.examine import Order
    from kerma.areas.report.examine import examine as run
    from kerma.areas.report.rules import exit_code
    from kerma.errors import WrongUsage

    if thickness_mm is not None and not thickness_mm > 0:
        raise WrongUsage(f"the thickness is {thickness_mm:g} mm; give a value above 0 mm")
    chosen = _declared(_industry(ctx.obj.industries, industry, rules), declared, depth_mm, end_point_mev)
    layout = _layout(chosen, template, language, paper, record)
    models = _models(model or [])
    files = files_of(paths, out)
    order = Order(chosen, out, datetime.now(UTC).replace(microsecond=0), thickness_mm, layout, models)
    with _Progress(2 * len(files) + 1) as progress:
        result = run(order, files, progress.tick)
    _print(result, out, as_json)
    return exit_code(result["refused"])


def _industry(industries: Any, name: str, rules: str) -> Industry:
    from dataclasses import replace

    from kerma.errors import NotFound, WrongUsage
    from kerma.science.judge import load_pack

    if name not in industries:
        raise WrongUsage(f"'{name}' is no industry; give --industry {' or '.join(industries)}")
    chosen: Industry = industries[name]
    if not rules:
        return chosen
    if rules == "none":
        return replace(chosen, plan=replace(chosen.plan, pack=None))
    try:
        load_pack(rules)
    except NotFound as error:
        raise WrongUsage(f"there are no acceptance rules '{rules}'; `kerma rules list` shows them") from error
    return replace(chosen, plan=replace(chosen.plan, pack=rules))


def _declared(industry: Industry, goods: str, depth_mm: float | None, end_point_mev: float | None) -> Industry:
    """Return the industry with a plan that holds every image against these goods; as it is where none are declared."""
    from dataclasses import replace

    from kerma.areas.review.rules_declaration import INDUSTRY, Given, checked, declared_of, document_of
    from kerma.errors import WrongUsage
    from kerma.science.detect.declared import split

    if not goods and depth_mm is None and end_point_mev is None:
        return industry
    if industry.name != INDUSTRY:
        raise WrongUsage(f"only a load of {INDUSTRY} screening is declared; leave --declared out for '{industry.name}'")
    told = declared_of(document_of(checked(Given(split(goods), depth_mm, end_point_mev))))
    return replace(industry, plan=replace(industry.plan, declared=told))


def _models(names: list[str]) -> list[LearnedModel]:
    """Return the learned models that were asked for; without any, none is loaded."""
    if not names:
        return []
    from kerma.areas.flagging.looking import model_by_name

    return [model_by_name(name) for name in dict.fromkeys(names)]


def _layout(industry: Industry, template: str, language: str, paper: str, record: Path | None) -> Layout:
    """Return the form of the reports once it makes sense, before any image is read."""
    from kerma.areas.report.examine import Layout
    from kerma.areas.report.kinds import check_record, kind_for, read_record
    from kerma.areas.report.language import language as known
    from kerma.areas.report.rules_site import PAPERS
    from kerma.errors import WrongUsage

    values = read_record(record)
    check_record(kind_for(template, industry.name), values)
    known(language)
    if paper not in PAPERS:
        raise WrongUsage(f"'{paper[:32]}' is no paper of reports; there are {' and '.join(PAPERS)}")
    return Layout(template, language, paper, values)


def _print(result: dict[str, Any], out: Path, as_json: bool) -> None:
    import json

    if as_json:
        typer.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    for exam in result["exams"]:
        findings = sum(len(image["findings"]) for image in exam["images"])
        decision = exam["decision_proposed"] or "none"
        count = len(exam["images"])
        typer.echo(
            f"{exam['subject'] or exam['exam_uid']}: {count} image{'s' if count != 1 else ''}, "
            f"{findings} finding{'s' if findings != 1 else ''}, proposed: {decision}"
        )
    for refused in result["refused"]:
        typer.echo(f"refused {refused['path']}: {refused['reason']}", err=True)
    typer.echo(f"report: {out / 'report.pdf'}")


class _Progress:
    """A progress bar on standard error: one step per file looked at and per image read."""

    def __init__(self, total: int) -> None:
        self._total = total

    def __enter__(self) -> _Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._progress.start()
        self._task = self._progress.add_task("examining", total=self._total)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.update(self._task, completed=self._total, description="examined")
        self._progress.stop()

    def tick(self, what: str, steps: int) -> None:
        """Say what is being done and move on."""
        self._progress.update(self._task, advance=steps, description=what[:32])
