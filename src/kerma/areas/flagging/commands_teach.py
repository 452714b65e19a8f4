"""``kerma teach``: from pictures of good parts to the reference that later ones are compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.science.imaging.image import Image
    from kerma.science.measure.region import Region

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(cli: typer.Typer) -> None:
    """Add `kerma teach`."""
    cli.command("teach")(teach)


def teach(  # noqa: PLR0913 - one parameter for each option
    files: Annotated[list[Path], typer.Argument(help="Pictures of good parts, five or more.", exists=True)],
    out: Annotated[Path, typer.Option(help="Where the reference is written, such as cover.npz.")],
    places: Annotated[
        Path | None, typer.Option(help='JSON of named features: {"bolt-1": [row, column, height, width], …}.')
    ] = None,
    plane: Annotated[int, typer.Option(help="Plane of the pictures, counted from 0.")] = 0,
    anomaly: Annotated[
        str | None,
        typer.Option(
            help="Teach an anomaly model instead, from ten pictures or more: aligned, where all show one part put down "
            "alike, or anywhere, as in a lane."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Its name; default that of the file.")] = "",
    false_alarm_rate: Annotated[
        float, typer.Option(help="Of the anomaly model: false alarms per good picture that are put up with.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Of the anomaly model: same seed, same file.")] = 1,
    as_json: Json = False,
) -> int:
    """Teach what good parts look like, for `kerma detect --model golden_part --reference` or `--model anomaly:FILE`."""
    from kerma.errors import WrongUsage
    from kerma.formats.guard import GuardedReader
    from kerma.science.detect.part_reference import VERSION, learn

    if anomaly is not None:
        if places is not None:
            raise WrongUsage("an anomaly model knows no named features: leave --places out, or --anomaly")
        asked = {"how": anomaly, "false_alarm_rate": false_alarm_rate, "plane": plane, "seed": seed}
        return teach_anomaly(files, out, asked | {"name": name or out.stem}, as_json=as_json)
    named = _places(places)
    with GuardedReader() as reader:
        images = [read_image(reader, file) for file in files]
    found = learn(images, plane=plane, regions=named)
    content = found.as_bytes()
    out.write_bytes(content)
    document = {
        "name": "teach", "version": VERSION, "path": str(out), "bytes": len(content), "parts": found.parts,
        "rows": found.middle.shape[0], "columns": found.middle.shape[1], "spacing_mm": found.spacing.as_json(),
        "edge_width_px": found.edge_width_px, "places": sorted(found.regions),
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(document, allow_nan=False))
        return 0
    named_words = f", {len(found.regions)} named features" if found.regions else ""
    typer.echo(f"{out}: {found.parts} good parts of {found.middle.shape[0]} x {found.middle.shape[1]}{named_words}")
    return 0


def teach_anomaly(files: list[Path], out: Path, asked: Mapping[str, Any], *, as_json: bool) -> int:
    """Teach an anomaly model and tell what came out."""
    from kerma.areas.flagging.rules_models import demand_named
    from kerma.formats.guard import GuardedReader
    from kerma.kernel.progress import through
    from kerma.science.detect import anomaly

    demand_named(str(asked["name"]), "1.0.0")
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    with GuardedReader() as reader:
        images = [read_image(reader, file) for file in through(files, "Reading good pictures")]
    content = anomaly.teach(images, digests, anomaly.Asked(**asked))
    out.write_bytes(content)
    card = anomaly.load(content).card
    if as_json:
        typer.echo(
            json.dumps({"name": "teach", "path": str(out), "bytes": len(content), "card": card}, allow_nan=False)
        )
        return 0
    point = card["thresholds"]
    typer.echo(
        f"{out}: {len(files)} good pictures, {card['input']['how']}; alarms from score {point['score']:.3f}, "
        f"{point['operating_point']}"
    )
    typer.echo("How many flaws it finds is not known: evaluate it on pictures of known flaws (kerma evaluate).")
    return 0


def read_image(reader: GuardedReader, file: Path) -> Image:
    """Read a picture with the description beside it."""
    from kerma.formats import sidecar_path

    beside = sidecar_path(file)
    return reader.read(file.read_bytes(), file.name, sidecar=beside.read_bytes() if beside else None)


def _places(file: Path | None) -> dict[str, Region]:
    from kerma.errors import WrongUsage
    from kerma.science.options import Option, parse

    if file is None:
        return {}
    try:
        given: Any = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongUsage(f"cannot read the places of '{file}': {error}") from None
    if not isinstance(given, dict):
        raise WrongUsage(f"'{file}' must hold names and places: {{\"bolt-1\": [row, column, height, width]}}")
    return {str(name): parse(Option(str(name), "region", "the place of a feature"), at) for name, at in given.items()}
