"""Resolving the quarantine: a person looks at what was kept apart and lets it stay, discards it, or releases it.

Nothing is forced into an exam. A release runs the same rules again as when the bytes came: it succeeds where the reason
no longer holds (a newer Kerma can read them, the image in its place was deleted) or where the reason was that a person
must look, and is refused with the reason otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.actions_index import Received, index
from kerma.areas.archive.actions_keeping import demand_no_hold
from kerma.areas.archive.actions_receive import receive
from kerma.areas.archive.model import Arrival, Stored, image, quarantine
from kerma.areas.archive.rules import clean
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import blobs_removal
from kerma.kernel.action import Act, Actor, Kernel, action

KEEP, DISCARD, RELEASE = "keep", "discard", "release"
RESOLUTIONS = (KEEP, DISCARD, RELEASE)


def resolve_quarantine(
    kernel: Kernel, actor: Actor, *, quarantine_id: int, resolution: str, reason: str, industry: str = ""
) -> Stored | None:
    """Resolve one entry of the quarantine; returns what became of a released one.

    Raises
    ------
    WrongUsage
        There is no such resolution, or no reason is given.
    NotFound
        There is no such entry.
    Conflict
        It cannot be released: the reason it was kept apart for still holds.
    NotAllowed
        It cannot be discarded: a legal hold is on the exam that its image belongs to.
    """
    if resolution not in RESOLUTIONS:
        raise WrongUsage(f"the resolutions are {', '.join(RESOLUTIONS)}, not '{clean(resolution, 80)}'")
    if not reason.strip():
        raise WrongUsage("say why: the reason stands in the ledger's record by its number and beside the entry")
    received = _received_again(kernel, actor, quarantine_id, industry) if resolution == RELEASE else None
    stored = _resolve(
        kernel, actor, quarantine_id=quarantine_id, resolution=resolution, reason=reason, received=received
    )
    if resolution == DISCARD:
        blobs_removal.remove_asked(kernel)
    return stored


def _received_again(kernel: Kernel, actor: Actor, quarantine_id: int, industry: str) -> Received:
    """Look at the bytes as if they came now; a person has decided that they may return."""
    with kernel.database.read() as connection:
        row = _entry(connection, quarantine_id)
    sidecar = kernel.blobs.get(row["sidecar_sha256"]) if row["sidecar_sha256"] else None
    path = kernel.blobs.local_path(row["sha256"])
    data = kernel.blobs.get(row["sha256"]) if path is None else path
    arrival = Arrival(data, row["file_name"], industry or None, sidecar, from_="quarantine")
    return replace(receive(kernel, actor, arrival), file_name=row["file_name"], returns=True)


@action("archive.resolve_quarantine")
def _resolve(act: Act, *, quarantine_id: int, resolution: str, reason: str, received: Received | None) -> Stored | None:
    """Resolve what stands in the quarantine: let it stay, discard it, or release it into its exam."""
    row = _entry(act.connection, quarantine_id)
    act.record(quarantine_id=quarantine_id, sha256=row["sha256"], kept_apart_for=row["reason"])
    if resolution == KEEP:
        noted = {"kept_reason": clean(reason), "kept_by": act.actor.key, "kept_at": act.at_text}
        act.connection.execute(sa.update(quarantine).where(quarantine.c.id == quarantine_id).values(noted))
        act.record(result="kept")
        return None
    act.connection.execute(sa.delete(quarantine).where(quarantine.c.id == quarantine_id))
    if received is None:
        exam_pk = _exam_of(act, row["image_uid"])
        if exam_pk is not None:
            demand_no_hold(act, exam_pk)
        blobs_removal.ask(act, (row["sha256"], row["sidecar_sha256"]))
        act.record(result="discarded", sidecar_sha256=row["sidecar_sha256"])
        return None
    if received.sha256 != row["sha256"]:
        raise Conflict(f"entry {quarantine_id} of the quarantine changed while it was looked at: try again")
    stored = index.within(act, received=received)
    if stored.outcome == "quarantined":
        raise Conflict(f"entry {quarantine_id} stays in the quarantine: {stored.reason}")
    act.record(result="released", image_pk=stored.image_pk)
    return stored


def _exam_of(act: Act, image_uid: str) -> int | None:
    found = sa.select(image.c.exam_pk).where(image.c.uid == image_uid)
    return act.connection.execute(found).scalar_one_or_none() if image_uid else None


def _entry(connection: sa.Connection, quarantine_id: int) -> dict[str, Any]:
    found = connection.execute(sa.select(quarantine).where(quarantine.c.id == quarantine_id)).mappings().one_or_none()
    if found is None:
        raise NotFound(f"there is no entry {quarantine_id} in the quarantine; `kerma archive quarantine` lists them")
    return dict(found)
