"""``kerma teach``: from pictures of good parts to what later ones are compared with."""

from __future__ import annotations

import hashlib
import json
import re
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
    its_version: Annotated[str, typer.Option("--version", help="Its version; the next one is 1.1.0.")] = "1.0.0",
    part: Annotated[
        str, typer.Option(help="Part it is made for, as images name it: in exams it looks at those alone.")
    ] = "",
    view: Annotated[str, typer.Option(help="View it is made for, as images name it.")] = "",
    false_alarm_rate: Annotated[
        float, typer.Option(help="Of the anomaly model: false alarms per good picture that are put up with.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Of the anomaly model: same seed, same file.")] = 1,
    as_json: Json = False,
) -> int:
    """Teach what good parts look like: a reference for `kerma detect --model FILE`, or for exams (kerma models add)."""
    from kerma.areas.flagging.rules_models import demand_named
    from kerma.errors import WrongUsage

    asked: dict[str, Any] = {"name": name or _name_of(out), "version": its_version, "part": part, "view": view}
    demand_named(asked["name"], its_version)
    asked |= {"plane": plane}
    if anomaly is None:
        return teach_reference(files, out, asked | {"regions": _places(places)}, as_json=as_json)
    if places is not None:
        raise WrongUsage("an anomaly model knows no named features: leave --places out, or --anomaly")
    asked |= {"how": anomaly, "false_alarm_rate": false_alarm_rate, "seed": seed}
    return teach_anomaly(files, out, asked, as_json=as_json)


def teach_reference(files: list[Path], out: Path, asked: Mapping[str, Any], *, as_json: bool) -> int:
    """Teach a reference of good parts and tell what came out."""
    from kerma.science.detect import reference_model
    from kerma.science.detect.part_reference import VERSION
    from kerma.science.detect.purpose import made_for, words_of

    content = reference_model.teach(*_read_all(files), reference_model.Asked(**asked))
    out.write_bytes(content)
    model = reference_model.load(content)
    found = model.reference
    document = {
        "name": "teach", "version": VERSION, "path": str(out), "bytes": len(content), "parts": found.parts,
        "rows": found.middle.shape[0], "columns": found.middle.shape[1], "spacing_mm": found.spacing.as_json(),
        "edge_width_px": found.edge_width_px, "places": sorted(found.regions), "card": model.card,
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(document, allow_nan=False))
        return 0
    named = f", {len(found.regions)} named features" if found.regions else ""
    typer.echo(f"{out}: {found.parts} good parts of {found.middle.shape[0]} x {found.middle.shape[1]}{named}")
    wanted = words_of(made_for(model.card)) or "every image of this size, pixel size and kind"
    typer.echo(f"{model.card['name']} {model.card['version']}, for {wanted}; `kerma models add {out}` registers it.")
    return 0


def teach_anomaly(files: list[Path], out: Path, asked: Mapping[str, Any], *, as_json: bool) -> int:
    """Teach an anomaly model and tell what came out."""
    from kerma.science.detect import anomaly

    content = anomaly.teach(*_read_all(files), anomaly.Asked(**asked))
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


def _read_all(files: list[Path]) -> tuple[list[Image], list[str]]:
    """Return the good pictures and the SHA-256 of their files."""
    from kerma.formats.guard import GuardedReader
    from kerma.kernel.progress import through

    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    with GuardedReader() as reader:
        return [read_image(reader, file) for file in through(files, "Reading good pictures")], digests


def read_image(reader: GuardedReader, file: Path) -> Image:
    """Read a picture with the description beside it."""
    from kerma.formats import sidecar_path

    beside = sidecar_path(file)
    return reader.read(file.read_bytes(), file.name, sidecar=beside.read_bytes() if beside else None)


def _name_of(file: Path) -> str:
    """Return the name of a file as the registry takes names."""
    return re.sub("[^a-z0-9]+", "-", file.stem.lower()).strip("-")[:64] or "reference"


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
