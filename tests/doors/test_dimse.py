"""The DICOM network door with the programs of others: what is kept, what is answered, who is let in."""

from __future__ import annotations

import logging
import os
import resource
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pydicom
import pytest
import sqlalchemy as sa
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

import callers
from callers import Client
from films import Archive, encoded, film, uid
from kerma.areas.archive import actions
from kerma.areas.archive.model import image, quarantine
from kerma.doors import dimse_pdu as pdu
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.blobs_removal import remove_asked

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"])
ECHOSCU, STORESCU, DCMSEND = "/usr/bin/echoscu", "/usr/bin/storescu", "/usr/bin/dcmsend"


@pytest.fixture
def trusting(kernel: Kernel) -> Kernel:
    """A kernel whose door lets in any program of this machine."""
    return callers.trusting(kernel)


@pytest.fixture
def archive(trusting: Kernel, actor: Actor) -> Archive:
    return Archive(trusting, actor)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve films of three exams."""
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(12):
        data = film(exam=1 + number // 4, image=1 + number, AccessionNumber=f"A{number // 4}", side=64)
        (folder / f"{number:02d}.dcm").write_bytes(data)
    return folder


def ran(*words: object, nodelay: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program of others against a door."""
    environment = {**os.environ, **({"TCP_NODELAY": "1"} if nodelay else {})}
    return subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("nodelay", [False, True])
def test_dcmtk_verifies_and_stores(archive: Archive, folder: Path, nodelay: bool) -> None:
    with callers.door(archive.kernel) as (_, port):
        assert ran(ECHOSCU, "-aec", "KERMA", "127.0.0.1", port, nodelay=nodelay).returncode == 0
        sent = ran(STORESCU, "-aec", "KERMA", "+sd", "127.0.0.1", port, folder, nodelay=nodelay)
        assert sent.returncode == 0, sent.stderr
        again = ran(DCMSEND, "-aec", "KERMA", "+sd", "127.0.0.1", port, folder, nodelay=nodelay)
        assert again.returncode == 0, again.stderr
    assert archive.count(image) == 12 and archive.count(quarantine) == 0
    for row in archive.rows(sa.select(image.c.uid, image.c.sha256)):
        name = f"{int(row['uid'].rsplit('.', 1)[1]) - 1:02d}.dcm"
        kept, original = archive.kernel.blobs.get(row["sha256"]), (folder / name).read_bytes()
        assert callers.data_set_of(kept) == callers.data_set_of(original)


def test_every_association_and_every_object_is_in_the_ledger(archive: Archive, folder: Path) -> None:
    with callers.door(archive.kernel) as (_, port):
        assert ran(STORESCU, "-aec", "KERMA", "+sd", "127.0.0.1", port, folder).returncode == 0
    (associated,) = archive.records("exchange.associate")
    assert associated["details"]["calling_ae"] == "STORESCU" and associated["outcome"] == "done"
    ingested = archive.records("archive.ingest")
    assert [record["details"]["result"] for record in ingested] == ["stored"] * 12
    assert {record["details"]["door"] for record in ingested} == {"dimse"}
    assert {record["actor"] for record in ingested} == {associated["actor"]}


@ONE_DATABASE
def test_the_file_names_its_sender(archive: Archive) -> None:
    with callers.door(archive.kernel) as (_, port), Client(port) as client:
        client.ask(callers.usual_request(calling=b"MODALITY 7"))
        client.send(callers.store(callers.data_set_of(film()), uid(1, 1, 1)))
        assert client.status() == 0
    (row,) = archive.rows(sa.select(image.c.sha256))
    import io

    meta = pydicom.dcmread(io.BytesIO(archive.kernel.blobs.get(row["sha256"]))).file_meta
    assert meta.SourceApplicationEntityTitle == "MODALITY 7" and meta.TransferSyntaxUID == callers.EXPLICIT


