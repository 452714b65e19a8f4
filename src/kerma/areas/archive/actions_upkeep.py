"""What the archive does for itself, by standing jobs: moving exams to storage tiers, and hashing everything anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import queries_keeping
from kerma.areas.archive import rules_keeping as keeping
from kerma.areas.archive.model import exam
from kerma.areas.archive.model_keeping import exam_place, scrub_state
from kerma.errors import NotFound
from kerma.kernel import alarms, blobs_tiers, clock
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.backup_restore import BackupRestored
from kerma.kernel.blobs import blob_columns
from kerma.kernel.blobs_removal import blob_removal
from kerma.kernel.database import metadata
from kerma.kernel.permissions import is_granted

NOTED_AT_ONCE = 200
"""Blobs hashed between two notes of the scrub's progress: what a kill makes it hash twice at most."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Due:
    """An exam whose bytes belong into a tier by today's rules."""

    exam_pk: int
    exam_uid: str
    industry: str
    tier: str
    rule_id: int
    image_count: int
    size_bytes: int


def due_moves(kernel: Kernel) -> Iterator[Due]:
    """Yield the exams that tier rules would move now, oldest first: the dry run, and what the job works off."""
    now = kernel.clock.now()
    with kernel.database.read() as connection:
        rules = queries_keeping.tier_rules(connection)
        industries = {rule.industry for rule in rules}
        if not rules:
            return
        until = now - timedelta(days=min(rule.after_days for rule in rules) - 1)
        for row in queries_keeping.exams_to_keep(connection, industries, clock.text(until)):
            rule = keeping.tier_of(row["industry"], queries_keeping.arrived_on(row), now.date(), rules)
            if rule is None or (row["place_tier"], row["place_image_count"]) == (rule.tier, row["image_count"]):
                continue
            size_bytes = queries_keeping.size_of(queries_keeping.images_to_keep(connection, row["id"]))
            yield Due(row["id"], row["uid"], row["industry"], rule.tier, rule.id, row["image_count"], size_bytes)


def move_due(kernel: Kernel, actor: Actor, progress: Progress = lambda done, total: None) -> list[Due]:
    """Move every exam that is due; a run that is killed is simply started again and loses nothing."""
    if not is_granted(_record_move.name, actor.permissions):
        refuse(kernel, actor, _record_move.name)
    due = list(due_moves(kernel))
    for number, one in enumerate(due, start=1):
        _move(kernel, actor, one)
        progress(number, len(due))
    return due


def _move(kernel: Kernel, actor: Actor, due: Due) -> None:
    """Move an exam's bytes, then note where they are: reading finds them wherever they lie meanwhile."""
    with kernel.database.read() as connection:
        images = queries_keeping.images_to_keep(connection, due.exam_pk)
    addresses = sorted({row[name] for row in images for name in ("sha256", "sidecar_sha256")} - {""})
    moved: list[str] = []
    for address in addresses:
        try:
            blobs_tiers.move(kernel.blobs, address, due.tier)
        except NotFound:
            if not _is_named(kernel, address):
                continue  # deleted since the list was made
            raise
        moved.append(address)
    _record_move(kernel, actor, due=due, addresses=moved, image_count=len(images))


def _is_named(kernel: Kernel, address: str) -> bool:
    from kerma.kernel.blobs_removal import named_addresses

    with kernel.database.read() as connection:
        return bool(named_addresses(connection, [address]))


@action("archive.move")
def _record_move(act: Act, *, due: Due, addresses: list[str], image_count: int) -> None:
    """Move an exam's bytes to a storage tier, as a rule says."""
    listed = "".join(f"{address}\n" for address in addresses)
    digest = hashlib.sha256(listed.encode("ascii")).hexdigest()
    act.record(exam_pk=due.exam_pk, tier=due.tier, rule_id=due.rule_id, blobs=len(addresses), blobs_digest=digest)
    # a copy may have come into being after the deletion of its original: it is removed as well
    again = sa.update(blob_removal).where(blob_removal.c.sha256 == sa.bindparam("address")).values(removed_at="")
    for address in addresses:
        act.connection.execute(again, {"address": address})
    if act.connection.execute(sa.select(exam.c.id).where(exam.c.id == due.exam_pk)).first() is None:
        return
    act.connection.execute(sa.delete(exam_place).where(exam_place.c.exam_pk == due.exam_pk))
    values = {"tier": due.tier, "image_count": image_count, "size_bytes": due.size_bytes, "moved_at": act.at_text}
    act.connection.execute(sa.insert(exam_place).values(exam_pk=due.exam_pk, **values))


def on_backup_restored(act: Act, _: BackupRestored) -> None:
    """Forget where exams were moved to: a restore brings all bytes into the hot place; the rules move them again."""
    act.connection.execute(sa.delete(exam_place))


@dataclass(frozen=True)
class Scrubbed:
    """What one day of the scrub did."""

    hashed: int
    size_bytes: int
    differences: int
    round: int
    """How often the scrub has begun to go through everything."""


