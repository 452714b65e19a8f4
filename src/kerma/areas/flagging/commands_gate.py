"""``kerma gate``: whether pictures are good enough to be read, every rule in words."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.science.detect.image_quality_gate import Answer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
EXIT_REFUSED = 1
READ, RESHOOT, UNKNOWN = "read", "reshoot", "cannot-be-told"


def register(cli: typer.Typer) -> None:
    """Add `kerma gate`."""
    cli.command("gate")(gate)


def gate(
    files: Annotated[list[Path], typer.Argument(help="The pictures.", exists=True, dir_okay=False)],
    reference: Annotated[
        Path | None, typer.Option(help="What `kerma teach` made of good parts, to tell part, view, noise and blur by.")
    ] = None,
    testing_class: Annotated[str | None, typer.Option(help="A or B: the class whose least SNR is asked for.")] = None,
    plane: Annotated[int, typer.Option(help="Plane of the pictures, counted from 0.")] = 0,
    as_json: Json = False,
) -> int:
    """Say whether each picture may be read or is to be shot again, with the reasons and their figures."""
    from kerma.areas.flagging.commands_teach import read_image
    from kerma.errors import KermaError
    from kerma.formats.guard import GuardedReader
    from kerma.science.detect import OPTIONS
    from kerma.science.detect.image_quality_gate import VERSION, answers
    from kerma.science.options import parse

    good = parse(OPTIONS["reference"], _bytes_of(reference)) if reference else None
    of_class = parse(OPTIONS["testing_class"], testing_class) if testing_class else None
    done: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    with GuardedReader() as reader:
        for file in files:
            try:
                told = answers(read_image(reader, file), plane=plane, reference=good, testing_class=of_class)
            except (KermaError, OSError) as error:
                refused.append({"path": str(file), "reason": str(error)})
                typer.echo(f"refused: {file}: {error}", err=True)
                continue
            done.append({"path": str(file), "decision": decision(told), "answers": [asdict(one) for one in told]})
            if not as_json:
                _print(file, told)
    if as_json:
        document = {"name": "gate", "version": VERSION, "images": done, "refused": refused}
        typer.echo(json.dumps(document, allow_nan=False))
    return EXIT_REFUSED if refused else 0


def decision(told: tuple[Answer, ...]) -> str:
    """Return *reshoot* where a rule fails, *cannot-be-told* where one could not be computed, else *read*."""
    states = {one.state for one in told}
    return RESHOOT if "failed" in states else UNKNOWN if "not-computed" in states else READ


def _print(file: Path, told: tuple[Answer, ...]) -> None:
    typer.echo(f"{file}: {decision(told)}")
    for one in told:
        if one.state != "passed":
            typer.echo(f"  {one.state:14}{one.reason}")


def _bytes_of(file: Path) -> bytes:
    from kerma.errors import WrongUsage

    try:
        return file.read_bytes()
    except OSError as error:
        raise WrongUsage(f"cannot read '{file}': {error.strerror}") from None
