"""``kerma train``: weights and their card from a seed, by simulated images or, for the chest, real patches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kerma.train.asking import CHEST, IMAGES, IMAGES_OF, MINUTES, SEED, images_of

if TYPE_CHECKING:
    from kerma.areas.flagging.actions_train import Training


_IMAGES = f"How many are simulated at most; default: {IMAGES} radiographs, {IMAGES_OF['bag']} bags."


def register(cli: typer.Typer) -> None:
    """Add the command to the command line."""
    cli.command("train")(train)


def train(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(help="What to train: weld, casting, bag or chest.")],
    out: Annotated[Path, typer.Option(help="Folder of the weights (ONNX), their card (JSON) and a checkpoint.")],
    seed: Annotated[int, typer.Option(help="The same seed simulates the same images.")] = SEED,
    minutes: Annotated[float, typer.Option(help="Time for everything, evaluation included.")] = MINUTES,
    images: Annotated[int | None, typer.Option(help=_IMAGES, show_default=False)] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that simulate; default: all cores but one.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Keeps simulated images; default: a folder in OUT.")] = None,
    data: Annotated[
        Path | None, typer.Option(exists=True, help="chest: the patches to learn from, pneumoniamnist.npz.")
    ] = None,
    begin: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Weights (ONNX) of this detector to begin with.")
    ] = None,
    durable: Annotated[
        bool, typer.Option("--durable", help="As jobs that every server and `kerma worker` of this database takes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the model card as one JSON document.")] = False,
) -> None:
    """Train a detector on simulated images, or chest on real ones; needs PyTorch, the extra named train."""
    from kerma.train.asking import Places, demand, trained

    many = images_of(task) if images is None else images
    demand(minutes, many, workers)
    if durable:
        from kerma.areas.flagging.actions_train import Training

        folder, result = (cache or out / "images").resolve(), out.resolve()
        first = str(begin.resolve()) if begin else ""
        _ask(ctx, Training(task, seed, minutes, many, workers, str(folder), str(result), first), as_json)
        return
    card = trained(
        task, seed=seed, minutes=minutes, images=many, workers=workers,
        places=Places(out, cache, data, begin=begin),
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(card, ensure_ascii=False))
    else:
        typer.echo(f"{out / task}.onnx and {out / task}.json")


def _ask(ctx: typer.Context, training: Training, as_json: bool) -> None:
    """Ask for the jobs of a training, and say where they can be seen."""
    from kerma.areas.flagging.actions_train import order_training
    from kerma.errors import WrongUsage
    from kerma.kernel.identity import service

    if training.task == CHEST:
        raise WrongUsage("chest learns from one file within minutes: train it without --durable")
    asked = order_training(ctx.obj.kernel(), service("cli", order_training.name), training=training)
    if as_json:
        typer.echo(json.dumps(asked))
    else:
        typer.echo(
            f"{asked['shards']} jobs that simulate and one that learns are asked for; `kerma jobs progress` counts "
            f"them; the weights come to {training.out}"
        )
