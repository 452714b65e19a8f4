"""``kerma rules``: which acceptance packs there are, what they say, and whether a site's own table can be used."""

from __future__ import annotations

import itertools
import json
import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.science.judge import Pack, Rule

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Name = Annotated[str, typer.Argument(help="A name of `kerma rules list`, such as iso-10675-1-level-2, or with @2016.")]
EXIT_MISTAKES, EXIT_UNUSABLE = 1, 2
WIDEST = 120


def register(cli: typer.Typer) -> None:
    """Add `kerma rules`."""
    group = typer.Typer(no_args_is_help=True, help="Acceptance rules: packs of standards, and your own.")
    for command in (rules_list, rules_show, rules_check, rules_copy):
        group.command(command.__name__.removeprefix("rules_"))(command)
    cli.add_typer(group, name="rules")


def rules_list(as_json: Json = False) -> int:
    """List the packs with edition, status and number of rules."""
    from kerma.science.judge.pack import registry

    rows = [_entry(row) for row in registry()]
    if as_json:
        typer.echo(json.dumps({"packs": rows}, ensure_ascii=False))
        return 0
    columns = ("name", "edition", "status", "rules", "title")
    print_table([columns, *(tuple(str(row[column]) for column in columns) for row in rows)])
    typer.echo("\npublic-law, verified and own bind; unverified advises until a Level III confirms the pack.")
    return 0


def _entry(row: Mapping[str, str]) -> dict[str, Any]:
    from kerma.science.judge import load_pack

    is_older = row["is_newest"] != "yes" and "@" not in row["name"]
    name = f"{row['name']}@{row['edition']}" if is_older else row["name"]
    pack = load_pack(name)
    return {
        "name": name,
        **{key: row[key] for key in ("title", "edition", "level")},
        "table": pack.name,
        "status": pack.status,
        "is_binding": pack.is_binding,
        "rules": len(pack.rules),
    }


def rules_show(name: Name, as_json: Json = False) -> int:
    """Show the rules of a pack: what is allowed, in which case, and the clause that says so."""
    from kerma.science.judge import load_pack

    pack = load_pack(name)
    rows = [_words(pack, rule) for rule in pack.rules]
    head = {key: getattr(pack.table, key) for key in ("title", "edition", "clause", "source")}
    if as_json:
        typer.echo(json.dumps({"name": name, "table": pack.name, "status": pack.status, **head, "rules": rows}))
        return 0
    for key, value in (*head.items(), ("status", pack.status)):
        _print_wrapped(key, value, indent="")
    for (_, kind), cases in itertools.groupby(rows, key=lambda row: (row["rule"], row["kind"])):
        _print_rule(list(cases), pack.status, has_limit=kind != "extension")
    return 0


def _print_rule(cases: list[dict[str, str]], status: str, *, has_limit: bool) -> None:
    """Print the cases of one rule; what they share is said once."""
    first = cases[0]
    typer.echo(f"\n{first['rule']}" + (f"  [{first['status']}]" if first["status"] != status else ""))
    for key in ("of", "measures", "then"):
        if first[key]:
            _print_wrapped(key, first[key])
    if has_limit:
        for case in cases:
            where = f"  where {case['when']}" if case["when"] else ""
            _print_wrapped("allowed", f"{case['allowed']}{where}  ({case['clause']})")
    else:
        _print_wrapped("clause", first["clause"])


def _words(pack: Pack, rule: Rule) -> dict[str, str]:
    from kerma.science.judge.limits import KINDS
    from kerma.science.judge.wording import case_words, labels_words, limit_words, window_words

    window, measured = window_words(rule), " or ".join(rule.measure)
    cited = pack.cite(rule)
    return {
        "rule": rule.rule,
        "kind": rule.kind,
        "of": labels_words(rule),
        "measures": KINDS[rule.kind].help + (f" of {window}" if window else "") + (f": {measured}" if measured else ""),
        "allowed": limit_words(rule),
        "when": case_words(rule),
        "clause": rule.clause,
        "then": rule.action,
        "status": cited.status,
        "source": cited.read_in,
    }


def rules_check(
    file: Annotated[Path, typer.Argument(help="A table of rules as a spreadsheet saves it (CSV).")],
    as_json: Json = False,
) -> int:
    """Say whether a site's own table can be used, or all that is wrong with it, with line and column."""
    from kerma.errors import Unusable, WrongUsage
    from kerma.science.judge import check_pack, load_pack
    from kerma.science.judge.sheet import text_of_bytes

    try:
        text = text_of_bytes(file.read_bytes())
        mistakes = check_pack(text)
    except OSError as error:
        raise WrongUsage(f"cannot read '{file}': {error.strerror}") from None
    except Unusable as error:
        typer.echo(f"kerma: {error}", err=True)
        return EXIT_UNUSABLE
    pack = None if mistakes else load_pack(text if "\n" in text else f"{text}\n")
    if as_json:
        found = {"status": pack.status, "rules": len(pack.rules)} if pack else {}
        listed = [mistake.as_json() for mistake in mistakes]
        typer.echo(json.dumps({"file": str(file), "is_good": not mistakes, "mistakes": listed, **found}))
    elif pack:
        typer.echo(f"{file}: good; {len(pack.rules)} rules, status {pack.status}")
    else:
        typer.echo(f"{file}: {len(mistakes)} mistakes")
        for one in mistakes:
            allowed = f" (allowed: {one.allowed})" if one.allowed else ""
            _print_wrapped(f"line {one.line}", f"{one.column} {one.what}{allowed}".strip())
    return EXIT_MISTAKES if mistakes else 0


def rules_copy(
    name: Name, out: Annotated[Path, typer.Option("--out", help="The file to write; it must not exist.")]
) -> int:
    """Write a pack as CSV for a spreadsheet, to start a site's own from it."""
    from kerma.errors import WrongUsage
    from kerma.science.judge import load_pack
    from kerma.standards import text_of

    pack = load_pack(name)
    try:
        # The mark tells spreadsheets that the text is UTF-8; without it they spoil every accent.
        with out.open("x", encoding="utf-8-sig", newline="") as file:
            file.write(text_of(pack.name))
    except FileExistsError:
        raise WrongUsage(f"'{out}' exists already; name a file that does not") from None
    except OSError as error:
        raise WrongUsage(f"cannot write '{out}': {error.strerror}") from None
    typer.echo(f"{out}: {len(pack.rules)} rules of {pack.table.title}, status {pack.status}")
    typer.echo("Change what your site agrees on, write '# status: own' when it is yours, then `kerma rules check` it.")
    return 0


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print columns as wide as they need; the last takes what is left and goes on below."""
    width = min(shutil.get_terminal_size((100, 24)).columns, WIDEST)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for column in range(1, len(widths)):
        widths[column] = min(widths[column], max(12, (width - widths[0]) // 2))
    widths[-1] = max(20, width - sum(widths[:-1]) - 2 * (len(widths) - 1))
    for row in rows:
        cells = [textwrap.wrap(cell, wide) or [""] for cell, wide in zip(row, widths, strict=True)]
        for line in range(max(len(cell) for cell in cells)):
            shown = (cell[line] if line < len(cell) else "" for cell in cells)
            typer.echo("  ".join(f"{word:{wide}}" for word, wide in zip(shown, widths, strict=True)).rstrip())


def _print_wrapped(key: str, words: str, indent: str = "  ") -> None:
    width = min(shutil.get_terminal_size((100, 24)).columns, WIDEST)
    first = f"{indent}{key:9}"
    typer.echo(textwrap.fill(words, width, initial_indent=first, subsequent_indent=" " * len(first)))
