"""All that changes the archive beside its index and deletion: ingest, opening an exam, export, the check."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import queries, queries_check, queries_sight, rules
from kerma.areas.archive.actions_index import Received, index
from kerma.areas.archive.actions_receive import receive
from kerma.areas.archive.model import Arrival, Stored, opening
from kerma.areas.archive.queries_check import CheckReport
from kerma.errors import Altered, Conflict, KermaError, NotAllowed, NotFound, Withheld
from kerma.kernel import clock
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import sight_of

AHEAD_THREADS = 8
"""Files read, hashed and flushed at the same time; most of it is waiting for the disk."""
AHEAD_FILES = 64
"""Files that may be durable and wait for the index; also the most that share one transaction."""
GATHER_S = 0.02
"""How long the index waits for the next file of a run, so that more of them share one flush of the disk."""


def ingest(kernel: Kernel, actor: Actor, *, source: Arrival) -> Stored:
    """Take one arrival into the archive; when this returns, bytes, index and ledger record survive a power cut.

    Raises
    ------
    WrongUsage
        The industry is neither stated nor told by the file, or is unknown.
    Altered
        Other bytes stand under the address of these: the store has been damaged.
    """
    return index(kernel, actor, received=receive(kernel, actor, source))


def ingest_many(kernel: Kernel, actor: Actor, sources: Iterable[Arrival]) -> Iterator[Stored]:
    """Take arrivals that are all there into the archive, in their order, each yielded once it is durable.

    Bytes are read, hashed and flushed by a few threads ahead of the index, and all that is ready by the time the
    index is free shares one transaction; each arrival still is an action with a ledger record of its own. An arrival
    that cannot be kept at all (no industry, a file that cannot be opened) is yielded with the outcome "refused".
    """
    waiting: deque[tuple[Arrival, Future[Received]]] = deque()
    arriving = iter(sources)
    with ThreadPoolExecutor(AHEAD_THREADS, thread_name_prefix="kerma-ingest") as pool:
        try:
            while True:
                for source in arriving:
                    waiting.append((source, pool.submit(receive, kernel, actor, source)))
                    if len(waiting) >= AHEAD_FILES:
                        break
                if not waiting:
                    return
                yield from _index_ready(kernel, actor, waiting)
        finally:
            for _, future in waiting:
                future.cancel()


def _index_ready(kernel: Kernel, actor: Actor, waiting: deque[tuple[Arrival, Future[Received]]]) -> Iterator[Stored]:
    """Index the first of the queue and all that is ready behind it, in one transaction."""
    ready: list[tuple[Arrival, Received | Exception]] = []
    until_s = 0.0
    while waiting and (not ready or _is_done(waiting[0][1], until_s)):
        source, future = waiting.popleft()
        error = future.exception()
        until_s = until_s or time.monotonic() + GATHER_S
        ready.append((source, error if isinstance(error, Exception) else future.result()))
    calls = [{"received": received} for _, received in ready if isinstance(received, Received)]
    indexed = iter(index.group(kernel, actor, calls) if calls else ())
    for source, received in ready:
        result = next(indexed) if isinstance(received, Received) else received
        yield result if isinstance(result, Stored) else _refused(source, result)


def _is_done(future: Future[Received], until_s: float) -> bool:
    """Return whether a file is durable, waiting for it a little."""
    if not future.done():
        wait([future], timeout=max(0.0, until_s - time.monotonic()))
    return future.done()


def _refused(source: Arrival, error: Exception) -> Stored:
    """Turn what a sender can mend into an answer; anything else is a fault of ours and ends the run."""
    if isinstance(error, KermaError) and not isinstance(error, NotAllowed):
        return Stored("refused", source.file_name, "", 0, reason=str(error))
    raise error


@action("archive.view")
def view(act: Act, *, exam_pk: int | None, purpose: str) -> None:
    """Open an exam to see its images and records, or look through the lists of the archive."""
    if exam_pk is None:
        act.record(purpose=purpose)
        return
    if queries.exam_by_pk(act.connection, exam_pk) is None:
        raise NotFound(f"there is no exam {exam_pk}")
    same = (opening.c.actor_key == act.actor.key, opening.c.exam_pk == exam_pk)
    if act.connection.execute(sa.update(opening).where(*same).values(opened_at=act.at_text)).rowcount == 0:
        values = {"actor_key": act.actor.key, "exam_pk": exam_pk, "opened_at": act.at_text}
        act.connection.execute(sa.insert(opening).values(values))
    act.record(exam_pk=exam_pk, purpose=purpose)


def open_exam(kernel: Kernel, actor: Actor, *, exam_pk: int, purpose: str) -> None:
    """Make sure that what is shown of an exam now belongs to an opening that the ledger knows.

    One record is made for each actor, exam and opening: within ten minutes of it nothing is added, however many
    images are shown. The permission is checked every time.

    Raises
    ------
    Withheld
        Something of the exam is hidden from the actor, and the purpose is none whose door hides it (``HIDING``).
    """
    if is_granted(view.name, actor.permissions):
        with kernel.database.read() as connection:
            opened_at = queries.opened_at(connection, actor.key, exam_pk)
            demand_sight(connection, actor, exam_pk, purpose)
        if opened_at is not None and rules.is_same_opening(clock.moment(opened_at), kernel.clock.now()):
            return
    view(kernel, actor, exam_pk=exam_pk, purpose=purpose)


def end_openings(act: Act, exam_pk: int) -> None:
    """Have whoever goes on with an exam open it anew, as a part of the action under way: what they saw has changed."""
    act.connection.execute(sa.delete(opening).where(opening.c.exam_pk == exam_pk))


SEEING = frozenset({"reading", "review", "image", "measurement", "talk"})
"""Purposes whose doors show pixels made for reading in place of the images as they came, or no pixels at all."""
HIDING = SEEING | {"comparison", "dicomweb", "file", "report", "search", "volume"}
"""Purposes whose doors leave out what is hidden from an actor. With any other purpose an exam is not opened at all
while something of it is hidden, so that a new door tells nothing before somebody has thought of it."""


def demand_sight(connection: sa.Connection, actor: Actor, exam_pk: int, purpose: str) -> None:
    """Refuse to open an exam for a purpose whose door hides nothing, while something of it is hidden from the actor.

    Raises
    ------
    Withheld
        Something is hidden; the words are the same whatever there is.
    """
    if purpose in SEEING:
        return
    sight = sight_of(connection, actor, exam_pk)
    if not sight.originals:
        raise Withheld("this waits for your decision: decide the exam first, then open it")
    if purpose not in HIDING and not sight.is_whole:
        raise Withheld("this is withheld while you read the exam: record your own read first, see its state line")


def open_image(kernel: Kernel, actor: Actor, *, image_pk: int, purpose: str) -> dict[str, Any]:
    """Return an image whose exam the actor has opened; images shown in the same opening make no further record.

    Raises
    ------
    NotFound
        There is no such image; who lacks the permission is not told so.
    """
    with kernel.database.read() as connection:
        row = queries.image_by_pk(connection, image_pk)
        if row:
            row = next(iter(queries.as_seen(connection, [row], sight_of(connection, actor, row["exam_pk"]))), None)
            # what is hidden from the actor is answered as what is not there
    open_exam(kernel, actor, exam_pk=row["exam_pk"] if row else 0, purpose=purpose)
    if row is None:
        raise NotFound(f"there is no image {image_pk}")
    return row


def list_exams(kernel: Kernel, actor: Actor, *, search: queries.Search) -> queries.Page:
    """Return one page of exams; the ledger knows who looked."""
    view(kernel, actor, exam_pk=None, purpose="list of exams")
    with kernel.database.read() as connection:
        page = queries.exams(connection, search)
        rows = queries_sight.plain_exams(connection, actor, page.rows)
    wanted = search.modality
    return queries.Page([row for row in rows if not wanted or wanted in row["modalities"].split(",")], page.next_before)


def list_quarantine(kernel: Kernel, actor: Actor, *, before: int | None, limit: int) -> queries.Page:
    """Return one page of the quarantine; the ledger knows who looked."""
    view(kernel, actor, exam_pk=None, purpose="list of quarantine")
    with kernel.database.read() as connection:
        return queries.quarantined(connection, before, limit)


@action("archive.export")
def release(
    act: Act, *, exam_pk: int, purpose: str, to: str = "", images: Sequence[Mapping[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Let the bytes of an exam, or of some of its images, leave the archive.

    Called before the first byte leaves, once for each exam and association, request or export.

    Parameters
    ----------
    exam_pk : the exam
    purpose : why, a word of ours ("export", "dicomweb", "get", "move", "routing")
    to : whither, as a key that the ledger may hold (``node:3``); empty when it is the actor itself
    images : rows with ``id``, ``exam_pk`` and ``sha256``; all images of the exam when None

    Raises
    ------
    NotFound
        There is no such exam, or an image given is not of this exam.
    """
    sight = sight_of(act.connection, act.actor, exam_pk)
    rows = queries.images_of_exam(act.connection, exam_pk, sight) if images is None else [dict(row) for row in images]
    if not rows or any(row["exam_pk"] != exam_pk for row in rows):
        raise NotFound(f"there is no exam {exam_pk}" if not rows else f"an image named is not of exam {exam_pk}")
    listed = "".join(f"{row['sha256']}\n" for row in rows)
    digest = hashlib.sha256(listed.encode("ascii")).hexdigest()
    act.record(exam_pk=exam_pk, purpose=purpose, image_count=len(rows), images_digest=digest)
    if to:
        act.record(to=to)
    return rows


