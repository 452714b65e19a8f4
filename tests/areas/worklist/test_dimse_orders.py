"""Modality worklist and performed steps over the DICOM network, asked by DCMTK and pynetdicom."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

import films
import worklists
from kerma.areas.worklist import actions_orders, queries_orders
from kerma.kernel.action import Actor, Kernel
from worklists import PERFORMED, ROOT, association, ended, findscu, network, order, performed

STEP = "ScheduledProcedureStepSequence[0]"
ALL = {"PatientName": "", "PatientID": "", "AccessionNumber": "", f"{STEP}.Modality": ""}
needs_dcmtk = pytest.mark.skipif(not Path(worklists.FINDSCU).exists(), reason="DCMTK's findscu is not installed")


def place(kernel: Kernel, actor: Actor, **fields: str) -> int:
    return actions_orders.place(kernel, actor, order=order(**fields))


QUERIES: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["P-17", "P-18", "P-19"]),
    ({"PatientName": "dupont*"}, ["P-17"]),
    ({"PatientName": "DUPONT^ZOE"}, ["P-17"]),
    ({"PatientName": "yama?a*"}, ["P-18"]),
    ({"PatientID": "P-1?"}, ["P-17", "P-18", "P-19"]),
    ({f"{STEP}.ScheduledStationAETitle": "DX1"}, ["P-17", "P-18"]),
    ({f"{STEP}.ScheduledStationAETitle": "CT2"}, ["P-19"]),
    ({f"{STEP}.Modality": "CT"}, ["P-19"]),
    ({f"{STEP}.ScheduledProcedureStepStartDate": "20260302"}, ["P-17"]),
    ({f"{STEP}.ScheduledProcedureStepStartDate": "20260303-20260304"}, ["P-18", "P-19"]),
    ({f"{STEP}.ScheduledProcedureStepStartDate": "-20260303"}, ["P-17", "P-18"]),
    ({f"{STEP}.ScheduledProcedureStepStartTime": "1000-1030"}, ["P-17"]),
    ({f"{STEP}.ScheduledPerformingPhysicianName": "curie*"}, ["P-17", "P-18", "P-19"]),
    ({"AccessionNumber": "A-19"}, ["P-19"]),
    ({"RequestedProcedureID": "nothing"}, []),
]


@needs_dcmtk
def test_findscu_finds_what_the_keys_ask_for(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    place(kernel, actor)
    place(
        kernel, actor, subject_id="P-18", name="Yamada^Tarou=山田^太郎", accession="A-18", start_date="20260303",
        start_time="140000", study_uid=f"{ROOT}.18",
    )  # fmt: skip
    place(
        kernel, actor, subject_id="P-19", name="Buc^Jérôme", accession="A-19", start_date="20260304",
        start_time="235959.5", station_ae="CT1\\CT2", modality="CT", study_uid=f"{ROOT}.19",
    )  # fmt: skip
    with network(kernel, actor) as port:
        for number, (keys, found) in enumerate(QUERIES):
            answers = findscu(port, tmp_path / str(number), ALL | keys)
            assert [str(answer.PatientID) for answer in answers] == found, keys
            assert all(answer.ScheduledProcedureStepSequence[0].Modality for answer in answers)


@needs_dcmtk
def test_answers_are_in_the_asker_s_character_set_where_it_has_the_letters(
    kernel: Kernel, actor: Actor, tmp_path: Path
) -> None:
    place(kernel, actor)
    place(kernel, actor, subject_id="P-18", name="Yamada^Tarou=山田^太郎", accession="A-18", study_uid=f"{ROOT}.18")
    asked = {"ISO_IR 100": "ISO_IR 100", "ISO_IR 192": "ISO_IR 192", "\\ISO 2022 IR 87": "ISO_IR 192"}
    with network(kernel, actor) as port:
        for number, (asked_set, latin) in enumerate(asked.items()):
            keys = {"SpecificCharacterSet": asked_set, "PatientName": ""}
            zoe, tarou = findscu(port, tmp_path / str(number), keys)
            zoe.decode()
            tarou.decode()
            assert str(zoe.PatientName) == "Dupont^Zoé"
            assert zoe.SpecificCharacterSet == latin
            assert tarou.PatientName.ideographic == "山田^太郎"
            wanted = ["", "ISO 2022 IR 87"] if "87" in asked_set else "ISO_IR 192"
            assert tarou.SpecificCharacterSet == wanted


@needs_dcmtk
def test_a_query_written_in_japanese_finds_the_ideographic_name(kernel: Kernel, actor: Actor) -> None:
    from pydicom.dataset import Dataset

    place(kernel, actor)
    place(kernel, actor, subject_id="P-18", name="Yamada^Tarou=山田^太郎", accession="A-18", study_uid=f"{ROOT}.18")
    keys = Dataset()
    keys.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    keys.PatientName, keys.PatientID = "=山田*", ""
    with network(kernel, actor) as port, association(port, "1.2.840.10008.5.1.4.31") as machine:
        answers = [found for _, found in machine.send_c_find(keys, "1.2.840.10008.5.1.4.31") if found]
    assert [answer.PatientID for answer in answers] == ["P-18"]


@needs_dcmtk
def test_the_same_items_give_the_same_answers_as_wlmscpfs(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    examples = Path("/usr/share/doc/dcmtk/examples/wlistdb/OFFIS")
    if not kernel.database.is_sqlite:
        pytest.skip("the comparison is of answers, not of databases: once is enough")
    if not examples.is_dir() or not Path("/usr/bin/wlmscpfs").exists():
        pytest.skip("DCMTK's worklist server or its examples are not installed")
    from kerma.areas.worklist.importing import orders_of_file

    database = tmp_path / "wl" / "OFFIS"
    database.mkdir(parents=True)
    (database / "lockfile").touch()
    for dump in sorted(examples.glob("*.dump")):
        subprocess.run(["/usr/bin/dump2dcm", "-g", str(dump), str(database / f"{dump.stem}.wl")], check=True)
        for one in orders_of_file(database / f"{dump.stem}.wl", industry="medical"):
            actions_orders.place(kernel, actor, order=one)
    port = _free_port()
    peer = subprocess.Popen(["/usr/bin/wlmscpfs", "-dfp", str(tmp_path / "wl"), str(port)], stderr=subprocess.DEVNULL)
    shown = {
        "PatientID": "", "AccessionNumber": "", "StudyInstanceUID": "", "RequestedProcedureID": "",
        f"{STEP}.ScheduledProcedureStepID": "", f"{STEP}.ScheduledStationName": "",
    }  # fmt: skip
    queries = [
        {},
        {"PatientName": "VIVALDI*"},
        {"PatientName": "M*"},
        {"PatientSex": "M"},
        {"PatientID": "AV35674"},
        {f"{STEP}.Modality": "CT"},
        {f"{STEP}.ScheduledStationAETitle": "AA33"},
        {f"{STEP}.ScheduledProcedureStepStartDate": "19951015"},
        {f"{STEP}.ScheduledProcedureStepStartDate": "19951015-19960701"},
        {f"{STEP}.ScheduledProcedureStepStartDate": "19960101-", f"{STEP}.Modality": "MR"},
        {f"{STEP}.ScheduledProcedureStepStartTime": "0800-1200"},
        {f"{STEP}.ScheduledPerformingPhysicianName": "JOHN*"},
    ]
    try:
        _wait_for(port)
        with network(kernel, actor) as own:
            for number, query in enumerate(queries):
                theirs = findscu(port, tmp_path / f"theirs{number}", shown | query, called="OFFIS")
                ours = findscu(own, tmp_path / f"ours{number}", shown | query)
                assert _shown(ours) == _shown(theirs), query
                assert number or len(ours) == 10
    finally:
        peer.terminate()
        peer.wait()


def _shown(answers: list) -> list[tuple[str, ...]]:
    return sorted(
        (
            str(answer.PatientID), str(answer.StudyInstanceUID), str(answer.RequestedProcedureID),
            str(answer.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID),
            str(answer.ScheduledProcedureStepSequence[0].ScheduledStationName or ""),
        )
        for answer in answers
    )  # fmt: skip


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])


def _wait_for(port: int) -> None:
    import socket

    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")


def test_a_step_that_has_begun_is_offered_only_to_who_asks_for_it(kernel: Kernel, actor: Actor) -> None:
    from pydicom.dataset import Dataset

    place(kernel, actor)
    keys = Dataset()
    keys.PatientID = ""
    keys.ScheduledProcedureStepSequence = [Dataset()]
    keys.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus = ""
    with network(kernel, actor) as port, association(port, "1.2.840.10008.5.1.4.31", PERFORMED) as machine:

        def offered(status: str = "") -> list[str]:
            keys.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus = status
            found = machine.send_c_find(keys, "1.2.840.10008.5.1.4.31")
            return [one.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus for _, one in found if one]

        assert offered() == ["SCHEDULED"]
        status, _ = machine.send_n_create(performed(order()), PERFORMED, f"{ROOT}.9")
        assert status.Status == 0
        assert offered() == []
        assert offered("STARTED") == ["STARTED"]


def test_unknown_keys_are_told_as_unsupported_and_come_back_as_far_as_they_are_known(
    kernel: Kernel, actor: Actor
) -> None:
    from pydicom.dataset import Dataset

    place(kernel, actor)
    keys = Dataset()
    keys.PatientID, keys.PatientWeight, keys.Manufacturer = "", None, ""
    with network(kernel, actor) as port, association(port, "1.2.840.10008.5.1.4.31") as machine:
        (status, answer), (last, _) = list(machine.send_c_find(keys, "1.2.840.10008.5.1.4.31"))
    assert (status.Status, last.Status) == (0xFF01, 0)
    assert answer.PatientID == "P-17"
    assert "PatientWeight" in answer
    assert "Manufacturer" not in answer


def test_who_may_not_see_orders_gets_the_status_for_it(kernel: Kernel, stranger: Actor) -> None:
    from pydicom.dataset import Dataset

    keys = Dataset()
    keys.PatientID = ""
    with network(kernel, stranger) as port, association(port, "1.2.840.10008.5.1.4.31", PERFORMED) as machine:
        assert [status.Status for status, _ in machine.send_c_find(keys, "1.2.840.10008.5.1.4.31")] == [0x0124]
        status, _ = machine.send_n_create(performed(order()), PERFORMED, f"{ROOT}.9")
        assert status.Status == 0x0124


def test_a_performed_step_runs_from_beginning_to_end_and_its_order_follows(kernel: Kernel, actor: Actor) -> None:
    order_pk = place(kernel, actor)
    films.Archive(kernel, actor).ingest(films.film(StudyInstanceUID=f"{ROOT}.1", SOPInstanceUID=f"{ROOT}.3"))

    def state() -> str:
        with kernel.database.read() as connection:
            return queries_orders.order_by_pk(connection, order_pk)["state"]

    with network(kernel, actor) as port, association(port, PERFORMED) as machine:
        status, answer = machine.send_n_create(performed(order()), PERFORMED, f"{ROOT}.9")
        assert (status.Status, answer.AffectedSOPInstanceUID if answer else "") in ((0, f"{ROOT}.9"), (0, ""))
        assert state() == "started"
        status, _ = machine.send_n_create(performed(order()), PERFORMED, f"{ROOT}.9")
        assert status.Status == 0x0111
        status, _ = machine.send_n_set(ended(images=(f"{ROOT}.3", f"{ROOT}.4")), PERFORMED, f"{ROOT}.9")
        assert status.Status == 0
        assert state() == "completed"
        status, _ = machine.send_n_set(ended(), PERFORMED, f"{ROOT}.9")
        assert (status.Status, status.ErrorID) == (0x0110, 0xA710)
        assert "no longer be updated" in status.ErrorComment
        status, read = machine.send_n_get([0x00400252, 0x00100010], PERFORMED, f"{ROOT}.9")
        assert (status.Status, read.PerformedProcedureStepStatus) == (0, "COMPLETED")
        assert str(read.PatientName) == "Dupont^Zoé"
        assert "Modality" not in read
        status, _ = machine.send_n_get([], PERFORMED, f"{ROOT}.404")
        assert status.Status == 0x0112
    with kernel.database.read() as connection:
        (row,) = queries_orders.performed(connection, only_open=False)
        assert (row["matching"], row["order_pks"]) == ("matched", [order_pk])
        assert (row["announced_count"], row["stored_count"]) == (2, 1)
        missing = queries_orders.missing_images(connection, row["id"])
    assert [one["image_uid"] for one in missing] == [f"{ROOT}.4"]


def test_a_step_that_does_not_begin_as_the_standard_says_is_refused(kernel: Kernel, actor: Actor) -> None:
    wrong = [
        ({"PerformedProcedureStepStatus": "COMPLETED"}, 0x0106),
        ({"PerformedStationAETitle": None}, 0x0121),
        ({"Modality": ""}, 0x0121),
    ]
    with network(kernel, actor) as port, association(port, PERFORMED) as machine:
        for change, code in wrong:
            status, _ = machine.send_n_create(performed(order(), **change), PERFORMED, f"{ROOT}.9")
            assert status.Status == code
        status, _ = machine.send_n_set(ended(), PERFORMED, f"{ROOT}.9")
        assert status.Status == 0x0112


def test_a_garbled_query_is_answered_and_harms_nothing(kernel: Kernel, actor: Actor) -> None:
    from io import BytesIO

    from pynetdicom.dimse_primitives import C_FIND

    place(kernel, actor)
    with network(kernel, actor) as port, association(port, "1.2.840.10008.5.1.4.31") as machine:
        request = C_FIND()
        request.MessageID, request.Priority = 1, 2
        request.AffectedSOPClassUID = "1.2.840.10008.5.1.4.31"
        request.Identifier = BytesIO(b"\x10\x00\x20\x00\xff\xff\xff\x7fxx")
        machine._reactor_checkpoint.clear()
        machine.dimse.send_msg(request, machine.accepted_contexts[0].context_id)
        _, answer = machine.dimse.get_msg(True)
        machine._reactor_checkpoint.set()
        assert answer.Status >= 0xC000 or answer.Status in (0, 0xFF00, 0xFF01)
    with kernel.database.read() as connection:
        assert len(queries_orders.orders(connection, queries_orders.Search())) == 1
