"""Keeping on the command line: retention rules, dry runs and deletion, legal holds, the quarantine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.archive.commands import archive

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Login = Annotated[str, typer.Option(help="Sign in as this person (the password is asked for).")]
EXIT_REFUSED = 1
MB = 1e6

rule = typer.Typer(no_args_is_help=True, help="Retention rules: how long exams are kept, and by which law.")
hold = typer.Typer(no_args_is_help=True, help="Legal holds: what may not be deleted whatever the rules say.")


def register(_: typer.Typer) -> None:
    """Add the commands to ``kerma archive``."""
    archive.add_typer(rule, name="rule")
    archive.add_typer(hold, name="hold")


@archive.command("retention")
def retention(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, change nothing: what is done without --delete.")
    ] = False,
    delete: Annotated[str, typer.Option(metavar="DIGEST", help="Delete exactly what this dry run showed.")] = "",
    industry: Annotated[str, typer.Option(help="security, ndt or medical; all if not given.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many exams a dry run lists.")] = 1000,
    as_json: Json = False,
) -> int:
    """Show what the retention rules would delete today, or delete what such a dry run showed."""
    from kerma.areas.archive import actions_deletion as deletion
    from kerma.errors import WrongUsage

    if delete and dry_run:
        raise WrongUsage("--dry-run shows, --delete deletes: choose one")
    kernel = ctx.obj.kernel()
    if delete:
        return _delete_planned(kernel, delete, as_json)
    plan = deletion.plan_deletion(kernel, operator(), industry=industry, limit=limit)
    if as_json:
        print_json({"version": 1, "digest": plan.digest, "is_complete": plan.is_complete,
                    "size_bytes": plan.size_bytes, "exams": plan.exams})  # fmt: skip
        return 0
    columns = {
        "exam_pk": "Exam", "subject_id": "Subject", "exam_date": "Date", "image_count": "Images", "megabytes": "MB",
        "due_since": "May go since", "rule_id": "Rule", "source": "By",
    }  # fmt: skip
    show_rows([{**row, "megabytes": f"{row['size_bytes'] / MB:.1f}"} for row in plan.exams], columns, "nothing is due")
    if plan.exams:
        more = "" if plan.is_complete else f" (the first {len(plan.exams)}; more are due)"
        typer.echo(f"{len(plan.exams)} exams{more}, {plan.size_bytes / MB:.1f} MB would go. Nothing was changed.")
        typer.echo(f"To delete exactly these within a day: kerma archive retention --delete {plan.digest}")
    return 0


def _delete_planned(kernel: Kernel, digest: str, as_json: bool) -> int:
    from dataclasses import asdict

    from kerma.areas.archive import actions_deletion as deletion

    with progress_bar("Deleting") as progress:
        result = deletion.delete_planned(kernel, operator(), digest=digest, progress=progress)
    if as_json:
        print_json({"version": 1, "deleted": [asdict(one) for one in result.deleted],
                    "kept": [asdict(one) for one in result.kept]})  # fmt: skip
    else:
        for one in result.kept:
            typer.echo(f"kept: exam {one.exam_pk}: {one.reason}", err=True)
        size = sum(one.size_bytes for one in result.deleted) / MB
        typer.echo(f"{len(result.deleted)} exams deleted, {size:.1f} MB; {len(result.kept)} kept")
    return EXIT_REFUSED if result.kept else 0


@archive.command("delete")
def delete(
    ctx: typer.Context, exam: Annotated[int, typer.Argument(help="Its number in `kerma archive list`.")]
) -> None:
    """Delete one exam, where a retention rule allows it and no legal hold forbids it."""
    from kerma.areas.archive import actions_deletion as deletion

    done = deletion.delete(ctx.obj.kernel(), operator(), exam_pk=exam)
    typer.echo(
        f"exam {exam} deleted: {done.images} images, {done.size_bytes / MB:.1f} MB; tombstone {done.tombstone_id}"
    )


@archive.command("deletions")
def deletions(ctx: typer.Context, as_json: Json = False) -> None:
    """List the tombstones of what was deleted."""
    from kerma.areas.archive.model_keeping import tombstone

    columns = {
        "id": "No", "deleted_at": "Deleted", "exam_uid": "Exam UID", "image_count": "Images", "rule_id": "Rule",
        "deleted_by": "By",
    }  # fmt: skip
    show_table(ctx.obj.kernel(), tombstone, columns, as_json, "deletions")


@archive.command("class")
def classify(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(help="The subject's key, as the ledger names it.")],
    name: Annotated[str, typer.Argument(help="The class of the rules; empty takes it back.")],
) -> None:
    """Give a subject a class of the retention rules, such as a class of part."""
    from kerma.areas.archive import actions_keeping

    actions_keeping.classify_subject(ctx.obj.kernel(), operator(), subject_key=subject, class_=name)
    typer.echo(f"subject {subject} is of class '{name}'" if name else f"subject {subject} has no class")


@archive.command("resolve")
def resolve(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(help="Its number in `kerma archive quarantine`.")],
    resolution: Annotated[str, typer.Argument(help="keep (apart), discard, or release (into its exam).")],
    reason: Annotated[str, typer.Option(help="Why.")],
    industry: Annotated[str, typer.Option(help="For a release, where the file does not tell.")] = "",
) -> None:
    """Resolve what stands in the quarantine."""
    from kerma.areas.archive.actions_quarantine import resolve_quarantine

    stored = resolve_quarantine(
        ctx.obj.kernel(), operator(), quarantine_id=number, resolution=resolution, reason=reason, industry=industry
    )
    done = {"keep": "stays apart", "discard": "discarded"}
    typer.echo(f"entry {number} {done.get(resolution, f'released into exam {stored.exam_pk}' if stored else '')}")


@rule.command("add")
def add_rule(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    industry: Annotated[str, typer.Option(help="security, ndt or medical.")],
    days: Annotated[int, typer.Option(min=0, help="Days for which exams are kept.")],
    source: Annotated[str, typer.Option(help="The law, contract or procedure it rests on, with its clause.")],
    subject_class: Annotated[str, typer.Option("--class", help="adult, child, or a class given to subjects.")] = "",
    counted_from: Annotated[str, typer.Option("--from", help="Days count from: arrival, exam or birth.")] = "exam",
    kind: Annotated[str, typer.Option(help="Of the source: law, contract or procedure.")] = "law",
    returns: Annotated[
        str, typer.Option(help="What comes again after it was deleted: quarantine or accept.")
    ] = "quarantine",
) -> None:
    """Make a retention rule; of several that fit an exam, the one that keeps longest wins."""
    from kerma.areas.archive import actions_keeping

    options = {"counted_from": counted_from, "source_kind": kind, "returns": returns}
    number = actions_keeping.add_retention_rule(
        ctx.obj.kernel(), operator(), industry=industry, kept_days=days, source=source,
        subject_class=subject_class, options=options,
    )  # fmt: skip
    typer.echo(f"rule {number} is in force; `kerma archive retention` shows what it would delete")


@rule.command("list")
def list_rules(ctx: typer.Context, as_json: Json = False) -> None:
    """List the retention rules, also those switched off."""
    from kerma.areas.archive.model_keeping import retention_rule

    columns = {
        "id": "No", "state": "State", "industry": "Industry", "subject_class": "Class", "kept_days": "Days",
        "counted_from": "From", "source_kind": "Kind", "source": "Source", "returns": "If it returns",
    }  # fmt: skip
    show_table(ctx.obj.kernel(), retention_rule, columns, as_json, "rules")


@rule.command("end")
def end_rule(ctx: typer.Context, number: Annotated[int, typer.Argument(help="Its number in the list.")]) -> None:
    """Switch a retention rule off; it stays on the list."""
    from kerma.areas.archive import actions_keeping

    actions_keeping.end_retention_rule(ctx.obj.kernel(), operator(), rule_id=number)
    typer.echo(f"rule {number} is off")


@hold.command("place")
def place_hold(
    ctx: typer.Context,
    thing: Annotated[str, typer.Argument(help="The exam's number or UID, the subject's key, or the accession number.")],
    reason: Annotated[str, typer.Option(help="Why it must not be deleted.")],
    on: Annotated[str, typer.Option(help="exam, subject or accession.")] = "exam",
) -> None:
    """Place a legal hold."""
    from kerma.areas.archive import actions_keeping

    number = actions_keeping.hold(ctx.obj.kernel(), operator(), target=on, thing=thing, reason=reason)
    typer.echo(f"hold {number} is in force: two persons are needed to lift it")


@hold.command("list")
def list_holds(ctx: typer.Context, as_json: Json = False) -> None:
    """List the legal holds, also those lifted."""
    from kerma.areas.archive.model_keeping import legal_hold

    columns = {
        "id": "No", "target": "On", "thing": "Which", "reason": "Reason", "placed_at": "Placed",
        "lift_requested_by": "Lift asked by", "lifted_by": "Lifted by",
    }  # fmt: skip
    show_table(ctx.obj.kernel(), legal_hold, columns, as_json, "holds")


@hold.command("request-lift")
def request_lift(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(help="Its number in the list.")],
    reason: Annotated[str, typer.Option(help="Why it may be lifted.")],
    login: Login,
) -> None:
    """Ask that a legal hold be lifted, as a person who signs in."""
    from kerma.areas.archive import actions_keeping

    with signed_in(ctx.obj.kernel(), login) as actor:
        actions_keeping.request_lift(ctx.obj.kernel(), actor, hold_id=number, reason=reason)
    typer.echo(
        f"hold {number} stays in force until another person confirms: kerma archive hold lift {number} --login ..."
    )


@hold.command("withdraw-lift")
def withdraw_lift(ctx: typer.Context, number: Annotated[int, typer.Argument(help="Its number in the list.")]) -> None:
    """Take back, or turn down, the request to lift a legal hold."""
    from kerma.areas.archive import actions_keeping

    actions_keeping.withdraw_lift(ctx.obj.kernel(), operator(), hold_id=number)
    typer.echo(f"hold {number} stays in force")


@hold.command("lift")
def lift(
    ctx: typer.Context, number: Annotated[int, typer.Argument(help="Its number in the list.")], login: Login
) -> None:
    """Confirm that a legal hold is lifted, as another person than the one who asked."""
    from kerma.areas.archive import actions_keeping

    with signed_in(ctx.obj.kernel(), login) as actor:
        actions_keeping.lift(ctx.obj.kernel(), actor, hold_id=number)
    typer.echo(f"hold {number} is lifted")


def operator() -> Actor:
    """Whoever may run commands on this machine holds its database and files anyway."""
    from kerma.kernel.identity import service

    return service("cli", "archive.*", "alarms.acknowledge")


def _password_of(login: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"Password of {login}", hide_input=True))
    return sys.stdin.readline().rstrip("\r\n")


@contextmanager
def signed_in(kernel: Kernel, login: str) -> Iterator[Actor]:
    """Let a person sign in for one command: some duties no command of the machine may fulfil."""
    from kerma.kernel.identity import sign_in, sign_out

    session = sign_in(kernel, login, _password_of(login), "command line")
    try:
        yield session.actor
    finally:
        sign_out(kernel, session.token)


def show_table(kernel: Kernel, table: Any, columns: dict[str, str], as_json: bool, name: str) -> None:
    """Print the rows of a table of keeping; the ledger knows who looked."""
    from kerma.areas.archive import actions_keeping, queries_keeping

    actions_keeping.view_keeping(kernel, operator(), list_=name)
    with kernel.database.read() as connection:
        rows = queries_keeping.rows_of(connection, table)
    if as_json:
        print_json({"version": 1, name: rows})
    else:
        show_rows(rows, columns, "none")


def show_rows(rows: list[dict[str, Any]], columns: dict[str, str], nothing: str) -> None:
    """Print rows as a table with the given columns and headings."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, heading in columns.items():
        is_number = bool(rows) and isinstance(rows[0][name], int)
        table.add_column(heading, overflow="fold", justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    Console(highlight=False).print(table if rows else nothing)


def _cell(value: Any) -> str:
    from rich.markup import escape

    written = "" if value is None else str(value)
    is_moment = len(written) == len("2026-11-23T10:15:00.123456Z") and written[10:11] == "T"
    return written[:16].replace("T", " ") if is_moment else escape(written)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far something has come, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
