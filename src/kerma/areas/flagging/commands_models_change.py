"""``kerma models add|shadow|activate|retire|threshold``: what changes the registry of models."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.flagging.commands_models import Json, Name, models, told_of

if TYPE_CHECKING:
    from kerma.areas.flagging.model import ModelRow
    from kerma.kernel.action import Actor, Kernel

Login = Annotated[str, typer.Option(help="Sign in as this person (the password is asked for, or read from input).")]
Reason = Annotated[str, typer.Option(help="Why; it stays on record.")]
Option = typer.Option
Evaluation = Annotated[
    Path | None,
    Option("--evaluation", help="What `kerma evaluate --json` printed of this version.", exists=True, dir_okay=False),
]
Card = Annotated[
    Path | None, Option("--card", help="Its card; NAME.json beside it if not given.", exists=True, dir_okay=False)
]
Industry = Annotated[str, Option(help="Whose exams it may look at: security, ndt or medical; empty for all.")]
Rate = Annotated[float | None, Option(min=0.0, help="As many false marks per image, or ...")]
Sensitivity = Annotated[float | None, Option(min=0.0, max=1.0, help="... at least so sensitive.")]
PERMISSIONS = ("add_model", "shadow_model", "activate_model", "retire_model", "set_threshold", "withdraw_threshold")


def register(_: typer.Typer) -> None:
    """Add the commands to ``kerma models``."""


@models.command("add")
def add(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="The weights, NAME.onnx, or what `kerma teach` has made, NAME.npz.", exists=True, dir_okay=False
        ),
    ],
    card: Card = None,
    industry: Industry = "",
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Add a model of your own as a candidate: card and network are checked and tried apart first."""
    from kerma.areas.flagging import actions_models, registry
    from kerma.areas.flagging.actions_models import NewModel
    from kerma.areas.flagging.model import BROUGHT, SITE
    from kerma.science.detect import taught

    content = file.read_bytes()
    told = registry.card_within(content) if file.suffix == ".npz" and card is None else _card_beside(card, file)
    kernel = ctx.obj.kernel()
    with _acting(kernel, login) as actor:
        origin = SITE if taught.is_taught(told) else BROUGHT
        new = NewModel(told, content, industry=industry, origin=origin)
        number = actions_models.add_model(kernel, actor, new=new)
    return _done(kernel, number, as_json, "added, it looks at no exam before it is put into shadow or made active")


def _card_beside(card: Path | None, file: Path) -> dict[str, Any]:
    from kerma.errors import NotFound, Unreadable

    beside = card or file.with_suffix(".json")
    if not beside.is_file():
        raise NotFound(f"there is no card {beside}: a model is two files, NAME.onnx and its card NAME.json")
    try:
        told = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"the card {beside.name} of the model cannot be read: {error}") from error
    if not isinstance(told, dict):
        raise Unreadable(f"the card {beside.name} of the model is no JSON object")
    return told


@models.command("shadow")
def shadow(ctx: typer.Context, name: Name, reason: Reason, login: Login = "", as_json: Json = False) -> int:
    """Have a model look at exams without anybody seeing its marks."""
    from kerma.areas.flagging import actions_models

    kernel = ctx.obj.kernel()
    row = _chosen(kernel, name, "shadow")
    with _acting(kernel, login) as actor:
        actions_models.shadow_model(kernel, actor, model_id=row.id, reason=reason)
    return _done(kernel, row.id, as_json, "looks at exams from now on, its marks are shown to nobody")


