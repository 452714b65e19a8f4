"""Deletion: exactly what a dry run showed, with a tombstone; records stay, bytes go, nothing comes back unseen."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from exams import person
from films import Archive, film, uid
from kerma.app import subscriptions
from kerma.areas.archive import actions_deletion as deletion
from kerma.areas.archive import actions_keeping as keeping
from kerma.areas.archive import queries_check
from kerma.areas.archive.model import exam, exam_term, image, opening, series, subject, subject_term
from kerma.areas.archive.model_keeping import deletion_plan, tombstone
from kerma.areas.report.model import report
from kerma.areas.review.model import analysis, decision
from kerma.areas.worklist.actions import claim
from kerma.areas.worklist.model import item
from kerma.errors import Conflict, NotAllowed, NotFound
from kerma.kernel import blobs_removal
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.backup_model import backup_run
from kerma.kernel.blobs_removal import blob_removal
from kerma.kernel.clock import HeldClock, SystemClock

YEARS_S = 10 * 366 * 86_400.0
SECOND = person(2)
ROUNDS = 50
"""How often bytes must have come and gone at the same time."""


@pytest.fixture
def kernel(kernel: Kernel) -> Kernel:
    return replace(kernel, subscriptions=subscriptions())


@pytest.fixture
def old(archive: Archive, clock: HeldClock) -> Archive:
    """Two exams of one subject and one of another, all older than the rule that is there."""
    for number, image_number in ((1, 1), (1, 2), (2, 1)):
        archive.ingest(film(exam=number, image=image_number))
    archive.ingest(film(exam=3, PatientID="P-99", PatientName="Other^One"))
    keeping.add_retention_rule(
        archive.kernel, archive.actor, industry="medical", kept_days=3650, source="hospital law, 10 years"
    )
    clock.advance(YEARS_S)
    return archive


def exam_pk(archive: Archive, number: int) -> int:
    return int(archive.rows(sa.select(exam.c.id).where(exam.c.uid == uid(number)))[0]["id"])


def addresses(archive: Archive) -> set[str]:
    return {sha256 for sha256, _ in archive.kernel.blobs.iterate()}


def put(archive: Archive, table: sa.Table, **values: Any) -> int:
    with archive.kernel.database.write() as connection:
        return int(connection.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one())


def check(archive: Archive) -> queries_check.CheckReport:
    found = queries_check.check(archive.kernel)
    assert found.is_unaltered, found
    assert found.interrupted == []
    return found


def test_without_a_rule_nothing_is_due_and_a_deletion_is_refused_and_recorded(archive: Archive) -> None:
    stored = archive.ingest(film())
    assert deletion.plan_deletion(archive.kernel, archive.actor).exams == []
    with pytest.raises(NotAllowed, match="no retention rule"):
        deletion.delete(archive.kernel, archive.actor, exam_pk=stored.exam_pk)
    assert archive.count(image) == 1
    assert archive.kernel.blobs.check(stored.sha256)
    assert archive.records("archive.delete")[-1]["details"] == {"exam_pk": stored.exam_pk, "result": "kept"}
    with pytest.raises(NotFound):
        deletion.delete(archive.kernel, archive.actor, exam_pk=99)


def test_a_dry_run_shows_what_would_go_and_changes_nothing(old: Archive, clock: HeldClock) -> None:
    before = addresses(old)
    plan = deletion.plan_deletion(old.kernel, old.actor)
    assert [row["exam_uid"] for row in plan.exams] == [uid(1), uid(2), uid(3)]
    first = plan.exams[0]
    assert (first["image_count"], first["source"], first["subject_id"]) == (2, "hospital law, 10 years", "P-17")
    assert first["due_since"] == "2036-02-28"
    assert plan.is_complete
    assert plan.size_bytes == sum(row["size_bytes"] for row in old.rows(sa.select(image)))
    assert addresses(old) == before
    assert old.count(image) == 4
    assert "P-17" not in json.dumps(old.rows(sa.select(deletion_plan))), "a plan holds numbers and hashes only"
    assert deletion.plan_deletion(old.kernel, old.actor).digest == plan.digest
    assert len(deletion.plan_deletion(old.kernel, old.actor, limit=2).exams) == 2
    assert deletion.plan_deletion(old.kernel, old.actor, industry="ndt").exams == []


def test_a_deletion_deletes_exactly_what_was_shown_and_leaves_a_tombstone(old: Archive, clock: HeldClock) -> None:
    plan = deletion.plan_deletion(old.kernel, old.actor)
    late = old.ingest(film(exam=4, PatientID="P-100"))
    gone = {row["sha256"] for row in old.rows(sa.select(image).where(image.c.exam_pk != late.exam_pk))}
    result = deletion.delete_planned(old.kernel, SECOND, digest=plan.digest)
    assert len(result.deleted) == 3
    assert result.kept == []
    assert [row["uid"] for row in old.rows(sa.select(exam))] == [uid(4)]
    assert [row["subject_id"] for row in old.rows(sa.select(subject))] == ["P-100"]
    assert addresses(old) == {late.sha256}
    for table in (series, image, item):
        assert old.count(table) == 1
    kept_terms = {row["subject_pk"] for row in old.rows(sa.select(subject_term))}
    assert kept_terms == {row["id"] for row in old.rows(sa.select(subject))}
    assert {row["exam_pk"] for row in old.rows(sa.select(exam_term))} <= {late.exam_pk}
    record = old.records("archive.delete")[0]
    stone = old.rows(sa.select(tombstone).order_by(tombstone.c.id))[0]
    assert record["actor"] == SECOND.key
    assert {row[2] for one in old.records("archive.delete") for row in one["details"]["images"]} == gone
    assert record["details"]["tombstone_sha256"] == stone["document_sha256"]
    assert json.loads(stone["document"])["images"][0][1] == uid(1, 1, 1)
    assert "Dupont" not in json.dumps([record, stone])
    check(old)
    again = deletion.delete_planned(old.kernel, SECOND, digest=plan.digest)
    assert again.deleted == []
    assert len(again.kept) == 3


def test_a_long_list_stands_in_the_tombstone_and_the_record_names_it_by_hash(
    old: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "LISTED_BYTES", 10)
    deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    assert "images" not in old.records("archive.delete")[-1]["details"]
    check(old)
    with old.kernel.database.write() as connection:
        connection.execute(sa.update(tombstone).values(document="{}"))
    assert len(queries_check.check(old.kernel).lost) == 2, "a tombstone that was altered excuses nothing"


def test_what_changed_since_the_dry_run_stays(old: Archive, clock: HeldClock) -> None:
    plan = deletion.plan_deletion(old.kernel, old.actor)
    clock.advance(-YEARS_S)
    old.ingest(film(exam=1, image=3))
    clock.advance(YEARS_S)
    keeping.hold(old.kernel, old.actor, target="exam", thing=uid(2), reason="law suit")
    result = deletion.delete_planned(old.kernel, SECOND, digest=plan.digest)
    assert [one.exam_uid for one in result.deleted] == [uid(3)]
    assert {one.exam_uid: one.reason for one in result.kept} == {
        uid(1): "its images have changed since the dry run",
        uid(2): "under legal hold: law suit (hold 1)",
    }
    assert "law suit" not in str(old.records("archive.delete")), "a reason may name people: it stays out of the ledger"
    check(old)


@pytest.mark.parametrize("target", ["exam", "subject", "accession"])
def test_a_hold_on_exam_subject_or_accession_blocks_until_two_persons_lift_it(old: Archive, target: str) -> None:
    key = old.rows(sa.select(subject.c.key).order_by(subject.c.id))[0]["key"]
    thing = {"exam": uid(1), "subject": key, "accession": "A-9"}[target]
    hold = keeping.hold(old.kernel, old.actor, target=target, thing=thing, reason="law suit")
    shown = {row["exam_uid"] for row in deletion.plan_deletion(old.kernel, old.actor).exams}
    assert shown == {"exam": {uid(2), uid(3)}, "subject": {uid(3)}, "accession": set()}[target]
    with pytest.raises(NotAllowed, match="legal hold"):
        deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    keeping.request_lift(old.kernel, person(3), hold_id=hold, reason="settled")
    with pytest.raises(NotAllowed, match="legal hold"):
        deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    keeping.lift(old.kernel, SECOND, hold_id=hold)
    assert deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1)).images == 2


def test_a_dry_run_is_good_for_a_day_and_not_for_its_own_maker(old: Archive, clock: HeldClock, stranger: Actor) -> None:
    plan = deletion.plan_deletion(old.kernel, old.actor)
    with pytest.raises(NotAllowed, match="another person"):
        deletion.delete_planned(old.kernel, old.actor, digest=plan.digest)
    assert old.records("archive.delete")[-1]["outcome"] == "refused"
    with pytest.raises(NotFound):
        deletion.delete_planned(old.kernel, SECOND, digest="0" * 64)
    with pytest.raises(NotAllowed):
        deletion.delete_planned(old.kernel, stranger, digest=plan.digest)
    with pytest.raises(NotAllowed):
        deletion.plan_deletion(old.kernel, stranger)
    clock.advance(86_401)
    with pytest.raises(Conflict, match="older than a day"):
        deletion.delete_planned(old.kernel, SECOND, digest=plan.digest)
    assert old.count(image) == 4


def test_records_stay_and_drafts_go(old: Archive) -> None:
    pk = exam_pk(old, 1)
    made = {"exam_pk": pk, "document": {}, "decision_proposed": "", "created_at": "x"}
    relied_on, unused = (put(old, analysis, images_digest=letter * 64, **made) for letter in "ab")
    decided = put(
        old, decision, exam_pk=pk, analysis_id=relied_on, level=1, decision="normal", reason="", by="person:1", at="x"
    )
    signed, draft = (old.kernel.blobs.put(data) for data in (b"signed", b"draft"))
    common = {"exam_pk": pk, "analysis_id": relied_on, "decision_id": decided, "made_at": "x"}
    put(old, report, state="signed", pdf_sha256=signed, signed_by="person:1", record={}, **common)
    put(old, report, state="draft", pdf_sha256=draft, record={}, **common)
    deletion.delete(old.kernel, old.actor, exam_pk=pk)
    (entry,) = old.rows(sa.select(exam).where(exam.c.id == pk))
    assert (entry["image_count"], entry["series_count"], entry["flags"]) == (0, 0, "images-deleted")
    assert json.loads(entry["document"])["00201208"]["Value"] == [0]
    assert [row["state"] for row in old.rows(sa.select(report))] == ["signed"]
    assert [row["id"] for row in old.rows(sa.select(analysis).where(analysis.c.exam_pk == pk))] == [relied_on]
    assert unused != relied_on
    assert old.kernel.blobs.exists(signed)
    assert not old.kernel.blobs.exists(draft)
    assert old.records("archive.delete")[-1]["details"]["keeps_entry"] is True
    check(old)
    with pytest.raises(NotAllowed, match="deleted before"):
        deletion.delete(old.kernel, old.actor, exam_pk=pk)


def test_an_exam_is_not_deleted_under_its_readers_eyes(old: Archive) -> None:
    pk = exam_pk(old, 1)
    (row,) = old.rows(sa.select(item.c.id).where(item.c.exam_pk == pk))
    claim(old.kernel, SECOND, item_id=row["id"])
    with pytest.raises(Conflict, match="reading"):
        deletion.delete(old.kernel, old.actor, exam_pk=pk)
    assert old.count(image) == 4
    assert old.count(tombstone) == 0


def test_bytes_that_another_row_names_stay(old: Archive) -> None:
    (row,) = old.rows(sa.select(image).where(image.c.uid == uid(3, 1, 1)))
    (beside,) = old.rows(sa.select(image).where(image.c.uid == uid(2, 1, 1)))
    other = {**row, "uid": "1.2.3", "exam_pk": beside["exam_pk"], "series_pk": beside["series_pk"]}
    del other["id"]
    put(old, image, **other)
    deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 3))
    assert old.kernel.blobs.check(row["sha256"])
    assert old.count(blob_removal) == 0


def test_what_a_crash_left_is_removed_by_the_job(old: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_finish", lambda kernel: None)
        deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    assert len(addresses(old)) == 4
    check(old)
    blobs_removal.remove(old.kernel)
    assert len(addresses(old)) == 2
    check(old)
    assert old.records("blobs.remove")[-1]["details"]["count"] == 2
    blobs_removal.remove(old.kernel)
    assert len(old.records("blobs.remove")) == 1, "where nothing waits, nothing is recorded"


def test_pictures_made_of_deleted_bytes_go_with_them_whatever_crashed(old: Archive) -> None:
    from kerma.areas.archive import jobs_keeping, retrieve_cache

    assert retrieve_cache.forget in jobs_keeping.blobs_removal.FOLLOWERS
    (row,) = old.rows(sa.select(image.c.sha256).where(image.c.uid == uid(3, 1, 1)))
    gone = "0" * 64
    at = {"asked_at": "2026-03-02T12:00:00.000000Z", "removed_at": ""}
    with old.kernel.database.write() as connection:
        connection.execute(sa.insert(blob_removal).values(sha256=gone, **at))
    stays, goes = (
        retrieve_cache.keep(old.kernel, sha256, "picture", lambda out: out.write(b"png") and None)
        for sha256 in (row["sha256"], gone)
    )
    blobs_removal.remove(old.kernel)
    assert stays.exists()
    assert not goes.exists()


def test_removal_waits_for_a_backup_but_not_for_a_dead_one(old: Archive, clock: HeldClock) -> None:
    at = clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    put(old, backup_run, name="b", state="running", begun_at=at, alive_at=at)
    deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    assert len(addresses(old)) == 4
    clock.advance(3600)
    assert blobs_removal.remove_asked(old.kernel) == 2


def test_what_was_deleted_comes_back_into_the_quarantine_or_by_rule(old: Archive) -> None:
    (rule,) = {row["rule_id"] for row in deletion.plan_deletion(old.kernel, old.actor).exams}
    deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    back = old.ingest(film(exam=1, image=1))
    assert (back.outcome, back.reason.split(":")[0]) == (
        "quarantined",
        "its exam was deleted by a retention rule that lets nothing come back unseen",
    )
    assert old.ingest(film(exam=1, image=77)).outcome == "quarantined"
    keeping.end_retention_rule(old.kernel, old.actor, rule_id=rule)
    keeping.add_retention_rule(
        old.kernel, old.actor, industry="medical", kept_days=1, source="contract", options={"returns": "accept"}
    )
    deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 2))
    assert old.ingest(film(exam=2)).outcome == "stored"
    check(old)


def test_bytes_that_come_again_while_they_wait_for_removal_stay(old: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    data = film(exam=1, image=1)
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_finish", lambda kernel: None)
        deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    back = old.ingest(data)
    blobs_removal.remove(old.kernel)
    assert back.outcome == "quarantined"
    assert old.kernel.blobs.get(back.sha256) == data
    check(old)


def test_bytes_removed_between_their_arrival_and_their_row_must_be_sent_again(old: Archive) -> None:
    from kerma.areas.archive.actions_index import index
    from kerma.areas.archive.actions_receive import receive
    from kerma.areas.archive.model import Arrival

    data = film(exam=1, image=1)
    received = receive(old.kernel, old.actor, Arrival(data, "film.dcm", "medical"))
    deletion.delete(old.kernel, old.actor, exam_pk=exam_pk(old, 1))
    with pytest.raises(Conflict, match="send them again"):
        index(old.kernel, old.actor, received=received)
    assert old.ingest(data).outcome == "quarantined"
    check(old)


def test_numbers_of_deleted_rows_are_never_given_again(old: Archive) -> None:
    newest = max(row["id"] for row in old.rows(sa.select(image.c.id)))
    deletion.delete_planned(old.kernel, SECOND, digest=deletion.plan_deletion(old.kernel, old.actor).digest)
    assert old.count(exam) == 0
    stored = old.ingest(film(exam=9))
    assert stored.image_pk is not None
    assert stored.image_pk > newest


def test_openings_go_too_and_a_day_before_nothing_is_due(archive: Archive, clock: HeldClock) -> None:
    from kerma.areas.archive.actions import open_exam

    stored = archive.ingest(film())
    open_exam(archive.kernel, archive.actor, exam_pk=stored.exam_pk, purpose="reading")
    keeping.add_retention_rule(archive.kernel, archive.actor, industry="medical", kept_days=30, source="law")
    days = (datetime(2026, 4, 1, tzinfo=UTC) - clock.now()).total_seconds()
    clock.advance(days - 1)
    assert deletion.plan_deletion(archive.kernel, archive.actor).exams == []
    clock.advance(1)
    assert len(deletion.plan_deletion(archive.kernel, archive.actor).exams) == 1
    deletion.delete(archive.kernel, archive.actor, exam_pk=stored.exam_pk)
    assert archive.count(opening) == 0


@pytest.mark.timeout(120)
def test_bytes_that_come_and_go_at_the_same_time_are_never_lost_nor_left(archive: Archive) -> None:
    """Two senders send the same film over and over while it is deleted over and over."""
    live = replace(archive.kernel, clock=SystemClock())
    kept = Archive(live, archive.actor)
    keeping.add_retention_rule(
        live, archive.actor, industry="medical", kept_days=0, source="law",
        options={"counted_from": "arrival", "returns": "accept"},
    )  # fmt: skip
    data = film(exam=1)
    ends = threading.Event()
    outcomes: Counter[str] = Counter()

    def send() -> None:
        while not ends.is_set():
            try:
                outcomes[kept.ingest(data).outcome] += 1
            except Conflict:
                outcomes["again"] += 1

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    deleted = 0
    until = time.monotonic() + 60
    while (deleted < ROUNDS or outcomes["stored"] < ROUNDS) and time.monotonic() < until:
        for row in kept.rows(sa.select(exam.c.id)):
            with contextlib.suppress(Conflict, NotFound, NotAllowed):
                deletion.delete(live, archive.actor, exam_pk=row["id"])
                deleted += 1
    ends.set()
    for sender in senders:
        sender.join()
    assert deleted >= ROUNDS
    assert outcomes["stored"] >= ROUNDS
    blobs_removal.remove_asked(live)
    check(kept)
    assert addresses(kept) == {row["sha256"] for row in kept.rows(sa.select(image))}
