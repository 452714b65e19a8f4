"""Write docs/reference from the code; `--check` only says whether it is current."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerma.science.options import Option

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
SCIENCE = FOLDER.parent / "science"
MADE = "<!-- Written by `make docs` from the code; do not edit. -->\n\n"


def commands() -> str:
    """Every command with its arguments and options."""
    import typer.main

    from kerma.cli import build

    root = typer.main.get_command(build())
    lines = ["# Commands\n"]
    for path, command in _walk(root, "kerma"):
        usage = " ".join(part for part in command.collect_usage_pieces(_context(command, path)))
        lines.append(f"## `{path}`\n\n{_sentence(command.help)}\n\n`{path} {usage}`\n")
        rows = [_option_row(parameter) for parameter in command.params if parameter.name not in ("help", "version")]
        if rows:
            lines += ["| option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _context(command: object, path: str) -> object:
    return command.make_context(path, [], resilient_parsing=True)  # type: ignore[attr-defined]


def _walk(command: object, path: str) -> Iterator[tuple[str, object]]:
    for name in sorted(command.list_commands(None)):  # type: ignore[attr-defined]
        child = command.get_command(None, name)  # type: ignore[attr-defined]
        if hasattr(child, "list_commands"):
            yield from _walk(child, f"{path} {name}")
        else:
            yield f"{path} {name}", child


def _option_row(parameter: object) -> str:
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])  # type: ignore[attr-defined]
    if parameter.param_type_name == "argument":  # type: ignore[attr-defined]
        names = f"`{(parameter.metavar or parameter.name).upper()}`"  # type: ignore[attr-defined]
    return f"| {names} | {_sentence(getattr(parameter, 'help', '') or '')} |"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def actions() -> str:
    """Every action, by area."""
    import kerma.app
    import kerma.kernel.ledger_actions
    from kerma.kernel.action import ACTIONS

    kerma.app.subscriptions()
    _import_areas()
    rows = [f"| `{name}` | {ACTIONS[name].description} |" for name in sorted(ACTIONS)]
    head = "# Actions\n\nThe only ways anything changes; each is also the permission it needs.\n"
    return "\n".join([head, "| action | does |", "|---|---|", *rows, ""])


def _import_areas() -> None:
    import importlib
    import importlib.resources

    for area in importlib.resources.files("kerma.areas").iterdir():
        if not area.is_dir():
            continue
        for module in sorted(entry.name for entry in area.iterdir()):
            if module.startswith("actions") and module.endswith(".py"):
                importlib.import_module(f"kerma.areas.{area.name}.{module.removesuffix('.py')}")


def errors() -> str:
    """Every error, in the order of the tree."""
    from kerma import errors as tree

    def below(error: type[tree.KermaError]) -> Iterator[type[tree.KermaError]]:
        yield error
        for child in error.__subclasses__():
            yield from below(child)

    rows = [
        f"| `{error.__name__}` | {error.status} | {error.title} | {(error.__doc__ or '').splitlines()[0]} |"
        for error in below(tree.KermaError)
    ]
    head = "# Errors\n\nOver HTTP each is a problem document (RFC 9457).\n"
    return "\n".join([head, "| error | HTTP status | title | means |", "|---|---|---|---|", *rows, ""])


def settings() -> str:
    """Every environment variable."""
    from kerma.kernel.settings import SETTINGS

    rows = [f"| `{row.environment}` | `{row.shown_default}` | {row.help} |" for row in SETTINGS]
    head = "# Settings\n\nEverything is set by environment variables; all have a default.\n"
    return "\n".join([head, "| variable | default | means |", "|---|---|---|", *rows, ""])


def calculations() -> str:
    """Every calculation with its options."""
    from kerma.science.calculations import calculations

    ways = "`kerma calc NAME`, `POST /api/v1/calculations/NAME`, or Calculate in the workstation."
    lines = ["# Calculations", "", ways]
    for row in calculations().values():
        head = f"## [`{row.name}`](../science/calculations/{row.name}.md)"
        lines += ["", head, "", f"{row.summary.rstrip('.')}.", "", *_options_of(row.options)]
    return "\n".join([*lines, ""])


def scenes() -> str:
    """Every ready scene with its options."""
    from kerma.science.simulate import SCENES

    lines = ["# Scenes", "", "`kerma simulate NAME --out FOLDER`, or `POST /api/v1/simulations`."]
    for row in SCENES.values():
        page = f"scenes/{row.name}.md" if (SCIENCE / "scenes" / f"{row.name}.md").is_file() else "simulate.md"
        lines += ["", f"## [`{row.name}`](../science/{page})", "", f"For {row.industry}: {row.summary}.", ""]
        lines += _options_of(row.options)
    return "\n".join([*lines, ""])


def _options_of(options: tuple[Option, ...]) -> list[str]:
    if not options:
        return ["No options."]
    rows = [f"| `{row.name}` | {_takes(row)} | {_sentence(row.meaning)} |" for row in options]
    return ["| option | takes | means |", "|---|---|---|", *rows]


def _takes(option: Option) -> str:
    from kerma.science.options import KINDS

    wants = " or ".join(option.choices) or KINDS[option.kind]
    notes = "; required" if option.is_required else f"; default {option.default}" if option.default is not None else ""
    return _sentence(f"{wants}{notes}")


def measurements() -> str:
    """Every measurement and detector."""
    from kerma.science.detect import DETECTORS
    from kerma.science.measure import MEASURES

    lines = ["# Measurements and detectors", "", "| measurement | measures |", "|---|---|"]
    lines += [f"| [`{row.name}`](../science/{row.name}.md) | {row.summary} |" for row in MEASURES.values()]
    lines += ["", "| detector | flags |", "|---|---|"]
    lines += [f"| [`{row.name}`](../science/{row.name}.md) | {row.summary} |" for row in DETECTORS.values()]
    return "\n".join([*lines, ""])


def tables() -> str:
    """Every table of a standard."""
    from kerma.standards import table, table_names

    lines = ["# Tables of standards", "", "| table | title | edition | status | rows |", "|---|---|---|---|---|"]
    for name in table_names():
        one = table(name)
        lines.append(f"| `{name}` | {one.title} | {one.edition} | {one.status} | {len(one.rows)} |")
    return "\n".join([*lines, ""])


def http() -> str:
    """Every route of the API."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import openapi

    lines = ["# HTTP", "", "| method | path | does |", "|---|---|---|"]
    for path, methods in sorted(json.loads(openapi.document())["paths"].items()):
        for method, operation in methods.items():
            lines.append(f"| {method.upper()} | `{path}` | {_first(operation)} |")
    return "\n".join([*lines, ""])


def _first(operation: dict[str, str]) -> str:
    return _sentence((operation.get("description") or operation.get("summary") or "").split("\n\n")[0])


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "actions.md": actions,
    "errors.md": errors,
    "settings.md": settings,
    "measurements.md": measurements,
    "calculations.md": calculations,
    "scenes.md": scenes,
    "tables.md": tables,
    "http.md": http,
}


def main() -> int:
    """Write every page, or with ``--check`` name the stale ones and return 1."""
    stale = []
    for name, page in PAGES.items():
        text = MADE + page().rstrip() + "\n"
        file = FOLDER / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                file.write_text(text, encoding="utf-8")
    outcome = "stale: run make docs" if "--check" in sys.argv else "written"
    print("\n".join(f"docs/reference/{name} is {outcome}" for name in stale))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
