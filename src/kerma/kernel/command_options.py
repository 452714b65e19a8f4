"""Command-line options from the rows of a registry: one option per row, spelled with hyphens."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.science.options import Option


def with_options(command: Callable[..., int], options: Iterable[Option], *, words: str = "") -> Callable[..., int]:
    """Return a command that takes, beside its own parameters, one option per row; ``words`` end its help.

    The command is given text, None where an option was not used; several layers are joined with commas.
    """

    def call(**given: Any) -> int:
        return command(**{name: taken(rows[name], value) if name in rows else value for name, value in given.items()})

    rows = {option.parameter: option for option in options}
    fixed = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    added = [_parameter(option) for option in rows.values()]
    call.__signature__ = inspect.Signature([*fixed, *added])  # type: ignore[attr-defined]
    call.__doc__ = f"{command.__doc__}\n\n{words}" if words else command.__doc__
    return call


def _parameter(option: Option) -> inspect.Parameter:
    name = f"--{option.name.replace('_', '-')}"
    if option.kind == "flag":
        shown = typer.Option(name, help=_help(option))
        return inspect.Parameter(
            option.parameter, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, shown]
        )
    kind = list[str] | None if option.kind == "layers" else str | None
    shown = typer.Option(name, metavar=_metavar(option), help=_help(option))
    return inspect.Parameter(
        option.parameter, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, shown]
    )


def _metavar(option: Option) -> str:
    return "|".join(option.choices) if option.choices else option.kind.upper()


def _help(option: Option) -> str:
    notes = []
    if option.kind == "layers":
        notes.append("MATERIAL:MM, may be given several times")
    if option.default is not None:
        notes.append(f"default {option.default}")
    if option.is_required:
        notes.append("required")
    return f"{option.meaning} ({'; '.join(notes)})" if notes else option.meaning


def taken(option: Option, value: Any) -> Any:
    """Return what an option gives on the command line: layers joined, files read, None where it was not used."""
    if option.kind == "flag":
        return value or None
    if isinstance(value, str) and option.kind in BINARY_FILES:
        return _bytes_of(value)
    if isinstance(value, str) and option.kind in FILES and not value.lstrip().startswith(("[", "{")):
        return _read(value, option.kind) if value.endswith(FILES[option.kind]) else value
    return ",".join(value) or None if isinstance(value, list | tuple) else value


FILES = {"findings": "", "rules": ".csv"}
"""Kinds that may be given as a file, and how its name then ends."""


BINARY_FILES = ("reference",)
"""Kinds that are always given as a file that is no text."""


def _bytes_of(name: str) -> bytes:
    from kerma.errors import WrongUsage

    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise WrongUsage(f"cannot read '{name}': {error.strerror}") from None


def _read(name: str, kind: str) -> str:
    from kerma.errors import WrongUsage
    from kerma.science.judge.sheet import text_of_bytes

    try:
        data = Path(name).read_bytes()
        text = text_of_bytes(data) if kind == "rules" else data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise WrongUsage(f"cannot read '{name}': {reason}") from None
    if not text.strip():
        raise WrongUsage(f"'{name}' is empty; no findings are written as []")
    return text
