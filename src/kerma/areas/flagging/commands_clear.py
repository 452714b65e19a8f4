"""``kerma models clear-drift``: what is stated of a model is held at a machine again."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from kerma.areas.flagging.commands_feedback import acting
from kerma.areas.flagging.commands_models import Json, models
from kerma.areas.flagging.commands_models_change import Login, Reason


def register(_: typer.Typer) -> None:
    """Add the command to ``kerma models``."""


@models.command("clear-drift")
def clear_drift(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="NAME@VERSION.")],
    machine: Annotated[str, typer.Option("--machine", help="Name of the machine, as `kerma models show` has it.")],
    reason: Reason,
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Say as a person that a model may be relied on at a machine again; images from now on are the baseline."""
    from kerma.areas.flagging import actions_drift
    from kerma.areas.flagging.queries_models import model_named, suspensions_of
    from kerma.errors import NotFound

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        row = model_named(connection, name)
        found = [one for one in suspensions_of(connection, row.id) if one["machine"] == machine]
    if not found:
        raise NotFound(f"nothing is suspended of {row.name} {row.version} at '{machine}'")
    with acting(kernel, login, "clear_drift") as actor:
        actions_drift.clear_drift(kernel, actor, drift_id=found[0]["id"], reason=reason)
    told = {"drift_id": found[0]["id"], "model": f"{row.name}@{row.version}", "machine": machine}
    said = f"what is stated of {row.name} {row.version} is held at '{machine}' again"
    typer.echo(json.dumps(told) if as_json else said)
    return 0
