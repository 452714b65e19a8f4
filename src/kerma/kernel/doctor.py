"""Looks whether an installation is in order, without changing it: what ``kerma doctor`` shows."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from kerma.errors import KermaError
from kerma.kernel import clock as clocks
from kerma.kernel.alarms import alarms
from kerma.kernel.backup_model import DONE, backup_run
from kerma.kernel.blobs import Blobs
from kerma.kernel.clock import Clock, SystemClock
from kerma.kernel.database import Database
from kerma.kernel.jobs import parked
from kerma.kernel.ledger import read_head
from kerma.kernel.migrate import HEAD, revision
from kerma.kernel.settings import Settings

GOOD, WARNING, BAD = "good", "warning", "bad"
GIB = 2**30
LITTLE_ROOM_GIB, NO_ROOM_GIB = 10.0, 1.0
LARGEST_CLOCK_DIFFERENCE_S = 2.0
OLD_BACKUP_DAYS = 7
PRIVATE_SUFFIXES = (".key", ".pem", ".p12", ".pfx")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and what to do when it is not good."""

    subject: str
    state: str
    detail: str


Look = Callable[[Settings, Database, Clock], Iterator[Finding]]


def examine(settings: Settings, clock: Clock | None = None) -> list[Finding]:
    """Look at everything; a look that fails is itself a finding."""
    database = Database(settings.database_url)
    findings: list[Finding] = []
    try:
        for subject, look in LOOKS.items():
            try:
                findings += look(settings, database, clock or SystemClock())
            except (KermaError, OSError, sa.exc.SQLAlchemyError) as error:
                reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
                findings.append(Finding(subject, BAD, f"{reason}; see the setting, then look again"))
    finally:
        database.close()
    return findings


def _home(settings: Settings, _: Database, __: Clock) -> Iterator[Finding]:
    home = settings.home
    if not home.is_dir():
        yield Finding("home", WARNING, f"{home} does not exist yet; the first start makes it")
        return
    is_writable = os.access(home, os.W_OK | os.X_OK)
    advice = "" if is_writable else f"; give it to the account Kerma runs under: chown -R ... {home}"
    told = f"{home} {'can' if is_writable else 'cannot'} be written{advice}"
    yield Finding("home", GOOD if is_writable else BAD, told)
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o007:
        yield Finding("home", WARNING, f"everybody on this machine can look into {home} ({mode:04o}); chmod 700 {home}")


def _database(settings: Settings, database: Database, _: Clock) -> Iterator[Finding]:
    if not _exists(database):
        yield Finding("database", WARNING, f"{database.url.database} does not exist yet; the first start makes it")
        return
    step = revision(database)
    shown = settings.shown()["database_url"]
    if step > HEAD:
        yield Finding("database", BAD, f"{shown} was made by a newer Kerma (step {step}, this one knows {HEAD})")
    elif step < HEAD:
        yield Finding("database", WARNING, f"{shown} is at step {step or 'none'}; the next start brings it to {HEAD}")
    else:
        yield Finding("database", GOOD, f"{shown} answers, at step {step}")


def _blobs(settings: Settings, _: Database, __: Clock) -> Iterator[Finding]:
    if settings.blobs_url.startswith("file:") and not settings.home.is_dir():
        return
    blobs = Blobs(settings.blobs_url, settings.blobs_tiers)
    probe = secrets.token_bytes(32)
    address = blobs.put(probe)
    try:
        is_same = blobs.get(address) == probe
    finally:
        blobs.delete(address)
    shown = settings.shown()["blobs_url"]
    told = "can be written, read and deleted" if is_same else "gives back other bytes than were written: do not use it"
    yield Finding("blobs", GOOD if is_same else BAD, f"{shown} {told}")


