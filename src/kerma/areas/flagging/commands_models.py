"""``kerma models``: which detectors and models there are, what is known of each, and with a home what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.flagging.commands_drift import drift

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Name = Annotated[str, typer.Argument(help="NAME, or one version of it: NAME@VERSION.")]

models = typer.Typer(no_args_is_help=True, help="Which detectors and models there are, and what they may do here.")
models.command("drift")(drift)
HIDDEN = ("name", "version", "kind", "labels")
"""Parts of a card that are told before it."""


def register(cli: typer.Typer) -> None:
    """Add `kerma models`."""
    cli.add_typer(models, name="models")


@models.command("list")
def list_models(ctx: typer.Context, as_json: Json = False) -> int:
    """List every detector and model: name, version, state, what it finds."""
    from kerma.areas.flagging.detecting import models as without_home

    kernel = _kernel_if_there(ctx)
    rows = [{key: value for key, value in one.as_json().items() if key != "card"} for one in without_home()]
    if kernel is not None:
        rows = [row for row in rows if row["kind"] == "classic"] + _registered(kernel)
    if as_json:
        typer.echo(json.dumps({"models": rows}, allow_nan=False))
        return 0
    width = max(len(_called(row)) for row in rows) + 2
    for row in rows:
        state = row.get("state") or row["kind"]
        typer.echo(f"{_called(row):{width}}{state:10}{row['version']:8}{row['summary']}")
        for one in row.get("suspended", ()):
            typer.echo(f"{'':{width}}suspended on {one['machine'] or 'every machine'} {one['reason']}")
    return 0


@models.command("show")
def show_model(ctx: typer.Context, name: Name, as_json: Json = False) -> int:
    """Show what is known of one detector or model: what it was made on, its figures, its limits, its approvals."""
    from kerma.areas.flagging.detecting import model_named

    told = _told_by_registry(ctx, name)
    if told is None:
        found = model_named(_shipped_name(name))
        plain, card = found.as_json(), found.card
    else:
        plain, card = told, told["card"]
    if as_json:
        typer.echo(json.dumps(plain, allow_nan=False))
        return 0
    _print_head(plain)
    if card is None:
        typer.echo(f"\nIts law, formula, source and validity: docs/science/{plain['name']}.md")
    for key, value in (card or {}).items():
        if key not in HIDDEN:
            _print_part(key, value, 0)
    if told is not None:
        _print_registry(told)
    return 0


def told_of(kernel: Kernel, model_id: int) -> dict[str, Any]:
    """Return everything that is known of a model of the registry, as it is printed."""
    from kerma.areas.flagging import queries_models, shown_models

    with kernel.database.read() as connection:
        return _as_learned(shown_models.detailed(connection, queries_models.model_of(connection, model_id)))


def _kernel_if_there(ctx: typer.Context) -> Kernel | None:
    """Return the kernel where there is an installation, with what ships in its registry; looking makes none."""
    from kerma.areas.flagging.registry import home_is_there

    if ctx.obj is None or not home_is_there():
        return None
    from kerma.areas.flagging.actions_models import register_shipped

    kernel: Kernel = ctx.obj.kernel()
    register_shipped(kernel)
    return kernel


def _registered(kernel: Kernel) -> list[dict[str, Any]]:
    from kerma.areas.flagging import shown_models

    with kernel.database.read() as connection:
        return [_as_learned(one) for one in shown_models.listed(connection)]


def _told_by_registry(ctx: typer.Context, name: str) -> dict[str, Any] | None:
    """Return what the registry knows of a name: the version named or active, else the newest; None: not there."""
    from kerma.areas.flagging import queries_models
    from kerma.areas.flagging.rules_models import split_name

    kernel = _kernel_if_there(ctx)
    if kernel is None:
        return None
    bare, version = split_name(name)
    with kernel.database.read() as connection:
        found = queries_models.versions_of(connection, bare)
        if not found:
            return None
        active = next((row for row in found if row.state == "active"), found[0])
        chosen = queries_models.model_named(connection, name) if version else active
    return told_of(kernel, chosen.id)


def _shipped_name(name: str) -> str:
    """Return the name without its version where that is the one that ships."""
    from kerma.areas.flagging.detecting import model_named
    from kerma.areas.flagging.rules_models import split_name
    from kerma.errors import NotFound

    bare, version = split_name(name)
    if version and model_named(bare).version != version:
        raise NotFound(f"there is no {bare} {version[:32]} here; `kerma models list` shows those there are")
    return bare


def _as_learned(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the registry with the keys that every detector has."""
    from kerma.areas.flagging.detecting import LEARNED_OPTIONS

    named = {"kind": "learned", "network": row["kind"], "also_called": [], "options": list(LEARNED_OPTIONS)}
    return {**row, **named}


