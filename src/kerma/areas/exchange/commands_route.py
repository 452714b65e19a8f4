"""Rules on the command line: ``kerma route add``, ``list``, ``on``, ``off``, ``remove``, ``dry-run``, ``fetches``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.exchange.commands import Json, operator, print_json, show_rows

if TYPE_CHECKING:
    from kerma.areas.exchange.actions_route import RuleGiven
    from kerma.areas.exchange.queries_route import DryRun

Name = Annotated[str, typer.Argument(help="The rule's name.")]
When = Annotated[
    list[str] | None,
    typer.Option(
        "--when",
        help="NAME=PATTERN,PATTERN: industry, modality, station, calling_ae, description, body_part, institution or "
        "sop_class; repeat, all must fit. Without any the rule is about every exam.",
    ),
]
To = Annotated[list[str] | None, typer.Option("--to", help="A node to send to; repeat for several.")]
PriorsFrom = Annotated[
    list[str] | None, typer.Option("--priors-from", help="A node to fetch earlier exams from, instead of --to.")
]
Days = Annotated[int | None, typer.Option("--max-age-days", help="Earlier exams: none older than this.")]
Number = Annotated[int | None, typer.Option("--number", help="Earlier exams: the newest so many (3).")]
PriorModality = Annotated[
    list[str] | None, typer.Option("--prior-modality", help="Earlier exams: only these modalities; repeat.")
]
_SINCE = re.compile(r"(\d{1,5})([hd])")

route = typer.Typer(no_args_is_help=True, help="Rules by which exams are sent on, or earlier exams are fetched.")


def register(cli: typer.Typer) -> None:
    """Add the commands about rules."""
    cli.add_typer(route, name="route")


@route.command("add")
def add(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    name: Name,
    when: When = None,
    to: To = None,
    priors_from: PriorsFrom = None,
    quiet_s: Annotated[int, typer.Option(help="Seconds without a new image after which an exam is complete.")] = 10,
    max_age_days: Days = None,
    number: Number = None,
    prior_modality: PriorModality = None,
) -> None:
    """Make a rule; try it first with `kerma route dry-run`."""
    from dataclasses import replace

    from kerma.areas.exchange import actions_route

    limits = {"max_age_days": max_age_days, "number": number, "modality": prior_modality}
    given = replace(_given(name, when, to, priors_from, limits), quiet_s=quiet_s)
    actions_route.add_rule(ctx.obj.kernel(), operator(), given=given)
    does = "sends to" if given.kind == "send" else "fetches earlier exams from"
    typer.echo(f"rule '{name}' is on: it {does} {', '.join(given.nodes)}")


@route.command("list")
def list_rules(ctx: typer.Context, as_json: Json = False) -> None:
    """List every rule."""
    from kerma.areas.exchange import actions_ask, queries_route

    kernel = ctx.obj.kernel()
    actions_ask.view(kernel, operator(), what="rules")
    with kernel.database.read() as connection:
        rows = queries_route.rules(connection)
    for row in rows:
        row["when"] = _words(row["condition"]) or "every exam"
        row["does"] = f"{_DOES[row['kind']]} {', '.join(row['nodes'])}"
    columns = {"name": "Rule", "state": "State", "when": "When", "does": "Does", "quiet_s": "Quiet s"}
    show_rows(rows, columns, as_json, "rules", empty="no rules; `kerma route add NAME --when ... --to AET` makes one")


_DOES = {"send": "send to", "prior": "fetch priors from"}


@route.command("on")
def switch_on(ctx: typer.Context, name: Name) -> None:
    """Switch a rule on."""
    _switch(ctx, name, "on")


@route.command("off")
def switch_off(ctx: typer.Context, name: Name) -> None:
    """Switch a rule off; it stays in the list."""
    _switch(ctx, name, "off")


@route.command("remove")
def remove(ctx: typer.Context, name: Name) -> None:
    """Remove a rule; what it asked for before is still done."""
    from kerma.areas.exchange import actions_route

    actions_route.remove_rule(ctx.obj.kernel(), operator(), name=name)
    typer.echo(f"removed rule '{name}'")


@route.command("fetches")
def list_fetches(
    ctx: typer.Context,
    state: Annotated[str, typer.Option(help="waiting, done or parked.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """List the fetches of earlier exams that rules asked for, and what became of them."""
    from kerma.areas.exchange import actions_ask, queries_route

    kernel = ctx.obj.kernel()
    actions_ask.view(kernel, operator(), what="fetches")
    with kernel.database.read() as connection:
        rows = queries_route.fetches(connection, state=state, limit=limit)
    if not as_json:
        rows = [{**row, "requested_at": row["requested_at"][:19].replace("T", " ")} for row in rows]
    columns = {
        "id": "No", "rule": "Rule", "ae_title": "From", "cause": "Because of", "state": "State",
        "exam_count": "Exams fetched", "attempts": "Tries", "requested_at": "Asked at", "error": "Remark",
    }  # fmt: skip
    show_rows(rows, columns, as_json, "fetches", empty="no rule has asked for earlier exams")


@route.command("dry-run")
def dry_run(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A rule that is there; or none, with --when and --to.")] = "",
    when: When = None,
    to: To = None,
    priors_from: PriorsFrom = None,
    since: Annotated[str, typer.Option(help="How far back to look: 7d, 36h.")] = "7d",
    max_age_days: Days = None,
    number: Number = None,
    prior_modality: PriorModality = None,
    as_json: Json = False,
) -> None:
    """Say what a rule would have done with the exams of the last days; nothing is sent or fetched."""
    from dataclasses import asdict

    from kerma.areas.exchange import actions_ask, actions_route, queries_route

    kernel = ctx.obj.kernel()
    actions_ask.view(kernel, operator(), what="dry run")
    moment = _moment(kernel, since)
    with kernel.database.read() as connection:
        if name and not (when or to or priors_from):
            asked = queries_route.rule(connection, name)
        else:
            limits = {"max_age_days": max_age_days, "number": number, "modality": prior_modality}
            asked = actions_route.checked(connection, _given(name or "new", when, to, priors_from, limits))
        run = queries_route.dry_run(connection, asked, moment)
    if as_json:
        print_json({"version": 1, "kind": asked["kind"], **asdict(run)})
        return
    _show(run, asked["kind"], since)


def _show(run: DryRun, kind: str, since: str) -> None:
    rows = [
        {
            **exam,
            "at": exam["received_at"][:16].replace("T", " "),
            "megabytes": f"{exam['size_bytes'] / 1e6:.1f}",
            "to": ", ".join(exam["nodes"]) or "(came from there)",
        }
        for exam in run.exams
    ]
    columns = {
        "id": "Exam", "at": "Arrived", "industry": "Industry", "modalities": "Kind", "description": "Description",
        "image_count": "Images", "megabytes": "MB", "to": "To" if kind == "send" else "Priors from",
    }  # fmt: skip
    if rows:
        show_rows(rows, columns, False, "exams")
    if len(run.exams) < run.exam_count:
        typer.echo(f"... and {run.exam_count - len(run.exams)} more")
    verb = "would have been sent" if kind == "send" else "would have had their earlier exams asked for"
    typer.echo(f"{run.exam_count} of {run.looked_at} exams of the last {since} {verb}")
    for node, counts in run.per_node.items() if kind == "send" else ():
        size = f"{counts['size_bytes'] / 1e6:.1f} MB"
        typer.echo(f"  {node}: {counts['exam_count']} exams, {counts['image_count']} images, {size}")
    for name, number in sorted(run.missed.items(), key=lambda pair: -pair[1]):
        typer.echo(f"  not by {name}: {number} exams")


def _given(
    name: str,
    when: list[str] | None,
    to: list[str] | None,
    priors_from: list[str] | None,
    limits: dict[str, Any],
) -> RuleGiven:
    from kerma.areas.exchange.actions_route import RuleGiven
    from kerma.errors import WrongUsage

    if bool(to) == bool(priors_from):
        raise WrongUsage("say either --to NODE (send on) or --priors-from NODE (fetch earlier exams)")
    condition: dict[str, list[str]] = {}
    for written in when or []:
        word, sign, patterns = written.partition("=")
        if not sign:
            raise WrongUsage("--when wants NAME=PATTERN, such as modality=CT,MR")
        condition.setdefault(word.strip(), []).extend(patterns.split(","))
    stated = {word: value for word, value in limits.items() if value} if priors_from else {}
    kind = "prior" if priors_from else "send"
    return RuleGiven(name, kind=kind, condition=condition, nodes=to or priors_from or [], limits=stated)


def _moment(kernel: Any, since: str) -> str:
    from datetime import timedelta

    from kerma.errors import WrongUsage
    from kerma.kernel import clock

    found = _SINCE.fullmatch(since.strip())
    if not found:
        raise WrongUsage("--since wants a number of days or hours: 7d, 36h")
    hours = int(found[1]) * {"h": 1, "d": 24}[found[2]]
    return clock.text(kernel.clock.now() - timedelta(hours=hours))


def _switch(ctx: typer.Context, name: str, state: str) -> None:
    from kerma.areas.exchange import actions_route

    actions_route.switch_rule(ctx.obj.kernel(), operator(), name=name, state=state)
    typer.echo(f"rule '{name}' is {state}")


def _words(condition: dict[str, list[str]]) -> str:
    return "; ".join(f"{name} is {' or '.join(patterns)}" for name, patterns in condition.items())
