"""``kerma detect``: one detector or model on any number of images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.kernel.command_options import with_options
from kerma.kernel.progress import through

if TYPE_CHECKING:
    from kerma.areas.flagging.detecting import Looker
    from kerma.formats.guard import GuardedReader
    from kerma.science.detect.learned_finding import Seen
    from kerma.science.imaging.image import Image
    from kerma.science.results import Finding

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Model = Annotated[str, typer.Option(help="Which detector or model, NAME or NAME@VERSION (`kerma models list`).")]
Explain = Annotated[
    Path | None,
    typer.Option("--explain", help="Folder for a picture of each finding with the network's heat.", file_okay=False),
]
EXIT_REFUSED = 1


def register(cli: typer.Typer) -> None:
    """Add `kerma detect`; the options of detectors are rows of their registry."""
    from kerma.science.detect import DETECTORS, OPTIONS

    listed = "\n\n".join(f"{name}: {entry.summary}" for name, entry in DETECTORS.items())
    words = f"{listed}\n\nmatched-filter is small_flaws. `kerma models list` shows the learned ones too."
    cli.command("detect")(with_options(detect, OPTIONS.values(), words=words))


def detect(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="The images, or folders of them.", exists=True)],
    model: Model,
    explain: Explain = None,
    as_json: Json = False,
    **options: str | None,
) -> int:
    """Look for flaws or threats in images with one detector or model."""
    from kerma.areas.flagging.detecting import Looker, refused_of
    from kerma.areas.flagging.registry import lookup_of
    from kerma.errors import KermaError
    from kerma.formats.guard import GuardedReader

    looker = Looker(model, options, lookup_of(ctx.obj))
    done, refused = [], []
    with GuardedReader() as reader:
        for file in through(images_of(files), f"Looking with {looker.model.name}"):
            try:
                image, row = _read(reader, file)
                seen = looker.look(image)
                findings = seen.findings
                pictures = _explained(looker, image, findings, file, explain)
            except (KermaError, OSError) as error:
                refused.append(refused_of(error, file))
                typer.echo(f"refused: {file}: {error}", err=True)
                continue
            score = {} if seen.score is None else {"score": seen.score}
            done.append(row | score | _searched(image, findings) | pictures)
            if not as_json:
                _print_seen(file, seen)
    if as_json:
        found = looker.model
        document = {"version": found.version, "name": found.name, "images": done, "refused": refused}
        if found.sha256:
            document["model_sha256"] = found.sha256
        typer.echo(json.dumps(document, allow_nan=False))
    return EXIT_REFUSED if refused else 0


def _explained(
    looker: Looker, image: Image, findings: Iterable[Finding], file: Path, folder: Path | None
) -> dict[str, list[str]]:
    """Write a picture of each finding with the heat it was picked from, and return their names, where that is asked."""
    if folder is None:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for finding in findings:
        made = looker.explain(image, finding)
        names.append(f"{file.name}-{finding.id}.png")
        (folder / names[-1]).write_bytes(made)
    return {"explanations": names}


def images_of(paths: Iterable[Path]) -> list[Path]:
    """Return files as they are given, and of a folder, in the order of their names, those that may be images."""
    from kerma.areas.flagging.evaluating import may_be_image

    found: list[Path] = []
    for path in paths:
        inside = sorted(file for file in path.rglob("*") if may_be_image(file, path)) if path.is_dir() else [path]
        found += inside
    return found


def _read(reader: GuardedReader, file: Path) -> tuple[Image, dict[str, Any]]:
    from kerma.formats import sidecar_path

    beside = sidecar_path(file)
    data = file.read_bytes()
    image = reader.read(data, file.name, sidecar=beside.read_bytes() if beside else None)
    return image, {"path": str(file), "sha256": hashlib.sha256(data).hexdigest()}


def _searched(image: Image, findings: Iterable[Finding]) -> dict[str, Any]:
    return {
        "rows": image.rows,
        "columns": image.columns,
        "spacing_mm": image.spacing.as_json(),
        "spacing_source": image.spacing.source,
        "findings": [finding.as_json() for finding in findings],
        "warnings": list(image.warnings),
    }


def _print_seen(file: Path, seen: Seen) -> None:
    count = len(seen.findings)
    score = "" if seen.score is None else f", score of the image {seen.score:.2f}"
    typer.echo(f"{file}: {count} finding{'' if count == 1 else 's'}{score}")
    for finding in seen.findings:
        box = ", ".join(f"{value:.6g}" for value in finding.box.as_json())
        typer.echo(f"  {finding.label:24} score {finding.score or 0:.2f}  row, column, height, width {box}")
