"""What is made ready outside a transaction: the chain to show, photos to keep, form and label to print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.custody import actions, paper, photo, queries
from kerma.errors import TooLarge, WrongUsage
from kerma.kernel import apart
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.identity import person
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from kerma.areas.custody.queries import Chain

MAY_KEEP_PHOTOS = ("custody.collect", "custody.seal", "custody.hand_over", "custody.accept")


def chain(kernel: Kernel, actor: Actor, number: str, *, purpose: str) -> Chain:
    """Return an item's chain; the ledger knows who looked at it and what for."""
    with kernel.database.read() as connection:
        item = queries.item_by_number(connection, number) if is_granted("custody.view", actor.permissions) else None
    actions.view(kernel, actor, item=item["number"] if item else "", purpose=purpose)
    with kernel.database.read() as connection:
        return queries.chain_of(connection, queries.item_by_number(connection, number), kernel.clock.now())


def colleagues(kernel: Kernel, actor: Actor) -> list[dict[str, str]]:
    """Return the persons an item can be handed over to, whoever hands over excepted."""
    if not is_granted("custody.hand_over", actor.permissions):
        refuse(kernel, actor, "custody.hand_over")
    active = sa.select(person.c.id, person.c.name).where(person.c.disabled_at.is_(None)).order_by(person.c.name)
    with kernel.database.read() as connection:
        found = [{"key": f"person:{row.id}", "name": row.name} for row in connection.execute(active)]
    return [one for one in found if one["key"] != actor.key]


def keep_photo(kernel: Kernel, actor: Actor, path: Path) -> str:
    """Keep a picture that was uploaded, if it is one; returns its SHA-256."""
    if not any(is_granted(name, actor.permissions) for name in MAY_KEEP_PHOTOS):
        refuse(kernel, actor, MAY_KEEP_PHOTOS[0])
    if path.stat().st_size > photo.MOST_BYTES:
        raise TooLarge(f"the photo is larger than {photo.MOST_BYTES / 1e6:.0f} MB: take a smaller one")
    data = path.read_bytes()
    apart.run(photo.check, data)
    return kernel.blobs.put(data)


def form(kernel: Kernel, actor: Actor, number: str) -> bytes:
    """Return the chain form of an item as PDF/A."""
    found = chain(kernel, actor, number, purpose="form")
    named = {row[name] for row in found.rows for name in ("photo_sha256", "signature_sha256")} - {""}
    photos = {sha256: apart.run(photo.small, kernel.blobs.get(sha256), paper.PHOTO_PX) for sha256 in sorted(named)}
    return apart.run(paper.form, found, kernel.clock.now(), actor.name, photos)


def label(kernel: Kernel, actor: Actor, numbers: Sequence[str], size: str) -> bytes:
    """Return labels of items as PDF/A."""
    if not numbers:
        raise WrongUsage("name the items whose labels are to be printed")
    labels = [paper.label_of(chain(kernel, actor, number, purpose="label")) for number in numbers]
    return apart.run(_label, labels, kernel.clock.now(), size)


def _label(labels: list[dict[str, str]], at: object, size: str) -> bytes:
    return paper.label(labels, at, size=size)  # type: ignore[arg-type]  # a process apart takes no named arguments
