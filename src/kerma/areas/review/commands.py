"""Measurements and detectors on the command line: one image in, numbers or findings out, no server and no archive."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.science.imaging.image import Image
    from kerma.science.options import Option
    from kerma.science.results import Finding

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
EXIT_REFUSED = 1
SHOWN_VALUES = 8


def register(cli: typer.Typer) -> None:
    """Add `kerma measure` and `kerma detect`; their options are the rows of the registries."""
    from kerma.science import detect as detectors
    from kerma.science import measure as measures

    cli.command("measure")(_with_options(measure, measures.OPTIONS, measures.MEASURES.values()))
    cli.command("detect")(_with_options(detect, detectors.OPTIONS, detectors.DETECTORS.values()))


def measure(
    name: Annotated[str, typer.Argument(help="Which measurement; `--help` lists them.")],
    file: Annotated[Path, typer.Argument(help="The image.", exists=True, dir_okay=False)],
    as_json: Json = False,
    **options: str | None,
) -> int:
    """Make one measurement on one image."""
    name = name.replace("-", "_")
    from kerma.formats.guard import GuardedReader
    from kerma.science.measure import MEASURES, run

    _known(name, MEASURES, "measurement")
    with GuardedReader() as reader:
        image = _read(reader, file)
    result = run(name, image, **options)
    document = result.as_json()
    for warning in [*image.warnings, *document["warnings"]]:
        typer.echo(f"kerma: {warning}", err=True)
    if as_json:
        typer.echo(json.dumps(document, allow_nan=False))
    else:
        for key, value in document["values"].items():
            error = document["uncertainties"].get(key)
            typer.echo(f"{key:36} {_shown(value)}{f' ± {_shown(error)}' if error is not None else ''}")
    return 0


def detect(
    files: Annotated[list[Path], typer.Argument(help="The images.", exists=True, dir_okay=False)],
    model: Annotated[str, typer.Option(help="Which detector; `--help` lists them.")],
    as_json: Json = False,
    **options: str | None,
) -> int:
    """Look for flaws or threats in images with one detector."""
    from kerma.errors import Unreadable, WrongUsage
    from kerma.formats.guard import GuardedReader
    from kerma.science.detect import DETECTORS
    from kerma.science.detect import detect as run

    model = model.replace("-", "_")
    _known(model, DETECTORS, "detector")
    done, refused = [], []
    with GuardedReader() as reader:
        for file in files:
            try:
                image = _read(reader, file)
                findings = run(model, image, **options)
            except (Unreadable, WrongUsage) as error:
                refused.append({"path": str(file), "reason": str(error)})
                typer.echo(f"refused: {file}: {error}", err=True)
                continue
            done.append(_searched(file, image, findings))
            if not as_json:
                _print_findings(file, findings)
    if as_json:
        version = DETECTORS[model].load().VERSION
        document = {"version": version, "name": model, "images": done, "refused": refused}
        typer.echo(json.dumps(document, allow_nan=False))
    return EXIT_REFUSED if refused else 0


def _with_options(
    command: Callable[..., int], options: Mapping[str, Option], entries: Iterable[Any]
) -> Callable[..., int]:
    """Give a command one option per row of a registry, and a help text that lists the registry's entries."""

    def call(**given: Any) -> int:
        return command(**given)

    fixed = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    added = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                str | None,
                typer.Option(f"--{option.name.replace('_', '-')}", metavar=option.kind.upper(), help=option.meaning),
            ],
        )
        for option in options.values()
    ]
    call.__signature__ = inspect.Signature([*fixed, *added])  # type: ignore[attr-defined]
    listed = "\n\n".join(f"{entry.name}: {entry.summary}" for entry in entries)
    call.__doc__ = f"{command.__doc__}\n\n{listed}"
    return call


def _known(name: str, registry: Mapping[str, Any], what: str) -> None:
    """Refuse an unknown name before any file is read."""
    from kerma.errors import WrongUsage

    if name not in registry:
        raise WrongUsage(f"there is no {what} '{name}'; there are {', '.join(registry)}")


def _read(reader: GuardedReader, file: Path) -> Image:
    from kerma.formats import sidecar_path

    beside = sidecar_path(file)
    return reader.read(file, file.name, sidecar=beside.read_bytes() if beside else None)


def _searched(file: Path, image: Image, findings: Iterable[Finding]) -> dict[str, Any]:
    return {
        "path": str(file),
        "rows": image.rows,
        "columns": image.columns,
        "spacing_mm": image.spacing.as_json(),
        "spacing_source": image.spacing.source,
        "findings": [finding.as_json() for finding in findings],
        "warnings": list(image.warnings),
    }


def _print_findings(file: Path, findings: tuple[Finding, ...]) -> None:
    typer.echo(f"{file}: {len(findings)} findings")
    for finding in findings:
        box = ", ".join(f"{value:g}" for value in finding.box.as_json())
        typer.echo(f"  {finding.label:20} score {finding.score or 0:.2f}  row, column, height, width {box}")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        more = f" … ({len(value)} values)" if len(value) > SHOWN_VALUES else ""
        return " ".join(_shown(item) for item in value[:SHOWN_VALUES]) + more
    return f"{value:.6g}" if isinstance(value, float) else str(value)
