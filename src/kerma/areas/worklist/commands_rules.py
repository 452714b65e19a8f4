"""``kerma worklist rules``: which exams are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.areas.worklist.rules_items import Rules
    from kerma.kernel.action import Actor

AS_JSON = typer.Option(False, "--json", help="Print one JSON document.")
File = Annotated[Path, typer.Argument(help="A CSV table of rules; 'kerma worklist rules show' prints one.")]
MOST_DAYS = 366
DAYS = typer.Option(30, "--days", min=1, max=MOST_DAYS, help="Exams that arrived in so many days.")
FILE_OR_NONE = typer.Argument(None, help="A CSV table of rules; without one, those in force.")


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    worklist = typer.Typer(help="What is on the worklist.", no_args_is_help=True)
    rules = typer.Typer(help="Which exams are read: rules, tried before they are set.", no_args_is_help=True)
    rules.command("show")(show)
    rules.command("check")(check)
    rules.command("set")(set_rules)
    rules.command("end")(end)
    rules.command("dry-run")(dry_run)
    worklist.add_typer(rules, name="rules")
    cli.add_typer(worklist, name="worklist")


def show(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """Print the rules in force as a CSV table that can be changed and set."""
    from kerma.areas.worklist import queries_items, rules_items
    from kerma.areas.worklist.importing_rules import text_of

    with context.obj.kernel().database.read() as connection:
        chosen = queries_items.rules_in_force(connection)
    if as_json:
        facts = {"rules_id": chosen.rules_id, "set_by": chosen.set_by, "set_at": chosen.set_at}
        typer.echo(json.dumps({**facts, "rules": rules_items.as_json(chosen.rules)}))
        return
    said = f"set {chosen.set_at} by {chosen.set_by}" if chosen.rules_id else "as Kerma comes"
    typer.echo(f"# {said}\n{text_of(chosen.rules)}", nl=False)


def check(context: typer.Context, file: File) -> None:
    """Say whether a table of rules could be set; nothing is changed."""
    from kerma.areas.worklist import queries_rules, rules_items

    kernel, rules = context.obj.kernel(), _read(file)
    with kernel.database.read() as connection:
        rules_items.demand_rules(rules, *queries_rules.known_words(connection, kernel.industries))
    typer.echo(f"{file.name}: {len(rules)} rules, and they can be set")


def set_rules(context: typer.Context, file: File) -> None:
    """Set the rules of a table; they hold for exams that arrive from now on."""
    from kerma.areas.worklist import actions_rules

    rules = _read(file)
    rules_id = actions_rules.set_rules(context.obj.kernel(), _here(), rules=rules)
    typer.echo(f"set {len(rules)} rules (set {rules_id})")


def end(context: typer.Context) -> None:
    """Let Kerma's own rules hold again: every exam that arrives is read."""
    from kerma.areas.worklist import actions_rules

    actions_rules.end_rules(context.obj.kernel(), _here())
    typer.echo("every exam that arrives is read")


def dry_run(
    context: typer.Context, file: Path | None = FILE_OR_NONE, days: int = DAYS, as_json: bool = AS_JSON
) -> None:
    """Say what rules would have made of the exams of the last days; nothing is written."""
    from dataclasses import asdict

    from kerma.areas.worklist import queries_items, queries_rules, rules_items

    kernel = context.obj.kernel()
    rules = _read(file) if file else None
    with kernel.database.read() as connection:
        if rules is None:
            rules = queries_items.rules_in_force(connection).rules
        rules_items.demand_rules(rules, *queries_rules.known_words(connection, kernel.industries))
        found = queries_rules.dry_run(connection, rules, days, kernel.clock.now())
    if as_json:
        typer.echo(json.dumps(asdict(found)))
        return
    cut = f" (the newest {found.exams}; there were more)" if found.is_cut else ""
    typer.echo(f"{found.exams} exams of {days} days{cut}: {found.made} read, {found.unread} read by nobody,")
    typer.echo(f"{found.sampled} looked at again after the decision; {found.differs} otherwise than now")
    for rule, number in sorted(found.by_rule.items(), key=lambda pair: -pair[1]):
        typer.echo(f"  {number:>6}  {rule or 'no rule takes them'}")
    for row in found.rows:
        typer.echo(_line(row))


def _line(row: dict[str, Any]) -> str:
    end_ = "read" if row["is_made"] else "read by nobody"
    again = ", again after the decision" if row["is_sampled"] else ""
    differs = "" if row["is_made"] == row["is_there"] else "  (now otherwise)"
    rule = row["rule"] or "no rule takes it"
    return f"exam {row['exam_pk']}  {row['industry']}  {row['subject_id']}: {end_}{again}, {rule}{differs}"


def _read(file: Path) -> Rules:
    from kerma.areas.worklist.importing_rules import rules_of_file

    return rules_of_file(file)


def _here() -> Actor:
    """Whoever may run commands on this machine holds its database and files anyway."""
    from kerma.kernel.identity import service

    return service("cli", "*")
