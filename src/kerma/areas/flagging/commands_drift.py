"""``kerma models drift``: are the images of now like those a detector was tried on? No truth is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.kernel.progress import through

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.areas.flagging.detecting import Looker
    from kerma.formats.guard import GuardedReader
    from kerma.science.observer.drift import SetDrift

EXIT_REFUSED = 1
VERSION = "1.0.0"
SURE, MARKS = "highest_score", "marks"


def drift(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The detector or model.")],
    before: Annotated[
        Path, typer.Option("--before", help="Folder of the images it was tried on.", exists=True, file_okay=False)
    ],
    now: Annotated[Path, typer.Option("--now", help="Folder of the images of now.", exists=True, file_okay=False)],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same p.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> int:
    """Say whether images have drifted from those a detector was tried on, so that its figures no longer hold."""
    from kerma.areas.flagging.detecting import Looker
    from kerma.areas.flagging.registry import lookup_of
    from kerma.formats.guard import GuardedReader
    from kerma.science.observer.drift import set_drift

    looker = Looker(name, {}, lookup_of(ctx.obj))
    refused: list[dict[str, str]] = []
    with GuardedReader() as reader:
        sides = [_quantities(folder, looker, reader, refused) for folder in (before, now)]
    found = set_drift(*sides, seed=seed)
    for row in refused:
        typer.echo(f"refused: {row['path']}: {row['reason']}", err=True)
    inputs = {"model": looker.model.name, "before": str(before), "now": str(now), "seed": seed}
    counts = {"images_before": len(sides[0][MARKS]), "images_now": len(sides[1][MARKS])}
    document = {
        "name": "drift", "version": VERSION, "inputs": inputs, "values": counts | _values(found), "source": None,
        "warnings": [], "refused": refused,
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(document, allow_nan=False))
    else:
        _print(document["values"])
    return EXIT_REFUSED if refused else 0


def _quantities(
    folder: Path, looker: Looker, reader: GuardedReader, refused: list[dict[str, str]]
) -> dict[str, NDArray[np.float64]]:
    """Return, image by image, how the images of a folder look and how the detector answers."""
    import numpy as np

    from kerma.areas.flagging.commands_detect import images_of
    from kerma.areas.flagging.detecting import refused_of
    from kerma.areas.flagging.evaluating import first_plane, read_image
    from kerma.errors import KermaError
    from kerma.science.observer.input_features import features

    rows: list[dict[str, float]] = []
    for path in through(images_of([folder]), f"Looking at {folder.name}"):
        try:
            image = read_image(reader, path)
            marks = looker.find(image)
        except (KermaError, OSError) as error:
            refused.append(refused_of(error, path))
            continue
        sure = max((mark.score or 0.0 for mark in marks), default=0.0)
        rows.append(features(first_plane(image)) | {SURE: sure, MARKS: float(len(marks))})
    names = rows[0] if rows else {SURE: 0.0, MARKS: 0.0}
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in names}


def _values(found: SetDrift) -> dict[str, Any]:
    quantities = [
        {
            "quantity": name, "psi": one.psi, "psi_p": one.psi_p, "ks": one.ks, "ks_p": one.ks_p, "mmd2": one.mmd2,
            "mmd_p": one.mmd_p, "drifted": one.suspends,
        }
        for name, one in found.by_name.items()
    ]  # fmt: skip
    joint = {"joint_mmd2": found.joint_mmd2, "joint_p": found.joint_p, "level": found.level}
    return {"suspended": found.suspends, "signals": list(found.signals), "quantities": quantities, **joint}


def _print(values: dict[str, Any]) -> None:
    told = f"{values['images_before']} images before, {values['images_now']} now"
    if values["suspended"]:
        typer.echo(
            f"drifted ({told}): what was promised of the detector no longer holds; try it again on images of now"
        )
    else:
        typer.echo(f"no drift seen ({told})")
    typer.echo(f"\n  {'quantity':16}{'PSI':>8}{'KS p':>10}{'MMD p':>10}")
    for row in values["quantities"]:
        mark = "  drifted" if row["drifted"] else ""
        typer.echo(f"  {row['quantity']:16}{row['psi']:>8.3f}{row['ks_p']:>10.3g}{row['mmd_p']:>10.3g}{mark}")
    typer.echo(f"  {'all together':16}{'':>8}{'':>10}{values['joint_p']:>10.3g}")
