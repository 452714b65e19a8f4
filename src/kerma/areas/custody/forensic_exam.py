"""The forensic checks of an exam: its images, and the same picture anywhere in the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries import exam_by_pk, image_by_pk, images_of_exam
from kerma.areas.archive.queries_pixels import read_image, reader
from kerma.areas.custody import forensic_look as looking
from kerma.areas.custody import queries_forensic
from kerma.areas.custody.actions_forensic import run_forensics
from kerma.errors import KermaError, NotFound
from kerma.kernel.action import refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.areas.custody.forensic_look import Looked, Tick
    from kerma.kernel.action import Actor, Kernel

IMAGES_MAX = 32
"""Images of an exam that are looked at; the slices of a CT are of one kind."""
DUTY = "forensics"


def examine(kernel: Kernel, actor: Actor, *, exam_pk: int, tick: Tick = lambda words: None) -> dict[str, Any]:
    """Run the checks on an exam and keep what they found; returns it as :func:`queries_forensic.latest`.

    Raises
    ------
    NotFound
        There is no such exam.
    NotAllowed
        The permission is missing.
    """
    if not is_granted(run_forensics.name, actor.permissions):
        refuse(kernel, actor, run_forensics.name)
    with kernel.database.read() as connection:
        found = exam_by_pk(connection, exam_pk)
        rows = [row for row in images_of_exam(connection, exam_pk, WHOLE) if row["kind"] == "image"]
        others = queries_forensic.compared_with(connection, exam_pk)
    if found is None:
        raise NotFound(f"there is no exam {exam_pk}")
    looked = []
    for row in rows[:IMAGES_MAX]:
        tick(row["file_name"])
        looked.append(_look(kernel, row))
    duplicates = _duplicates(kernel, looked, tick)
    left = [f"{len(rows) - IMAGES_MAX} more images of the exam"] if len(rows) > IMAGES_MAX else []
    left += _unprinted(kernel)
    document = looking.document_of(looked, duplicates, looking.told(looked, others), left)
    run_forensics(kernel, actor, exam_pk=exam_pk, document=document)
    with kernel.database.read() as connection:
        return queries_forensic.latest(connection, exam_pk) or {}


def _look(kernel: Kernel, row: dict[str, Any]) -> Looked:
    known = {"image_pk": row["id"], "sha256": row["sha256"], "received_at": row["received_at"]}
    sidecar = kernel.blobs.get(row["sidecar_sha256"]) if row["sidecar_sha256"] else None
    return looking.look(reader(DUTY), kernel.blobs.get(row["sha256"]), row["file_name"], sidecar, known)


def _duplicates(kernel: Kernel, looked: list[Looked], tick: Tick) -> list[dict[str, Any]]:
    """Return the pictures of the archive that show the same as one of these, the pixels compared."""
    whole = [one for one in looked if one.sought]
    with kernel.database.read() as connection:
        near = queries_forensic.near(
            connection, [one.sought for one in whole], [one.facts["image_pk"] for one in whole]
        )
    found, seen = [], set()
    for one, candidates in zip(whole, near, strict=True):
        for image_pk, _, bits in candidates:
            pair = frozenset((one.facts["image_pk"], image_pk))
            if pair in seen:
                continue
            seen.add(pair)
            tick(f"comparing {one.name}")
            if compared := _compared(kernel, one, image_pk, bits):
                found.append(compared)
    return found


def _compared(kernel: Kernel, one: Looked, image_pk: int, bits: int) -> dict[str, Any] | None:
    """Return what two pictures share; None where it is nothing, or one of them cannot be read."""
    with kernel.database.read() as connection:
        own, other = image_by_pk(connection, one.facts["image_pk"]), image_by_pk(connection, image_pk)
    if own is None or other is None:
        return None
    try:
        planes = [looking.middle_plane(read_image(kernel, row, duty=DUTY)) for row in (own, other)]
    except KermaError:
        return None
    traces = looking.same_pictures(planes[0], planes[1], other["file_name"])
    if not any(trace.is_found for trace in traces):
        return None
    return {
        "image": one.name,
        "image_pk": own["id"],
        "other": other["file_name"],
        "other_image_pk": other["id"],
        "other_exam_pk": other["exam_pk"],
        "is_same_exam": other["exam_pk"] == own["exam_pk"],
        "distance_bits": bits,
        "traces": [trace.as_json() for trace in traces],
    }


def _unprinted(kernel: Kernel) -> list[str]:
    from kerma.areas.custody.jobs_forensic import waiting_count

    with kernel.database.read() as connection:
        count = waiting_count(connection)
    return [f"{count} exams whose fingerprints are still to be made"] if count else []