def export(kernel: Kernel, actor: Actor, *, exam_pk: int, folder: Path, purpose: str = "export") -> dict[str, Any]:
    """Write an exam's files into a folder, byte for byte as they came, with a manifest; returns the manifest.

    The ledger record comes first: bytes never leave without one. Every file is hashed again on its way out.

    Raises
    ------
    Conflict
        The folder holds an export already.
    Altered
        The bytes kept are no longer those that came; what was written so far stays for inspection.
    """
    if (folder / "manifest.json").exists():
        raise Conflict(f"{folder} holds an export already; choose another folder")
    rows = release(kernel, actor, exam_pk=exam_pk, purpose=purpose)
    files = [entry for row in rows for entry in _write_out(kernel, row, folder)]
    manifest = {
        "version": 1,
        "exam_uid": rows[0]["exam_uid"],
        "industry": rows[0]["industry"],
        "exported_at": clock.text(kernel.clock.now()),
        "files": files,
    }
    (folder / "SHA256SUMS").write_text("".join(f"{entry['sha256']}  {entry['path']}\n" for entry in files))
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return manifest


def _write_out(kernel: Kernel, row: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """Write one image, and the description that came with it, under names made of numbers and digests."""
    path = rules.export_name(row)
    size_bytes = _copy(kernel, row["sha256"], folder / path)
    yield {
        "path": path,
        "sha256": row["sha256"],
        "size_bytes": size_bytes,
        "image_uid": row["uid"],
        "series_uid": row["series_uid"],
        "file_name": row["file_name"],
        "received_at": row["received_at"],
    }
    if row["sidecar_sha256"]:
        beside = f"{path}.json"
        size_bytes = _copy(kernel, row["sidecar_sha256"], folder / beside)
        yield {"path": beside, "sha256": row["sidecar_sha256"], "size_bytes": size_bytes, "describes": path}


def _copy(kernel: Kernel, sha256: str, target: Path) -> int:
    digest, size_bytes = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        for chunk in kernel.blobs.stream(sha256):
            digest.update(chunk)
            size_bytes += file.write(chunk)
    if digest.hexdigest() != sha256:
        raise Altered(f"the bytes kept under {sha256} have changed: run `kerma archive check` and restore a backup")
    return size_bytes


@action("archive.check")
def _record_check(act: Act, *, report: CheckReport) -> None:
    """Re-hash everything in the archive and compare it with the index and the ledger."""
    found = {name: len(getattr(report, name)) for name in ("missing", "altered", "lost", "unrecorded", "interrupted")}
    act.record(blobs=report.blobs, arrivals=report.arrivals, is_unaltered=report.is_unaltered, **found)


def check(kernel: Kernel, actor: Actor, progress: Callable[[int, int], None] = lambda done, total: None) -> CheckReport:
    """Check the whole archive and record in the ledger what was found."""
    if not is_granted(_record_check.name, actor.permissions):
        refuse(kernel, actor, _record_check.name)
    report = queries_check.check(kernel, progress)
    _record_check(kernel, actor, report=report)
    return report
