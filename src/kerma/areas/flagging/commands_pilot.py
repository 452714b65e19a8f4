"""``kerma models pilot``: a model is tried on a site's own exams before anybody is shown its marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kerma.areas.flagging.commands_feedback import acting
from kerma.areas.flagging.commands_models import Json, models
from kerma.areas.flagging.commands_models_change import Login, Reason

NOT_REACHED = 1
Number = Annotated[int, typer.Argument(help="Number of the pilot.", min=1)]
pilot = typer.Typer(no_args_is_help=True, help="Try a model in silence on a site's own exams, and say how it did.")
models.add_typer(pilot, name="pilot")


def register(_: typer.Typer) -> None:
    """Add the commands to ``kerma models``."""


@pilot.command("begin")
def begin(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="NAME@VERSION, in shadow.")],
    exams: Annotated[int, typer.Option("--exams", help="How many decided exams are planned.")],
    least_sensitivity: Annotated[float, typer.Option(help="Share of what readers find that it must mark.")],
    most_false: Annotated[float, typer.Option(help="Most marks per exam where readers find nothing.")],
    reason: Reason,
    machine: Annotated[
        list[str] | None, typer.Option(help="Only exams of this machine; several times for more.")
    ] = None,
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Begin a pilot of a model in shadow; what must be reached is written down now and cannot be changed."""
    from kerma.areas.flagging.actions_pilot import begin_pilot
    from kerma.areas.flagging.queries_models import model_named
    from kerma.areas.flagging.rules_pilot import Terms

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        row = model_named(connection, name)
    terms = Terms(exams, least_sensitivity, most_false, tuple(machine or ()))
    with acting(kernel, login, "begin_pilot") as actor:
        number = begin_pilot(kernel, actor, model_id=row.id, terms=terms, reason=reason)
    _tell({"pilot_id": number}, f"pilot {number} of {row.name} {row.version} has begun", as_json)
    return 0


@pilot.command("list")
def list_pilots(ctx: typer.Context, as_json: Json = False) -> int:
    """List the pilots, the newest first."""
    from kerma.areas.flagging import pilots

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        rows = [{key: value for key, value in one.items() if key != "report"} for one in pilots.pilots(connection)]
    if as_json:
        typer.echo(json.dumps({"pilots": rows}, allow_nan=False))
        return 0
    for one in rows:
        state = ("signed off" if one["is_signed_off"] else "given up") if one["ended_at"] else "under way"
        typer.echo(f"{one['id']:4}  {one['name']} {one['version']}  {state}, begun {one['begun_at'][:10]}")
    return 0


@pilot.command("report")
def report(
    ctx: typer.Context,
    number: Number,
    out: Annotated[Path | None, typer.Option("--out", help="HTML file to write.", dir_okay=False)] = None,
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Say what a pilot has come to; exit code 1 while its limits are not reached."""
    from kerma.areas.flagging import pilot_report, pilots
    from kerma.areas.flagging.actions_pilot import view_pilot
    from kerma.areas.flagging.queries_models import names_of

    kernel = ctx.obj.kernel()
    with acting(kernel, login, "view_pilot") as actor:
        view_pilot(kernel, actor, pilot_id=str(number))
    with kernel.database.read() as connection:
        one = pilots.pilot_by_id(connection, number)
        result = pilots.result(connection, one)
        names = names_of(connection, [one["begun_by"], one["ended_by"]])
    if out is not None:
        out.write_text(pilot_report.report(one, result, names), encoding="utf-8")
    said = "reached" if result["reached"] else f"not reached: {'; '.join(result['why'])}"
    _tell({"pilot_id": number, **result}, f"{one['name']} {one['version']}: {said}", as_json)
    return 0 if result["reached"] else NOT_REACHED


@pilot.command("sign-off")
def sign_off(ctx: typer.Context, number: Number, reason: Reason, login: Login = "", as_json: Json = False) -> int:
    """Sign off a pilot that has reached its limits, as another person than who began it."""
    from kerma.areas.flagging import actions_pilot

    kernel = ctx.obj.kernel()
    with acting(kernel, login, "sign_off_pilot") as actor:
        actions_pilot.sign_off(kernel, actor, pilot_id=number, reason=reason)
    said = f"pilot {number} is signed off: `kerma models activate --pilot {number}` may rest on it"
    _tell({"pilot_id": number, "is_signed_off": True}, said, as_json)
    return 0


@pilot.command("give-up")
def give_up(ctx: typer.Context, number: Number, reason: Reason, login: Login = "", as_json: Json = False) -> int:
    """Give up a pilot: what it has come to is kept."""
    from kerma.areas.flagging import actions_pilot

    kernel = ctx.obj.kernel()
    with acting(kernel, login, "give_up_pilot") as actor:
        actions_pilot.give_up_pilot(kernel, actor, pilot_id=number, reason=reason)
    _tell({"pilot_id": number, "is_signed_off": False}, f"pilot {number} is given up", as_json)
    return 0


def _tell(document: dict[str, Any], words: str, as_json: bool) -> None:
    typer.echo(json.dumps(document, allow_nan=False) if as_json else words)
