"""What people write for a report: kept, never overwritten, printed as theirs, signed as it was read."""

import json

import pytest
from tests.areas.report.decided import decide, decided, records, versions
from tests.areas.report.samples import text_of

import exams
from kerma.areas.report import actions, editing, jobs, prepare, preview, queries, queries_writing
from kerma.areas.report.evidence import parts
from kerma.areas.report.jobs_batch import step
from kerma.areas.report.kinds import kinds
from kerma.areas.report.routes import router
from kerma.areas.report.routes_editor import router as editor_router
from kerma.areas.report.sign import Wish, sign
from kerma.areas.report.signature_verify import verify_pdf
from kerma.errors import Conflict, NotAllowed, WrongUsage
from kerma.kernel.action import Actor, Kernel

FIRST = "The pore at 12 o'clock is open to the surface."
WORDS = {"conclusion": FIRST, "comments": "Second line\nthird line"}


@pytest.fixture
def one(listening: Kernel, actor: Actor) -> int:
    """A decided exam with its draft."""
    return decided(listening, actor)


def form(template: str = "", language: str = "en", **record: object) -> dict:
    return {"template": template, "language": language, "record": record}


def signed_text(kernel: Kernel, exam_pk: int, tmp_path) -> str:
    with kernel.database.read() as connection:
        pdf = kernel.blobs.get(queries.signed_report(connection, exam_pk)["pdf_sha256"])
    assert verify_pdf(pdf).is_unaltered
    return " ".join(text_of(pdf, tmp_path).split())


def test_each_save_is_a_version_and_the_same_twice_is_one(listening: Kernel, actor: Actor, one: int) -> None:
    first = actions.write(listening, actor, exam_pk=one, form=form(**WORDS))
    again = actions.write(listening, actor, exam_pk=one, form=form(**WORDS))  # the answer was lost: sent once more
    second = actions.write(listening, actor, exam_pk=one, form=form(conclusion="Other"), supersedes=1)
    assert [first["version"], again["version"], second["version"]] == [1, 1, 2]
    with listening.database.read() as connection:
        kept = queries_writing.every(connection, one)
    assert [row["record"] for row in kept] == [WORDS, {"conclusion": "Other"}]
    assert {row["written_by"] for row in kept} == {actor.key}
    told = records(listening, "report.write")
    assert len(told) == 3 and "12 o'clock" not in json.dumps(told)


def test_what_somebody_else_wrote_meanwhile_is_not_lost(listening: Kernel, actor: Actor, one: int) -> None:
    actions.write(listening, actor, exam_pk=one, form=form(conclusion="Mine"))
    for late in (None, 7):
        with pytest.raises(Conflict, match="written on elsewhere"):
            actions.write(listening, exams.person(8), exam_pk=one, form=form(conclusion="Theirs"), supersedes=late)
    with listening.database.read() as connection:
        assert queries_writing.newest(connection, one)["record"] == {"conclusion": "Mine"}


def test_the_next_draft_has_the_words_and_says_whose_they_are(
    listening: Kernel, actor: Actor, one: int, tmp_path
) -> None:
    actions.write(listening, actor, exam_pk=one, form=form("weld-rt", "de", **WORDS))
    decide(listening, actor, one, "accept", supersedes=versions(listening, one)[0]["decision_id"])
    jobs.build_report(listening, exam_pk=one)
    newest = versions(listening, one)[0]
    assert (newest["template"], newest["language"], newest["record"]) == ("weld-rt", "de", WORDS)
    assert (newest["written_by"], newest["writing"]) == (actor.key, 1)
    text = " ".join(text_of(listening.blobs.get(newest["pdf_sha256"]), tmp_path).split())
    assert "Schriftliche Beurteilung" in text and FIRST in text and "Geschrieben von " in text


def test_another_kind_or_language_keeps_the_words(listening: Kernel, actor: Actor, one: int) -> None:
    actions.write(listening, actor, exam_pk=one, form=form("weld-rt", welding_process="135", **WORDS))
    batch = actions_batch_form(listening, one, "casting", "fr")
    assert batch["record"] == WORDS and batch["language"] == "fr"  # a casting has no welding process
    jobs.build_report(listening, exam_pk=one)
    assert versions(listening, one)[0]["template"] == "casting"  # the newest form asked for holds


def actions_batch_form(kernel: Kernel, exam_pk: int, template: str, language: str) -> dict:
    jobs.lay_out(kernel, exam_pk, {"template": template, "language": language})
    return versions(kernel, exam_pk)[0]


