"""C-FIND and C-GET through pynetdicom on the loopback, on both databases: levels, keys, letters, counting, records."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pydicom
import pytest
import tifffile
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, _config, build_context, build_role, evt

from films import Archive, film, uid
from kerma.areas.archive.dimse import PATIENT_ROOT_FIND as PATIENT_FIND
from kerma.areas.archive.dimse import SERVICES
from kerma.areas.archive.dimse import STUDY_ROOT_FIND as STUDY_FIND
from kerma.areas.archive.dimse import STUDY_ROOT_GET as STUDY_GET
from kerma.kernel.action import Actor
from kerma.kernel.dimse import Asked, Peer

WORDS = frozenset({"find", "get"})
DX, CAPTURE = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture
def port(archive: Archive) -> Iterator[int]:
    """A listener with the archive's handlers alone, as the network door binds them."""
    peer = Peer("TESTER", "127.0.0.1", Actor("node", "3", "TESTER", frozenset({"archive.*"})), WORDS)
    handlers = {message: handler for service in SERVICES for message, handler in service.handlers.items()}
    entity = AE("KERMA")
    for service in SERVICES:
        for sop_class in service.sop_classes:
            entity.add_supported_context(sop_class)
    for sop_class in (DX, CAPTURE):
        entity.add_supported_context(sop_class, scu_role=True, scp_role=True)

    def answer(message: str, event: Any) -> Iterator[Any]:
        yield from handlers[message](Asked(archive.kernel, peer, event))

    bound = [
        (evt.EVT_C_FIND, functools.partial(answer, "C-FIND")),
        (evt.EVT_C_GET, functools.partial(answer, "C-GET")),
    ]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=bound)
    yield server.server_address[1]
    server.shutdown()


def keys(level: str, **attributes: Any) -> Dataset:
    data = Dataset()
    data.QueryRetrieveLevel = level
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def ask(port: int, asked: Dataset, model: str = STUDY_FIND) -> tuple[list[Dataset], list[int]]:
    entity = AE("TESTER")
    entity.add_requested_context(model)
    association = entity.associate("127.0.0.1", port)
    assert association.is_established
    answers, statuses = [], []
    for status, identifier in association.send_c_find(asked, model):
        statuses.append(int(status.Status))
        if identifier is not None:
            answers.append(identifier)
    association.release()
    return answers, statuses


def test_studies_are_found_newest_first_with_the_keys_asked_for(archive: Archive, port: int) -> None:
    for exam in (1, 2):
        archive.ingest(film(exam=exam, PatientID=f"P-{exam}"))
    answers, statuses = ask(
        port, keys("STUDY", PatientName="dup*", PatientID="", StudyDescription="", ModalitiesInStudy="")
    )
    assert [one.PatientID for one in answers] == ["P-2", "P-1"]
    assert statuses == [0xFF00, 0xFF00, 0x0000]
    first = answers[0]
    assert (first.StudyDescription, first.ModalitiesInStudy) == ("Thorax p.a.", "DX")
    assert (first.StudyInstanceUID, first.QueryRetrieveLevel, first.RetrieveAETitle) == (uid(2), "STUDY", "KERMA")
    assert "StudyDate" not in first