def _keys(settings: Settings, _: Database, __: Clock) -> Iterator[Finding]:
    folder = settings.home / "keys"
    private = [path for path in sorted(folder.glob("*")) if path.suffix in PRIVATE_SUFFIXES]
    for path in private:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Finding("keys", BAD, f"{path} can be read by others (mode {mode:04o}); chmod 600 {path}")
        else:
            yield Finding("keys", GOOD, f"{path} is private (mode {mode:04o})")
    if not private:
        yield Finding("keys", WARNING, f"{folder} holds no key yet; the first start makes one. Keep a copy elsewhere")


def _clock(_: Settings, database: Database, clock: Clock) -> Iterator[Finding]:
    now = clocks.text(clock.now())
    newest = ""
    if _exists(database) and revision(database):
        with database.read() as connection:
            head = read_head(connection)
            newest = head.at if head else ""
    if now < newest:
        yield Finding("clock", BAD, f"it is {now}, but the ledger's newest record is of {newest}; set the clock (NTP)")
        return
    if not database.is_sqlite:
        with database.read() as connection:
            theirs = connection.scalar(sa.select(sa.func.clock_timestamp()))
        difference_s = abs((clock.now() - theirs).total_seconds()) if theirs else 0.0
        if difference_s > LARGEST_CLOCK_DIFFERENCE_S:
            yield Finding("clock", WARNING, f"{difference_s:.1f} s from the database's clock; set both by NTP")
            return
    yield Finding("clock", GOOD, f"{now}")


def _room(settings: Settings, _: Database, __: Clock) -> Iterator[Finding]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free_gib = shutil.disk_usage(folder).free / GIB
    state = BAD if free_gib < NO_ROOM_GIB else WARNING if free_gib < LITTLE_ROOM_GIB else GOOD
    advice = "" if state == GOOD else "; make room, or move KERMA_HOME to a larger disk"
    yield Finding("disk", state, f"{free_gib:.1f} GiB free below {folder}{advice}")


def _jobs(_: Settings, database: Database, __: Clock) -> Iterator[Finding]:
    if not _exists(database) or revision(database) != HEAD:
        return
    with database.read() as connection:
        given_up = parked(connection)
    for row in given_up[:5]:
        yield Finding("jobs", WARNING, f"{row['name']} {row['key']} was given up (number {row['id']}): {row['error']}")
    if not given_up:
        yield Finding("jobs", GOOD, "none was given up")


def _alarms(_: Settings, database: Database, __: Clock) -> Iterator[Finding]:
    if not _exists(database) or revision(database) != HEAD:
        return
    with database.read() as connection:
        is_open = alarms(connection)
    for row in is_open[:5]:
        yield Finding("alarms", BAD, f"alarm {row['id']} of {row['raised_at'][:10]}: {row['kind']} {row['detail']}")
    if not is_open:
        yield Finding("alarms", GOOD, "none is open")


def _backups(_: Settings, database: Database, clock: Clock) -> Iterator[Finding]:
    if not _exists(database) or revision(database) != HEAD:
        return
    query = sa.select(sa.func.max(backup_run.c.ended_at)).where(backup_run.c.state == DONE)
    with database.read() as connection:
        newest = connection.scalar(query)
    if newest is None:
        yield Finding("backup", WARNING, "none was made yet; kerma backup --out <a folder on another disk>")
        return
    days = (clock.now() - clocks.moment(newest)).days
    state = GOOD if days <= OLD_BACKUP_DAYS else WARNING
    yield Finding("backup", state, f"the newest is of {newest[:16].replace('T', ' ')}, {days} days old")


def _exists(database: Database) -> bool:
    """Connecting to a SQLite file makes it, and looking must not."""
    return not database.is_sqlite or Path(database.url.database or "").exists()


LOOKS: dict[str, Look] = {
    "home": _home,
    "database": _database,
    "blobs": _blobs,
    "keys": _keys,
    "clock": _clock,
    "disk": _room,
    "jobs": _jobs,
    "alarms": _alarms,
    "backup": _backups,
}
"""What is looked at, in this order."""