def test_the_same_object_from_another_sender_or_from_a_file_is_the_same(archive: Archive) -> None:
    data = film(side=64)
    assert archive.ingest(data).outcome == "stored"
    with callers.door(archive.kernel) as (_, port):
        for calling in (b"ONE", b"TWO"):
            with Client(port) as client:
                client.ask(callers.usual_request(calling=calling))
                client.send(callers.store(callers.data_set_of(data), uid(1, 1, 1)))
                assert client.status() == 0
                client.release()
    assert archive.count(image) == 1 and archive.count(quarantine) == 0
    assert [record["details"]["result"] for record in archive.records("archive.ingest")] == [
        "stored", "duplicate", "duplicate",
    ]  # fmt: skip
    assert remove_asked(archive.kernel) == 2, "the files that came are not needed, since the data set is kept already"
    assert len(list(archive.kernel.blobs.iterate())) == 1
    assert actions.check(archive.kernel, archive.actor).is_unaltered


def other(**attributes: object) -> bytes:
    return callers.data_set_of(film(**attributes))


REFUSED = {
    "other bytes under a known UID": (other(StudyDescription="another"), uid(1, 1, 1), 0xC001, "other-bytes"),
    "another object than announced": (other(image=2), uid(1, 1, 3), 0xA900, "other-identity"),
    "another class than announced": (
        other(image=4, SOPClassUID="1.2.840.10008.5.1.4.1.1.7"), uid(1, 1, 4), 0xA900, "other-identity",
    ),
    "another subject": (other(image=5, PatientID="P-18"), uid(1, 1, 5), 0xC002, "other-subject"),
    "no study of its own": (other(image=9, StudyInstanceUID=None), uid(1, 1, 9), 0xC000, "unreadable"),
    "cut short": (other(image=6)[:-200], uid(1, 1, 6), 0xC000, "unreadable"),
    "nothing at all": (b"", uid(1, 1, 7), 0xC000, "unreadable"),
    "garbage": (b"\x08\x00\x05\x00CS\xff\xff" + bytes(100), uid(1, 1, 8), 0xC000, "unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_may_not_stand_among_the_exams_is_kept_apart_and_the_sender_told(archive: Archive, what: str) -> None:
    data_set, announced, status, code = REFUSED[what]
    archive.ingest(film())
    with callers.door(archive.kernel) as (_, port), Client(port) as client:
        client.ask()
        client.send(callers.store(data_set, announced))
        assert client.status() == status
        client.send(callers.store(other(image=9), uid(1, 1, 9)))
        assert client.status() == 0, "the association goes on"
    (row,) = archive.rows(sa.select(quarantine.c.reason, quarantine.c.sha256))
    assert row["reason"] == code
    assert callers.data_set_of(archive.kernel.blobs.get(row["sha256"])) == data_set
    assert archive.count(image) == 2


@ONE_DATABASE
def test_wrong_requests_get_their_status_and_the_association_goes_on(archive: Archive) -> None:
    with callers.door(archive.kernel) as (_, port), Client(port) as client:
        client.ask()
        data_set = other()
        client.send(callers.store(data_set, uid(1, 1, 1), abstract="1.2.840.10008.5.1.4.1.1.7"))
        assert client.status() == 0x0122
        client.send(callers.store(data_set, "../../etc/passwd"))
        assert client.status() == 0x0117
        client.send(callers.data_pdu(callers.value(3, 3, callers.command(0x0020, callers.DX, has_data=False))))
        assert client.status() == 0x0211
        client.send(callers.echo())
        assert client.status() == 0
    assert archive.count(image) == archive.count(quarantine) == 0


@ONE_DATABASE
def test_a_node_that_may_not_store_is_not_offered_storage(kernel: Kernel) -> None:
    from kerma.areas.exchange.actions import NodeGiven, add_node
    from kerma.kernel.identity import service

    given = NodeGiven("TESTER", "127.0.0.1", 104, services=("echo",))
    add_node(kernel, service("test", "*"), given=given)
    with callers.door(kernel) as (_, port), Client(port) as client:
        answer = client.ask()
        at = answer.index(b"\x21\0")
        assert answer[at + 6] == pdu.ACCEPTED
        at = answer.index(b"\x21\0", at + 2)
        assert answer[at + 6] == pdu.NO_ABSTRACT
        client.send(callers.echo())
        assert client.status() == 0


REJECTED = {
    "an unlisted node": ({"calling": b"NOBODY"}, (1, 1, 3)),
    "another called AE title": ({"called": b"ORTHANC", "calling": b"LISTED"}, (1, 1, 7)),
    "a title that is a path": ({"calling": b"..\\..\\x"}, (1, 1, 3)),
    "no title": ({"calling": b""}, (1, 1, 3)),
    "an unknown application context": ({"application": "1.2.3.4"}, (1, 1, 2)),
}


@ONE_DATABASE
@pytest.mark.parametrize("what", REJECTED)
def test_who_is_not_let_in_hears_why(kernel: Kernel, what: str) -> None:
    from kerma.areas.exchange.actions import NodeGiven, add_node
    from kerma.kernel.identity import service

    add_node(kernel, service("test", "*"), given=NodeGiven("LISTED", "127.0.0.1", 104))
    options, expected = REJECTED[what]
    with callers.door(kernel) as (_, port), Client(port) as client:
        client.send(callers.usual_request(**options))
        kind, body = client.answer()
        assert (kind, tuple(body[1:4])) == (pdu.REJECT, expected)


@ONE_DATABASE
def test_more_associations_of_a_node_than_it_may_have_are_refused(kernel: Kernel) -> None:
    from kerma.areas.exchange.actions import NodeGiven, add_node
    from kerma.kernel.identity import service

    add_node(kernel, service("test", "*"), given=NodeGiven("TESTER", "127.0.0.1", 104, max_associations=2))
    opened = callers.door(kernel)
    with opened as (listener, port), Client(port) as one, Client(port) as two, Client(port) as three:
        one.ask()
        two.ask()
        three.send(callers.usual_request())
        kind, body = three.answer()
        assert (kind, tuple(body[1:4])) == (pdu.REJECT, (2, 3, 2))
        one.release()
        _until(lambda: listener.open_count <= 2)
        with Client(port) as four:
            four.ask()


HOSTILE = {
    "a first PDU of 4 GiB": b"\1\0\xff\xff\xff\xff" + bytes(1000),
    "a first PDU that is data": callers.echo(),
    "a web browser": b"GET / HTTP/1.1\r\n\r\n",
    "129 contexts": callers.request([callers.context(1 + 2 * (n % 128), callers.DX) for n in range(129)]),
    "a peer that takes PDUs of one byte": callers.usual_request(user=struct.pack(">BxHI", 0x51, 4, 1)),
    "a cut request": b"\1\0\0\0\0\x10" + bytes(16),
}


@ONE_DATABASE
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_peer_is_sent_away_and_leaves_a_clear_line(
    trusting: Kernel, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with callers.door(trusting) as (_, port):
        with Client(port) as client:
            client.send(HOSTILE[what])
            assert client.answer()[0] == pdu.ABORT
            assert client.answer()[0] == 0
        with Client(port) as polite:
            polite.ask()
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("kerma.doors")]
    assert any("aborted: " in line and "127.0.0.1" in line for line in lines)
    assert not any(record.exc_info for record in caplog.records)


@ONE_DATABASE
def test_silent_peers_are_sent_away(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerma.doors import dimse_association

    monkeypatch.setattr(dimse_association, "ACSE_S", 2.0)
    with callers.door(callers.trusting(kernel, dicom_idle_s=2.0)) as (listener, port):
        with Client(port) as half_open, Client(port) as slow, Client(port) as idle, Client(port) as halfway:
            idle.ask()
            halfway.ask()
            halfway.send(callers.store(other(), uid(1, 1, 1), piece=100)[:1000])
            began_s = time.monotonic()
            for byte in callers.usual_request()[:2]:
                slow.send(bytes((byte,)))
                time.sleep(0.1)
            for client in (half_open, slow, idle, halfway):
                assert client.answer()[0] == pdu.ABORT
            assert time.monotonic() - began_s < 30
        _until(lambda: listener.open_count == 0)
    assert list((kernel.settings.home / "blobs" / "temporary").iterdir()) == []


def _until(holds: object, within_s: float = 60.0) -> None:
    end_s = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end_s
        time.sleep(0.02)


@ONE_DATABASE
def test_two_hundred_idle_associations_cost_little_and_block_nobody(trusting: Kernel) -> None:
    with callers.door(trusting) as (listener, port):
        clients = [Client(port) for _ in range(200)]
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for client in clients:
            client.send(callers.usual_request())
        for client in clients:
            assert client.answer()[0] == pdu.ACCEPT
        assert listener.open_count == 200
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 60_000
        with Client(port) as working:
            working.ask()
            working.send(callers.store(other(), uid(1, 1, 1)))
            assert working.status() == 0
        for client in clients:
            client.socket.close()
        _until(lambda: listener.open_count == 0)


@ONE_DATABASE
def test_beyond_the_limit_nobody_is_let_in(kernel: Kernel) -> None:
    limited = callers.trusting(kernel, dicom_associations=1)
    with callers.door(limited) as (_, port), Client(port) as first, Client(port) as second:
        first.ask()
        assert second.answer()[0] in (pdu.REJECT, 0)


@ONE_DATABASE
def test_an_object_under_way_is_kept_and_answered_when_the_door_closes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    write = archive.kernel.database.write

    def slow() -> object:
        begun.set()
        time.sleep(0.5)
        return write()

    with callers.door(archive.kernel) as (listener, port), Client(port) as client, Client(port) as idle:
        client.ask()
        idle.ask()
        monkeypatch.setattr(archive.kernel.database, "write", slow)
        client.send(callers.store(callers.data_set_of(film()), uid(1, 1, 1)))
        assert begun.wait(60)
        closing = threading.Thread(target=listener.stop)
        closing.start()
        assert client.status() == 0
        assert client.answer()[0] == idle.answer()[0] == pdu.ABORT
        closing.join()
    assert archive.count(image) == 1


@ONE_DATABASE
def test_no_room_is_told_and_the_association_goes_on(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from kerma.kernel.blobs_folder import FolderStore

    finish = FolderStore.finish

    def full(store: FolderStore, temporary: str, key: str) -> None:
        store.discard(temporary)
        raise OSError(errno.ENOSPC, "No space left on device")

    with callers.door(archive.kernel) as (_, port), Client(port) as client:
        client.ask()
        monkeypatch.setattr(FolderStore, "finish", full)
        client.send(callers.store(other(), uid(1, 1, 1)))
        assert client.status() == 0xA700
        monkeypatch.setattr(FolderStore, "finish", finish)
        client.send(callers.store(other(), uid(1, 1, 1)))
        assert client.status() == 0
    assert archive.count(image) == 1


@ONE_DATABASE
def test_an_object_above_the_limit_is_refused_and_not_kept(kernel: Kernel, actor: Actor) -> None:
    limited = callers.trusting(kernel, upload_limit_bytes=20_000)
    with callers.door(limited) as (_, port), Client(port) as client:
        client.ask()
        client.send(callers.store(callers.data_set_of(film(side=128)), uid(1, 1, 1)))
        assert client.status() == 0xA700
    assert list(kernel.blobs.iterate()) == []
    assert list((kernel.settings.home / "blobs" / "temporary").iterdir()) == []


PRIVATE_CLASS, PRIVATE_SYNTAX = "1.2.826.0.1.3680043.9.7433.77", "1.2.826.0.1.3680043.9.7433.78"


@ONE_DATABASE
@pytest.mark.parametrize(("setting", "result"), [("refuse", pdu.NO_ABSTRACT), ("accept", pdu.ACCEPTED)])
def test_private_classes_are_taken_by_setting(kernel: Kernel, actor: Actor, setting: str, result: int) -> None:
    data = pydicom.dcmread(__import__("io").BytesIO(film()))
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = PRIVATE_CLASS
    with callers.door(callers.trusting(kernel, dicom_unknown_classes=setting)) as (_, port), Client(port) as client:
        answer = client.ask(callers.request([callers.context(1, PRIVATE_CLASS)]))
        assert answer[answer.index(b"\x21\0") + 6] == result
        if result == pdu.ACCEPTED:
            data_set = callers.data_set_of(encoded(data))
            client.send(callers.store(data_set, uid(1, 1, 1), abstract=PRIVATE_CLASS, number=1))
            assert client.status() == 0


def test_an_association_with_other_services_stores_too(archive: Archive, folder: Path) -> None:
    from pynetdicom import AE

    from kerma.doors import dimse_negotiation
    from kerma.kernel.dimse import Service

    asked = []

    def find(one: object) -> object:
        asked.append(one.peer.ae_title)
        yield 0x0000, None

    root = "1.2.840.10008.5.1.4.1.2.2.1"
    offered = {root: Service("find", (root,), {"C-FIND": find})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerma.doors.dimse_association.services", lambda: offered)
        patch.setattr("kerma.doors.dimse_services.services", lambda: offered)
        assert dimse_negotiation.storage_classes()
        with callers.door(archive.kernel) as (_, port):
            entity = AE("MIXED")
            entity.add_requested_context(callers.DX, callers.EXPLICIT)
            entity.add_requested_context(root)
            entity.add_requested_context(callers.VERIFICATION)
            association = entity.associate("127.0.0.1", port, ae_title="KERMA")
            assert association.is_established
            assert association.send_c_echo().Status == 0
            for path in sorted(folder.iterdir()):
                assert association.send_c_store(path).Status == 0
            wrong = pydicom.dcmread(folder / "00.dcm")
            wrong.StudyDescription = "other"
            answer = association.send_c_store(wrong)
            assert answer.Status == 0xC001 and "kept apart" in answer.ErrorComment
            identifier = pydicom.Dataset()
            identifier.QueryRetrieveLevel = "STUDY"
            assert [status.Status for status, _ in association.send_c_find(identifier, root)] == [0]
            association.release()
    assert asked == ["MIXED"]
    assert archive.count(image) == 12 and archive.count(quarantine) == 1
    kept = [callers.data_set_of(archive.kernel.blobs.get(row["sha256"])) for row in archive.rows(sa.select(image))]
    assert sorted(kept) == sorted(callers.data_set_of(path.read_bytes()) for path in folder.iterdir())


@ONE_DATABASE
def test_who_negotiates_relational_queries_hears_that_it_has_them(archive: Archive, trusting: Kernel) -> None:
    from pynetdicom import AE

    archive.ingest(film())
    root, move = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2"
    wanted = pydicom.Dataset()
    wanted.QueryRetrieveLevel, wanted.SeriesInstanceUID, wanted.Modality = "SERIES", "", "DX"
    with callers.door(trusting) as (_, port):
        for asked, told, status in (
            ({root: b"\1\1\1", move: b"\1"}, {root: b"\1\1", move: b"\1"}, 0xFF00),
            ({root: b"\1"}, {root: b"\1"}, 0xFF00),
            ({root: b"\0\1"}, {root: b"\0\1"}, 0xA900),
            ({callers.VERIFICATION: b"\1"}, {}, 0xA900),
            ({}, {}, 0xA900),
        ):
            entity = AE("ASKER")
            entity.add_requested_context(root)
            entity.add_requested_context(move)
            association = entity.associate(
                "127.0.0.1", port, ae_title="KERMA", ext_neg=[_extended(*item) for item in asked.items()]
            )
            assert association.is_established
            assert association.acceptor.sop_class_extended == told
            statuses = [one.Status for one, _ in association.send_c_find(wanted, root)]
            assert statuses[0] == status
            association.release()


def _extended(sop_class: str, information: bytes) -> SOPClassExtendedNegotiation:
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = sop_class, information
    return item


@ONE_DATABASE
def test_a_socket_that_is_reset_is_one_line(trusting: Kernel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with callers.door(trusting) as (listener, port):
        client = Client(port)
        client.ask()
        client.send(callers.store(other(), uid(1, 1, 1))[:500])
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.socket.close()
        _until(lambda: listener.open_count == 0)
    assert not any(record.exc_info for record in caplog.records)
