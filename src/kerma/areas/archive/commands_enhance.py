"""Enhancement chains on the command line: run on a file, or listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.science.imaging.enhance import Chain
    from kerma.science.imaging.image import Image

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(cli: typer.Typer) -> None:
    """Add `kerma enhance`."""
    cli.command("enhance")(enhance)


def enhance(
    file: Annotated[Path | None, typer.Argument(help="The image.", exists=True, dir_okay=False)] = None,
    out: Annotated[Path | None, typer.Option(help="The PNG to write; never over a file that is there.")] = None,
    chain: Annotated[str, typer.Option(help="A chain as JSON, or a file of it.")] = "",
    step: Annotated[
        list[str] | None, typer.Option(help="NAME or NAME:SETTING=VALUE,…; several in their order.")
    ] = None,
    plane: Annotated[int, typer.Option(min=0, help="Plane of the image, counted from 0.")] = 0,
    as_json: Json = False,
) -> int:
    """Show an image with an enhancement chain as a PNG; without a file, list the steps.

    A step that is only named takes what it needs from the image; --json prints the chain with every number written out.
    """
    if file is None:
        _list(as_json=as_json)
        return 0
    from kerma.errors import WrongUsage
    from kerma.formats.guard import GuardedReader
    from kerma.science.imaging import enhance as science

    if out is None:
        raise WrongUsage("say where the picture goes: --out picture.png")
    if out.exists():
        raise WrongUsage(f"{out} is there already: give another name, nothing is written over")
    if chain and step:
        raise WrongUsage("give a chain or steps, not both")
    with GuardedReader() as reader:
        image = reader.read(file, file.name)
    if plane >= image.planes:
        raise WrongUsage(f"{file} has the planes 0 to {image.planes - 1}, not {plane}")
    made = science.parse(_text(chain)) if chain else _switched_on(image, plane, step or [])
    shown = science.run(image, plane, made)
    _write(out, shown)
    document = {"out": str(out), "rows": shown.shape[0], "columns": shown.shape[1], "chain": made.as_json(),
                "chain_sha256": made.digest()}  # fmt: skip
    typer.echo(
        json.dumps(document) if as_json else f"{out}: {shown.shape[1]} x {shown.shape[0]}, chain {made.digest()}"
    )
    return 0


def _list(*, as_json: bool) -> None:
    from kerma.science.imaging.enhance import latest

    if as_json:
        typer.echo(json.dumps([step.as_json() for step in latest()]))
        return
    for step in latest():
        settings = ", ".join(setting.name for setting in step.settings)
        typer.echo(f"{step.name}\n    {step.purpose}\n    {settings}")


def _text(chain: str) -> str:
    """Return the chain's text: as given, or that of the file of this name."""
    if chain.lstrip().startswith("{"):
        return chain
    from kerma.errors import WrongUsage

    try:
        return Path(chain).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"a chain is a JSON object or a file of it; '{chain[:60]}' is neither ({error})") from None


def _switched_on(image: Image, plane: int, written: list[str]) -> Chain:
    """Return the chain of steps as they are written, what they need found from the image."""
    from kerma.science.imaging import enhance as science

    found = science.statistics(image, plane)
    steps = []
    for text in written:
        name, _, settings = text.partition(":")
        step = science.step_of(name.strip().replace("-", "_"))
        words = {setting.name for setting in step.settings if setting.kind in ("choice", "text")}
        pairs = [part.partition("=")[::2] for part in settings.split(",") if part]
        chosen = {key: value if key in words else _number(value) for key, value in pairs}
        parameters = science.switched_on(step, found, chosen)
        steps.append({"name": step.name, "version": step.version, "parameters": parameters})
    return science.parse({"steps": steps})


def _number(written: str) -> float | str:
    """Return a number; what is none stays as it is, so that the step can say what it wants."""
    try:
        return float(written)
    except ValueError:
        return written


def _write(out: Path, shown: Any) -> None:
    import cv2

    from kerma.errors import WrongUsage

    _, png = cv2.imencode(".png", shown if shown.ndim == 2 else shown[..., ::-1])
    try:
        with out.open("xb") as file:
            file.write(png.tobytes())
    except OSError as error:
        raise WrongUsage(f"{out} cannot be written: {error.strerror}") from None