def test_the_words_that_were_read_are_signed_and_no_others(listening: Kernel, actor: Actor, one: int, tmp_path) -> None:
    actions.write(listening, actor, exam_pk=one, form=form(**WORDS))
    with pytest.raises(Conflict, match="report editor"):
        sign(listening, actor, exam_pk=one)  # the newest draft that could be read lacks the words
    actions.write(listening, exams.person(8), exam_pk=one, form=form(conclusion="Changed"), supersedes=1)
    with pytest.raises(Conflict, match="written on meanwhile"):
        sign(listening, actor, exam_pk=one, wish=Wish(writing=1))
    sign(listening, actor, exam_pk=one, wish=Wish(writing=2))
    text = signed_text(listening, one, tmp_path)
    assert "Changed" in text and FIRST not in text
    [signed] = [row for row in versions(listening, one) if row["state"] == "signed"]
    assert signed["written_by"] == exams.person(8).key and signed["stated"]["record"] == {"conclusion": "Changed"}
    with pytest.raises(Conflict, match="already signed"):
        sign(listening, actor, exam_pk=one, wish=Wish(writing=2))


def test_words_written_while_a_signature_is_made_stop_it(
    listening: Kernel, actor: Actor, one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.areas.report import signature

    real = signature.sign_pdf

    def meanwhile(*args, **given):
        actions.write(listening, exams.person(8), exam_pk=one, form=form(conclusion="Too late"), supersedes=1)
        return real(*args, **given)

    actions.write(listening, actor, exam_pk=one, form=form(**WORDS))
    monkeypatch.setattr(signature, "sign_pdf", meanwhile)
    with pytest.raises(Conflict, match="written on meanwhile"):
        sign(listening, actor, exam_pk=one, wish=Wish(writing=1))
    assert {row["state"] for row in versions(listening, one)} == {"draft"}


def test_new_words_alone_are_an_amendment_that_says_which(listening: Kernel, actor: Actor, one: int, tmp_path) -> None:
    sign(listening, actor, exam_pk=one)
    actions.write(listening, actor, exam_pk=one, form=form(**WORDS))
    shown = preview.preview(listening, one, prepare.Form(**form(**WORDS)))
    assert shown.changes == ["form: Conclusion", "form: Comments"]
    sign(listening, actor, exam_pk=one, wish=Wish(reason="Forgotten", writing=1))
    newest = versions(listening, one)[0]
    assert newest["changes"] == shown.changes and FIRST in signed_text(listening, one, tmp_path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (form(poem="x"), "no value of a report of kind exam"),
        (form(conclusion=7), "conclusion is a text"),
        (form(conclusion="x" * 70_000), "keep it within"),
        (form("poem"), "no kind of report"),
        (form(language="la"), "no language"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(browser, listening: Kernel, one: int, given: dict, says: str) -> None:
    page = browser(editor_router)
    page.sign_in("analyst")
    for answer in (
        page.http.put(f"/api/v1/exams/{one}/report/words", json=given),
        page.http.post(f"/api/v1/exams/{one}/report/preview", json=given),
    ):
        assert answer.status_code == 400 and says in answer.json()["detail"]


def test_who_may_only_read_writes_nothing(browser, listening: Kernel, actor: Actor, one: int) -> None:
    page = browser(editor_router)
    page.sign_in("auditor")
    address = f"/api/v1/exams/{one}/report"
    assert page.http.put(f"{address}/words", json=form(**WORDS)).status_code == 403
    assert page.http.get(f"{address}/editor").status_code == 403  # reading reports is another permission
    with pytest.raises(NotAllowed):
        actions.write(listening, exams.person(9, "report.view"), exam_pk=one, form=form())


def test_over_http_from_the_editor_to_the_signature(browser, listening: Kernel, actor: Actor, one: int) -> None:
    page = browser(editor_router, router)
    page.sign_in("analyst")
    address = f"/api/v1/exams/{one}/report"
    opened = page.http.get(f"{address}/editor").json()
    assert opened["written"]["version"] == 0 and {"exam", "weld-rt"} <= set(opened["kinds"])
    first = opened["kinds"]["exam"][0]
    assert [field["label"] for field in first["fields"]] == ["Conclusion", "Recommendation", "Comments"]
    assert [field["form"] for field in first["fields"]] == ["lines"] * 3
    [picture] = opened["pictures"]
    assert len(picture["image"]) == 64 and picture["image_pk"]
    before = page.http.post(f"{address}/preview", json=form()).json()
    shown = page.http.post(f"{address}/preview", json=form(**WORDS)).json()
    assert shown["pages"][0]["png"].startswith("iVBOR") and shown["pages"][0] != before["pages"][0]
    assert (shown["missing"], shown["unready"], shown["changes"]) == ([], "", [])
    known = [one["sha256"] for one in shown["pages"]]
    again = page.http.post(f"{address}/preview", json=form(**WORDS) | {"known": known}).json()
    assert [one["sha256"] for one in again["pages"]] == known and {one["png"] for one in again["pages"]} == {""}
    saved = page.http.put(f"{address}/words", json=form(**WORDS)).json()
    assert (saved["version"], saved["record"], saved["written_by_name"]) == (1, WORDS, "Test Person")
    assert page.http.put(f"{address}/words", json=form()).status_code == 409
    assert page.http.get(f"{address}/preview.pdf").content.startswith(b"%PDF-")
    assert page.http.post(f"{address}/sign", json={"writing": 1}).json()["state"] == "signed"
    assert page.http.get(f"{address}/editor").json()["written"]["record"] == WORDS
    # a draft in another language keeps the words
    page.http.post(f"{address}/draft", json={"language": "es"})
    assert page.http.get(f"{address}/editor").json()["written"] | {"written_at": ""} == {
        "template": "", "language": "es", "record": WORDS, "version": 2, "written_at": "",
        "written_by": saved["written_by"], "written_by_name": "Test Person",
    }  # fmt: skip


def test_who_only_reads_the_editor_has_written_nothing(listening: Kernel, actor: Actor, one: int) -> None:
    actions.write(listening, actor, exam_pk=one, form=form(**WORDS))
    sign(listening, actor, exam_pk=one, wish=Wish(writing=1))
    reader = prepare.Form(**form(**WORDS), written_by=exams.person(8).key, written_at="2026-03-02T12:00:00Z")
    shown = preview.preview(listening, one, reader)
    assert "already signed" in shown.unready and shown.changes == []


def test_what_is_missing_is_told_by_its_label(listening: Kernel, one: int) -> None:
    shown = preview.preview(listening, one, prepare.Form("image-quality", "de", {"procedure": "EN 12543"}))
    assert shown.missing == ["Test object"]


def test_every_value_of_every_kind_has_its_place_in_the_editor() -> None:
    for name, kind in kinds().items():
        industry = kind.industries[0] if kind.industries else "ndt"
        offered = [field["name"] for _, fields in editing.groups(name, industry) for field in fields]
        assert sorted([*offered, "compared_with", "pictures"]) == sorted(kind.known)


def test_the_evidence_has_everything_that_was_written(listening: Kernel, actor: Actor, one: int) -> None:
    actions.write(listening, actor, exam_pk=one, form=form(**WORDS))
    actions.write(listening, actor, exam_pk=one, form=form(), supersedes=1)
    [part] = [part for part in parts(listening, one) if part.path == "data/reports/written.json"]
    assert [row["record"] for row in json.loads(part.data)] == [WORDS, {}]


def test_a_form_in_force_is_what_was_written_last() -> None:
    row = {"template": "", "language": "en", "record": {}, "written_by": "", "written_at": ""}
    version, writing = row | {"language": "fr", "writing": 3}, row | {"language": "de", "version": 3}
    assert prepare.Form.in_force(version, writing).language == "fr"
    assert prepare.Form.in_force(version, writing | {"version": 4}).language == "de"
    assert prepare.Form.in_force(None, writing).language == "de" and prepare.Form.in_force(None, None) == prepare.Form()


def test_a_batch_keeps_the_words_of_its_exams(listening: Kernel, actor: Actor, one: int) -> None:
    from kerma.areas.report.actions_batch import ask

    actions.write(listening, actor, exam_pk=one, form=form(**WORDS))
    batch_id = ask(listening, actor, exam_pks=[one], template="casting", language="es")
    step(listening, batch_id, one)
    newest = versions(listening, one)[0]
    assert (newest["record"], newest["written_by"], newest["language"]) == (WORDS, actor.key, "es")


def test_a_form_too_large_or_unknown_says_so() -> None:
    with pytest.raises(WrongUsage, match="keep it within"):
        prepare._check_form(prepare.Form(record={"conclusion": "x" * 70_000}), "ndt")
