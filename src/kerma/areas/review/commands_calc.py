"""``kerma calc``: one command per calculation; the registry is imported only when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from kerma.science.physics.calculation import Calculation

PAGES = "docs/science/calculations"


class Calculations(TyperGroup):
    """The group whose commands are the rows of ``kerma.science.calculations``."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the calculations."""
        from kerma.science.calculations import calculations

        return list(calculations())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a calculation; hyphens and underscores are the same."""
        from kerma.science.calculations import calculations

        entry = calculations().get(cmd_name.replace("_", "-"))
        return None if entry is None else _command(entry)


def register(cli: typer.Typer) -> None:
    """Add `kerma calc`."""
    group = typer.Typer(cls=Calculations, no_args_is_help=True, help="Calculate with the physics of X-rays.")
    cli.add_typer(group, name="calc")


def _command(entry: Calculation) -> Any:
    from kerma.areas.review.commands_print import print_result
    from kerma.areas.review.commands_verdict import print_verdict
    from kerma.kernel.command_options import with_options

    def calculate(
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
        **options: str | None,
    ) -> int:
        document = entry.run(**options).as_json()
        if entry.name == "verdict" and not as_json:
            print_verdict(document)
        else:
            print_result(document, as_json=as_json)
        return 0

    calculate.__doc__ = f"{entry.summary[:1].upper()}{entry.summary[1:].rstrip('.')}."
    one = typer.Typer(add_completion=False)
    one.command(entry.name)(with_options(calculate, entry.options))
    return typer.main.get_command(one)
