"""A check of the archive finds every difference, and takes an interrupted arrival for none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from films import Archive, film
from kerma.areas.archive import actions
from kerma.areas.archive.model import image, quarantine
from kerma.areas.archive.queries_check import CheckReport
from kerma.errors import NotAllowed
from kerma.kernel.action import Actor
from kerma.kernel.blobs import key_of


@pytest.fixture
def filled(archive: Archive) -> Archive:
    for number in (1, 2, 3):
        archive.ingest(film(image=number))
    archive.ingest(b"junk")
    archive.ingest(film(image=1, StudyDescription="other"))
    return archive


def check(archive: Archive) -> CheckReport:
    return actions.check(archive.kernel, archive.actor)


def flip(archive: Archive, sha256: str) -> None:
    path = archive.kernel.settings.home / "blobs" / key_of(sha256)
    path.chmod(0o640)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def write(archive: Archive, statement: sa.Executable) -> None:
    with archive.kernel.database.write() as connection:
        connection.execute(statement)


def test_an_untouched_archive_is_unaltered(filled: Archive) -> None:
    report = check(filled)
    assert report.is_unaltered
    assert (report.blobs, report.arrivals) == (5, 5)
    assert report.interrupted == []
    details = filled.records()[-1]["details"]
    assert details["is_unaltered"] is True
    assert (details["blobs"], details["missing"]) == (5, 0)


def _flip(archive: Archive, row: dict) -> None:
    flip(archive, row["sha256"])


def _remove(archive: Archive, row: dict) -> None:
    archive.kernel.blobs.delete(row["sha256"])


def _delete_row(archive: Archive, row: dict) -> None:
    write(archive, sa.delete(image).where(image.c.id == row["id"]))


def _point_elsewhere(archive: Archive, row: dict) -> None:
    other = archive.rows(sa.select(image))[-1]["sha256"]
    write(archive, sa.update(image).where(image.c.id == row["id"]).values(sha256=other))


def _add_row(archive: Archive, row: dict) -> None:
    copied = {name: value for name, value in row.items() if name != "id"} | {"uid": "1.2.3.4"}
    write(archive, sa.insert(image).values(copied))


@pytest.mark.parametrize(
    ("tamper", "kinds"),
    [
        (_flip, {"altered"}),
        (_remove, {"missing"}),
        (_delete_row, {"lost", "interrupted"}),
        (_point_elsewhere, {"lost", "unrecorded", "interrupted"}),
        (_add_row, {"unrecorded"}),
    ],
)
def test_every_difference_is_found(filled: Archive, tamper: Callable[[Archive, dict], None], kinds: set[str]) -> None:
    row = filled.rows(sa.select(image).order_by(image.c.id))[1]
    tamper(filled, row)
    report = check(filled)
    assert not report.is_unaltered
    lists = ("missing", "altered", "lost", "unrecorded", "interrupted")
    assert {name for name in lists if getattr(report, name)} == kinds
    assert row["sha256"] in str(report.as_json()) or "unrecorded" in kinds
    assert filled.records()[-1]["details"]["is_unaltered"] is False


def test_the_quarantine_is_checked_too(filled: Archive) -> None:
    row = filled.rows(sa.select(quarantine))[0]
    flip(filled, row["sha256"])
    (entry,) = check(filled).altered
    assert entry == {"sha256": row["sha256"], "where": f"quarantine {row['id']}"}


def test_bytes_that_were_never_acknowledged_are_no_difference(filled: Archive) -> None:
    sha256 = filled.kernel.blobs.put(b"the power went here")
    report = check(filled)
    assert report.is_unaltered
    assert report.interrupted == [sha256]
    filled.ingest(b"the power went here")
    assert check(filled).interrupted == []


def test_progress_reaches_the_end(filled: Archive) -> None:
    seen: list[tuple[int, int]] = []
    actions.check(filled.kernel, filled.actor, lambda done, total: seen.append((done, total)))
    assert seen == [(number, 5) for number in range(1, 6)]


def test_nobody_checks_without_permission(filled: Archive, stranger: Actor) -> None:
    with pytest.raises(NotAllowed):
        actions.check(filled.kernel, stranger)
