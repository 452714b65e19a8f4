"""The quarantine is resolved by persons: kept apart, discarded, or released where the reason holds no longer."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from films import Archive, film
from kerma.areas.archive import actions_deletion, actions_keeping, queries_check
from kerma.areas.archive.actions_quarantine import resolve_quarantine
from kerma.areas.archive.model import Stored, image, quarantine
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor
from kerma.kernel.clock import HeldClock


def resolve(archive: Archive, number: int | None, resolution: str, **more: str) -> Stored | None:
    assert number is not None
    given = {"reason": "looked at", **more}
    return resolve_quarantine(archive.kernel, archive.actor, quarantine_id=number, resolution=resolution, **given)


def check(archive: Archive) -> None:
    report = queries_check.check(archive.kernel)
    assert report.is_unaltered, report
    assert report.interrupted == []


def test_keeping_apart_notes_who_and_why(archive: Archive) -> None:
    stored = archive.ingest(b"junk")
    assert resolve(archive, stored.quarantine_id, "keep", reason="a voice memo, not ours") is None
    (row,) = archive.rows(sa.select(quarantine))
    assert (row["kept_reason"], row["kept_by"]) == ("a voice memo, not ours", "person:1")
    assert archive.kernel.blobs.exists(stored.sha256)
    assert archive.records("archive.resolve_quarantine")[-1]["details"]["result"] == "kept"
    check(archive)


def test_discarding_removes_row_and_bytes_and_the_ledger_keeps_the_hash(archive: Archive) -> None:
    stored = archive.ingest(b"junk")
    resolve(archive, stored.quarantine_id, "discard", reason="Dupont's voice memo")
    assert archive.count(quarantine) == 0
    assert not archive.kernel.blobs.exists(stored.sha256)
    details = archive.records("archive.resolve_quarantine")[-1]["details"]
    assert (details["result"], details["sha256"]) == ("discarded", stored.sha256)
    assert "Dupont" not in str(archive.records()), "a reason may name people: it stays out of the ledger"
    check(archive)
    assert archive.ingest(b"junk").outcome == "quarantined"
    check(archive)


def test_a_release_runs_the_rules_again(archive: Archive) -> None:
    archive.ingest(film(image=1))
    other = archive.ingest(film(image=1, StudyDescription="other"))
    with pytest.raises(Conflict, match="other bytes is kept already"):
        resolve(archive, other.quarantine_id, "release")
    junk = archive.ingest(b"junk")
    with pytest.raises(Conflict, match="not an image"):
        resolve(archive, junk.quarantine_id, "release")
    stranger = archive.ingest(film(image=5, PatientID="P-99"))
    with pytest.raises(Conflict, match="another subject"):
        resolve(archive, stranger.quarantine_id, "release")
    assert archive.count(quarantine) == 3
    check(archive)


def test_what_was_deleted_returns_when_a_person_says_so(archive: Archive, clock: HeldClock) -> None:
    first = archive.ingest(film(image=1))
    other = archive.ingest(film(image=1, StudyDescription="other"))
    actions_keeping.add_retention_rule(
        archive.kernel, archive.actor, industry="medical", kept_days=1, source="a contract"
    )
    clock.advance(10 * 86_400)
    actions_deletion.delete(archive.kernel, archive.actor, exam_pk=first.exam_pk)
    check(archive)
    back = archive.ingest(film(image=1))
    assert back.outcome == "quarantined"
    released = resolve(archive, back.quarantine_id, "release", industry="medical", reason="the court asks for it")
    assert released is not None
    assert (released.outcome, released.image_pk) == ("stored", 2)
    assert [row["id"] for row in archive.rows(sa.select(quarantine))] == [other.quarantine_id]
    assert archive.kernel.blobs.check(back.sha256)
    assert [record["action"] for record in archive.records()][-2:] == ["archive.ingest", "archive.resolve_quarantine"]
    check(archive)
    with pytest.raises(Conflict, match="other bytes"):
        resolve(archive, other.quarantine_id, "release", industry="medical")


def test_a_hold_on_the_exam_keeps_what_came_for_it(archive: Archive) -> None:
    first = archive.ingest(film(image=1))
    other = archive.ingest(film(image=1, StudyDescription="other"))
    actions_keeping.hold(archive.kernel, archive.actor, target="exam", thing=first.exam_uid, reason="law suit")
    with pytest.raises(NotAllowed, match="legal hold"):
        resolve(archive, other.quarantine_id, "discard")
    assert archive.count(quarantine) == 1
    assert archive.kernel.blobs.check(other.sha256)
    assert archive.count(image) == 1


def test_what_makes_no_sense_is_refused(archive: Archive, stranger: Actor) -> None:
    stored = archive.ingest(b"junk")
    with pytest.raises(WrongUsage, match="keep, discard, release"):
        resolve(archive, stored.quarantine_id, "burn")
    with pytest.raises(WrongUsage, match="say why"):
        resolve(archive, stored.quarantine_id, "discard", reason=" ")
    for resolution in ("keep", "discard", "release"):
        with pytest.raises(NotFound):
            resolve(archive, 99, resolution)
    with pytest.raises(NotAllowed):
        resolve_quarantine(archive.kernel, stranger, quarantine_id=1, resolution="discard", reason="x")
    assert archive.count(quarantine) == 1
