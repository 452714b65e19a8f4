import io
import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.areas.report.decided import analysed, decide, decided, records, versions

import exams
from kerma.areas.report import actions_batch, jobs, jobs_batch, queries_batch
from kerma.areas.report.model import report_batch_row
from kerma.areas.report.routes_batch import router
from kerma.areas.report.signature_verify import verify_pdf
from kerma.errors import NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.jobs_model import job_request


def asked(kernel: Kernel, actor: Actor, *exam_pks: int, language: str = "en") -> int:
    return actions_batch.ask(kernel, actor, exam_pks=exam_pks, template="", language=language)


def counts(kernel: Kernel, batch_id: int) -> tuple[int, int, int]:
    with kernel.database.read() as connection:
        found = queries_batch.batch_by_id(connection, batch_id)
    return found["done"], found["refused"], found["waiting"]


def requests(kernel: Kernel) -> int:
    with kernel.database.read() as connection:
        wanted = sa.select(sa.func.count()).where(job_request.c.name == actions_batch.BATCH)
        return int(connection.scalar(wanted))


def many(kernel: Kernel, actor: Actor, count: int) -> list[int]:
    return [analysed(kernel, actor, f"W-{number}") for number in range(count)]


def test_a_batch_makes_every_report_and_names_the_one_it_cannot(listening: Kernel, actor: Actor) -> None:
    good = many(listening, actor, 2)
    unread = exams.arrive(listening, actor, industry="ndt", subject_id="W-9")  # not analysed yet
    batch_id = asked(listening, actor, good[0], unread, good[1], good[0])
    assert counts(listening, batch_id) == (0, 0, 3)
    jobs_batch.run_batch(listening, batch_id=batch_id)
    assert counts(listening, batch_id) == (2, 1, 0)
    with listening.database.read() as connection:
        [refused] = queries_batch.rows(connection, batch_id, "refused")
    assert refused["exam_pk"] == unread and "still being analysed" in refused["reason"]
    assert [len(versions(listening, one)) for one in good] == [1, 1]
    assert len(records(listening, "report.settle_batch")) == 3


def test_a_long_batch_goes_on_in_runs_and_after_a_kill(
    listening: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_batch, "A_RUN", 2)
    batch_id = asked(listening, actor, *many(listening, actor, 5))

    class Killed(BaseException):
        pass

    real, laid = jobs_batch.lay_out, []

    def lays_out(kernel: Kernel, exam_pk: int, form: dict) -> int:
        if len(laid) == 1:
            laid.append(0)
            real(kernel, exam_pk, form)  # killed after the report was kept, before the batch knew of it
            raise Killed
        laid.append(exam_pk)
        return real(kernel, exam_pk, form)

    monkeypatch.setattr(jobs_batch, "lay_out", lays_out)
    with pytest.raises(Killed):
        jobs_batch.run_batch(listening, batch_id=batch_id)
    assert counts(listening, batch_id) == (1, 0, 4) and requests(listening) == 1
    jobs_batch.run_batch(listening, batch_id=batch_id)
    assert counts(listening, batch_id) == (3, 0, 2)
    jobs_batch.run_batch(listening, batch_id=batch_id)
    jobs_batch.run_batch(listening, batch_id=batch_id)  # nothing is left: changes nothing
    assert counts(listening, batch_id) == (5, 0, 0)
    with listening.database.read() as connection:
        found = list(connection.execute(sa.select(report_batch_row)).mappings())
    assert len({row["report_id"] for row in found}) == 5 and all(row["state"] == "done" for row in found)
    assert len(records(listening, "report.keep")) == 5


def test_an_unexpected_error_of_one_exam_does_not_stop_the_others(
    listening: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = many(listening, actor, 2)
    real = jobs_batch.lay_out

    def lays_out(kernel: Kernel, exam_pk: int, form: dict) -> int:
        if exam_pk == first:
            raise ZeroDivisionError("a defect")
        return real(kernel, exam_pk, form)

    monkeypatch.setattr(jobs_batch, "lay_out", lays_out)
    batch_id = asked(listening, actor, first, second)
    jobs_batch.run_batch(listening, batch_id=batch_id)
    assert counts(listening, batch_id) == (1, 1, 0)


def test_what_makes_no_sense_is_refused_whole(listening: Kernel, actor: Actor, exam_pk: int) -> None:
    with pytest.raises(NotFound, match="4711"):
        asked(listening, actor, exam_pk, 4711)
    with pytest.raises(WrongUsage, match="1 to"):
        asked(listening, actor)
    with listening.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(report_batch_row)) == 0


