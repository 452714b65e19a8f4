"""``kerma report EXAM`` and ``kerma site``: a report of one exam as a file, and the letterhead of all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.areas.report.prepare import Form
    from kerma.kernel.action import Actor, Kernel

MOST_LISTED = 10
"""Exams of one subject that are listed when the subject alone does not say which is meant."""
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
site_group = typer.Typer(no_args_is_help=True, help="The letterhead of this site's reports.")


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("report")(report)
    cli.add_typer(site_group, name="site")


def report(  # noqa: PLR0913 - one parameter per option of the command
    ctx: typer.Context,
    exam: Annotated[str, typer.Argument(help="Exam number, exam UID or subject.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="PDF file to write.")] = None,
    template: Annotated[str, typer.Option("--template", help="Kind of report; --list shows them.")] = "",
    language: Annotated[str, typer.Option("--language", help="en, de, fr or es.")] = "en",
    paper: Annotated[str, typer.Option("--paper", help="a4 or us-letter; the site's own when empty.")] = "",
    record: Annotated[Path | None, typer.Option("--record", help="JSON file with the values of the form.")] = None,
    list_kinds: Annotated[bool, typer.Option("--list", help="Show the kinds of report and what each needs.")] = False,
    as_json: Json = False,
) -> None:
    """Write the report of one exam as PDF, in any kind and language; the version is kept with the exam."""
    from kerma.errors import WrongUsage

    if list_kinds:
        _list(as_json)
        return
    if not exam or out is None:
        raise WrongUsage("say which exam and where to: kerma report EXAM --out F.pdf; --list shows the kinds")
    from kerma.areas.report.examine import write_whole
    from kerma.areas.report.kinds import read_record
    from kerma.areas.report.prepare import Form

    kernel: Kernel = ctx.obj.kernel()
    exam_pk = exam_named(kernel, exam)
    form = Form(template, language, read_record(record))
    found, pdf = _laid_out(kernel, exam_pk, form, paper)
    write_whole(out, pdf)
    told = {key: found[key] for key in ("id", "number", "state", "template", "language", "pdf_sha256")}
    if as_json:
        typer.echo(json.dumps({"version": 1, "exam": exam_pk, "report": told, "file": str(out)}, indent=2))
        return
    typer.echo(f"report: {out} ({template or 'exam'}, {language}, version {found['number']}, {found['state']})")


def exam_named(kernel: Kernel, written: str) -> int:
    """Return the number of the exam that a number, an exam UID or a subject names.

    Raises
    ------
    NotFound
        There is none.
    WrongUsage
        The subject has several; the message lists them.
    """
    from kerma.areas.archive import queries
    from kerma.errors import NotFound, WrongUsage

    with kernel.database.read() as connection:
        by_number = queries.exam_by_pk(connection, int(written)) if written.isdecimal() and len(written) < 19 else None
        row = by_number or queries.exam_by_uid(connection, written)
        if row is not None:
            return int(row["id"])
        page = queries.exams(connection, queries.Search(text=written, limit=100))
    named = [one for one in page.rows if one["subject_id"] == written] or list(page.rows)
    if not named:
        raise NotFound(f"there is no exam or subject '{written[:80]}'; `kerma archive list` shows them")
    if len(named) > 1:
        shown = named[:MOST_LISTED]
        listed = "; ".join(f"{one['id']} ({one['subject_id']}, {one['exam_date'] or 'no date'})" for one in shown)
        more = "" if len(named) <= MOST_LISTED else f" and {len(named) - MOST_LISTED} more"
        raise WrongUsage(f"'{written[:80]}' names {len(named)} exams; give the number of one: {listed}{more}")
    return int(named[0]["id"])


def _laid_out(kernel: Kernel, exam_pk: int, form: Form, paper: str) -> tuple[dict[str, Any], bytes]:
    """Return the kept version in this form and its PDF; on other paper than the site's, the same laid out anew."""
    from dataclasses import replace

    from kerma.areas.report import actions, jobs, prepare, queries
    from kerma.areas.report.document import build
    from kerma.areas.report.queries_site import paper_of
    from kerma.areas.report.rules_site import PAPERS
    from kerma.areas.review.jobs import analyse_exam
    from kerma.errors import Conflict, WrongUsage
    from kerma.kernel import clock
    from kerma.kernel.sight import WHOLE

    if paper and paper not in PAPERS:
        raise WrongUsage(f"'{paper[:32]}' is no paper of reports; there are {' and '.join(PAPERS)}")
    analyse_exam(kernel, exam_pk=exam_pk)  # where no server has done it yet; nothing to do where one has
    on = prepare.basis(kernel, exam_pk, form)
    values = {"template": form.template, "language": form.language, "record": form.record}
    report_id = jobs.lay_out(kernel, exam_pk, values)
    found = actions.view(kernel, _operator(), exam_pk=exam_pk, report_id=report_id)
    with kernel.database.read() as connection:
        numbers = [row["id"] for row in queries.versions(connection, exam_pk, WHOLE)]
        own = paper_of(connection)
    found = {**found, "number": numbers.index(report_id) + 1}
    if paper in ("", own):
        return found, kernel.blobs.get(found["pdf_sha256"])
    if found["state"] != "draft":
        raise Conflict("this report is signed: it is written as it was signed, on its own paper; leave --paper out")
    anew = prepare.compose(kernel, on, made_at=clock.moment(found["made_at"]))
    return found, build(replace(anew, paper=paper, version=found["number"]))