def _called(row: Mapping[str, Any]) -> str:
    return f"{row['name']} ({', '.join(row['also_called'])})" if row["also_called"] else str(row["name"])


def _print_head(plain: Mapping[str, Any]) -> None:
    from kerma.science.detect.taught import KINDS

    kind = plain.get("network") if plain.get("network") in KINDS else plain["kind"]
    told = {"name": _called(plain), "version": plain["version"], "kind": kind, "finds": plain["summary"]}
    told |= {"labels": ", ".join(plain["labels"])} if plain["labels"] else {}
    told |= {"options": ", ".join(plain["options"])}
    if plain.get("state"):
        told |= {"state": plain["state"], "origin": plain["origin"], "for": plain["industry"] or "every industry"}
    for key, value in told.items():
        typer.echo(f"{key:14}{value}")


def _print_registry(told: Mapping[str, Any]) -> None:
    """Print what was seen when it was tried, and what became of it here: suspensions, thresholds, history."""
    seen = {TRIED.get(key, key): value for key, value in told["trial"].items() if _is_told(key, value)}
    if seen:
        _print_part("when it was tried", seen, 0)
    for one in told["suspended"]:
        typer.echo(f"\nSUSPENDED on {one['machine'] or 'every machine'} {one['reason']}")
    in_force = [one for one in told["thresholds"] if not one["withdrawn_at"]]
    typer.echo("\nthresholds" if in_force else "\nthresholds: the card's own on every machine")
    for one in in_force:
        typer.echo(f"  {one['machine'] or 'every machine'}: score {one['score']:.4g}, {one['operating_point']}")
    typer.echo("history")
    for one in reversed(told["history"]):
        rests = f", on the {one['figures']['kind']} {one['figures']['sha256'][:12]}" if one["figures"] else ""
        typer.echo(f"  {one['at'][:16].replace('T', ' ')}  {one['state']:10}{one['by_name']}: {one['reason']}{rests}")


TRIED = {
    "cpu_ms_per_tile": "processor ms, 512 x 512", "cpu_ms_per_picture": "processor ms, picture",
    "peak_memory_mib": "highest memory MiB", "is_deterministic": "same answer again", "weights_bytes": "bytes",
    "how": "compared", "good_parts": "good parts", "named_features": "named features",
}  # fmt: skip
"""What was seen in a trial, in words."""


def _is_told(key: str, value: Any) -> bool:
    """Whether a row of a trial says anything: what is registered was taken, and its kind stands above."""
    return key not in ("is_accepted", "reason", "kind") and value not in (None, "", [], {})


def _print_part(key: str, value: Any, depth: int) -> None:
    """Print a value of a card; what has parts, indented below its name."""
    indent = "  " * depth
    if isinstance(value, Mapping) and value.keys() != {"value", "interval"}:
        typer.echo(f"{indent}{key}")
        for name, part in value.items():
            _print_part(name, part, depth + 1)
    elif isinstance(value, list) and any(isinstance(one, Mapping) or len(str(one)) > LONG_WORD for one in value):
        typer.echo(f"{indent}{key}")
        for one in value:
            typer.echo(f"{indent}  - {_shown(one)}")
    else:
        typer.echo(f"{indent}{key:{max(2, 24 - len(indent))}} {_shown(value, key)}")


LONG_WORD = 30
"""Lists of longer words are printed one below the other."""


def _shown(value: Any, key: str = "") -> str:
    if isinstance(value, Mapping):
        if value.keys() == {"value", "interval"}:
            return f"{value['value']} ({_shown(value['interval'], 'interval')})"
        return "  ".join(f"{name.replace('_', ' ')} {_shown(part, name)}" for name, part in value.items())
    if isinstance(value, list):
        return (" to " if key == "interval" else ", ").join(_shown(one) for one in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
