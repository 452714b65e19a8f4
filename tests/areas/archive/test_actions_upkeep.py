"""Tiers by rule and the scrub: dry run first, nothing lost, everything hashed in turn, one alarm for one difference."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from films import Archive, film
from kerma.areas.archive import actions_keeping as keeping
from kerma.areas.archive import actions_upkeep as upkeep
from kerma.areas.archive import jobs_keeping, queries_check, queries_keeping
from kerma.areas.archive.model import image
from kerma.areas.archive.model_keeping import exam_place
from kerma.areas.archive.queries_find import Query, find
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import alarms
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.blobs import Blobs, key_of
from kerma.kernel.blobs_tiers import HOT, place_of
from kerma.kernel.clock import HeldClock

DAY_S = 86_400.0


@pytest.fixture
def kernel(kernel: Kernel, tmp_path: Path) -> Kernel:
    tiers = f"cold=file://{tmp_path}/cold,deep=file://{tmp_path}/deep"
    settings = replace(kernel.settings, blobs_tiers=tiers, scrub_days=4)
    return replace(kernel, settings=settings, blobs=Blobs(settings.blobs_url, tiers))


@pytest.fixture
def filled(archive: Archive) -> Archive:
    for number in (1, 2, 3):
        archive.ingest(film(exam=number))
        archive.ingest(film(exam=number, image=2))
    return archive


def rule(archive: Archive, after_days: int, tier: str = "cold", industry: str = "medical") -> int:
    return keeping.add_tier_rule(archive.kernel, archive.actor, industry=industry, after_days=after_days, tier=tier)


def lying(archive: Archive) -> list[str]:
    return [
        place_of(archive.kernel.blobs, row["sha256"]) for row in archive.rows(sa.select(image).order_by(image.c.id))
    ]


def test_exams_move_at_their_age_and_read_as_before(filled: Archive, clock: HeldClock) -> None:
    before = {row["sha256"]: filled.kernel.blobs.get(row["sha256"]) for row in filled.rows(sa.select(image))}
    rule(filled, 30)
    rule(filled, 60, "deep")
    rule(filled, 1, industry="ndt")
    clock.advance(29 * DAY_S)
    assert list(upkeep.due_moves(filled.kernel)) == []
    clock.advance(DAY_S)
    due = list(upkeep.due_moves(filled.kernel))
    assert [(one.exam_pk, one.tier, one.image_count) for one in due] == [(1, "cold", 2), (2, "cold", 2), (3, "cold", 2)]
    assert lying(filled) == [HOT] * 6, "a dry run moves nothing"
    jobs_keeping.move(filled.kernel)
    assert lying(filled) == ["cold"] * 6
    assert list(upkeep.due_moves(filled.kernel)) == []
    filled.ingest(film(exam=1, image=3))
    assert place_of(filled.kernel.blobs, filled.rows(sa.select(image).order_by(image.c.id))[-1]["sha256"]) == HOT
    clock.advance(30 * DAY_S)
    jobs_keeping.move(filled.kernel)
    assert lying(filled) == ["cold", "cold", "deep", "deep", "deep", "deep", "cold"]
    assert {address: filled.kernel.blobs.get(address) for address in before} == before
    assert queries_check.check(filled.kernel).is_unaltered
    with filled.kernel.database.read() as connection:
        places = queries_keeping.places(connection)
    assert [(row["tier"], row["exam_count"], row["image_count"]) for row in places] == [("cold", 1, 3), ("deep", 2, 4)]
    assert filled.records("archive.move")[0]["details"]["blobs"] == 2


def availability(archive: Archive, level: Any) -> list[str]:
    """Return what searches say of how soon exams or images can be had, the newest exam first."""
    with archive.kernel.database.read() as connection:
        return [row["00080056"]["Value"][0] for row in find(connection, Query(level))]


def test_searches_say_what_lies_in_a_tier(filled: Archive, clock: HeldClock) -> None:
    rule(filled, 30)
    assert availability(filled, "study") == ["ONLINE"] * 3
    clock.advance(30 * DAY_S)
    filled.ingest(film(exam=4))
    jobs_keeping.move(filled.kernel)
    assert availability(filled, "study") == ["ONLINE", "NEARLINE", "NEARLINE", "NEARLINE"]
    assert availability(filled, "image") == ["ONLINE"] + ["NEARLINE"] * 6
    assert availability(filled, "series") == ["ONLINE", "NEARLINE", "NEARLINE", "NEARLINE"]
    filled.ingest(film(exam=2, image=3))
    assert availability(filled, "study") == ["ONLINE", "NEARLINE", "ONLINE", "NEARLINE"], (
        "part of it can be had at once"
    )


def test_a_move_that_is_cut_off_is_completed(
    filled: Archive, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(filled, 0)
    real, calls = upkeep.blobs_tiers.move, []

    def cut(blobs: Blobs, sha256: str, tier: str) -> int:
        calls.append(sha256)
        if len(calls) == 4:
            raise OSError("the power is out")
        return real(blobs, sha256, tier)

    with monkeypatch.context() as patch:
        patch.setattr(upkeep.blobs_tiers, "move", cut)
        with pytest.raises(OSError, match="power"):
            jobs_keeping.move(filled.kernel)
    assert sorted(lying(filled)) == ["cold"] * 3 + [HOT] * 3
    assert filled.count(exam_place) == 1
    jobs_keeping.move(filled.kernel)
    assert lying(filled) == ["cold"] * 6
    assert filled.count(exam_place) == 3


def test_after_a_restore_everything_is_hot_and_moves_again(filled: Archive, tmp_path: Path) -> None:
    from kerma.kernel import backup, backup_restore
    from kerma.kernel.backup_restore import BackupRestored

    rule(filled, 0)
    jobs_keeping.move(filled.kernel)
    live = replace(filled.kernel, subscriptions={BackupRestored: (upkeep.on_backup_restored,)})
    made = backup.make(live, filled.actor, out=str(tmp_path / "backups"))
    assert made.manifest.blob_count == 6, "what lies in a tier is backed up as well"
    chosen = backup_restore.choose(backup_restore.Asked(str(tmp_path / "backups")))
    backup_restore.note_in_ledger(live, filled.actor, chosen)
    assert len(list(upkeep.due_moves(filled.kernel))) == 3


def test_tier_rules_name_tiers_that_are_there_and_can_be_ended(filled: Archive, stranger: Actor) -> None:
    for wrong in ({"tier": "attic"}, {"tier": HOT}, {"industry": "bakery"}, {"after_days": -1}):
        with pytest.raises(WrongUsage):
            rule(filled, **{"after_days": 1} | wrong)
    number = rule(filled, 0)
    keeping.end_tier_rule(filled.kernel, filled.actor, rule_id=number)
    assert list(upkeep.due_moves(filled.kernel)) == []
    with pytest.raises(NotAllowed):
        upkeep.move_due(filled.kernel, stranger)


def progress(archive: Archive) -> dict:
    with archive.kernel.database.read() as connection:
        return queries_keeping.scrub_progress(connection) or {}


def test_the_scrub_goes_round_in_its_days_and_looks_at_everything(
    filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.ingest(b"junk")
    looked: list[str] = []
    real = Blobs.check
    monkeypatch.setattr(Blobs, "check", lambda self, sha256: looked.append(sha256) or real(self, sha256))
    monkeypatch.setattr(upkeep, "NOTED_AT_ONCE", 1)
    for day in range(1, 5):
        jobs_keeping.scrub(filled.kernel)
        assert len(looked) == 2 * day
    everything = {row["sha256"] for row in filled.rows(sa.select(image))} | {looked[0]}
    assert set(looked) == everything
    assert len(looked[:7]) == len(everything)
    assert progress(filled)["round"] == 2
    assert sum(record["details"]["hashed"] for record in filled.records("archive.scrub")) == 8


def test_a_killed_scrub_goes_on_where_it_was(filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = upkeep._difference

    def cut(kernel: Kernel, address: str) -> str:
        if len(looked) == 3:
            looked.append("cut")
            raise OSError("the power is out")
        looked.append(address)
        return real(kernel, address)

    monkeypatch.setattr(upkeep, "_difference", cut)
    monkeypatch.setattr(upkeep, "NOTED_AT_ONCE", 2)
    with pytest.raises(OSError, match="power"):
        upkeep.scrub(filled.kernel, filled.actor, share=6)
    upkeep.scrub(filled.kernel, filled.actor, share=4)
    addresses = [row["sha256"] for row in filled.rows(sa.select(image).order_by(image.c.id))]
    assert looked == [*addresses[:3], "cut", *addresses[2:]], "what was noted is not hashed again"


def spoil(archive: Archive, sha256: str) -> None:
    path = archive.kernel.settings.home / "blobs" / key_of(sha256)
    path.chmod(0o640)
    path.write_bytes(b"?" + path.read_bytes()[1:])


def test_a_difference_raises_one_alarm_that_a_person_acknowledges(
    filled: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (row["sha256"] for row in filled.rows(sa.select(image).order_by(image.c.id))[:2])
    spoil(filled, first)
    filled.kernel.blobs.delete(second)
    with caplog.at_level(logging.ERROR):
        result = upkeep.scrub(filled.kernel, filled.actor, share=6)
    assert (result.hashed, result.differences) == (6, 2)
    assert "ALARM" in caplog.text
    with filled.kernel.database.read() as connection:
        found = alarms.alarms(connection)
    assert [(row["kind"], row["thing"]) for row in found] == [("blob-missing", second), ("blob-altered", first)]
    assert found[1]["detail"].startswith("image 1: its bytes no longer have their SHA-256")
    upkeep.scrub(filled.kernel, filled.actor, share=6)
    assert filled.count(alarms.alarm) == 2, "the same difference raises no second alarm"
    number = found[1]["id"]
    with pytest.raises(WrongUsage):
        alarms.acknowledge(filled.kernel, filled.actor, alarm_id=number, note=" ")
    alarms.acknowledge(filled.kernel, filled.actor, alarm_id=number, note="restored from the backup of Monday")
    with pytest.raises(Conflict):
        alarms.acknowledge(filled.kernel, filled.actor, alarm_id=number, note="again")
    with pytest.raises(NotFound):
        alarms.acknowledge(filled.kernel, filled.actor, alarm_id=99, note="x")
    with filled.kernel.database.read() as connection:
        assert len(alarms.alarms(connection)) == 1
        assert len(alarms.alarms(connection, is_open=False)) == 2
    upkeep.scrub(filled.kernel, filled.actor, share=6)
    assert filled.count(alarms.alarm) == 3, "what is still wrong after it was acknowledged is told again"


def test_one_run_looks_at_nothing_twice(filled: Archive) -> None:
    assert upkeep.scrub(filled.kernel, filled.actor, share=2).hashed == 2
    assert upkeep.scrub(filled.kernel, filled.actor, share=100).hashed == 6
    assert upkeep.scrub(filled.kernel, filled.actor, share=100).hashed == 6


def test_an_empty_archive_is_scrubbed_without_end_or_error(archive: Archive, stranger: Actor) -> None:
    assert upkeep.scrub(archive.kernel, archive.actor).hashed == 0
    with pytest.raises(NotAllowed):
        upkeep.scrub(archive.kernel, stranger)