def _operator() -> Actor:
    from kerma.kernel.identity import service

    return service("cli", "report.view", "report.set_site")


def _list(as_json: bool) -> None:
    from kerma.areas.report.kinds import kinds

    rows = [
        {"name": kind.name, "industries": list(kind.industries), "needs": kind.needed, "takes": kind.known}
        for kind in kinds().values()
    ]
    if as_json:
        typer.echo(json.dumps({"version": 1, "kinds": rows}, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("kind", no_wrap=True)
    shown.add_column("industry")
    shown.add_column("values its form must give", overflow="fold")
    shown.add_column("may give", justify="right")
    for kind in kinds().values():
        count = len(kind.known) - len(kind.needed)
        industries = ", ".join(kind.industries) or "every"
        shown.add_row(kind.name, industries, ", ".join(kind.needed) or "–", str(count or "–"))
    Console().print(shown)
    typer.echo("The form is a JSON file (--record); `kerma report --list --json` names every value it takes.")


@site_group.command("set")
def set_site(  # noqa: PLR0913 - one parameter per option of the command
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option("--name", help="Name of the organisation.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="Address, lines parted by ';'.")] = None,
    logo: Annotated[Path | None, typer.Option("--logo", help="PNG or SVG file.")] = None,
    accreditation: Annotated[str | None, typer.Option("--accreditation", help="Accreditation number.")] = None,
    footer: Annotated[str | None, typer.Option("--footer", help="Line at the foot of every page.")] = None,
    paper: Annotated[str | None, typer.Option("--paper", help="a4 or us-letter.")] = None,
    no_logo: Annotated[bool, typer.Option("--no-logo", help="Take the logo away.")] = False,
    as_json: Json = False,
) -> None:
    """Set the letterhead of reports; what is not named stays as it is."""
    from kerma.areas.report import actions_site
    from kerma.errors import WrongUsage

    lines = None if address is None else [line.strip() for line in address.split(";") if line.strip()]
    texts = {"name": name, "address": lines, "accreditation": accreditation, "footer": footer, "paper": paper}
    changes = {key: value for key, value in texts.items() if value is not None}
    try:
        data = b"" if no_logo else logo.read_bytes() if logo else None
    except OSError as error:
        raise WrongUsage(f"the logo {logo} cannot be read: {error.strerror or error}") from error
    if not changes and data is None:
        raise WrongUsage("say what to set: --name, --address, --logo, --accreditation, --footer or --paper")
    actions_site.set_site(ctx.obj.kernel(), _operator(), changes=changes, logo=data)
    show(ctx, as_json)


@site_group.command("show")
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """Show the letterhead in force."""
    from kerma.areas.report.queries_site import newest_site

    with ctx.obj.kernel().database.read() as connection:
        found = newest_site(connection) or {}
    if as_json:
        typer.echo(json.dumps({"version": 1, "site": found}, indent=2, ensure_ascii=False))
        return
    if not found:
        typer.echo("no letterhead is set; kerma site set --name ... makes one")
        return
    for key in ("name", "address", "accreditation", "footer", "paper", "logo_sha256", "set_at"):
        value = ", ".join(found[key]) if key == "address" else found[key]
        typer.echo(f"{key:14} {value or '–'}")
