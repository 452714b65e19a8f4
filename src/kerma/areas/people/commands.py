"""``kerma user`` and ``kerma token``."""

from __future__ import annotations

import json
import sys

import typer

ROLE = typer.Option(["analyst"], "--role", help="A role; repeat for several.")
SITES = typer.Option([], "--site", help="A site, as the machines there name it; repeat for several.")
LANGUAGES = typer.Option([], "--language", help="A language, as de or fr; repeat for several.")
AS_JSON = typer.Option(False, "--json", help="Print one JSON document.")


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    user = typer.Typer(help="People who may sign in.", no_args_is_help=True)
    user.command("add")(add_user)
    user.command("list")(list_users)
    user.command("disable")(disable_user)
    user.command("enable")(enable_user)
    user.command("password")(change_password)
    user.command("role")(change_role)
    user.command("posting")(change_posting)
    cli.add_typer(user, name="user")
    token = typer.Typer(help="Bearer tokens for programs that use the API.", no_args_is_help=True)
    token.command("create")(create_token)
    token.command("revoke")(revoke_token)
    cli.add_typer(token, name="token")


def add_user(
    context: typer.Context,
    login: str = typer.Argument(help="What the person types to sign in."),
    name: str = typer.Option(..., "--name", help="The full name, as it stands on reports."),
    role: list[str] = ROLE,
) -> None:
    """Add a person; the password is asked for, or read from standard input when that is no terminal."""
    from kerma.areas.people import actions

    kernel = context.obj.kernel()
    actions.create_person(kernel, _here(), login=login, name=name, password=_read_password(), roles=role)
    typer.echo(f"added {login} ({', '.join(role)})")


def list_users(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """List everybody with their roles."""
    from dataclasses import asdict

    from kerma.areas.people.queries import members

    with context.obj.kernel().database.read() as connection:
        found = members(connection)
    if as_json:
        typer.echo(json.dumps([asdict(member) for member in found], indent=2))
        return
    width = max((len(member.login) for member in found), default=0)
    for member in found:
        state = "disabled" if member.is_disabled else ", ".join(member.roles) or "no role"
        typer.echo(f"{member.login:<{width}}  {member.name} ({state})")


def disable_user(context: typer.Context, login: str) -> None:
    """Shut a person out; every session ends at once."""
    from kerma.areas.people import actions

    kernel = context.obj.kernel()
    actions.disable(kernel, _here(), person_id=_person(kernel, login))
    typer.echo(f"disabled {login}")


def enable_user(context: typer.Context, login: str) -> None:
    """Let a person who was shut out sign in again."""
    from kerma.areas.people import actions

    kernel = context.obj.kernel()
    actions.enable(kernel, _here(), person_id=_person(kernel, login))
    typer.echo(f"enabled {login}")


def change_password(context: typer.Context, login: str) -> None:
    """Give a person a new password; every session ends."""
    from kerma.areas.people import actions

    kernel = context.obj.kernel()
    person_id = _person(kernel, login)
    actions.set_password(kernel, _here(), person_id=person_id, password=_read_password())
    typer.echo(f"changed the password of {login}")


def change_role(
    context: typer.Context,
    login: str,
    role: str,
    withdraw: bool = typer.Option(False, "--withdraw", help="Take the role away instead."),
) -> None:
    """Give a person a role, or take it away."""
    from kerma.areas.people import actions

    kernel = context.obj.kernel()
    change = actions.withdraw_role if withdraw else actions.grant_role
    change(kernel, _here(), person_id=_person(kernel, login), role=role)
    typer.echo(f"{login}: {'withdrew' if withdraw else 'granted'} {role}")


def change_posting(
    context: typer.Context, login: str, sites: list[str] = SITES, languages: list[str] = LANGUAGES
) -> None:
    """Set at which sites a person works and which languages they read; without any: all."""
    from kerma.areas.people import actions
    from kerma.areas.people.rules_posting import Posting, checked_posting

    kernel = context.obj.kernel()
    where = checked_posting(Posting(tuple(sites), tuple(languages)))
    actions.set_posting(kernel, _here(), person_id=_person(kernel, login), where=where)
    typer.echo(f"{login}: sites {', '.join(where.sites) or 'all'}; languages {', '.join(where.languages) or 'all'}")


def create_token(
    context: typer.Context,
    name: str = typer.Argument(help="What will use the token, for instance line-3."),
    role: str = typer.Option(..., "--role", help="The role the program gets."),
) -> None:
    """Print a new bearer token for the API and DICOMweb; it is shown this once."""
    from kerma.areas.people import actions

    typer.echo(actions.create_token(context.obj.kernel(), _here(), name=name, role=role))


def revoke_token(context: typer.Context, name: str) -> None:
    """End a bearer token for good."""
    from kerma.areas.people import actions

    actions.revoke_token(context.obj.kernel(), _here(), name=name)
    typer.echo(f"revoked {name}")


def _here() -> object:
    """Return the actor of this command line: whoever can read the home folder looks after people."""
    from kerma.kernel.identity import service

    return service("cli", "people.*")


def _person(kernel: object, login: str) -> int:
    from kerma.areas.people.queries import person_by_login

    with kernel.database.read() as connection:
        return person_by_login(connection, login)


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
