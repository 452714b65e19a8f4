"""STOW-RS: what is sent is kept byte for byte or told honestly, and nothing half is left behind."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pydicom
import pytest

from films import Archive, film, uid
from kerma.areas.archive import store
from kerma.areas.archive.actions_receive import receive
from kerma.areas.archive.model import exam, image, quarantine
from kerma.areas.archive.routes_stow import router
from kerma.formats.dicom_xml_read import document_of
from stow import KIND, STUDIES, Post, failures, parts, post, told

__all__ = ["post"]


def test_what_is_sent_is_kept_byte_for_byte(post: Post, archive: Archive) -> None:
    films = [film(image=number) for number in (1, 2)]
    answer = post(b"a preamble\r\n" + parts(*films))
    assert answer.status_code == 200, (answer.text, answer.headers.get("warning"))
    found = told(answer)
    assert found.RetrieveURL == f"http://127.0.0.1:8080/dicom-web/studies/{uid(1)}"
    assert [item.ReferencedSOPInstanceUID for item in found.ReferencedSOPSequence] == [uid(1, 1, 1), uid(1, 1, 2)]
    first = found.ReferencedSOPSequence[0]
    assert first.ReferencedSOPClassUID == pydicom.dcmread(pydicom.filebase.BytesIO(films[0])).SOPClassUID
    assert first.RetrieveURL == f"{found.RetrieveURL}/series/{uid(1, 1)}/instances/{uid(1, 1, 1)}"
    assert "FailedSOPSequence" not in found
    rows = archive.rows(image.select().order_by(image.c.id))
    assert {archive.kernel.blobs.get(row["sha256"]) for row in rows} == set(films)
    assert {record["details"]["door"] for record in archive.records("archive.ingest")} == {"http"}


def test_one_object_alone_and_headers_as_others_write_them(post: Post, archive: Archive) -> None:
    assert post(film(), Content_Type="application/dicom").status_code == 200
    odd = b"content-type:application/dicom;\r\n\ttransfer-syntax=1.2.840.10008.1.2.1\r\nContent-Location: /a b/%20\r\n"
    kind = 'Multipart/Related;BOUNDARY="a b";Type=application/dicom; start="<1>"'
    body = b"--a b\r\n" + odd + b"\r\n" + film(image=2) + b"\r\n--a b  \r\n\r\n" + film(image=3) + b"\r\n--a b--"
    assert post(body, Content_Type=kind).status_code == 200
    assert post(parts(film(image=4)), Content_Type="multipart/related; boundary=XX").status_code == 200
    assert archive.count(image) == 4


def test_sent_again_it_is_a_success_and_changes_nothing(post: Post, archive: Archive) -> None:
    assert [post(parts(film(), film())).status_code for _ in range(2)] == [200, 200]
    assert archive.count(image) == 1


def test_other_bytes_under_a_known_uid_are_kept_apart_and_told(post: Post, archive: Archive) -> None:
    post(parts(film()))
    answer = post(parts(film(StudyDescription="another"), film(image=2)))
    assert answer.status_code == 202
    (failed,) = told(answer).FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == (uid(1, 1, 1), 0x0111)
    assert answer.headers["warning"].startswith('299 Kerma "an image with this UID but other bytes is kept already')
    assert [row["reason"] for row in archive.rows(quarantine.select())] == ["other-bytes"]
    assert post(parts(film(StudyDescription="another"))).status_code == 409


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"])
def test_an_object_that_does_not_name_itself_is_kept_apart(post: Post, archive: Archive, keyword: str) -> None:
    data = pydicom.dcmread(pydicom.filebase.BytesIO(film()))
    del data[keyword]
    buffer = pydicom.filebase.BytesIO()
    data.save_as(buffer)
    answer = post(parts(buffer.getvalue(), film(image=2)))
    assert answer.status_code == 202
    assert failures(answer) == [0xC000]
    assert post(parts(buffer.getvalue())).status_code == 400
    assert [row["detail"] for row in archive.rows(quarantine.select())][:1] == [
        f"its data set has no {READABLE[keyword]}"
    ]
    assert archive.count(image) == 1


READABLE = {
    "SOPInstanceUID": "SOP Instance UID", "SeriesInstanceUID": "Series Instance UID",
    "StudyInstanceUID": "Study Instance UID",
}  # fmt: skip


def test_an_object_of_another_study_than_the_address_names(post: Post, archive: Archive) -> None:
    answer = post(parts(film(exam=1), film(exam=2)), f"{STUDIES}/{uid(1)}")
    assert answer.status_code == 202
    (failed,) = told(answer).FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == (uid(2, 1, 1), 0xA900)
    assert post(parts(film(exam=2)), f"{STUDIES}/{uid(1)}").status_code == 409
    assert archive.count(image) == 1
    assert archive.count(quarantine) == 0
    for address in ("x", "1..2", "1" * 65, "%2e%2e"):
        assert post(parts(film()), f"{STUDIES}/{address}").status_code == 400


def test_junk_is_told_and_never_becomes_a_file(post: Post, archive: Archive) -> None:
    cut = film(image=2)[:-100]
    answer = post(parts(b"", b"junk" * 100, cut, film()))
    assert answer.status_code == 202
    assert sorted(failures(answer)) == [0xC000, 0xC000, 0xC000]
    assert "cut short" in answer.headers["warning"]
    assert post(parts(b"junk" * 1000)).status_code == 400
    assert [row["size_bytes"] for row in archive.rows(quarantine.select())] == [len(cut)]
    assert archive.count(image) == 1


def test_an_object_above_the_limit_spares_the_others(post: Post, archive: Archive, monkeypatch: Any) -> None:
    small = film()
    object.__setattr__(archive.kernel.settings, "upload_limit_bytes", len(small))
    answer = post(parts(film(image=2, side=64), small))
    assert (answer.status_code, failures(answer)) == (202, [0xA700])
    assert post(parts(film(image=2, side=64))).status_code == 413
    assert post(film(image=2, side=64), Content_Type="application/dicom").status_code == 413
    assert archive.count(image) == 1


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/related; type=application/dicom", 400),
        ("multipart/related; type=application/dicom; boundary=" + "x" * 71, 400),
        ("multipart/related; type=text/plain; boundary=XX", 415),
        ("multipart/form-data; boundary=XX", 415),
        ("application/json", 415),
        ("", 415),
        ("multipart/related; type=application/dicom; boundary=YY", 400),
    ],
)
def test_bodies_of_another_kind(post: Post, archive: Archive, kind: str, status: int) -> None:
    answer = post(parts(film()), Content_Type=kind)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert archive.count(image) == 0


def test_bodies_that_are_compressed_or_empty(post: Post) -> None:
    assert post(gzip.compress(parts(film())), Content_Encoding="gzip").status_code == 415
    assert post(parts(film()), Content_Encoding="identity").status_code == 200
    assert post(b"--XX--").status_code == 400
    assert post(b"").status_code == 400
    assert post(parts(film(image=2)), Accept="text/html").status_code == 406


def test_a_body_without_its_last_boundary_says_what_is_kept(post: Post, archive: Archive) -> None:
    answer = post(parts(film(), film(image=2), end=b""))
    assert answer.status_code == 400
    assert "1 of the objects before the damage were whole and are kept" in answer.json()["detail"]
    assert archive.count(image) == 1
    assert not list((archive.kernel.settings.home / "blobs" / "temporary").iterdir())


def test_the_answer_in_xml(post: Post) -> None:
    answer = post(parts(film()), Accept="application/dicom+xml")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/dicom+xml")
    found = pydicom.Dataset.from_json(document_of(answer.content))
    assert found.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == uid(1, 1, 1)


def test_the_industry_is_as_stated(post: Post, archive: Archive) -> None:
    assert post(parts(film()), f"{STUDIES}?industry=ndt").status_code == 200
    assert post(parts(film(exam=2)), Kerma_Industry="security").status_code == 200
    assert post(parts(film(exam=3))).status_code == 200
    assert [row["industry"] for row in archive.rows(exam.select().order_by(exam.c.id))] == [
        "ndt",
        "security",
        "medical",
    ]
    assert post(parts(film(exam=4)), f"{STUDIES}?industry=bakery").status_code == 400


def test_only_who_may_bring_images_in_is_heard(browser: Callable[..., Any], archive: Archive) -> None:
    page = browser(router)
    taken: list[int] = []

    def body() -> Iterator[bytes]:
        for _ in range(3):
            taken.append(1)
            yield parts(film())

    def send() -> httpx.Response:
        return page.http.post(STUDIES, content=body(), headers=KIND)

    assert send().status_code == 401
    page.sign_in("auditor")
    assert send().status_code == 403
    assert archive.count(image) == 0
    assert archive.records("archive.ingest")[-1]["outcome"] == "refused"


def test_a_fault_of_ours_fails_one_object_and_never_the_server(post: Post, archive: Archive, monkeypatch: Any) -> None:
    calls: list[Any] = []

    def failing(*asked: Any) -> Any:
        calls.append(asked)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        return receive(*asked)

    monkeypatch.setattr(store, "receive", failing)
    answer = post(parts(film(), film(image=2)))
    assert answer.status_code == 202
    assert failures(answer) == [0x0110]
    assert archive.count(image) == 1
