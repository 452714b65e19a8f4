"""The archive's upkeep on the command line: storage tiers, the scrub, alarms."""

from __future__ import annotations

from typing import Annotated

import typer

from kerma.areas.archive.commands import archive
from kerma.areas.archive.commands_keeping import (
    MB,
    Json,
    operator,
    print_json,
    progress_bar,
    show_rows,
    show_table,
)

EXIT_REFUSED = 1

tier = typer.Typer(no_args_is_help=True, help="Storage tiers: when exams move to which place (KERMA_BLOBS_TIERS).")


def register(_: typer.Typer) -> None:
    """Add the commands to ``kerma archive``."""
    archive.add_typer(tier, name="tier")


@tier.command("add")
def add_tier(
    ctx: typer.Context,
    industry: Annotated[str, typer.Option(help="security, ndt or medical.")],
    days: Annotated[int, typer.Option(min=0, help="Days since an exam's last image.")],
    name: Annotated[str, typer.Option("--tier", help="A name of KERMA_BLOBS_TIERS.")],
) -> None:
    """Make a rule by which exams move to a tier; the highest age that is reached decides."""
    from kerma.areas.archive import actions_keeping

    number = actions_keeping.add_tier_rule(ctx.obj.kernel(), operator(), industry=industry, after_days=days, tier=name)
    typer.echo(f"tier rule {number} is in force; `kerma archive tier move` shows what it would move")


@tier.command("list")
def list_tiers(ctx: typer.Context, as_json: Json = False) -> None:
    """List the tier rules, also those switched off."""
    from kerma.areas.archive.model_keeping import tier_rule

    columns = {"id": "No", "state": "State", "industry": "Industry", "after_days": "After days", "tier": "Tier"}
    show_table(ctx.obj.kernel(), tier_rule, columns, as_json, "tier_rules")


@tier.command("end")
def end_tier(ctx: typer.Context, number: Annotated[int, typer.Argument(help="Its number in the list.")]) -> None:
    """Switch a tier rule off; what was moved stays where it is."""
    from kerma.areas.archive import actions_keeping

    actions_keeping.end_tier_rule(ctx.obj.kernel(), operator(), rule_id=number)
    typer.echo(f"tier rule {number} is off")


@tier.command("move")
def move(
    ctx: typer.Context,
    now: Annotated[bool, typer.Option("--now", help="Move; without it, only show. A server does it daily.")] = False,
    as_json: Json = False,
) -> None:
    """Show what the tier rules would move now, or move it."""
    from dataclasses import asdict

    from kerma.areas.archive import actions_upkeep as upkeep

    kernel = ctx.obj.kernel()
    with progress_bar("Moving") as progress:
        due = upkeep.move_due(kernel, operator(), progress) if now else list(upkeep.due_moves(kernel))
    rows = [asdict(one) for one in due]
    if as_json:
        print_json({"version": 1, "is_moved": now, "exams": rows})
        return
    columns = {"exam_pk": "Exam", "industry": "Industry", "tier": "Tier", "image_count": "Images", "megabytes": "MB"}
    show_rows([{**row, "megabytes": f"{row['size_bytes'] / MB:.1f}"} for row in rows], columns, "nothing is due")
    if rows:
        done = "moved" if now else "would move. Nothing was changed; --now moves"
        typer.echo(f"{len(rows)} exams, {sum(one.size_bytes for one in due) / MB:.1f} MB {done}")


@archive.command("scrub")
def scrub(
    ctx: typer.Context,
    share: Annotated[int, typer.Option(min=0, help="How many blobs; a day's share (KERMA_SCRUB_DAYS) if 0.")] = 0,
    as_json: Json = False,
) -> int:
    """Hash a share of everything kept anew, going on where the last scrub ended; a server does it daily."""
    from dataclasses import asdict

    from kerma.areas.archive import actions_upkeep as upkeep

    with progress_bar("Hashing") as progress:
        result = upkeep.scrub(ctx.obj.kernel(), operator(), share=share, progress=progress)
    if as_json:
        print_json({"version": 1, **asdict(result)})
    else:
        found = (
            f"{result.differences} DIFFERENT: see `kerma archive alarms`" if result.differences else "all as they were"
        )
        typer.echo(f"{result.hashed} blobs, {result.size_bytes / MB:.1f} MB hashed in round {result.round}: {found}")
    return EXIT_REFUSED if result.differences else 0


@archive.command("alarms")
def alarms(
    ctx: typer.Context,
    acknowledge: Annotated[int, typer.Option(help="The number of an alarm to acknowledge.", metavar="NO")] = 0,
    note: Annotated[str, typer.Option(help="For an acknowledgement: what was found and done.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also those acknowledged.")] = False,
    as_json: Json = False,
) -> int:
    """List what Kerma itself found wrong, or acknowledge one; exit code 1 while an alarm is open."""
    from kerma.areas.archive import actions_keeping
    from kerma.kernel import alarms as alarm_list

    kernel = ctx.obj.kernel()
    if acknowledge:
        alarm_list.acknowledge(kernel, operator(), alarm_id=acknowledge, note=note)
    actions_keeping.view_keeping(kernel, operator(), list_="alarms")
    with kernel.database.read() as connection:
        rows = alarm_list.alarms(connection, is_open=not every)
    if as_json:
        print_json({"version": 1, "alarms": rows})
    else:
        columns = {"id": "No", "raised_at": "Raised", "kind": "What", "thing": "Which", "detail": "Detail"}
        columns |= {"note": "Acknowledged"} if every else {}
        show_rows(rows, columns, "no alarm is open")
    return EXIT_REFUSED if any(not row["acknowledged_at"] for row in rows) else 0
