"""QIDO-RS as clients use it: levels, parameters, forms, refusals, what the ledger knows of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from films import Archive, film, uid
from kerma.areas.archive import queries_qido
from kerma.areas.archive.routes_qido import router

NS = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


@pytest.fixture
def client(archive: Archive, browser: Callable[..., Any]) -> Any:
    for exam in range(1, 4):
        archive.ingest(film(exam=exam, PatientID=f"P-{exam}", AccessionNumber=f"A{exam}", StudyDate=f"2026010{exam}"))
    archive.ingest(film(exam=3, series=2, Modality="CT", PatientID="P-3"))
    archive.ingest(film(exam=3, series=2, image=2, Modality="CT", PatientID="P-3"))
    made = browser(router)
    made.sign_in("analyst")
    return made.http


def found(client: Any, path: str = "/studies", tag: str = "0020000D", **parameters: Any) -> list[Any]:
    answer = client.get(f"/dicom-web{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/dicom+json"
    return [one[tag]["Value"][0] for one in answer.json()]


def test_studies_come_newest_first_and_match_by_keyword_or_tag(client: Any) -> None:
    assert found(client) == [uid(3), uid(2), uid(1)]
    assert found(client, PatientID="P-2") == found(client, **{"00100020": "P-2"}) == [uid(2)]
    assert found(client, StudyDate="20260102-") == [uid(3), uid(2)]
    assert found(client, ModalitiesInStudy="CT") == [uid(3)]
    assert found(client, StudyInstanceUID=f"{uid(1)},{uid(2)}") == [uid(2), uid(1)]
    assert found(client, PatientName="zoé") == []
    assert found(client, PatientName="zoé", fuzzymatching="true") == [uid(3), uid(2), uid(1)]
    assert found(client, Modality="CT") == [uid(3)]


def test_pages_put_together_are_the_whole(client: Any) -> None:
    assert [one for offset in range(4) for one in found(client, limit=1, offset=offset)] == found(client)
    assert found(client, limit=2, offset=1, ModalitiesInStudy="DX") == [uid(2), uid(1)]


def test_levels_below_and_across(client: Any) -> None:
    assert found(client, f"/studies/{uid(3)}/series", "0020000E") == [uid(3, 1), uid(3, 2)]
    assert found(client, f"/studies/{uid(3)}/series", "0020000E", Modality="CT") == [uid(3, 2)]
    assert found(client, f"/studies/{uid(3)}/instances", "00080018") == [uid(3, 1, 1), uid(3, 2, 1), uid(3, 2, 2)]
    assert found(client, f"/studies/{uid(3)}/series/{uid(3, 2)}/instances", "00200013") == [1, 2]
    assert len(found(client, "/series", "0020000E")) == 4
    assert found(client, "/instances", "0020000D", PatientID="P-3", InstanceNumber="2") == [uid(3)]
    assert found(client, f"/studies/{uid(9)}/series") == []


def test_parents_are_told_where_the_address_does_not(client: Any) -> None:
    (one,) = client.get("/dicom-web/series", params={"Modality": "CT"}).json()
    assert one["00100020"]["Value"] == ["P-3"]
    assert list(one) == sorted(one)
    (one,) = client.get("/dicom-web/instances", params={"SOPInstanceUID": uid(3, 2, 2)}).json()
    assert one["00081190"]["Value"][0].endswith(f"/series/{uid(3, 2)}/instances/{uid(3, 2, 2)}")
    assert one["00080060"]["Value"] == ["CT"]


def test_retrieve_addresses_are_those_the_asker_used(client: Any) -> None:
    first = client.get("/dicom-web/studies", params={"limit": 1}).json()[0]
    assert first["00081190"]["Value"] == [f"http://127.0.0.1:8080/dicom-web/studies/{uid(3)}"]


def test_fields_that_only_the_files_have(client: Any) -> None:
    path = f"/dicom-web/studies/{uid(1)}/series/{uid(1, 1)}/instances"
    assert "00280004" not in client.get(path).json()[0]
    one = client.get(path, params={"includefield": "PhotometricInterpretation,BitsStored"}).json()[0]
    assert (one["00280004"]["Value"], one["00280101"]["Value"]) == (["MONOCHROME2"], [12])
    assert "00281052" not in one and "00280103" not in one
    every = client.get(path, params={"includefield": "all"}).json()[0]
    assert every["00280103"]["Value"] == [0]
    assert list(every) == sorted(every)


def test_xml_on_request(client: Any) -> None:
    answer = client.get("/dicom-web/studies", headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
    assert answer.status_code == 200
    boundary = answer.headers["content-type"].rsplit("boundary=", 1)[1]
    parts = answer.content.split(f"--{boundary}".encode())[1:-1]
    assert len(parts) == 3
    root = ElementTree.fromstring(parts[0].split(b"\r\n\r\n", 1)[1])
    name = root.find(f"{NS}DicomAttribute[@keyword='PatientName']/{NS}PersonName/{NS}Alphabetic/{NS}GivenName")
    assert name is not None and name.text == "Zoé"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"NoSuchThing": "1"}, "NoSuchThing"),
        ({"limit": "many"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"offset": "99999999"}, "narrow"),
        ({"fuzzymatching": "perhaps"}, "fuzzymatching"),
        ({"StudyDate": "yesterday"}, "20260301"),
        ({"StudyInstanceUID": "1.2.*"}, "UID"),
        ({"includefield": "Nothing"}, "Nothing"),
        ({"PatientName": "*a" * 20}, "'*'"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_why(client: Any, parameters: dict[str, str], words: str) -> None:
    answer = client.get("/dicom-web/studies", params=parameters)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_what_cannot_be_matched_is_ignored_with_a_warning(client: Any) -> None:
    answer = client.get("/dicom-web/studies", params={"PatientWeight": "70", "PatientID": "P-1"})
    assert len(answer.json()) == 1
    assert answer.headers["warning"].startswith('299 Kerma "') and "00101030" in answer.headers["warning"]


def test_an_answer_cut_short_by_the_server_says_so(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries_qido, "LIMITS", {"study": 2, "series": 2, "image": 2})
    answer = client.get("/dicom-web/studies")
    assert len(answer.json()) == 2
    assert "1 additional results" in answer.headers["warning"]
    assert "warning" not in client.get("/dicom-web/studies", params={"limit": 1}).headers


def test_other_media_types_are_refused(client: Any) -> None:
    assert client.get("/dicom-web/studies", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/dicom-web/studies", params={"accept": "text/html"}).status_code == 406
    answer = client.get("/dicom-web/studies", headers={"Accept": "image/png, application/json;q=0.5"})
    assert answer.headers["content-type"] == "application/json"


def test_one_look_is_one_record_and_a_stranger_sees_nothing(
    client: Any, archive: Archive, browser: Callable[..., Any]
) -> None:
    for _ in range(3):
        client.get("/dicom-web/studies")
    looks = [one for one in archive.records("archive.view") if one["details"].get("purpose") == "search (QIDO-RS)"]
    assert len(looks) == 1 and "P-1" not in json.dumps(looks)
    anonymous = browser(router).http
    assert anonymous.get("/dicom-web/studies").status_code == 401
    other = browser(router)
    other.sign_in(login="nobody")
    assert other.http.get("/dicom-web/studies").status_code == 403
