"""Custody on the command line: items and their chains, one command for each step, form and label."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.areas.custody.actions import Entered, Told
    from kerma.kernel.action import Actor, Kernel

custody = typer.Typer(
    no_args_is_help=True, help="Custody: who held an image or a thing, when, under which seal, shown to whom."
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Login = Annotated[str, typer.Option(help="Sign as this person (the password is asked for).")]
Item = Annotated[str, typer.Argument(help="The item's number, as on its label.")]
Out = Annotated[Path, typer.Option("--out", help="The PDF file to write.")]
At = Annotated[str, typer.Option("--at", help="When it happened, ISO 8601 with zone; now if not given.")]
Reason = Annotated[str, typer.Option(help="Why; a late entry needs it.")]
Text = Annotated[str, typer.Option(help="What was done.")]
Place = Annotated[str, typer.Option(help="Where.")]
Seal = Annotated[str, typer.Option(help="The number on the seal.")]
Photo = Annotated[Path | None, typer.Option(help="A photo: JPEG, PNG or WebP.")]
PartyName = Annotated[str, typer.Option("--party", help="The other side, when it has no account: name.")]
Organisation = Annotated[str, typer.Option(help="Of the other side.")]
Document = Annotated[str, typer.Option(help="The identity document that the other side showed.")]
Signature = Annotated[str, typer.Option(help="The other side's signature, as typed.")]
EXIT_BREACH = 1
WIDE = 48


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(custody, name="custody")


@custody.command("list")
def list_items(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Words of number, description, subject, seal or place.")] = "",
    state: Annotated[str, typer.Option(help="A state, open, or all.")] = "open",
    exam: Annotated[int | None, typer.Option(help="Only those of this exam.")] = None,
    as_json: Json = False,
) -> None:
    """List items under custody, newest first."""
    from kerma.areas.custody import actions, queries, rules
    from kerma.errors import WrongUsage

    if state not in ("open", "all", *rules.STATES):
        raise WrongUsage(f"a state is open, all, {', '.join(rules.STATES)}, not '{state[:40]}'")
    kernel = ctx.obj.kernel()
    actions.view(kernel, operator())
    search = queries.Search(text, "" if state == "all" else state, exam_pk=exam)
    with kernel.database.read() as connection:
        rows = queries.items(connection, search)[: search.limit]
        names = queries.names_of(connection, {row["holder"] for row in rows})
        worst = queries.severities(connection, [row["id"] for row in rows], kernel.clock.now())
    if as_json:
        more = {row["id"]: {"holder_name": names.get(row["holder"], ""), "severity": worst[row["id"]]} for row in rows}
        print_json({"version": 1, "items": [row | more[row["id"]] for row in rows]})
        return
    shown = [
        {
            "Number": row["number"], "Kind": rules.KINDS[row["kind"]], "Description": _cut(row["description"]),
            "State": rules.STATE_WORDS[row["state"]], "Held by": names.get(row["holder"], ""),
            "Seal": row["seal_number"], "Chain": worst[row["id"]] or "whole",
        }
        for row in rows
    ]  # fmt: skip
    show_rows(shown, "no item")


@custody.command("show")
def show(ctx: typer.Context, item: Item, as_json: Json = False) -> int:
    """Show an item's chain, with its gaps and overlaps; exit code 1 when the chain is broken."""
    from dataclasses import asdict

    from kerma.areas.custody import paper, prepare, rules, rules_chain
    from kerma.kernel import clock

    found = prepare.chain(ctx.obj.kernel(), operator(), item, purpose="read")
    result = EXIT_BREACH if rules_chain.worst(found.faults) == rules_chain.BREACH else 0
    if as_json:
        faults = [
            asdict(one) | {name: clock.text(when) if (when := getattr(one, name)) else "" for name in ("start", "end")}
            for one in found.faults
        ]
        print_json({"version": 1, "item": found.item, "check": found.check, "entries": found.rows, "faults": faults,
                    "names": found.names, "holds": found.holds, "disclosures": found.disclosures})  # fmt: skip
        return result
    about = found.item
    typer.echo(f"{about['number']}  {rules.KINDS[about['kind']]}: {about['description']}")
    holder = found.names.get(about["holder"], "nobody")
    seal = f", seal {about['seal_number']}" if about["seal_number"] else ""
    typer.echo(f"{rules.STATE_WORDS[about['state']]}; {holder}{seal}; check {found.check}")
    for reason in found.holds:
        typer.echo(f"legal hold: {reason}")
    show_rows(
        [
            {
                "No": row["number"], "When (UTC)": paper.moment(row["happened_at"]),
                "What": row["kind"].replace("-", " "), "By": found.names.get(row["by"], ""),
                "To": found.names.get(row["receiver"], ""),
                "Stated": _stated(row),
            }
            for row in found.rows
        ],
        "no entry",
    )  # fmt: skip
    for fault in found.faults:
        typer.echo(f"{fault.severity}: {fault.words}")
    if not found.faults:
        typer.echo("no gap and no overlap found")
    return result


