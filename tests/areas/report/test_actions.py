import json
import threading

import pytest
import sqlalchemy as sa
from tests.areas.report.decided import analyse, decide, records, versions
from tests.areas.report.samples import text_of, tiff_bytes, weld

import exams
from kerma.areas.report import actions, jobs
from kerma.areas.report.model import report
from kerma.areas.report.routes import router
from kerma.areas.report.rules_versions import BASIS
from kerma.areas.report.sign import sign
from kerma.areas.report.signature_verify import verify_pdf
from kerma.areas.review.queries import latest_analysis
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import service
from kerma.kernel.jobs_model import job_request


def test_an_analysis_and_a_decision_each_ask_for_the_report(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    def asked() -> list[dict]:
        with listening.database.read() as connection:
            rows = connection.execute(sa.select(job_request).where(job_request.c.name == jobs.BUILD))
            return [dict(row) for row in rows.mappings()]

    assert [one["arguments"] for one in asked()] == [{"exam_pk": exam_pk}]
    decide(listening, actor, exam_pk)
    assert {json.dumps(one["arguments"]) for one in asked()} == {json.dumps({"exam_pk": exam_pk})}


def test_what_is_decided_before_its_analysis_is_reported_once_with_the_decision(
    listening: Kernel, actor: Actor
) -> None:
    def waiting() -> int:
        asked = sa.select(sa.func.count()).where(job_request.c.name == jobs.BUILD)
        with listening.database.read() as connection:
            return int(connection.scalar(asked) or 0)

    sha256 = listening.blobs.put(tiff_bytes(weld(seed=3)))
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-9", sha256s=(sha256,))
    decided = decide(listening, actor, exam_pk)
    assert waiting() == 0  # there is nothing to state yet, and a job that fails is tried again and again
    analyse(listening, actor, exam_pk, sha256)
    assert waiting() == 1
    jobs.build_report(listening, exam_pk=exam_pk)
    assert [one["decision_id"] for one in versions(listening, exam_pk)] == [decided]


def test_the_job_run_twice_makes_one_report(listening: Kernel, exam_pk: int, tmp_path) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    jobs.build_report(listening, exam_pk=exam_pk)
    [made] = versions(listening, exam_pk)
    assert (made["state"], made["signed_by"]) == ("draft", "")
    text = text_of(listening.blobs.get(made["pdf_sha256"]), tmp_path)
    assert "Proposed by software, not signed" in text and "Seam 1" in text and "Reject" in text
    assert [one["details"]["pdf_sha256"] for one in records(listening, "report.keep")] == [made["pdf_sha256"]]


def test_a_decision_makes_a_new_version_that_states_it(listening: Kernel, actor: Actor, exam_pk: int, tmp_path) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    decide(listening, actor, exam_pk, "accept")
    jobs.build_report(listening, exam_pk=exam_pk)
    newest, first = versions(listening, exam_pk)
    assert (newest["analysis_id"], first["decision_id"]) == (first["analysis_id"], None) and newest["decision_id"]
    text = text_of(listening.blobs.get(newest["pdf_sha256"]), tmp_path)
    assert "Accept" in text and "not signed" in text and "report version 2" in text


def test_a_signed_report_names_the_person_and_is_proven(
    listening: Kernel, exam_pk: int, actor: Actor, tmp_path
) -> None:
    signer = exams.person(7)
    jobs.build_report(listening, exam_pk=exam_pk)
    decide(listening, signer, exam_pk)
    report_id = sign(listening, signer, exam_pk=exam_pk)
    signed = versions(listening, exam_pk)[0]
    pdf = listening.blobs.get(signed["pdf_sha256"])
    state = verify_pdf(pdf)
    assert (signed["id"], signed["state"], signed["signed_by"]) == (report_id, "signed", "person:7")
    [only] = state.signatures
    assert state.is_unaltered and only.who == "Person 7" and only.meaning == "Decided: Reject"
    assert only.certificate_sha256 == signed["certificate_sha256"]
    assert "Signed by" in text_of(pdf, tmp_path) and "Person 7" in text_of(pdf, tmp_path)
    [record] = records(listening, "report.sign")
    assert record["details"]["pdf_sha256"] == signed["pdf_sha256"] and record["actor"] == "person:7"
    assert "Person 7" not in json.dumps(record)


def test_a_signed_report_stays_and_a_new_decision_gets_its_own(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    first = decide(listening, actor, exam_pk)
    sign(listening, actor, exam_pk=exam_pk)
    before = versions(listening, exam_pk)
    with pytest.raises(Conflict, match="already signed"):
        sign(listening, actor, exam_pk=exam_pk)
    jobs.build_report(listening, exam_pk=exam_pk)
    assert versions(listening, exam_pk) == before
    decide(listening, actor, exam_pk, "accept", supersedes=first)
    jobs.build_report(listening, exam_pk=exam_pk)
    after = versions(listening, exam_pk)
    assert [one["state"] for one in after] == ["draft", "signed", "draft"] and after[1:] == before


def test_newer_images_call_for_a_new_report_and_a_new_decision(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    decide(listening, actor, exam_pk)
    with listening.database.read() as connection:
        first = latest_analysis(connection, exam_pk)["document"]["images"][0]["sha256"]
    second = listening.blobs.put(tiff_bytes(weld(seed=2)))
    exams.add_image(listening, actor, exam_pk=exam_pk, sha256=second)
    analyse(listening, actor, exam_pk, first, second)
    with pytest.raises(Conflict, match="being made"):
        sign(listening, actor, exam_pk=exam_pk)
    jobs.build_report(listening, exam_pk=exam_pk)
    with pytest.raises(Conflict, match="decide again"):
        sign(listening, actor, exam_pk=exam_pk)


def test_who_may_not_sign_signs_nothing(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    decide(listening, actor, exam_pk)
    blobs = set(listening.blobs.iterate())
    for other, why in ((exams.person(9, "report.view"), "permission"), (service("robot", "*"), "only a person signs")):
        with pytest.raises(NotAllowed, match=why):
            sign(listening, other, exam_pk=exam_pk)
    assert set(listening.blobs.iterate()) == blobs
    assert [one["outcome"] for one in records(listening, "report.sign")] == ["refused", "refused"]
    assert [one["state"] for one in versions(listening, exam_pk)] == ["draft"]


def test_what_makes_no_sense_is_refused(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    with pytest.raises(NotFound):
        sign(listening, actor, exam_pk=4711)
    with pytest.raises(NotFound, match="no report"):
        actions.view(listening, actor, exam_pk=exam_pk)


def test_two_signers_at_once_give_one_signature(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    decide(listening, actor, exam_pk)
    refused: list[KermaError] = []

    def one(number: int) -> None:
        try:
            sign(listening, exams.person(number), exam_pk=exam_pk)
        except KermaError as error:
            refused.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in (7, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in refused] == [Conflict]
    assert [one["state"] for one in versions(listening, exam_pk)].count("signed") == 1


def test_an_image_that_cannot_be_read_any_more_is_named(listening: Kernel, actor: Actor, tmp_path) -> None:
    broken = listening.blobs.put(b"II*\0 this was a TIFF once")
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-2", sha256s=(broken,))
    analyse(listening, actor, exam_pk, broken)
    jobs.build_report(listening, exam_pk=exam_pk)
    [made] = versions(listening, exam_pk)
    assert "is not pictured" in text_of(listening.blobs.get(made["pdf_sha256"]), tmp_path)


def test_over_http_from_nothing_to_signed(browser, listening: Kernel, actor: Actor, exam_pk: int) -> None:
    page = browser(router)
    page.sign_in("analyst")
    address = f"/api/v1/exams/{exam_pk}/report"
    none_yet = page.http.get(address).json()
    assert (none_yet["state"], none_yet["version"], none_yet["pdf_sha256"]) == ("none", 0, "")
    assert page.http.get(f"{address}.pdf").status_code == 404
    jobs.build_report(listening, exam_pk=exam_pk)
    early = page.http.post(f"{address}/sign")
    assert early.status_code == 409 and "decide first" in early.json()["detail"]
    decide(listening, actor, exam_pk)
    signed = page.http.post(f"{address}/sign")
    assert (signed.status_code, signed.json()["state"], signed.json()["signed_by_name"]) == (
        201,
        "signed",
        "Test Person",
    )
    pdf = page.http.get(f"{address}.pdf")
    assert pdf.headers["content-type"] == "application/pdf" and verify_pdf(pdf.content).is_unaltered
    [opened] = records(listening, "report.view")
    assert opened["details"]["pdf_sha256"] == signed.json()["pdf_sha256"]


def test_who_may_only_read_reads(browser, listening: Kernel, actor: Actor, exam_pk: int) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    decide(listening, actor, exam_pk)
    page = browser(router)
    page.sign_in("auditor")
    assert page.http.post(f"/api/v1/exams/{exam_pk}/report/sign").status_code == 403
    assert page.http.get("/api/v1/exams/4711/report").status_code == 404


def test_the_table_keeps_one_proposal_for_each_statement(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    jobs.build_report(listening, exam_pk=exam_pk)
    [made] = versions(listening, exam_pk)
    rests_on = {key: made[key] for key in BASIS}
    kept = actions.keep(listening, actor, exam_pk=exam_pk, rests_on=rests_on, record={}, pdf_sha256=made["pdf_sha256"])
    assert kept is None
    with listening.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(report)).scalar() == 1