def test_over_http_with_progress_and_signing_in_one_go(browser, listening: Kernel, actor: Actor) -> None:
    page = browser(router)
    page.sign_in("lead")
    ready, undecided = decided(listening, actor, "W-1"), analysed(listening, actor, "W-2")
    made = page.http.post("/api/v1/report-batches", json={"exam_pks": [ready, undecided], "language": "de"})
    assert made.status_code == 202 and (made.json()["total"], made.json()["waiting"]) == (2, 2)
    jobs_batch.run_batch(listening, batch_id=made.json()["id"])
    state = page.http.get(f"/api/v1/report-batches/{made.json()['id']}").json()
    assert (state["done"], state["waiting"], state["refused"]) == (2, 0, 0)
    assert page.http.post("/api/v1/report-batches", json={"exam_pks": [ready], "language": "xx"}).status_code == 400
    assert page.http.get("/api/v1/report-batches/4711").status_code == 404
    answer = page.http.post("/api/v1/reports/sign", json={"exam_pks": [ready, undecided]}).json()
    assert answer["signed"] == [ready] and "decide first" in answer["refusals"][0]["reason"]
    signed = versions(listening, ready)[0]
    assert signed["state"] == "signed" and verify_pdf(listening.blobs.get(signed["pdf_sha256"])).is_unaltered
    assert len(records(listening, "report.sign")) == 1


def test_a_batch_is_taken_away_as_one_zip_by_who_asked_for_it(browser, listening: Kernel, actor: Actor) -> None:
    page = browser(router)
    page.sign_in("lead")
    assert page.http.get("/api/v1/report-batches").json() is None
    good, unread = analysed(listening, actor, "W-1"), exams.arrive(listening, actor, industry="ndt", subject_id="W-9")
    made = page.http.post("/api/v1/report-batches", json={"exam_pks": [unread, good]}).json()
    jobs_batch.run_batch(listening, batch_id=made["id"])
    assert page.http.get("/api/v1/report-batches").json()["refused"] == 1
    answer = page.http.get(f"/api/v1/report-batches/{made['id']}/reports.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None and file.namelist() == [f"{good:06d}-w-1.pdf", "refused.csv"]
        assert file.read(file.namelist()[0]) == listening.blobs.get(versions(listening, good)[0]["pdf_sha256"])
        assert f'{unread},"the exam is still' in file.read("refused.csv").decode("utf-8-sig")
    [taken] = records(listening, "report.take_batch")
    assert taken["details"]["reports"] == 1 and "W-1" not in json.dumps(taken)
    asked(listening, exams.person(7), good)  # somebody else's
    assert page.http.get(f"/api/v1/report-batches/{made['id'] + 1}/reports.zip").status_code == 404
    kinds = {one["name"]: one["label"] for one in page.http.get("/api/v1/report/forms").json()["kinds"]}
    assert kinds["weld-rt"] == "Radiographic test report of a weld" and "calibration-certificate" not in kinds


def test_the_command_writes_every_report_and_a_second_run_makes_nothing_anew(
    listening: Kernel, actor: Actor, tmp_path: Path, capsys
) -> None:
    from kerma.cli import run

    good = many(listening, actor, 2)
    unread = exams.arrive(listening, actor, industry="ndt", subject_id="V-9")
    listed = tmp_path / "exams.txt"
    listed.write_text("\n".join(str(one) for one in [*good, unread]))

    def batch(*options: str) -> tuple[int, dict]:
        # the database stays open: closing it is the test's
        kept = type(
            "Kept",
            (),
            {"close": lambda self: None, "__getattr__": lambda self, name: getattr(listening.database, name)},
        )()
        kernel = Kernel(**{**listening.__dict__, "database": kept})
        code = run(lambda: kernel, ["report", "batch", "--out", str(tmp_path / "out"), "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    code, answer = batch("--exams", str(listed))
    assert code == 1 and [one["exam"] for one in answer["refused"]] == [unread]
    assert answer["written"] == [f"{one:06d}-w-{number}.pdf" for number, one in enumerate(good)]
    assert all((tmp_path / "out" / name).read_bytes().startswith(b"%PDF-") for name in answer["written"])
    code, answer = batch("--query", "W-")
    assert code == 0 and len(answer["written"]) == 2
    assert [len(versions(listening, one)) for one in good] == [1, 1]


def test_wrong_usage_of_the_command_is_told(listening: Kernel, tmp_path: Path, capsys) -> None:
    from kerma.cli import run

    assert run(lambda: listening, ["report", "batch", "--out", str(tmp_path)]) == 2
    assert "--exams FILE" in capsys.readouterr().err


def test_reports_of_a_deleted_exam_leave_no_row_behind(listening: Kernel, actor: Actor) -> None:
    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.areas.report.actions_deletion import on_exam_deleted
    from kerma.kernel.action import Action

    exam_pk = analysed(listening, actor)
    decide(listening, actor, exam_pk)
    jobs.build_report(listening, exam_pk=exam_pk)
    jobs_batch.run_batch(listening, batch_id=asked(listening, actor, exam_pk))
    fields = {name: exam_pk if name == "exam_pk" else None for name in ExamDeleted.__dataclass_fields__}

    def delete(act) -> None:
        """Tell that the exam was deleted."""
        on_exam_deleted(act, ExamDeleted(**fields))

    Action("test.delete", delete)(listening, actor)
    assert versions(listening, exam_pk) == []
