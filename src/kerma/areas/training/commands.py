"""``kerma simulate``: labelled radiographs for training, testing and trying."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.science.simulate.scene import SimulatedImage

VERSION = 1


def register(cli: typer.Typer) -> None:
    """Add the training commands."""
    cli.command("simulate")(simulate)


def simulate(
    scene: Annotated[str, typer.Argument(help="weld, casting, bag or step_wedge.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the images; made when it is not there.")],
    seed: Annotated[int, typer.Option(min=0, help="The first seed; the same seed gives the same bytes.")] = 1,
    count: Annotated[int, typer.Option(min=1, help="How many images, with seeds one after the other.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Simulate labelled radiographs: 16-bit TIFF, a JSON description beside each, masks and truth.json."""
    import numpy as np

    from kerma.areas.training.labelled import labelled_file
    from kerma.errors import WrongUsage
    from kerma.science.simulate import SCENES

    if scene not in SCENES:
        known = "; ".join(f"{each.name}: {each.summary}" for each in SCENES.values())
        raise WrongUsage(f"there is no scene '{scene}'. There are {known}")
    out.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    masks = {}
    for number in _progress(range(seed, seed + count), f"Simulating {scene}"):
        simulated: SimulatedImage = SCENES[scene].build(number)
        made = labelled_file(simulated, f"{scene}-{number:06d}.tif", SCENES[scene].industry)
        (out / made.name).write_bytes(made.data)
        (out / f"{made.name}.json").write_bytes(made.sidecar)
        masks[made.name] = simulated.labels
        entries.append({"path": made.name, "sha256": hashlib.sha256(made.data).hexdigest(), **made.truth})
    document = {"version": VERSION, "scene": scene, "masks": "masks.npz", "images": entries}
    (out / "truth.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    np.savez_compressed(out / "masks.npz", **masks)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        flaws = sum(len(entry["findings"]) for entry in entries)
        typer.echo(f"{count} images with {flaws} labelled findings in {out}; truth.json holds the truth")


def _progress(numbers: range, words: str) -> Any:
    from rich.console import Console
    from rich.progress import track

    return track(numbers, words, console=Console(stderr=True), transient=True)