@custody.command("collect")
def collect(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    kind: Annotated[str, typer.Option(help="image, exam, bag, film, coupon, part, object, medium, document, other.")],
    description: Annotated[str, typer.Option(help="So that a stranger knows it again.")],
    login: Login,
    subject: Annotated[str, typer.Option(help="Bag tag, seam, patient number.")] = "",
    exam: Annotated[int | None, typer.Option(help="The exam's number.")] = None,
    image: Annotated[str, typer.Option(help="The image's SOP Instance UID.")] = "",
    place: Place = "", text: Text = "", reason: Reason = "", at: At = "", photo: Photo = None,
    party: PartyName = "", organisation: Organisation = "", document: Document = "", signature: Signature = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take an image or a thing into custody."""
    from kerma.areas.custody import actions

    told = {"place": place, "text": text, "reason": reason, "signature": signature}
    about = actions.ItemTold(kind, description, subject, exam, image)
    with _signed(ctx, login) as (kernel, actor, confirmed_at):
        full = _told(kernel, actor, told, at, photo, (party, organisation, document), confirmed_at)
        _say(actions.collect(kernel, actor, item=about, told=full), as_json)


def _step_command(verb: str, meaning: str) -> Callable[..., None]:
    """Return the command of one step of the table: the rules say which of its options it needs."""

    def take(  # noqa: PLR0913 - one parameter for each option
        ctx: typer.Context,
        item: Item,
        login: Login,
        to: Annotated[str, typer.Option(help="The login of the colleague who is to receive it.")] = "",
        place: Place = "", seal: Seal = "", text: Text = "", reason: Reason = "", at: At = "", photo: Photo = None,
        party: PartyName = "", organisation: Organisation = "", document: Document = "", signature: Signature = "",
        as_json: Json = False,
    ) -> None:  # fmt: skip
        from kerma.areas.custody import actions

        told = {"place": place, "seal_number": seal, "text": text, "reason": reason, "signature": signature}
        with _signed(ctx, login) as (kernel, actor, confirmed_at):
            if to:
                told["receiver"] = _key_of(kernel, to)
            full = _told(kernel, actor, told, at, photo, (party, organisation, document), confirmed_at)
            done = actions.copy if verb == "copy" else actions.TAKE[verb]
            _say(done(kernel, actor, item=item, told=full), as_json)

    take.__doc__ = meaning
    return take


STEPS = {
    "seal": "Put an item under seal, with the seal's number.",
    "unseal": "Open the seal of an item, with the number read on it and why.",
    "hand_over": "Hand an item over: to a colleague (--to) or to a person without an account (--party).",
    "accept": "Accept an item that was handed over to you.",
    "refuse": "Refuse an item that was handed over to you.",
    "withdraw": "Take back a hand-over that nobody has accepted.",
    "take_over": "Take an item over from a holder who cannot hand it over.",
    "store": "Put an item into its place of storage.",
    "move": "Move a stored item to another place of storage.",
    "take_out": "Take an item out of storage.",
    "examine": "Record an examination: what was done.",
    "copy": "Make a copy: an item of its own that refers to the original.",
    "return": "Take an item back from an outside party.",
    "release": "Release an item for good.",
    "ask_destruction": "Ask that an item be destroyed; another person must confirm.",
    "withdraw_destruction": "Call a destruction off.",
    "destroy": "Confirm, as a second person, that an item was destroyed.",
}
for _verb, _meaning in STEPS.items():
    custody.command(_verb.replace("_", "-"))(_step_command(_verb, _meaning))


@custody.command("correct")
def correct(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    item: Item,
    entry: Annotated[int, typer.Argument(help="The number of the entry that is wrong.")],
    login: Login,
    reason: Reason,
    strike: Annotated[bool, typer.Option(help="The entry should not be there at all.")] = False,
    place: Place = "", seal: Seal = "", text: Text = "", at: At = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say how an entry must be read; the entry itself stays."""
    from kerma.areas.custody import actions

    told = {"place": place, "seal_number": seal, "text": text, "reason": reason}
    with _signed(ctx, login) as (kernel, actor, _):
        full = _told(kernel, actor, told, at, None, ("", "", ""), "")
        _say(actions.correct(kernel, actor, item=item, number=entry, told=full, is_struck=strike), as_json)


@custody.command("form")
def form(ctx: typer.Context, item: Item, out: Out) -> None:
    """Print the chain form of an item as PDF/A."""
    from kerma.areas.custody import prepare

    out.write_bytes(prepare.form(ctx.obj.kernel(), operator(), item))
    typer.echo(f"chain form written to {out}")


@custody.command("label")
def label(
    ctx: typer.Context,
    items: Annotated[list[str], typer.Argument(help="The items' numbers.")],
    out: Out,
    size: Annotated[str, typer.Option(help="62x29 (millimetres, one each page) or A4 (a sheet of 24).")] = "62x29",
) -> None:
    """Print labels with QR codes as PDF/A."""
    from kerma.areas.custody import prepare

    out.write_bytes(prepare.label(ctx.obj.kernel(), operator(), items, size))
    typer.echo(f"{len(items)} {'label' if len(items) == 1 else 'labels'} written to {out}")


@custody.command("contacts")
def contacts(ctx: typer.Context, as_json: Json = False) -> None:
    """List the liaison contacts: whom to call for what."""
    from kerma.areas.custody import actions_log, queries, rules

    kernel = ctx.obj.kernel()
    actions_log.view_contacts(kernel, operator())
    with kernel.database.read() as connection:
        rows = queries.contacts(connection)
    if as_json:
        print_json({"version": 1, "contacts": rows})
        return
    names = {"organisation": "Organisation", "role": "Role", "name": "Name", "phone": "Phone", "email": "E-mail",
             "duty_hours": "Duty hours", "category": "For"}  # fmt: skip
    shown = [
        {"Kind": rules.CONTACT_KINDS[row["kind"]]} | {word: row[key] for key, word in names.items()} for row in rows
    ]
    show_rows(shown, "no contact yet: add them on the page Custody, Contacts")


@custody.command("disclosures")
def disclosures(ctx: typer.Context, as_json: Json = False) -> None:
    """List what was disclosed to whom, newest first."""
    from kerma.areas.custody import actions_log, paper, queries

    kernel = ctx.obj.kernel()
    actions_log.view_disclosures(kernel, operator())
    with kernel.database.read() as connection:
        rows = queries.disclosures(connection)
    if as_json:
        print_json({"version": 1, "disclosures": rows})
        return
    shown = [
        {
            "No": row["id"], "When (UTC)": paper.moment(row["disclosed_at"]), "Item": row["item"] or "",
            "What": row["what"], "To": row["recipient"], "Legal basis": row["legal_basis"],
            "Files": len(row["files"]), "By": row["by_name"],
        }
        for row in rows
    ]  # fmt: skip
    show_rows(shown, "nothing was disclosed")


def operator() -> Actor:
    """Whoever may run commands on this machine sees its records anyway; steps are taken by persons who sign in."""
    from kerma.kernel.identity import service

    return service("cli", "custody.view", "custody.view_contacts", "custody.view_disclosures")


@contextmanager
def _signed(ctx: typer.Context, login: str) -> Iterator[tuple[Kernel, Actor, str]]:
    """Let a person sign in for one command; the password just stated is the signature."""
    from kerma.kernel import clock
    from kerma.kernel.identity import sign_in, sign_out

    kernel = ctx.obj.kernel()
    session = sign_in(kernel, login, _password_of(login), "command line")
    try:
        yield kernel, session.actor, clock.text(kernel.clock.now())
    finally:
        sign_out(kernel, session.token)


def _password_of(login: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"Password of {login}", hide_input=True))
    return sys.stdin.readline().rstrip("\r\n")


