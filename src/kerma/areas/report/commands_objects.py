"""``kerma findings`` and ``kerma diconde``: objects and lists of findings out and in, and the check of DICONDE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Exam = Annotated[str, typer.Argument(help="Exam number, exam UID or subject.")]
group = typer.Typer(no_args_is_help=True, help="Findings of an exam: given out as objects and lists, and taken in.")


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.add_typer(group, name="findings")
    cli.command("diconde")(diconde)


@group.command("export")
def export(
    ctx: typer.Context,
    exam: Exam,
    name: Annotated[str, typer.Option("--as", help="sr, gsps, kos, seg, pdf, tdr-…, diconde, coco, csv or json.")],
    out: Annotated[Path, typer.Option("--out", help="File to write; a folder where there are several.")],
    as_json: Json = False,
) -> None:
    """Write an exam's findings as DICOM objects or as a list."""
    from kerma.areas.report import actions_objects
    from kerma.areas.report.commands_report import exam_named
    from kerma.areas.report.examine import write_whole
    from kerma.areas.review.jobs import analyse_exam

    kernel = ctx.obj.kernel()
    exam_pk = exam_named(kernel, exam)
    analyse_exam(kernel, exam_pk=exam_pk)  # where no server has done it yet
    written = actions_objects.give_out(kernel, _operator(), exam_pk=exam_pk, name=name)
    paths = [out] if len(written.files) == 1 and not out.is_dir() else [out / one for one, _ in written.files]
    if paths != [out]:
        out.mkdir(parents=True, exist_ok=True)
    for path, (_, data) in zip(paths, written.files, strict=True):
        write_whole(path, data)
    if as_json:
        told = {"version": 1, "exam": exam_pk, "object": written.offer.name, "files": [str(path) for path in paths]}
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{written.offer.name}: {', '.join(str(path) for path in paths)}")


@group.command("import")
def take_in(  # noqa: PLR0913 - one parameter per option of the command
    ctx: typer.Context,
    exam: Exam,
    file: Annotated[Path, typer.Argument(help="JSON, CSV, COCO, YOLO, VOC, GDXray, or a DICOM object.")],
    login: Annotated[str, typer.Option(help="Sign in as this person (the password is asked for).")],
    kind: Annotated[str, typer.Option("--kind", help="Kind of file, where the content does not tell.")] = "",
    image: Annotated[str, typer.Option("--image", help="The image it is about: file name, UID, number.")] = "",
    labels: Annotated[str, typer.Option("--labels", help="Words of the classes in order, by commas.")] = "",
    as_json: Json = False,
) -> None:
    """Record the findings of a file as those of a person, and judge the exam by them."""
    from kerma.areas.archive.commands_keeping import signed_in
    from kerma.areas.report import actions_objects
    from kerma.areas.report.commands_report import exam_named
    from kerma.areas.review.jobs import analyse_exam
    from kerma.errors import WrongUsage
    from kerma.formats.findings_found import Hints

    kernel = ctx.obj.kernel()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror or error}") from error
    exam_pk = exam_named(kernel, exam)
    analyse_exam(kernel, exam_pk=exam_pk)
    hints = Hints(file.name, image, tuple(word.strip() for word in labels.split(",") if word.strip()))
    with signed_in(kernel, login) as actor:
        taken = actions_objects.take_in(kernel, actor, exam_pk=exam_pk, data=data, hints=hints, kind=kind)
    if as_json:
        typer.echo(json.dumps({"version": 1, "exam": exam_pk, **vars(taken), "lost": list(taken.lost)}))
        return
    typer.echo(f"recorded {taken.recorded} findings, {taken.already_there} were there already")
    if taken.dismissed:
        typer.echo(f"left out: {taken.dismissed} that the file calls dismissed")
    for one in taken.lost:
        typer.echo(f"not taken over: {one}")


def diconde(
    files: Annotated[list[Path], typer.Argument(help="DICONDE files.")],
    as_json: Json = False,
) -> int:
    """Check DICONDE files: what is missing or wrong, line by line; exit 1 where something is wrong."""
    from kerma.errors import KermaError
    from kerma.formats.diconde_check import check

    told, is_bad = [], False
    for file in files:
        try:
            faults = [fault.as_json() for fault in check(file.read_bytes())]
        except (KermaError, OSError) as error:
            faults = [{"severity": "error", "place": "", "tag": "", "name": "File", "said": str(error)}]
        is_bad = is_bad or any(fault["severity"] == "error" for fault in faults)
        told.append({"file": str(file), "faults": faults})
    if as_json:
        typer.echo(json.dumps({"version": 1, "files": told}, ensure_ascii=False))
        return int(is_bad)
    for one in told:
        _print(str(one["file"]), one["faults"])  # type: ignore[arg-type]
    return int(is_bad)


def _print(file: str, faults: list[dict[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not faults:
        typer.echo(f"{file}: nothing missing or wrong by the table of DICONDE attributes (unverified)")
        return
    errors = sum(fault["severity"] == "error" for fault in faults)
    typer.echo(f"{file}: {errors} wrong, {len(faults) - errors} missing or unusual")
    shown = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in ("", "where", "tag", "attribute", "what"):
        shown.add_column(column, overflow="fold")
    for fault in faults:
        mark = "[red]wrong[/red]" if fault["severity"] == "error" else "[yellow]look[/yellow]"
        shown.add_row(mark, fault["place"] or "image", fault["tag"], fault["name"], fault["said"])
    Console().print(shown)


def _operator() -> Actor:
    """Return the actor of this command line: whoever may run it holds the database and files anyway."""
    from kerma.kernel.identity import service

    return service("cli", "report.export_objects")
