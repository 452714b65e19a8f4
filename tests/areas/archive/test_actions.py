"""Ingest keeps bytes as they came, never replaces any, and says what became of each arrival."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from films import Archive, film, uid
from kerma.areas.archive import actions, actions_receive, queries
from kerma.areas.archive.model import Arrival, ExamArrived, exam, image, quarantine, series, subject
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor
from kerma.kernel.sight import WHOLE

ARCHIVE_TABLES = (subject, exam, series, image, quarantine)


def test_a_film_is_kept_byte_for_byte_and_indexed(archive: Archive) -> None:
    data = film()
    stored = archive.ingest(data, "/cd/DX/IM0001")
    assert (stored.outcome, stored.sha256) == ("stored", hashlib.sha256(data).hexdigest())
    assert archive.kernel.blobs.get(stored.sha256) == data
    with archive.kernel.database.read() as connection:
        found = queries.exam_by_uid(connection, uid(1))
        (row,) = queries.images_of_exam(connection, stored.exam_pk, WHOLE)
    assert found is not None
    expected = {
        "subject_id": "P-17", "name": "Dupont^Zoé", "name_folded": "dupont zoe", "accession": "A-9",
        "exam_date": "2026-03-01", "modalities": "DX", "series_count": 1, "image_count": 1, "industry": "medical",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    expected = {
        "uid": uid(1, 1, 1), "kind": "image", "rows": 16, "columns": 16, "file_name": "IM0001", "number": 1,
        "size_bytes": len(data), "series_number": 1, "body_part": "CHEST", "manufacturer": "Acme",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_one_record_for_each_image_and_no_name_in_it(archive: Archive) -> None:
    stored = [archive.ingest(film(image=number), "Dupont.dcm") for number in (1, 2, 3)]
    records = archive.records("archive.ingest")
    assert [record["details"]["sha256"] for record in records] == [one.sha256 for one in stored]
    assert {record["details"]["result"] for record in records} == {"stored"}
    assert "Dupont" not in json.dumps(records)
    assert "P-17" not in json.dumps(records)


def test_the_same_bytes_again_change_nothing(archive: Archive) -> None:
    first = archive.ingest(film())
    before = {table.name: archive.rows(sa.select(table)) for table in ARCHIVE_TABLES}
    again = archive.ingest(film(), "another-name.dcm")
    assert again.outcome == "duplicate"
    assert (again.image_pk, again.exam_pk) == (first.image_pk, first.exam_pk)
    assert before == {table.name: archive.rows(sa.select(table)) for table in ARCHIVE_TABLES}
    assert archive.records()[-1]["details"]["result"] == "duplicate"


def test_other_bytes_under_a_kept_uid_never_replace_it(archive: Archive) -> None:
    kept = archive.ingest(film())
    arrived = film(StudyDescription="Thorax lateral")
    other = archive.ingest(arrived)
    assert other.outcome == "quarantined"
    assert kept.sha256 in other.reason
    assert other.sha256 in other.reason
    (row,) = archive.rows(sa.select(quarantine))
    assert (row["reason"], row["sha256"], row["conflicts_with_sha256"]) == ("other-bytes", other.sha256, kept.sha256)
    assert archive.kernel.blobs.get(kept.sha256) == film()
    assert archive.kernel.blobs.get(other.sha256) == arrived
    (indexed,) = archive.rows(sa.select(image))
    assert indexed["sha256"] == kept.sha256
    details = archive.records()[-1]["details"]
    assert (details["result"], details["sha256"]) == ("quarantined", other.sha256)
    assert details["conflicts_with_sha256"] == kept.sha256


def test_the_quarantine_keeps_the_same_bytes_once(archive: Archive) -> None:
    archive.ingest(film())
    first, second = (archive.ingest(film(StudyDescription="other")) for _ in range(2))
    assert first.quarantine_id == second.quarantine_id
    assert archive.count(quarantine) == 1


@pytest.mark.parametrize("data", [b"", b"hello", film()[:150], film()[:-100]], ids=["empty", "text", "meta", "pixels"])
def test_malformed_bytes_are_kept_in_quarantine_with_the_reason(archive: Archive, data: bytes) -> None:
    result = archive.ingest(data, "broken.dcm")
    assert result.outcome == "quarantined"
    (row,) = archive.rows(sa.select(quarantine))
    assert row["reason"] == "unreadable"
    assert len(row["detail"]) > 10
    assert archive.kernel.blobs.get(row["sha256"]) == data
    assert archive.count(image) == 0
    assert archive.records()[-1]["details"]["reason"] == "unreadable"


def test_objects_without_pixels_and_unknown_classes_are_kept_and_listed(archive: Archive) -> None:
    bare = dict.fromkeys(("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"))
    archive.ingest(film(image=1, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22", Modality="SR", **bare))
    archive.ingest(film(image=2, SOPClassUID="1.2.3.4.5.6.7", **bare))
    stored = archive.ingest(film(image=3))
    with archive.kernel.database.read() as connection:
        rows = queries.images_of_exam(connection, stored.exam_pk, WHOLE)
    assert [row["kind"] for row in rows] == ["object", "object", "image"]
    assert rows[1]["sop_class_uid"] == "1.2.3.4.5.6.7"


def test_an_exam_grows_and_its_document_says_so(archive: Archive) -> None:
    archive.ingest(film(image=1))
    archive.ingest(film(image=2))
    stored = archive.ingest(film(series=2, image=1, Modality="CR"))
    (found,) = archive.rows(sa.select(exam))
    assert (found["series_count"], found["image_count"], found["modalities"]) == (2, 3, "CR,DX")
    document = json.loads(found["document"])
    assert document["00201206"]["Value"] == [2]
    assert document["00201208"]["Value"] == [3]
    assert document["00080061"]["Value"] == ["CR", "DX"]
    counted = archive.rows(sa.select(series.c.image_count).order_by(series.c.id))
    assert [row["image_count"] for row in counted] == [2, 1]
    with archive.kernel.database.read() as connection:
        rows = queries.images_of_exam(connection, stored.exam_pk, WHOLE)
    assert [(row["series_number"], row["number"]) for row in rows] == [(1, 1), (1, 2), (2, 1)]


def test_exams_of_one_subject_share_it(archive: Archive) -> None:
    archive.ingest(film(exam=1))
    archive.ingest(film(exam=2))
    archive.ingest(film(exam=3, PatientID="P-18"))
    archive.ingest(film(exam=4, IssuerOfPatientID="Other hospital"))
    assert archive.count(subject) == 3
    assert archive.count(exam) == 4


def test_without_a_subject_id_every_exam_has_a_subject_of_its_own(archive: Archive) -> None:
    archive.ingest(film(exam=1, PatientID=""))
    archive.ingest(film(exam=1, image=2, PatientID=""))
    archive.ingest(film(exam=2, PatientID=""))
    rows = archive.rows(sa.select(exam.c.subject_pk, exam.c.flags))
    assert len({row["subject_pk"] for row in rows}) == 2
    assert {row["flags"] for row in rows} == {"subject-id-missing"}


@pytest.mark.parametrize("order", [("P-17", ""), ("", "P-17")], ids=["first", "second"])
def test_an_image_without_subject_id_joins_its_exam_whichever_comes_first(
    archive: Archive, order: tuple[str, str]
) -> None:
    for number, subject_id in enumerate(order, start=1):
        assert archive.ingest(film(image=number, PatientID=subject_id)).outcome == "stored"
    (found,) = archive.rows(sa.select(exam.c.flags, subject.c.subject_id, exam.c.document).join_from(exam, subject))
    assert (found["subject_id"], found["flags"]) == ("P-17", "subject-id-missing")
    assert json.loads(found["document"])["00100020"]["Value"] == ["P-17"]


@pytest.mark.parametrize(
    ("attributes", "flag"),
    [
        ({"PatientName": "Durand^Zoé"}, "name-differs"),
        ({"PatientName": "DUPONT^ZOE"}, ""),
        ({"PatientBirthDate": "19710102"}, "birth-date-differs"),
        ({"PatientSex": "M"}, "sex-differs"),
        ({"PatientSex": ""}, ""),
    ],
)
@pytest.mark.parametrize("exam_number", [1, 2], ids=["same-exam", "next-exam"])
def test_other_particulars_of_the_same_subject_are_flagged(
    archive: Archive, attributes: dict[str, str], flag: str, exam_number: int
) -> None:
    archive.ingest(film())
    assert archive.ingest(film(exam=exam_number, image=2, **attributes)).outcome == "stored"
    assert archive.rows(sa.select(exam.c.flags).order_by(exam.c.id))[-1]["flags"] == flag
    assert archive.rows(sa.select(subject.c.name))[0]["name"] == "Dupont^Zoé"


@pytest.mark.parametrize(
    ("attributes", "arrival", "reason"),
    [
        ({"PatientID": "P-99"}, {}, "other-subject"),
        ({"IssuerOfPatientID": "elsewhere"}, {}, ""),
        ({"StudyInstanceUID": uid(77)}, {}, "other-exam"),
        ({}, {"industry": "ndt"}, "other-industry"),
        ({}, {"industry": None}, ""),
    ],
)
def test_what_contradicts_its_exam_stands_apart(
    archive: Archive, attributes: dict[str, str], arrival: dict[str, str], reason: str
) -> None:
    archive.ingest(film())
    result = archive.ingest(film(image=2, **attributes), **arrival)
    assert result.outcome == ("quarantined" if reason else "stored")
    assert [row["reason"] for row in archive.rows(sa.select(quarantine))] == ([reason] if reason else [])
    assert archive.count(exam) == 1
    assert archive.kernel.blobs.check(result.sha256)


def test_an_unknown_industry_is_refused_before_anything_is_kept(archive: Archive) -> None:
    with pytest.raises(WrongUsage, match="security, ndt, medical"):
        archive.ingest(film(), industry="dental")
    assert list(archive.kernel.blobs.iterate()) == []
    assert archive.records() == []


def test_nobody_ingests_without_permission_and_nothing_is_kept(archive: Archive, stranger: Actor) -> None:
    for sources in ([Arrival(film(), "a.dcm", "medical")], [Arrival(b"junk", "b.dcm")]):
        with pytest.raises(NotAllowed):
            list(actions.ingest_many(archive.kernel, stranger, sources))
    with pytest.raises(NotAllowed):
        actions.ingest(archive.kernel, stranger, source=Arrival(film(), "a.dcm", "medical"))
    assert list(archive.kernel.blobs.iterate()) == []
    assert {record["outcome"] for record in archive.records()} == {"refused"}


def test_an_event_is_published_once_for_each_stored_image(archive: Archive) -> None:
    events: list[ExamArrived] = []
    archive.kernel = dataclasses.replace(
        archive.kernel, subscriptions={ExamArrived: (lambda act, event: events.append(event),)}
    )
    for data in (film(), film(image=2), film(image=2), b"junk", film(image=2, StudyDescription="x"), film(exam=2)):
        archive.ingest(data)
    assert [(event.exam_uid, event.is_new) for event in events] == [(uid(1), True), (uid(1), False), (uid(2), True)]


def test_a_failing_handler_undoes_the_index_and_the_bytes_can_come_again(archive: Archive) -> None:
    def fail(act: object, event: ExamArrived) -> None:
        raise RuntimeError("the worklist is broken")

    whole = archive.kernel
    archive.kernel = dataclasses.replace(whole, subscriptions={ExamArrived: (fail,)})
    with pytest.raises(RuntimeError, match="worklist"):
        archive.ingest(film())
    assert [archive.count(table) for table in ARCHIVE_TABLES] == [0] * 5
    assert archive.records() == []
    archive.kernel = whole
    assert archive.ingest(film()).outcome == "stored"


def test_many_arrivals_come_back_in_order_each_with_its_own_fate(archive: Archive, tmp_path: Path) -> None:
    paths = []
    for number in range(1, 41):
        paths.append(tmp_path / f"{number:02}.dcm")
        paths[-1].write_bytes(film(image=number) if number % 10 else b"junk %d" % number)
    sources = [Arrival(path, path.name, "medical", from_="folder") for path in paths]
    sources += [
        sources[0],
        Arrival(tmp_path / "missing.dcm", "missing.dcm", "medical"),
        Arrival(film(exam=9), "9.dcm", "x"),
    ]
    results = list(actions.ingest_many(archive.kernel, archive.actor, sources))
    assert [result.file_name for result in results] == [source.file_name for source in sources]
    expected = ["stored" if number % 10 else "quarantined" for number in range(1, 41)]
    assert [result.outcome for result in results] == [*expected, "duplicate", "refused", "refused"]
    assert "No such file" in results[-2].reason
    assert archive.count(image) == 36
    assert len(archive.records("archive.ingest")) == 41
    assert {record["details"]["door"] for record in archive.records()} == {"folder"}


def test_a_large_file_is_mapped_and_never_held(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions_receive, "HELD_BYTES", 100)
    path = tmp_path / "large.dcm"
    path.write_bytes(film(side=64))
    stored = actions.ingest(archive.kernel, archive.actor, source=Arrival(path, path.name, "medical"))
    assert stored.outcome == "stored"
    assert archive.kernel.blobs.get(stored.sha256) == path.read_bytes()
    path.write_bytes(film(side=64)[:-50])
    broken = actions.ingest(archive.kernel, archive.actor, source=Arrival(path, path.name, "medical"))
    assert broken.outcome == "quarantined"


def test_a_large_file_that_changes_while_it_is_read_is_refused(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions_receive, "HELD_BYTES", 100)
    path = tmp_path / "large.dcm"
    path.write_bytes(film(side=64))
    put_file = archive.kernel.blobs.put_file

    def grow_first(path: Path) -> tuple[str, int]:
        with path.open("ab") as file:
            file.write(b"more")
        return put_file(path)

    monkeypatch.setattr(archive.kernel.blobs, "put_file", grow_first)
    (result,) = actions.ingest_many(archive.kernel, archive.actor, [Arrival(path, path.name, "medical")])
    assert result.outcome == "refused"
    assert "changed while it was read" in result.reason
    assert archive.count(image) == 0


def test_what_arrives_together_fails_alone(archive: Archive) -> None:
    def fail_on_third(act: object, event: ExamArrived) -> None:
        if event.exam_uid == uid(3):
            raise RuntimeError("exam 3 is unlucky")

    archive.kernel = dataclasses.replace(archive.kernel, subscriptions={ExamArrived: (fail_on_third,)})
    sources = [Arrival(film(exam=number), f"{number}.dcm", "medical") for number in range(1, 6)]
    done = []
    with pytest.raises(RuntimeError, match="unlucky"):
        done.extend(actions.ingest_many(archive.kernel, archive.actor, sources))
    uids = {row["uid"] for row in archive.rows(sa.select(exam.c.uid))}
    assert uid(3) not in uids
    assert {uid(1), uid(2)} <= uids
    recorded = {record["details"]["sha256"] for record in archive.records("archive.ingest")}
    assert recorded == {row["sha256"] for row in archive.rows(sa.select(image.c.sha256))}


def test_an_opening_is_recorded_once_in_ten_minutes(archive: Archive, stranger: Actor) -> None:
    stored = archive.ingest(film())
    assert stored.exam_pk is not None

    def show(actor: Actor) -> int:
        actions.open_exam(archive.kernel, actor, exam_pk=stored.exam_pk, purpose="reading")
        return len(archive.records("archive.view"))

    second = dataclasses.replace(archive.actor, id="7")
    assert [show(archive.actor), show(archive.actor), show(second), show(archive.actor)] == [1, 1, 2, 2]
    archive.kernel.clock.advance(9.9 * 60)
    assert show(archive.actor) == 2
    archive.kernel.clock.advance(0.2 * 60)
    assert [show(archive.actor), show(archive.actor)] == [3, 3]
    with pytest.raises(NotAllowed):
        show(dataclasses.replace(stranger, id=archive.actor.id))
    with pytest.raises(NotFound):
        actions.open_exam(archive.kernel, archive.actor, exam_pk=99, purpose="reading")


def test_an_export_is_the_identical_bytes_with_a_manifest(archive: Archive, tmp_path: Path) -> None:
    contents = [film(image=1), film(series=2, image=1), film(image=2)]
    for data in contents:
        stored = archive.ingest(data, "../../../etc/passwd")
    folder = tmp_path / "out"
    manifest = actions.export(archive.kernel, archive.actor, exam_pk=stored.exam_pk, folder=folder)
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    written = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {entry["path"] for entry in manifest["files"]} | {"manifest.json", "SHA256SUMS"} == written.keys()
    assert sorted(written[entry["path"]] for entry in manifest["files"]) == sorted(contents)
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        sha256, _, path = line.partition("  ")
        assert hashlib.sha256(written[path]).hexdigest() == sha256
    assert archive.records()[-1]["action"] == "archive.export"
    with pytest.raises(Conflict, match="another folder"):
        actions.export(archive.kernel, archive.actor, exam_pk=stored.exam_pk, folder=folder)
    with pytest.raises(NotFound):
        actions.export(archive.kernel, archive.actor, exam_pk=99, folder=tmp_path / "none")
