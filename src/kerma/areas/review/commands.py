"""Measurements on the command line: images in, numbers out, no server and no archive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.kernel.command_options import with_options

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.science.imaging.image import Image

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
NO_FRAMES = (".json", ".npz", ".csv", ".txt")
"""Files that stand beside frames: descriptions, truth, masks, lists."""


def register(cli: typer.Typer) -> None:
    """Add `kerma measure`; its options are the rows of the registry."""
    from kerma.science.measure import MEASURES, OPTIONS

    listed = "\n\n".join(f"{name}: {entry.summary}{_takes(entry)}" for name, entry in MEASURES.items())
    cli.command("measure")(with_options(measure, OPTIONS.values(), words=listed))


def measure(
    name: Annotated[str, typer.Argument(help="Which measurement; `--help` lists them.")],
    files: Annotated[
        list[Path], typer.Argument(help="The image, or those it needs; a folder is a stack.", exists=True)
    ],
    as_json: Json = False,
    **options: str | None,
) -> int:
    """Make one measurement on one image, or on as many as it needs; a folder of frames counts as one image."""
    name = name.replace("-", "_")
    from kerma.areas.review.commands_print import print_result
    from kerma.errors import WrongUsage
    from kerma.formats.guard import GuardedReader
    from kerma.science.measure import MEASURES, run

    _known(name, MEASURES, "measurement")
    needed = MEASURES[name].image_names
    if len(files) != len(needed):
        raise WrongUsage(f"'{name}' measures on {' and '.join(needed)}: give {len(needed)} paths, not {len(files)}")
    with GuardedReader() as reader:
        images = [_read_path(reader, file) for file in files]
    warnings = dict.fromkeys(warning for image in images for warning in image.warnings)
    print_result(run(name, *images, **options).as_json(), as_json=as_json, warnings=warnings)
    return 0


def _known(name: str, registry: Mapping[str, Any], what: str) -> None:
    """Refuse an unknown name before any file is read."""
    from kerma.errors import WrongUsage

    if name not in registry:
        raise WrongUsage(f"there is no {what} '{name}'; there are {', '.join(registry)}")


def _takes(entry: Any) -> str:
    """Say what a measurement needs beside one image."""
    names = getattr(entry, "image_names", ())
    return f" (of {' and '.join(names)})" if len(names) > 1 else ""


def _read_path(reader: GuardedReader, path: Path) -> Image:
    """Read a file, or the files of a folder in the order of their names as the planes of one image."""
    from kerma.errors import WrongUsage
    from kerma.science.imaging.frames import stacked

    if not path.is_dir():
        return _read(reader, path)
    frames = [file for file in sorted(path.iterdir()) if _is_frame(file)]
    if not frames:
        raise WrongUsage(f"the folder {path} holds no frame")
    return stacked([_read(reader, frame) for frame in frames], [frame.name for frame in frames])


def _is_frame(path: Path) -> bool:
    """Return whether a file of a folder is an image: no hidden file, and no description beside one."""
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in NO_FRAMES


def _read(reader: GuardedReader, file: Path) -> Image:
    from kerma.formats import sidecar_path

    beside = sidecar_path(file)
    return reader.read(file, file.name, sidecar=beside.read_bytes() if beside else None)
