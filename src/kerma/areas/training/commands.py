"""``kerma simulate``: labelled radiographs for training, testing and trying."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.kernel.progress import through

if TYPE_CHECKING:
    from kerma.areas.training.simulating import Order, SimulatedFile

WORKERS = 2
POOL_FROM = 4
"""Fewer images are simulated here: starting processes would take longer."""


def register(cli: typer.Typer) -> None:
    """Add the training commands."""
    cli.command("simulate")(simulate)


def simulate(  # noqa: PLR0913 - one parameter for each option
    scene: Annotated[str, typer.Argument(help="A ready scene (see --list), or the file of a scene document.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the images; made when it is not there.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The first seed; default the document's, else 1. Same seed, same bytes.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many, with seeds one after the other.")] = 1,
    size: Annotated[int | None, typer.Option(min=16, max=8192, help="Rows and columns; default the scene's.")] = None,
    form: Annotated[str, typer.Option("--format", help="tiff, dicom, diconde or dicos.")] = "tiff",
    given: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One of its options.")] = None,
    thickness: Annotated[bool, typer.Option("--thickness", help="Write thickness maps too: thickness.npz.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the ready scenes and their options, and stop.")] = False,
    document: Annotated[
        bool, typer.Option("--document", help="Print the scene document of the seed, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Simulate labelled radiographs: 16-bit TIFF or DICOM, masks, and truth.json in the COCO layout."""
    from kerma.errors import WrongUsage

    if listed:
        _list(as_json=as_json)
        return
    first = _order(scene, form, size, given or [])
    begin = first.seed if seed is None else seed
    orders = [replace(first, seed=number) for number in range(begin, begin + count)]
    if document:
        typer.echo(_document(orders[0]))
        return
    if out is None:
        raise WrongUsage("say where the images go with --out FOLDER")
    truth = _write(orders, out, with_thickness=thickness, workers=WORKERS if count >= POOL_FROM else 1)
    if as_json:
        typer.echo(json.dumps(truth, ensure_ascii=False, allow_nan=False))
    else:
        images, findings = len(truth["images"]), len(truth["annotations"])
        typer.echo(f"{images} images with {findings} labelled findings in {out}; truth.json holds the truth")


def _order(scene: str, form: str, size: int | None, given: Sequence[str]) -> Order:
    """Return the order of the scene's own seed; refuse what can be told to be wrong before anything is simulated."""
    from kerma.areas.training.simulating import FORMATS, Order
    from kerma.errors import NotFound, WrongUsage
    from kerma.science.simulate import ready_scene
    from kerma.science.simulate.scene_json import read_scene

    if form not in FORMATS:
        raise WrongUsage(f"there is no format '{form}'; there are {', '.join(FORMATS)}")
    options = dict(_pair(words) for words in given) | ({"size_px": str(size)} if size is not None else {})
    if scene.endswith(".json"):
        if options:
            raise WrongUsage("a scene document says everything itself: --size and --set go with ready scenes")
        path = Path(scene)
        if not path.is_file():
            raise WrongUsage(f"there is no file {scene}")
        text = path.read_text(encoding="utf-8", errors="replace")
        return Order(path.stem, read_scene(text).seed, form, document=text, folder=str(path.parent))
    try:
        found = ready_scene(scene)
    except NotFound as error:
        raise WrongUsage(str(error)) from error
    found.parsed(options)
    return Order(found.name, 1, form, options)


def _pair(words: str) -> tuple[str, str]:
    from kerma.errors import WrongUsage

    key, mark, value = words.partition("=")
    if not mark or not key:
        raise WrongUsage(f"--set takes KEY=VALUE, such as flaws=many; '{words}' is not")
    return key.strip().replace("-", "_"), value.strip()


def _write(orders: Sequence[Order], out: Path, *, with_thickness: bool, workers: int) -> dict[str, Any]:
    from kerma.areas.training.output import SetFolder
    from kerma.areas.training.simulating import files_of, industry_of

    first = orders[0]
    with SetFolder(out, first.scene, industry_of(first), with_thickness=with_thickness) as folder:
        for files in through(_made(files_of, orders, workers), f"Simulating {first.scene}", len(orders)):
            for made in files:
                folder.add(made)
        return folder.finish()


def _made(
    make: Callable[[Order], tuple[SimulatedFile, ...]], orders: Sequence[Order], workers: int
) -> Iterator[tuple[SimulatedFile, ...]]:
    """Yield the files of every order, in order; a few orders are under way at a time."""
    if workers < 2:
        yield from map(make, orders)
        return
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    from kerma.kernel import apart

    with apart.processes(workers), ThreadPoolExecutor(workers) as threads:
        waiting: deque[Future[tuple[SimulatedFile, ...]]] = deque()
        for order in orders:
            waiting.append(threads.submit(apart.run, make, order))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _list(*, as_json: bool) -> None:
    from kerma.science.simulate import SCENES

    if as_json:
        typer.echo(json.dumps({"scenes": [entry.as_json() for entry in SCENES.values()]}))
        return
    for entry in SCENES.values():
        typer.echo(f"{entry.name:24}{entry.industry:10}{entry.summary}")
        for option in entry.options:
            words = f" ({', '.join(option.choices)})" if option.choices else ""
            typer.echo(f"{'':24}  {option.name}: {option.meaning}{words}")


def _document(order: Order) -> str:
    from kerma.areas.training.simulating import document_of

    return document_of(order)
