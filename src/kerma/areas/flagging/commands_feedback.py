"""``kerma models feedback`` and ``kerma models lock``: what readers said, taken out to train on; images for tests."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.flagging.commands_models import Json, models
from kerma.areas.flagging.commands_models_change import Login
from kerma.kernel.progress import through

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

EXIT_REFUSED = 1
feedback = typer.Typer(no_args_is_help=True, help="What readers said to the marks of models.")
models.add_typer(feedback, name="feedback")


def register(_: typer.Typer) -> None:
    """Add the commands to ``kerma models``."""


@feedback.command("export")
def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="New folder for annotations.json, images.csv and the images.")],
    model: Annotated[str, typer.Option("--model", help="Only what was said to NAME@VERSION.")] = "",
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Write a set to train on: images without names, what readers accepted, dismissed and missed; none is locked."""
    from kerma.areas.flagging import feedback_export
    from kerma.areas.flagging.queries_models import model_named

    kernel = ctx.obj.kernel()
    model_id = None
    if model:
        with kernel.database.read() as connection:
            model_id = model_named(connection, model).id
    with acting(kernel, login, "export_feedback") as actor:
        done = feedback_export.export(kernel, actor, out=out, model_id=model_id)
    for one in done.refused:
        typer.echo(f"refused: {one['sha256'][:12]}: {one['reason']}", err=True)
    _tell(done.as_json(), f"{done.images} images with {done.answers} answers of readers: {out}", as_json)
    return EXIT_REFUSED if done.refused else 0


@feedback.command("show")
def show(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(help="NAME@VERSION.")],
    as_json: Json = False,
) -> int:
    """Show how often readers accepted, dismissed and missed marks of a model, and why."""
    from kerma.areas.flagging.queries_feedback import counts
    from kerma.areas.flagging.queries_models import model_named

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        rows = counts(connection, model_named(connection, model).id)
    if as_json:
        typer.echo(json.dumps({"feedback": rows}, allow_nan=False))
        return 0
    for row in rows:
        order = "reader first" if row["reader_first"] else "marks shown first"
        typer.echo(f"{row['times']:6}  {row['answer']:10}{order:18}{row['reason']}")
    return 0


@models.command("lock")
def lock(
    ctx: typer.Context,
    images: Annotated[Path, typer.Option("--images", help="Folder of the test images.", exists=True, file_okay=False)],
    image_set: Annotated[str, typer.Option("--set", help="Name of the test set.")],
    login: Login = "",
    as_json: Json = False,
) -> int:
    """Lock images for tests: no feedback set will ever hold one of them, or a changed copy of it."""
    from kerma.areas.flagging import feedback_export
    from kerma.areas.flagging.actions_feedback import lock_images
    from kerma.areas.flagging.commands_detect import images_of
    from kerma.formats.guard import GuardedReader

    kernel = ctx.obj.kernel()
    with acting(kernel, login, "lock_images") as actor:
        with GuardedReader() as reader:
            paths = list(through(images_of([images]), f"Reading {images.name}"))
            found, refused = feedback_export.locked_of(reader, paths)
        new = lock_images(kernel, actor, image_set=image_set, images=found)
    for one in refused:
        typer.echo(f"refused: {one['path']}: {one['reason']}", err=True)
    told = {"set": image_set, "locked": new, "known": len(found) - new, "refused": refused}
    _tell(told, f"{new} images locked as {image_set}, {len(found) - new} were so already", as_json)
    return EXIT_REFUSED if refused else 0


@contextlib.contextmanager
def acting(kernel: Kernel, login: str, name: str) -> Iterator[Actor]:
    """Act as a person who signs in, else as the command line: whoever runs it holds the database and files anyway."""
    from kerma.areas.archive.commands_keeping import signed_in
    from kerma.kernel.identity import service

    if login:
        with signed_in(kernel, login) as actor:
            yield actor
    else:
        yield service("cli", f"flagging.{name}")


def _tell(document: dict[str, Any], words: str, as_json: bool) -> None:
    typer.echo(json.dumps(document, allow_nan=False) if as_json else words)