def test_every_level_of_both_models(archive: Archive, port: int) -> None:
    archive.ingest(film(series=1))
    archive.ingest(film(series=2, Modality="CT"))
    archive.ingest(film(series=2, image=2, Modality="CT"))
    (one,), _ = ask(port, keys("PATIENT", PatientID="P-17", PatientName=""), PATIENT_FIND)
    assert str(one.PatientName) == "Dupont^Zoé"
    (one,), _ = ask(port, keys("STUDY", PatientID="P-17", NumberOfStudyRelatedInstances=""), PATIENT_FIND)
    assert one.NumberOfStudyRelatedInstances == 3
    answers, _ = ask(port, keys("SERIES", StudyInstanceUID=uid(1), Modality="CT", NumberOfSeriesRelatedInstances=""))
    assert [(one.SeriesInstanceUID, one.NumberOfSeriesRelatedInstances) for one in answers] == [(uid(1, 2), 2)]
    image = keys("IMAGE", StudyInstanceUID=uid(1), SeriesInstanceUID=uid(1, 2), InstanceNumber="", Rows=None)
    answers, _ = ask(port, image)
    assert [(one.InstanceNumber, one.Rows) for one in answers] == [(1, 16), (2, 16)]


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        (keys("SERIES", Modality="CT"), STUDY_FIND),
        (keys("IMAGE", StudyInstanceUID=uid(1)), STUDY_FIND),
        (keys("STUDY", StudyDate=""), PATIENT_FIND),
        (keys("PATIENT", PatientID=""), STUDY_FIND),
        (keys("", PatientID=""), STUDY_FIND),
        (keys("STUDY", StudyDate="yesterday"), STUDY_FIND),
    ],
)
def test_an_identifier_that_does_not_fit_the_model_is_refused(port: int, asked: Dataset, model: str) -> None:
    assert ask(port, asked, model) == ([], [0xA900])


def test_a_key_that_is_not_in_the_index_is_told_by_the_status(archive: Archive, port: int) -> None:
    archive.ingest(film())
    answers, statuses = ask(port, keys("STUDY", PatientID="P-17", PatientWeight=""))
    assert statuses == [0xFF01, 0x0000]
    assert answers[0].PatientWeight is None


YAMADA = "Yamada^Tarou=山田^太郎=やまだ^たろう"