def scrub(kernel: Kernel, actor: Actor, *, share: int = 0, progress: Progress = lambda done, total: None) -> Scrubbed:
    """Hash a day's share of everything kept, going on where the last one ended; raise an alarm on each difference.

    ``share`` is the number of blobs; 0 takes the share of KERMA_SCRUB_DAYS.
    """
    if not is_granted(_note_scrub.name, actor.permissions):
        refuse(kernel, actor, _note_scrub.name)
    place = _Walk.resume(kernel)
    wanted = share or keeping.share_of(place.rows, kernel.settings.scrub_days)
    hashed = size_bytes = differences = 0
    while hashed < wanted and (batch := place.next(min(NOTED_AT_ONCE, wanted - hashed))):
        for address, where in batch:
            kind = _difference(kernel, address)
            if kind:
                differences += 1
                _raise(kernel, actor, kind, address, where)
            else:
                size_bytes += kernel.blobs.size(address) if kernel.blobs.exists(address) else 0
        hashed += len(batch)
        _note_scrub(kernel, actor, place=place.values(kernel), hashed=len(batch), differences=differences)
        progress(hashed, wanted)
    return Scrubbed(hashed, size_bytes, differences, place.round)


def _difference(kernel: Kernel, address: str) -> str:
    """Return what is wrong with a blob: "altered", "missing", or nothing; what was deleted meanwhile is not missing."""
    try:
        if kernel.blobs.check(address):
            return ""
    except (NotFound, FileNotFoundError):
        pass
    if kernel.blobs.exists(address):
        return "altered"
    return "missing" if _is_named(kernel, address) else ""


def _raise(kernel: Kernel, actor: Actor, kind: str, address: str, where: str) -> None:
    words = {"altered": "its bytes no longer have their SHA-256", "missing": "its bytes are gone"}
    detail = f"{where}: {words[kind]}; restore them from a backup, then run `kerma archive check`"
    raiser = Actor(actor.kind, actor.id, actor.name, actor.permissions | {alarms.raise_alarm.name})
    alarms.raise_alarm(kernel, raiser, kind=f"blob-{kind}", thing=address, detail=detail)


@action("archive.scrub")
def _note_scrub(act: Act, *, place: dict[str, Any], hashed: int, differences: int) -> None:
    """Hash a share of everything kept anew, and raise an alarm on the first difference."""
    values = place | {"at": act.at_text}
    if act.connection.execute(sa.update(scrub_state).where(scrub_state.c.id == 1).values(values)).rowcount == 0:
        act.connection.execute(sa.insert(scrub_state).values(id=1, **values))
    act.record(hashed=hashed, differences=differences, round=place["round"])


class _Walk:
    """Goes through the rows of every column that holds addresses, column by column, in the order of their keys."""

    def __init__(self, kernel: Kernel, kept: dict[str, Any] | None) -> None:
        self._kernel = kernel
        self._columns = blob_columns(metadata)
        self._names = [f"{column.table.name}.{column.name}" for column in self._columns]
        now = clock.text(kernel.clock.now())
        self.round = kept["round"] if kept else 1
        self._begun_at = kept["round_begun_at"] if kept else now
        self._ended_at = kept["round_ended_at"] if kept else ""
        self._in_round = kept["in_round"] if kept else 0
        known = kept is not None and kept["column"] in self._names
        self._at = self._names.index(kept["column"]) if kept is not None and known else 0
        self._last = kept["last_key"] if kept is not None and known else 0
        self._start = self._last
        self._changes = 0
        """How often this run has gone on to another column: it ends where it began, a round later at most."""
        self.rows = self._count()

    @classmethod
    def resume(cls, kernel: Kernel) -> _Walk:
        """Return the walk where the last scrub left it."""
        with kernel.database.read() as connection:
            return cls(kernel, queries_keeping.scrub_progress(connection))

    def next(self, limit: int) -> list[tuple[str, str]]:
        """Return the next addresses, each with the row it stands in; none once this run has seen everything."""
        while True:
            found = self._fetch(limit)
            if found or self._changes >= len(self._columns):
                return found
            self._next_column()

    def values(self, kernel: Kernel) -> dict[str, Any]:
        """Return where the walk stands, as a row."""
        return {
            "round": self.round,
            "column": self._names[self._at],
            "last_key": self._last,
            "in_round": self._in_round,
            "round_begun_at": self._begun_at,
            "round_ended_at": self._ended_at,
        }

    def _fetch(self, limit: int) -> list[tuple[str, str]]:
        column = self._columns[self._at]
        key = next(iter(column.table.primary_key))
        statement = sa.select(key, column).where(key > self._last, column != "", column.is_not(None))
        if self._changes >= len(self._columns):
            statement = statement.where(key <= self._start)
        with self._kernel.database.read() as connection:
            rows = connection.execute(statement.order_by(key).limit(limit)).all()
        if rows:
            self._last = rows[-1][0]
            self._in_round += len(rows)
        return [(address, f"{column.table.name} {row_key}") for row_key, address in rows]

    def _next_column(self) -> None:
        self._at, self._last = (self._at + 1) % len(self._columns), 0
        self._changes += 1
        if self._at == 0:
            now = clock.text(self._kernel.clock.now())
            self.round += 1
            self._in_round, self._begun_at, self._ended_at = 0, now, now

    def _count(self) -> int:
        """Return about how many addresses there are: keys count up, so the last one of each column says it."""
        with self._kernel.database.read() as connection:
            last = [connection.scalar(sa.select(sa.func.max(next(iter(column.table.primary_key)))).where(
                column != "", column.is_not(None))) for column in self._columns]  # fmt: skip
        return sum(one or 0 for one in last)