def _key_of(kernel: Kernel, login: str) -> str:
    from kerma.areas.people.queries import person_by_login

    with kernel.database.read() as connection:
        return f"person:{person_by_login(connection, login)}"


def _told(  # noqa: PLR0913 - each is another part of what was stated
    kernel: Kernel, actor: Actor, told: dict[str, str], at: str, photo: Path | None, party: tuple[str, str, str],
    confirmed_at: str,
) -> Told:  # fmt: skip
    from kerma.areas.custody import prepare
    from kerma.areas.custody.actions import PartyTold, Told

    return Told(
        **told,
        happened_at=moment_of(at),
        party=PartyTold(*party) if party[0] else None,
        photo_sha256=prepare.keep_photo(kernel, actor, photo) if photo else "",
        confirmed_at=confirmed_at,
    )


def moment_of(written: str) -> datetime | None:
    """Read a moment with its zone; None when nothing is written."""
    from kerma.errors import WrongUsage

    if not written:
        return None
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise WrongUsage(f"'{written[:40]}' is no moment with its zone; write 2026-03-02T14:05:00+01:00")
    return read.astimezone(UTC)


def _say(done: Entered, as_json: bool) -> None:
    if as_json:
        print_json({"version": 1, "item": done.item, "entry": done.number, "digest": done.digest, "copy": done.copy})
        return
    typer.echo(f"{done.item}: entry {done.number} written" + (f"; the copy is {done.copy}" if done.copy else ""))


def _stated(row: dict[str, Any]) -> str:
    words = [row["text"], row["reason"], row["place"], f"seal {row['seal_number']}" if row["seal_number"] else ""]
    if row["corrects"]:
        words.insert(0, f"{'strikes' if row['is_struck'] else 'corrects'} entry {row['corrects']}")
    return "; ".join(filter(None, words))


def _cut(words: str) -> str:
    return words if len(words) <= WIDE else words[: WIDE - 1] + "…"


def show_rows(rows: list[dict[str, Any]], nothing: str) -> None:
    """Print rows as a table; their keys are the headings."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        typer.echo(nothing)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, value in rows[0].items():
        table.add_column(name, overflow="fold", justify="right" if isinstance(value, int) else "left")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    Console(highlight=False).print(table)


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