LETTERS = [
    # PS3.5, annex H.3.1 and H.3.2: Japanese with code extensions.
    (["", "ISO 2022 IR 87"], YAMADA, "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "*=山田*"),
    # PS3.5, annex I.2 and J: Korean, Chinese in Unicode.
    (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동", "=洪^*"),
    (["ISO_IR 192"], "Wang^XiaoDong=王^小東", "Wang*=王*"),
    (["ISO_IR 100"], "Buc^Jérôme", "buc^jerome"),
    (["ISO_IR 144"], "Люкceмбypг", "Люк*"),
]


def test_names_are_asked_and_answered_in_the_letters_of_the_peer(archive: Archive, port: int) -> None:
    for number, (charset, name, _) in enumerate(LETTERS, start=1):
        archive.ingest(film(exam=number, PatientID=f"P-{number}", SpecificCharacterSet=charset, PatientName=name))
    for number, (charset, name, asked) in enumerate(LETTERS, start=1):
        wanted = keys("STUDY", SpecificCharacterSet=charset, PatientName=asked, StudyInstanceUID=uid(number))
        answers, _ = ask(port, wanted)
        assert [str(one.PatientName) for one in answers] == [name]
        told = answers[0].SpecificCharacterSet
        assert ([told] if isinstance(told, str) else [one or "" for one in told]) == charset


def test_letters_that_the_peers_character_set_lacks_come_in_unicode(archive: Archive, port: int) -> None:
    archive.ingest(film(SpecificCharacterSet="ISO_IR 192", PatientName=YAMADA))
    for charset in ("", "ISO_IR 100"):
        (one,), _ = ask(port, keys("STUDY", SpecificCharacterSet=charset, PatientID="P-17", PatientName=""))
        assert (one.SpecificCharacterSet, str(one.PatientName)) == ("ISO_IR 192", YAMADA)


def test_a_search_of_many_ends_when_the_peer_cancels(archive: Archive, port: int) -> None:
    for exam in range(1, 6):
        archive.ingest(film(exam=exam, side=2))
    entity = AE("TESTER")
    entity.add_requested_context(STUDY_FIND)
    association = entity.associate("127.0.0.1", port)
    statuses = []
    for status, _ in association.send_c_find(keys("STUDY", PatientID=""), STUDY_FIND, msg_id=7):
        association.send_c_cancel(7, query_model=STUDY_FIND) if not statuses else None
        statuses.append(int(status.Status))
    association.release()
    assert statuses[-1] in (0xFE00, 0x0000)
    assert set(statuses[:-1]) == {0xFF00}


def fetch(port: int, asked: Dataset, take: int = 0x0000, sop_class: str = DX) -> tuple[list[bytes], list[Dataset]]:
    taken = []

    def store(event: Any) -> int:
        taken.append(event.request.DataSet.getvalue())
        return take

    entity = AE("TESTER")
    contexts = [build_context(STUDY_GET), build_context(sop_class, [ExplicitVRLittleEndian])]
    association = entity.associate(
        "127.0.0.1", port, contexts=contexts, ext_neg=[build_role(sop_class, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, store)],
    )  # fmt: skip
    # A door of another test in this process may have it that what comes goes to files.
    kept, _config.STORE_RECV_CHUNKED_DATASET = _config.STORE_RECV_CHUNKED_DATASET, False
    try:
        statuses = [status for status, _ in association.send_c_get(asked, STUDY_GET)]
    finally:
        _config.STORE_RECV_CHUNKED_DATASET = kept
    association.release()
    return taken, statuses


def test_objects_are_fetched_as_they_are_stored_and_the_ledger_knows_it(archive: Archive, port: int) -> None:
    sent = [film(image=number) for number in (1, 2)]
    for data in sent:
        archive.ingest(data)
    taken, statuses = fetch(port, keys("STUDY", StudyInstanceUID=uid(1)))
    assert taken == [
        data[pydicom.dcmread(io.BytesIO(data)).file_meta.FileMetaInformationGroupLength + 144 :] for data in sent
    ]
    last = statuses[-1]
    assert (last.Status, last.NumberOfCompletedSuboperations, last.NumberOfFailedSuboperations) == (0x0000, 2, 0)
    (record,) = archive.records("archive.export")
    assert (
        record["actor"] == "node:3" and record["details"]["purpose"] == "get" and record["details"]["image_count"] == 2
    )


def test_what_came_as_a_tiff_is_fetched_as_the_object_that_stands_for_it(archive: Archive, port: int) -> None:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.arange(72, dtype=np.uint16).reshape(8, 9))
    stored = archive.ingest(buffer.getvalue(), "weld.tif", industry="ndt")
    (taken,), statuses = fetch(port, keys("STUDY", StudyInstanceUID=stored.exam_uid), sop_class=CAPTURE)
    assert (statuses[-1].Status, statuses[-1].NumberOfCompletedSuboperations) == (0x0000, 1)
    data = pydicom.dcmread(io.BytesIO(taken), force=True)
    assert (data.SOPInstanceUID, data.StudyInstanceUID) == (stored.image_uid, stored.exam_uid)
    assert data.PixelData == np.arange(72, dtype="<u2").tobytes()


def test_what_the_peer_does_not_take_is_counted_and_named(archive: Archive, port: int) -> None:
    archive.ingest(film())
    _, statuses = fetch(
        port, keys("IMAGE", StudyInstanceUID=uid(1), SeriesInstanceUID=uid(1, 1), SOPInstanceUID=uid(1, 1, 1)), 0xA700
    )
    assert statuses[-1].Status == 0xA702
    assert statuses[-1].NumberOfFailedSuboperations == 1


def test_nothing_to_fetch_is_a_success_and_an_incomplete_request_is_not(archive: Archive, port: int) -> None:
    assert fetch(port, keys("STUDY", StudyInstanceUID="1.2.3"))[1][-1].Status == 0x0000
    assert fetch(port, keys("SERIES", SeriesInstanceUID="1.2.3"))[1][-1].Status == 0xA900
    assert not archive.records("archive.export")


def test_one_look_is_one_record_for_each_association(archive: Archive, port: int) -> None:
    for _ in range(2):
        ask(port, keys("STUDY", PatientID="P-17"))
    looks = [one for one in archive.records("archive.view") if one["details"]["purpose"] == "search (C-FIND)"]
    assert [one["actor"] for one in looks] == ["node:3", "node:3"]
