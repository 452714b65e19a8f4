"""``kerma report batch`` and ``kerma report proof``, beside ``kerma report EXAM``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

ONE = "exam"
"""The name under which the command for one exam stands in the group; nobody needs to type it."""
Out = Annotated[Path, typer.Option("--out", help="The folder to write to.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


class _Group(TyperGroup):
    """A group whose first word may be left out: ``kerma report EXAM`` is ``kerma report exam EXAM``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the left-out word in front where the first one names no command."""
        if ONE in self.commands and args and args[0] not in (*self.commands, "--help", "-h"):
            args = [ONE, *args]
        return super().parse_args(ctx, args)


group = typer.Typer(cls=_Group, no_args_is_help=True, help="Reports: of one exam, of many, and their proofs.")


def register(cli: typer.Typer) -> None:
    """Add the commands; one named ``report`` that is there already becomes the one for a single exam."""
    for one in [one for one in cli.registered_commands if one.name == "report"]:
        cli.registered_commands.remove(one)
        one.name = ONE
        if one not in group.registered_commands:
            group.registered_commands.insert(0, one)
    cli.add_typer(group, name="report")


@group.command("batch")
def batch(  # noqa: PLR0913 - one parameter per option of the command
    ctx: typer.Context,
    out: Out,
    exams: Annotated[str, typer.Option("--exams", help="File with an exam a line (number or UID); '-': input.")] = "",
    query: Annotated[
        str, typer.Option("--query", help="Beginning of the subjects' name or id, or of the accession number.")
    ] = "",
    template: Annotated[str, typer.Option("--template", help="Kind of report; the usual one when empty.")] = "",
    language: Annotated[str, typer.Option("--language", help="en, de, fr or es.")] = "en",
    as_json: Json = False,
) -> int:
    """Lay out and write the reports of many exams; a second run goes on where the first one ended.

    Exit code 0: all written; 1: some exams have no report (named with the reason); 2: wrong usage.
    """
    from kerma.areas.report import actions_batch, jobs_batch

    kernel: Kernel = ctx.obj.kernel()
    operator = _operator()
    exam_pks = _wanted(kernel, exams, query)
    out.mkdir(parents=True, exist_ok=True)
    batch_id = actions_batch.ask(
        kernel, operator, exam_pks=exam_pks, template=template, language=language, as_job=False
    )
    written: list[str] = []
    refused: list[dict[str, Any]] = []
    with _progress(len(exam_pks)) as tick:
        for exam_pk in exam_pks:
            settled = jobs_batch.step(kernel, batch_id, exam_pk)
            if settled.report_id is None:
                refused.append({"exam": exam_pk, "reason": settled.reason})
            else:
                written.append(_write(kernel, operator, out, exam_pk, settled.report_id))
            tick(len(written), len(refused))
    if as_json:
        typer.echo(json.dumps({"version": 1, "written": written, "refused": refused}, indent=2, ensure_ascii=False))
    else:
        for one in refused:
            typer.echo(f"refused exam {one['exam']}: {one['reason']}", err=True)
        made = f"{len(written)} report{'' if len(written) == 1 else 's'} in {out}"
        typer.echo(f"{made}, {len(refused)} refused" if refused else made)
    return 1 if refused else 0


@group.command("proof")
def proof(
    ctx: typer.Context,
    exam: Annotated[str, typer.Argument(help="The exam's UID, or its number in `kerma archive list`.")],
    out: Out = Path(),
    as_json: Json = False,
) -> None:
    """Write the signed report of an exam and, beside it, the proof that its signing stands in the ledger.

    `kerma verify` checks both, without a database.
    """
    from kerma.areas.report import actions, queries
    from kerma.areas.report.examine import write_whole
    from kerma.areas.report.proof import SUFFIX, proof_of
    from kerma.errors import NotFound

    kernel: Kernel = ctx.obj.kernel()
    [exam_pk] = _exams_of(kernel, [exam])
    with kernel.database.read() as connection:
        holds = queries.signed_report(connection, exam_pk)
    if holds is None:
        raise NotFound("this exam has no signed report; only a signed one has a proof")
    found = actions.view(kernel, _operator(), exam_pk=exam_pk, report_id=holds["id"])
    text = proof_of(kernel, found)
    out.mkdir(parents=True, exist_ok=True)
    pdf = out / f"report-{exam_pk}-{found['id']}.pdf"
    beside = pdf.with_name(pdf.name + SUFFIX)
    write_whole(pdf, kernel.blobs.get(found["pdf_sha256"]))
    write_whole(beside, text.encode())
    key = kernel.ledger.signer.public.vkey
    if as_json:
        typer.echo(json.dumps({"version": 1, "report": str(pdf), "proof": str(beside), "key": key}, indent=2))
        return
    typer.echo(f"report  {pdf}\nproof   {beside}\nkey     {key}")
    typer.echo(f"Check   kerma verify {pdf} --key '{found['certificate_sha256']} {key}'")
    typer.echo("Hand over the keys by another way than the files.")


def _operator() -> Actor:
    from kerma.kernel.identity import service

    return service("cli", "report.batch", "report.view")


def _wanted(kernel: Kernel, exams: str, query: str) -> list[int]:
    import sys

    from kerma.areas.archive.queries import Search
    from kerma.areas.archive.queries import exams as search
    from kerma.errors import NotFound, WrongUsage

    if bool(exams) == bool(query):
        raise WrongUsage("say which exams: --exams FILE (an exam a line), or --query TEXT")
    if exams:
        try:
            text = sys.stdin.read() if exams == "-" else Path(exams).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUsage(f"'{exams}' cannot be read as text; it should name an exam a line") from error
        return _exams_of(kernel, [line.strip() for line in text.splitlines() if line.strip()])
    found: list[int] = []
    before = None
    while True:
        with kernel.database.read() as connection:
            page = search(connection, Search(text=query, before=before, limit=500))
        found += [row["id"] for row in page.rows]
        before = page.next_before
        if before is None:
            break
    if not found:
        raise NotFound(f"no exam begins with '{query}'; `kerma archive list` shows them")
    return found[::-1]


def _exams_of(kernel: Kernel, written: list[str]) -> list[int]:
    from kerma.areas.archive import queries
    from kerma.errors import NotFound

    found: dict[int, None] = {}
    with kernel.database.read() as connection:
        for one in written:
            by_number = queries.exam_by_pk(connection, int(one)) if one.isdecimal() and len(one) < 19 else None
            row = by_number or queries.exam_by_uid(connection, one)
            if row is None:
                raise NotFound(f"there is no exam '{one[:80]}'; `kerma archive list` shows them")
            found[int(row["id"])] = None
    return list(found)


def _write(kernel: Kernel, operator: Actor, out: Path, exam_pk: int, report_id: int) -> str:
    from kerma.areas.archive.queries import exam_by_pk
    from kerma.areas.report import actions
    from kerma.areas.report.examine import write_whole
    from kerma.areas.report.rules import file_name

    found = actions.view(kernel, operator, exam_pk=exam_pk, report_id=report_id)
    with kernel.database.read() as connection:
        exam = exam_by_pk(connection, exam_pk) or {}
    name = file_name(exam_pk, str(exam.get("subject_id", "")))
    write_whole(out / name, kernel.blobs.get(found["pdf_sha256"]))
    return name


def _progress(total: int) -> Any:
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    @contextmanager
    def shown() -> Any:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(complete_style="cyan", finished_style="cyan"),  # red is kept for what went wrong
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("Reports", total=total)

            def tick(written: int, refused: int) -> None:
                words = f"Reports, {refused} refused" if refused else "Reports"
                bar.update(task, completed=written + refused, description=words)

            yield tick

    return shown()
