"""``kerma rules add|withdraw|confirm|unconfirm``: a site's own packs, and a Level III's word on a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.areas.review.queries_packs import Chosen
    from kerma.areas.review.queries_tables import PublishedTable
    from kerma.kernel.action import Actor, Kernel

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Name = Annotated[str, typer.Argument(help="The pack's name.")]
PackOrTable = Annotated[str, typer.Argument(help="A pack, or a table such as iso_17636-2/wires (`rules tables`).")]
Login = Annotated[str, typer.Option("--login", help="Who confirms; the password is asked for, or read from input.")]
GROUP = "rules"


def register(cli: typer.Typer) -> None:
    """Add the commands that need the database to `kerma rules`."""
    groups = (one.typer_instance for one in cli.registered_groups if one.name == GROUP)
    group = next((one for one in groups if one is not None), None)
    if group is None:
        group = typer.Typer(no_args_is_help=True, help="Acceptance rules: packs of standards, and your own.")
        cli.add_typer(group, name=GROUP)
    for command in (
        rules_add, rules_withdraw, rules_tables, rules_confirm, rules_unconfirm, rules_default, rules_references,
    ):  # fmt: skip
        group.command(command.__name__.removeprefix("rules_"))(command)


def rules_add(
    ctx: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(help="The table as CSV.", exists=True, dir_okay=False)],
    as_json: Json = False,
) -> int:
    """Add a site's own pack, or a new version of it; `kerma rules check FILE` says before what is wrong."""
    from kerma.areas.review import actions_packs
    from kerma.science.judge.sheet import text_of_bytes

    kernel = ctx.obj.kernel()
    actions_packs.add_pack(kernel, _operator(), name=name, text=text_of_bytes(file.read_bytes()))
    return _told(kernel, name, "added", as_json)


def rules_withdraw(ctx: typer.Context, name: Name) -> int:
    """Withdraw a site's own pack: nothing new is judged by it."""
    from kerma.areas.review import actions_packs

    actions_packs.withdraw_pack(ctx.obj.kernel(), _operator(), name=name)
    typer.echo(f"withdrew {name}; what was judged by it stays")
    return 0


def rules_tables(ctx: typer.Context, as_json: Json = False) -> int:
    """List the published tables of image quality and reference images, and which a Level III has confirmed."""
    from kerma.areas.review import queries_tables
    from kerma.areas.review.commands_rules import print_table

    with ctx.obj.kernel().database.read() as connection:
        rows = [one.as_json() for one in queries_tables.published_tables(connection)]
    if as_json:
        typer.echo(json.dumps({"tables": rows}, ensure_ascii=False))
        return 0
    columns = ("table", "edition", "status", "used for", "rests on, unconfirmed")
    shown = [(row["name"], row["edition"], row["status"], row["used_for"], " ".join(row["waits_for"])) for row in rows]
    print_table([columns, *shown])
    typer.echo("\nunverified advises; confirmed binds once all it rests on is confirmed too.")
    return 0


def rules_confirm(
    ctx: typer.Context,
    name: PackOrTable,
    login: Login,
    edition: Annotated[str, typer.Option(help="The published edition at hand, such as 'ISO 10675-1:2021'.")],
    statement: Annotated[str, typer.Option(help="What is stated.")] = "I compared every row with it; they agree.",
    as_json: Json = False,
) -> int:
    """Confirm as a Level III that a table agrees with the published edition; its verdicts then bind."""
    from kerma.areas.archive.commands_keeping import signed_in
    from kerma.areas.review import actions_packs

    kernel = ctx.obj.kernel()
    read = _chosen(kernel, name)
    with signed_in(kernel, login) as actor:
        actions_packs.confirm_pack(kernel, actor, name=name, sha256=read.sha256, edition=edition, statement=statement)
    return _told(kernel, name, "confirmed", as_json)


def rules_unconfirm(ctx: typer.Context, name: PackOrTable, login: Login, as_json: Json = False) -> int:
    """Take the confirmation of a pack or table back: its verdicts advise again."""
    from kerma.areas.archive.commands_keeping import signed_in
    from kerma.areas.review import actions_packs

    kernel = ctx.obj.kernel()
    with signed_in(kernel, login) as actor:
        actions_packs.withdraw_confirmation(kernel, actor, name=name)
    return _told(kernel, name, "took the confirmation back of", as_json)


def rules_default(
    ctx: typer.Context,
    industry: Annotated[str, typer.Argument(help="ndt, security or medical.")],
    values: Annotated[list[str] | None, typer.Argument(help="pack=NAME testing_class=B regime=tsa …")] = None,
    as_json: Json = False,
) -> int:
    """Show or set what exams of an industry are usually judged by; `kerma rules default ndt pack=` unsets."""
    from kerma.areas.review import actions_defaults, queries_defaults
    from kerma.errors import WrongUsage

    kernel = ctx.obj.kernel()
    if industry not in kernel.industries:
        raise WrongUsage(f"there is no industry '{industry}'; there are {', '.join(kernel.industries)}")
    strange = next((one for one in values or () if "=" not in one), None)
    if strange is not None:
        raise WrongUsage(f"'{strange}' is no setting: write name=value, such as pack=iso-10675-1-level-2")
    with kernel.database.read() as connection:
        known = queries_defaults.default_of(connection, industry)
    if values:
        given = dict(one.split("=", 1) for one in values)
        actions_defaults.set_default(kernel, _operator(), industry=industry, values={**known, **given})
    with kernel.database.read() as connection:
        known = queries_defaults.default_of(connection, industry)
        pack = queries_defaults.usual_pack(connection, industry, kernel.industries[industry].plan)
    if as_json:
        typer.echo(json.dumps({"industry": industry, "pack": pack, "values": known}, ensure_ascii=False))
        return 0
    said = {**({"pack": pack} if pack else {}), **known}
    typer.echo("\n".join(f"{name:20}{value}" for name, value in said.items()) or f"{industry}: nothing is set")
    return 0


def rules_references(ctx: typer.Context, as_json: Json = False) -> int:
    """List the licensed reference images beside which castings are graded; they are added over HTTP, by a lead."""
    from kerma.areas.review import queries_reference

    with ctx.obj.kernel().database.read() as connection:
        rows = queries_reference.references(connection)
    if as_json:
        typer.echo(json.dumps({"references": rows}, ensure_ascii=False, default=str))
        return 0
    for row in rows:
        typer.echo(f"{row['id']:>4}  {row['label']}; SRb {row['srb_um']:.4g} µm, CNR {row['cnr']:.4g}")
    if not rows:
        typer.echo("no reference image: they are bought, a site adds its own licensed copies")
    return 0


def _told(kernel: Kernel, name: str, done: str, as_json: bool) -> int:
    """Print the pack or table as it is now."""
    plain: dict[str, Any] = _chosen(kernel, name).as_json()
    if as_json:
        typer.echo(json.dumps({"table" if "/" in name else "pack": plain}, ensure_ascii=False))
        return 0
    version = f", version {plain['version']}" if plain.get("version") else ""
    typer.echo(f"{done} {name}{version}: {plain['title']}, {plain['edition']}, now {plain['status']}")
    return 0


def _chosen(kernel: Kernel, name: str) -> Chosen | PublishedTable:
    from kerma.areas.review import queries_tables

    with kernel.database.read() as connection:
        return queries_tables.confirmable(connection, name)


def _operator() -> Actor:
    """Return the actor of this command line: whoever may run it holds the database and files anyway."""
    from kerma.kernel.identity import service

    return service("cli", "review.add_pack", "review.withdraw_pack", "review.set_default")