@models.command("activate")
def activate(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    name: Name,
    reason: Reason,
    evaluation: Evaluation = None,
    pilot: Annotated[int | None, Option(help="Number of a pilot of it that was signed off, instead.")] = None,
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Approve a model: its marks are shown. What was brought, another person approves than the one who added it."""
    from kerma.areas.flagging import actions_models

    kernel = ctx.obj.kernel()
    row = _chosen(kernel, name, "active")
    told = evaluation.read_bytes() if evaluation else b""
    with _acting(kernel, login) as actor:
        actions_models.activate_model(kernel, actor, model_id=row.id, reason=reason, evaluation=told, pilot_id=pilot)
    return _done(kernel, row.id, as_json, "its marks are shown from now on")


@models.command("retire")
def retire(ctx: typer.Context, name: Name, reason: Reason, login: Login = "", as_json: Json = False) -> int:
    """Retire a model: it looks at nothing new; what it has marked stays."""
    from kerma.areas.flagging import actions_models

    kernel = ctx.obj.kernel()
    row = _chosen(kernel, name, "retired")
    with _acting(kernel, login) as actor:
        actions_models.retire_model(kernel, actor, model_id=row.id, reason=reason)
    return _done(kernel, row.id, as_json, "looks at nothing new, what it has marked stays")


@models.command("threshold")
def threshold(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    name: Name,
    evaluation: Evaluation = None,
    false_per_image: Rate = None,
    sensitivity: Sensitivity = None,
    machine: Annotated[str, Option(help="On this machine alone, as control charts name it.")] = "",
    withdraw: Annotated[bool, Option("--withdraw", help="Take the one of this machine back.")] = False,
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Set from which score a model marks something, at an operating point of an evaluation."""
    from kerma.areas.flagging import actions_thresholds, queries_models
    from kerma.areas.flagging.actions_thresholds import Wanted
    from kerma.errors import NotFound, WrongUsage

    kernel = ctx.obj.kernel()
    row = _chosen(kernel, name, "")
    if not withdraw and evaluation is None:
        raise WrongUsage("give --evaluation: a threshold follows from images whose truth is known")
    with _acting(kernel, login) as actor:
        if withdraw:
            with kernel.database.read() as connection:
                found = queries_models.threshold_of(connection, row.id, machine)
            if found is None or found["machine"] != machine:
                raise NotFound(f"no threshold of {row.name} {row.version} is set for {machine or 'every machine'}")
            actions_thresholds.withdraw_threshold(kernel, actor, threshold_id=found["id"])
        elif evaluation is not None:
            wanted = Wanted(evaluation.read_bytes(), false_per_image, sensitivity, machine)
            actions_thresholds.set_threshold(kernel, actor, model_id=row.id, wanted=wanted)
    return _done(kernel, row.id, as_json, "its threshold was taken back" if withdraw else "its threshold is set")


def _chosen(kernel: Kernel, name: str, becomes: str) -> ModelRow:
    """Return the version that is meant: the one named, or of a bare name the active or only one that can become so."""
    from kerma.areas.flagging import actions_models, queries_models
    from kerma.areas.flagging.rules_models import FOLLOWS, split_name
    from kerma.errors import WrongUsage

    actions_models.register_shipped(kernel)
    bare, version = split_name(name)
    with kernel.database.read() as connection:
        found = queries_models.versions_of(connection, bare)
        if version or not found:
            return queries_models.model_named(connection, name)
    fitting = [row for row in found if not becomes or becomes in FOLLOWS[row.state]]
    current = [row for row in fitting if row.state != "retired"] or fitting
    if becomes in ("", "retired"):
        current = [row for row in fitting if row.state == "active"] or current
    if len(current) != 1:
        there = ", ".join(f"{row.name}@{row.version} ({row.state})" for row in found)
        raise WrongUsage(f"name the version of '{bare}': there are {there}")
    return current[0]


@contextlib.contextmanager
def _acting(kernel: Kernel, login: str) -> Iterator[Actor]:
    """Act as a person who signs in, else as the command line: whoever runs it holds the database and files anyway."""
    from kerma.areas.archive.commands_keeping import signed_in
    from kerma.kernel.identity import service

    if login:
        with signed_in(kernel, login) as actor:
            yield actor
    else:
        yield service("cli", *(f"flagging.{name}" for name in PERMISSIONS))


def _done(kernel: Kernel, model_id: int, as_json: bool, said: str) -> int:
    """Print the model as it is now."""
    told: dict[str, Any] = told_of(kernel, model_id)
    if as_json:
        typer.echo(json.dumps(told, allow_nan=False))
    else:
        typer.echo(f"{told['name']} {told['version']} is {told['state']}: {said}")
    return 0
